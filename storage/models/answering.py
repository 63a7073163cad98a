"""What the team does with a mention: its status, who is at it, when it was answered."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from storage.models.types import UtcDateTime


class Handling(SQLModel, table=True):
    """One step of handling a mention; the latest row that is not undone holds.

    ``status`` is of :class:`storage.handling.Status`; ``answered_at`` is when it first became
    «answered» by these steps.
    """

    __table_args__ = (Index("ix_handling_mention", "mention_id", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    mention_id: int = Field(foreign_key="mention.id")
    status: str
    assignee: str = ""
    note: str = ""
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)
    undone_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
