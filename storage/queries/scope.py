"""A filter in SQL: which roll-up or rows answer it, always under the same column names.

Figures are sums over *facts*. Facts come from a daily roll-up where its dimensions can tell
what the filter asks, else from the rows, one fact a mention × brand or an opinion.
"""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    and_,
    case,
    column,
    exists,
    false,
    func,
    literal_column,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col

from nlp.labels import NOT_A_VOICE, Tone
from storage.columns import INTENTS, NPS
from storage.filters import UNREAD, Filter
from storage.models import Mention, MentionBrand, MentionDaily, Opinion, OpinionDaily

#: An opinion and the row of its mention and brand. The day is implied, but it completes the
#: index by touchpoint: without it SQLite would walk all opinions of the touchpoint for each row.
_SAME_ROW = and_(
    col(MentionBrand.day) == col(Opinion.day),
    col(MentionBrand.mention_id) == col(Opinion.mention_id),
    col(MentionBrand.brand_id) == col(Opinion.brand_id),
)

#: Of a group of repeats only one row a brand counts, in roll-ups as here.
_COUNTS = col(MentionBrand.is_repeat).is_(False)

_Column = Mapped[Any]
_Conditions = list[ColumnElement[bool]]


def mention_facts(session: Session, where: Filter) -> Subquery:
    """Mentions with source_id, day, tone, rating and what can be summed."""
    by_row = bool(where.touchpoints or where.text or where.languages)
    return (_mention_rows(session, where) if by_row else _mention_sums(where)).subquery()


def opinion_facts(session: Session, where: Filter) -> Subquery:
    """Opinions with source_id, day, touchpoint, tone and n."""
    by_mention = where.text or where.kinds or (where.tones and not where.touchpoints)
    by_row = by_mention or where.languages or Tone.MIXED in where.tones
    return (_opinion_rows(session, where) if by_row else _opinion_sums(where)).subquery()


def brand_rows(session: Session, where: Filter) -> _Conditions:
    """What a row of ``MentionBrand`` must meet to be listed."""
    conditions = _rows(session, where)
    if not where.repeats:
        conditions.append(_COUNTS)
    if where.touchpoints:
        spoken: Select[Any] = select(literal_column("1")).where(_SAME_ROW, *_about(where, Opinion))
        conditions.append(exists(spoken.correlate(MentionBrand)))
    return conditions


def _rows(session: Session, where: Filter) -> _Conditions:
    """Conditions on ``MentionBrand`` apart from the opinions that belong to it."""
    conditions = _dimensions(where, MentionBrand)
    conditions += _labels(where, col(MentionBrand.tone), col(MentionBrand.kind))
    if where.languages:
        conditions.append(col(MentionBrand.language).in_(where.languages))
    if where.text:
        conditions.append(_found(session, where.lemmas))
    return conditions


def _mention_sums(where: Filter) -> Select[Any]:
    table = MentionDaily
    columns: list[Any] = [table.day, table.source_id, table.tone, table.rating, table.n]
    columns += [getattr(table, name) for name in (*INTENTS.values(), *NPS)]
    return select(*columns).where(
        *_dimensions(where, table), *_labels(where, col(table.tone), col(table.kind))
    )


def _mention_rows(session: Session, where: Filter) -> Select[Any]:
    table = MentionBrand
    columns: list[Any] = [
        table.day,
        table.source_id,
        func.coalesce(col(table.tone), UNREAD).label("tone"),
        table.rating,
        literal_column("1").label("n"),
    ]
    columns += [_flag(getattr(table, name)).label(name) for name in INTENTS.values()]
    columns += [
        _flag(col(table.nps).between(low, high)).label(name) for name, (low, high) in NPS.items()
    ]
    return select(*columns).where(*brand_rows(session, where), _COUNTS)


def _opinion_sums(where: Filter) -> Select[Any]:
    table = OpinionDaily
    columns: list[Any] = [table.day, table.source_id, table.touchpoint, table.tone, table.n]
    voices: _Conditions = [col(table.voice).is_(True)] if where.leaves_out_others else []
    return select(*columns).where(*_dimensions(where, table), *_about(where, table), *voices)


def _opinion_rows(session: Session, where: Filter) -> Select[Any]:
    names = ("day", "source_id", "touchpoint", "tone")
    columns: list[Any] = [getattr(Opinion, name) for name in names]
    return (
        select(*columns, literal_column("1").label("n"))
        .select_from(Opinion)
        .join(MentionBrand, _SAME_ROW)
        .where(*_rows(session, where), *_about(where, Opinion), _COUNTS)
    )


def _dimensions(
    where: Filter, table: type[MentionDaily | OpinionDaily | MentionBrand]
) -> _Conditions:
    conditions: _Conditions = []
    if where.brands:
        conditions.append(col(table.brand_id).in_(where.brands))
    if where.day_from:
        conditions.append(col(table.day) >= where.day_from)
    if where.day_to:
        conditions.append(col(table.day) <= where.day_to)
    if where.sources:
        conditions.append(col(table.source_id).in_(where.sources))
    if where.rating:
        conditions.append(col(table.rating).between(*where.rating))
    return conditions


def _labels(where: Filter, tone: _Column, kind: _Column) -> _Conditions:
    conditions: _Conditions = []
    if where.leaves_out_others:
        conditions.append(or_(kind.is_(None), kind.not_in([str(k) for k in NOT_A_VOICE])))
    if where.kinds:
        conditions.append(kind.in_(where.kinds))
    if where.tones and not where.touchpoints:
        read = [name for name in where.tones if name != UNREAD]
        unread = or_(tone.is_(None), tone == UNREAD) if UNREAD in where.tones else false()
        conditions.append(or_(tone.in_(read), unread))
    return conditions


def _about(where: Filter, table: type[Opinion | OpinionDaily]) -> _Conditions:
    if not where.touchpoints:
        return []
    conditions: _Conditions = [col(table.touchpoint).in_(where.touchpoints)]
    if where.tones:
        wanted: ColumnElement[bool] = col(table.tone).in_(where.tones)
        if Tone.MIXED in where.tones and table is Opinion:
            # An opinion is never mixed: the mixed mentions that speak of it are meant.
            wanted = or_(wanted, col(MentionBrand.tone) == Tone.MIXED)
        conditions.append(wanted)
    return conditions


def _flag(condition: Any) -> ColumnElement[int]:
    return case((condition, 1), else_=0)


def _found(session: Session, lemmas: str) -> ColumnElement[bool]:
    """All words of ``lemmas`` stand in the mention (any order)."""
    words = lemmas.split()
    if not words:
        return false()
    if session.get_bind().dialect.name == "sqlite":
        # Each word a quoted string, so that no word is read as FTS5 syntax.
        quoted = " ".join('"{}"'.format(word.replace('"', '""')) for word in words)
        matching: Any = (
            text("SELECT rowid FROM mention_fts WHERE mention_fts MATCH :words")
            .bindparams(words=quoted)
            .columns(column("rowid"))
        )
    else:
        # The very expression of the index, else it would not be used.
        vector = func.to_tsvector(literal_column("'simple'"), col(Mention.lemmas))
        query = func.plainto_tsquery(literal_column("'simple'"), " ".join(words))
        matching = select(col(Mention.id)).where(vector.op("@@")(query))
    return col(MentionBrand.mention_id).in_(matching)
