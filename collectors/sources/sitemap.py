"""Reviews on all pages of a site, found by its sitemap (sitemaps.org/protocol.html).

Which pages are due is kept by page, not by one date: many sitemaps give no ``lastmod``, or that of
their own making. A page is due that was never read, tells no date or changed since it was read;
those that wait longest go first, so that a large site is read in several crawls.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import NamedTuple
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

from collectors import bodies, dates
from collectors.answers import Response
from collectors.base import About, Context, Item, Order, key_of
from collectors.errors import LayoutChanged, NeedsHuman, NotModified, Transient
from collectors.options import MaxPages, WebAddress
from collectors.review_pages import Reading, nothing_found, read
from collectors.safe_xml import child_text, local_name, parse_xml
from collectors.texts import parse_html

ABOUT = About(
    title="Карта сайта: отзывы со всех страниц",
    auth="не нужен",
    limits="до max_pages страниц за один обход, остальные в следующий",
    caveats="нужна разметка schema.org или селекторы CSS; robots.txt сайта соблюдается",
)
ORDER: Order = "unordered"
LOOKBACK = timedelta(days=0)  # of no effect: pages are chosen by when they changed
GONE = {404, 410}
READ = "read"  # of the source's state: key of a page -> when it was read, Unix seconds
MOST_SITEMAPS, MOST_PAGES = 50, 20_000
LARGEST = 50 * 1024 * 1024  # bytes of a sitemap, by the protocol
PATIENCE = 3  # pages in a row that do not answer: one may be broken, three are the site
DAY = timedelta(days=1)  # the step of most lastmod
ACCEPT = "application/xml,text/xml;q=0.9,*/*;q=0.5"


class Options(Reading):
    """``url`` of the sitemap or of an index; ``pages`` is a pattern of page addresses («*/tovar/*»:
    ``*`` stands for anything).
    """

    url: WebAddress
    pages: str = "*"
    max_pages: MaxPages = 200


class _Entry(NamedTuple):
    """A line of a sitemap."""

    url: str
    changed: datetime | None


def pages(ctx: Context[Options]) -> Iterator[list[Item]]:
    """The reviews of each due page; one that several pages show comes once."""
    options = ctx.options
    was_read = dict(ctx.state.get(READ) or {})
    entries = _entries(ctx)
    waiting = sorted(_due(entries, was_read, ctx.now), key=lambda e: was_read.get(_key(e), 0))
    seen, last, failed = set[str](), None, 0
    for entry in waiting[: options.max_pages]:
        try:
            answer = _page(ctx, entry.url)
        except Transient as error:
            failed += 1
            if failed == PATIENCE:
                raise
            ctx.note(entry.url, str(error))
            continue
        failed = 0
        was_read[_key(entry)] = int(ctx.now.timestamp())
        if answer is None:
            continue
        last = answer
        page = read(ctx, parse_html(answer.text), answer)
        fresh = [item for item in page if item.external_id not in seen]
        seen.update(item.external_id for item in fresh)
        yield from ctx.given(fresh)
    if last is not None and not seen and not ctx.left_out and READ not in ctx.state:
        raise nothing_found(options, last)
    present = {_key(entry) for entry in entries}
    ctx.state[READ] = {key: when for key, when in was_read.items() if key in present}
    if len(waiting) > options.max_pages:
        rest = len(waiting) - options.max_pages
        ctx.capped(f"прочитано страниц: {options.max_pages} (max_pages), осталось {rest}")


def _key(entry: _Entry) -> str:
    return key_of(entry.url)


def _due(entries: list[_Entry], was_read: dict[str, int], now: datetime) -> Iterator[_Entry]:
    for entry in entries:
        before = was_read.get(_key(entry))
        changed = min(entry.changed or now, now) + DAY
        if before is None or changed > datetime.fromtimestamp(before, UTC):
            yield entry


def _page(ctx: Context[Options], url: str) -> Response | None:
    """The page, or None where it is as it was or is gone."""
    try:
        return ctx.http.get(url, conditional=True)
    except NotModified:
        return None
    except NeedsHuman as error:
        if error.status not in GONE:
            raise
        ctx.note(url, "Страница есть в карте сайта, но не открывается.")
        return None


def _entries(ctx: Context[Options]) -> list[_Entry]:
    """The pages that all the sitemaps name, each once; the index may name sitemaps, no indexes."""
    options = ctx.options
    root = _root(ctx.http.get(options.url, accept=ACCEPT))
    roots = iter([root]) if local_name(root) == "urlset" else _children(ctx, root)
    host = _host(options.url)
    found: dict[str, _Entry] = {}
    for sitemap in roots:
        for entry in _lines(ctx, sitemap, "url"):
            if _host(entry.url) == host and fnmatchcase(entry.url, options.pages):
                found.setdefault(entry.url, entry)
            if len(found) == MOST_PAGES:
                ctx.note(options.url, f"В карте сайта больше {MOST_PAGES} страниц, взяты первые.")
                return list(found.values())
    if not found:
        raise NeedsHuman(
            f"В карте сайта {options.url} нет страниц по образцу pages: «{options.pages}». "
            "Исправьте образец или адрес карты."
        )
    return list(found.values())


def _children(ctx: Context[Options], index: Element) -> Iterator[Element]:
    """The sitemaps of an index; one that is gone does not take the others with it."""
    children = _lines(ctx, index, "sitemap")
    if len(children) > MOST_SITEMAPS:
        ctx.note(ctx.options.url, f"Прочитано карт: {MOST_SITEMAPS} из {len(children)}.")
    for child in children[:MOST_SITEMAPS]:
        try:
            answer = ctx.http.get(child.url, accept=ACCEPT)
        except NeedsHuman as error:
            if error.status not in GONE:
                raise
            ctx.note(child.url, "Карта названа в списке карт, но не открывается.")
            continue
        root = _root(answer)
        if local_name(root) == "urlset":
            yield root
        else:
            ctx.note(child.url, "Список карт внутри списка карт не читается.")


def _root(answer: Response) -> Element:
    """The root of a sitemap, also of one that is kept as a .gz file."""
    body = answer.body
    if body.startswith(b"\x1f\x8b"):
        body = bodies.read_body([body], "gzip", LARGEST)
    try:
        root = parse_xml(body)
    except ValueError as error:
        raise _no_sitemap(answer) from error
    if local_name(root) not in {"urlset", "sitemapindex"}:
        raise _no_sitemap(answer)
    return root


def _no_sitemap(answer: Response) -> LayoutChanged:
    return LayoutChanged(f"{answer.url} не похож на карту сайта. Проверьте адрес.", answer.text)


def _lines(ctx: Context[Options], root: Element, name: str) -> list[_Entry]:
    """The lines of a sitemap called ``name`` that have an address of the web."""
    lines = []
    for element in root:
        url = child_text(element, "loc")
        if local_name(element) == name and url.startswith(("http://", "https://")):
            written = child_text(element, "lastmod")
            parsed = dates.parse(written, UTC, ctx.now) if written else None
            lines.append(_Entry(url, parsed.moment if parsed else None))
    return lines


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""
