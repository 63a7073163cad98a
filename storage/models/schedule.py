"""Who is crawling what at the moment, and how many calls of a key's day are spent."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column
from sqlmodel import Field, SQLModel

from storage.models.types import Json, UtcDateTime


class SourceLease(SQLModel, table=True):
    """The right to crawl a source: ``holder``'s until the moment ``until``, then anybody's.

    ``holder`` is None while nobody crawls. ``site`` is what may be asked by one crawl at a time,
    ``schedule`` the one that held when the crawl began; ``progress`` counts what is stored so far.
    ``quota`` is the key (:class:`QuotaUse`) that the source's calls count for.
    """

    __tablename__ = "source_lease"

    source_id: int = Field(primary_key=True, foreign_key="source.id")
    holder: str | None = None
    since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    site: str = ""
    schedule: str | None = None
    quota: str | None = None
    progress: dict[str, Any] = Field(default_factory=dict, sa_column=Column(Json, nullable=False))


class QuotaUse(SQLModel, table=True):
    """Calls made with a key (a digest of it) in the day that ends at ``resets_at``."""

    __tablename__ = "quota_use"

    key: str = Field(primary_key=True)
    used: int
    per_day: int
    resets_at: datetime = Field(sa_type=UtcDateTime)
