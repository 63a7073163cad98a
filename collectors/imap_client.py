"""The line to a mail server: IMAP4rev1 (RFC 3501) by imaplib, to a checked address, in bounds.

Every question ends in time and in size, for a server that drips or floods would hold the crawl for
ever. What happened -> what happens next::

    wrong password, bad certificate, no TLS                        NeedsHuman
    RFC 5530's UNAVAILABLE, INUSE, LIMIT, SERVERBUG; a lost line   Transient
    an answer that is no IMAP                                      LayoutChanged
"""

import imaplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

from collectors.errors import LayoutChanged, NeedsHuman, Transient
from collectors.network import Guard
from collectors.politeness import Limits

Security = Literal["tls", "starttls", "none"]

MOST_AT_ONCE = 64 * 1024 * 1024  # bytes of one answer; more is no honest one
PASSING = ("UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whose mailbox, where. ``security`` none is taken inside one's own network only."""

    host: str
    port: int
    security: Security
    user: str
    password: str = field(repr=False)


class Client(imaplib.IMAP4):
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


def connected(account: Account, guard: Guard, trust: ssl.SSLContext, limits: Limits) -> Client:
    """A line that is ready for the login, inside TLS where the account wants it."""
    client = Client(account, guard, trust, limits)
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


def log_in(client: Client, account: Account) -> None:
    """Show who we are; raises NeedsHuman where the server does not take it."""
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
            if passes(said):
                raise refusal(client.shown, said) from error
            raise NeedsHuman(
                f"{client.shown} не пускает {account.user} ({said[:200]}). Проверьте имя и пароль; "
                "Яндекс, Mail.ru и Gmail требуют пароль приложения и разрешённый IMAP в настройках "
                "почты."
            ) from error


def _said(error: imaplib.IMAP4.error) -> str:
    said = error.args[0] if error.args else ""
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)


def passes(said: str) -> bool:
    """True where the server itself says that it is a matter of time."""
    return any(f"[{code}]" in said.upper() for code in PASSING)


def refusal(shown: str, said: str) -> Transient:
    """The error for a server that will answer another time."""
    return Transient(f"{shown} сейчас не может ответить ({said[:200]}). Попробуем позже.")
