"""How far each source was read in a period: what a report must own up to."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from storage.models import Crawl, Source

#: Outcomes of crawls that came to their end, as the collecting layer names them.
_FINE = ("ok", "not_modified")


@dataclass(frozen=True, slots=True)
class Capped:
    """A crawl that was given less than it asked for: nothing from ``asked_from`` (None: ever) to
    ``oldest`` (None: nothing with a date came); ``limit`` is what ended the list."""

    asked_from: datetime | None
    oldest: datetime | None
    limit: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """A source and how far it was read. ``brand_id`` is None where it is shared.

    ``read_at`` is when it was last read to its end (None: never), ``capped`` what it kept back of
    the period, ``skipped`` how many items of one crawl could not be read at most.
    """

    source_id: int
    brand_id: int | None
    read_at: datetime | None
    capped: tuple[Capped, ...]
    skipped: int


def coverage(session: Session, begin: datetime, until: datetime) -> dict[int, Coverage]:
    """How far each source was read of what was published from ``begin`` to ``until``."""
    fine = (
        select(col(Crawl.finished_at))
        .where(col(Crawl.source_id) == col(Source.id), col(Crawl.status).in_(_FINE))
        .order_by(col(Crawl.started_at).desc())
        .limit(1)
        .correlate(Source)
        .scalar_subquery()
    )
    capped, skipped = _capped(session, begin, until), _skipped(session, begin, until)
    rows = session.execute(select(col(Source.id), col(Source.brand_id), fine))
    return {
        source: Coverage(source, brand, read_at, tuple(capped[source]), skipped.get(source, 0))
        for source, brand, read_at in rows
    }


def _capped(session: Session, begin: datetime, until: datetime) -> dict[int, list[Capped]]:
    """What was kept back and not read by a later crawl that asked for it again."""
    later = aliased(Crawl)
    again = (
        select(col(later.id))
        .where(
            col(later.source_id) == col(Crawl.source_id),
            col(later.started_at) > col(Crawl.started_at),
            col(later.status) == "ok",
            col(later.cap_hit).is_(None),
            or_(col(later.asked_from) <= col(Crawl.asked_from), col(later.asked_from) <= begin),
        )
        .exists()
    )
    rows = session.execute(
        select(col(Crawl.source_id), col(Crawl.asked_from), col(Crawl.oldest), col(Crawl.cap_hit))
        .where(
            _looked(begin, until),
            col(Crawl.cap_hit).is_not(None),
            or_(col(Crawl.oldest).is_(None), col(Crawl.oldest) > begin),
            ~again,
        )
        .order_by(col(Crawl.id))
    )
    found: dict[int, list[Capped]] = defaultdict(list)
    for source, *row in rows:
        found[source].append(Capped(*row))
    return found


def _skipped(session: Session, begin: datetime, until: datetime) -> dict[int, int]:
    rows = session.execute(
        select(col(Crawl.source_id), func.max(col(Crawl.skipped)))
        .where(_looked(begin, until), col(Crawl.skipped) > 0)
        .group_by(col(Crawl.source_id))
    )
    return {source: int(skipped) for source, skipped in rows}


def _looked(begin: datetime, until: datetime) -> ColumnElement[bool]:
    """Crawls that looked for what was published in the period."""
    asked = col(Crawl.asked_from)
    return and_(col(Crawl.started_at) >= begin, or_(asked.is_(None), asked < until))
