"""The door to mailboxes: IMAP4rev1 (RFC 3501) by imaplib, read only.

Nothing is changed in the mailbox: folders are opened by EXAMINE, letters are peeked at. Every
question ends in time and in size, for a server that drips or floods would hold the crawl for ever.

What happened -> what happens next::

    wrong password, no such folder, bad certificate, no TLS        NeedsHuman
    RFC 5530's UNAVAILABLE, INUSE, LIMIT, SERVERBUG; a lost line   Transient
    an answer that is no IMAP                                      LayoutChanged
"""

import imaplib
import re
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal

from collectors import utf7
from collectors.base import LayoutChanged, NeedsHuman, Transient
from collectors.network import Guard
from collectors.politeness import Limits

Security = Literal["tls", "starttls", "none"]

LONGEST_LETTER = 512 * 1024  # bytes read of one: texts stand before attachments
MOST_AT_ONCE = 64 * 1024 * 1024  # bytes of one answer; more is no honest one
WINDOW = 20_000  # letters searched at once: all UIDs found come in one line, of 1 MB at most
SHOWN_FOLDERS = 20
PASSING = ("UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_UID = re.compile(rb"\bUID (\d+)")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")
_RECEIVED = re.compile(rb'\bINTERNALDATE "([^"]+)"')
_LISTED = re.compile(rb'\([^)]*\) (?:"[^"]*"|NIL) (.+)')


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whose mailbox, where. ``security`` none is taken inside one's own network only."""

    host: str
    port: int
    security: Security
    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Folder:
    """An opened folder; its UIDs hold as long as ``validity`` stays the same."""

    validity: int
    count: int


@dataclass(frozen=True, slots=True)
class Letter:
    """The first ``LONGEST_LETTER`` bytes of a letter; ``size`` is that of the whole."""

    uid: int
    body: bytes
    size: int
    received: datetime | None


class Mailbox:
    """A session after login; made by :func:`session`."""

    def __init__(self, client: "_Client") -> None:
        self._client = client

    def open(self, name: str) -> Folder:
        """Choose the folder of this name, for reading only."""
        with self._client.talking():
            status, said = self._client.select(_quoted(name), readonly=True)
        if status != "OK":
            raise self._no_folder(name, _words(said))
        _, validity = self._client.response("UIDVALIDITY")
        count = said[0] if said else None
        if not (validity and validity[0] and count):
            raise LayoutChanged(f"{self._client.shown} не назвал UIDVALIDITY папки «{name}».")
        return Folder(int(validity[0]), int(count))

    def uids(self, folder: Folder, after: int, since: datetime | None) -> list[int]:
        """UIDs above ``after`` in their order, of letters that arrived on ``since``'s day or later.

        A large folder is searched in windows, from its end: a letter deleted meanwhile moves later
        ones down, so some may be met twice, none be missed.
        """
        asked = [f"UID {after + 1}:*"]
        if since:
            asked.append(f"SINCE {since.day}-{MONTHS[since.month - 1]}-{since.year}")
        found = set[int]()
        for high in range(folder.count, 0, -WINDOW):
            window = [f"{max(1, high - WINDOW + 1)}:{high}"] if folder.count > WINDOW else []
            found.update(int(uid) for uid in self._ask("SEARCH", *window, *asked).split())
        return sorted(uid for uid in found if uid > after)  # «n:*» means the last one at least

    def letters(self, uids: Sequence[int]) -> list[Letter]:
        """The letters of these UIDs, in their order; those deleted meanwhile are missing."""
        what = f"(UID RFC822.SIZE INTERNALDATE BODY.PEEK[]<0.{LONGEST_LETTER}>)"
        with self._client.talking():
            status, parts = self._client.uid("FETCH", ",".join(map(str, uids)), what)
        if status != "OK":
            raise _refusal(self._client.shown, _words(parts))
        letters = {letter.uid: letter for letter in _letters(parts)}
        return [letters[uid] for uid in uids if uid in letters]

    def _ask(self, command: str, *words: str) -> str:
        with self._client.talking():
            status, parts = self._client.uid(command, *words)
        if status != "OK":
            raise _refusal(self._client.shown, _words(parts))
        return _words(parts)

    def _no_folder(self, name: str, said: str) -> Exception:
        if _passes(said):
            return _refusal(self._client.shown, said)
        with self._client.talking():
            _, listed = self._client.list()
        names = [_name_of(line) for line in listed if isinstance(line, bytes)]
        have = ", ".join(f"«{name}»" for name in names[:SHOWN_FOLDERS] if name)
        return NeedsHuman(f"Папки «{name}» в ящике нет; есть: {have or 'ни одной'}.")


