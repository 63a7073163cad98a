"""Whatever a site, a mailbox, a sender or a file holds: an outcome, soon, and nothing let in.

``pytest --hypothesis-profile=long tests/test_hostile.py`` looks for hours instead of seconds.
"""

import hashlib
import hmac
import imaplib
import io
import json
import random
import re
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import hostile_web
import httpx
import imap_server
import pytest
import xlsxwriter
from hostile import HostileCase, spoilt
from hostile_web import Web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from memory import NOW, MemoryStore
from recorded import PAGES, cases

from collectors import letters, network, registry, runner, spool
from collectors.base import EPOCH, Context
from collectors.cleaning import clean_text
from collectors.http import Http
from collectors.outcomes import Outcome, Status
from collectors.politeness import Limits
from collectors.sources import file, imap, webhook
from otklik import hooks

RECORDED = [(case.kind, case.name) for case in cases() if "responses" in case.told]
EXAMPLES = max(1, settings().max_examples // 10)
SLOWEST = 10.0  # seconds of work for a crawl of a few pages
QUICK = settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
SEEDS = st.integers(0, 2**32)
#: Sources whose texts come as HTML: nothing of it may be left.
OF_HTML = {"feed", "page", "sitemap", "telegram", "wordpress", "mastodon", "hackernews", "banki"}
MARKUP = re.compile(r"<script>|<img src|onerror=")


def crawl(collector: Any, ctx: Context, store: MemoryStore) -> Outcome:
    """A crawl that must come to an outcome in time, whatever it meets, and store only what is fit.

    A bug counts as a crash: the contract knows words for everything a site may do.
    """
    began = time.process_time()
    outcome = runner.crawl(
        "src", collector, ctx.options, store, ctx.http, interval=timedelta(hours=1), now=NOW
    )
    assert time.process_time() - began < SLOWEST
    assert outcome.status is not Status.BUG, outcome.detail
    assert bool(outcome.error) == (outcome.status not in {Status.OK, Status.NOT_MODIFIED})
    for item in store.items.values():
        assert item.text == clean_text(item.text)
        assert item.text or item.rating is not None or item.nps is not None
        assert item.published_at <= NOW + timedelta(days=1)
        assert re.fullmatch(r"(?i)(https?://.+)?", item.url)
        json.dumps(item.raw, allow_nan=False)
    return outcome


@pytest.mark.parametrize(("kind", "name"), RECORDED)
@given(seed=SEEDS)
@QUICK
def test_spoilt_pages_end_in_an_outcome(kind: str, name: str, seed: int) -> None:
    case, store = HostileCase(kind, name, chance=random.Random(seed)), MemoryStore()
    crawl(case.collector, case.context(), store)
    if kind in OF_HTML:
        assert not any(MARKUP.search(item.text) for item in store.items.values())


@pytest.fixture(scope="module")
def trap() -> Iterator[Web]:
    """Nobody may ever ask it for anything."""
    with hostile_web.serving() as web:
        yield web
        assert web.asked == []


@pytest.mark.parametrize("kind", sorted({kind for kind, _ in RECORDED}))
def test_bombs_and_entities(kind: str, trap: Web, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("a-word-of-the-file", encoding="utf-8")
    name = next(name for one, name in RECORDED if one == kind)
    for what, body in hostile_web.bombs(trap.url(), str(secret)).items():
        case, store = HostileCase(kind, name), MemoryStore()
        case.answer = lambda _, body=body: httpx.Response(200, content=body)  # type: ignore
        outcome = crawl(case.collector, case.context(), store)
        told = f"{outcome}{store.items}{store.saved}"
        assert "a-word-of-the-file" not in told, what
        assert all(len(item.text) < 200_000 for item in store.items.values()), what
    assert trap.asked == []


#: Sources whose address is anybody's.
OPEN = ("feed", "page", "sitemap", "wordpress")
#: Names and spellings of this machine; those in «test» are answered by a name server of ours.
INSIDE = ("inner.test", "mapped.test", "six.test", "many.test", "127.0.0.1", "localhost", "[::1]")
SPELT = ("2130706433", "0x7f000001", "127.1", "0.0.0.0", "[::ffff:127.0.0.1]", "017700000001")
NAMES = {
    "site.test": ["127.0.0.1"],
    "inner.test": ["127.0.0.1"],
    "mapped.test": ["::ffff:127.0.0.1"],
    "six.test": ["::1", "fd00::1", "fe80::1%lo"],
    "many.test": ["10.0.0.1", "127.0.0.1", "169.254.169.254", "0.0.0.0"],
}


def door(**limits: Any) -> Http:
    """The real network; of all this machine's names only site.test may be asked."""

    def resolve(host: str, port: int) -> list[str]:
        return NAMES.get(host) or network.resolve(host, port)

    given = Limits(delay=0, attempts=1, allow_private=("site.test",), **limits)
    return Http(given, resolver=resolve, sleep=lambda _: None)


def visit(kind: str, url: str, http: Http) -> tuple[Outcome, MemoryStore]:
    store = MemoryStore()
    return read(registry.find(kind), store, http, url=url), store


def read(collector: Any, store: MemoryStore, http: Http, **options: Any) -> Outcome:
    given = collector.Options.model_validate(options)
    return crawl(collector, Context("src", given, since=EPOCH, now=NOW, http=http), store)


def answering(*told: Any) -> Callable[[str], hostile_web.Answer]:
    """The same to every question but the one for robots.txt."""
    return lambda path: told if path != "/robots.txt" else (404, {}, b"")  # type: ignore


@pytest.mark.parametrize("kind", OPEN)
def test_the_own_network_is_never_reached(kind: str, trap: Web) -> None:
    http, asked = door(), 0
    with hostile_web.serving() as site:
        for host in (*INSIDE, *SPELT):
            inside = trap.url(host)
            for answer in (
                (302, {"Location": inside}, b""),
                (200, {"Content-Type": "text/html"}, hostile_web.page(kind, inside)),
            ):
                site.answer = answering(*answer)
                visit(kind, site.url("site.test"), http)
                assert len(site.asked) > asked
                asked = len(site.asked)
            outcome, _ = visit(kind, inside, http)
            assert outcome.status in {Status.NEEDS_HUMAN, Status.LATER}
        site.answer = lambda _: (302, {"Location": trap.url("inner.test")}, b"")  # robots.txt, too
        visit(kind, site.url("site.test"), door())
    assert trap.asked == []


@pytest.mark.parametrize("kind", OPEN)
def test_bodies_without_end_are_cut_off(kind: str) -> None:
    few = {"max_body": 200_000, "total": 1.0, "read": 0.5}
    with hostile_web.serving() as site:
        for headers, body in (
            ({"Content-Encoding": "gzip"}, hostile_web.packed(50_000_000)),
            ({"Content-Encoding": "gzip, gzip"}, hostile_web.packed(50_000_000)),
            ({}, bytes(1_000_000)),
            ({"Content-Encoding": "br"}, b"x"),
            ({"Content-Length": "99999999999"}, b"x"),
        ):
            site.answer = answering(200, headers, body)
            outcome, store = visit(kind, site.url("site.test"), door(**few))
            assert outcome.status in {Status.NEEDS_HUMAN, Status.LATER}
            assert store.items == {}


@pytest.mark.parametrize("kind", ["page", "wordpress"])
def test_lists_without_end_are_ended(kind: str) -> None:
    with hostile_web.serving() as site:
        site.answer = lambda path: (  # each page is new, and leads to another
            (200, {}, hostile_web.page(kind, f"/{time.monotonic_ns()}"))
            if path != "/robots.txt"
            else (404, {}, b"")
        )
        outcome, store = visit(kind, site.url("site.test"), door(requests=60))
    assert outcome.status is Status.LATER
    assert len(site.asked) <= 61
    assert len(store.items) > 30


LETTERS = [path.read_bytes() for path in sorted(PAGES.glob("imap/*/*.eml"))]


def spoilt_letter(seed: int) -> bytes:
    chance = random.Random(seed)
    return spoilt(chance.choice(LETTERS), chance)


@given(seed=SEEDS)
@settings(QUICK, max_examples=20 * EXAMPLES)
def test_spoilt_letters_are_read_somehow(seed: int) -> None:
    began = time.process_time()
    found = letters.read(spoilt_letter(seed), whole=bool(seed % 2))
    assert time.process_time() - began < SLOWEST
    assert found.text == found.text.strip()


@pytest.fixture(scope="module")
def mail() -> Iterator[imap_server.MailServer]:
    with imap_server.running() as server:
        yield server


@given(seed=SEEDS)
@settings(QUICK, max_examples=max(2, EXAMPLES // 10))
def test_a_mailbox_of_spoilt_letters(mail: imap_server.MailServer, seed: int) -> None:
    folder, store = f"f{seed}-{time.monotonic_ns()}", MemoryStore()
    spoilt_ones = [spoilt_letter(seed + n).replace(b"\0", b"") or b"x" for n in range(15)]
    for letter in (*spoilt_ones, LETTERS[0]):
        with suppress(imaplib.IMAP4.error):  # some the server itself cannot take
            mail.deliver(letter, folder=folder)
    login = {"user": imap_server.USER, "password": imap_server.PASSWORD, "security": "none"}
    http = Http(Limits(delay=0, allow_private=("127.0.0.1",)))
    outcome = read(imap, store, http, host="127.0.0.1", port=mail.port, folder=folder, **login)
    assert outcome.status is Status.OK
    assert "1044@client.example" in store.items


@pytest.fixture(scope="module")
def hook(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The address of a running service, and where it keeps what it took."""
    folder = tmp_path_factory.mktemp("hooks")
    options = webhook.Options.model_validate({"secret": "key", "spool": folder})
    taken = spool.Spool(spool.folder_of(folder, "src"))
    server = hooks.Server({"src": hooks.Hook("src", options, taken)}, 0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hooks/src", folder
    server.shutdown()
    server.server_close()
    thread.join()


EVENTS = [
    json.dumps(json.loads(path.read_text("utf-8"))["content"]).encode()
    for path in sorted(PAGES.glob("webhook/survey/**/*.json"))
]


@given(seed=SEEDS)
@QUICK
def test_spoilt_events_are_refused_or_read(hook: tuple[str, Path], seed: int) -> None:
    url, folder = hook
    chance = random.Random(seed)
    body = spoilt(chance.choice([*EVENTS, b"[%s]" % b",".join(EVENTS)]), chance)
    signature = hmac.new(b"key", body, hashlib.sha256).hexdigest()
    sent = {hooks.SIGNATURE: f"sha256={signature}"}
    answer = httpx.post(url, content=body, headers=sent, timeout=30, verify=False)
    assert answer.status_code in {202, 400}
    assert isinstance(answer.json(), dict)
    read(webhook, MemoryStore(), Http(), secret="key", spool=folder)
    for kept in folder.rglob("*.json"):
        kept.unlink()


def workbook() -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"constant_memory": False}) as book:
        sheet = book.add_worksheet("Отзывы")
        for row, cells in enumerate([("Текст", "Дата", "Оценка"), ("да", "01.02.2025", 5)] * 3):
            sheet.write_row(row, 0, cells)
    return out.getvalue()


def spoilt_workbook(body: bytes, chance: random.Random) -> bytes:
    """A workbook one of whose parts is spoilt inside a sound archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as sound, zipfile.ZipFile(out, "w") as archive:
        chosen = chance.choice(sound.namelist())
        for name in sound.namelist():
            part = sound.read(name)
            archive.writestr(name, spoilt(part, chance) if name == chosen else part)
    return out.getvalue()


FILES = {
    **{path.name: path.read_bytes() for path in PAGES.glob("file/*.csv")},
    **{path.name: path.read_bytes() for path in PAGES.glob("file/*.jsonl")},
    "book.xlsx": workbook(),
}


@given(seed=SEEDS, name=st.sampled_from(sorted(FILES)))
@settings(QUICK, max_examples=5 * EXAMPLES)
def test_spoilt_files_end_in_an_outcome(tmp_path: Path, seed: int, name: str) -> None:
    chance, body = random.Random(seed), FILES[name]
    path = tmp_path / name
    inside = name.endswith(".xlsx") and chance.random() < 0.8
    path.write_bytes(spoilt_workbook(body, chance) if inside else spoilt(body, chance))
    read(file, MemoryStore(), Http(), path=path)


@pytest.mark.parametrize("part", ["xl/sharedStrings.xml", "xl/workbook.xml", "[Content_Types].xml"])
def test_workbooks_that_are_bombs(part: str, trap: Web, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("a-word-of-the-file", encoding="utf-8")
    bodies = {**hostile_web.bombs(trap.url(), str(secret)), "long": b"<a>" + b" " * 30_000_000}
    for what, body in bodies.items():
        path, store = tmp_path / "book.xlsx", MemoryStore()
        with (
            zipfile.ZipFile(io.BytesIO(workbook())) as sound,
            zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        ):
            for name in sound.namelist():
                archive.writestr(name, body if name == part else sound.read(name))
        outcome = read(file, store, Http(), path=path)
        assert "a-word-of-the-file" not in f"{outcome}{store.items}", what
    assert trap.asked == []
