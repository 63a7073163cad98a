"""Letters by SMTP (RFC 5321): one for each addressee, with the same Message-ID at every attempt.

apprise's own mail makes a new Message-ID each time and tells no reason, so only its reading of the
URL is used. What happened -> what happens next::

    4xx, no connection, a lost line, silence     later
    5xx, wrong password, bad certificate, no TLS  not again
"""

import mimetypes
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from functools import partial
from pathlib import Path
from typing import Any

from collectors.errors import NeedsHuman, Transient
from otklik.channels import Channel
from otklik.outgoing import Message
from otklik.sending.line import Line
from otklik.sending.steps import Refused, Step, digest

_SEVEN_BIT = SMTP.clone(cte_type="7bit")  # not every server takes eight
_PICTURE = "график.png"
_LONGEST_ANSWER = 200
_ADDRESSEE = "Проверьте этот адрес в config.yaml."
#: What an answer that is no «yes» was given to, and what to do where it stays so.
_ANSWERS: tuple[tuple[type[smtplib.SMTPResponseException], str, str], ...] = (
    (
        smtplib.SMTPAuthenticationError,
        "не принимает имя и пароль",
        "Проверьте их; Яндекс, Mail.ru и Gmail требуют пароль приложения.",
    ),
    (smtplib.SMTPSenderRefused, "не принимает отправителя", "Проверьте from в адресе канала."),
    (
        smtplib.SMTPDataError,
        "не принял письмо",
        "Если оно слишком велико, уберите из отчёта часть форматов.",
    ),
    (smtplib.SMTPResponseException, "не пускает", "Спросите, кто им управляет."),
)
#: Too large: said at the sender already by a server that is told the size (RFC 1870).
_TOO_LARGE = 552


def steps(channel: Channel, message: Message, message_id: str, line: Line) -> list[Step]:
    """A letter for each addressee of the URL: to, cc and bcc."""
    plugin = channel.plugin
    everybody = [address for _, address in plugin.targets] + sorted(plugin.cc | plugin.bcc)
    letter = _letter(plugin, message, message_id)
    return [
        Step(f"letter:{digest(to)}", to, partial(_send, plugin, letter, to, line))
        for to in dict.fromkeys(everybody)
    ]


