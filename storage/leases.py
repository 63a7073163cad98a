"""Whose turn it is, and who is at it: no source is crawled twice at once, by however many.

All of this relies on one writer at a time (:mod:`storage.database`): a transaction may look, decide
and write. A holder that does not :func:`renew` in time loses its lease to whoever claims it next;
should it still live, :func:`check` stops it at its next write.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from collectors.schedules import parse
from storage import tables as t
from storage.errors import LeaseLost, NotFound

#: A holder of whom nothing was heard for so long is taken for dead.
SILENCE = timedelta(seconds=60)
#: What began, or ends, so far ahead of now was written by a clock that was put right since.
LEAP = timedelta(hours=1)
#: Crawls looked at for a clock that went back: more than may have been under way then.
_LATEST = 100

_source, _state, _lease = t.source.c, t.source_state.c, t.source_lease.c
#: The schedule that holds: the app's before the config's.
SCHEDULE = sa.func.coalesce(_source.app_schedule, _source.schedule)
#: Whether the source is crawled by itself.
SWITCHED_ON = sa.and_(sa.not_(_source.gone), sa.func.coalesce(_source.app_enabled, _source.enabled))


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to crawl a source; ``schedule`` as it held when the crawl began."""

    source_id: int
    holder: str
    schedule: str | None


class Refused(StrEnum):
    """Why a source cannot be claimed."""

    RUNNING = "running"
    SITE_BUSY = "site_busy"
    NOT_DUE = "not_due"


@dataclass(frozen=True, slots=True)
class Due:
    """A source whose turn has come; ``next_due`` is None for one that was never read."""

    name: str
    next_due: datetime | None


def plan(session: Session, *, zone: ZoneInfo, now: datetime) -> None:
    """Let the next turn follow a schedule that changed since it was reckoned.

    A turn that has come stays; so does a wait after a failure. Where the clock went back, no turn
    waits for the time that it had leapt to.
    """
    if _went_back(session, now):
        _bring_back(session, zone, now)
    started = sa.func.max(t.crawl.c.started_at)
    last = sa.select(started).where(t.crawl.c.source_id == _source.id).scalar_subquery()
    rows = session.execute(
        sa.select(_state.source_id, SCHEDULE.label("schedule"), _state.next_due, last.label("last"))
        .join(t.source, _source.id == _state.source_id)
        .where(
            SCHEDULE.is_not(None),
            _state.planned_by.is_distinct_from(SCHEDULE),
            _state.failures == 0,
            _state.next_due > now,
        )
    ).all()
    t.update_all(
        session,
        t.source_state,
        [
            {
                "source_id": row.source_id,
                "planned_by": row.schedule,
                "next_due": _next(row.schedule, min(row.last or now, now), zone, now),
            }
            for row in rows
        ],
    )


def _went_back(session: Session, now: datetime) -> bool:
    latest = sa.select(t.crawl.c.started_at).order_by(t.crawl.c.id.desc()).limit(_LATEST).subquery()
    started = session.scalar(sa.select(sa.func.max(latest.c.started_at)))
    return started is not None and started > now + LEAP


def _bring_back(session: Session, zone: ZoneInfo, now: datetime) -> None:
    """No turn later than the schedule would have it from now on, whatever it waited for."""
    rows = session.execute(
        sa.select(_state.source_id, SCHEDULE.label("schedule"), _state.next_due)
        .join(t.source, _source.id == _state.source_id)
        .where(SCHEDULE.is_not(None), _state.next_due > now)
    ).all()
    ends = {text: parse(text).after(now, zone) for text in {row.schedule for row in rows}}
    late = [row for row in rows if row.next_due > ends[row.schedule]]
    turns = [{"source_id": row.source_id, "next_due": ends[row.schedule]} for row in late]
    t.update_all(session, t.source_state, turns)


def _next(schedule: str, last: datetime, zone: ZoneInfo, now: datetime) -> datetime:
    """An interval counts from the last crawl, a cron expression speaks of the time to come."""
    known = parse(schedule)
    return known.after(now, zone) if known.interval is None else max(now, known.after(last, zone))


