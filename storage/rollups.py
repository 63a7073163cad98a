"""Keeps the daily sums equal to the rows they count, in the same transaction.

A change is wrapped in :func:`recounted`: what the mentions contribute is taken out before and
put in after, each by one INSERT … SELECT … GROUP BY per roll-up. A mention counts through its
rows in ``mention_brand`` (a deleted one has none, those of repeats are passed over), which hold
all that the sums are cut by.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nlp.labels import NOT_A_VOICE
from storage import tables as t
from storage.columns import INTENTS, LONGEST_VALUE, NPS, STARS, Facet

#: Sums of mentions, which count before they are read, and of opinions.
_MENTIONS = (t.mention_daily, t.tone_daily, t.mention_total, t.facet_daily)
_TABLES = (*_MENTIONS, t.opinion_daily, t.touchpoint_daily, t.theme_daily)
#: By whose column the rows of some mentions are found, where not by ``mention_brand``.
_OF_MENTIONS = {
    t.opinion_daily: t.opinion,
    t.touchpoint_daily: t.opinion,
    t.theme_daily: t.theme_mark,
}


@contextmanager
def recounted(
    session: Session, mention_ids: Sequence[int], tables: Sequence[sa.Table] = _TABLES
) -> Iterator[None]:
    """Inside the block rows of these mentions (one chunk of ids) may change in any way.

    ``tables`` are the roll-ups that the change bears upon.
    """
    _count(session, mention_ids, -1, tables)
    yield
    _count(session, mention_ids, 1, tables)
    _drop_empty(session, tables)


def add(session: Session, mention_ids: Sequence[int]) -> None:
    """Count mentions (one chunk of ids) that are new: nobody has an opinion of them yet."""
    for table in _MENTIONS:
        _count_in(session, table, mention_ids, sign=1)


def recount(session: Session) -> None:
    """Build the roll-ups anew from the rows."""
    for table in _TABLES:
        session.execute(sa.delete(table))
    _count(session, None, 1, _TABLES)


def _count(
    session: Session,
    mention_ids: Sequence[int] | None,
    sign: int,
    tables: Sequence[sa.Table],
) -> None:
    """Add the contributions times ``sign``; None stands for all mentions."""
    for table in tables:
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
    mention_id = _OF_MENTIONS.get(table, t.mention_brand).c.mention_id
    # A WHERE is always there: without one SQLite would read ON CONFLICT as a join's ON.
    chosen_ones = t.one_of(dialect, mention_id) if chosen else sa.true()
    counted = (chosen_ones, t.mention_brand.c.is_repeat.is_(sa.false()))
    facts: list[Any] = [part.where(*counted) for part in _facts(table)]
    whole: Any = sa.union_all(*facts) if len(facts) > 1 else facts[0]
    rows = whole.subquery()
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


def _facts(table: sa.Table) -> list[Any]:
    if table is t.facet_daily:
        return [_facet_facts(facet) for facet in Facet]
    facts = {
        t.opinion_daily: _opinion_facts,
        t.touchpoint_daily: _opinion_facts,
        t.theme_daily: _theme_facts,
    }
    return [facts.get(table, _mention_facts)()]


def _labels() -> tuple[sa.ColumnElement[object], ...]:
    row = t.mention_brand.c
    return (
        row.brand_id,
        row.day,
        row.source_id,
        sa.func.coalesce(row.tone, "").label("tone"),
        sa.func.coalesce(row.kind, "").label("kind"),
        row.rating,
        sa.literal_column("1").label("n"),
    )


def _facet_facts(facet: Facet) -> Any:
    told = t.mention.c[facet]
    return (
        sa.select(
            *_labels(),
            sa.literal_column(f"'{facet}'").label("facet"),
            sa.func.substr(told, 1, LONGEST_VALUE).label("value"),
        )
        .select_from(t.mention_brand)
        .join(t.mention, t.mention.c.id == t.mention_brand.c.mention_id)
        .where(told != "")
    )


def _mention_facts() -> Any:
    row = t.mention_brand.c
    heard = ("peak_end", "plain_mean")
    return sa.select(
        *_labels(),
        sa.func.coalesce(row.kind, "").not_in(NOT_A_VOICE).label("voice"),
        *(_one_where(row.rating == stars).label(name) for name, stars in STARS.items()),
        *(_one_where(row[name]).label(name) for name in INTENTS.values()),
        *(_one_where(row.nps.between(*span)).label(name) for name, span in NPS.items()),
        _one_where(row.peak_end.is_not(None)).label("heard"),
        *(sa.func.coalesce(row[name], sa.literal_column("0")).label(name) for name in heard),
    )


def _opinion_facts() -> Any:
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
            opinion.weight,
            _one_where(row.churn).label("churn"),
        )
        .select_from(t.opinion)
        .join(
            t.mention_brand,
            sa.and_(row.mention_id == opinion.mention_id, row.brand_id == opinion.brand_id),
        )
    )


def _theme_facts() -> Any:
    opinion, row, mark = t.opinion.c, t.mention_brand.c, t.theme_mark.c
    names = ("mention_id", "touchpoint", "tone", "start")
    same = sa.and_(*(opinion[name] == mark[name] for name in names))
    return (
        sa.select(
            opinion.brand_id,
            mark.theme_id,
            opinion.day,
            opinion.source_id,
            row.rating,
            sa.func.coalesce(row.kind, "").not_in(NOT_A_VOICE).label("voice"),
            sa.literal_column("1").label("n"),
        )
        .select_from(t.theme_mark)
        .join(t.opinion, same)
        .join(
            t.mention_brand,
            sa.and_(row.mention_id == opinion.mention_id, row.brand_id == opinion.brand_id),
        )
        .where(mark.theme_id.is_not(None))
    )


def _one_where(condition: sa.ColumnElement[bool]) -> sa.Case[int]:
    return sa.case((condition, sa.literal_column("1")), else_=sa.literal_column("0"))


def _drop_empty(session: Session, tables: Sequence[sa.Table]) -> None:
    for table in tables:
        # A literal, not a variable: only then is the partial index of empty rows used.
        session.execute(sa.delete(table).where(sa.text("n = 0")))
