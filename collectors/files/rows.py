"""A row of a table -> a Mention."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from collectors import dates
from collectors.base import Mention
from collectors.cleaning import EARLIEST, TOMORROW
from collectors.errors import SkipItem
from collectors.files.columns import SUBSTANCE, normal
from collectors.ratings import parse_rating
from collectors.texts import with_pros_and_cons

# What tells two rows apart where the file has no id; a rating may be edited later.
IDENTITY = ("author", "date", "title", "text", "pros", "cons", "company", "product", "place", "url")
WORDS = ("text", "pros", "cons", "title")
NO_BRAND = "Без бренда"  # how our own export calls a mention of no brand
SPOILED = "Часть знаков испорчена и не читается, вместо них «\ufffd»."
NO_VALUES = {"", "-", "–", "—", "null", "none", "nan", "n/a", "нет данных"}


class Cells:
    """A row by field instead of by column; ``values`` is the row as the file has it."""

    __slots__ = ("_texts", "mapping", "values")

    def __init__(self, values: Mapping[str, Any], mapping: Mapping[str, str]) -> None:
        self.values = values
        self.mapping = mapping
        self._texts = {field: as_text(values.get(column)) for field, column in mapping.items()}

    def value(self, field: str) -> Any:
        """The cell of ``field`` as the file has it; None where there is none."""
        return self.values.get(self.mapping[field]) if field in self.mapping else None

    def text(self, field: str) -> str:
        """The cell of ``field`` as text."""
        return self._texts.get(field, "")

    @property
    def identity(self) -> str:
        """16 hex digits: the key of a row without id, the same for identical rows."""
        parts = "\x1f".join(self._texts.get(field, "") for field in IDENTITY)
        return hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    @property
    def is_spoiled(self) -> bool:
        """True where some bytes of the row were no characters of the file's encoding."""
        return any("\ufffd" in text for text in self._texts.values())

    @property
    def fault(self) -> str:
        """Why the row cannot be a mention; empty where it can."""
        for field in WORDS:
            if isinstance(self.value(field), dict | list):
                return f"В «{self.mapping[field][:40]}» не текст, а объект или список JSON."
        said = any(self._texts.get(field) for field in SUBSTANCE)
        return "" if said else "Нет ни текста, ни оценки."


@dataclass(frozen=True, slots=True)
class Reading:
    """How the cells of a file are to be read; decided once for whole columns."""

    source: str
    zone: ZoneInfo
    now: datetime
    day_first: bool = True
    rating_scale: int = 5


class Read(NamedTuple):
    """A mention and what is to be said about its row."""

    mention: Mention
    notes: list[str]


def as_text(value: Any) -> str:
    """A cell as a person would read it: 5.0 as «5», nothing as an empty string."""
    if isinstance(value, str):
        return value.strip()
    if value is None:
        return ""
    if isinstance(value, float) and (value.is_integer() or math.isnan(value)):
        return "" if math.isnan(value) else str(int(value))
    if isinstance(value, dict | list | bool):
        try:
            return json.dumps(value, ensure_ascii=False)
        except RecursionError:  # nested about as deep as the parser takes
            return "…"
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return str(value)


def moment_of(value: Any, reading: Reading) -> dates.Parsed | None:
    """The date in a cell, be it a date, a number or words."""
    if isinstance(value, datetime):
        return dates.Parsed(_aware(value, reading.zone), "дата Excel")
    if isinstance(value, date):
        midnight = datetime(value.year, value.month, value.day, tzinfo=reading.zone)
        return dates.Parsed(midnight.astimezone(UTC), "дата Excel")
    if isinstance(value, bool):
        return None
    return _parsed(as_text(value), reading.zone, reading.now, reading.day_first)


@lru_cache(maxsize=16_384)
def _parsed(text: str, zone: ZoneInfo, now: datetime, day_first: bool) -> dates.Parsed | None:
    # The same days come again and again, and each file is read twice.
    return dates.parse(text, zone, now, day_first=day_first)


