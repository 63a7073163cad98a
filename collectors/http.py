"""The one door to the network; the only importer of httpx.

Status of the answer -> what happens next::

    2xx                        Response
    3xx with Location          next hop, checked anew (scheme, address, robots.txt, host's slot)
    304 after validators       NotModified
    420, 429, 5xx, transport   short retries, then Transient(retry_after)
    507, …captcha…             NeedsHuman: the site asks for a person
    other 4xx                  NeedsHuman
"""

import copy
import random
import time
from collections.abc import Callable, Collection, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from ssl import SSLContext
from typing import Any

import httpcore
import httpx

from collectors import bodies, imap, network
from collectors.answers import Response as Response
from collectors.answers import busy_words, refuse, retry_after
from collectors.base import NeedsHuman, NotModified, Transient
from collectors.politeness import AGENT, ROBOTS_LIMIT, Robots, Slots
from collectors.politeness import Limits as Limits
from collectors.quotas import Meter
from collectors.secrets import hide_secrets

ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.5"
CONDITIONS = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}
# Our transport hands httpcore's errors through as they are; an injected one raises httpx's.
BROKEN = (
    httpx.TransportError,
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
)
TIMEOUTS = (httpx.TimeoutException, httpcore.TimeoutException)


class GuardedTransport(httpx.BaseTransport):
    """httpx's way to httpcore, with our network backend; one per request, nothing is reused."""

    def __init__(self, backend: network.Backend, context: SSLContext) -> None:
        self._pool = httpcore.ConnectionPool(ssl_context=context, network_backend=backend)

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


@dataclass(frozen=True, slots=True)
class _Question:
    """One request: where to, with which headers and which body."""

    target: httpx.URL
    headers: Mapping[str, str]
    json: Any = None
    form: Mapping[str, str] | None = None

    @property
    def method(self) -> str:
        return "GET" if self.json is None and self.form is None else "POST"


