"""What is sent to people outside arrives at least once, and is not sent again once it was taken."""

import json
import logging
import os
import random
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import quote

import bot_api
import post_office
import pytest
import sqlalchemy as sa
import yaml
from bot_api import TOKEN, BotApi
from conftest import Clock
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from post_office import PASSWORD, USER, PostOffice
from typer.testing import CliRunner

from otklik import channels
from otklik.cli import app
from otklik.config import load
from otklik.delivering import COMPOSERS, MOST_ATTEMPTS, Courier
from otklik.house import House, open_house
from otklik.leases import Keeper
from otklik.messages import ConfigError
from otklik.outgoing import Message
from otklik.sending import line as network
from storage import outbox, queries
from storage import tables as t
from storage.errors import NotFound, StorageError
from storage.queries import DeliveryRow

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")

ROOT = Path(__file__).parent.parent
PNG = b"\x89PNG\r\n\x1a\n picture"
CHATS = ("-1001", "@crisis")
HOUR = timedelta(hours=1)


class Bureau:
    """A house with channels: «mail» to two people, «bot» to two chats, and what they are told."""

    def __init__(self, folder: Path, db_url: str, clock: Clock) -> None:
        self.folder, self.clock = folder, clock
        self.office, self.api = PostOffice(), BotApi()
        report = folder / "отчёт.pdf"
        report.write_bytes(b"%PDF-1.7 report")
        self.message = Message(
            "Неделя 17: доставка",
            "Опозданий стало вдвое больше. «Курьер не приехал» <b>",
            "<p>Опозданий <b>вдвое</b> больше</p><img src='cid:picture'>",
            PNG,
            (("Отчёт «Морошка».pdf", report),),
        )
        self.dice = random.Random(1)
        self.config(
            db_url,
            mail=f"mailto://{USER}:${{SMTP_PASSWORD}}@127.0.0.1:{self.office.port}"
            "?from=Отклик<otklik@example.ru>&to=pr@example.ru,ceo@example.ru",
            bot=f"tgram://${{TELEGRAM_TOKEN}}/{'/'.join(CHATS)}",
        )
        self.house = open_house(load(folder / "config.yaml"))
        self.worker: subprocess.Popen[bytes] | None = None

    def reopen(self, **urls: str) -> None:
        """Go on with these channels instead."""
        self.config(self.house.config.database.url, **urls)
        self.house.config = load(self.folder / "config.yaml")

    def config(self, db_url: str, **urls: str) -> None:
        """Write config.yaml and the secrets beside it."""
        channels: list[dict[str, str]] = [{"name": name, "url": url} for name, url in urls.items()]
        for channel in channels:
            if channel["url"].startswith("tgram"):
                channel["api"] = self.api.url
        told = {
            "database": {"url": db_url},
            "http": {"allow_private": ["127.0.0.1"]},
            "channels": channels,
        }
        text = yaml.safe_dump(told, allow_unicode=True)
        (self.folder / "config.yaml").write_text(text, encoding="utf-8")
        secrets = f"SMTP_PASSWORD='{quote(PASSWORD, '')}'\nTELEGRAM_TOKEN={TOKEN}\n"
        (self.folder / ".env").write_text(secrets, encoding="utf-8")

    def courier(self, house: House | None = None) -> Courier:
        """A worker's courier, as if it were of a process of its own."""
        house = house or self.house
        keeper = Keeper(house.db, clock=lambda: self.clock.now)
        composers = {**COMPOSERS, "story": self._compose}
        return Courier(keeper, composers, self.dice)

    def _compose(self, _house: House, _payload: Any) -> Message:
        return self.message

    def put(self, channel: str, key: str = "one", kind: str = "story") -> int:
        """Queue the message for a channel."""
        with self.house.db.write() as session:
            queued = outbox.enqueue(
                session,
                key=f"{key}:{channel}",
                channel=channel,
                kind=kind,
                title="Неделя 17",
                payload={"key": key},
                now=self.clock.now,
            )
        assert queued is not None
        return queued

    def deliver(self) -> DeliveryRow:
        """Send what is due; the latest delivery as it stands then."""
        courier = self.courier()
        courier.look(self.house)
        courier.finish()
        return self.row()

    def later(self) -> DeliveryRow:
        """The same when the next attempt is due."""
        self.clock.now = max(self.clock.now, self.row().due_at)
        return self.deliver()

    def row(self) -> DeliveryRow:
        """The latest delivery."""
        with self.house.db.read() as session:
            return queries.deliveries(session)[0]

    def dump(self) -> str:
        """All that the database says of deliveries."""
        with self.house.db.read() as session:
            return str(session.execute(sa.select(t.delivery)).all())


