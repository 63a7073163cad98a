"""How collecting goes: every source with its state and next turn, past crawls, jobs, the worker."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from collectors.schedules import parse
from storage import settings
from storage.errors import NotFound
from storage.leases import SILENCE
from storage.models import Crawl, Job, MentionDaily, QuotaUse, Source, SourceLease, SourceState


class State(StrEnum):
    """What a source is doing, the most telling first."""

    RUNNING = "running"
    GONE = "gone"
    PAUSED = "paused"
    OFF = "off"
    PARKED = "parked"
    BY_HAND = "by_hand"
    LATER = "later"
    DUE = "due"
    WAITING = "waiting"

    @property
    def words(self) -> str:
        """For the user."""
        return _WORDS[self]


_WORDS = {
    State.RUNNING: "собирается",
    State.GONE: "убран из настроек",
    State.PAUSED: "на паузе",
    State.OFF: "выключен в config.yaml",
    State.PARKED: "ждёт человека",
    State.BY_HAND: "загружается вручную",
    State.LATER: "отложен",
    State.DUE: "в очереди",
    State.WAITING: "ждёт своего времени",
}


@dataclass(frozen=True, slots=True)
class CrawlRow:
    """How one crawl ended; ``samples`` and ``notes`` are {"where", "reason"}.

    Asked for was everything from ``asked_from`` on; the dates that came are ``oldest`` to
    ``newest``; ``cap_hit`` names the source's limit that ended the list before that, if any.
    """

    id: int
    started_at: datetime
    finished_at: datetime
    status: str
    new: int
    changed: int
    unchanged: int
    deleted: int
    skipped: int
    asked_from: datetime | None
    oldest: datetime | None
    newest: datetime | None
    cap_hit: str | None
    samples: tuple[Mapping[str, str], ...]
    notes: tuple[Mapping[str, str], ...]
    error: str
    detail: str


@dataclass(frozen=True, slots=True)
class QuotaLeft:
    """What is left of the key's calls of this day, which ends at ``resets_at``."""

    per_day: int
    left: int
    resets_at: datetime


@dataclass(frozen=True, slots=True)
class SourceNow:
    """A source at this moment. ``progress`` of a running crawl: pages, new, changed, …

    ``schedule`` is the one that holds and ``words`` the same for the user; ``origin`` is config,
    app or import; ``overridden`` tells that the app's word holds before the config's.
    """

    id: int
    name: str
    title: str
    type: str
    origin: str
    options: Mapping[str, Any]
    state: State
    schedule: str | None
    words: str
    overridden: bool
    next_due: datetime | None
    running_since: datetime | None
    progress: Mapping[str, Any]
    failures: int
    mentions: int
    crawl: CrawlRow | None
    quota: QuotaLeft | None

    @property
    def label(self) -> str:
        """What is shown."""
        return self.title or self.name


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


def sources_now(session: Session, *, now: datetime) -> tuple[SourceNow, ...]:
    """All sources by name, with their state."""
    latest = select(func.max(col(Crawl.id))).group_by(col(Crawl.source_id))
    crawls = {
        crawl.source_id: _crawl(crawl)
        for crawl in session.scalars(select(Crawl).where(col(Crawl.id).in_(latest)))
    }
    stored = dict(
        session.execute(
            select(col(MentionDaily.source_id), func.sum(col(MentionDaily.n))).group_by(
                col(MentionDaily.source_id)
            )
        ).all()
    )
    rows = session.execute(
        select(Source, SourceState, SourceLease, QuotaUse)
        .outerjoin(SourceState, col(SourceState.source_id) == col(Source.id))
        .outerjoin(SourceLease, col(SourceLease.source_id) == col(Source.id))
        .outerjoin(QuotaUse, col(QuotaUse.key) == col(SourceLease.quota))
        .order_by(col(Source.name))
    )
    return tuple(
        _source(
            source,
            state,
            lease,
            quota,
            crawls.get(source.id or 0),
            int(stored.get(source.id or 0, 0)),
            now,
        )
        for source, state, lease, quota in rows
    )


def history(session: Session, source_id: int, *, limit: int = 50) -> tuple[CrawlRow, ...]:
    """The latest crawls of a source, newest first."""
    rows = session.scalars(
        select(Crawl)
        .where(col(Crawl.source_id) == source_id)
        .order_by(col(Crawl.started_at).desc(), col(Crawl.id).desc())
        .limit(limit)
    )
    return tuple(_crawl(row) for row in rows)


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


def worker_seen(session: Session) -> datetime | None:
    """When a worker last gave a sign of life; None where none ever did or it said goodbye."""
    beat = settings.get(session, settings.WORKER)
    return datetime.fromisoformat(beat["at"]) if beat else None


def worker_is_alive(session: Session, *, now: datetime) -> bool:
    """Whether somebody crawls on schedule and does jobs."""
    seen = worker_seen(session)
    return seen is not None and now - seen < SILENCE


def _source(
    source: Source,
    state: SourceState | None,
    lease: SourceLease | None,
    quota: QuotaUse | None,
    crawl: CrawlRow | None,
    mentions: int,
    now: datetime,
) -> SourceNow:
    schedule = source.app_schedule or source.schedule
    running = lease if lease and lease.holder and lease.until and lease.until > now else None
    return SourceNow(
        id=source.id or 0,
        name=source.name,
        title=source.title,
        type=source.type,
        origin=source.origin,
        options=source.options,
        state=State.RUNNING if running else _state(source, state, schedule, now),
        schedule=schedule,
        words=parse(schedule).words if schedule else "",
        overridden=source.app_schedule is not None or source.app_enabled is not None,
        next_due=state.next_due if state else None,
        running_since=running.since if running else None,
        progress=running.progress if running else {},
        failures=state.failures if state else 0,
        mentions=mentions,
        crawl=crawl,
        quota=_quota(quota, now) if quota else None,
    )


def _state(source: Source, state: SourceState | None, schedule: str | None, now: datetime) -> State:
    if source.gone:
        return State.GONE
    if source.app_enabled is False:
        return State.PAUSED
    if not (source.enabled or source.app_enabled):
        return State.OFF
    if state and state.parked:
        return State.PARKED
    if schedule is None:
        return State.BY_HAND
    if state is None or state.next_due is None or state.next_due <= now:
        return State.DUE
    return State.LATER if state.failures else State.WAITING


def _quota(quota: QuotaUse, now: datetime) -> QuotaLeft:
    used = quota.used if quota.resets_at > now else 0
    return QuotaLeft(quota.per_day, max(0, quota.per_day - used), quota.resets_at)


def _crawl(crawl: Crawl) -> CrawlRow:
    fields = {name: getattr(crawl, name) for name in CrawlRow.__slots__}
    return CrawlRow(**fields | {"samples": tuple(crawl.samples), "notes": tuple(crawl.notes)})


def _job(job: Job) -> JobRow:
    return JobRow(**{name: getattr(job, name) for name in JobRow.__slots__})
