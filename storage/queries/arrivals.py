"""Mentions as they came, for rules that wake people: what is new, what a window of hours holds.

Only what has a date of its own counts: a page without dates, or a file, would all be «just now».
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select
from sqlmodel import Session, col

from storage import tables as t
from storage.filters import Filter
from storage.models import AlertQueue, Mention, MentionBrand
from storage.queries.mentions import reach
from storage.queries.scope import brand_rows

#: Mentions of a window that are named one by one, the newest.
MOST_NAMED = 50


@dataclass(frozen=True, slots=True)
class Arrival:
    """A mention that came; ``rating`` is on the scale 1…5, 0 for none."""

    mention_id: int
    moment: datetime
    rating: int


@dataclass(frozen=True, slots=True)
class Window:
    """The mentions of some hours: how many, how many of them rated, and the mean rating.

    ``mention_ids`` are the newest of them.
    """

    n: int
    rated: int
    mean: float | None
    mention_ids: tuple[int, ...] = ()


def newcomers(session: Session, *, upto: int, since: datetime) -> tuple[int, ...]:
    """Of the queue up to a mention, those that were published at ``since`` or later."""
    rows = (
        select(col(AlertQueue.mention_id))
        .join(Mention, col(Mention.id) == col(AlertQueue.mention_id))
        .where(col(AlertQueue.mention_id) <= upto, *_dated(since))
    )
    return tuple(session.scalars(rows))


def fitting(
    session: Session,
    where: Filter,
    least_reach: int | None,
    mention_ids: Collection[int],
    *,
    since: datetime,
) -> tuple[Arrival, ...]:
    """Those of ``mention_ids`` that the filter leaves, published at ``since`` or later."""
    rows = _arrivals(session, where, least_reach, since).where(_one_of(session))
    found = session.execute(rows, {"values": t.listed(session, mention_ids)})
    return tuple(Arrival(*row) for row in found)


def last_fitting(
    session: Session,
    where: Filter,
    least_reach: int | None,
    mention_ids: Collection[int],
    *,
    since: datetime,
) -> int | None:
    """The last of :func:`fitting`; None where there is none."""
    rows = _arrivals(session, where, least_reach, since).where(_one_of(session)).subquery()
    last = select(func.max(rows.c.mention_id))
    found: int | None = session.scalar(last, {"values": t.listed(session, mention_ids)})
    return found


def arrivals(
    session: Session, where: Filter, least_reach: int | None, *, since: datetime, until: datetime
) -> tuple[Arrival, ...]:
    """All that was published in ``since`` <= moment < ``until``, in order."""
    rows = _arrivals(session, _within(where, since, until), least_reach, since)
    moment = col(Mention.published_at)
    ordered = rows.where(moment < until).order_by(moment, col(Mention.id))
    return tuple(Arrival(*row) for row in session.execute(ordered))


def window(session: Session, where: Filter, least_reach: int | None, *, since: datetime) -> Window:
    """What was published at ``since`` or later."""
    rows = _arrivals(session, _within(where, since), least_reach, since)
    found = rows.subquery()
    n, rated, mean = session.execute(
        select(
            func.count(),
            func.count(func.nullif(found.c.rating, 0)),
            func.avg(func.nullif(found.c.rating, 0)),
        ).select_from(found)
    ).one()
    newest = rows.order_by(col(Mention.published_at).desc()).limit(MOST_NAMED)
    ids = tuple(row.mention_id for row in session.execute(newest))
    return Window(int(n), int(rated), None if mean is None else float(mean), ids)


def _arrivals(
    session: Session, where: Filter, least_reach: int | None, since: datetime
) -> Select[Any]:
    """Each mention once, whatever its brands."""
    row, moment = MentionBrand, col(Mention.published_at)
    columns: list[Any] = [col(row.mention_id), moment.label("moment")]
    columns.append(func.max(row.rating).label("rating"))
    rows: Select[Any] = (
        select(*columns)
        .join(Mention, col(Mention.id) == col(row.mention_id))
        .where(*brand_rows(session, where), *_dated(since))
        .group_by(col(row.mention_id), col(Mention.id), moment)
    )
    return rows.where(reach() >= least_reach) if least_reach else rows


def _one_of(session: Session) -> Any:
    return t.one_of(session.get_bind().dialect.name, t.mention_brand.c.mention_id)


def _dated(since: datetime) -> tuple[Any, Any]:
    return col(Mention.date_known).is_(True), col(Mention.published_at) >= since


def _within(where: Filter, since: datetime, until: datetime | None = None) -> Filter:
    """The filter with days a day wider than the moments, whatever the zone: for the index."""
    last = until.date() + timedelta(days=1) if until else None
    return replace(where, day_from=since.date() - timedelta(days=1), day_to=last)
