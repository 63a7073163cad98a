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
#: Minute, hour, day of the month, months, day of the week (7 is Sunday, as 0 is).
_PLAIN = re.compile(
    r"(\d{1,2}) (\d{1,2}) (?:\* \* (?P<weekday>[0-7*])|(?P<day>\d{1,2}) (?P<months>\*|1,4,7,10) \*)"
)
_WEEKDAYS = ("воскресеньям", "понедельникам", "вторникам", "средам", "четвергам", "пятницам",
             "субботам", "воскресеньям")  # fmt: skip
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
        turns = CronSim(self.text, moment.astimezone(zone))
        # In the hour that a clock goes through twice, the first turn found may lie behind us.
        return next(turn.astimezone(UTC) for turn in turns if turn.astimezone(UTC) > moment)

    def before(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """The last turn of a cron expression at or before ``moment`` (aware), in UTC."""
        later = moment + timedelta(hours=2)  # beyond any hour that a clock goes through twice
        turns = CronSim(self.text, later.astimezone(zone), reverse=True)
        return next(turn.astimezone(UTC) for turn in turns if turn.astimezone(UTC) <= moment)

    @property
    def words(self) -> str:
        """For the user: «раз в 30 мин», «ежедневно в 03:00», «по средам в 03:00», «cron …»."""
        if self.interval is None:
            plain = _PLAIN.fullmatch(self.text)
            return f"{_on(plain)} в {plain[2]:0>2}:{plain[1]:0>2}" if plain else f"cron {self.text}"
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


def parse_cron(text: str) -> Schedule:
    """Five cron fields and nothing else; raises ValueError with words for the user."""
    try:
        schedule = parse(text)
    except ValueError:
        schedule = None
    if schedule is None or schedule.interval is not None:
        raise ValueError(
            f"расписание «{text}» не понято: нужны пять полей cron, например "
            "0 9 * * 1 — по понедельникам в 09:00, 0 9 1 * * — первого числа каждого месяца"
        )
    return schedule


def _on(plain: re.Match[str]) -> str:
    """The days of a cron expression, in words."""
    if day := plain["day"]:
        return f"{day}-го числа каждого {'месяца' if plain['months'] == '*' else 'квартала'}"
    weekday = plain["weekday"]
    return "ежедневно" if weekday == "*" else f"по {_WEEKDAYS[int(weekday)]}"


def _fires(expression: str) -> bool:
    """Whether a cron expression can be read and ever comes true (30 February does not)."""
    try:
        return next(CronSim(expression, _ANY), None) is not None
    except CronSimError:
        return False
