"""Hacker News: search in stories and comments by the open index of Algolia (hn.algolia.com/api).

A query gives its newest 1000 hits and no more, so the walk goes on from the date of the oldest.
"""

from collections.abc import Iterator
from datetime import timedelta

from collectors.base import About, Context, Item, Mention, Order, dates_of
from collectors.options import MaxPages, SourceOptions, Word
from collectors.shapes import Node, items, key, moment, text, whole
from collectors.texts import html_to_text

URL = "https://hn.algolia.com/api/v1/search_by_date"
ABOUT = About(
    title="Hacker News: поиск",
    auth="не нужен",
    limits="по 1000 записей в запросе, не больше max_pages запросов",
    caveats="поиск прощает опечатки: короткие названия берите в кавычки",
)
ORDER: Order = "newest_first"
LOOKBACK = timedelta(days=1)  # the index is late by minutes; edits are possible for two hours


class Options(SourceOptions):
    """``query`` as typed into the site's search; a phrase stands in quotes."""

    query: Word
    max_pages: MaxPages = 20


def pages(ctx: Context[Options]) -> Iterator[list[Item]]:
    """Stories and comments newest first, up to 1000 a page."""
    asked = {"query": ctx.options.query, "tags": "(story,comment)", "hitsPerPage": "1000"}
    since, seen = int(ctx.since.timestamp()), set[str]()
    bounds = f"created_at_i>={since}"
    for _ in ctx.page_numbers(ctx.options.max_pages):
        answer = ctx.http.ask(URL, params={**asked, "numericFilters": bounds})
        hits = items(answer, "hits")
        new = [hit for hit in hits if text(hit, "objectID") not in seen]
        seen |= {text(hit, "objectID") for hit in new}
        page = ctx.worded(ctx.readable(new, lambda hit: _mention(ctx, hit)))
        yield from ctx.given(page)
        dates = [date for hit in new if (date := whole(hit, "created_at_i")) is not None]
        more = (whole(answer.json, "nbHits") or 0) > len(hits)
        if not dates or not more or ctx.all_older(dates_of(page)):
            return
        bounds = f"created_at_i>={since},created_at_i<={min(dates)}"


def _mention(ctx: Context[Options], hit: Node) -> Mention:
    number = key(hit, "objectID")
    story = text(hit, "story_id")
    return Mention(
        source=ctx.source,
        external_id=number,
        url=f"https://news.ycombinator.com/item?id={number}",
        title=html_to_text(text(hit, "title")),
        text=html_to_text(text(hit, "comment_text") or text(hit, "story_text")),
        published_at=moment(hit, "created_at_i"),
        author=text(hit, "author") or None,
        author_id=text(hit, "author") or None,
        parent_id=text(hit, "parent_id") or None,
        likes=whole(hit, "points"),
        comments=whole(hit, "num_comments"),
        raw={"story": story, "story_title": text(hit, "story_title"), "link": text(hit, "url")},
    )
