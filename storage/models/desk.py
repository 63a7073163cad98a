"""What people note while they work with the figures: the state of a pain, views to come back to."""

from datetime import date, datetime

from sqlalchemy import Column, Index
from sqlmodel import Field, SQLModel

from storage.models.types import Json, UtcDateTime


class TouchpointNote(SQLModel, table=True):
    """What is being done about a brand's touchpoint; the latest row that is not undone holds.

    ``status`` is of :class:`storage.notes.NoteStatus`; ``day`` is when it came to be so
    («исправлено 3 марта»), against which a later drop is read.
    """

    __tablename__ = "touchpoint_note"
    __table_args__ = (Index("ix_touchpoint_note_brand", "brand_id", "touchpoint"),)

    id: int | None = Field(default=None, primary_key=True)
    brand_id: int = Field(foreign_key="brand.id")
    touchpoint: str
    status: str
    note: str = ""
    day: date
    created_at: datetime = Field(sa_type=UtcDateTime)
    undone_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class SavedView(SQLModel, table=True):
    """A filter under a name; ``params`` is the link that opens it (lists of values by key)."""

    __tablename__ = "saved_view"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    page: str
    params: dict[str, list[str]] = Field(
        default_factory=dict, sa_column=Column(Json, nullable=False)
    )
    created_at: datetime = Field(sa_type=UtcDateTime)
