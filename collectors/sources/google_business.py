"""Reviews of one's own places on Google Maps, by the Google Business Profile API.

developers.google.com/my-business/reference/rest/v4/accounts.locations.reviews/list
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import Field

from collectors import shapes, tokens
from collectors.base import About, Context, Item, Mention, Order, Quota
from collectors.options import Digits, Secret, SourceOptions
from collectors.tokens import Access

API = "https://mybusiness.googleapis.com/v4/"
PAGE = 50
STARS = {"ONE": 1, "TWO": 2, "THREE": 3, "FOUR": 4, "FIVE": 5}
ABOUT = About(
    title="Google Карты: отзывы о своих точках",
    auth="доступ к Business Profile API, клиент OAuth и refresh_token владельца профиля",
    limits="вся история подтверждённых точек, 50 отзывов на запрос, 300 запросов в минуту",
    caveats="Google выдаёт доступ к API по заявке; машинный перевод отзыва отбрасывается",
    quota=Quota(by="client_id", per_second=5.0),
)
ORDER: Order = "newest_first"
LOOKBACK = timedelta(days=3)
_TRANSLATED, _ORIGINAL = "(Translated by Google)", "(Original)"
_TRANSLATION = re.compile(rf"\s*{re.escape(_TRANSLATED)}.*", re.DOTALL)


class Options(SourceOptions):
    """``locations``: a place's number in the account -> what the place is called in the app.

    ``refresh_token`` is what the owner's consent to the scope ``business.manage`` gave the OAuth
    client ``client_id``.
    """

    account: Digits
    locations: Annotated[Mapping[Digits, str], Field(min_length=1)]
    client_id: str
    client_secret: Secret
    refresh_token: Secret


def pages(ctx: Context[Options]) -> Iterator[list[Item]]:
    """Place after place, each by the date of writing or editing, the latest first."""
    access = _access(ctx)
    for location, place in ctx.options.locations.items():
        name = f"accounts/{ctx.options.account}/locations/{location}"
        yield from _location(ctx, access, name, place)


def _access(ctx: Context[Options]) -> Access:
    grant = {
        "grant_type": "refresh_token",
        "client_id": ctx.options.client_id,
        "client_secret": ctx.options.client_secret.get_secret_value().strip(),
        "refresh_token": ctx.options.refresh_token.get_secret_value().strip(),
    }
    return Access(ctx.http, lambda: tokens.google_token(ctx.http, grant), tokens.bearer)


def _location(ctx: Context[Options], access: Access, name: str, place: str) -> Iterator[list[Item]]:
    params: dict[str, str | int] = {"pageSize": PAGE, "orderBy": "updateTime desc"}
    token, used = "", set[str]()
    while token not in used:
        used.add(token)
        answer = access.ask(
            f"{API}{name}/reviews", params | ({"pageToken": token} if token else {})
        )
        told = answer.json
        if told == {}:  # a place without reviews
            return
        reviews = shapes.items(answer, "reviews")
        page = ctx.readable(reviews, lambda review: _mention(ctx, review, place))
        yield from ctx.given(page)
        token = shapes.text(told, "nextPageToken")
        if not token or ctx.all_older(_touched(reviews)):
            return


def _touched(reviews: list[Any]) -> list[datetime]:
    """When the reviews were last edited, which is what they are listed by."""
    return [moment for r in reviews if (moment := shapes.moment_or_none(r, "updateTime"))]


def _mention(ctx: Context[Options], review: Any, place: str) -> Mention:
    reply = shapes.value(review, "reviewReply")
    is_anonymous = shapes.value(review, "reviewer", "isAnonymous") is True
    return Mention(
        source=ctx.source,
        external_id=shapes.key(review, "reviewId"),
        text=_original(shapes.text(review, "comment")),
        published_at=shapes.moment(review, "createTime"),
        author=None if is_anonymous else shapes.text(review, "reviewer", "displayName") or None,
        rating=STARS.get(shapes.text(review, "starRating")),
        place=place,
        answer_text=_original(shapes.text(reply, "comment")) or None,
        answered_at=shapes.moment_or_none(reply, "updateTime"),
        raw={"name": shapes.text(review, "name"), "edited": shapes.text(review, "updateTime")},
    )


def _original(comment: str) -> str:
    """The author's own words: Google puts its translation before «(Original)», or after them."""
    _, mark, original = comment.partition(_ORIGINAL)
    if mark and comment.lstrip().startswith(_TRANSLATED):
        return original.strip()
    return _TRANSLATION.sub("", comment).strip()
