"""What the team does with a mention: its status, who is at it, when it was answered."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from storage.models.types import UtcDateTime

_UNDONE = text("undone_at IS NOT NULL")
#: As each database spells it in a query, else the index would not be used.
_HOLDS: dict[str, Any] = {"sqlite_where": text("holds = 1"), "postgresql_where": text("holds")}


class Handling(SQLModel, table=True):
    """One step of handling a mention: what its status, assignee and note were from then on.

    ``status`` is of :class:`storage.columns.Status`. Of each mention the latest step that is not
    undone ``holds``; its ``answered_at`` is when the first such step said «answered». The steps of
    one batch share ``created_at``, its key.
    """

    __table_args__ = (
        Index("ix_handling_mention", "mention_id", "id"),
        Index("ix_handling_batch", "created_at"),
        Index("ix_handling_undone", "undone_at", sqlite_where=_UNDONE, postgresql_where=_UNDONE),
        Index("ix_handling_holds", "mention_id", unique=True, **_HOLDS),
        Index("ix_handling_status", "status", "assignee", "mention_id", **_HOLDS),
    )

    id: int | None = Field(default=None, primary_key=True)
    mention_id: int = Field(foreign_key="mention.id")
    status: str
    assignee: str = ""
    note: str = ""
    holds: bool = True
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)
    undone_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
