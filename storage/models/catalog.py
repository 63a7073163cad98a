"""What is watched: brands and sources, how far each source was read, how each crawl ended."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index
from sqlmodel import Field, SQLModel

from storage.models.types import Json, UtcDateTime

#: The brand of mentions in which no configured brand was found: every mention has a brand row.
NO_BRAND = ""


class Brand(SQLModel, table=True):
    """A brand, ours or a competitor's; ``origin`` tells who declared it.

    That is config, import, app, or system for :data:`NO_BRAND`. A brand that left config.yaml
    is not ``enabled``: its mentions stay, new ones are not matched to it. ``app_query`` was set in
    the app and outranks the config's ``query`` until it is taken back (None); where the one that
    holds is empty, names decide.
    """

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True)
    name: str
    aliases: list[str] = Field(default_factory=list, sa_column=Column(Json, nullable=False))
    competitor: bool = False
    query: str = ""
    app_query: str | None = None
    enabled: bool = True
    origin: str = "config"


class Source(SQLModel, table=True):
    """A source; without ``brand_id`` it is shared and mentions are matched.

    ``schedule`` is what config.yaml says («30м», cron) and None where nothing is to be done by
    itself; ``app_schedule`` and ``app_enabled`` are what the app says and hold before it. A source
    that left config.yaml, or was removed in the app, is ``gone``: its mentions stay.
    """

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    type: str
    title: str = ""
    brand_id: int | None = Field(default=None, foreign_key="brand.id")
    options: dict[str, Any] = Field(default_factory=dict, sa_column=Column(Json, nullable=False))
    schedule: str | None = None
    enabled: bool = True
    gone: bool = False
    app_schedule: str | None = None
    app_enabled: bool | None = None
    origin: str = "config"


class SourceState(SQLModel, table=True):
    """How far a source was read and when it is due; written after the items, never before.

    ``planned_by`` is the schedule that ``next_due`` was reckoned by.
    """

    __tablename__ = "source_state"

    source_id: int = Field(primary_key=True, foreign_key="source.id")
    cursor: datetime | None = Field(default=None, sa_type=UtcDateTime)
    state: dict[str, Any] = Field(default_factory=dict, sa_column=Column(Json, nullable=False))
    failures: int = 0
    next_due: datetime | None = Field(default=None, sa_type=UtcDateTime)
    parked: bool = False
    planned_by: str | None = None


class Crawl(SQLModel, table=True):
    """The outcome of one crawl of one source, with its coverage.

    ``samples`` shows some of the items that were left out, ``notes`` of those that were kept with
    a remark; each is {"where", "reason"}.
    """

    __table_args__ = (Index("ix_crawl_source_started", "source_id", "started_at"),)

    id: int | None = Field(default=None, primary_key=True)
    source_id: int = Field(foreign_key="source.id")
    started_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime = Field(sa_type=UtcDateTime)
    status: str
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    deleted: int = 0
    skipped: int = 0
    asked_from: datetime | None = Field(default=None, sa_type=UtcDateTime)
    oldest: datetime | None = Field(default=None, sa_type=UtcDateTime)
    newest: datetime | None = Field(default=None, sa_type=UtcDateTime)
    cap_hit: str | None = None
    samples: list[dict[str, str]] = Field(
        default_factory=list, sa_column=Column(Json, nullable=False)
    )
    notes: list[dict[str, str]] = Field(
        default_factory=list, sa_column=Column(Json, nullable=False)
    )
    error: str = ""
    detail: str = ""


class Setting(SQLModel, table=True):
    """Facts about this database: the zone its days are in, the demo's day of loading, …"""

    key: str = Field(primary_key=True)
    value: Any = Field(default=None, sa_column=Column(Json))
