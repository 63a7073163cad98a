"""Mentions as rows: pure functions, no SQL.

The runner has cleaned the texts already; here only that is mended which would lose the whole
batch, whoever calls: NUL (PostgreSQL refuses it) and lone surrogates (no encoder takes them).
They become U+FFFD one for one, so that offsets stay.
"""

import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

from collectors.base import Mention
from storage.languages import language_of

_UNFIT = re.compile("[\x00\ud800-\udfff]")
#: PostgreSQL's tsvector takes a megabyte; nobody searches for the end of a longer text.
_LONGEST_LEMMAS = 100_000

#: What labels, sums and groups of repeats depend on: a change of one makes the mention «changed».
_COUNTED = (
    "nps",
    "rating_scale",
    "company",
    "place",
    "product",
    "author",
    "author_id",
    "repost_of",
    "city",
    "app_version",
)
#: What is only shown; kept up to date without ado.
_SHOWN = (
    "url",
    "parent_id",
    "likes",
    "comments",
    "reposts",
    "views",
    "answered_at",
)
_FACTS = (*_COUNTED, *_SHOWN)
_facts = attrgetter(*_FACTS)
#: What of a stored mention must be known to tell whether a new one differs.
COMPARED = ("content_hash", "date_known", "deleted_at", *_COUNTED, *_SHOWN)

#: The labels of a mention that no model has read.
_UNREAD: dict[str, Any] = {
    **dict.fromkeys(("tone", "kind", "target_tone")),
    **dict.fromkeys(("churn", "will_return", "recommend", "warn", "effort"), False),
    **dict.fromkeys(("certainty", "peak_end", "plain_mean")),
}


def fit(text: str) -> str:
    """``text`` as any database takes it."""
    try:
        text.encode()  # several times faster than to look for surrogates
    except UnicodeEncodeError:
        return _UNFIT.sub("\ufffd", text)
    return text.replace("\x00", "\ufffd") if "\x00" in text else text


def fit_json(value: Any) -> Any:
    """JSON as any database takes it; PostgreSQL knows neither NUL nor NaN."""
    if isinstance(value, str):
        return fit(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {fit(str(key)): fit_json(item) for key, item in value.items()}
    return [fit_json(item) for item in value] if isinstance(value, list | tuple) else value


def day_of(moment: datetime, zone: ZoneInfo) -> date:
    """The day of ``moment`` where the user lives."""
    try:
        return moment.astimezone(zone).date()
    except OverflowError:  # the first or last day of the calendar
        return moment.astimezone(UTC).date()


def stars(rating: float | None, scale: int) -> int:
    """The rating on a scale of 1 to 5, rounded half up; 0 for none."""
    if rating is None or not math.isfinite(rating) or scale < 2:
        return 0
    return min(5, max(1, math.floor(1 + (rating - 1) * 4 / (scale - 1) + 0.5)))


def facts_of(mention: Mention) -> dict[str, Any]:
    """What is compared with a stored mention, but for the hash."""
    return {
        name: fit(value) if isinstance(value, str) else value
        for name, value in zip(_FACTS, _facts(mention), strict=True)
    }


def is_changed(stored: Any, mention: Mention, facts: dict[str, Any]) -> bool:
    """Whether labels or sums may change: new content, a deleted one back, a date at last."""
    return (
        stored.content_hash != mention.content_hash
        or stored.deleted_at is not None
        or (mention.date_known and not stored.date_known)
        or any(getattr(stored, name) != facts[name] for name in _COUNTED)
    )


def shown_changes(stored: Any, facts: dict[str, Any]) -> dict[str, Any] | None:
    """The columns that are only shown, where one of them changed."""
    if all(getattr(stored, name) == facts[name] for name in _SHOWN):
        return None
    return {"id": stored.id, **{name: facts[name] for name in _SHOWN}}


def row_of(mention: Mention, lemmas: str, zone: ZoneInfo, now: datetime) -> dict[str, Any]:
    """All columns that the present revision decides."""
    rating = mention.rating
    return {
        **facts_of(mention),
        "content_hash": mention.content_hash,
        "title": fit(mention.title),
        "text": fit(mention.text),
        "lemmas": fit(lemmas[:_LONGEST_LEMMAS]),
        "language": language_of(mention.text),
        "published_at": mention.published_at,
        "day": day_of(mention.published_at, zone),
        "date_known": mention.date_known,
        "rating": rating if rating is not None and math.isfinite(rating) else None,
        "answer_text": _fit_value(mention.answer_text),
        "raw": fit_json(mention.raw),
        "updated_at": now,
        "deleted_at": None,
    }


def brand_row(mention_id: int, brand_id: int, mention: Any) -> dict[str, Any]:
    """A row of ``mention_brand`` without labels; ``mention`` is a row of ``mention`` as a dict."""
    return {
        "mention_id": mention_id,
        "brand_id": brand_id,
        "source_id": mention["source_id"],
        "day": mention["day"],
        "rating": stars(mention["rating"], mention["rating_scale"]),
        "nps": mention["nps"],
        "language": mention["language"],
        "is_repeat": False,
        **_UNREAD,
    }


def _fit_value(value: Any) -> Any:
    return fit(value) if isinstance(value, str) else value
