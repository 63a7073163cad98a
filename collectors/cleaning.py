"""The one place where a mention's texts are made fit for storing.

The stored text is the truth that evidence offsets count in, so nothing may be removed from it
later: what cannot be stored (NUL is refused by PostgreSQL, lone surrogates by every encoder) goes
here. Unicode normalisation is not forced: it would change what people wrote.
"""

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from collectors.base import Mention, key_of
from collectors.errors import SkipItem

LONGEST_TEXT = 200_000
LONGEST_LINE = 500  # author, place, product, title of a list
LONGEST_URL = 4000
LONGEST_KEY = 200
LARGEST_RAW = 64 * 1024  # characters of JSON
DEEPEST_RAW = 20
LINES = ("author", "author_id", "company", "place", "product", "city", "app_version")
COUNTS = ("likes", "comments", "reposts", "views")
LARGEST_COUNT = 2**31  # what an INTEGER column takes
TOMORROW = timedelta(days=1)  # zones may put a fresh review up to a day ahead
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)  # before the web an «online review» is a broken date

# C0 and C1 controls but tab and newline, lone surrogates, and the two non-characters XML refuses.
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_WEB = re.compile(r"https?://[^\s/]", re.IGNORECASE)

Note = Callable[[str], None]


def clean_text(text: str) -> str:
    """``text`` without characters that cannot be stored, newlines as ``\\n``, ends trimmed."""
    if text.isprintable():  # most are, and this is a quick test
        return text.strip()
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _UNFIT.sub("", text).strip()


def clean(item: Mention, source: str, now: datetime, note: Note) -> Mention:
    """``item`` fit for storing; raises SkipItem where it says nothing or breaks the contract.

    ``note`` is called with a sentence for each thing that was changed and that a person may want
    to know of.
    """
    published_at, date_known = _clean_date(item, now, note)
    rating, scale = _clean_rating(item, note)
    title = clean_text(item.title)[:LONGEST_LINE]
    text = _merge(title, clean_text(item.text))
    if len(text) > LONGEST_TEXT:
        note(f"Текст длиннее {LONGEST_TEXT} знаков обрезан.")
        text = text[:LONGEST_TEXT]
    if not text and rating is None and item.nps is None:
        raise SkipItem("Нет ни текста, ни оценки.")
    small: dict[str, Any] = {name: _line(getattr(item, name)) for name in LINES}
    small |= {name: _count(getattr(item, name)) for name in COUNTS}
    return replace(
        item,
        source=source,
        external_id=_clean_key(item.external_id),
        text=text,
        title=title,
        published_at=published_at,
        date_known=date_known,
        rating=rating,
        rating_scale=scale,
        nps=item.nps if item.nps is not None and 0 <= item.nps <= 10 else None,
        url=_address(item.url),
        parent_id=_clean_key(item.parent_id) if item.parent_id else None,
        repost_of=_clean_key(item.repost_of) if item.repost_of else None,
        answer_text=clean_text(item.answer_text or "")[:LONGEST_TEXT] or None,
        answered_at=_answer_date(item.answered_at),
        raw=clean_raw(item.raw) if item.raw else {},
        **small,
    )


def clean_raw(raw: Mapping[str, Any]) -> dict[str, Any]:
    """``raw`` as plain JSON of bounded size; what is too large leaves only its length."""
    kept = {str(key): value for key, value in raw.items()}
    fit = _jsonable(kept, DEEPEST_RAW)
    body = json.dumps(fit, ensure_ascii=False)
    if len(body) > LARGEST_RAW:
        return {"too_large": len(body)}
    assert isinstance(fit, dict)
    return fit


def _jsonable(value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None  # PostgreSQL's JSON knows no NaN
    if depth == 0:
        return "…"
    if isinstance(value, Mapping):
        return {clean_text(str(k)): _jsonable(v, depth - 1) for k, v in value.items()}
    if isinstance(value, list | tuple | set):
        return [_jsonable(v, depth - 1) for v in value]
    return clean_text(str(value))


def _merge(title: str, text: str) -> str:
    """Title and text as one; a text that already begins with or holds its title stays as it is."""
    return f"{title}\n{text}".strip() if title and title not in text else text


def _clean_key(key: str) -> str:
    fit = clean_text(key)
    if not fit:
        raise SkipItem("Нет ключа записи (id).")
    return fit if len(fit) <= LONGEST_KEY else key_of(fit)


def _clean_date(item: Mention, now: datetime, note: Note) -> tuple[datetime, bool]:
    moment = item.published_at
    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        moment = datetime.min.replace(tzinfo=UTC)
    if moment > now + TOMORROW:
        note(f"Дата {moment:%d.%m.%Y} в будущем, взято время сбора.")
    elif moment < EARLIEST:
        note(f"Дата {moment.date().isoformat()} неправдоподобна, взято время сбора.")
    else:
        return moment, item.date_known
    return now, False


def _clean_rating(item: Mention, note: Note) -> tuple[float | None, int]:
    rating, scale = item.rating, item.rating_scale
    if rating is None:
        return None, scale
    if scale < 2 or not 0 <= rating <= scale:  # nor is NaN; an integer may be beyond all floats
        shown = str(rating).removesuffix(".0")[:20]
        note(f"Оценка {shown} вне шкалы 1–{scale}, не учтена.")
        return None, max(scale, 2)
    return float(rating), scale


def _answer_date(moment: datetime | None) -> datetime | None:
    if moment is None or moment.tzinfo is None or not 1990 <= moment.year < 9999:
        return None
    return moment.astimezone(UTC)


def _address(url: str) -> str:
    """A link that may be clicked; «javascript:…» and its like come from strangers, and go here."""
    fit = clean_text(url).replace("\n", "").replace("\t", "")[:LONGEST_URL]
    return fit if _WEB.match(fit) else ""


def _line(value: str | None) -> str | None:
    return " ".join(clean_text(value).split())[:LONGEST_LINE] or None if value else None


def _count(value: int | None) -> int | None:
    return value if value is not None and 0 <= value < LARGEST_COUNT else None
