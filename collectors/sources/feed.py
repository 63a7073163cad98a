"""RSS 0.9-2.0, RDF and Atom feeds, those of Google Alerts and Google News among them.

Formats: rssboard.org/rss-specification, RFC 4287, web.resource.org/rss/1.0. A feed is a window on
the latest entries: there is no paging, and an empty one says «nothing at the moment».
"""

import calendar
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz
from typing import Any
from zoneinfo import ZoneInfo

import feedparser

from collectors import dates, plain_feeds
from collectors.answers import Response
from collectors.base import EPOCH, About, Context, Item, Mention, Order, dates_of, key_of
from collectors.errors import LayoutChanged, SkipItem
from collectors.options import DEFAULT_ZONE, SourceOptions, WebAddress, Zone, zone_of
from collectors.redirects import absolute, is_google_news, unwrap
from collectors.texts import html_to_text

ACCEPT = "application/atom+xml,application/rss+xml,application/xml;q=0.9,text/xml;q=0.9,*/*;q=0.5"
ABOUT = About(
    title="Лента RSS или Atom",
    auth="не нужен",
    limits="лента показывает только последние записи, обычно до 100",
    caveats="так же читаются Google Alerts, Google News, поиск Reddit (search.rss) и любая лента",
)
ORDER: Order = "unordered"
LOOKBACK = timedelta(days=2)  # the whole window comes every time; tells how far back it had to

_ENTRY_OPEN = re.compile(r"<(?:\w+:)?(?:item|entry)[\s>]", re.IGNORECASE)
_ENTRY_CLOSE = re.compile(r"</(?:\w+:)?(?:item|entry)\s*>", re.IGNORECASE)
_ROOT_CLOSE = re.compile(r"</(?:\w+:)?(?:rss|feed|rdf)\s*>\s*(?:<!--.*?-->\s*)*\Z", re.I | re.S)
_HTML = re.compile(
    r"\A\s*(?:<\?xml.*?\?>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S
)
_REFERENCE = re.compile(r"&#?\w+;?")  # left by the parser where an entity has no harmless end
# Left of a text that was escaped twice, or that the parser of broken feeds took for plain.
_TAG = re.compile(r"</?(?:p|br|div|span|a|b|i|em|strong|img|ul|ol|li|script)\b[^<>]*>", re.I)
_CHARACTER = re.compile(r"&#(?:[xX]([0-9a-fA-F]{1,4000})|([0-9]{1,4000}));?")
_DATE_FIELDS = ("published", "updated", "created")
NO_FEED = "Ответ не похож на ленту RSS или Atom. Проверьте адрес."


class Options(SourceOptions):
    """``url`` of the feed; ``timezone`` is taken for dates that name none."""

    url: WebAddress
    timezone: Zone = DEFAULT_ZONE


def pages(ctx: Context[Options]) -> Iterator[list[Item]]:
    """The entries of the feed as one page; NotModified where the server says so."""
    answer = ctx.http.get(ctx.options.url, conditional=True, accept=ACCEPT)
    text = answer.text
    if _HTML.match(text):
        raise LayoutChanged(
            "По адресу ленты пришла обычная веб-страница. Проверьте адрес: возможно, лента "
            "переехала или сайт просит войти.",
            text,
        )
    entries = plain_feeds.read(text)
    if entries is None:
        feed = _parse(answer, text)
        entries = _whole_entries(ctx, feed, text)
        if not feed.get("version") and not entries:
            raise LayoutChanged(NO_FEED, text)
    zone = zone_of(ctx.options.timezone)
    items = ctx.readable(entries, lambda entry: _mention(entry, ctx, zone, answer.url))
    _tell_gap(ctx, items)
    yield from ctx.given(items)


def _tell_gap(ctx: Context[Options], page: list[Item]) -> None:
    """A window that no longer reaches back to the last crawl may have let entries pass unseen."""
    last_crawl = ctx.since + LOOKBACK
    if ctx.since > EPOCH and min(dates_of(page), default=last_crawl) > last_crawl:
        ctx.capped(
            "лента начинается позже, часть могла пройти мимо: чем чаще сбор, тем меньше пропусков"
        )


def _parse(answer: Response, text: str) -> Any:
    # A file object, never the bytes themselves: feedparser would take a body that looks like a
    # path or an address for one and open it. The charset is ours, see Response.text.
    kind = answer.headers.get("content-type", "").partition(";")[0].strip() or "application/xml"
    # No content-location: guids would be resolved against it and change when the feed moves.
    headers = {"content-type": f"{kind if 'xml' in kind else 'application/xml'}; charset=utf-8"}
    body = io.BytesIO(_CHARACTER.sub(_real, text).encode("utf-8", "replace"))
    try:
        return feedparser.parse(body, response_headers=headers)
    except Exception as error:  # on what is no feed it fails in ways of its own
        raise LayoutChanged(NO_FEED, text) from error


