"""Keeps the daily sums equal to the rows they count, in the same transaction.

A change is wrapped in :func:`recounted`: what the mentions contribute is taken out before and
put in after, each by one INSERT … SELECT … GROUP BY per roll-up. A mention counts through its
rows in ``mention_brand`` (a deleted one has none, those of repeats are passed over), which hold
all that the sums are cut by.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nlp.labels import NOT_A_VOICE
from storage import tables as t
from storage.columns import INTENTS, NPS


@contextmanager
def recounted(session: Session, mention_ids: Sequence[int]) -> Iterator[None]:
    """Inside the block rows of these mentions (one chunk of ids) may change in any way."""
    _count(session, mention_ids, sign=-1)
    yield
    _count(session, mention_ids, sign=1)
    _drop_empty(session)


def add(session: Session, mention_ids: Sequence[int]) -> None:
    """Count mentions (one chunk of ids) that are new: nobody has an opinion of them yet."""
    _count_in(session, t.mention_daily, mention_ids, sign=1)


def recount(session: Session) -> None:
    """Build both roll-ups anew from the rows."""
    session.execute(sa.delete(t.mention_daily))
    session.execute(sa.delete(t.opinion_daily))
    _count(session, None, sign=1)


def _count(session: Session, mention_ids: Sequence[int] | None, sign: int) -> None:
    """Add the contributions times ``sign``; None stands for all mentions."""
    for table in (t.mention_daily, t.opinion_daily):
        _count_in(session, table, mention_ids, sign)


def _count_in(
    session: Session, table: sa.Table, mention_ids: Sequence[int] | None, sign: int
) -> None:
    statement = _statement(session.get_bind().dialect.name, table, mention_ids is not None, sign)
    values = {} if mention_ids is None else {"values": t.listed(session, mention_ids)}
    session.execute(statement, values)


@cache
def _statement(dialect: str, table: sa.Table, chosen: bool, sign: int) -> sa.Insert:
    """Built once: building takes as long as counting a page."""
    is_mention = table is t.mention_daily
    facts = _mention_facts() if is_mention else _opinion_facts()
    mention_id = (t.mention_brand if is_mention else t.opinion).c.mention_id
    # A WHERE is always there: without one SQLite would read ON CONFLICT as a join's ON.
    chosen_ones = t.one_of(dialect, mention_id) if chosen else sa.true()
    rows = facts.where(chosen_ones, t.mention_brand.c.is_repeat.is_(sa.false())).subquery()
    dimensions = [rows.c[column.name] for column in table.primary_key]
    measures = [name for name in table.c.keys() if not table.c[name].primary_key]  # noqa: SIM118
    sums = [sa.func.sum(rows.c[name] * sa.literal_column(str(sign))) for name in measures]
    statement = t.insert_of(dialect, table).from_select(
        [*(column.name for column in dimensions), *measures],
        sa.select(*dimensions, *sums).where(sa.true()).group_by(*dimensions),
    )
    return statement.on_conflict_do_update(
        index_elements=list(table.primary_key),
        set_={name: table.c[name] + statement.excluded[name] for name in measures},
    )


def _mention_facts() -> sa.Select[tuple[object, ...]]:
    row = t.mention_brand.c
    return sa.select(
        row.brand_id,
        row.day,
        row.source_id,
        sa.func.coalesce(row.tone, "").label("tone"),
        sa.func.coalesce(row.kind, "").label("kind"),
        row.rating,
        sa.literal_column("1").label("n"),
        *(_one_where(row[name]).label(name) for name in INTENTS.values()),
        *(_one_where(row.nps.between(*span)).label(name) for name, span in NPS.items()),
    )


def _opinion_facts() -> sa.Select[tuple[object, ...]]:
    opinion, row = t.opinion.c, t.mention_brand.c
    return (
        sa.select(
            opinion.brand_id,
            opinion.day,
            opinion.source_id,
            opinion.touchpoint,
            opinion.tone,
            row.rating,
            sa.func.coalesce(row.kind, "").not_in(NOT_A_VOICE).label("voice"),
            sa.literal_column("1").label("n"),
        )
        .select_from(t.opinion)
        .join(
            t.mention_brand,
            sa.and_(row.mention_id == opinion.mention_id, row.brand_id == opinion.brand_id),
        )
    )


def _one_where(condition: sa.ColumnElement[bool]) -> sa.Case[int]:
    return sa.case((condition, sa.literal_column("1")), else_=sa.literal_column("0"))


def _drop_empty(session: Session) -> None:
    for table in (t.mention_daily, t.opinion_daily):
        # A literal, not a variable: only then is the partial index of empty rows used.
        session.execute(sa.delete(table).where(sa.text("n = 0")))