class Http:
    """Requests with manners. ``transport``, ``sleep``, ``clock`` (monotonic seconds), ``now`` (wall
    clock, for dates in Retry-After) and ``resolver`` are given from outside in tests.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        resolver: network.Resolver = network.resolve,
    ) -> None:
        self.limits = limits or Limits()
        self._transport = transport
        self._sleep = sleep
        self._clock = clock
        self._now = now
        self._guard = network.Guard(resolver, self.limits.allow_private)
        self._slots = Slots(self.limits.delay, self.limits.concurrency, sleep, clock)
        self._robots = Robots(AGENT, clock, self.limits.longest_crawl_delay)
        self._validators: MutableMapping[str, Any] = {}
        self._context: SSLContext | None = None
        self._meter: Meter | None = None

    def for_crawl(self, validators: MutableMapping[str, Any]) -> "Http":
        """The same door (slots, robots.txt) with the ``validators`` of one source's state."""
        door = copy.copy(self)
        door._validators = validators
        return door

    def now(self) -> datetime:
        """The wall clock, for what is signed with the time: the run's start may be long ago."""
        return self._now()

    def metered(self, meter: Meter | None) -> "Http":
        """The same door for calls that count towards the quota of a key."""
        door = copy.copy(self)
        door._meter = meter
        return door

    def forget(self, url: str) -> None:
        """Drop the validators of ``url``: its body was not read whole, it must come again."""
        self._validators.pop(url, None)

    def get(
        self,
        url: str,
        *,
        conditional: bool = False,
        headers: Mapping[str, str] | None = None,
        accept: str = ACCEPT,
    ) -> Response:
        """Fetch ``url``; raises Transient, NeedsHuman or, where ``conditional``, NotModified."""
        sent = {"Accept": accept, **(headers or {})}
        if conditional:
            sent |= self._conditions(url)
        target = _parsed(url)
        for _ in range(self.limits.redirects + 1):
            self._check_robots(target)
            answer = self._attempts(_Question(target, sent))
            if not answer.redirects:
                if answer.status == 304 and any(name in sent for name in CONDITIONS.values()):
                    raise NotModified("С прошлого раза ничего не изменилось.")
                refuse(answer)
                if conditional:
                    self._remember(url, answer)
                return answer
            target, sent = _next_hop(target, answer, sent)
        raise NeedsHuman(f"Слишком много перенаправлений с адреса {hide_secrets(url)}.")

    def ask(
        self,
        url: str,
        *,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        known: Collection[int] = (),
    ) -> Response:
        """Put a question to a documented API; POST where there is a ``json`` or ``form`` body.

        robots.txt is not asked: an API is made for programs, and its owner gave the key. Nothing
        is redirected, so a key never travels. Raises Transient and NeedsHuman as :meth:`get`
        does, but returns an answer with a status that the caller has ``known`` the meaning of.
        """
        target = _parsed(url)
        if params:
            target = target.copy_merge_params(dict(params))
        sent = {"Accept": "application/json", **(headers or {})}
        answer = self._attempts(_Question(target, sent, json, form))
        if answer.status not in known:
            refuse(answer)
        return answer

    @contextmanager
    def mailbox(self, account: imap.Account) -> Iterator[imap.Mailbox]:
        """A session with a mail server: what holds for the web's addresses, certificates, limits
        and turns holds here too. Raises what :mod:`collectors.imap` says.
        """
        turn = self._slots.enter(f"{account.host}:{account.port}")
        with turn, imap.session(account, self._guard, self._trust(), self.limits) as box:
            yield box

    def _conditions(self, url: str) -> dict[str, str]:
        stored = self._validators.get(url) or {}
        return {CONDITIONS[key]: str(stored[key]) for key in CONDITIONS if stored.get(key)}

    def _remember(self, url: str, answer: Response) -> None:
        given = {key: answer.headers.get(key, "") for key in CONDITIONS}
        kept = {key: value for key, value in given.items() if value and value.isascii()}
        if kept:
            self._validators[url] = kept
        else:
            self.forget(url)

    def _check_robots(self, target: httpx.URL) -> None:
        self._robots.check(
            _origin(target), str(target), self._slots.of(target.netloc.decode()), self._robots_text
        )

    def _robots_text(self, url: str) -> tuple[int, str]:
        """(status, text) of a robots.txt, its redirects followed without asking for theirs."""
        target, sent = _parsed(url), {"Accept": "text/plain,*/*;q=0.5"}
        for _ in range(self.limits.redirects + 1):
            answer = self.metered(None)._attempts(_Question(target, sent))
            if not answer.redirects:
                return answer.status, answer.text[:ROBOTS_LIMIT]
            target, sent = _next_hop(target, answer, sent)
        return 404, ""  # RFC 9309, 2.3.1.2: after five redirects it may count as missing

    def _attempts(self, question: "_Question") -> Response:
        """One hop with short retries; raises Transient when they are spent."""
        for attempt in range(1, self.limits.attempts + 1):
            failed: Transient | None = None
            answer: Response | None = None
            if self._meter:
                self._meter.spend(self._now(), self._clock, self._sleep)
            try:
                answer = self._send(question)
            except Transient as error:
                failed = error
            if answer is not None:
                if not answer.try_again:
                    return answer
                asked = retry_after(answer.headers.get("retry-after", ""), self._now())
                failed = Transient(busy_words(answer), asked)
            assert failed is not None
            wait = min(2.0**attempt, self.limits.max_wait) * random.uniform(0.75, 1.25)
            if failed.retry_after is not None:
                wait = failed.retry_after.total_seconds()
            if attempt == self.limits.attempts or wait > self.limits.max_wait:
                raise failed
            self._sleep(wait)
        raise AssertionError("attempts is at least 1")

    def _send(self, question: "_Question") -> Response:
        """One request, one answer, read whole; whatever breaks on the way is Transient."""
        target = question.target
        shown = hide_secrets(str(target))
        own = {"User-Agent": self.limits.user_agent, "Accept-Encoding": "gzip, deflate"}
        try:
            with self._slots.enter(target.netloc.decode()), self._client() as client:
                deadline = self._clock() + self.limits.total
                with client.stream(
                    question.method,
                    target,
                    headers={**own, **question.headers},
                    json=question.json,
                    data=question.form,
                ) as answer:
                    body = self._body(answer, deadline)
                    names = {name.lower(): value for name, value in answer.headers.items()}
                    return Response(str(target), answer.status_code, names, body)
        except TIMEOUTS as error:
            raise Transient(f"{shown} не отвечает вовремя. Попробуем позже.") from error
        except BROKEN as error:
            reason = hide_secrets(str(error))[:200] or type(error).__name__
            raise Transient(f"Соединение с {shown} не удалось: {reason}.") from error

    def _body(self, answer: httpx.Response, deadline: float) -> bytes:
        if answer.is_stream_consumed:  # an injected transport made it in memory, decoded
            return answer.content
        chunks = self._in_time(answer.iter_raw(), deadline)
        coding = answer.headers.get("content-encoding", "")
        return bodies.read_body(chunks, coding, self.limits.max_body)

    def _in_time(self, chunks: Iterator[bytes], deadline: float) -> Iterator[bytes]:
        for chunk in chunks:
            if self._clock() > deadline:
                raise httpx.ReadTimeout("total deadline")
            yield chunk

    @contextmanager
    def _client(self) -> Iterator[httpx.Client]:
        timeout = httpx.Timeout(self.limits.read, connect=self.limits.connect)
        transport = self._transport
        if transport is None:
            backend = network.Backend(self._guard, time.monotonic() + self.limits.total)
            transport = GuardedTransport(backend, self._trust())
        client = httpx.Client(transport=transport, timeout=timeout, trust_env=False)
        try:
            yield client
        finally:
            if self._transport is None:
                client.close()

    def _trust(self) -> SSLContext:
        """The certificates that are believed; read once, for it takes a while."""
        if self._context is None:
            self._context = httpx.create_ssl_context()
        return self._context


def _parsed(url: str) -> httpx.URL:
    try:
        target = httpx.URL(url)
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        raise NeedsHuman(f"Адрес {hide_secrets(url)[:200]!r} не разобрать: {error}.") from error
    if target.scheme not in {"http", "https"} or not target.host:
        raise NeedsHuman(
            f"Адрес {hide_secrets(url)[:200]!r} не годится: нужен http:// или https://."
        )
    return target.copy_with(fragment=None)


def _origin(target: httpx.URL) -> str:
    return f"{target.scheme}://{target.netloc.decode()}"


def _next_hop(
    target: httpx.URL, answer: Response, headers: dict[str, str]
) -> tuple[httpx.URL, dict[str, str]]:
    """Where a redirect leads; keys given for one site are not carried to another."""
    location = answer.headers["location"]
    try:
        following = _parsed(str(target.join(location)))
    except httpx.InvalidURL as error:
        raise NeedsHuman(f"Перенаправление на негодный адрес с {_origin(target)}.") from error
    if "captcha" in following.path.lower():
        raise NeedsHuman(f"{_origin(target)} требует капчу: автоматический сбор здесь закрыт.")
    if _origin(following) != _origin(target):
        headers = {"Accept": headers["Accept"]}
    return following, headers
