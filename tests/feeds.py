"""A site of feeds on the loopback that notes when each was asked for and answered."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, slots=True)
class Visit:
    """One request, in seconds of the server's own clock; ``ended`` only where it was answered."""

    path: str
    began: float
    ended: float | None


class Site(ThreadingHTTPServer):
    """``/NAME.rss?port=…`` is a feed of ``items`` entries, answered after ``delay`` seconds.

    A delay that is made shorter holds at once, also for who waits.
    """

    daemon_threads = True

    def __init__(self, items: int, delay: float) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.items, self.delay = items, delay
        self.visits: list[Visit] = []
        self.published = time.time()
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *_: Any) -> None:
        """A client that was killed is what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        if self.path == "/robots.txt":
            self.send_error(404)
            return
        began, ended = time.monotonic(), None
        try:
            while (left := began + self.server.delay - time.monotonic()) > 0:
                time.sleep(min(left, 0.05))
            body = _feed(self.path.strip("/"), self.server).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/rss+xml; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            ended = time.monotonic()
        finally:
            with self.server.lock:
                self.server.visits.append(Visit(self.path, began, ended))

    def log_message(self, *_: object) -> None:
        """Keep the output of the tests clean."""


def _feed(name: str, site: Site) -> str:
    items = "".join(
        f"<item><guid>{name}-{n}</guid><title>Новость {n} ленты {name}</title>"
        f"<description>В магазине {n} открыли кассу.</description>"
        f"<pubDate>{formatdate(site.published - 60 * n)}</pubDate></item>"
        for n in range(site.items)
    )
    return f"<rss version='2.0'><channel><title>{name}</title>{items}</channel></rss>"


@contextmanager
def publishing(items: int = 3, delay: float = 0.0) -> Iterator[Site]:
    """A site for the length of the block."""
    site = Site(items, delay)
    thread = threading.Thread(target=site.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield site
    finally:
        site.shutdown()
        site.server_close()
        thread.join()
