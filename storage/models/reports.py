"""Reports that were built, and those that are built and sent by themselves."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Column, Index
from sqlmodel import Field, SQLModel

from storage.models.types import Json, UtcDateTime


class Report(SQLModel, table=True):
    """A report of a brand over days; ``state`` goes queued -> done | failed | cancelled.

    ``params`` is all that builds it again beside the days: formats, the channels that get it, and
    since it was first built its zone, journey and model. ``files`` tells the files by format (name,
    bytes), which lie in the folder of reports. ``plan_id`` is the plan that asked for it, None for
    a person; ``job_id`` the job that builds it, or did last. A failed one of a plan is tried again
    at ``retry_at``, after ``attempts``. A deleted one stays, so that it can come back.
    """

    __table_args__ = (Index("ix_report_created", "created_at"),)

    id: int | None = Field(default=None, primary_key=True)
    brand_id: int = Field(foreign_key="brand.id")
    day_from: date
    day_to: date
    params: dict[str, Any] = Field(default_factory=dict, sa_column=Column(Json, nullable=False))
    plan_id: int | None = Field(default=None, foreign_key="report_plan.id")
    job_id: int | None = None
    state: str = "queued"
    message: str = ""
    attempts: int = 0
    retry_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    files: dict[str, Any] = Field(default_factory=dict, sa_column=Column(Json, nullable=False))
    created_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    deleted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ReportPlan(SQLModel, table=True):
    """A report built by a schedule and sent to channels.

    ``schedule`` is a cron expression in the configured zone, ``period`` what each report is of: the
    last whole week, month or quarter. ``channels`` are names of config.yaml. ``origin`` is config
    or app, as for sources; ``gone`` plans keep their history.
    """

    __tablename__ = "report_plan"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    brand_id: int = Field(foreign_key="brand.id")
    period: str
    formats: list[str] = Field(default_factory=list, sa_column=Column(Json, nullable=False))
    schedule: str
    channels: list[str] = Field(default_factory=list, sa_column=Column(Json, nullable=False))
    enabled: bool = True
    origin: str = "app"
    gone: bool = False
    next_due: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)
