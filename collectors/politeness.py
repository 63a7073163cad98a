"""Good manners per host: one request at a time, a pause between two, robots.txt."""

import math
import random
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from protego import Protego

from collectors.errors import CollectError, NeedsHuman, Transient

AGENT = "OtklikBot"  # the product token that robots.txt addresses
DAY = 24 * 3600.0  # RFC 9309, 2.4: robots.txt may be kept for a day
RETRY_ROBOTS = 600.0  # seconds for which an unreachable robots.txt is not asked for again
ROBOTS_LIMIT = 512 * 1024  # RFC 9309, 2.5: at least 500 KiB must be read
_LONGEST = 1.5  # pauses are of different length, up to so many delays


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Manners and bounds; seconds and bytes.

    ``contact`` (mail or page of the operator) goes into the User-Agent. ``total`` ends an answer
    that never ends, ``requests`` a crawl that never does; ``max_wait`` is the longest Retry-After
    that is slept instead of scheduled.
    ``allow_private`` is True or the hosts that may lie inside the own network; all others are
    asked through ``proxy``, where there is one (see :func:`collectors.network.pool`).
    """

    contact: str = ""
    delay: float = 1.0
    connect: float = 10.0
    read: float = 20.0
    total: float = 60.0
    max_body: int = 20 * 1024 * 1024
    attempts: int = 3
    max_wait: float = 30.0
    longest_crawl_delay: float = 30.0
    redirects: int = 5
    requests: int = 20_000
    allow_private: bool | Collection[str] = False
    proxy: str = ""

    @property
    def user_agent(self) -> str:
        """Who we are and whom to write to."""
        contact = self.contact.encode("ascii", "ignore").decode()  # headers take nothing else
        return f"{AGENT}/0.1 (+{contact})" if contact else f"{AGENT}/0.1"


@dataclass(slots=True)
class Slot:
    """The door to one host. ``left_at`` is when the last request ended, on the clock."""

    gate: threading.Lock = field(default_factory=threading.Lock)
    left_at: float = -math.inf
    crawl_delay: float = 0.0


class Slots:
    """One :class:`Slot` a host; safe to use from several threads."""

    def __init__(
        self,
        delay: float,
        sleep: Callable[[float], None],
        clock: Callable[[], float],
    ) -> None:
        self._delay = delay
        self._sleep = sleep
        self._clock = clock
        self._slots: dict[str, Slot] = {}
        self._lock = threading.Lock()

    def of(self, host: str) -> Slot:
        """The slot of ``host`` (name and port)."""
        with self._lock:
            if host not in self._slots:
                self._slots[host] = Slot()
            return self._slots[host]

    def longest_pause(self, host: str) -> float:
        """Seconds between two requests to ``host``, at most."""
        return max(self._delay * _LONGEST, self.of(host).crawl_delay)

    @contextmanager
    def enter(self, host: str) -> Iterator[None]:
        """Wait for the turn of this request; the pause is 1…1.5 of the delay.

        It counts from the end of the request before: however long either of the two is on its
        way, the host never sees them closer than the delay.
        """
        slot = self.of(host)
        with slot.gate:
            pause = max(self._delay * random.uniform(1.0, _LONGEST), slot.crawl_delay)
            wait = slot.left_at + pause - self._clock()
            if wait > 0:
                self._sleep(wait)
            try:
                yield
            finally:
                slot.left_at = self._clock()


@dataclass(frozen=True, slots=True)
class _Rules:
    """What a host's robots.txt said, and until when it holds."""

    until: float
    rules: Protego | None = None
    error: Transient | None = None


class Robots:
    """robots.txt by RFC 9309: 4xx allows all, 5xx and silence forbid all for now.

    ``fetch`` gives (status, text) of a robots.txt address and raises CollectError.
    """

    def __init__(
        self,
        agent: str,
        clock: Callable[[], float],
        longest_delay: float,
    ) -> None:
        self._agent = agent
        self._clock = clock
        self._longest_delay = longest_delay
        self._known: dict[str, _Rules] = {}
        self._lock = threading.Lock()

    def check(
        self, origin: str, url: str, slot: Slot, fetch: Callable[[str], tuple[int, str]]
    ) -> None:
        """Raise NeedsHuman where ``url`` is disallowed, Transient where nobody can say."""
        with self._lock:
            known = self._known.get(origin)
        if known is None or known.until <= self._clock():
            known = self._ask(origin, fetch)
            with self._lock:
                self._known[origin] = known
        if known.error:
            raise Transient(str(known.error), known.error.retry_after)
        if known.rules is None:
            return
        if not known.rules.can_fetch(url, self._agent):
            raise NeedsHuman(
                f"robots.txt сайта {origin} не разрешает этот адрес. Уберите источник или "
                "договоритесь с владельцем сайта о выгрузке."
            )
        asked = known.rules.crawl_delay(self._agent)
        slot.crawl_delay = min(asked or 0.0, self._longest_delay)

    def _ask(self, origin: str, fetch: Callable[[str], tuple[int, str]]) -> _Rules:
        now = self._clock()
        try:
            status, text = fetch(f"{origin}/robots.txt")
        except NeedsHuman:
            raise  # a refused address, not an answer of the site
        except CollectError as error:
            after = error.retry_after if isinstance(error, Transient) else None
            unreachable = Transient(f"robots.txt недоступен, поэтому ждём. {error}", after)
            return _Rules(now + RETRY_ROBOTS, error=unreachable)
        if status >= 500:
            answered = Transient(
                f"robots.txt сайта {origin} отвечает ошибкой {status}; пока он не прочитан, "
                "ходить на сайт нельзя. Попробуем позже."
            )
            return _Rules(now + RETRY_ROBOTS, error=answered)
        return _Rules(now + DAY, rules=Protego.parse(text) if status < 300 else None)