def due(session: Session, *, now: datetime) -> list[Due]:
    """Sources whose turn has come and that nobody is at, the longest waiting first."""
    rows = session.execute(
        _standing()
        .with_only_columns(_source.name, _state.next_due)
        .where(_is_due(now), _is_free(now))
        .order_by(_state.next_due.is_not(None), _state.next_due, _source.id)
    )
    return [Due(*row) for row in rows]


def claim(
    session: Session,
    name: str,
    *,
    holder: str,
    site: str,
    quota: str | None,
    now: datetime,
    until: datetime,
    only_due: bool,
    rested: datetime | None = None,
) -> Lease | Refused:
    """Take the right to crawl the source; ``site`` "" shares with any other crawl.

    ``rested`` is the end of a rest of the site that need not be waited for, see :func:`release`.
    """
    row = session.execute(
        _standing()
        .with_only_columns(
            _source.id,
            SCHEDULE.label("schedule"),
            _is_due(now).label("due"),
            _is_free(now).label("free"),
        )
        .where(_source.name == name)
    ).first()
    if row is None:
        raise NotFound(f"Источник «{name}» не описан ни в config.yaml, ни в приложении.")
    if not row.free:
        return Refused.RUNNING
    if only_due and not row.due:
        return Refused.NOT_DUE
    if site and _at_site(session, site, now, rested or now):
        return Refused.SITE_BUSY
    taken = {"holder": holder, "since": now, "until": until, "site": site}
    taken |= {"schedule": row.schedule, "quota": quota, "progress": {}}
    t.upsert(session, t.source_lease, [{"source_id": row.id, **taken}])
    return Lease(row.id, holder, row.schedule)


def check(session: Session, lease: Lease) -> None:
    """Raise LeaseLost where the source is no longer the holder's to write to."""
    holder = session.scalar(sa.select(_lease.holder).where(_lease.source_id == lease.source_id))
    if holder != lease.holder:
        raise LeaseLost("Источник перешёл к другому процессу: этот не отвечал слишком долго.")


def renew(
    session: Session, holder: str, progress: Mapping[int, Mapping[str, Any]], *, until: datetime
) -> set[int]:
    """Prolong the holder's leases (source id -> what is done so far); the ids still held."""
    for source_id, done in progress.items():
        session.execute(
            sa.update(t.source_lease)
            .where(_lease.source_id == source_id, _lease.holder == holder)
            .values(until=until, progress=dict(done))
        )
    return set(session.scalars(sa.select(_lease.source_id).where(_lease.holder == holder)))


def release(session: Session, lease: Lease, *, rest: datetime | None = None) -> None:
    """Give the right back; nothing where it was lost. Nobody is at its site before ``rest``."""
    session.execute(
        sa.update(t.source_lease)
        .where(_lease.source_id == lease.source_id, _lease.holder == lease.holder)
        .values(holder=None, since=None, until=rest)
    )


def app_says(session: Session, name: str) -> bool | None:
    """Whether the app has the source crawled or rest; None leaves it to the config."""
    return session.scalars(sa.select(_source.app_enabled).where(_source.name == name)).first()


def _standing() -> sa.Select[Any]:
    return (
        sa.select(_source.id)
        .outerjoin(t.source_state, _state.source_id == _source.id)
        .outerjoin(t.source_lease, _lease.source_id == _source.id)
    )


def _is_due(now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(
        SWITCHED_ON,
        SCHEDULE.is_not(None),
        sa.func.coalesce(_state.parked, sa.false()) == sa.false(),
        sa.or_(_state.next_due.is_(None), _state.next_due <= now),
    )


def _is_free(now: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(_lease.holder.is_(None), is_over(_lease.until, now))


def is_over(until: sa.ColumnElement[Any], now: datetime) -> sa.ColumnElement[bool]:
    """Whether the right that lasts ``until`` then is nobody's any more."""
    return sa.or_(until <= now, until > now + LEAP)


def _at_site(session: Session, site: str, now: datetime, rested: datetime) -> bool:
    """Whether somebody is at the site, or left it so shortly ago that it still rests."""
    taken = sa.or_(_lease.holder.is_not(None), _lease.until > rested)
    held = sa.and_(_lease.site == site, sa.not_(is_over(_lease.until, now)), taken)
    return bool(session.scalar(sa.select(sa.func.count()).where(held)))
