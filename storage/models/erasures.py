"""What was erased and whom not to store again."""

from datetime import datetime

from sqlalchemy import Column, Index
from sqlmodel import Field, SQLModel

from storage.models.types import Json, UtcDateTime


class Erasure(SQLModel, table=True):
    """A line of the log of erasures, without a name.

    ``author`` is the keyed hash (:mod:`storage.personal`) of one whose items are not stored again,
    in this source or (None) in any; None where mentions were erased for their age. ``counts``
    tells how many rows of which table went.
    """

    __table_args__ = (Index("ix_erasure_author", "author"),)

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
    author: str | None = None
    source_id: int | None = Field(default=None, foreign_key="source.id")
    counts: dict[str, int] = Field(default_factory=dict, sa_column=Column(Json, nullable=False))
