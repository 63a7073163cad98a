"""Mentions themselves: a page of them, how many there are, and all of them as a stream."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from enum import StrEnum
from itertools import islice
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, case, exists, func, select
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col

from nlp.labels import Intent, Tone
from storage.columns import INTENTS, Status
from storage.filters import Filter
from storage.models import Mention, MentionBrand, Opinion
from storage.queries.answering import answer_counts
from storage.queries.conditions import around
from storage.queries.rows import MentionRow, load
from storage.queries.scope import brand_rows, facet_facts, mention_facts, that_count

#: A list goes no further: so many newest (oldest) mentions are walked, and put in order.
MOST_LISTED = 20_000
_BATCH = 500

#: A stored mention always has its id.
_id = cast(Mapped[int], col(Mention.id))
_moment = col(Mention.published_at)


class Order(StrEnum):
    """What stands first in a list of mentions; the newest first where that leaves them equal.

    By all but time only the newest :data:`MOST_LISTED` of the filter are put in order. Reach is the
    number of views, where the source does not tell it that of likes, comments and reposts.
    """

    NEWEST = "newest"
    OLDEST = "oldest"
    NEGATIVE = "negative"
    UNSURE = "unsure"
    REACH = "reach"
    RATING = "rating"


def mentions(
    session: Session,
    where: Filter,
    *,
    limit: int,
    offset: int = 0,
    order: Order = Order.NEWEST,
) -> tuple[MentionRow, ...]:
    """A page of mentions in a fixed number of queries."""
    ids = listed(session, where, limit=limit, offset=offset, order=order)
    return load(session, where, ids)


def listed(
    session: Session,
    where: Filter,
    *,
    limit: int,
    offset: int = 0,
    order: Order = Order.NEWEST,
) -> tuple[int, ...]:
    """The ids of a page of mentions; nothing beyond :data:`MOST_LISTED`."""
    most = min(limit, max(MOST_LISTED - offset, 0))
    return tuple(session.scalars(_ordered(session, where, order).limit(most).offset(offset)))


def these(session: Session, where: Filter, ids: Sequence[int]) -> tuple[MentionRow, ...]:
    """Mentions by their ids, in this order, seen from the brands of the filter."""
    return load(session, where, ids)


def repeats(session: Session, mention_id: int, *, limit: int) -> tuple[MentionRow, ...]:
    """The others of the mention's group, the earliest first."""
    group = select(col(Mention.group_id)).where(_id == mention_id).scalar_subquery()
    ids = (
        select(_id)
        .where(col(Mention.group_id) == group, _id != mention_id)
        .order_by(_moment, _id)
        .limit(limit)
    )
    return load(session, Filter(), session.scalars(ids).all())


def count(session: Session, where: Filter) -> int:
    """How many mentions the filter leaves (each once, whatever its brands)."""
    by_opinion = where.touchpoints or where.theme
    if len(where.brands) == 1 and not where.repeats and not by_opinion:
        if where.statuses:
            return sum(own.of(where.statuses) for own in answer_counts(session, where))
        # Each mention has one row for one brand: the sums know how many there are.
        n = func.coalesce(func.sum(_summed(session, where)), 0)
        return int(session.execute(select(n)).scalar_one())
    if by_opinion and not where.repeats:
        # Fewer are spoken of so than there are: the opinions are counted, not each row looked at.
        rows = that_count(session, where, func.count(func.distinct(col(Opinion.mention_id))))
    else:
        rows = select(func.count(func.distinct(col(MentionBrand.mention_id)))).where(
            *brand_rows(session, where)
        )
    return int(session.execute(rows).scalar_one())


def _summed(session: Session, where: Filter) -> ColumnElement[int]:
    """The sums that count mentions of a brand: of one facet or intent there are some, too."""
    facets = {facet for facet, _ in where.facets}
    if len(facets) == 1:
        return facet_facts(session, where, *facets).c.n
    if len(where.intents) == 1:
        shown = INTENTS[Intent(where.intents[0])]
        return mention_facts(session, replace(where, intents=())).c[shown]
    return mention_facts(session, where).c.n


def export(
    session: Session, where: Filter, ids: Sequence[int] | None = None
) -> Iterator[MentionRow]:
    """All mentions of the filter, newest first (or those of ``ids``), read in batches.

    Only the ids are taken at once, so rows that arrive meanwhile change nothing.
    """
    chosen = session.scalars(_walked(session, where)).all() if ids is None else ids
    remaining = iter(chosen)
    while batch := list(islice(remaining, _BATCH)):
        yield from load(session, where, batch)


def _ordered(session: Session, where: Filter, order: Order) -> Select[Any]:
    if order is Order.NEWEST:
        return _walked(session, where)
    if order is Order.OLDEST:
        return _walked(session, where, oldest=True)
    newest = _walked(session, where).add_columns(_moment.label("moment"), _key(where, order))
    found = newest.limit(MOST_LISTED).subquery()
    key = found.c["key"]
    falling = key.desc() if order is Order.REACH else key
    return select(found.c.id).order_by(falling, found.c.moment.desc(), found.c.id.desc())


def reach() -> ColumnElement[int]:
    """How many saw a mention, as far as the source tells (see :class:`Order`)."""
    reactions = [Mention.likes, Mention.comments, Mention.reposts]
    told: Any = sum(func.coalesce(col(number), 0) for number in reactions)
    return func.coalesce(col(Mention.views), told)


def _key(where: Filter, order: Order) -> ColumnElement[Any]:
    """What is sorted by, the lowest first (reach: the highest); of several brands the first."""
    if order is Order.REACH:
        return reach().label("key")
    row = MentionBrand
    ranks = {Tone.NEGATIVE: 0, Tone.MIXED: 1, Tone.NEUTRAL: 2, Tone.POSITIVE: 3}
    rank = case({str(tone): place for tone, place in ranks.items()}, value=col(row.tone), else_=4)
    keys: dict[Order, ColumnElement[Any]] = {
        # The rank, then how the sentences sound on the whole (-1000…1000).
        Order.NEGATIVE: rank * 10_000 + func.coalesce(col(row.plain_mean), 0),
        Order.UNSURE: func.coalesce(col(row.certainty), 1001),
        Order.RATING: case((col(row.rating) == 0, 6), else_=col(row.rating)),
    }
    own = select(func.min(keys[order])).where(col(row.mention_id) == _id)
    if where.brands:
        own = own.where(col(row.brand_id).in_(where.brands))
    return own.correlate(Mention).scalar_subquery().label("key")


def _walked(session: Session, where: Filter, *, oldest: bool = False) -> Select[Any]:
    """Ids in the order of time."""
    rows = select(col(MentionBrand.mention_id)).where(*brand_rows(session, where))
    # Few mentions hold a word, are by one author or in somebody's hands: they are looked up. Other
    # filters leave many: mentions are walked until the page is full.
    own_row = rows.where(col(MentionBrand.mention_id) == _id).correlate(Mention)
    chosen = _id.in_(rows) if where.text or where.author or _is_handled(where) else exists(own_row)
    order = (_moment, _id) if oldest else (_moment.desc(), _id.desc())
    return select(_id).where(chosen, *around(where)).order_by(*order)


def _is_handled(where: Filter) -> bool:
    """Whether only mentions are asked for with which somebody did something."""
    by_status = where.statuses and Status.NEW not in where.statuses
    return bool(by_status or (where.assignees and "" not in where.assignees))