@contextmanager
def session(
    account: Account, guard: Guard, trust: ssl.SSLContext, limits: Limits
) -> Iterator[Mailbox]:
    """A mailbox for the length of the block."""
    own = guard.is_allowed(account.host)
    if account.security == "none" and not own:
        raise NeedsHuman(
            f"Пароль к {account.host} ушёл бы по сети открыто. Поставьте security: tls, а для "
            "сервера внутри своей сети назовите его в http.allow_private."
        )
    client = _connected(account, guard, trust, limits)
    try:
        _log_in(client, account)
        yield Mailbox(client)
    finally:
        client.leave()


class _Client(imaplib.IMAP4):
    """imaplib's connection to a checked address, bounded in time and size."""

    def __init__(
        self, account: Account, guard: Guard, trust: ssl.SSLContext, limits: Limits
    ) -> None:
        self.account, self.trust = account, trust
        self.shown = f"{account.host}:{account.port}"
        self._guard, self._limits = guard, limits
        self._left = MOST_AT_ONCE
        with self.talking():
            super().__init__(account.host, account.port, limits.read)

    def _create_socket(self, timeout: float | None = None) -> socket.socket:
        failed: OSError = ConnectionError("no address")
        for address in self._guard.addresses(self.account.host, self.account.port):
            try:
                plain = socket.create_connection((address, self.account.port), self._limits.connect)
            except OSError as error:
                failed = error
                continue
            plain.settimeout(timeout)
            if self.account.security != "tls":
                return plain
            return self._inside_tls(plain)
        raise failed

    def _inside_tls(self, plain: socket.socket) -> socket.socket:
        secure = self.trust.wrap_socket(
            plain, server_hostname=self.account.host, do_handshake_on_connect=False
        )
        self.sock = secure  # so that a handshake that drips can be broken off
        try:
            secure.do_handshake()
        except BaseException:
            secure.close()
            raise
        return secure

    def read(self, size: int) -> bytes:
        """``size`` bytes of a letter, if so many may come."""
        self._spend(size)
        return super().read(size)

    def readline(self) -> bytes:
        """A line of an answer."""
        line = super().readline()
        self._spend(len(line))
        return line

    def _spend(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise NeedsHuman(
                f"{self.shown} прислал больше {MOST_AT_ONCE >> 20} МиБ на один вопрос, чтение "
                "прервано. Проверьте, что это почтовый сервер."
            )

    @contextmanager
    def talking(self) -> Iterator[None]:
        """One question and its answer: in time, in bounds, and with errors in our words."""
        self._left = MOST_AT_ONCE
        timer = threading.Timer(self._limits.total, self._break_off)
        timer.daemon = True
        timer.start()
        try:
            yield
        except ssl.SSLCertVerificationError as error:
            raise NeedsHuman(
                f"Сертификат {self.shown} не прошёл проверку: {error.verify_message}. Проверьте "
                "имя сервера."
            ) from error
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError) as error:
            raise self._lost(error) from error
        except ssl.SSLError as error:
            raise NeedsHuman(
                f"{self.shown} не говорит по TLS. Проверьте port и security: обычно порт 993 и "
                "tls либо 143 и starttls."
            ) from error
        except OSError as error:
            raise self._lost(error) from error
        except imaplib.IMAP4.error as error:
            raise self._told(error) from error
        finally:
            timer.cancel()

    def leave(self) -> None:
        """Say goodbye and hang up, whatever state the line is in."""
        with suppress(LayoutChanged, NeedsHuman, Transient), self.talking():
            self.logout()
        with suppress(OSError):
            self.shutdown()

    def _break_off(self) -> None:
        # Not SSLSocket.shutdown: it would pull the TLS state from under the reading thread.
        with suppress(OSError, AttributeError):
            socket.socket.shutdown(self.sock, socket.SHUT_RDWR)

    def _lost(self, error: Exception) -> Transient:
        if isinstance(error, TimeoutError):
            return Transient(f"{self.shown} не отвечает вовремя. Попробуем позже.")
        reason = str(error)[:200] or type(error).__name__
        return Transient(f"Связь с {self.shown} прервалась: {reason}. Попробуем позже.")

    def _told(self, error: imaplib.IMAP4.error) -> Exception:
        said = _said(error)
        if "unexpected response" in said:
            return LayoutChanged(
                f"{self.shown} отвечает не по протоколу IMAP. Проверьте host и port.", said
            )
        if isinstance(error, imaplib.IMAP4.abort) or "* BYE" in said:
            return self._lost(error)
        return LayoutChanged(f"{self.shown} не понял вопроса: {said[:200]}", said)


