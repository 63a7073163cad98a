"""How collecting goes: every source with its state and next turn, past crawls, the worker."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from collectors.schedules import parse
from storage import settings
from storage.leases import LEAP, SILENCE
from storage.models import (
    Brand,
    Crawl,
    QuotaUse,
    Source,
    SourceLease,
    SourceState,
)


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


#: Without ``detail``: it may be a whole page, see :func:`crawl_detail`.
_CRAWL = tuple(getattr(Crawl, name) for name in CrawlRow.__slots__)


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
    app or import; ``overridden`` tells that the app's word holds before the config's, which is
    ``declared_words`` and ``declared_enabled``; ``enabled`` is what holds, and tells of a running
    source whether it goes on afterwards. ``brand`` is empty where the source is shared.
    """

    id: int
    name: str
    title: str
    type: str
    origin: str
    brand: str
    options: Mapping[str, Any]
    state: State
    schedule: str | None
    words: str
    overridden: bool
    declared_words: str
    declared_enabled: bool
    enabled: bool
    next_due: datetime | None
    running_since: datetime | None
    progress: Mapping[str, Any]
    failures: int
    crawl: CrawlRow | None
    quota: QuotaLeft | None

    @property
    def label(self) -> str:
        """What is shown."""
        return self.title or self.name


def sources_now(session: Session, *, now: datetime) -> tuple[SourceNow, ...]:
    """All sources by name, with their state."""
    latest = select(func.max(col(Crawl.id))).group_by(col(Crawl.source_id))
    crawls = {
        row[0]: _crawl(row[1:])
        for row in session.execute(
            select(col(Crawl.source_id), *_CRAWL).where(col(Crawl.id).in_(latest))
        )
    }
    rows = session.execute(
        select(Source, SourceState, SourceLease, QuotaUse, col(Brand.name))
        .outerjoin(Brand, col(Brand.id) == col(Source.brand_id))
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
            brand or "",
            crawls.get(source.id or 0),
            now,
        )
        for source, state, lease, quota, brand in rows
    )


def history(session: Session, source_id: int, *, limit: int = 50) -> tuple[CrawlRow, ...]:
    """The latest crawls of a source, newest first."""
    rows = session.execute(
        select(*_CRAWL)
        .where(col(Crawl.source_id) == source_id)
        .order_by(col(Crawl.started_at).desc(), col(Crawl.id).desc())
        .limit(limit)
    )
    return tuple(_crawl(row) for row in rows)


def crawl_detail(session: Session, crawl_id: int) -> str:
    """What a crawl left for the developer (a traceback, a page's body); empty where nothing."""
    return session.scalar(select(col(Crawl.detail)).where(col(Crawl.id) == crawl_id)) or ""


def worker_seen(session: Session) -> datetime | None:
    """When a worker last gave a sign of life; None where none ever did or it said goodbye."""
    beat = settings.get(session, settings.WORKER)
    return datetime.fromisoformat(beat["at"]) if beat else None


def worker_is_alive(session: Session, *, now: datetime) -> bool:
    """Whether somebody crawls on schedule and does jobs."""
    seen = worker_seen(session)
    # Also ahead of us: a clock that has been put back would hear a dead one for long.
    return seen is not None and abs(now - seen) < SILENCE


def _source(
    source: Source,
    state: SourceState | None,
    lease: SourceLease | None,
    quota: QuotaUse | None,
    brand: str,
    crawl: CrawlRow | None,
    now: datetime,
) -> SourceNow:
    schedule = source.app_schedule or source.schedule
    running = lease if lease and lease.holder and _lasts(lease.until, now) else None
    return SourceNow(
        id=source.id or 0,
        name=source.name,
        title=source.title,
        type=source.type,
        origin=source.origin,
        brand=brand,
        options=source.options,
        state=State.RUNNING if running else _state(source, state, schedule, now),
        schedule=schedule,
        words=_words(schedule),
        overridden=source.app_schedule is not None or source.app_enabled is not None,
        declared_words=_words(source.schedule),
        declared_enabled=source.enabled,
        enabled=source.enabled if source.app_enabled is None else source.app_enabled,
        next_due=state.next_due if state else None,
        running_since=running.since if running else None,
        progress=running.progress if running else {},
        failures=state.failures if state else 0,
        crawl=crawl,
        quota=_quota(quota, now) if quota else None,
    )


def _lasts(until: datetime | None, now: datetime) -> bool:
    return until is not None and now < until <= now + LEAP


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


def _words(schedule: str | None) -> str:
    return parse(schedule).words if schedule else ""


def _crawl(values: Sequence[Any]) -> CrawlRow:
    fields = dict(zip(CrawlRow.__slots__, values, strict=True))
    return CrawlRow(
        **fields | {"samples": tuple(fields["samples"]), "notes": tuple(fields["notes"])}
    )
