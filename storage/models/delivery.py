"""What is on its way to people outside: nothing is sent that does not stand here first."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index
from sqlmodel import Field, SQLModel

from storage.models.types import Json, UtcDateTime


class Delivery(SQLModel, table=True):
    """One message to one channel; ``state`` goes waiting -> sent | failed | cancelled.

    ``key`` is equal for the same message to the same channel, so that nothing is queued twice.
    ``kind`` and ``payload`` are all that composes the message anew at each attempt; ``parts`` are
    those that the channel has acknowledged (a Telegram message, its file), never sent again.
    ``message_id`` is the same at each attempt. A waiting one is tried at ``due_at``, by ``holder``
    until the moment ``until``.
    """

    __table_args__ = (Index("ix_delivery_due", "state", "due_at"),)

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    channel: str
    kind: str
    title: str = ""
    payload: dict[str, Any] = Field(default_factory=dict, sa_column=Column(Json, nullable=False))
    message_id: str
    state: str = "waiting"
    parts: list[str] = Field(default_factory=list, sa_column=Column(Json, nullable=False))
    attempts: int = 0
    error: str = ""
    created_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    holder: str | None = None
    until: datetime | None = Field(default=None, sa_type=UtcDateTime)
