"""Reviews of one bank on banki.ru, from the list that the site's own page loads.

There is no documented API: the list may change or close, and robots.txt decides whether it may be
read at all.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated

from pydantic import Field

from collectors import shapes
from collectors.base import About, Context, Item, Mention, Order, dates_of
from collectors.errors import SkipItem
from collectors.options import MaxPages, SourceOptions, Terms, zone_of
from collectors.texts import html_to_text

SITE = "https://www.banki.ru/services/responses/"
HEADERS = {"X-Requested-With": "XMLHttpRequest"}
MOSCOW = zone_of("Europe/Moscow")
ABOUT = About(
    title="banki.ru: отзывы об одном банке",
    auth="не нужен",
    limits="столько, сколько листает сайт, но не больше max_pages страниц",
    caveats="robots.txt сайта соблюдается: если он закрыт, источник остановится и скажет об этом",
    unofficial=True,
)
ORDER: Order = "newest_first"
LOOKBACK = timedelta(days=7)  # reviews are checked for days before they show


class Options(SourceOptions):
    """``bank`` as it stands in the address of its page (…/responses/bank/<bank>/)."""

    bank: Annotated[str, Field(pattern=r"^[\w-]+$")]
    accept_terms: Terms = False
    max_pages: MaxPages = 100


def pages(ctx: Context[Options]) -> Iterator[list[Item]]:
    """Page after page until all reviews of one are older than ``ctx.since``."""
    options = ctx.options
    for number in range(1, options.max_pages + 1):
        url = f"{SITE}list/ajax/?page={number}&bank={options.bank}&type=all"
        answer = ctx.http.get(url, headers=HEADERS, accept="application/json")
        found = shapes.items(answer, "data")
        page = ctx.readable(found, lambda review: _mention(ctx, review))
        if number == 1 and not found:
            yield []
        yield from ctx.given(page)
        more = shapes.value(answer.json, "hasMorePages") is True
        if not more or not found or ctx.all_older(dates_of(page)):
            return


def _mention(ctx: Context[Options], review: shapes.Node) -> Mention:
    key = shapes.key(review, "id")
    text = html_to_text(shapes.text(review, "text"))
    title = html_to_text(shapes.text(review, "title"))
    grade = shapes.whole(review, "grade")
    if not text and not title and (grade is None or "text" not in review):
        raise SkipItem("В отзыве нет текста.", key)
    kept = ("isCountable", "resolutionIsApproved", "company")
    return Mention(
        source=ctx.source,
        external_id=key,
        text=text,
        title=title,
        url=f"{SITE}bank/response/{key}/",
        published_at=shapes.moment(review, "dateCreate", zone=MOSCOW),
        author=shapes.text(review, "userName") or None,
        rating=grade or None,  # 0 and null: the author gave none
        comments=shapes.whole(review, "commentCount"),
        answer_text=html_to_text(shapes.text(review, "agentAnswerText")) or None,
        raw={name: review[name] for name in kept if name in review},
    )
