"""Mastodon: search in posts (with a token), or the timeline of a hashtag (often without one).

docs.joinmastodon.org/methods/search and …/timelines. Both lists go from the newest back, ``max_id``
being the id of the last post seen.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator

from collectors.base import About, Context, Item, Mention, Order, Quota, dates_of
from collectors.options import MaxPages, Secret, SourceOptions, WebAddress, Word
from collectors.shapes import Node, items, key, moment, text, value, whole
from collectors.texts import html_to_text

ABOUT = About(
    title="Mastodon: поиск или хештег",
    auth="для поиска токен пользователя (token); хештег на многих серверах открыт",
    limits="по 40 записей в запросе, 300 запросов за 5 минут",
    caveats="сервер видит не всю сеть; поиск есть, только если на сервере включён Elasticsearch",
    quota=Quota(by="instance", per_second=1),
)
ORDER: Order = "newest_first"
LOOKBACK = timedelta(days=2)  # posts of other servers arrive late; edits


class Options(SourceOptions):
    """``instance`` (https://server) and either ``query``, which needs ``token``, or ``hashtag``."""

    instance: WebAddress
    token: Secret | None = None
    query: Word | None = None
    hashtag: Annotated[Word, Field(pattern=r"^#?\w+$")] | None = None
    max_pages: MaxPages = 100

    @model_validator(mode="after")
    def _one_list(self) -> Self:
        if (self.query is None) == (self.hashtag is None):
            raise ValueError("нужно одно из двух: query или hashtag")
        if self.query is not None and self.token is None:
            raise ValueError("для поиска (query) нужен token")
        return self


def pages(ctx: Context[Options]) -> Iterator[list[Item]]:
    """Posts, 40 a page, until all of one are older than ``ctx.since``."""
    options, asked, path = ctx.options, {"limit": "40"}, tuple[str, ...]()
    url = f"{options.instance.rstrip('/')}/api"
    if options.query:
        url, path = f"{url}/v2/search", ("statuses",)
        asked |= {"q": options.query, "type": "statuses"}
    else:
        url = f"{url}/v1/timelines/tag/{(options.hashtag or '').lstrip('#')}"
    secret = options.token.get_secret_value() if options.token else ""
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    seen = set[str]()
    for _ in ctx.page_numbers(options.max_pages):
        answer = ctx.http.ask(url, params=asked, headers=headers)
        statuses = [one for one in items(answer, *path) if text(one, "id") not in seen]
        seen |= {text(status, "id") for status in statuses}
        page = ctx.worded(ctx.readable(statuses, lambda status: _mention(ctx, status)))
        yield from ctx.given(page)
        if not statuses or ctx.all_older(dates_of(page)):
            return
        asked["max_id"] = text(statuses[-1], "id")


def _mention(ctx: Context[Options], status: Node) -> Mention:
    boosted = value(status, "reblog")
    told = boosted or status
    return Mention(
        source=ctx.source,
        external_id=key(status, "id"),
        url=text(told, "url") or text(told, "uri"),
        title=text(told, "spoiler_text"),
        text=html_to_text(text(told, "content")),
        published_at=moment(status, "created_at"),
        author=text(status, "account", "display_name") or text(status, "account", "acct") or None,
        author_id=text(status, "account", "acct") or None,
        parent_id=text(status, "in_reply_to_id") or None,
        repost_of=text(boosted, "id") or None,
        likes=whole(told, "favourites_count"),
        comments=whole(told, "replies_count"),
        reposts=whole(told, "reblogs_count"),
        raw={
            "language": text(told, "language"),
            "edited_at": text(told, "edited_at"),
            "bot": value(status, "account", "bot") is True,
            "followers": whole(status, "account", "followers_count"),
        },
    )
