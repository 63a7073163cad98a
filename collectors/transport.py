"""One request and its answer, by httpx over httpcore; whatever breaks on the way is Transient."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from ssl import SSLContext
from typing import Any

import httpcore
import httpx

from collectors import bodies, network
from collectors.answers import Response, proxy_refusal
from collectors.errors import Transient
from collectors.politeness import Limits
from collectors.secrets import hide_secrets

# Our transport hands httpcore's errors through as they are; an injected one raises httpx's.
BROKEN = (
    httpx.TransportError,
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
)
TIMEOUTS = (httpx.TimeoutException, httpcore.TimeoutException)

# Its lines tell whole addresses, with the keys in them.
logging.getLogger("httpx").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Question:
    """One request: where to, with which headers and which body.

    ``files`` are the name, the bytes and the type of what goes along with a ``form``.
    """

    target: httpx.URL
    headers: Mapping[str, str]
    json: Any = None
    form: Mapping[str, str] | None = None
    files: Mapping[str, tuple[str, bytes, str]] | None = None

    @classmethod
    def posting(
        cls, url: str, form: Mapping[str, str], files: Mapping[str, tuple[str, bytes, str]] | None
    ) -> "Question":
        """A form, with files or without, to an API that answers JSON."""
        return cls(httpx.URL(url), {"Accept": "application/json"}, form=form, files=files)

    @property
    def method(self) -> str:
        """POST where there is a body."""
        return "GET" if self.json is None and self.form is None else "POST"


class Wire:
    """The way of a question to its site and of the answer back; ``transport`` is given in tests."""

    def __init__(
        self,
        limits: Limits,
        guard: network.Guard,
        transport: httpx.BaseTransport | None,
        clock: Callable[[], float],
    ) -> None:
        self._limits = limits
        self._guard = guard
        self._transport = transport
        self._clock = clock

    @cached_property
    def trust(self) -> SSLContext:
        """The certificates that are believed; read once, for it takes a while."""
        return httpx.create_ssl_context()

    def send(self, question: Question) -> Response:
        """One request, one answer, read whole."""
        target = question.target
        shown = hide_secrets(str(target))
        own = {"User-Agent": self._limits.user_agent, "Accept-Encoding": "gzip, deflate"}
        try:
            with self._client(target.host) as client:
                deadline = self._clock() + self._limits.total
                with client.stream(
                    question.method,
                    target,
                    headers={**own, **question.headers},
                    json=question.json,
                    data=question.form,
                    files=question.files,
                ) as answer:
                    body = self._body(answer, deadline)
                    names = {name.lower(): value for name, value in answer.headers.items()}
                    return Response(str(target), answer.status_code, names, body)
        except httpcore.ProxyError as error:
            raise proxy_refusal(shown, str(error)) from error
        except TIMEOUTS as error:
            raise Transient(f"{shown} не отвечает вовремя. Попробуем позже.") from error
        except BROKEN as error:
            reason = hide_secrets(str(error))[:200] or type(error).__name__
            way = " через прокси" if self._proxy(target.host) else ""
            raise Transient(f"Соединение с {shown}{way} не удалось: {reason}.") from error

    def _body(self, answer: httpx.Response, deadline: float) -> bytes:
        if answer.is_stream_consumed:  # an injected transport made it in memory, decoded
            return answer.content
        chunks = self._in_time(answer.iter_raw(), deadline)
        coding = answer.headers.get("content-encoding", "")
        return bodies.read_body(chunks, coding, self._limits.max_body)

    def _in_time(self, chunks: Iterator[bytes], deadline: float) -> Iterator[bytes]:
        for chunk in chunks:
            if self._clock() > deadline:
                raise httpx.ReadTimeout("total deadline")
            yield chunk

    @contextmanager
    def _client(self, host: str) -> Iterator[httpx.Client]:
        timeout = httpx.Timeout(self._limits.read, connect=self._limits.connect)
        transport = self._transport
        if transport is None:
            proxy = self._proxy(host)
            if proxy:
                self._guard.check_name(host)
            backend = network.Backend(self._guard, time.monotonic() + self._limits.total)
            transport = GuardedTransport(backend, self.trust, proxy)
        client = httpx.Client(transport=transport, timeout=timeout, trust_env=False)
        try:
            yield client
        finally:
            if self._transport is None:
                client.close()

    def _proxy(self, host: str) -> str:
        """The proxy on the way to ``host``; hosts of the own network need none."""
        return "" if self._guard.is_allowed(host) else self._limits.proxy


class GuardedTransport(httpx.BaseTransport):
    """httpx's way to httpcore, with our network backend; one per request, nothing is reused."""

    def __init__(self, backend: network.Backend, context: SSLContext, proxy: str) -> None:
        self._pool = network.pool(backend, context, proxy)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; httpcore's errors pass through."""
        url = request.url
        answer = self._pool.handle_request(
            httpcore.Request(
                request.method,
                httpcore.URL(
                    scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
                ),
                headers=request.headers.raw,
                content=request.stream,
                extensions=request.extensions,
            )
        )
        return httpx.Response(answer.status, headers=answer.headers, stream=_Stream(answer))

    def close(self) -> None:
        """Close the connection."""
        self._pool.close()


class _Stream(httpx.SyncByteStream):
    """The body of httpcore's answer as httpx wants it."""

    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()