@pytest.fixture
def bureau(tmp_path: Path, db_url: str, clock: Clock) -> Iterator[Bureau]:
    """On each sort of database."""
    made = Bureau(tmp_path, db_url, clock)
    yield made
    made.house.db.dispose()


@pytest.fixture
def small(tmp_path: Path, empty_sqlite: str, clock: Clock) -> Iterator[Bureau]:
    """On SQLite, for what has nothing to do with the database."""
    made = Bureau(tmp_path, empty_sqlite, clock)
    yield made
    made.house.db.dispose()


# The outbox


def test_a_message_is_queued_once_and_within_the_transaction_that_decides(bureau: Bureau) -> None:
    first = bureau.put("mail")
    with bureau.house.db.write() as session:
        again = outbox.enqueue(
            session,
            key="one:mail",
            channel="mail",
            kind="story",
            title="",
            payload={},
            now=bureau.clock.now,
        )
    assert again is None
    with suppress(ZeroDivisionError), bureau.house.db.write() as session:
        outbox.enqueue(
            session,
            key="two:mail",
            channel="mail",
            kind="story",
            title="",
            payload={},
            now=bureau.clock.now,
        )
        raise ZeroDivisionError
    with bureau.house.db.read() as session:
        assert [row.id for row in queries.deliveries(session)] == [first]


def test_a_failed_one_is_shown_and_retried_and_a_waiting_one_cancelled(bureau: Bureau) -> None:
    failed = bureau.put("gone")
    row = bureau.deliver()
    assert (row.state, row.attempts) == ("failed", 1)
    assert "Канала «gone» нет в config.yaml" in row.error
    with bureau.house.db.write() as session:
        outbox.retry_delivery(session, failed, now=bureau.clock.now)
    assert bureau.row().state == "waiting"
    with bureau.house.db.write() as session:
        outbox.cancel_delivery(session, failed, now=bureau.clock.now)
    assert bureau.deliver().state == "cancelled"
    with bureau.house.db.write() as session, pytest.raises(NotFound):
        outbox.retry_delivery(session, failed + 1, now=bureau.clock.now)


def test_what_was_sent_is_neither_retried_nor_cancelled(bureau: Bureau) -> None:
    with post_office.opened(bureau.office):
        sent = bureau.put("mail")
        assert bureau.deliver().state == "sent"
        for change in (outbox.retry_delivery, outbox.cancel_delivery):
            with bureau.house.db.write() as session, pytest.raises(StorageError, match="уже отпр"):
                change(session, sent, now=bureau.clock.now)
        bureau.deliver()
    assert len(bureau.office.letters) == 2