def _real(reference: re.Match[str]) -> str:
    """A reference to a character as it is; nothing for one that cannot be, which the parser keeps
    in a form that no encoder takes.
    """
    code = int(reference[1], 16) if reference[1] else int(reference[2])
    is_real = 0 < code < 0x110000 and not 0xD800 <= code < 0xE000
    return reference[0] if is_real else ""


def _whole_entries(ctx: Context[Options], feed: Any, text: str) -> list[Any]:
    """Entries of the feed; of one that broke off, those that came whole."""
    entries = list(feed.get("entries") or [])
    if not feed.get("bozo") or _ROOT_CLOSE.search(text[-2000:]):
        return entries
    if not entries:
        return entries
    ctx.note(ctx.source, f"Лента оборвана или повреждена: прочитано записей: {len(entries)}.")
    ctx.http.forget(ctx.options.url)  # the rest must not hide behind a 304 next time
    whole = len(_ENTRY_CLOSE.findall(text))
    broken = len(_ENTRY_OPEN.findall(text)) > whole
    return entries[:-1] if broken and len(entries) > whole else entries


def _mention(entry: Any, ctx: Context[Options], zone: ZoneInfo, base: str) -> Item:
    wrapped = _link(entry, base)
    link = unwrap(wrapped)
    title = html_to_text(str(entry.get("title") or ""))
    text = _text(entry)
    publisher = str((entry.get("source") or {}).get("title") or "") or None
    if is_google_news(wrapped):
        title = title.removesuffix(f" - {publisher}") if publisher else title
        text = ""  # the description repeats title and source
    if not title and not text:
        raise SkipItem("В записи ленты нет ни заголовка, ни текста.", link or str(entry.get("id")))
    if not _REFERENCE.sub("", title + text).strip():
        raise SkipItem("В записи ленты только сущность XML, которую не раскрыть.", title or text)
    # dict's own get(): feedparser's has the date of publishing for an absent «updated», and warns.
    written = next((str(told) for name in _DATE_FIELDS if (told := dict.get(entry, name))), "")
    moment = _moment(entry, written, zone, ctx.now)
    key = str(entry.get("id") or "") or link or key_of(title, text)
    if written and moment is None:
        ctx.note(key, f"Дата «{written[:60]}» не разобрана, взято время сбора.")
    return Mention(
        source=ctx.source,
        external_id=key,
        text=text,
        title=title,
        url=link,
        published_at=moment or ctx.now,
        date_known=moment is not None,
        author=html_to_text(str(entry.get("author") or "")) or publisher,
        comments=_count(entry.get("slash_comments")),
        raw={
            "id": entry.get("id"),
            "link": wrapped,
            "date": written,
            "tags": [str(tag.get("term")) for tag in entry.get("tags") or []][:20],
            "publisher": publisher,
        },
    )


def _link(entry: Any, base: str) -> str:
    link = str(entry.get("link") or "")
    # feedparser takes a guid for a link; one like «12345» is none.
    if not link or (link == entry.get("id") and not link.startswith("http")):
        return ""
    return absolute(base, link)


def _text(entry: Any) -> str:
    """The longest of contents and summary: feeds cut either."""
    bodies = [str(part.get("value") or "") for part in entry.get("content") or []]
    bodies.append(str(entry.get("summary") or ""))
    texts = [html_to_text(body) for body in bodies]
    return max((html_to_text(text) if _TAG.search(text) else text for text in texts), key=len)


def _moment(entry: Any, written: str, zone: ZoneInfo, now: datetime) -> datetime | None:
    """The entry's date: RFC 822, else as people write it, else as feedparser understood it."""
    if not written:
        return None
    parts = parsedate_tz(written)
    try:
        if parts and parts[0] > 0:
            offset = parts[9]
            named = re.search(r"[A-Za-zА-Яа-я]{3}$", written.strip())
            if named and named[0].lower() in dates.ZONES:
                offset = dates.ZONES[named[0].lower()] * 3600
            own = zone if offset is None else timezone(timedelta(seconds=offset))
            year, month, day, hour, minute, second = parts[:6]
            return datetime(year, month, day, hour, minute, second, tzinfo=own).astimezone(UTC)
    except (ValueError, OverflowError):
        pass  # not this form after all
    read = dates.parse(written, zone, now)
    if read:
        return read.moment
    guess = next((entry.get(f"{n}_parsed") for n in _DATE_FIELDS if dict.get(entry, n)), None)
    try:
        return datetime.fromtimestamp(calendar.timegm(guess), UTC) if guess else None
    except (ValueError, TypeError, OverflowError):
        return None


def _count(value: Any) -> int | None:
    return int(value) if isinstance(value, str) and value.isdigit() and len(value) < 10 else None
