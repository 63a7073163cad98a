"""What an alert rule is made of beside its filter: the condition, and the manners of telling."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from nlp.labels import Tone
from storage.errors import StorageError

#: The longest window and cooldown.
MOST_HOURS = 31 * 24
_MOST_MENTIONS = 100_000
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


class When(StrEnum):
    """What makes a rule fire."""

    EACH = "each"
    COUNT = "count"
    SURGE = "surge"
    RATING = "rating"


class Digest(StrEnum):
    """Whether what fires is told at once or gathered."""

    NONE = "none"
    HOURLY = "hourly"
    DAILY = "daily"


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition over the mentions that a filter leaves.

    ``each`` new mention; ``count`` of at least ``n`` within ``hours``; a ``surge`` of opinions of
    ``tone`` (of mentions, where the filter chooses no touchpoint) as :mod:`insights.anomalies`
    finds it; a mean ``rating`` (1…5) under ``below`` within ``hours``, of at least ``n`` ratings.
    Raises StorageError in words where a number makes no sense.
    """

    when: When
    n: int = 1
    hours: int = 24
    below: float = 3.0
    tone: Tone = Tone.NEGATIVE

    def __post_init__(self) -> None:
        if not 1 <= self.n <= _MOST_MENTIONS:
            raise StorageError(f"Сколько упоминаний: число от 1 до {_MOST_MENTIONS}.")
        if not 1 <= self.hours <= MOST_HOURS:
            raise StorageError(f"За какое время: от 1 часа до {MOST_HOURS // 24} дней.")
        if not 1 < self.below <= 5:
            raise StorageError("Порог средней оценки: больше 1 и не больше 5.")
        if self.tone not in (Tone.NEGATIVE, Tone.POSITIVE):
            raise StorageError("Всплеск бывает негатива или позитива.")

    @property
    def window(self) -> timedelta:
        """The span of ``hours``."""
        return timedelta(hours=self.hours)

    def as_dict(self) -> dict[str, Any]:
        """For the database: only what this kind of condition asks for."""
        told = asdict(self) | {"when": str(self.when), "tone": str(self.tone)}
        return {name: told[name] for name in ("when", *_ASKED[self.when])}

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Condition":
        """The condition of :meth:`as_dict`."""
        known = {name: stored[name] for name in ("n", "hours", "below") if name in stored}
        tone = Tone(stored.get("tone", Tone.NEGATIVE))
        return cls(When(stored["when"]), tone=tone, **known)


_ASKED = {
    When.EACH: (),
    When.COUNT: ("n", "hours"),
    When.SURGE: ("tone",),
    When.RATING: ("n", "hours", "below"),
}


@dataclass(frozen=True, slots=True)
class Manners:
    """When it may be told: not within ``cooldown`` hours of the last time, nor in quiet hours.

    ``quiet`` is from when to when («22:00», «08:00», over midnight, too) in ``zone`` (IANA; "" is
    the house's). A daily digest is told ``at`` a time of that zone. ``cooldown`` None is what suits
    the condition. Raises StorageError in words where something cannot be read.
    """

    cooldown: int | None = None
    quiet: tuple[str, str] | None = None
    zone: str = ""
    digest: Digest = Digest.NONE
    at: str = "09:00"

    def __post_init__(self) -> None:
        if self.cooldown is not None and not 0 <= self.cooldown <= MOST_HOURS:
            raise StorageError(f"Пауза между сообщениями: не дольше {MOST_HOURS // 24} дней.")
        if self.quiet and clock(self.quiet[0]) == clock(self.quiet[1]):
            raise StorageError("Тихие часы начинаются и кончаются в одно время: укажите разные.")
        clock(self.at)
        if self.zone:
            _known_zone(self.zone)

    def as_dict(self) -> dict[str, Any]:
        """For the database."""
        quiet = list(self.quiet) if self.quiet else None
        return asdict(self) | {"quiet": quiet, "digest": str(self.digest)}

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Manners":
        """The manners of :meth:`as_dict`."""
        quiet = stored.get("quiet")
        return cls(
            cooldown=stored.get("cooldown"),
            quiet=(quiet[0], quiet[1]) if quiet else None,
            zone=stored.get("zone", ""),
            digest=Digest(stored.get("digest", Digest.NONE)),
            at=stored.get("at", "09:00"),
        )

    def pause(self, condition: Condition) -> timedelta:
        """The cooldown: its own, or what keeps this condition from telling the same over and over.

        A count and a mean stay beyond their limits for as long as their window lasts. Every mention
        is news, and so is every surge.
        """
        if self.cooldown is not None:
            return timedelta(hours=self.cooldown)
        lasts = condition.when in (When.COUNT, When.RATING)
        return condition.window if lasts else timedelta()


def clock(text: str) -> time:
    """«9:00» -> 09:00; raises StorageError."""
    read = _CLOCK.fullmatch(text.strip())
    if not read:
        raise StorageError(f"Время «{text}» не читается: пишите часы и минуты, 09:00.")
    return time(int(read[1]), int(read[2]))


def _known_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise StorageError(f"Нет часового пояса «{name}»; пример: Europe/Moscow.") from error
