"""A site on this machine that publishes part of the stream: feeds and paged review pages.

Served over real HTTP, so that the demo goes through the same door, robots.txt, paging and
parsers as any other source.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from email.utils import format_datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

from demo.stream import BRAND_NAMES, Entry

_PAGE_SIZE = 20
_ATOM = "{http://www.w3.org/2005/Atom}"
_MONTHS = (
    "января", "февраля", "марта", "апреля", "мая", "июня",
    "июля", "августа", "сентября", "октября", "ноября", "декабря",
)  # fmt: skip


@contextmanager
def serve(entries: Sequence[Entry]) -> Iterator[str]:
    """Run the site on a free port of the loopback; gives its address, stops at exit."""
    newest_first = sorted(entries, key=lambda entry: entry.moment, reverse=True)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(*_route(newest_first, self.path))

        def _answer(self, status: int, content_type: str, body: str) -> None:
            data = body.encode()
            self.send_response(status)
            self.send_header("Content-Type", f"{content_type}; charset=utf-8")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Keep the terminal for the demo's own progress."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _route(entries: Sequence[Entry], path: str) -> tuple[int, str, str]:
    url = urlsplit(path)
    _, room, *rest = url.path.split("/")
    page = int(parse_qs(url.query).get("page", ["1"])[0])
    if url.path == "/robots.txt":
        return 200, "text/plain", "User-agent: *\nAllow: /\n"
    if url.path == "/news.rss":
        return 200, "application/rss+xml", _rss([e for e in entries if e.source == "news"])
    brand = rest[0].removesuffix(".atom") if rest else ""
    chosen = [entry for entry in entries if entry.source == room and entry.brand == brand]
    if brand not in BRAND_NAMES or not chosen:
        return 404, "text/html", "<h1>404</h1>"
    if room == "telegram":
        return 200, "application/atom+xml", _atom(brand, chosen)
    draw = _with_json_ld if room == "otzyvy" else _with_cards
    return 200, "text/html", _page(f"/{room}/{brand}", brand, chosen, page, draw)


def _rss(entries: Sequence[Entry]) -> str:
    root = ElementTree.Element("rss", version="2.0")
    channel = ElementTree.SubElement(root, "channel")
    _leaf(channel, "title", "Городские новости")
    _leaf(channel, "link", "https://news.example/")
    _leaf(channel, "description", "Новости торговли")
    for entry in entries:
        item = ElementTree.SubElement(channel, "item")
        _leaf(item, "guid", entry.id, isPermaLink="false")
        _leaf(item, "link", f"https://news.example/{entry.id}")
        _leaf(item, "pubDate", format_datetime(entry.moment))
        _leaf(item, "author", entry.author)
        _leaf(item, "description", entry.text)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True)


def _atom(brand: str, entries: Sequence[Entry]) -> str:
    ElementTree.register_namespace("", _ATOM[1:-1])
    feed = ElementTree.Element(f"{_ATOM}feed")
    _leaf(feed, f"{_ATOM}title", f"Канал: {BRAND_NAMES[brand]}")
    _leaf(feed, f"{_ATOM}id", f"tag:telegram.example,2026:{brand}")
    _leaf(feed, f"{_ATOM}updated", entries[0].moment.isoformat())
    for entry in entries:
        item = ElementTree.SubElement(feed, f"{_ATOM}entry")
        _leaf(item, f"{_ATOM}id", f"tag:telegram.example,2026:{entry.id}")
        ElementTree.SubElement(
            item, f"{_ATOM}link", rel="alternate", href=f"https://telegram.example/{entry.id}"
        )
        _leaf(ElementTree.SubElement(item, f"{_ATOM}author"), f"{_ATOM}name", entry.author)
        _leaf(item, f"{_ATOM}published", entry.moment.isoformat())
        _leaf(item, f"{_ATOM}updated", entry.moment.isoformat())
        _leaf(item, f"{_ATOM}content", escape(entry.text), type="html")
    return ElementTree.tostring(feed, encoding="unicode", xml_declaration=True)


def _leaf(parent: ElementTree.Element, tag: str, text: str, **attributes: str) -> None:
    ElementTree.SubElement(parent, tag, attributes).text = text


def _page(
    path: str,
    brand: str,
    entries: Sequence[Entry],
    page: int,
    draw: Callable[[str, Sequence[Entry]], str],
) -> str:
    start = (page - 1) * _PAGE_SIZE
    more = start + _PAGE_SIZE < len(entries)
    link = f'<a rel="next" href="{path}?page={page + 1}">Дальше</a>' if more else ""
    body = draw(brand, entries[start : start + _PAGE_SIZE])
    title = f"{BRAND_NAMES[brand]}: отзывы, страница {page}"
    return (
        f'<!doctype html><html lang="ru"><head><meta charset="utf-8"><title>{title}</title>'
        f"</head><body><h1>{title}</h1>{body}{link}</body></html>"
    )


def _with_json_ld(brand: str, entries: Sequence[Entry]) -> str:
    """The shape of https://schema.org/Review, embedded as JSON-LD."""
    data = {
        "@context": "https://schema.org",
        "@type": "LocalBusiness",
        "name": BRAND_NAMES[brand],
        "review": [_review(entry) for entry in entries],
    }
    # «</» would end the script element inside a text.
    body = json.dumps(data, ensure_ascii=False).replace("</", "<\\/")
    return f'<script type="application/ld+json">{body}</script>'


def _review(entry: Entry) -> dict[str, object]:
    review: dict[str, object] = {
        "@type": "Review",
        "@id": entry.id,
        "author": {"@type": "Person", "name": entry.author},
        "datePublished": entry.moment.isoformat(),
        "reviewBody": entry.text,
    }
    if entry.rating is not None:
        review["reviewRating"] = {
            "@type": "Rating",
            "ratingValue": entry.rating,
            "bestRating": 5,
        }
    return review


def _with_cards(_brand: str, entries: Sequence[Entry]) -> str:
    """A shop without structured data: cards, stars as signs, dates in words."""
    return "".join(
        f'<article class="card" id="{entry.id}"><b class="who">{escape(entry.author)}</b> '
        f'<span class="stars">{_stars(entry.rating)}</span> '
        f'<span class="when">{_in_words(entry)}</span>'
        f'<p class="text">{escape(entry.text)}</p></article>'
        for entry in entries
    )


def _stars(rating: int | None) -> str:
    return "" if rating is None else "★" * rating + "☆" * (5 - rating)


def _in_words(entry: Entry) -> str:
    moment = entry.moment
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"
