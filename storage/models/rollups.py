"""Daily sums that pages read, so that their cost does not grow with the number of mentions.

Kept true in the same transaction as the rows they count (:mod:`storage.rollups`).
"""

from datetime import date
from typing import Any

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

_EMPTY = text("n = 0")


def _table_args(name: str) -> tuple[Any, ...]:
    """Rows that sank to nothing are found by a partial index, whatever the table's size."""
    index = Index(f"ix_{name}_empty", "n", sqlite_where=_EMPTY, postgresql_where=_EMPTY)
    return (index, {"sqlite_with_rowid": False})


class MentionDaily(SQLModel, table=True):
    """Mentions per day × brand × source × tone × kind × rating.

    ``tone`` and ``kind`` are "" while pending or failed; ``rating`` is rescaled to 1…5, 0 for
    none. ``churn`` … ``effort`` count mentions with that intent, ``promoters`` … ``detractors``
    the survey answers 9–10, 7–8, 0–6.
    """

    __tablename__ = "mention_daily"
    __table_args__ = _table_args("mention_daily")

    brand_id: int = Field(primary_key=True, foreign_key="brand.id")
    day: date = Field(primary_key=True)
    source_id: int = Field(primary_key=True, foreign_key="source.id")
    tone: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    rating: int = Field(primary_key=True)
    n: int = 0
    churn: int = 0
    will_return: int = 0
    recommend: int = 0
    warn: int = 0
    effort: int = 0
    promoters: int = 0
    passives: int = 0
    detractors: int = 0


class OpinionDaily(SQLModel, table=True):
    """Opinions per day × brand × source × touchpoint × tone × rating.

    ``voice`` tells whether the mention's kind is a customer's voice (not promo or other).
    """

    __tablename__ = "opinion_daily"
    __table_args__ = _table_args("opinion_daily")

    brand_id: int = Field(primary_key=True, foreign_key="brand.id")
    day: date = Field(primary_key=True)
    source_id: int = Field(primary_key=True, foreign_key="source.id")
    touchpoint: str = Field(primary_key=True)
    tone: str = Field(primary_key=True)
    rating: int = Field(primary_key=True)
    voice: bool = Field(primary_key=True)
    n: int = 0
