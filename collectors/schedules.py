"""When a source is read: every so often, or by a cron expression."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

_UNITS = {
    "м": "minutes", "мин": "minutes", "m": "minutes", "min": "minutes",
    "минута": "minutes", "минуту": "minutes", "минуты": "minutes", "минут": "minutes",
    "ч": "hours", "час": "hours", "часа": "hours", "часов": "hours", "h": "hours",
    "д": "days", "день": "days", "дня": "days", "дней": "days", "d": "days", "сутки": "days",
}  # fmt: skip
_INTERVAL = re.compile(r"(кажд\w+ |раз в )?(\d{1,6})?\s*([a-zа-я]+)\.?")
_LONGEST = timedelta(days=366)
_DAILY = re.compile(r"(\d{1,2}) (\d{1,2}) \* \* \*")
_SHORT = {"minutes": "мин", "hours": "ч", "days": "дн."}
_ONE = {"minutes": "минуту", "hours": "час", "days": "сутки"}
#: Any moment: from here on an expression must fire at least once.
_ANY = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Schedule:
    """``text`` as the user wrote it; ``interval`` is None where that is a cron expression."""

    text: str
    interval: timedelta | None = None

    def __str__(self) -> str:
        return self.text

    def after(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """The first turn after ``moment`` (aware), in UTC; cron speaks of wall time in ``zone``."""
        if self.interval is not None:
            return moment + self.interval
        return next(CronSim(self.text, moment.astimezone(zone))).astimezone(UTC)

    @property
    def words(self) -> str:
        """For the user: «раз в 30 мин», «ежедневно в 03:00», «cron 0 3 * * 1»."""
        if self.interval is None:
            if daily := _DAILY.fullmatch(self.text):
                return f"ежедневно в {daily[2]:0>2}:{daily[1]:0>2}"
            return f"cron {self.text}"
        unit, step = next(
            (unit, step)
            for unit, step in (("days", 1440), ("hours", 60), ("minutes", 1))
            if not self.interval % timedelta(minutes=step)
        )
        count = self.interval // timedelta(minutes=step)
        return f"раз в {_ONE[unit]}" if count == 1 else f"раз в {count} {_SHORT[unit]}"


def parse(text: str) -> Schedule:
    """«30м», «каждые 2 часа», «раз в сутки», «1d» or five cron fields.

    Raises ValueError with words for the user.
    """
    text = " ".join(text.split())
    if match := _INTERVAL.fullmatch(text.lower()):
        each, count, unit = match.groups()
        if unit in _UNITS and (each or count):
            interval = timedelta(**{_UNITS[unit]: int(count or 1)})
            if timedelta(0) < interval <= _LONGEST:
                return Schedule(text, interval)
    elif len(text.split()) == 5 and _fires(text):
        return Schedule(text)
    raise ValueError(
        "период пишется числом и единицей, не длиннее года: 30м, 2ч, 1д; "
        "или пятью полями cron: 0 3 * * * — каждый день в 03:00"
    )


def _fires(expression: str) -> bool:
    """Whether a cron expression can be read and ever comes true (30 February does not)."""
    try:
        return next(CronSim(expression, _ANY), None) is not None
    except CronSimError:
        return False
