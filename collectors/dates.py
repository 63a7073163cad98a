"""Dates as people and sites write them -> aware UTC datetimes.

The common forms are read by regular expressions, because dateparser needs milliseconds for each;
it gets what is left. A date without a time is the midnight that begins it in the given zone; a
relative date («3 дня назад») is as exact as its unit.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache

RELATIVE = "вчера, 3 дня назад"
YEARLESS = "15 января (без года)"
LONGEST = 80  # characters; a longer string is no date
FIRST_YEAR, LAST_YEAR = 1970, 2100
MONTHS = ("янв", "фев", "мар", "апр", "ма", "июн", "июл", "авг", "сен", "окт", "ноя", "дек")
ZONES = {"z": 0, "utc": 0, "gmt": 0, "мск": 3, "msk": 3, "msd": 4}  # hours east of UTC
EXCEL_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - a wall clock; the zone is the caller's


@dataclass(frozen=True, slots=True)
class Parsed:
    """A date read: the moment (UTC), the form it was written in, whether that form is absolute.

    A relative form («вчера») or one without a year means another day tomorrow: it is no part of
    a key.
    """

    moment: datetime
    form: str
    absolute: bool = True


_TIME = r"(?:[t\s,]*(?:в|at|-|–)?\s*(?P<H>\d{1,2}):(?P<M>\d\d)(?::(?P<S>\d\d)(?:[.,]\d+)?)?)?"
_ZONE = r"\s*\(?(?P<zone>z|utc|gmt|мск|msk|msd|(?:utc|gmt)?[+-]\d\d?(?::?\d\d)?)?\)?\.?"
_ISO = re.compile(r"(?P<Y>\d{4})[-./](?P<m>\d{1,2})[-./](?P<d>\d{1,2})" + _TIME + _ZONE)
_NUMERIC = re.compile(
    r"(?P<d>\d{1,2})(?P<sep>[./-])(?P<m>\d{1,2})(?P=sep)(?P<Y>\d{4}|\d\d)(?:\s*г\.?)?"
    + _TIME
    + _ZONE
)
_WORDS = re.compile(
    r"(?P<d>\d{1,2})(?:-?го)?\s+(?P<month>[а-яё]{3,9})\.?"
    r"(?:,?\s+(?P<Y>\d{4})(?:\s*г(?:\.|ода?)?)?)?" + _TIME + _ZONE
)
_DAY_WORD = re.compile(r"(?P<day>сегодня|вчера|позавчера|today|yesterday)" + _TIME + _ZONE)
_AGO = re.compile(
    r"(?:около\s+)?(?P<n>\d{1,4}|один|одну|полтора|два|две|три|пару)?\s*"
    r"(?P<unit>сек|мин|час|ч|день|дня|дней|дн|сутки|суток|нед|мес|год|года|лет)[а-яё]*\.?\s+назад"
)
_JUST_NOW = re.compile(r"только что|сейчас|just now|now")
_EXCEL = re.compile(r"(?P<days>\d{5})(?:\.(?P<part>\d+))?")
_UNIX = re.compile(r"(?P<s>\d{10})(?P<ms>\d{3})?(?:\.\d+)?")
_PREFIX = re.compile(
    r"(?:(?:отзыв|комментарий)\s+)?(?:(?:из|от)мен[её]н[оа]?|отредактирован[оа]?|обновл[её]н[оа]?|"
    r"опубликован[оа]?|добавлен[оа]?|оставлен[оа]?|написан[оа]?|дата|edited|updated|posted|от)"
    r"\s*:?\s+"
)
_DAYS = {"сегодня": 0, "today": 0, "вчера": 1, "yesterday": 1, "позавчера": 2}
_NUMBERS = {"один": 1, "одну": 1, "полтора": 1, "два": 2, "две": 2, "три": 3, "пару": 2}


def parse(
    raw: str, zone: tzinfo, now: datetime, *, day_first: bool = True, any_year: bool = False
) -> Parsed | None:
    """What ``raw`` says, in ``zone`` where it names none; None where it is no date.

    ``now`` (aware) is what relative dates count from; ``day_first`` decides 03/04/2025;
    ``any_year`` lets years come that no review is of.
    """
    text = " ".join(raw.lower().split())
    if not text or len(text) > LONGEST:
        return None
    text = _PREFIX.sub("", text, count=1) if not text[0].isdigit() else text
    try:
        for pattern, read in _FORMS:
            match = pattern.fullmatch(text)
            if match:
                found = read(match, zone, now, day_first)
                if found and (any_year or FIRST_YEAR <= found.moment.year <= LAST_YEAR):
                    return found
        return _by_dateparser(text, zone, now.replace(second=0, microsecond=0))
    except (ValueError, OverflowError):
        return None


def numeric_order(raw: str) -> str | None:
    """What a date like 03/04/2025 says of its column: «dmy», «mdy», «either», or None.

    With dots the day is always first: nobody who writes the month first uses dots.
    """
    match = _NUMERIC.fullmatch(raw.strip().lower())
    if match is None or match["sep"] == ".":
        return None
    first, second = int(match["d"]), int(match["m"])
    if first > 12:
        return "dmy"
    return "mdy" if second > 12 else "either"


def of_excel(days: float, zone: tzinfo) -> datetime:
    """The moment of an Excel serial (days since 1899-12-30, a wall clock in ``zone``)."""
    moment = EXCEL_EPOCH + timedelta(days=days)
    return (
        (moment + timedelta(milliseconds=500)).replace(microsecond=0, tzinfo=zone).astimezone(UTC)
    )


def _iso(match: re.Match[str], zone: tzinfo, _now: datetime, _first: bool) -> Parsed:
    moment = _at(match, int(match["Y"]), int(match["m"]), int(match["d"]), zone)
    return Parsed(moment, "ГГГГ-ММ-ДД")


def _numeric(match: re.Match[str], zone: tzinfo, _now: datetime, day_first: bool) -> Parsed:
    day, month, year = int(match["d"]), int(match["m"]), int(match["Y"])
    sep = match["sep"]
    form = f"ДД{sep}ММ{sep}ГГГГ"
    if (month > 12 and day <= 12) or (not day_first and sep != "." and day <= 12):
        day, month, form = month, day, f"ММ{sep}ДД{sep}ГГГГ"
    return Parsed(_at(match, year + 2000 if year < 100 else year, month, day, zone), form)


def _words(match: re.Match[str], zone: tzinfo, now: datetime, _first: bool) -> Parsed | None:
    month = _month(match["month"])
    if month is None:
        return None
    day = int(match["d"])
    if match["Y"]:
        return Parsed(_at(match, int(match["Y"]), month, day, zone), "15 января 2024")
    today = now.astimezone(zone)
    for year in range(today.year, today.year - 9, -1):  # 29 February may be eight years back
        try:
            moment = _at(match, year, month, day, zone)
        except ValueError:
            continue
        if moment.astimezone(zone).date() <= today.date():
            return Parsed(moment, YEARLESS, absolute=False)
    return None


def _day_word(match: re.Match[str], zone: tzinfo, now: datetime, _first: bool) -> Parsed:
    day = now.astimezone(zone) - timedelta(days=_DAYS[match["day"]])
    return Parsed(_at(match, day.year, day.month, day.day, zone), RELATIVE, False)


def _ago(match: re.Match[str], zone: tzinfo, now: datetime, _first: bool) -> Parsed:
    count = match["n"] or "1"
    number = int(count) if count.isdigit() else _NUMBERS[count]
    unit, local = match["unit"], now.astimezone(zone)
    if unit[0] in "смч" and unit[:2] not in {"су", "ме"}:
        seconds = {"с": 1, "м": 60, "ч": 3600}[unit[0]]
        return Parsed(now - timedelta(seconds=number * seconds), RELATIVE, False)
    if unit[0] in "гл" or unit == "мес":
        months = number * (1 if unit == "мес" else 12)
        year, month = divmod(local.year * 12 + local.month - 1 - months, 12)
        day = datetime(year, month + 1, min(local.day, 28), tzinfo=zone)
    else:
        day = local - timedelta(days=number * (7 if unit == "нед" else 1))
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    return Parsed(midnight.astimezone(UTC), RELATIVE, False)


def _just_now(_match: re.Match[str], _zone: tzinfo, now: datetime, _first: bool) -> Parsed:
    return Parsed(now, RELATIVE, False)


def _excel(match: re.Match[str], zone: tzinfo, _now: datetime, _first: bool) -> Parsed | None:
    days = float(match[0])
    return Parsed(of_excel(days, zone), "число Excel") if 20_000 <= days <= 73_000 else None


def _unix(match: re.Match[str], _zone: tzinfo, _now: datetime, _first: bool) -> Parsed:
    return Parsed(datetime.fromtimestamp(int(match["s"]), UTC), "секунды Unix")


_Reader = Callable[[re.Match[str], tzinfo, datetime, bool], Parsed | None]
_FORMS: tuple[tuple[re.Pattern[str], _Reader], ...] = (
    (_ISO, _iso),
    (_NUMERIC, _numeric),
    (_WORDS, _words),
    (_DAY_WORD, _day_word),
    (_AGO, _ago),
    (_JUST_NOW, _just_now),
    (_EXCEL, _excel),
    (_UNIX, _unix),
)


def _month(word: str) -> int | None:
    if word in {"май", "мая", "мае"}:
        return 5
    return next((n for n, start in enumerate(MONTHS, 1) if n != 5 and word.startswith(start)), None)


def _at(match: re.Match[str], year: int, month: int, day: int, zone: tzinfo) -> datetime:
    clock = (int(match["H"] or 0), int(match["M"] or 0), int(match["S"] or 0))
    own = _zone_of(match["zone"]) if match["zone"] else zone
    return datetime(year, month, day, *clock, tzinfo=own).astimezone(UTC)


def _zone_of(name: str) -> tzinfo:
    if name in ZONES:
        return timezone(timedelta(hours=ZONES[name]))
    digits = re.sub(r"[^\d]", "", name)
    hours, minutes = (int(digits), 0) if len(digits) <= 2 else (int(digits[:-2]), int(digits[-2:]))
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if "-" in name else offset)


@lru_cache(maxsize=4096)
def _by_dateparser(text: str, zone: tzinfo, now: datetime) -> Parsed | None:
    if text.isdigit() or not any(char.isdigit() for char in text):
        return None
    import dateparser  # a third of a second to import, and rarely needed

    local = now.astimezone(zone).replace(tzinfo=None)
    settings = {
        "DATE_ORDER": "DMY",
        "PREFER_DATES_FROM": "past",
        "PREFER_DAY_OF_MONTH": "first",
        "RELATIVE_BASE": local,
        "REQUIRE_PARTS": ["month"],
    }
    found = dateparser.parse(text, languages=["ru", "en"], settings=settings)
    if found is None or not FIRST_YEAR <= found.year <= LAST_YEAR:
        return None
    if found.tzinfo is None:
        found = found.replace(tzinfo=zone)
    absolute = re.search(r"\d{4}", text) is not None
    return Parsed(found.astimezone(UTC), "прочие", absolute)