def test_two_workers_at_once_send_everything_once(bureau: Bureau) -> None:
    for n in range(6):
        bureau.put("mail", str(n))
        bureau.put("bot", str(n))
    houses = [bureau.house, open_house(load(bureau.folder / "config.yaml"))]
    with post_office.opened(bureau.office), bot_api.opened(bureau.api):
        couriers = [bureau.courier(house) for house in houses]

        def work(courier: Courier, house: House) -> None:
            for _ in range(200):
                courier.look(house)
                with house.db.read() as session:
                    if not any(row.state == "waiting" for row in queries.deliveries(session)):
                        break
                time.sleep(0.02)
            courier.finish()

        threads = [
            threading.Thread(target=work, args=pair) for pair in zip(couriers, houses, strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    houses[1].db.dispose()
    with bureau.house.db.read() as session:
        rows = queries.deliveries(session)
    assert {(row.state, row.attempts) for row in rows} == {("sent", 1)}
    assert len(bureau.office.letters) == 6 * 2
    assert {bureau.office.ids.count(one) for one in bureau.office.ids} == {2}
    assert bureau.api.methods.count("sendPhoto") == 6 * 2
    assert bureau.api.methods.count("sendDocument") == 6 * 2


# Mail


def test_a_letter_is_one_that_mail_clients_understand(small: Bureau) -> None:
    small.put("mail")
    with post_office.opened(small.office, needs_login=True):
        row = small.deliver()
    assert (row.state, row.parts, row.error) == ("sent", 2, "")
    letter, other = small.office.letters
    assert [to for _, to in small.office.envelopes] == [["pr@example.ru"], ["ceo@example.ru"]]
    assert letter["From"] == "Отклик <otklik@example.ru>"
    assert letter["To"] == "pr@example.ru, ceo@example.ru" == other["To"]
    assert letter["Subject"] == small.message.title
    assert letter["Message-ID"] == other["Message-ID"]
    assert letter["Auto-Submitted"] == "auto-generated"
    plain, html = letter.get_body(("plain",)), letter.get_body(("html",))
    assert plain
    assert html
    assert plain.get_content().strip() == small.message.text
    assert "cid:picture" in html.get_content()
    parts = {part.get_content_type(): part for part in letter.walk()}
    assert parts["image/png"]["Content-ID"] == "<picture>"
    assert parts["image/png"].get_content() == PNG
    (attached,) = letter.iter_attachments()
    assert attached.get_filename() == "Отчёт «Морошка».pdf"
    assert attached.get_content_type() == "application/pdf"
    assert attached.get_content() == b"%PDF-1.7 report"


def test_refused_at_connect_it_waits_longer_each_time_for_three_days(small: Bureau) -> None:
    small.put("mail")
    began, waits = small.clock.now, []
    row = small.deliver()
    while row.state == "waiting":
        assert "Связь с 127.0.0.1" in row.error
        waits.append(row.due_at - small.clock.now)
        row = small.later()
    assert (row.state, row.attempts) == ("failed", MOST_ATTEMPTS)
    assert "отправьте снова" in row.error
    assert waits[0] < timedelta(minutes=2)
    assert max(waits) < timedelta(hours=8)
    assert timedelta(days=2) < small.clock.now - began < timedelta(days=4)
    assert len({wait.total_seconds() % 60 for wait in waits}) > MOST_ATTEMPTS / 2  # jitter
    with small.house.db.write() as session:
        outbox.retry_delivery(session, row.id, now=small.clock.now)
    with post_office.opened(small.office):
        assert small.deliver().state == "sent"


@pytest.mark.parametrize("trouble", ["451 4.7.1 greylisted", "421 going down", "abort", "half"])
def test_what_passes_is_tried_again_with_the_same_message_id(bureau: Bureau, trouble: str) -> None:
    bureau.put("mail")
    bureau.office.answers = [trouble]
    with post_office.opened(bureau.office):
        row = bureau.deliver()
        assert row.state == "waiting"
        assert row.error
        known = bureau.dump()
        assert bureau.later().state == "sent"
    assert len(bureau.office.letters) == 2
    assert set(bureau.office.ids) == {bureau.office.ids[0]}
    assert bureau.office.ids[0] in known
    assert sorted(to for _, (to,) in bureau.office.envelopes) == ["ceo@example.ru", "pr@example.ru"]


def test_silence_is_cut_short_and_tried_again(
    small: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "_READ", 0.5)
    small.put("mail")
    small.office.answers = ["silence"]
    with post_office.opened(small.office):
        row = small.deliver()
        assert (row.state, "не отвечает вовремя" in row.error) == ("waiting", True)
        small.office.go_on.set()
        assert small.later().state == "sent"


def test_one_unknown_addressee_keeps_nobody_else_from_the_letter(bureau: Bureau) -> None:
    bureau.put("mail")
    bureau.office.refused = {"pr@example.ru": "550 5.1.1 no such user"}
    with post_office.opened(bureau.office):
        row = bureau.deliver()
        assert (row.state, row.parts) == ("failed", 1)
        assert "не принимает письма для pr@example.ru (550 5.1.1 no such user)" in row.error
        bureau.office.refused = {}
        with bureau.house.db.write() as session:
            outbox.retry_delivery(session, row.id, now=bureau.clock.now)
        assert bureau.deliver().state == "sent"
    assert [to for _, to in bureau.office.envelopes] == [["ceo@example.ru"], ["pr@example.ru"]]


def test_a_letter_that_the_server_never_takes_is_given_up_at_once(small: Bureau) -> None:
    small.put("mail")
    small.office.answers = ["552 5.3.4 too big"] * 2
    with post_office.opened(small.office):
        row = small.deliver()
    assert (row.state, row.attempts, small.office.asked) == ("failed", 1, 2)
    assert "не принял письмо (552 5.3.4 too big)" in row.error


def test_a_letter_that_is_too_large_by_its_size_alone_is_told_as_such(small: Bureau) -> None:
    small.put("mail")
    with post_office.opened(small.office, largest=300):
        row = small.deliver()
    assert (row.state, row.attempts, small.office.asked) == ("failed", 1, 0)
    assert "не принял письмо (552" in row.error
    assert "уберите из отчёта часть форматов" in row.error


def test_a_wrong_password_is_told_and_not_repeated(small: Bureau) -> None:
    (small.folder / ".env").write_text("SMTP_PASSWORD=wrong%2Fsecret\n")
    small.put("mail")
    with post_office.opened(small.office, needs_login=True):
        row = small.deliver()
    assert (row.state, row.attempts) == ("failed", 1)
    assert "не принимает имя и пароль (535" in row.error
    assert "пароль приложения" in row.error
    assert "wrong" not in small.dump()


def test_a_password_never_goes_unencrypted_through_the_open_net(small: Bureau) -> None:
    url = f"mailto://{USER}:${{SMTP_PASSWORD}}@localhost:{small.office.port}?to=pr@example.ru"
    small.reopen(mail=url)
    small.put("mail")
    with post_office.opened(small.office, needs_login=True):
        row = small.deliver()
    assert row.state == "failed"
    assert "http.allow_private" in row.error
    assert small.office.asked == 0


@pytest.mark.parametrize(("mode", "given"), [("ssl", "tls"), ("starttls", "starttls")])
def test_letters_go_inside_tls_to_a_server_whose_certificate_is_right(
    small: Bureau, monkeypatch: pytest.MonkeyPatch, mode: str, given: str
) -> None:
    own = self_signed(small.folder)
    url = f"mailtos://{USER}:${{SMTP_PASSWORD}}@127.0.0.1:{small.office.port}?mode={mode}"
    url += "&from=otklik@example.ru&to=pr@example.ru"
    small.reopen(mail=url, careless=f"{url}&verify=no")
    with post_office.opened(small.office, needs_login=True, **{given: own}):
        small.put("mail")
        row = small.deliver()
        assert (row.state, "Сертификат" in row.error) == ("failed", True), row.error
        small.put("careless")
        assert small.deliver().state == "sent"
        monkeypatch.setenv("SSL_CERT_FILE", str(small.folder / "certificate.pem"))
        small.put("mail", "trusted")
        assert small.deliver().state == "sent"


def test_a_server_without_tls_gets_neither_password_nor_letter(small: Bureau) -> None:
    url = f"mailtos://{USER}:${{SMTP_PASSWORD}}@127.0.0.1:{small.office.port}?"
    url += "from=otklik@example.ru&mode="
    small.reopen(ssl=f"{url}ssl", starttls=f"{url}starttls")
    with post_office.opened(small.office, needs_login=True):
        for name in ("ssl", "starttls"):
            small.put(name)
            row = small.deliver()
            assert (row.state, "Проверьте" in row.error) == ("failed", True), row.error
    assert small.office.asked == 0


def self_signed(folder: Path) -> ssl.SSLContext:
    """A server's context; its certificate lies in the folder."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "otklik test")])
    now = datetime.now(UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - HOUR)
        .not_valid_after(now + HOUR)
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / "certificate.pem", folder / "key.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, secret)
    return context


# Telegram


def test_telegram_shows_the_picture_with_its_words_and_hands_the_file(bureau: Bureau) -> None:
    bureau.put("bot")
    with bot_api.opened(bureau.api):
        assert bureau.deliver().state == "sent"
    assert bureau.api.methods == ["sendPhoto", "sendDocument"] * 2
    photo, document = bureau.api.taken[:2]
    assert [call.fields["chat_id"] for call in bureau.api.taken[::2]] == list(CHATS)
    assert photo.files["photo"][1] == PNG
    assert photo.fields["caption"] == f"{bureau.message.title}\n\n{bureau.message.text}"
    (bold,) = json.loads(photo.fields["caption_entities"])
    assert bold == {"type": "bold", "offset": 0, "length": len(bureau.message.title)}
    assert document.files["document"] == ("Отчёт «Морошка».pdf", b"%PDF-1.7 report")


def test_a_long_text_follows_the_picture_in_pieces_that_telegram_takes(small: Bureau) -> None:
    words = [f"слово{n}😀" for n in range(1500)]
    small.message = Message("Заголовок", " ".join(words), picture=PNG)
    small.put("bot")
    with bot_api.opened(small.api):
        assert small.deliver().state == "sent"
    photo, *texts = small.api.taken[: len(small.api.taken) // 2]
    assert photo.fields["caption"] == "Заголовок"
    assert len(texts) > 2
    assert all(len(call.fields["text"].encode("utf-16-le")) // 2 <= 4096 for call in texts)
    assert " ".join(call.fields["text"] for call in texts).split() == words


def test_what_telegram_took_before_it_fell_silent_is_not_sent_again(bureau: Bureau) -> None:
    bureau.put("bot")
    bureau.api.dies_after = 1
    with bot_api.opened(bureau.api):
        row = bureau.deliver()
    assert bureau.api.methods == ["sendPhoto"]
    assert (row.state, row.parts) == ("waiting", 1)
    bureau.api.dies_after = None
    with bot_api.opened(bureau.api):
        assert bureau.later().state == "sent"
    assert bureau.api.methods == ["sendPhoto", "sendDocument", "sendPhoto", "sendDocument"]
    assert [call.fields["chat_id"] for call in bureau.api.taken] == [
        *(CHATS[0], CHATS[0]),
        *(CHATS[1], CHATS[1]),
    ]


def test_telegram_is_not_asked_again_before_it_wants_to(small: Bureau) -> None:
    busy = {"ok": False, "description": "Too Many Requests", "parameters": {"retry_after": 7200}}
    small.api.answers = [(429, busy)]
    small.put("bot")
    with bot_api.opened(small.api):
        row = small.deliver()
        assert row.due_at - small.clock.now == timedelta(hours=2)
        small.clock.now += HOUR
        assert small.deliver().attempts == 1
        assert small.later().state == "sent"


@pytest.mark.parametrize(
    ("status", "said", "state", "words"),
    [
        (500, {"ok": False, "description": "Internal"}, "waiting", "не смог принять"),
        (502, b"<html>bad gateway", "waiting", "не смог принять"),
        (200, b"<html>captive portal", "waiting", "не смог принять"),
        (401, {"ok": False, "description": "Unauthorized"}, "failed", "Проверьте токен"),
        (404, {"ok": False, "description": "Not Found"}, "failed", "Проверьте токен"),
        (400, {"ok": False, "description": "Bad Request: chat not found"}, "failed", "не найден"),
        (403, {"ok": False, "description": "bot was kicked"}, "failed", "Бота нет в чате"),
        (
            400,
            {"ok": False, "description": "upgraded", "parameters": {"migrate_to_chat_id": -1009}},
            "failed",
            "-1009",
        ),
        (413, {"ok": False, "description": "Request Entity Too Large"}, "failed", "50 МБ"),
    ],
)
def test_what_telegram_answers_is_told_in_words(
    small: Bureau, status: int, said: Any, state: str, words: str
) -> None:
    small.api.answers = [(status, said)] * 2
    small.put("bot")
    with bot_api.opened(small.api):
        row = small.deliver()
    assert (row.state, words in row.error) == (state, True), row.error
    assert small.api.methods == []


@pytest.mark.parametrize("sign", ["\\u0000", "\\ud800"])
def test_an_answer_that_no_database_takes_is_told_all_the_same(bureau: Bureau, sign: str) -> None:
    said = f'{{"ok": false, "description": "odd {sign} answer"}}'.encode()
    bureau.api.answers = [(400, said)] * 2
    bureau.put("bot")
    with bot_api.opened(bureau.api):
        row = bureau.deliver()
    assert (row.state, "odd \ufffd answer" in row.error) == ("failed", True)


def test_a_chat_that_is_gone_keeps_no_other_from_the_message(bureau: Bureau) -> None:
    bureau.api.answers = [(400, {"ok": False, "description": "Bad Request: chat not found"})]
    bureau.put("bot")
    with bot_api.opened(bureau.api):
        row = bureau.deliver()
    assert (row.state, row.parts) == ("failed", 2)
    assert {call.fields["chat_id"] for call in bureau.api.taken} == {CHATS[1]}


def test_a_silent_telegram_is_left_and_asked_later(
    small: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "_READ", 0.5)
    small.api.answers = [2.0]
    small.put("bot")
    with bot_api.opened(small.api):
        row = small.deliver()
        assert (row.state, "не отвечает вовремя" in row.error) == ("waiting", True)
        assert small.later().state == "sent"


# Other services


def test_other_services_go_through_apprise_and_tell_their_reason(small: Bureau) -> None:
    url = f"json://otklik:${{SMTP_PASSWORD}}@127.0.0.1:{small.api.port}/hook"
    small.reopen(hook=url)
    small.put("hook")
    small.api.answers = [(503, b""), (403, b""), (200, b"{}")]
    with bot_api.opened(small.api):
        row = small.deliver()
        assert (row.state, "503" in row.error) == ("waiting", True), row.error
        row = small.later()
        assert (row.state, "403" in row.error) == ("failed", True), row.error
        with small.house.db.write() as session:
            outbox.retry_delivery(session, row.id, now=small.clock.now)
        assert small.deliver().state == "sent"


# Secrets and bugs


def test_no_secret_reaches_the_log_the_database_or_the_screen(
    small: Bureau, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    small.api.answers = [(400, {"ok": False, "description": f"no /bot{TOKEN}/ {quote(TOKEN)}"})]
    small.office.answers = [f"554 your password is {PASSWORD}"]
    small.put("bot", "refused")
    small.put("mail", "refused")
    with bot_api.opened(small.api), post_office.opened(small.office):
        small.deliver()
    small.put("bot", "nobody there")
    small.put("mail", "nobody there")
    small.deliver()
    seen = logged(caplog) + "".join(capfd.readouterr()) + small.dump()
    assert "no /bot…/" in seen
    assert "your password is …" in seen
    for secret in (TOKEN, TOKEN.partition(":")[2], quote(TOKEN, ""), PASSWORD, quote(PASSWORD, "")):
        assert secret not in seen


def logged(caplog: pytest.LogCaptureFixture) -> str:
    """What reaches a log; pytest hears apprise, whose lines go nowhere, and the server, too."""
    assert not logging.getLogger("apprise").propagate
    own = [record for record in caplog.records if record.name not in {"apprise", "mail.log"}]
    return "\n".join(caplog.handler.format(record) for record in own)


def test_a_bug_in_one_message_stops_no_other(
    small: Bureau, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_house: House, _payload: Any) -> Message:
        raise ZeroDivisionError(f"https://api.telegram.org/bot{TOKEN}/x")

    small.put("bot", kind="broken")
    small.put("mail")
    keeper = Keeper(small.house.db, clock=lambda: small.clock.now)
    courier = Courier(keeper, {"broken": broken, "story": lambda *_: small.message})
    with post_office.opened(small.office):
        courier.look(small.house)
        courier.finish()
    with small.house.db.read() as session:
        states = {row.channel: row.state for row in queries.deliveries(session)}
    assert states == {"bot": "waiting", "mail": "sent"}
    assert "ZeroDivisionError" in caplog.text
    assert TOKEN not in logged(caplog) + small.dump()


def test_a_file_that_was_erased_meanwhile_is_named(small: Bureau) -> None:
    small.message.files[0][1].unlink()
    small.put("mail")
    with post_office.opened(small.office):
        row = small.deliver()
    assert (row.state, row.error) == ("failed", "Файла отчёт.pdf больше нет.")


# Processes that die


@pytest.mark.parametrize("moment", ["before", "after", "stored"])
def test_a_killed_process_leaves_nothing_untold_and_repeats_nothing_stored(
    bureau: Bureau, moment: str
) -> None:
    """Killed before the server took the letter; after it, but before that was stored; after."""
    bureau.clock.now = datetime.now(UTC)
    url = f"mailto://127.0.0.1:{bureau.office.port}?from=otklik@example.ru&to=pr@example.ru"
    bureau.reopen(mail=url)
    bureau.put("mail", kind="test")
    message_id = bureau.dump().partition("<")[2].partition(">")[0]
    bureau.office.answers = {"before": ["silence"], "after": ["slow"], "stored": []}[moment]
    taken, again = {"before": (0, 1), "after": (1, 1), "stored": (1, 0)}[moment]
    with post_office.opened(bureau.office):
        with killed_worker(bureau):
            assert bureau.office.came.wait(60)
            if moment == "after":
                _take_it_while_nothing_can_be_stored(bureau)
            if moment == "stored":
                wait_until(lambda: bureau.row().state == "sent")
        bureau.office.go_on.set()
        assert len(bureau.office.letters) == taken
        bureau.clock.now = datetime.now(UTC)
        assert bureau.deliver().attempts == 1  # the dead one's right to it still holds
        bureau.clock.now += timedelta(minutes=2)
        row = bureau.deliver()
    assert (row.state, row.attempts) == ("sent", 1 + again)
    assert bureau.office.ids == [f"<{message_id}>"] * (taken + again)


@contextmanager
def killed_worker(bureau: Bureau) -> Iterator[None]:
    """`otklik schedule` as a process of its own; it dies with the block, in the midst of things."""
    command = [sys.executable, "-m", "otklik.cli", "schedule"]
    command += ["--config", str(bureau.folder / "config.yaml")]
    with subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(ROOT)}) as worker:
        bureau.worker = worker
        try:
            yield
        finally:
            worker.kill()
            assert worker.wait() == -signal.SIGKILL


def _take_it_while_nothing_can_be_stored(bureau: Bureau) -> None:
    with bureau.house.db.write():
        bureau.office.go_on.set()
        wait_until(lambda: bool(bureau.office.letters))
        time.sleep(0.5)  # so that the worker hears of it, and waits to write
        assert bureau.worker
        bureau.worker.kill()
        bureau.worker.wait()


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait for what another process or thread does."""
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_parts_that_were_stored_are_not_sent_again_by_the_next_process(bureau: Bureau) -> None:
    """As if it had died between the last part and the end."""
    bureau.put("bot")
    with bot_api.opened(bureau.api):
        assert bureau.deliver().parts == 4
        with bureau.house.db.write() as session:
            session.execute(sa.update(t.delivery).values(state="waiting", finished_at=None))
        assert bureau.deliver().state == "sent"
    assert len(bureau.api.taken) == 4


def test_a_stopping_worker_leaves_what_is_not_sent_yet_to_the_next(bureau: Bureau) -> None:
    bureau.put("mail")
    keeper = Keeper(bureau.house.db, clock=lambda: bureau.clock.now)

    def stop(_house: House, _payload: Any) -> Message:
        keeper.stop.set()
        return bureau.message

    courier = Courier(keeper, {"story": stop})
    with post_office.opened(bureau.office):
        courier.look(bureau.house)
        courier.finish()
        row = bureau.row()
        assert (row.state, row.attempts, bureau.office.letters) == ("waiting", 0, [])
        assert bureau.deliver().state == "sent"


def test_what_is_cancelled_on_its_way_goes_no_further(bureau: Bureau) -> None:
    queued = bureau.put("bot")

    def cancel(_house: House, _payload: Any) -> Message:
        with bureau.house.db.write() as session:
            outbox.cancel_delivery(session, queued, now=bureau.clock.now)
        return bureau.message

    courier = Courier(Keeper(bureau.house.db, clock=lambda: bureau.clock.now), {"story": cancel})
    with bot_api.opened(bureau.api):
        courier.look(bureau.house)
        courier.finish()
    assert (bureau.row().state, bureau.api.asked) == ("cancelled", 0)


def test_what_is_cancelled_and_sent_again_on_its_way_goes_by_one_worker(bureau: Bureau) -> None:
    queued = bureau.put("bot")
    first, second = (Keeper(bureau.house.db, clock=lambda: bureau.clock.now) for _ in range(2))
    claimed = first.claim_delivery()
    assert claimed
    with bureau.house.db.write() as session:
        outbox.cancel_delivery(session, queued, now=bureau.clock.now)
        outbox.retry_delivery(session, queued, now=bureau.clock.now)
    assert second.claim_delivery() is None
    with bureau.house.db.write() as session:
        assert outbox.is_held(session, queued, first.holder)
        outbox.put_back(session, queued, first.holder)
    assert second.claim_delivery()


def test_a_message_during_which_every_worker_died_is_given_up_and_can_be_sent_again(
    bureau: Bureau,
) -> None:
    bureau.put("mail")
    for _ in range(MOST_ATTEMPTS):
        assert Keeper(bureau.house.db, clock=lambda: bureau.clock.now).claim_delivery()
        bureau.clock.now += timedelta(minutes=2)
    with post_office.opened(bureau.office):
        row = bureau.deliver()
        assert (row.state, bureau.office.letters) == ("failed", [])
        with bureau.house.db.write() as session:
            outbox.retry_delivery(session, row.id, now=bureau.clock.now)
        assert bureau.deliver().state == "sent"


def test_a_slow_server_outlasts_no_right_whose_heart_beats(bureau: Bureau) -> None:
    """Sending takes longer than a silent worker is taken for alive; nobody else may begin it."""
    first, second = (Keeper(bureau.house.db, silence=timedelta(seconds=1)) for _ in range(2))
    bureau.clock.now = datetime.now(UTC)
    bureau.put("mail")
    bureau.office.answers = ["slow"]
    courier = Courier(first, {"story": lambda *_: bureau.message})
    with post_office.opened(bureau.office), first.beating():
        courier.look(bureau.house)
        assert bureau.office.came.wait(30)
        for _ in range(8):
            time.sleep(0.25)
            assert second.claim_delivery() is None
        bureau.office.go_on.set()
        courier.finish()
    assert (bureau.row().state, len(bureau.office.letters)) == ("sent", 2)


# The command line and config.yaml


def test_the_command_sends_a_trial_message_and_tells_the_outcome(
    small: Bureau,
) -> None:
    def run(code: int) -> str:
        words = ["channels", "test", "mail", "--config", str(small.folder / "config.yaml")]
        ended = CliRunner().invoke(app, words)
        assert ended.exit_code == code
        return " ".join(ended.output.split())

    assert "mail: не отправлено. Связь с 127.0.0.1" in run(1)
    with post_office.opened(small.office):
        assert "mail: отправлено" in run(0)
    assert small.office.letters[0]["Subject"] == "Отклик: канал работает"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mailtoo://a@b.ru", "возможно, «mailto»"),
        ("s3cret", "нет вида служба://"),
        ("mailtos://${MISSING}@example.ru", "не задана переменная окружения MISSING"),
        ("mailtos://s3cret:s3cret@?to=", "адрес не читается"),
        ("mailtos://a:s3cret@example.ru?to=a@b.ru,nobody", "адрес не читается"),
        ("mailtos://a:s3cret@example.ru?to=a@b.ru&pgp=sign", "PGP"),
        ("tgram://s3cret/-100", "адрес не читается"),
        (f"tgram://{TOKEN}/", "не назван чат"),
        ("slack://s3cret", "адрес не читается"),
    ],
)
def test_check_names_what_is_wrong_with_a_channel_but_no_secret(
    small: Bureau, url: str, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    small.config(small.house.config.database.url, good="json://localhost", bad=url)
    with pytest.raises(ConfigError) as error:
        channels.check(load(small.folder / "config.yaml"))
    assert "channels[1].url: " in str(error.value)
    assert words in str(error.value)
    assert "s3cret" not in str(error.value) + logged(caplog)
    assert TOKEN not in str(error.value) + logged(caplog)


def test_channels_have_names_of_their_own_and_an_api_only_where_there_is_one(
    small: Bureau,
) -> None:
    file = small.folder / "config.yaml"
    told = yaml.safe_load(file.read_text(encoding="utf-8"))
    told["channels"][0]["api"] = "https://bots.example.ru"
    file.write_text(yaml.safe_dump(told), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"channels\[0\]\.api: свой сервер Bot API"):
        channels.check(load(file))
    told["channels"][0] = told["channels"][1]
    file.write_text(yaml.safe_dump(told), encoding="utf-8")
    with pytest.raises(ConfigError, match="«bot» встречается дважды"):
        load(file)
