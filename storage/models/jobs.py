"""Work a page asks for and a worker does: pages never crawl, train or call the network."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index
from sqlmodel import Field, SQLModel

from storage.models.types import Json, UtcDateTime


class Job(SQLModel, table=True):
    """One request: ``state`` goes queued -> running -> done | failed.

    ``result`` is what is known so far, whole when the job is done. It is ``holder``'s until the
    moment ``until``; ``attempts`` counts the workers that took it.
    """

    __table_args__ = (Index("ix_job_state", "state", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    payload: dict[str, Any] = Field(default_factory=dict, sa_column=Column(Json, nullable=False))
    state: str = "queued"
    message: str = ""
    created_at: datetime = Field(sa_type=UtcDateTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    result: dict[str, Any] = Field(default_factory=dict, sa_column=Column(Json, nullable=False))
    holder: str | None = None
    until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    attempts: int = 0
