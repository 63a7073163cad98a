"""What people wrote: mentions, their earlier revisions and the brands they speak of."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from storage.models.types import Json, UtcDateTime


def _where_known(name: str) -> Index:
    """An index of the rows that have this column; most have none."""
    known = text(f"{name} IS NOT NULL")
    return Index(f"ix_mention_{name}", name, sqlite_where=known, postgresql_where=known)


#: Mentions whose source tells that the company answered.
_ANSWERED = text("answer_text IS NOT NULL OR answered_at IS NOT NULL")
#: Rows whose tone is the one towards their brand.
_TARGETED = text("target_tone IS NOT NULL")


class Mention(SQLModel, table=True):
    """The current revision of one item of one source.

    ``day`` is the publication date in the configured zone; ``text`` already holds the title
    where the source has one, so that evidence offsets need no second text. ``lemmas`` feeds
    the full-text search. ``author`` and ``author_id`` are keyed hashes unless the config has
    them stored (:mod:`storage.personal`). ``language`` is of :mod:`storage.languages`.
    ``text_key`` is equal for the same texts (:mod:`storage.likeness`); mentions that repeat each
    other share a ``group_id``, the id of the first of them (:mod:`storage.groups`).
    """

    __table_args__ = (
        UniqueConstraint("source_id", "external_id"),
        Index("ix_mention_published", "published_at", "id"),
        _where_known("repost_of"),
        _where_known("text_key"),
        _where_known("group_id"),
        _where_known("parent_id"),
        _where_known("author_id"),
        _where_known("author"),
        # All that is asked of an answer but for its text.
        Index(
            "ix_mention_answer",
            "source_id",
            "published_at",
            "id",
            "answered_at",
            "date_known",
            sqlite_where=_ANSWERED,
            postgresql_where=_ANSWERED,
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    source_id: int = Field(foreign_key="source.id")
    external_id: str
    content_hash: str
    url: str = ""
    title: str = ""
    text: str
    lemmas: str = ""
    author: str | None = None
    published_at: datetime = Field(sa_type=UtcDateTime)
    day: date
    date_known: bool = True
    rating: float | None = None
    rating_scale: int = 5
    nps: int | None = None
    parent_id: str | None = None
    likes: int | None = Field(default=None, sa_type=BigInteger)
    comments: int | None = Field(default=None, sa_type=BigInteger)
    reposts: int | None = Field(default=None, sa_type=BigInteger)
    views: int | None = Field(default=None, sa_type=BigInteger)
    company: str | None = None
    place: str | None = None
    product: str | None = None
    answer_text: str | None = None
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    raw: dict[str, Any] = Field(default_factory=dict, sa_column=Column(Json, nullable=False))
    collected_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    deleted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    author_id: str | None = None
    repost_of: str | None = None
    city: str | None = None
    app_version: str | None = None
    language: str = ""
    text_key: int | None = Field(default=None, sa_type=BigInteger)
    group_id: int | None = None


class MentionRevision(SQLModel, table=True):
    """What a mention said before it was edited at its source."""

    __tablename__ = "mention_revision"
    __table_args__ = (Index("ix_mention_revision_mention", "mention_id"),)

    id: int | None = Field(default=None, primary_key=True)
    mention_id: int = Field(foreign_key="mention.id")
    content_hash: str
    title: str = ""
    text: str
    rating: float | None = None
    answer_text: str | None = None
    replaced_at: datetime = Field(sa_type=UtcDateTime)


class MentionBrand(SQLModel, table=True):
    """A mention counted for a brand, with the labels that hold for it.

    ``tone`` and ``kind`` are the effective ones (a human correction outranks the model, the
    tone towards this brand outranks the text's) and None while the analysis is pending or
    failed. ``target_tone`` is what the model said towards this brand, where the mention has
    several and the text names it. ``day``, ``source_id``, ``rating`` (rescaled to 1…5, 0 for
    none) and ``nps`` repeat the mention's and ``churn`` … ``effort`` the analysis's intents, so
    that a filtered page is one index walk and a roll-up one GROUP BY. So does ``language``.
    ``is_repeat`` tells that an earlier mention of the same group counts for this brand: this one
    is shown and not counted. A deleted mention has no rows here.

    In thousandths: ``certainty`` is the model's probability of its tone (None where a human set
    it), ``peak_end`` the mean of the strongest and the last sentence's tone, ``plain_mean`` that
    of all sentences (both −1000…1000).
    """

    __tablename__ = "mention_brand"
    __table_args__ = (
        Index("ix_mention_brand_day", "brand_id", "day", "mention_id"),
        Index("ix_mention_brand_tone", "brand_id", "tone", "day", "mention_id"),
        Index("ix_mention_brand_certainty", "brand_id", "certainty", "day", "mention_id"),
        # Mentions of several brands: few, and compared with each other.
        Index(
            "ix_mention_brand_target",
            "brand_id",
            "day",
            "mention_id",
            sqlite_where=_TARGETED,
            postgresql_where=_TARGETED,
        ),
        {"sqlite_with_rowid": False},
    )

    mention_id: int = Field(primary_key=True, foreign_key="mention.id")
    brand_id: int = Field(primary_key=True, foreign_key="brand.id")
    source_id: int = Field(foreign_key="source.id")
    day: date
    tone: str | None = None
    target_tone: str | None = None
    kind: str | None = None
    rating: int = 0
    nps: int | None = None
    churn: bool = False
    will_return: bool = False
    recommend: bool = False
    warn: bool = False
    effort: bool = False
    language: str = ""
    is_repeat: bool = False
    certainty: int | None = None
    peak_end: int | None = None
    plain_mean: int | None = None


class TextBand(SQLModel, table=True):
    """Where texts that are alike meet: a band of a long text (:mod:`storage.likeness`)."""

    __tablename__ = "text_band"
    __table_args__ = ({"sqlite_with_rowid": False},)

    band: int = Field(
        sa_column=Column(BigInteger, primary_key=True, autoincrement=False, nullable=False)
    )
    text_key: int = Field(
        sa_column=Column(BigInteger, primary_key=True, autoincrement=False, nullable=False)
    )
