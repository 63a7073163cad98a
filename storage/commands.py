"""The write side for views: corrections by hand, and work asked of the worker."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nlp.labels import Kind, Tone, Touchpoint
from storage import tables as t
from storage.errors import NotFound, StorageError
from storage.labelling import relabel


@dataclass(frozen=True, slots=True)
class CorrectedOpinion:
    """A judgement set by a human; ``start`` and ``end`` as in :class:`nlp.analysis.Opinion`."""

    touchpoint: Touchpoint
    tone: Tone
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ClaimedJob:
    """A job that this worker, and no other, shall do."""

    id: int
    kind: str
    payload: dict[str, Any]


def correct(
    session: Session,
    mention_id: int,
    *,
    tone: Tone | None = None,
    kind: Kind | None = None,
    opinions: Sequence[CorrectedOpinion] | None = None,
    now: datetime,
) -> None:
    """Let a human's labels hold; None keeps what holds, ``opinions`` replace the whole list.

    They hold for the present text: an edit at the source sets them aside, as what they judged
    is no longer there.
    """
    mention = session.execute(
        sa.select(t.mention.c.content_hash, sa.func.length(t.mention.c.text).label("length")).where(
            t.mention.c.id == mention_id
        )
    ).first()
    if mention is None:
        raise _no_mention(mention_id)
    if any(not 0 <= item.start <= item.end <= mention.length for item in opinions or ()):
        raise StorageError("Выделенный фрагмент выходит за пределы текста.")
    earlier = _active(session, mention_id, mention.content_hash)
    row = {
        "mention_id": mention_id,
        "content_hash": mention.content_hash,
        "tone": str(tone) if tone else earlier and earlier.tone,
        "kind": str(kind) if kind else earlier and earlier.kind,
        "opinions": earlier and earlier.opinions
        if opinions is None
        else [asdict(opinion) for opinion in opinions],
        "created_at": now,
    }
    t.insert_all(session, t.correction, [row])
    relabel(session, [mention_id])


def undo_correction(session: Session, mention_id: int, *, now: datetime) -> None:
    """Take back the latest correction of the present text; the one before it holds again."""
    found = session.scalar(sa.select(t.mention.c.content_hash).where(t.mention.c.id == mention_id))
    if found is None:
        raise _no_mention(mention_id)
    latest = _active(session, mention_id, found)
    if latest is None:
        raise NotFound(f"У упоминания {mention_id} нет исправлений, которые можно отменить.")
    t.update_all(session, t.correction, [{"id": latest.id, "undone_at": now}])
    relabel(session, [mention_id])


def _active(session: Session, mention_id: int, content_hash: str) -> Any:
    correction = t.correction.c
    return session.execute(
        sa.select(correction.id, correction.tone, correction.kind, correction.opinions)
        .where(
            correction.mention_id == mention_id,
            correction.content_hash == content_hash,
            correction.undone_at.is_(None),
        )
        .order_by(correction.id.desc())
        .limit(1)
    ).first()


def _no_mention(mention_id: int) -> NotFound:
    return NotFound(f"Упоминания {mention_id} нет в базе данных.")


def enqueue_job(session: Session, kind: str, payload: dict[str, Any], *, now: datetime) -> int:
    """Ask the worker for something; the job's id."""
    row = {"kind": kind, "payload": payload, "state": "queued", "message": "", "created_at": now}
    result = session.execute(sa.insert(t.job).values(row).returning(t.job.c.id))
    return int(result.scalar_one())


def claim_job(session: Session, *, now: datetime) -> ClaimedJob | None:
    """The oldest queued job, now running; two workers never get the same (one writer at a time)."""
    job = t.job.c
    oldest = sa.select(sa.func.min(job.id)).where(job.state == "queued").scalar_subquery()
    claimed = session.execute(
        sa.update(t.job)
        .where(job.id == oldest)
        .values(state="running", started_at=now)
        .returning(job.id, job.kind, job.payload)
    ).first()
    return ClaimedJob(*claimed) if claimed else None


def finish_job(
    session: Session, job_id: int, *, ok: bool, message: str = "", now: datetime
) -> None:
    """Tell how a job ended."""
    state = "done" if ok else "failed"
    _end_jobs(session, t.job.c.id == job_id, state, message, now)


def fail_running_jobs(session: Session, message: str, *, now: datetime) -> None:
    """End what a killed worker left running; for a worker that starts and is the only one."""
    _end_jobs(session, t.job.c.state == "running", "failed", message, now)


def _end_jobs(
    session: Session, which: sa.ColumnElement[bool], state: str, message: str, now: datetime
) -> None:
    session.execute(
        sa.update(t.job).where(which).values(state=state, message=message, finished_at=now)
    )
