"""Reviews of branches in 2GIS, by a partner's key.

The shape is what clients of ``public-api.reviews.2gis.com/2.0`` read; partners get a description.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import Field

from collectors import shapes
from collectors.base import About, Context, Item, Mention, Order
from collectors.options import Digits, Secret, SourceOptions

API = "https://public-api.reviews.2gis.com/2.0/branches/"
ABOUT = About(
    title="2ГИС: отзывы о филиалах",
    auth="ключ партнёра 2ГИС по договору",
    limits="вся история, 50 отзывов на запрос",
    caveats="ключи из чужого кода и со страниц 2ГИС использовать нельзя",
)
ORDER: Order = "newest_first"
LOOKBACK = timedelta(days=4)  # dates are exact; moderation takes days
ASKED = {
    "limit": "50",
    "locale": "ru_RU",
    "rated": "true",
    "sort_by": "date_edited",
    "fields": "meta.total_count,reviews.is_verified,reviews.hiding_reason",
}


class Options(SourceOptions):
    """``branches``: the number in a branch's address -> what the branch is called in the app."""

    key: Secret
    branches: Annotated[Mapping[Digits, str], Field(min_length=1)]


def pages(ctx: Context[Options]) -> Iterator[list[Item]]:
    """Branch after branch, each by the date of writing or editing, the latest first."""
    for branch, place in ctx.options.branches.items():
        yield from _branch(ctx, branch, place)


def _branch(ctx: Context[Options], branch: str, place: str) -> Iterator[list[Item]]:
    key = {"key": ctx.options.key.get_secret_value().strip()}
    url, params, visited = f"{API}{branch}/reviews", ASKED | key, set[str]()
    while url not in visited:
        visited.add(url)
        answer = ctx.http.ask(url, params=params)
        reviews = shapes.items(answer, "reviews")
        page = ctx.readable(reviews, lambda review: _mention(ctx, review, branch, place))
        yield from ctx.given(page)
        url, params = shapes.text(answer.json, "meta", "next_link"), key
        if not url or not reviews or ctx.all_older(_touched(reviews)):
            return
        if not url.startswith(API):  # the key goes to 2GIS only
            raise shapes.changed(answer, "следующая страница на другом сайте")


def _touched(reviews: list[Any]) -> list[datetime]:
    """When the reviews were last edited, which is what they are listed by."""
    dates = ("date_edited", "date_created")
    return [moment for r in reviews for name in dates if (moment := shapes.moment_or_none(r, name))]


def _mention(ctx: Context[Options], review: Any, branch: str, place: str) -> Mention:
    reply = shapes.value(review, "official_answer")
    flags = ("date_edited", "is_verified", "hiding_reason", "provider")
    return Mention(
        source=ctx.source,
        external_id=shapes.key(review, "id"),
        text=shapes.text(review, "text"),
        url=f"https://2gis.ru/firm/{branch}/tab/reviews/review/{shapes.key(review, 'id')}",
        published_at=shapes.moment(review, "date_created"),
        author=shapes.text(review, "user", "name") or None,
        author_id=shapes.text(review, "user", "id") or None,
        rating=shapes.whole(review, "rating"),
        likes=shapes.whole(review, "likes_count"),
        comments=shapes.whole(review, "comments_count"),
        place=place,
        answer_text=shapes.text(reply, "text") or None,
        answered_at=shapes.moment_or_none(reply, "date_created"),
        raw={"branch": branch} | {name: review[name] for name in flags if name in review},
    )