def read(cells: Cells, key: str, reading: Reading) -> Read:
    """The mention of a row; raises SkipItem where the row says nothing."""
    if cells.fault:
        raise SkipItem(cells.fault)
    notes = [SPOILED] if cells.is_spoiled else []
    title = cells.text("title")
    text = with_pros_and_cons(cells.text("text"), cells.text("pros"), cells.text("cons"))
    rating, scale = _rating(cells, reading, notes)
    nps = _nps(cells, notes)
    if not text and not title and rating is None and nps is None:
        raise SkipItem("Нет ни текста, ни оценки.")
    published_at, date_known = _published(cells, reading, notes)
    answered = moment_of(cells.value("answered_at"), reading)
    mention = Mention(
        source=reading.source,
        external_id=key,
        text=text,
        title=title,
        published_at=published_at,
        date_known=date_known,
        url=cells.text("url"),
        author=cells.text("author") or None,
        rating=rating,
        rating_scale=scale,
        nps=nps,
        parent_id=cells.text("parent_id") or None,
        likes=_count(cells, "likes"),
        comments=_count(cells, "comments"),
        reposts=_count(cells, "reposts"),
        views=_count(cells, "views"),
        company=_company(cells),
        place=cells.text("place") or None,
        product=cells.text("product") or None,
        answer_text=cells.text("answer") or None,
        answered_at=answered.moment if answered else None,
        raw=_rest(cells),
    )
    return Read(mention, notes)


def _published(cells: Cells, reading: Reading, notes: list[str]) -> tuple[datetime, bool]:
    """When, and whether that is known; a date that cannot be is noted as it was written."""
    written = cells.value("date")
    text = as_text(written)
    if text.lower() in NO_VALUES:
        return reading.now, False
    found = moment_of(written, reading) or dates.parse(
        text, reading.zone, reading.now, day_first=reading.day_first, any_year=True
    )
    if found is None:
        wrong = "не разобрана"
    elif found.moment > reading.now + TOMORROW:
        wrong = "в будущем"
    elif found.moment < EARLIEST:
        wrong = "слишком давно"
    else:
        return found.moment, cells.text("date_known").lower() != "false"
    notes.append(f"Дата «{text[:60]}» {wrong}, взято время загрузки.")
    return reading.now, False


def _company(cells: Cells) -> str | None:
    """Whom the row is about; «Бренды» of our own export may list several: none is the one."""
    written = cells.text("company")
    several = normal(cells.mapping.get("company", "")) == "бренды" and ", " in written
    return None if several or written == NO_BRAND else written or None


def _rating(cells: Cells, reading: Reading, notes: list[str]) -> tuple[float | None, int]:
    written = cells.text("rating")
    scale = _whole(cells.text("rating_scale")) or reading.rating_scale
    value = cells.value("rating")
    if isinstance(value, dict | list | bool) or (isinstance(value, float) and math.isnan(value)):
        notes.append(f"Оценка {str(value)[:40]} — не число, не учтена.")
        return None, scale
    if written.lower() in NO_VALUES:
        return None, scale
    found = parse_rating(written)
    if found is None:
        notes.append(f"Оценка «{written[:40]}» не разобрана.")
        return None, scale
    return found[0], found[1] or scale


def _nps(cells: Cells, notes: list[str]) -> int | None:
    written = cells.text("nps")
    if written.lower() in NO_VALUES:
        return None
    answer = _whole(written)
    if answer is None or answer > 10:
        notes.append(f"Ответ NPS «{written[:40]}» не целое число от 0 до 10.")
        return None
    return answer


def _count(cells: Cells, field: str) -> int | None:
    return _whole(cells.text(field))


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else None


def _rest(cells: Cells) -> dict[str, Any]:
    """What has no field of its own, and the date as it was written."""
    taken = set(cells.mapping.values())
    rest = {
        column: value if isinstance(value, str | dict | list | bool) else as_text(value)
        for column, value in cells.values.items()
        if column not in taken and value not in ("", None)
    }
    written = cells.text("date")
    return {**rest, "date": written} if written else rest


def _aware(moment: datetime, zone: ZoneInfo) -> datetime:
    try:
        own = moment if moment.tzinfo else moment.replace(tzinfo=zone)
        return own.astimezone(UTC)
    except OverflowError:
        return datetime(1900, 1, 1, tzinfo=UTC)
