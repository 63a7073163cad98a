"""Sites of feeds on the loopback, well-behaved and not, in a process of their own.

Host ``n`` is 127.0.0.n (Linux answers on all of them), so that every site has an address of its
own. ``/feed/7`` answers as its kind says: see :data:`KINDS`. Every request is a line of the log:
monotonic seconds, host, path.
"""

import argparse
import asyncio
import json
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from itertools import pairwise
from pathlib import Path

_DEMO = Path(__file__).parent.parent / "demo" / "mentions.jsonl"
_SENTENCE = re.compile(r"(?<=[.!?…])\s+")
#: Every so many entries one is the reprint of another feed's, one stands in its feed twice.
_REPRINT, _TWICE = 20, 25
#: So many feeds reprint each other.
_FAMILY = 10
#: What the busy ones ask for.
LATER = timedelta(hours=2)

#: Ways to be good: all items are to be stored.
GOOD = ("plain", "wrong_charset", "cp1251", "moved")
#: Ways to misbehave, with the outcome (a status of collectors.base) that each must lead to.
BAD = {
    "drip": "later",
    "silent": "later",
    "busy_seconds": "later",
    "busy_date": "later",
    "busy_420": "later",
    "down": "later",
    "reset": "later",
    "broken_gzip": "later",
    "endless": "needs_human",
    "loop": "needs_human",
    "gone": "needs_human",
    "garbage": "layout_changed",
    "page": "layout_changed",
    "empty": "layout_changed",
}


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed: where it is, how it behaves, how many different entries it has."""

    number: int
    kind: str
    host: str
    items: int

    @property
    def path(self) -> str:
        """Of its address."""
        return f"/feed/{self.number}"


def feeds(count: int, hosts: int, items: int, bad_share: float = 0.0) -> list[Feed]:
    """``count`` feeds, spread over the hosts; of the bad ones each kind is there alike often."""
    dice = random.Random(count)
    bad = list(BAD) * (round(count * bad_share) // len(BAD) + 1)
    kinds = bad[: round(count * bad_share)]
    kinds += [GOOD[n % len(GOOD)] if bad_share else "plain" for n in range(count - len(kinds))]
    dice.shuffle(kinds)
    different = items - items // _TWICE
    return [
        Feed(n, kind, f"127.0.0.{n % hosts + 1}", different if kind in GOOD else 0)
        for n, kind in enumerate(kinds)
    ]


class Writer:
    """Writes feeds of Russian entries; the same for the same numbers."""

    def __init__(self, items: int) -> None:
        lines = _DEMO.read_text(encoding="utf-8").splitlines()
        self._sentences = [s for line in lines for s in _SENTENCE.split(json.loads(line)["text"])]
        self._items = items
        self._now = datetime.now(UTC).replace(microsecond=0)

    def rss(self, number: int) -> str:
        """The feed of this number."""
        different = self._items - self._items // _TWICE
        numbers = [*range(different), *range(self._items - different)]
        entries = "".join(self._entry(number, n) for n in numbers)
        return (
            '<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0" '
            'xmlns:dc="http://purl.org/dc/elements/1.1/" '
            'xmlns:slash="http://purl.org/rss/1.0/modules/slash/"><channel>'
            f"<title>Лента {number}</title><link>http://news.example/{number}</link>"
            f"<description>Новости и отзывы</description>{entries}</channel></rss>"
        )

    def _entry(self, feed: int, n: int) -> str:
        told = feed - feed % _FAMILY if n % _REPRINT == 0 else feed
        dice = random.Random(told * 100_003 + n)
        title, *body = dice.sample(self._sentences, dice.randint(3, 6))
        text = escape(" ".join(body[:-1])) + f"<br/>{escape(body[-1])}"
        markup = f'<p>{text} <a href="http://shop.example/{n}">Подробнее</a></p>'
        moment = self._now - timedelta(minutes=dice.randint(1, 60 * 24 * 30))
        return (
            f"<item><title>{escape(title)}</title>"
            f"<link>http://news.example/{feed}/{n}?utm=rss</link>"
            f'<guid isPermaLink="false">tag:{feed}:{n}</guid>'
            f"<pubDate>{format_datetime(moment)}</pubDate><dc:creator>Автор {dice.randint(1, 900)}"
            f"</dc:creator><category>Отзывы</category><slash:comments>{dice.randint(0, 40)}"
            f"</slash:comments><description>{escape(markup)}</description></item>"
        )


class _Server:
    """Answers requests; a connection stays open for more of them, as a browser likes it."""

    def __init__(self, known: list[Feed], items: int, log: Path, delay: float) -> None:
        self._kinds = {feed.path: feed.kind for feed in known}
        self._writer = Writer(items)
        self._bodies = {feed.number: self._writer.rss(feed.number) for feed in known if feed.items}
        self._log = log.open("w", encoding="ascii", buffering=1)
        self._delay = delay

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        with suppress(ConnectionError, asyncio.IncompleteReadError, TimeoutError):
            while True:
                request = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                path = request.split(" ", 2)[1]
                host = writer.get_extra_info("sockname")[0]
                self._log.write(f"{asyncio.get_running_loop().time():.6f} {host} {path}\n")
                await asyncio.sleep(self._delay)
                await self._answer(path, writer)
                await writer.drain()
                if writer.is_closing():
                    break
        writer.close()

    async def _answer(self, path: str, writer: asyncio.StreamWriter) -> None:
        plain = path.partition("?")[0]
        kind = self._kinds.get(plain, "gone")
        number = int(plain.rpartition("/")[2]) if plain in self._kinds else -1
        if kind in GOOD:
            self._good(kind, path, self._bodies[number], writer)
        else:
            await getattr(self, f"_{kind}")(path, writer)

    def _good(self, kind: str, path: str, body: str, writer: asyncio.StreamWriter) -> None:
        if kind == "moved" and "?" not in path:
            _reply(writer, 301, Location=f"{path}?moved")
        elif kind == "cp1251":
            text = body.replace('encoding="utf-8"', 'encoding="windows-1251"')
            _reply(writer, 200, text.encode("cp1251", "xmlcharrefreplace"), Content_Type="text/xml")
        else:
            charset = "iso-8859-1" if kind == "wrong_charset" else "utf-8"
            kind = f"application/rss+xml; charset={charset}"
            _reply(writer, 200, body.encode(), Content_Type=kind)

    async def _drip(self, _: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n<rss>")
        for _second in range(180):
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.5)
        writer.close()

    async def _silent(self, _: str, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(90)
        writer.close()

    async def _busy_seconds(self, _: str, writer: asyncio.StreamWriter) -> None:
        _reply(writer, 429, Retry_After=str(int(LATER.total_seconds())))

    async def _busy_date(self, _: str, writer: asyncio.StreamWriter) -> None:
        moment = datetime.now(UTC) + LATER
        _reply(writer, 429, Retry_After=format_datetime(moment, usegmt=True))

    async def _busy_420(self, _: str, writer: asyncio.StreamWriter) -> None:
        _reply(writer, 420, Retry_After=str(int(LATER.total_seconds())))

    async def _down(self, _: str, writer: asyncio.StreamWriter) -> None:
        _reply(writer, 503)

    async def _reset(self, _: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n<rss version='2.0'>")
        await writer.drain()
        writer.transport.abort()

    async def _broken_gzip(self, _: str, writer: asyncio.StreamWriter) -> None:
        _reply(writer, 200, b"no gzip at all", Content_Encoding="gzip")

    async def _endless(self, _: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n<rss><channel>")
        for _part in range(400):  # 100 MB, should a client ever follow
            writer.write(b"<item><title>x</title></item>" * 8_620)
            await writer.drain()
        writer.close()

    async def _loop(self, path: str, writer: asyncio.StreamWriter) -> None:
        _reply(writer, 302, Location=path)

    async def _gone(self, _: str, writer: asyncio.StreamWriter) -> None:
        _reply(writer, 404)

    async def _garbage(self, path: str, writer: asyncio.StreamWriter) -> None:
        _reply(writer, 200, random.Random(path).randbytes(5000), Content_Type="text/xml")

    async def _page(self, _: str, writer: asyncio.StreamWriter) -> None:
        body = "<!doctype html><html><body>Войдите на сайт</body></html>".encode()
        _reply(writer, 200, body, Content_Type="text/html; charset=utf-8")

    async def _empty(self, _: str, writer: asyncio.StreamWriter) -> None:
        _reply(writer, 200, Content_Type="text/xml")


def _reply(writer: asyncio.StreamWriter, status: int, body: bytes = b"", **headers: str) -> None:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{name}: {value}" for name, value in told.items()]
    lines = [f"HTTP/1.1 {status} -", *lines, f"Content-Length: {len(body)}", "", ""]
    writer.write("\r\n".join(lines).encode("latin-1") + body)


async def _serve(options: argparse.Namespace) -> None:
    known = feeds(options.feeds, options.hosts, options.items, options.bad)
    server = _Server(known, options.items, options.log, options.delay)
    port = 0
    for n in range(1, options.hosts + 1):
        made = await asyncio.start_server(server.connected, f"127.0.0.{n}", port, backlog=512)
        port = made.sockets[0].getsockname()[1]
    print(port, flush=True)
    await asyncio.Event().wait()


@dataclass(frozen=True, slots=True)
class Sites:
    """Sites that are up: their port, feeds and log."""

    port: int
    feeds: list[Feed]
    log: Path

    def url(self, feed: Feed) -> str:
        """The address of a feed."""
        return f"http://{feed.host}:{self.port}{feed.path}"

    def closest(self) -> float:
        """The least time between two requests to one host, seconds; infinite where none was."""
        times: dict[str, list[float]] = {}
        for line in self.log.read_text(encoding="ascii").splitlines():
            moment, host, _ = line.split(" ")
            times.setdefault(host, []).append(float(moment))
        gaps = [b - a for seen in times.values() for a, b in pairwise(seen)]
        return min(gaps, default=float("inf"))


@contextmanager
def serving(
    folder: Path, *, hosts: int, count: int, items: int, bad: float = 0.0, delay: float = 0.0
) -> Iterator[Sites]:
    """Sites for the length of the block; every answer takes ``delay`` seconds."""
    log = folder / "requests.log"
    told = {"hosts": hosts, "feeds": count, "items": items, "bad": bad, "delay": delay, "log": log}
    words = [word for name, value in told.items() for word in (f"--{name}", str(value))]
    with subprocess.Popen([sys.executable, __file__, *words], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout
            port = int(process.stdout.readline())
            yield Sites(port, feeds(count, hosts, items, bad), log)
        finally:
            process.kill()


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("hosts", "feeds", "items"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--bad", type=float, default=0.0)
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--log", type=Path, required=True)
    asyncio.run(_serve(parser.parse_args()))


if __name__ == "__main__":
    _main()
