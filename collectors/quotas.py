"""Calls that an API allows to one key: a token bucket a second, a counter a day.

A call is counted before it is made and never given back, so that no crash, retry or second
process can spend more than the key has.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from pydantic import BaseModel, SecretStr

from collectors.base import Quota, key_of
from collectors.errors import QuotaSpent


class Ledger(Protocol):
    """Who remembers the day's calls, also over a restart."""

    def spend(self, key: str, per_day: int, resets_at: datetime) -> bool:
        """Count one call of the day that ends at ``resets_at``; False where none is left."""


@dataclass(slots=True)
class Bucket:
    """Holds a second's worth of tokens (one at least), filled evenly; may go into debt."""

    per_second: float
    tokens: float = 0.0
    filled_at: float | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, now: float) -> float:
        """Take a token; for how many seconds the caller must wait before using it."""
        with self.lock:
            full = max(1.0, self.per_second)
            if self.filled_at is None:
                self.tokens = full
            else:
                gained = max(0.0, now - self.filled_at) * self.per_second
                self.tokens = min(full, self.tokens + gained)
            self.filled_at = now
            self.tokens -= 1.0
            return max(0.0, -self.tokens / self.per_second)


@dataclass(frozen=True, slots=True)
class Meter:
    """The quota of one key, asked by the HTTP door before every call.

    ``key`` is what the ledger calls it; None where no day is counted.
    """

    key: str | None
    quota: Quota
    ledger: Ledger
    bucket: Bucket | None
    zone: ZoneInfo

    def spend(
        self, now: datetime, clock: Callable[[], float], sleep: Callable[[float], None]
    ) -> None:
        """Count one call and wait for its turn; raises QuotaSpent until the day is over."""
        if self.key is not None and self.quota.per_day is not None:
            until = next_midnight(now, ZoneInfo(self.quota.zone))
            if not self.ledger.spend(self.key, self.quota.per_day, until):
                raise QuotaSpent(
                    f"Дневной лимит API исчерпан (вызовов в сутки: {self.quota.per_day}). "
                    f"Сбор продолжит {when(until, now, self.zone)}.",
                    until,
                    until - now,
                )
        if self.bucket:
            wait = self.bucket.take(clock())
            if wait:
                sleep(wait)


class Quotas:
    """Meters of all keys in this process; ``zone`` is that of times told to the user."""

    def __init__(self, ledger: Ledger, zone: ZoneInfo) -> None:
        self._ledger = ledger
        self._zone = zone
        self._buckets: dict[str, Bucket] = {}
        self._lock = threading.Lock()

    def meter(self, kind: str, quota: Quota | None, options: BaseModel) -> Meter | None:
        """The meter of a source of type ``kind``; sources with the same key share its calls."""
        if quota is None:
            return None
        key = digest(kind, quota, options)
        counted = key if _counts_the_day(quota, options) else None
        return Meter(counted, quota, self._ledger, self._bucket(key, quota), self._zone)

    def _bucket(self, key: str, quota: Quota) -> Bucket | None:
        if quota.per_second is None:
            return None
        with self._lock:
            return self._buckets.setdefault(key, Bucket(quota.per_second))


def _counts_the_day(quota: Quota, options: BaseModel) -> bool:
    if quota.per_day is None:
        return False
    return quota.day_of is None or getattr(options, quota.day_of) is not None


def digest(kind: str, quota: Quota, options: BaseModel) -> str:
    """What a key is called in the ledger: 16 hex digits, from which it cannot be read."""
    value = getattr(options, quota.by)
    return key_of(kind, value.get_secret_value() if isinstance(value, SecretStr) else value)


def next_midnight(now: datetime, zone: ZoneInfo) -> datetime:
    """When the present day of ``zone`` ends, in UTC."""
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), zone).astimezone(UTC)


def when(moment: datetime, now: datetime, zone: ZoneInfo) -> str:
    """«сегодня в 21:00», «завтра в 03:00», «25.11 в 03:00», in ``zone``."""
    local = moment.astimezone(zone)
    days = (local.date() - now.astimezone(zone).date()).days
    day = {0: "сегодня", 1: "завтра"}.get(days, f"{local:%d.%m}")
    return f"{day} в {local:%H:%M}"
