"""Keeps the daily sums equal to the rows they count, in the same transaction.

A change is wrapped in :func:`recounted`: what the mentions contribute is taken out before and
put in after, each by one INSERT … SELECT … GROUP BY per roll-up. A mention counts through its
rows in ``mention_brand`` (a deleted one has none), which hold all that the sums are cut by.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nlp.labels import NOT_A_VOICE
from storage import tables as t

_INTENTS = ("churn", "will_return", "recommend", "warn", "effort")
_NPS = {"promoters": (9, 10), "passives": (7, 8), "detractors": (0, 6)}


@contextmanager
def recounted(session: Session, mention_ids: Sequence[int]) -> Iterator[None]:
    """Inside the block rows of these mentions (one chunk of ids) may change in any way."""
    _count(session, mention_ids, sign=-1)
    yield
    _count(session, mention_ids, sign=1)
    _drop_empty(session)


def add(session: Session, mention_ids: Sequence[int]) -> None:
    """Count mentions (one chunk of ids) that were never counted before."""
    _count(session, mention_ids, sign=1)


def recount(session: Session) -> None:
    """Build both roll-ups anew from the rows."""
    session.execute(sa.delete(t.mention_daily))
    session.execute(sa.delete(t.opinion_daily))
    _count(session, None, sign=1)


def _count(session: Session, mention_ids: Sequence[int] | None, sign: int) -> None:
    """Add the contributions times ``sign``; None stands for all mentions."""
    for table, facts, chosen in (
        (t.mention_daily, _mention_facts(), t.mention_brand.c.mention_id),
        (t.opinion_daily, _opinion_facts(), t.opinion.c.mention_id),
    ):
        # A WHERE is always there: without one SQLite would read ON CONFLICT as a join's ON.
        chosen_ones = sa.true() if mention_ids is None else chosen.in_(mention_ids)
        rows = facts.where(chosen_ones).subquery()
        dimensions = [rows.c[column.name] for column in table.primary_key]
        measures = [name for name in table.c.keys() if not table.c[name].primary_key]  # noqa: SIM118
        sums = [sa.func.sum(rows.c[name] * sa.literal_column(str(sign))) for name in measures]
        statement = t.insert(session, table).from_select(
            [*(column.name for column in dimensions), *measures],
            sa.select(*dimensions, *sums).where(sa.true()).group_by(*dimensions),
        )
        session.execute(
            statement.on_conflict_do_update(
                index_elements=list(table.primary_key),
                set_={name: table.c[name] + statement.excluded[name] for name in measures},
            )
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
        *(_one_where(row[name]).label(name) for name in _INTENTS),
        *(_one_where(row.nps.between(*span)).label(name) for name, span in _NPS.items()),
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
