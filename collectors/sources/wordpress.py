"""Comments of a site on WordPress.

developer.wordpress.org/rest-api/reference/comments: newest first, the number of pages in a header.
robots.txt is asked as for any page: the API is the site's, and nobody gave us a key.
"""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count

from collectors import shapes
from collectors.base import About, Context, Item, Mention, Order, dates_of
from collectors.errors import NeedsHuman, SkipItem
from collectors.options import SourceOptions, WebAddress
from collectors.texts import html_to_text

PAGE = 100
CLOSED = {401, 403, 404}
PAST_THE_END = 400  # comments deleted meanwhile leave fewer pages than were promised
ABOUT = About(
    title="WordPress: комментарии на сайте",
    auth="не нужен",
    limits="вся история, 100 комментариев на запрос",
    caveats="только одобренные комментарии; REST API сайта может быть закрыт",
)
ORDER: Order = "newest_first"
LOOKBACK = timedelta(days=4)  # a comment keeps its date while it waits for approval


class Options(SourceOptions):
    """``url`` of the site's front page."""

    url: WebAddress


def pages(ctx: Context[Options]) -> Iterator[list[Item]]:
    """Page after page until all comments of one are older than ``ctx.since``."""
    api = f"{ctx.options.url.rstrip('/')}/wp-json/wp/v2/comments"
    for number in count(1):
        url = f"{api}?per_page={PAGE}&page={number}&orderby=date_gmt&order=desc"
        try:
            answer = ctx.http.get(url, accept="application/json")
        except NeedsHuman as error:
            if error.status in CLOSED:
                raise _closed(error) from error
            if number > 1 and error.status == PAST_THE_END:
                return
            raise
        found = shapes.items(answer)
        page = ctx.readable(found, lambda comment: _mention(ctx, comment))
        yield from ctx.given(page)
        total = answer.headers.get("x-wp-totalpages", "")
        is_last = number >= int(total) if total.isdecimal() else len(found) < PAGE
        if is_last or not found or ctx.all_older(dates_of(page)):
            return


def _closed(error: NeedsHuman) -> NeedsHuman:
    return NeedsHuman(
        f"Сайт не отдаёт комментарии через REST API (код {error.status}). Проверьте адрес; если "
        "API закрыт, попробуйте ленту комментариев: тип feed, адрес сайта и /comments/feed/.",
        error.status,
    )


def _mention(ctx: Context[Options], comment: shapes.Node) -> Mention:
    key = shapes.key(comment, "id")
    text = html_to_text(shapes.text(comment, "content", "rendered"))
    if not text:
        raise SkipItem("В комментарии нет текста.", key)
    parent, author = shapes.whole(comment, "parent"), shapes.whole(comment, "author")
    return Mention(
        source=ctx.source,
        external_id=key,
        text=text,
        url=shapes.text(comment, "link"),
        published_at=shapes.moment(comment, "date_gmt"),
        author=html_to_text(shapes.text(comment, "author_name")) or None,
        author_id=str(author) if author else None,  # 0: a guest
        parent_id=str(parent) if parent else None,
        raw={"post": shapes.whole(comment, "post")},
    )
