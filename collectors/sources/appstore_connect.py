"""Reviews of one's own app by the App Store Connect API.

developer.apple.com/documentation/appstoreconnectapi/list-all-customer-reviews-for-an-app
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Any

from pydantic import Field

from collectors import shapes, tokens
from collectors.answers import Response
from collectors.base import About, Context, Item, Mention, Order, Quota, dates_of
from collectors.options import Digits
from collectors.tokens import Access, KeyOptions

API = "https://api.appstoreconnect.apple.com/v1/"
AUDIENCE = "appstoreconnect-v1"
LIFE = timedelta(minutes=15)  # of a token; Apple takes up to 20 minutes
PAGE = 200
ABOUT = About(
    title="App Store: отзывы своего приложения",
    auth="ключ App Store Connect с ролью Customer Support: файл .p8, key_id и issuer_id",
    limits="вся история, 200 отзывов на запрос, 3600 запросов в час",
    caveats="версии приложения в ответе нет; оценки без текста не приходят",
    quota=Quota(by="key_id", per_second=1.0),
)
ORDER: Order = "newest_first"
LOOKBACK = timedelta(days=3)  # dates are exact; Apple takes up to three days to publish

Territory = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class Options(KeyOptions):
    """``app_id`` is the number in the app's address, ``territories`` (RUS, KAZ, …) all if empty."""

    app_id: Digits
    issuer_id: str
    key_id: str
    territories: tuple[Territory, ...] = ()


def pages(ctx: Context[Options]) -> Iterator[list[Item]]:
    """Reviews, newest first, two hundred a page."""
    options = ctx.options
    key = tokens.ec_key(options.written_key)
    claims = {"iss": options.issuer_id, "aud": AUDIENCE}
    access = Access(
        ctx.http, lambda: tokens.signed(ctx.http, key, claims, LIFE, options.key_id), tokens.bearer
    )
    params: dict[str, str | int] = {"limit": PAGE, "sort": "-createdDate", "include": "response"}
    if options.territories:
        params["filter[territory]"] = ",".join(options.territories)
    url, visited = f"{API}apps/{options.app_id}/customerReviews", set[str]()
    while url not in visited:
        visited.add(url)
        answer = access.ask(url, params)
        page = _read(ctx, answer)
        yield from ctx.given(page)
        url, params = _following(answer), {}
        if not url or ctx.all_older(dates_of(page)):
            return


def _following(answer: Response) -> str:
    """The next page's address; the signed token goes to Apple only."""
    url = shapes.text(answer.json, "links", "next")
    if url and not url.startswith(API):
        raise shapes.changed(answer, "следующая страница на другом сайте")
    return url


def _read(ctx: Context[Options], answer: Response) -> list[Item]:
    reviews = shapes.items(answer, "data")
    replies = {
        shapes.text(node, "id"): node
        for node in shapes.nodes(answer.json, "included")
        if shapes.text(node, "type") == "customerReviewResponses"
    }
    return ctx.readable(reviews, lambda review: _mention(ctx, review, replies))


def _mention(ctx: Context[Options], review: Any, replies: Mapping[str, shapes.Node]) -> Mention:
    told = shapes.value(review, "attributes")
    reply_id = shapes.text(review, "relationships", "response", "data", "id")
    reply = shapes.value(replies.get(reply_id), "attributes")
    return Mention(
        source=ctx.source,
        external_id=shapes.key(review, "id"),
        text=shapes.text(told, "body"),
        title=shapes.text(told, "title"),
        url=f"https://apps.apple.com/app/id{ctx.options.app_id}",
        published_at=shapes.moment(told, "createdDate"),
        author=shapes.text(told, "reviewerNickname") or None,
        rating=shapes.whole(told, "rating"),
        answer_text=shapes.text(reply, "responseBody") or None,
        answered_at=shapes.moment_or_none(reply, "lastModifiedDate"),
        raw={
            "territory": shapes.text(told, "territory"),
            "answer_state": shapes.text(reply, "state"),
        },
    )
