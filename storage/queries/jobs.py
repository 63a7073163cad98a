"""Work that was asked of the worker, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from storage.errors import NotFound
from storage.models import Job


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job and what is known of it so far; ``state`` goes queued -> running -> done | failed."""

    id: int
    kind: str
    payload: Mapping[str, Any]
    state: str
    message: str
    result: Mapping[str, Any]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether something is still to come."""
        return self.finished_at is None


def job(session: Session, job_id: int) -> JobRow:
    """A job by its id; raises NotFound."""
    found = session.get(Job, job_id)
    if found is None:
        raise NotFound(f"Задания {job_id} нет в базе данных.")
    return _job(found)


def open_jobs(session: Session) -> tuple[JobRow, ...]:
    """Jobs that wait or are being done, oldest first."""
    rows = session.scalars(
        select(Job).where(col(Job.state).in_(("queued", "running"))).order_by(col(Job.id))
    )
    return tuple(_job(row) for row in rows)


def jobs_of(session: Session, source: str, *, limit: int = 5) -> tuple[JobRow, ...]:
    """The latest jobs that name the source, newest first."""
    rows = session.scalars(
        select(Job)
        .where(col(Job.payload)["source"].as_string() == source)
        .order_by(col(Job.id).desc())
        .limit(limit)
    )
    return tuple(_job(row) for row in rows)


def last_job(session: Session, kind: str) -> JobRow | None:
    """The latest job of this kind, if there was any."""
    found = session.scalar(
        select(Job).where(col(Job.kind) == kind).order_by(col(Job.id).desc()).limit(1)
    )
    return _job(found) if found else None


def _job(job: Job) -> JobRow:
    return JobRow(**{name: getattr(job, name) for name in JobRow.__slots__})
