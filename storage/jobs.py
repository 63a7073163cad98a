"""Work that pages asked for, as its worker sees it; a killed worker's jobs are taken up again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage import tables as t
from storage.leases import is_over

#: A job during which so many workers died is not tried again: it may be what kills them.
MOST_ATTEMPTS = 3
_job = t.job.c


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """A job that this worker, and no other, shall do."""

    id: int
    kind: str
    payload: dict[str, Any]


def enqueue_job(session: Session, kind: str, payload: dict[str, Any], *, now: datetime) -> int:
    """Ask the worker for something; the job's id. One that already waits is not asked twice."""
    waiting = sa.select(_job.id, _job.payload).where(_job.kind == kind, _job.state == "queued")
    for job_id, asked in session.execute(waiting):
        if asked == payload:
            return int(job_id)
    row = {"kind": kind, "payload": payload, "state": "queued", "message": "", "created_at": now}
    row |= {"result": {}, "attempts": 0}
    result = session.execute(sa.insert(t.job).values(row).returning(_job.id))
    return int(result.scalar_one())


def claim_job(
    session: Session, *, holder: str, now: datetime, until: datetime
) -> ClaimedJob | None:
    """The oldest job that waits or whose worker was lost; two workers never get the same."""
    _give_up(session, now)
    lost = sa.and_(_job.state == "running", is_over(_job.until, now))
    oldest = (
        sa.select(sa.func.min(_job.id))
        .where(sa.or_(_job.state == "queued", lost))
        .scalar_subquery()
    )
    claimed = session.execute(
        sa.update(t.job)
        .where(_job.id == oldest)
        .values(
            state="running",
            started_at=now,
            holder=holder,
            until=until,
            attempts=_job.attempts + 1,
            result={},
        )
        .returning(_job.id, _job.kind, _job.payload)
    ).first()
    return ClaimedJob(*claimed) if claimed else None


def renew_jobs(
    session: Session, holder: str, results: Mapping[int, Mapping[str, Any]], *, until: datetime
) -> set[int]:
    """Prolong the holder's jobs (id -> what is known so far); the ids still held."""
    for job_id, result in results.items():
        session.execute(
            sa.update(t.job).where(_held(job_id, holder)).values(until=until, result=dict(result))
        )
    held = sa.select(_job.id).where(_job.holder == holder, _job.state == "running")
    return set(session.scalars(held))


def is_held(session: Session, job_id: int, holder: str) -> bool:
    """Whether the job is this worker's still: neither cancelled nor given to another."""
    return session.execute(sa.select(_job.id).where(_held(job_id, holder))).first() is not None


def put_back(session: Session, job_id: int, holder: str) -> None:
    """Let the job wait again; this attempt does not count."""
    session.execute(
        sa.update(t.job)
        .where(_held(job_id, holder))
        .values(
            state="queued", started_at=None, holder=None, until=None, attempts=_job.attempts - 1
        )
    )


def cancel_job(session: Session, job_id: int, *, now: datetime) -> None:
    """Let a job that waits or runs be done by nobody; its worker leaves it at its next step."""
    session.execute(
        sa.update(t.job)
        .where(_job.id == job_id, _job.state.in_(("queued", "running")))
        .values(state="failed", message="Остановлено.", finished_at=now, holder=None, until=None)
    )


def finish_job(
    session: Session,
    job_id: int,
    holder: str,
    *,
    ok: bool,
    message: str = "",
    result: Mapping[str, Any] | None = None,
    now: datetime,
) -> None:
    """Tell how a job ended; nothing where it is another worker's by now."""
    values = {"state": "done" if ok else "failed", "message": message, "finished_at": now}
    session.execute(
        sa.update(t.job)
        .where(_held(job_id, holder))
        .values(**values, result=dict(result or {}), until=None)
    )


def _held(job_id: int, holder: str) -> sa.ColumnElement[bool]:
    return sa.and_(_job.id == job_id, _job.holder == holder, _job.state == "running")


def _give_up(session: Session, now: datetime) -> None:
    session.execute(
        sa.update(t.job)
        .where(_job.state == "running", is_over(_job.until, now), _job.attempts >= MOST_ATTEMPTS)
        .values(
            state="failed",
            message="Работник несколько раз останавливался посреди этого задания. "
            "Подробности — в его выводе (otklik schedule).",
            finished_at=now,
        )
    )
