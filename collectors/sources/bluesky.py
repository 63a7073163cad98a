"""Bluesky: search in posts.

Lexicon app.bsky.feed.searchPosts. A caller who is not logged in gets no second page by ``cursor``,
so every caller goes back by ``until``, the date of the oldest post seen. Search without a login is
now and then closed to all; an app password opens it.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator

from collectors.base import About, Context, Item, Mention, Order
from collectors.errors import NeedsHuman
from collectors.options import MaxPages, Secret, SourceOptions, Word
from collectors.shapes import Node, changed, items, key, moment, moment_or_none, text, value, whole

OPEN, HOME = "https://api.bsky.app/xrpc", "https://bsky.social/xrpc"
ABOUT = About(
    title="Bluesky: поиск",
    auth="не обязателен; надёжнее с handle и паролем приложения (app_password)",
    limits="по 100 записей в запросе, не больше max_pages запросов; вход 300 раз в день",
    caveats="без входа поиск временами закрывают для всех (403)",
)
ORDER: Order = "newest_first"
LOOKBACK = timedelta(days=1)  # the search index is late by minutes, posts cannot be edited


class Options(SourceOptions):
    """``query``, in ``language`` if given; ``handle`` with ``app_password`` log in."""

    query: Word
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}$")] | None = None
    handle: str | None = None
    app_password: Secret | None = None
    max_pages: MaxPages = 100

    @model_validator(mode="after")
    def _whole_login(self) -> Self:
        if (self.handle is None) != (self.app_password is None):
            raise ValueError("handle и app_password задаются вместе")
        return self


def pages(ctx: Context[Options]) -> Iterator[list[Item]]:
    """Posts newest first; the following page begins at the oldest of this one."""
    options, seen = ctx.options, set[str]()
    headers = _login(ctx, options)
    asked = {"q": options.query, "sort": "latest", "limit": "100", "since": _stamp(ctx.since)}
    asked |= {"lang": options.language} if options.language else {}
    url = f"{HOME if headers else OPEN}/app.bsky.feed.searchPosts"
    for _ in ctx.page_numbers(options.max_pages):
        answer = ctx.http.ask(url, params=asked, headers=headers, known={403})
        if answer.status == 403:
            raise NeedsHuman(
                "Bluesky не даёт искать (403). Впишите handle и app_password (пароль приложения)."
            )
        posts = [post for post in items(answer, "posts") if text(post, "uri") not in seen]
        seen |= {text(post, "uri") for post in posts}
        page = ctx.worded(ctx.readable(posts, lambda post: _mention(ctx, post)))
        yield from ctx.given(page)
        sorted_at = [moment for post in posts if (moment := _sorted_at(post))]
        if not sorted_at or ctx.all_older(sorted_at):
            return
        # «until» leaves out its own moment, and several posts may share one.
        asked["until"] = _stamp(min(sorted_at) + timedelta(milliseconds=1))


def _login(ctx: Context[Options], options: Options) -> Mapping[str, str]:
    """The header of a session; none without a password."""
    if options.handle is None or options.app_password is None:
        return {}
    answer = ctx.http.ask(
        f"{HOME}/com.atproto.server.createSession",
        json={"identifier": options.handle, "password": options.app_password.get_secret_value()},
    )
    token = text(answer.json, "accessJwt")
    if not token:
        raise changed(answer, "нет accessJwt")
    return {"Authorization": f"Bearer {token}"}


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _sorted_at(post: Node) -> datetime | None:
    """What the list is sorted by: the earlier of the author's date and the date of indexing."""
    dates = (moment_or_none(post, "record", "createdAt"), moment_or_none(post, "indexedAt"))
    return min(filter(None, dates), default=None)


def _mention(ctx: Context[Options], post: Node) -> Mention:
    uri, author = key(post, "uri"), value(post, "author")
    return Mention(
        source=ctx.source,
        external_id=uri,
        url=f"https://bsky.app/profile/{text(author, 'handle')}/post/{uri.rpartition('/')[2]}",
        text=text(post, "record", "text"),
        published_at=_sorted_at(post) or moment(post, "indexedAt"),
        author=text(author, "displayName") or text(author, "handle") or None,
        author_id=text(author, "did") or None,
        parent_id=text(post, "record", "reply", "parent", "uri") or None,
        likes=whole(post, "likeCount"),
        comments=whole(post, "replyCount"),
        reposts=whole(post, "repostCount"),
        raw={
            "cid": text(post, "cid"),
            "quotes": whole(post, "quoteCount"),
            "quoted": text(post, "record", "embed", "record", "uri"),
            "langs": value(post, "record", "langs"),
        },
    )
