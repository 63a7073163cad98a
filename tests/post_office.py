"""A real SMTP server on the loopback that keeps what it takes and can be told to misbehave."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

USER, PASSWORD = "otklik", "p@ss/7 word"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class PostOffice:
    """``letters`` are those that were taken; ``answers`` come before «250», one for each letter.

    An answer is a line of SMTP, "abort" (the line is cut without a word), "half" (cut in the midst
    of the letter), "silence" (nothing is said until :attr:`go_on` is set) or "slow" (taken then).
    """

    port: int = field(default_factory=free_port)
    letters: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    asked: int = 0
    came: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)

    @property
    def ids(self) -> list[str]:
        """The Message-IDs of what was taken."""
        return [str(letter["Message-ID"]) for letter in self.letters]

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        """Whether we know the addressee."""
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, _session: Any, envelope: Any
    ) -> str:
        """Take the letter, or do what was told."""
        self.asked += 1
        answer = self.answers.pop(0) if self.answers else ""
        self.came.set()
        if answer == "silence":
            await asyncio.to_thread(self.go_on.wait, 60)
            return "451 later"
        if answer == "abort":
            server.transport.abort()
            return "451 nobody hears it"
        if answer == "slow":
            await asyncio.to_thread(self.go_on.wait, 60)
        elif answer:
            return answer
        letter = BytesParser(policy=default).parsebytes(envelope.content)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        self.envelopes.append((envelope.mail_from, list(envelope.rcpt_tos)))
        return "250 taken"


class _Smtp(SMTP):
    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        office: Any = self.event_handler
        if office.answers[:1] == ["half"]:
            office.answers.pop(0)
            office.asked += 1
            await self.push("354 go on")
            await self._reader.read(100)
            self.transport.abort()
            return
        await super().smtp_DATA(arg)


class _Controller(Controller):
    def factory(self) -> SMTP:
        return _Smtp(self.handler, **self.SMTP_kwargs)


@contextmanager
def opened(
    office: PostOffice | None = None,
    *,
    needs_login: bool = False,
    tls: ssl.SSLContext | None = None,
    starttls: ssl.SSLContext | None = None,
    largest: int | None = None,
) -> Iterator[PostOffice]:
    """The post office at work; it says how many bytes the ``largest`` letter may have."""
    office = office or PostOffice()

    def known(_server: Any, _session: Any, _envelope: Any, _how: str, data: Any) -> AuthResult:
        is_right = isinstance(data, LoginPassword) and (
            (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        )
        return AuthResult(success=is_right, handled=False)

    make: Callable[..., Controller] = _Controller
    controller = make(
        office,
        hostname="127.0.0.1",
        port=office.port,
        ssl_context=tls,
        tls_context=starttls,
        authenticator=known,
        auth_required=needs_login,
        auth_require_tls=False,
        data_size_limit=largest,
    )
    controller.start()
    try:
        yield office
    finally:
        office.go_on.set()
        controller.stop()