def _connected(account: Account, guard: Guard, trust: ssl.SSLContext, limits: Limits) -> _Client:
    client = _Client(account, guard, trust, limits)
    if account.security == "starttls":
        try:
            with client.talking():
                if "STARTTLS" not in client.capabilities:
                    raise NeedsHuman(f"{client.shown} не умеет STARTTLS. Поставьте security: tls.")
                client.starttls(trust)
        except BaseException:
            client.leave()
            raise
    return client


def _log_in(client: _Client, account: Account) -> None:
    with client.talking():
        try:
            if "AUTH=PLAIN" in client.capabilities:  # the only way for passwords beyond ASCII
                secret = f"\0{account.user}\0{account.password}".encode()
                client.authenticate("PLAIN", lambda _: secret)
            else:
                client.login(account.user, account.password)
        except imaplib.IMAP4.abort:
            raise
        except UnicodeEncodeError as error:
            raise NeedsHuman(
                f"{client.shown} принимает имя и пароль только из латинских букв и цифр."
            ) from error
        except imaplib.IMAP4.error as error:
            said = _said(error)
            if _passes(said):
                raise _refusal(client.shown, said) from error
            raise NeedsHuman(
                f"{client.shown} не пускает {account.user} ({said[:200]}). Проверьте имя и пароль; "
                "Яндекс, Mail.ru и Gmail требуют пароль приложения и разрешённый IMAP в настройках "
                "почты."
            ) from error


def _letters(parts: Sequence[Any]) -> Iterator[Letter]:
    """What imaplib makes of FETCH: (line up to the literal, literal), then the line's rest."""
    for number, part in enumerate(parts):
        if not isinstance(part, tuple):
            continue
        rest = parts[number + 1] if number + 1 < len(parts) else b""
        line = part[0] + b" " + (rest if isinstance(rest, bytes) else b"")
        uid, size = _UID.search(line), _SIZE.search(line)
        if uid:
            whole = int(size[1]) if size else len(part[1])
            yield Letter(int(uid[1]), part[1], whole, _received(line))


def _received(line: bytes) -> datetime | None:
    match = _RECEIVED.search(line)
    if match is None:
        return None
    try:
        written = match[1].decode("ascii").strip().replace("-", " ", 2)
        return parsedate_to_datetime(written).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _quoted(name: str) -> str:
    escaped = utf7.encode(name).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _name_of(line: bytes) -> str:
    """The folder's name in a line of LIST; empty where there is none."""
    match = _LISTED.match(line)
    return utf7.decode(match[1].decode("ascii", "replace").strip('"')) if match else ""


def _words(parts: Sequence[Any]) -> str:
    return b" ".join(part for part in parts if isinstance(part, bytes)).decode("utf-8", "replace")


def _said(error: imaplib.IMAP4.error) -> str:
    said = error.args[0] if error.args else ""
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)


def _passes(said: str) -> bool:
    """True where the server itself says that it is a matter of time."""
    return any(f"[{code}]" in said.upper() for code in PASSING)


def _refusal(shown: str, said: str) -> Transient:
    return Transient(f"{shown} сейчас не может ответить ({said[:200]}). Попробуем позже.")
