"""Periods of reports: calendar weeks, months, quarters and any days, as people write them."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

_DAY = timedelta(days=1)
#: Before this no review can be; farther days only invite overflow in date arithmetic.
_FIRST_YEAR = 1990
_EXAMPLES = (
    "период пишется днями 2026-09-01..2026-09-30, неделей 2026-W17, месяцем 2026-09, "
    "кварталом 2026-Q3 или словом: неделя, месяц, квартал — последние целиком прошедшие"
)
_MONTHS = (
    "январь", "февраль", "март", "апрель", "май", "июнь",
    "июль", "август", "сентябрь", "октябрь", "ноябрь", "декабрь",
)  # fmt: skip
_DAYS = re.compile(r"(\d{4}-\d\d-\d\d)(?:\.\.(\d{4}-\d\d-\d\d))?", re.ASCII)
_WEEK = re.compile(r"(\d{4})-?w(\d{1,2})", re.ASCII)
_MONTH = re.compile(r"(\d{4})-(\d{1,2})", re.ASCII)
_QUARTER = re.compile(r"(\d{4})-?q(\d)", re.ASCII)


class Unit(StrEnum):
    """What a report is of, time after time: ISO weeks (from Monday), months or quarters."""

    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"

    @property
    def words(self) -> str:
        """For the user."""
        return _WORDS[self]


_WORDS = {Unit.WEEK: "неделя", Unit.MONTH: "месяц", Unit.QUARTER: "квартал"}
_UNITS = {str(unit): unit for unit in Unit} | {words: unit for unit, words in _WORDS.items()}


@dataclass(frozen=True, slots=True)
class Period:
    """The days ``start`` … ``end``, both inclusive."""

    start: date
    end: date

    @property
    def unit(self) -> Unit | None:
        """Week, month or quarter where it is exactly one of the calendar."""
        return next((unit for unit in Unit if _around(unit, self.start) == self), None)

    @property
    def code(self) -> str:
        """As :func:`parse` reads it, the shortest way: «2026-W17», «2026-09», «2026-Q3», days."""
        year, week, _ = self.start.isocalendar()
        match self.unit:
            case Unit.WEEK:
                return f"{year}-W{week:02}"
            case Unit.MONTH:
                return f"{self.start:%Y-%m}"
            case Unit.QUARTER:
                return f"{self.start.year}-Q{_quarter(self.start)}"
            case None:
                return f"{self.start}..{self.end}"

    @property
    def name(self) -> str:
        """«17-я неделя 2026 года», «сентябрь 2026 года»; empty where the days have no name."""
        year, week, _ = self.start.isocalendar()
        match self.unit:
            case Unit.WEEK:
                return f"{week}-я неделя {year} года"
            case Unit.MONTH:
                return f"{_MONTHS[self.start.month - 1]} {self.start.year} года"
            case Unit.QUARTER:
                return f"{_quarter(self.start)}-й квартал {self.start.year} года"
            case None:
                return ""


def last_whole(unit: Unit, today: date) -> Period:
    """The latest week, month or quarter of the calendar that ended before ``today``."""
    return _around(unit, _around(unit, today).start - _DAY)


def parse(text: str, today: date) -> Period:
    """Read a period; one that is not over yet ends ``today``.

    Raises ValueError with words for the user where it cannot be read, ends before its start or
    lies wholly ahead.
    """
    given = text.strip().lower()
    if given in _UNITS:
        return last_whole(_UNITS[given], today)
    period = _read(given)
    if period is None:
        raise ValueError(f"период «{text.strip()}» не понят: {_EXAMPLES}")
    if period.end < period.start:
        raise ValueError(f"конец периода ({period.end}) раньше начала ({period.start})")
    if period.start.year < _FIRST_YEAR:
        raise ValueError(f"период начинается раньше {_FIRST_YEAR} года: отзывов тогда не писали")
    if period.start > today:
        raise ValueError(f"период «{text.strip()}» ещё не начался: сегодня {today}")
    return Period(period.start, min(period.end, today))


def _read(text: str) -> Period | None:
    """What was written, whether it makes sense or not; None where it is nothing of ours."""
    try:
        if days := _DAYS.fullmatch(text):
            start = date.fromisoformat(days[1])
            return Period(start, date.fromisoformat(days[2]) if days[2] else start)
        if week := _WEEK.fullmatch(text):
            return _around(Unit.WEEK, date.fromisocalendar(int(week[1]), int(week[2]), 1))
        if quarter := _QUARTER.fullmatch(text):
            return _around(Unit.QUARTER, date(int(quarter[1]), int(quarter[2]) * 3 - 2, 1))
        if month := _MONTH.fullmatch(text):
            return _around(Unit.MONTH, date(int(month[1]), int(month[2]), 1))
    except (ValueError, OverflowError):  # there is no such day, week, month or quarter
        return None
    return None


def _around(unit: Unit, day: date) -> Period:
    """The week, month or quarter that ``day`` is in."""
    if unit is Unit.WEEK:
        monday = day - timedelta(days=day.weekday())
        return Period(monday, monday + timedelta(days=6))
    months = 1 if unit is Unit.MONTH else 3
    first = (day.month - 1) // months * months + 1
    after = day.year * 12 + first - 1 + months
    return Period(day.replace(month=first, day=1), date(after // 12, after % 12 + 1, 1) - _DAY)


def _quarter(day: date) -> int:
    return (day.month + 2) // 3
