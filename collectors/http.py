"""The one door to the network.

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
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from collectors import imap, network
from collectors.answers import Response, busy_words, refuse, wait_asked
from collectors.errors import LayoutChanged, NeedsHuman, NotModified, Transient
from collectors.imap_client import Account
from collectors.politeness import AGENT, ROBOTS_LIMIT, Limits, Robots, Slots
from collectors.quotas import Meter
from collectors.secrets import hide_secrets
from collectors.transport import Question, Wire

ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.5"
CONDITIONS = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}


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
        self._sleep = sleep
        self._clock = clock
        self._now = now
        self._guard = network.Guard(resolver, self.limits.allow_private)
        self._wire = Wire(self.limits, self._guard, transport, clock)
        self._slots = Slots(self.limits.delay, sleep, clock)
        self._robots = Robots(AGENT, clock, self.limits.longest_crawl_delay)
        self._validators: MutableMapping[str, Any] = {}
        self._left = iter(range(self.limits.requests))
        self._meter: Meter | None = None

    def for_crawl(self, validators: MutableMapping[str, Any]) -> "Http":
        """The same door (slots, robots.txt) with the ``validators`` of one source's state."""
        door = copy.copy(self)
        door._validators = validators
        door._left = iter(range(self.limits.requests))
        return door

    def now(self) -> datetime:
        """The wall clock, for what is signed with the time: the run's start may be long ago."""
        return self._now()

    def metered(self, meter: Meter | None) -> "Http":
        """The same door for calls that count towards the quota of a key."""
        door = copy.copy(self)
        door._meter = meter
        return door

    def rest(self, site: str) -> timedelta:
        """How long ``site`` (name and port) is left alone between two requests, at most."""
        return timedelta(seconds=self._slots.longest_pause(site))

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
        pause: float = 0.0,
    ) -> Response:
        """Fetch ``url``; raises Transient, NeedsHuman or, where ``conditional``, NotModified.

        ``pause`` is how many seconds the site is left alone at least between two requests.
        """
        sent = {"Accept": accept, **(headers or {})}
        if conditional:
            sent |= self._conditions(url)
        target = _parsed(url)
        for _ in range(self.limits.redirects + 1):
            self._check_robots(target, pause)
            answer = self._attempts(Question(target, sent))
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
        judge: Callable[[Response], None] = lambda _: None,
    ) -> Response:
        """Put a question to a documented API; POST where there is a ``json`` or ``form`` body.

        robots.txt is not asked: an API is made for programs, and its owner gave the key. Nothing
        is redirected, so a key never travels. Raises Transient and NeedsHuman as :meth:`get`
        does, but returns an answer with a status that the caller has ``known`` the meaning of.
        ``judge`` raises what a body means that is no answer: a Transient of a short wait is tried
        again here as a 429 is.
        """
        target = _parsed(url)

        def settle(answer: Response) -> None:
            if answer.status not in known:
                refuse(answer)
            judge(answer)

        sent = {"Accept": "application/json", **(headers or {})}
        try:
            target = target.copy_merge_params(dict(params)) if params else target
            return self._attempts(Question(target, sent, json, form), settle)
        except (UnicodeEncodeError, httpx.InvalidURL) as error:  # a token that the site gave
            shown = hide_secrets(url)
            raise LayoutChanged(f"{shown}: API дал негодный ключ страницы или входа.") from error

    @contextmanager
    def mailbox(self, account: Account) -> Iterator[imap.Mailbox]:
        """A session with a mail server: what holds for the web's addresses, certificates, limits
        and turns holds here too. Raises what :mod:`collectors.imap_client` says.
        """
        turn = self._slots.enter(f"{account.host}:{account.port}")
        with turn, imap.session(account, self._guard, self._wire.trust, self.limits) as box:
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

    def _check_robots(self, target: httpx.URL, pause: float) -> None:
        slot = self._slots.of(target.netloc.decode())
        self._robots.check(_origin(target), str(target), slot, self._robots_text)
        slot.crawl_delay = max(slot.crawl_delay, pause)

    def _robots_text(self, url: str) -> tuple[int, str]:
        """(status, text) of a robots.txt, its redirects followed without asking for theirs."""
        target, sent = _parsed(url), {"Accept": "text/plain,*/*;q=0.5"}
        for _ in range(self.limits.redirects + 1):
            answer = self.metered(None)._attempts(Question(target, sent))
            if not answer.redirects:
                return answer.status, answer.text[:ROBOTS_LIMIT]
            target, sent = _next_hop(target, answer, sent)
        return 404, ""  # RFC 9309, 2.3.1.2: after five redirects it may count as missing

    def _attempts(
        self, question: Question, judge: Callable[[Response], None] = lambda _: None
    ) -> Response:
        """One hop with short retries; raises Transient when they are spent."""
        for attempt in range(1, self.limits.attempts + 1):
            if next(self._left, None) is None:
                raise Transient(
                    f"{_origin(question.target)} отвечает без конца: запросов за один сбор — "
                    f"{self.limits.requests}. Собранное сохранено, остальное в следующий раз."
                )
            if self._meter:
                self._meter.spend(self._now(), self._clock, self._sleep)
            try:
                return self._settled(question, judge)
            except Transient as failed:
                wait = min(2.0**attempt, self.limits.max_wait) * random.uniform(0.75, 1.25)
                if failed.retry_after is not None:
                    wait = failed.retry_after.total_seconds()
                if attempt == self.limits.attempts or wait > self.limits.max_wait:
                    raise
            self._sleep(wait)
        raise AssertionError("attempts is at least 1")

    def _settled(self, question: Question, judge: Callable[[Response], None]) -> Response:
        """The answer to one request; raises Transient where it only says «later»."""
        with self._slots.enter(question.target.netloc.decode()):
            answer = self._wire.send(question)
        if answer.try_again:
            raise Transient(busy_words(answer), wait_asked(answer, self._now()))
        judge(answer)
        return answer


def _parsed(url: str) -> httpx.URL:
    try:
        # Twice: a long address may be let in and be too long when its letters are encoded.
        target = httpx.URL(url).copy_with(fragment=None)
    except (httpx.InvalidURL, UnicodeError, ValueError) as error:
        raise NeedsHuman(f"Адрес {hide_secrets(url)[:200]!r} не разобрать: {error}.") from error
    if target.scheme not in {"http", "https"} or not target.host:
        raise NeedsHuman(
            f"Адрес {hide_secrets(url)[:200]!r} не годится: нужен http:// или https://."
        )
    return target


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
