"""A real HTTP server on the loopback that misbehaves in every way we know of.

Bounded: an «endless» answer stops after a few megabytes or seconds, should a client ever follow it.
"""

import gzip
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

RUSSIAN = "Доставка опоздала на два часа, но курьер был вежлив."


class Handler(BaseHTTPRequestHandler):
    """``GET /name`` runs the method ``name``; ``server.robots`` says how robots.txt answers."""

    protocol_version = "HTTP/1.1"
    server: "Server"

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        self.server.asked.append((path, dict(self.headers.items())))
        self.server.times[path] += 1
        if path == "/robots.txt":
            return self.reply(*self.server.robots)
        action: Callable[[], None] | None = getattr(self, path.strip("/").replace("/", "_"), None)
        with suppress(ConnectionError):
            return action() if action else self.reply(404, b"no such page")

    def do_POST(self) -> None:
        self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Keep the output of the tests clean."""

    def reply(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def ok(self) -> None:
        self.reply(200, RUSSIAN.encode(), Content_Type="text/html; charset=utf-8")

    def busy_seconds(self) -> None:
        self.reply(429, Retry_After="7200")

    def busy_date(self) -> None:
        moment = datetime.now(UTC) + timedelta(hours=3)
        self.reply(503, Retry_After=format_datetime(moment, usegmt=True))

    def busy_briefly(self) -> None:
        first = self.server.times["/busy_briefly"] == 1
        self.reply(420, Retry_After="2") if first else self.ok()

    def flaky(self) -> None:
        self.reply(503) if self.server.times["/flaky"] < 3 else self.ok()

    def down(self) -> None:
        self.reply(500)

    def unauthorized(self) -> None:
        self.reply(401)

    def forbidden(self) -> None:
        self.reply(403)

    def gone(self) -> None:
        self.reply(410)

    def captcha(self) -> None:
        self.reply(507)

    def to_captcha(self) -> None:
        self.reply(302, Location="/showcaptcha?retpath=x")

    def silent(self) -> None:
        time.sleep(1.5)

    def dropped(self) -> None:
        self.connection.shutdown(socket.SHUT_RDWR)

    def partial(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"half")

    def truncated_gzip(self) -> None:
        body = gzip.compress(RUSSIAN.encode() * 50)
        self.reply(200, body[: len(body) // 2], Content_Encoding="gzip")

    def broken_gzip(self) -> None:
        self.reply(200, b"this is no gzip at all", Content_Encoding="gzip")

    def good_gzip(self) -> None:
        body = gzip.compress(b"first ") + gzip.compress(b"second")  # two members are one body
        self.reply(200, body, Content_Encoding="gzip")

    def bomb(self) -> None:
        self.reply(200, gzip.compress(bytes(5_000_000), 9), Content_Encoding="gzip")

    def double_bomb(self) -> None:
        inner = gzip.compress(bytes(5_000_000), 9)
        self.reply(200, gzip.compress(inner, 9), Content_Encoding="gzip, gzip")

    def endless(self) -> None:
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        for _ in range(200):
            self.wfile.write(bytes(100_000))

    def drip(self) -> None:
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        for _ in range(40):
            self.wfile.write(b".")
            self.wfile.flush()
            time.sleep(0.05)

    def drip_headers(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        for _ in range(40):
            self.wfile.write(b".")
            self.wfile.flush()
            time.sleep(0.05)

    def lying_charset(self) -> None:
        self.reply(200, RUSSIAN.encode("cp1251"), Content_Type="text/html; charset=utf-8")

    def meta_charset(self) -> None:
        body = f'<meta charset="koi8-r"><p>{RUSSIAN}</p>'.encode("koi8-r")
        self.reply(200, body, Content_Type="text/html")

    def wrong_latin(self) -> None:
        self.reply(200, RUSSIAN.encode(), Content_Type="text/html; charset=iso-8859-1")

    def conditional(self) -> None:
        same = self.headers.get("If-None-Match") == '"v1"'
        later = {"ETag": '"v1"', "Last_Modified": "Mon, 05 Jan 2026 10:00:00 GMT"}
        self.reply(304) if same else self.reply(200, b"body", **later)

    def loop(self) -> None:
        self.reply(302, Location="/loop")

    def moved(self) -> None:
        self.reply(301, Location="/ok?from=moved")

    def to_private(self) -> None:
        self.reply(302, Location="http://10.0.0.7/secret")

    def to_metadata(self) -> None:
        self.reply(302, Location="http://169.254.169.254/latest/meta-data")

    def to_file(self) -> None:
        self.reply(302, Location="file:///etc/passwd")

    def to_other(self) -> None:
        self.reply(302, Location=f"http://other.test:{self.server.server_port}/ok")


class Server(ThreadingHTTPServer):
    """The server and what was asked of it."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.times: Counter[str] = Counter()
        self.bodies: list[bytes] = []
        self.robots: tuple[int, bytes] = (404, b"")

    @property
    def url(self) -> str:
        """The server's address."""
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up early are what these tests are about."""


@contextmanager
def serving() -> Iterator[Server]:
    """A server on a free port for the length of the block."""
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
