"""Russian on screen and in reports: plurals, numbers, dates."""

from datetime import date, datetime, timedelta

THIN = "\u202f"  # narrow no-break space: between thousands, before %
NBSP = "\u00a0"
MINUS = "\u2212"

_MONTHS_OF = (
    "января", "февраля", "марта", "апреля", "мая", "июня",
    "июля", "августа", "сентября", "октября", "ноября", "декабря",
)  # fmt: skip
_MONTHS_SHORT = ("янв", "фев", "мар", "апр", "мая", "июн", "июл", "авг", "сен", "окт", "ноя", "дек")

Forms = tuple[str, str, str]

MENTION: Forms = ("упоминание", "упоминания", "упоминаний")
#: After a preposition that takes the genitive: «из 21 упоминания».
OF_MENTION: Forms = ("упоминания", "упоминаний", "упоминаний")
OPINION: Forms = ("мнение", "мнения", "мнений")
RATING: Forms = ("оценка", "оценки", "оценок")
ANSWER: Forms = ("ответ", "ответа", "ответов")
POINT: Forms = ("пункт", "пункта", "пунктов")
SOURCE: Forms = ("источник", "источника", "источников")
NEGATIVE_OPINION: Forms = ("негативное мнение", "негативных мнения", "негативных мнений")
POSITIVE_OPINION: Forms = ("позитивное мнение", "позитивных мнения", "позитивных мнений")
NEGATIVE_MENTION: Forms = (
    "негативное упоминание", "негативных упоминания", "негативных упоминаний",
)  # fmt: skip
POSITIVE_MENTION: Forms = (
    "позитивное упоминание", "позитивных упоминания", "позитивных упоминаний",
)  # fmt: skip
COMPLAINT: Forms = ("жалоба", "жалобы", "жалоб")
PRAISE: Forms = ("похвала", "похвалы", "похвал")


def plural(n: int, forms: Forms) -> str:
    """The form that fits ``n``: 1 упоминание, 2 упоминания, 5 упоминаний."""
    tens, units = abs(n) % 100, abs(n) % 10
    if units == 1 and tens != 11:
        return forms[0]
    return forms[1] if 2 <= units <= 4 and not 12 <= tens <= 14 else forms[2]


def counted(n: int, forms: Forms) -> str:
    """«1 234 упоминания»."""
    return f"{number(n)}{NBSP}{plural(n, forms)}"


def number(value: float, digits: int = 0, *, sign: bool = False) -> str:
    """«12 345», «3,7», «−8»; with ``sign`` also «+8»."""
    text = f"{abs(value):,.{digits}f}".replace(",", THIN).replace(".", ",")
    if not text.strip("0,"):
        return text
    return (MINUS if value < 0 else "+" if sign else "") + text


def percent(part: float, *, digits: int = 0) -> str:
    """0.41 -> «41 %»."""
    return f"{number(part * 100, digits)}{THIN}%"


def points(difference: int, *, sign: bool = True) -> str:
    """8 -> «+8 п.п.»."""
    return f"{number(difference, sign=sign)}{NBSP}п.п."


def index(value: float, *, sign: bool = True) -> str:
    """0.41 -> «+41»: an index of −100…100."""
    return number(value * 100, sign=sign)


def day(value: date, *, year: bool = True) -> str:
    """«12 марта 2026»."""
    text = f"{value.day}{NBSP}{_MONTHS_OF[value.month - 1]}"
    return f"{text}{NBSP}{value.year}" if year else text


def days(start: date, end: date) -> str:
    """«1–7 марта 2026», «28 февраля – 6 марта 2026»."""
    if start == end:
        return day(start)
    if (start.year, start.month) == (end.year, end.month):
        return f"{start.day}–{day(end)}"
    return f"{day(start, year=start.year != end.year)} – {day(end)}"


def short_days(start: date, end: date, today: date) -> str:
    """«25 окт – 21 ноя» for a button; the year is told where it is not this one."""
    names = []
    for value in dict.fromkeys((start, end)):
        text = f"{value.day}{NBSP}{_MONTHS_SHORT[value.month - 1]}"
        names.append(text if start.year == end.year == today.year else f"{text}{NBSP}{value.year}")
    return " – ".join(names)


def span(start: date, end: date, *, year: int) -> str:
    """«с 3 по 9 марта», «с 28 февраля по 6 марта», «3 марта»; the year is told where it is not
    ``year``."""
    if start == end:
        return day(start, year=start.year != year)
    last = day(end, year=end.year != year or start.year != year)
    if (start.year, start.month) == (end.year, end.month):
        return f"с{NBSP}{start.day} по{NBSP}{last}"
    return f"с{NBSP}{day(start, year=start.year != year)} по{NBSP}{last}"


def moment(value: datetime) -> str:
    """«12 марта 2026, 14:05»; the caller brings it into the zone of the screen."""
    return f"{day(value)}, {value:%H:%M}"


def near(value: datetime, now: datetime) -> str:
    """«сегодня в 14:05», «завтра в 03:00», «12 марта в 14:05»; both in the zone of the screen."""
    away = (value.date() - now.date()).days
    told = {-1: "вчера", 0: "сегодня", 1: "завтра"}.get(away)
    told = told or day(value, year=value.year != now.year)
    return f"{told} в{NBSP}{value:%H:%M}"


def lasting(value: timedelta) -> str:
    """«40 с», «3 мин», «2 ч 5 мин», «3 дн. 4 ч»."""
    seconds = max(0, int(value.total_seconds()))
    if seconds < 60:
        return f"{seconds}{NBSP}с"
    minutes, hours, days_ = seconds // 60 % 60, seconds // 3600 % 24, seconds // 86400
    parts = ((days_, "дн."), (hours, "ч"), (minutes, "мин"))
    told = [f"{n}{NBSP}{unit}" for n, unit in parts if n]
    return " ".join(told[:2])
