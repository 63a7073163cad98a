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
    the survey answers 9–10, 7–8, 0–6; ``heard`` the mentions that ``peak_end`` and ``plain_mean``
    are sums of (see ``mention_brand``).
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
    heard: int = 0
    peak_end: int = 0
    plain_mean: int = 0


class ToneDaily(SQLModel, table=True):
    """Mentions per day × brand × source × tone: what most figures need of :class:`MentionDaily`.

    Without kind and rating it is a fraction of that. ``voice`` tells whether the kind is a
    customer's voice (not promo or other); ``star1`` … ``star5`` count the mentions so rated.
    """

    __tablename__ = "tone_daily"
    __table_args__ = _table_args("tone_daily")

    brand_id: int = Field(primary_key=True, foreign_key="brand.id")
    day: date = Field(primary_key=True)
    source_id: int = Field(primary_key=True, foreign_key="source.id")
    voice: bool = Field(primary_key=True)
    tone: str = Field(primary_key=True)
    n: int = 0
    churn: int = 0
    will_return: int = 0
    recommend: int = 0
    warn: int = 0
    effort: int = 0
    promoters: int = 0
    passives: int = 0
    detractors: int = 0
    star1: int = 0
    star2: int = 0
    star3: int = 0
    star4: int = 0
    star5: int = 0
    heard: int = 0
    peak_end: int = 0
    plain_mean: int = 0


class MentionTotal(SQLModel, table=True):
    """Mentions per brand × source, ever."""

    __tablename__ = "mention_total"
    __table_args__ = _table_args("mention_total")

    brand_id: int = Field(primary_key=True, foreign_key="brand.id")
    source_id: int = Field(primary_key=True, foreign_key="source.id")
    n: int = 0


class OpinionDaily(SQLModel, table=True):
    """Opinions per day × brand × source × touchpoint × tone × rating.

    ``voice`` tells whether the mention's kind is a customer's voice (not promo or other);
    ``weight`` sums the opinions', ``churn`` counts those whose author leaves.
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
    weight: int = 0
    churn: int = 0


class TouchpointDaily(SQLModel, table=True):
    """Opinions per day × brand × touchpoint × tone: :class:`OpinionDaily` of all sources and
    ratings, a fraction of it."""

    __tablename__ = "touchpoint_daily"
    __table_args__ = _table_args("touchpoint_daily")

    brand_id: int = Field(primary_key=True, foreign_key="brand.id")
    day: date = Field(primary_key=True)
    touchpoint: str = Field(primary_key=True)
    tone: str = Field(primary_key=True)
    voice: bool = Field(primary_key=True)
    n: int = 0
    weight: int = 0
    churn: int = 0


class FacetDaily(SQLModel, table=True):
    """Mentions that name a place, product, city or app version, per day × brand × … × rating.

    ``facet`` is of :class:`storage.columns.Facet`, ``value`` what the source told; the rest is as
    in :class:`MentionDaily`.
    """

    __tablename__ = "facet_daily"
    __table_args__ = _table_args("facet_daily")

    brand_id: int = Field(primary_key=True, foreign_key="brand.id")
    facet: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    value: str = Field(primary_key=True)
    source_id: int = Field(primary_key=True, foreign_key="source.id")
    tone: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    rating: int = Field(primary_key=True)
    n: int = 0


class ThemeDaily(SQLModel, table=True):
    """Opinions of each theme per day × brand × source × rating.

    ``voice`` is as in :class:`OpinionDaily`; merged themes are counted apart, under their own ids.
    """

    __tablename__ = "theme_daily"
    __table_args__ = _table_args("theme_daily")

    theme_id: int = Field(primary_key=True, foreign_key="theme.id")
    brand_id: int = Field(primary_key=True, foreign_key="brand.id")
    day: date = Field(primary_key=True)
    source_id: int = Field(primary_key=True, foreign_key="source.id")
    rating: int = Field(primary_key=True)
    voice: bool = Field(primary_key=True)
    n: int = 0
