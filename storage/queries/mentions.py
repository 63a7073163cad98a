"""Mentions themselves: a page of them, how many there are, and all of them as a stream."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import islice
from typing import cast

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col

from storage.filters import Filter
from storage.models import Mention, MentionBrand
from storage.queries.rows import MentionRow, load
from storage.queries.scope import brand_rows

_BATCH = 500

#: A stored mention always has its id.
_id = cast(Mapped[int], col(Mention.id))


def mentions(
    session: Session, where: Filter, *, limit: int, offset: int = 0
) -> tuple[MentionRow, ...]:
    """A page of mentions, newest first, in a fixed number of queries."""
    ids = session.scalars(_ids(session, where).limit(limit).offset(offset)).all()
    return load(session, where, ids)


def repeats(session: Session, mention_id: int, *, limit: int) -> tuple[MentionRow, ...]:
    """The others of the mention's group, the earliest first."""
    group = select(col(Mention.group_id)).where(_id == mention_id).scalar_subquery()
    ids = (
        select(_id)
        .where(col(Mention.group_id) == group, _id != mention_id)
        .order_by(col(Mention.published_at), _id)
        .limit(limit)
    )
    return load(session, Filter(), session.scalars(ids).all())


def count(session: Session, where: Filter) -> int:
    """How many mentions :func:`mentions` pages over (each once, whatever its brands)."""
    rows = select(func.count(func.distinct(col(MentionBrand.mention_id)))).where(
        *brand_rows(session, where)
    )
    return int(session.execute(rows).scalar_one())


def export(session: Session, where: Filter) -> Iterator[MentionRow]:
    """All mentions of the filter, newest first, read in batches.

    Only the ids are taken at once, so rows that arrive meanwhile change nothing.
    """
    remaining = iter(session.scalars(_ids(session, where)).all())
    while batch := list(islice(remaining, _BATCH)):
        yield from load(session, where, batch)


def _ids(session: Session, where: Filter) -> Select[int]:
    rows = select(col(MentionBrand.mention_id)).where(*brand_rows(session, where))
    # Few mentions hold a word: they are looked up. Other filters leave many: mentions are walked
    # newest first until the page is full.
    own_row = rows.where(col(MentionBrand.mention_id) == _id).correlate(Mention)
    chosen = _id.in_(rows) if where.text else exists(own_row)
    return (
        select(_id)
        .where(chosen, *_around(where))
        .order_by(col(Mention.published_at).desc(), _id.desc())
    )


def _around(where: Filter) -> list[ColumnElement[bool]]:
    """Bounds of the moment a day wider than those of the day, whatever its zone.

    The rows are walked newest first, and this tells the index where to begin and to stop.
    """
    moment, midnight = col(Mention.published_at), time(tzinfo=UTC)
    bounds: list[ColumnElement[bool]] = []
    if where.day_from:
        bounds.append(moment >= datetime.combine(where.day_from - timedelta(days=1), midnight))
    if where.day_to:
        bounds.append(moment < datetime.combine(where.day_to + timedelta(days=2), midnight))
    return bounds
