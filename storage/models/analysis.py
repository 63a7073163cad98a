"""What the model said, what a human corrected, and the opinions that hold after both."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from storage.models.types import Json, UtcDateTime


class Analysis(SQLModel, table=True):
    """One answer of one model version for one revision of a mention; the queue's other half.

    Pending means: no row here for (mention, its content hash, the current model version).
    A text that failed has a row too, with ``error`` and without a tone. ``targets`` holds the
    tone towards each brand that was asked about (by its id as text; None: the text does not name
    it); only a mention of several brands is asked. ``unasked`` counts brands that came to the
    mention later: while there are any, it is pending again.
    """

    __table_args__ = (UniqueConstraint("mention_id", "content_hash", "model_version"),)

    id: int | None = Field(default=None, primary_key=True)
    mention_id: int = Field(foreign_key="mention.id")
    content_hash: str
    model_version: str
    tone: str | None = None
    negative: float | None = None
    neutral: float | None = None
    positive: float | None = None
    kind: str | None = None
    intents: list[str] = Field(default_factory=list, sa_column=Column(Json, nullable=False))
    opinions: list[dict[str, Any]] = Field(
        default_factory=list, sa_column=Column(Json, nullable=False)
    )
    peak: float | None = None
    last: float | None = None
    mean: float | None = None
    error: str | None = None
    analysed_at: datetime = Field(sa_type=UtcDateTime)
    targets: dict[str, str | None] = Field(
        default_factory=dict, sa_column=Column(Json, nullable=False)
    )
    unasked: int = 0


class Opinion(SQLModel, table=True):
    """A judgement of one touchpoint that holds now (from the model or from a correction).

    ``start`` and ``end`` are code point offsets into the mention's text; ``brand_id`` is the
    brand it is counted for; ``score`` is None where a human set it. ``weight`` is what it has in
    the tone of its mention, in parts of :data:`storage.columns.WHOLE`.
    """

    __table_args__ = (
        Index("ix_opinion_mention", "mention_id"),
        # The last two only spare the look at the row itself.
        Index(
            "ix_opinion_touchpoint",
            *("brand_id", "touchpoint", "day", "mention_id"),
            *("source_id", "tone"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    mention_id: int = Field(foreign_key="mention.id")
    brand_id: int = Field(foreign_key="brand.id")
    source_id: int = Field(foreign_key="source.id")
    day: date
    touchpoint: str
    tone: str
    score: float | None = None
    start: int
    end: int
    weight: int = 0


class Correction(SQLModel, table=True):
    """A human's labels for one revision of a mention; None keeps the model's.

    The latest row that is not undone holds, as long as the text is the one that was corrected
    (``content_hash``). ``opinions`` is the full corrected list.
    """

    __table_args__ = (Index("ix_correction_mention", "mention_id"),)

    id: int | None = Field(default=None, primary_key=True)
    mention_id: int = Field(foreign_key="mention.id")
    content_hash: str
    tone: str | None = None
    kind: str | None = None
    opinions: list[dict[str, Any]] | None = Field(default=None, sa_column=Column(Json))
    created_at: datetime = Field(sa_type=UtcDateTime)
    undone_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
