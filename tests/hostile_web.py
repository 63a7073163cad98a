"""A hostile site on the loopback: documents that are bombs, pages that lead inside."""

import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from memory import NOW


def bombs(trap: str, secret: str) -> dict[str, bytes]:
    """Documents that would fetch ``trap`` or the file ``secret``, or grow beyond all bounds."""
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    outside = f'<!ENTITY u SYSTEM "{trap}u"><!ENTITY f SYSTEM "file://{secret}">'
    entities = {
        "laughs": (f'<!ENTITY e0 "ха">{levels}', "&e11;"),
        "quadratic": (f'<!ENTITY q "{"ха" * 50_000}">', "&q;" * 5000),
        "outside": (outside, "&f;&u;"),
        "parameter": (f'<!ENTITY % p SYSTEM "{trap}p"> %p;', "&p;"),
    }
    documents = {
        f"{name}-{root}": f"<!DOCTYPE {root} [{told}]>{_feed(root, used)}".encode()
        for name, (told, used) in entities.items()
        for root in ("rss", "feed", "urlset", "html")
    }
    documents["dtd"] = f'<!DOCTYPE rss SYSTEM "{trap}d">{_feed("rss", "x")}'.encode()
    include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{trap}i"/>'
    documents["include"] = _feed("feed", include).encode()
    documents["stylesheet"] = f'<?xml-stylesheet href="{trap}s"?>{_feed("rss", "x")}'.encode()
    documents["wide"] = f"<!DOCTYPE rss [{outside}]>{_feed('rss', '&f;')}".encode("utf-16")
    documents["linked"] = (
        f'<html><base href="{trap}"><link rel="next" href="n">'
        f'<link href="{trap}c" rel="stylesheet"><iframe src="{trap}f"></iframe>'
        f'<meta http-equiv="refresh" content="0;url={trap}m">'
        f'<script src="{trap}j"></script><img src="{trap}g"></html>'
    ).encode()
    documents["context"] = json.dumps({"@context": trap, "@type": "Review"}).encode()
    documents["deep"] = b"<a>" * 20_000
    documents["deep-json"] = b'{"a":' * 200_000
    documents["blank"] = b"<rss " + b"\n" * 2_000_000
    documents["digits"] = b'{"items": ' + b"9" * 1_000_000 + b"}"
    documents["attributes"] = b"<a " + b"".join(b'x%d="1" ' % n for n in range(5_000)) + b">"
    documents["unclosed"] = b"<!--" * 20_000 + b"<![CDATA[" * 20_000
    documents["quotes"] = b"<a href='" * 20_000
    return documents


def _feed(root: str, inside: str) -> str:
    parts = {
        "rss": f"<channel><item><guid>1</guid><title>т{inside}</title></item></channel>",
        "feed": f"<entry><id>1</id><title>т{inside}</title><content>{inside}</content></entry>",
        "urlset": f"<url><loc>https://shop.example/{inside}</loc></url>",
        "html": f"<body><div itemscope itemtype='http://schema.org/Review'>{inside}</div></body>",
    }
    return f"<{root}>{parts[root]}</{root}>"


def page(kind: str, url: str) -> bytes:
    """A page that a source of this type understands, and that leads to ``url`` in all its ways."""
    if kind == "wordpress":
        one = {"id": time.monotonic_ns(), "date_gmt": NOW.isoformat(), "link": url}
        return json.dumps([one | {"content": {"rendered": f"<img src='{url}'>да"}}] * 100).encode()
    review = {"@type": "Review", "reviewBody": f"Отзыв по адресу {url}", "image": url, "@id": url}
    return {
        "feed": f"<rss version='2.0'><channel><link>{url}</link><image><url>{url}</url></image>"
        f"<item><guid>{url}</guid><link>{url}</link><title>да</title>"
        f"<enclosure url='{url}'/></item></channel></rss>",
        "page": f"<link rel='next' href='{url}'><base href='{url}'><img src='{url}'>"
        f"<script type='application/ld+json'>{json.dumps({'@context': url, '@graph': [review]})}"
        "</script>",
        "sitemap": f"<sitemapindex><sitemap><loc>{url}</loc></sitemap></sitemapindex>",
    }[kind].encode()


Answer = tuple[int, dict[str, str], bytes]


class Web(ThreadingHTTPServer):
    """A server on the loopback that answers by ``answer(path)``, and notes what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[str] = []
        self.answer: Callable[[str], Answer] = lambda _: (404, {}, b"")

    def url(self, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.server_port}/"

    def handle_error(self, *_: Any) -> None:
        """Clients that hang up early are what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: Web

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        status, headers, body = self.server.answer(self.path)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Keep the output of the tests clean."""


@contextmanager
def serving() -> Iterator[Web]:
    """A server for the length of the block."""
    web = Web()
    thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield web
    finally:
        web.shutdown()
        web.server_close()
        thread.join()


def packed(size: int) -> bytes:
    """``size`` bytes of nothing, compressed a thousandfold."""
    return gzip.compress(bytes(size), 9)
