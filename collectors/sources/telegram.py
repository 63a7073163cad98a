"""A public Telegram channel by its preview in the web, https://t.me/s/<channel>.

The preview is made for people, so its classes are those that a browser sees; it shows about twenty
posts a page and no comments. Not every channel has one.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from typing import Annotated
from urllib.parse import urlencode, urlsplit

from bs4 import BeautifulSoup, Tag
from pydantic import BeforeValidator, Field

from collectors.answers import Response
from collectors.base import About, Context, Item, Mention, Order, dates_of
from collectors.cleaning import LONGEST_URL
from collectors.errors import LayoutChanged, NeedsHuman, SkipItem
from collectors.options import MaxPages, SourceOptions, Word
from collectors.shapes import moment
from collectors.texts import parse_html, text_of

ABOUT = About(
    title="Телеграм-канал (открытый просмотр t.me/s)",
    auth="не нужен",
    limits="весь канал, около 20 записей на страницу, не больше max_pages страниц",
    caveats="комментариев в просмотре нет; у части каналов он выключен; записи без слов "
    "пропускаются",
)
ORDER: Order = "newest_first"
LOOKBACK = timedelta(days=2)  # dates are to the second; edits come later

_POST = re.compile(r"/([A-Za-z]\w+)/(\d+)/?$")
_VIEWS = re.compile(r"([\d.]+)\s*([KM]?)")
_TIMES = {"": 1, "K": 1000, "M": 1_000_000}


def _bare(name: object) -> object:
    """«@name» and «https://t.me/s/name» -> «name»."""
    return re.sub(r"^(https?://)?(t\.me/(s/)?)?@?|/$", "", name) if isinstance(name, str) else name


class Options(SourceOptions):
    """``channel`` by name or address; ``query`` leaves only posts with these words."""

    channel: Annotated[str, BeforeValidator(_bare), Field(pattern=r"^[A-Za-z]\w{3,31}$")]
    query: Word | None = None
    max_pages: MaxPages = 100


def pages(ctx: Context[Options]) -> Iterator[list[Item]]:
    """Posts from the newest back; raises NeedsHuman where the channel has no preview."""
    options, before = ctx.options, 0
    for number in ctx.page_numbers(options.max_pages):
        answer = ctx.http.get(_address(options, before))
        soup = parse_html(answer.text)
        posts = _posts(soup, answer, options.channel)
        oldest = min(map(_number, posts), default=0)
        if before and oldest >= before:
            return
        page = ctx.worded(ctx.readable(posts, lambda post: _mention(ctx, post)))
        if number == 0 and not posts and not soup.select_one(".tgme_no_messages_found"):
            yield []
        yield from ctx.given(page)
        if oldest <= 1 or ctx.all_older(dates_of(page)):
            return
        before = oldest


def _address(options: Options, before: int) -> str:
    asked = {"q": options.query, "before": before or None}
    query = urlencode({name: given for name, given in asked.items() if given})
    return f"https://t.me/s/{options.channel}" + (f"?{query}" if query else "")


def _posts(soup: BeautifulSoup, answer: Response, channel: str) -> list[Tag]:
    """The posts of a page without service messages («канал создан»)."""
    wraps = soup.select(".tgme_widget_message_wrap")
    if not wraps and not soup.select_one(".tgme_channel_history, .tgme_no_messages_found"):
        if not urlsplit(answer.url).path.startswith("/s/") or soup.select_one(".tgme_page"):
            raise NeedsHuman(
                f"У канала {channel} нет открытого просмотра: он закрыт, переименован или это не "
                "канал. Проверьте имя; закрытый канал так не читается."
            )
        raise LayoutChanged("На странице t.me/s нет ни записей, ни их списка.", answer.text)
    empty = ".service_message, .tgme_no_messages_found"
    posts = [wrap for wrap in wraps if not wrap.select_one(empty)]
    if posts and not any(map(_number, posts)):
        raise LayoutChanged(
            "На странице t.me/s ни у одной записи нет ссылки с номером.", answer.text
        )
    return posts


def _link(post: Tag, selector: str) -> re.Match[str] | None:
    """Channel and number of the post that a link leads to; its «&amp;» may be escaped twice."""
    found = post.select_one(selector)
    href = unescape(str(found.get("href") or "")[:LONGEST_URL]) if found else ""
    return _POST.search(href.partition("?")[0])


def _number(post: Tag) -> int:
    link = _link(post, ".tgme_widget_message_date[href]")
    return int(link[2]) if link else 0


def _mention(ctx: Context[Options], post: Tag) -> Mention:
    link = _link(post, ".tgme_widget_message_date[href]")
    if link is None:
        raise SkipItem("У записи нет ссылки с номером.", text_of(post)[:60])
    channel, number = link[1], link[2]
    written = post.select_one(".tgme_widget_message_date time[datetime]")
    origin = _link(post, ".tgme_widget_message_forwarded_from a[href]")
    reply = _link(post, ".tgme_widget_message_reply[href]")
    edited = post.select_one(".tgme_widget_message_meta")
    return Mention(
        source=ctx.source,
        external_id=f"{channel}/{number}",
        url=f"https://t.me/{channel}/{number}",
        text=_text(post),
        published_at=moment(dict(written.attrs) if written else {}, "datetime"),
        author=_line(post, ".tgme_widget_message_from_author")
        or _line(post, ".tgme_widget_message_owner_name"),
        author_id=channel,
        parent_id=f"{reply[1]}/{reply[2]}" if reply else None,
        repost_of=f"{origin[1]}/{origin[2]}" if origin else None,
        views=_views(_line(post, ".tgme_widget_message_views") or ""),
        raw={
            "forwarded": post.select_one(".tgme_widget_message_forwarded_from") is not None,
            "edited": bool(edited and edited.get_text().strip().startswith("edited")),
        },
    )


def _text(post: Tag) -> str:
    """The post's own words; those it answers to stand deeper, inside the reply."""
    own = post.select_one(".tgme_widget_message_bubble > .tgme_widget_message_text")
    return text_of(own) if own else _line(post, ".tgme_widget_message_poll_question") or ""


def _line(post: Tag, selector: str) -> str | None:
    found = post.select_one(selector)
    return " ".join(text_of(found).split()) or None if found else None


def _views(written: str) -> int | None:
    """«1.2K» -> 1200."""
    match = _VIEWS.fullmatch(written)
    try:
        return round(float(match[1]) * _TIMES[match[2]]) if match else None
    except ValueError:
        return None
