"""The mailbox source against real IMAP servers: pymap everywhere, Dovecot too where it is."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import imap_server
import pytest
from imap_server import PASSWORD, USER, MailServer
from memory import NOW, MemoryStore

from collectors import imap, imap_client, runner, utf7
from collectors.errors import CollectError, LayoutChanged, NeedsHuman, Transient
from collectors.http import Http
from collectors.imap_client import Account
from collectors.outcomes import Outcome, Status
from collectors.politeness import Limits
from collectors.sources import imap as source

LIMITS = Limits(delay=0, connect=30, read=60, total=120, allow_private=("127.0.0.1",))
FOLDER = "Отзывы & жалобы"


@pytest.fixture(scope="module", params=imap_server.KINDS)
def server(request: pytest.FixtureRequest) -> Iterator[MailServer]:
    with imap_server.running(request.param) as running:
        yield running


@pytest.fixture
def folder(server: MailServer, request: pytest.FixtureRequest) -> str:
    """A folder of the test's own, for starting a server takes a while."""
    return f"{FOLDER} {abs(hash(request.node.name)) % 10**6}"


def letter(number: int, text: str = "", **headers: str) -> bytes:
    given = {
        "From": "Anna <anna@client.example>",
        "Subject": f"Letter {number}",
        "Message-ID": f"<{number}@client.example>",
        "Date": (NOW - timedelta(days=30 - number)).strftime("%d %b %Y %H:%M:%S +0000"),
        "Content-Type": "text/plain; charset=utf-8",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    return f"{head}\r\n{text or f'Письмо номер {number}.'}\r\n".encode()


def options(server: MailServer, folder: str, **given: Any) -> source.Options:
    standard = {"host": "127.0.0.1", "port": server.port, "user": USER, "password": PASSWORD}
    told = {**standard, "folder": folder, "security": "none", **given}
    return source.Options.model_validate(told)


def crawl(
    server: MailServer, folder: str, store: MemoryStore, limits: Limits = LIMITS, **given: Any
) -> Outcome:
    return runner.crawl(
        "mail",
        source,
        options(server, folder, **given),
        store,
        Http(limits),
        interval=timedelta(hours=1),
        now=NOW,
    )


def account(port: int, **given: Any) -> Account:
    standard = Account(host="127.0.0.1", port=port, security="none", user=USER, password=PASSWORD)
    return replace(standard, **given)


def visit(port: int, limits: Limits, folder: str, **given: Any) -> None:
    with Http(limits).mailbox(account(port, **given)) as box:
        opened = box.open(folder)
        box.letters(box.uids(opened, 0, None))


def failure(port: int, limits: Limits = LIMITS, folder: str = "INBOX", **given: Any) -> Exception:
    with pytest.raises(CollectError) as raised:
        visit(port, limits, folder, **given)
    return raised.value


def test_only_new_letters_are_asked_for(server: MailServer, folder: str) -> None:
    server.deliver(*map(letter, range(1, 4)), folder=folder)
    store = MemoryStore()
    first = crawl(server, folder, store)
    assert (first.status, first.error, first.counts.new) == (Status.OK, "", 3)
    assert store.saved.state["uid"] == 3
    assert crawl(server, folder, store).counts.unchanged == 0
    server.deliver(letter(4), folder=folder)
    server.deliver(letter(5, Date="Mon, 05 Jan 2009 10:00:00 +0300"), folder=folder)  # old
    second = crawl(server, folder, store)
    assert (second.counts.new, second.counts.unchanged) == (2, 0)
    assert set(store.items) == {f"{n}@client.example" for n in range(1, 6)}


def test_nothing_is_marked_as_read(server: MailServer, folder: str) -> None:
    server.deliver(letter(1), folder=folder)
    crawl(server, folder, MemoryStore())
    assert "FLAGS" in server.flags(folder)
    assert "Seen" not in server.flags(folder)


def test_a_folder_numbered_anew_is_read_anew(server: MailServer, folder: str) -> None:
    server.deliver(letter(1), letter(2), folder=folder)
    store = MemoryStore()
    crawl(server, folder, store)
    before = store.saved.state["uidvalidity"]
    server.renumber()
    server.deliver(letter(3, Date="Mon, 05 Jan 2009 10:00:00 +0300"), folder=folder)
    time.sleep(1.1)  # Dovecot's numbers are seconds
    outcome = crawl(server, folder, store)
    assert store.saved.state["uidvalidity"] != before
    assert (outcome.counts.new, outcome.counts.unchanged) == (1, 2)
    assert "заново" in outcome.notes[0].reason
    assert crawl(server, folder, store).notes == ()


def test_batches_and_windows(
    server: MailServer, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imap, "WINDOW", 3)
    monkeypatch.setattr(source, "BATCH", 2)
    server.deliver(*map(letter, range(1, 9)), folder=folder)
    store = MemoryStore()
    assert crawl(server, folder, store).counts.new == 8
    assert store.log.count("page") == 4
    monkeypatch.undo()  # pymap takes the numbers of a window for UIDs once there are gaps
    server.remove("Letter 3", folder)
    server.deliver(letter(9), folder=folder)
    assert crawl(server, folder, store).counts.new == 1


def test_since_bounds_a_range(server: MailServer, folder: str) -> None:
    for number in (1, 20):
        moment = (NOW - timedelta(days=30 - number)).timestamp()
        server.deliver(letter(number), folder=folder, received=moment)
    with Http(LIMITS).mailbox(account(server.port)) as box:
        opened = box.open(folder)
        assert box.uids(opened, 0, NOW - timedelta(days=15)) == [2]
        assert box.uids(opened, 0, None) == [1, 2]
        assert box.uids(opened, 2, None) == []


def test_a_long_letter_is_read_in_part(server: MailServer, folder: str) -> None:
    attachment = "QUJD" * 300_000
    body = (
        "--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nФото во вложении.\r\n--b\r\n"
        "Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        f"{attachment}\r\n--b--\r\n"
    )
    server.deliver(letter(1, body, Content_Type="multipart/mixed; boundary=b"), folder=folder)
    server.deliver(letter(2, "Очень длинно. " * 60_000), folder=folder)
    store = MemoryStore()
    outcome = crawl(server, folder, store)
    assert store.items["1@client.example"].text.endswith("Фото во вложении.")
    assert [note.where for note in outcome.notes][:1] == ["письмо 2: Letter 2"]
    with Http(LIMITS).mailbox(account(server.port)) as box:
        box.open(folder)
        found = box.letters([1, 2])
    assert [len(one.body) for one in found] == [imap.LONGEST_LETTER] * 2
    assert found[0].size > 1_000_000


def test_an_empty_folder_is_fine(server: MailServer, folder: str) -> None:
    server.deliver(letter(1), folder=folder)
    server.remove("Letter", folder)
    store = MemoryStore()
    assert crawl(server, folder, store).status is Status.OK
    server.deliver(letter(2), folder=folder)
    assert crawl(server, folder, store).counts.new == 1
    server.remove("Letter", folder)
    assert crawl(server, folder, store).status is Status.OK


def test_machines_letters_are_left_out_and_told(server: MailServer, folder: str) -> None:
    server.deliver(letter(1, Auto_Submitted="auto-replied"), folder=folder)
    server.deliver(letter(2, Auto_Submitted="auto-generated"), folder=folder)
    server.deliver(letter(3, "\r\n", Subject=""), folder=folder)
    outcome = crawl(server, folder, MemoryStore())
    assert (outcome.counts.new, outcome.counts.skipped) == (1, 2)
    assert [skipped.reason for skipped in outcome.skipped] == ["Автоответ.", "В письме нет текста."]


def test_a_wrong_password_and_a_wrong_folder_need_a_human(server: MailServer, folder: str) -> None:
    server.deliver(letter(1), folder=folder)
    wrong = crawl(server, folder, MemoryStore(), password="wrong")
    assert wrong.status is Status.NEEDS_HUMAN
    assert "пароль" in wrong.error
    assert "wrong" not in wrong.error
    gone = crawl(server, "Нет такой", MemoryStore())
    assert gone.status is Status.NEEDS_HUMAN
    assert f"«{folder}»" in gone.error


def test_a_line_lost_in_the_middle_goes_on_where_it_was(
    server: MailServer, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "BATCH", 2)
    server.deliver(*(letter(n, "Слово. " * 3000) for n in range(1, 7)), folder=folder)
    store = MemoryStore()
    with imap_server.relay(server.port, lose_after=200_000) as port:
        lost = crawl(server, folder, store, port=port)
    assert lost.status is Status.LATER
    assert "прервалась" in lost.error
    assert 0 < len(store.items) < 6
    assert store.saved.state["uid"] == len(store.items)


def test_after_a_lost_line_the_rest_is_read(server: MailServer, folder: str) -> None:
    """The same address comes back: the state of the batches that were stored counts."""
    found = (letter(n % 30, "Слово. " * 300, Message_ID=f"<{n}@x>") for n in range(1, 47))
    server.deliver(*found, folder=folder)
    store = MemoryStore()
    with imap_server.relay(server.port, lose_after=100_000) as port:
        assert crawl(server, folder, store, port=port).status is Status.LATER
        kept = store.saved
    with imap_server.relay(server.port, at=port):
        outcome = crawl(server, folder, store, port=port)
    assert kept.state["uid"] > 0
    assert outcome.counts.unchanged == 0
    assert len(store.items) == 46


@pytest.mark.parametrize("lose_after", [0, 10, 150, 400])
def test_a_line_lost_anywhere_is_later(server: MailServer, folder: str, lose_after: int) -> None:
    server.deliver(letter(1), folder=folder)
    with imap_server.relay(server.port, lose_after=lose_after) as port:
        assert crawl(server, folder, MemoryStore(), port=port).status is Status.LATER


def test_tls_is_checked(
    server: MailServer, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.deliver(letter(1), folder=folder)
    trusted, context = imap_server.certificates(tmp_path)
    with imap_server.relay(server.port, tls=context) as port:
        strange = crawl(server, folder, MemoryStore(), port=port, security="tls")
        assert strange.status is Status.NEEDS_HUMAN
        assert "Сертификат" in strange.error
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        fine = crawl(server, folder, MemoryStore(), port=port, security="tls")
        assert (fine.status, fine.error, fine.counts.new) == (Status.OK, "", 1)
    (tmp_path / "other").mkdir()
    trusted, other = imap_server.certificates(tmp_path / "other", host="127.0.0.2")
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with imap_server.relay(server.port, tls=other) as port:
        assert "Сертификат" in str(failure(port, security="tls"))


def test_ways_that_do_not_fit_are_told(server: MailServer) -> None:
    assert isinstance(failure(server.port, security="tls"), NeedsHuman)
    assert "STARTTLS" in str(failure(server.port, security="starttls"))


def test_the_own_network_is_closed_unless_named(server: MailServer) -> None:
    closed = failure(server.port, Limits(delay=0), security="tls")
    assert isinstance(closed, NeedsHuman)
    assert "allow_private" in str(closed)
    assert "открыто" in str(failure(server.port, Limits(delay=0)))


def test_starttls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trusted, _ = imap_server.certificates(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with imap_server.running(certificate=tmp_path / "server.pem") as server:
        server.deliver(letter(1))
        outcome = crawl(server, "INBOX", MemoryStore(), security="starttls")
    assert (outcome.status, outcome.error, outcome.counts.new) == (Status.OK, "", 1)


def says(*lines: bytes) -> Callable[[socket.socket], None]:
    """A server that gives these answers, one a question, whatever is asked."""

    def talk(line: socket.socket) -> None:
        for number, answer in enumerate(lines):
            tag = line.recv(4096).split(b" ", 1)[0] if number else b""
            line.sendall(answer.replace(b"TAG", tag) + b"\r\n")
        while line.recv(4096):
            pass

    return talk


def drips(line: socket.socket) -> None:
    while True:
        line.sendall(b"* ")
        time.sleep(0.02)


def floods(line: socket.socket) -> None:
    line.sendall(b"* OK hello\r\n")
    while True:
        line.sendall(b"* OK " + b"x" * 900 + b"\r\n")


HELLO, ABLE = b"* OK hello", b"* CAPABILITY IMAP4rev1\r\nTAG OK done"
IN = (HELLO, ABLE, b"TAG OK in")


@pytest.mark.parametrize(
    ("talk", "kind", "words"),
    [
        (says(b"HTTP/1.1 400 Bad Request"), LayoutChanged, "не по протоколу"),
        (says(b"* BYE too many connections"), Transient, "прервалась"),
        (says(HELLO, ABLE, b"TAG NO [UNAVAILABLE] later"), Transient, "не может"),
        (says(HELLO, ABLE, b"TAG NO [CONTACTADMIN] blocked"), NeedsHuman, "blocked"),
        (says(*IN, b"TAG NO [INUSE] locked"), Transient, "locked"),
        (says(*IN, b"* 1 EXISTS\r\nTAG OK done"), LayoutChanged, "UIDVALIDITY"),
        (says(*IN, b"TAG BAD what"), LayoutChanged, "не понял"),
        (
            says(*IN, b"* 1 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\nTAG OK done", b"TAG BAD what"),
            LayoutChanged,
            "не понял",
        ),
        (drips, Transient, ""),
        (floods, NeedsHuman, "МиБ"),
    ],
)
def test_servers_that_are_none(
    talk: Callable[[socket.socket], None],
    kind: type[Exception],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(imap_client, "MOST_AT_ONCE", 1 << 20)
    limits = replace(LIMITS, total=1)
    started = time.monotonic()
    with imap_server.answering(talk) as port:
        failed = failure(port, limits, password="secret")
    assert isinstance(failed, kind)
    assert words in str(failed)
    assert time.monotonic() - started < 15


def test_a_closed_port_is_later() -> None:
    assert isinstance(failure(imap_server.free_port()), Transient)


def test_a_name_that_is_none_is_later() -> None:
    limits = replace(LIMITS, allow_private=True)
    assert isinstance(failure(143, limits, host="no-such-host.invalid"), Transient)


@contextmanager
def fails(words: str) -> Iterator[None]:
    with pytest.raises(ValueError, match=words):
        yield


def test_options_refuse_what_would_break_the_protocol() -> None:
    told = {"host": "h", "user": "u", "password": "p"}
    source.Options.model_validate(told)
    for name in ("user", "folder"):
        with fails(name):
            source.Options.model_validate({**told, name: "INBOX\r\nA1 LOGOUT"})
    with fails("password"):
        source.Options.model_validate({**told, "password": " "})


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("INBOX", "INBOX"),
        ("Отзывы", "&BB4EQgQ3BEsEMgRL-"),
        ("A & B", "A &- B"),
        ("日本語/台北", "&ZeVnLIqe-/&U,BTFw-"),  # RFC 3501's own example
        ("😀", "&2D3eAA-"),
    ],
)
def test_modified_utf7(name: str, written: str) -> None:
    assert utf7.encode(name) == written
    assert utf7.decode(written) == name


@pytest.mark.parametrize("written", ["&", "&A", "&A-", "&AAA-", "&2D0-"])
def test_broken_utf7_stays(written: str) -> None:
    assert isinstance(utf7.decode(written), str)