def _letter(plugin: Any, message: Message, message_id: str) -> EmailMessage:
    letter = EmailMessage(_SEVEN_BIT)
    letter["Subject"] = " ".join(message.title.split())
    letter["From"] = _address(*plugin.from_addr)
    letter["To"] = [_address(name, address) for name, address in plugin.targets]
    for header, addresses in (("Cc", plugin.cc), ("Reply-To", plugin.reply_to)):
        if addresses:
            letter[header] = [
                _address(plugin.names.get(address), address) for address in sorted(addresses)
            ]
    letter["Date"] = datetime.now(UTC)
    letter["Message-ID"] = message_id
    letter["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody shall answer by a machine
    for name, value in plugin.headers.items():
        if name not in letter:
            letter[name] = value
    letter.set_content(message.text)
    _show(letter, message)
    for name, path in message.files:
        _attach(letter, name, path)
    return letter


def _show(letter: EmailMessage, message: Message) -> None:
    """The same for readers of HTML, and the picture where it belongs."""
    is_shown = message.picture is not None and "cid:picture" in message.html
    if message.html:
        letter.add_alternative(message.html, subtype="html")
    if message.picture is None:
        return
    if is_shown:
        parts: Any = letter.get_payload()
        parts[1].add_related(message.picture, "image", "png", cid="<picture>", disposition="inline")
    else:
        letter.add_attachment(message.picture, "image", "png", filename=_PICTURE)


def _attach(letter: EmailMessage, name: str, path: Path) -> None:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    letter.add_attachment(path.read_bytes(), *kind.split("/"), filename=name)


def _address(name: Any, address: str) -> Address:
    return Address(display_name=name or "", addr_spec=address)


def _send(plugin: Any, letter: EmailMessage, to: str, line: Line) -> None:
    place = f"{plugin.smtp_host}:{plugin.port}"
    with _in_words(place, to), _client(plugin, line) as client:
        client.send_message(letter, plugin.from_addr[1], [to])


@contextmanager
def _client(plugin: Any, line: Line) -> Iterator["_Client"]:
    """A line that is ready for a letter: inside TLS and logged in as the URL says."""
    client = _Client(line)
    timer = threading.Timer(line.limits.total, client.break_off)
    timer.daemon = True
    timer.start()
    try:
        client.enter(plugin)
        yield client
        # The letter is taken: however the line ends, it is not to be sent again.
        with suppress(OSError, smtplib.SMTPException):
            client.quit()
    finally:
        timer.cancel()
        client.close()


class _Client(smtplib.SMTP):
    """smtplib's connection to a checked address."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._tls: ssl.SSLContext | None = None
        super().__init__(timeout=line.limits.read)

    def enter(self, plugin: Any) -> None:
        """Come to where a letter may be handed over: greeted, inside TLS, logged in."""
        self._host = plugin.smtp_host  # what starttls checks the certificate against
        trust = self._line.trust if plugin.verify_certificate else _credulous()
        if plugin.secure_mode == "ssl":
            self._tls = trust
        _expect(220, self.connect(plugin.smtp_host, plugin.port))
        if plugin.secure_mode == "starttls":
            _expect(220, self.starttls(context=trust))
        if not (plugin.user and plugin.password):
            return
        if plugin.secure_mode == "insecure" and not self._line.guard.is_allowed(self._host):
            raise Refused(
                "Пароль почты без шифрования не отправляется: пишите mailtos://, а сервер внутри "
                "своей сети назовите в http.allow_private.",
                again=False,
                everyone=True,
            )
        self.login(plugin.user, plugin.password)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        failed: OSError = ConnectionError("no address")
        for address in self._line.guard.addresses(host, port):
            try:
                plain = socket.create_connection((address, port), self._line.limits.connect)
            except OSError as error:
                failed = error
                continue
            plain.settimeout(timeout)
            return self._tls.wrap_socket(plain, server_hostname=host) if self._tls else plain
        raise failed

    def break_off(self) -> None:
        """End whatever waits on the line: a server that drips would hold it for ever."""
        if self.sock:
            with suppress(OSError):
                # Not SSLSocket.shutdown: it would pull the TLS state from under the other thread.
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)


def _credulous() -> ssl.SSLContext:
    """Trust in any certificate, for URLs with verify=no."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _expect(code: int, answer: tuple[int, bytes]) -> None:
    if answer[0] != code:
        raise smtplib.SMTPResponseException(*answer)


@contextmanager
def _in_words(place: str, to: str) -> Iterator[None]:
    """smtplib's errors as refusals."""
    try:
        yield
    except Transient as error:
        raise Refused(str(error), again=True, everyone=True) from error
    except NeedsHuman as error:
        raise Refused(str(error), again=False, everyone=True) from error
    except smtplib.SMTPRecipientsRefused as error:
        code, said = error.recipients[to]
        raise _refused(f"{place} не принимает письма для {to}", code, said, _ADDRESSEE) from error
    except smtplib.SMTPResponseException as error:
        what = smtplib.SMTPDataError if error.smtp_code == _TOO_LARGE else type(error)
        words, hint = next(told for kind, *told in _ANSWERS if issubclass(what, kind))
        everyone = not isinstance(error, smtplib.SMTPDataError)
        answer = (error.smtp_code, error.smtp_error)
        raise _refused(f"{place} {words}", *answer, hint, everyone=everyone) from error
    except smtplib.SMTPNotSupportedError as error:
        words = f"{place} не умеет того, что нужно: {error}. Проверьте mode и порт в адресе канала."
        raise Refused(words, again=False, everyone=True) from error
    except ssl.SSLCertVerificationError as error:
        words = f"Сертификат {place} не прошёл проверку: {error.verify_message}. Проверьте имя."
        raise Refused(words, again=False, everyone=True) from error
    except UnicodeEncodeError as error:
        words = f"{place} принимает имя, пароль и адреса только из латинских букв и цифр."
        raise Refused(words, again=False, everyone=True) from error
    except (OSError, smtplib.SMTPException) as error:
        raise _lost(place, error) from error


def _refused(
    words: str, code: int, said: bytes | str, hint: str, *, everyone: bool = False
) -> Refused:
    """4xx passes (RFC 5321, 4.2.1), 5xx does not; with 421 or no code the server has left."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    answer = " ".join(f"{code} {text}".split())[:_LONGEST_ANSWER]
    again = code < 500
    return Refused(
        f"{words} ({answer})." if again else f"{words} ({answer}). {hint}",
        again=again,
        everyone=everyone or code in {421, -1},
    )


def _lost(place: str, error: Exception) -> Refused:
    if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
        return Refused(f"{place} не отвечает вовремя.", again=True, everyone=True)
    cut = (ssl.SSLEOFError, ssl.SSLZeroReturnError)
    if isinstance(error, ssl.SSLError) and not isinstance(error, cut):
        words = (
            f"{place} не говорит по TLS. Проверьте порт и mode: обычно 465 и ssl, 587 и starttls."
        )
        return Refused(words, again=False, everyone=True)
    reason = str(error)[:_LONGEST_ANSWER] or type(error).__name__
    return Refused(f"Связь с {place} прервалась: {reason}.", again=True, everyone=True)
