"""A filter in SQL: which roll-up or rows answer it, always under the same column names.

Figures are sums over *facts*. Facts come from a daily roll-up where its dimensions can tell
what the filter asks, else from the rows, one fact a mention × brand or an opinion.
"""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    String,
    Subquery,
    and_,
    case,
    cast,
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

from nlp.labels import NOT_A_VOICE, Intent, Tone
from storage.filters import UNREAD, Filter
from storage.models import Analysis, Mention, MentionBrand, MentionDaily, Opinion, OpinionDaily

#: Column of the roll-up for each intent («return» is a word of Python).
INTENT_COLUMNS = {
    Intent.CHURN: "churn",
    Intent.RETURN: "will_return",
    Intent.RECOMMEND: "recommend",
    Intent.WARN: "warn",
    Intent.EFFORT: "effort",
}
NPS_COLUMNS = {"promoters": (9, 10), "passives": (7, 8), "detractors": (0, 6)}
_SUMS = ("n", *INTENT_COLUMNS.values(), *NPS_COLUMNS)

_Column = Mapped[Any]
_Conditions = list[ColumnElement[bool]]


def mention_facts(session: Session, where: Filter) -> Subquery:
    """Mentions with day, source_id, tone, kind, rating and what can be summed."""
    if where.touchpoints or where.text:
        return _mention_rows(session, where).subquery()
    table = MentionDaily
    columns: list[Any] = [table.day, table.source_id, table.tone, table.kind, table.rating]
    columns += [getattr(table, name) for name in _SUMS]
    facts: Select[Any] = select(*columns).where(
        *_common(where, table), *_labels(where, col(table.tone), col(table.kind))
    )
    return facts.subquery()


def opinion_facts(session: Session, where: Filter) -> Subquery:
    """Opinions with day, source_id, touchpoint, tone and n."""
    by_mention = where.text or where.kinds or (where.tones and not where.touchpoints)
    if by_mention or Tone.MIXED in where.tones:
        return _opinion_rows(session, where).subquery()
    table = OpinionDaily
    conditions = [*_common(where, table), *_opinion(where, table)]
    if where.voices_only:
        conditions.append(col(table.voice).is_(True))
    columns = (table.day, table.source_id, table.touchpoint, table.tone, table.n)
    return select(*map(col, columns)).where(*conditions).subquery()


def mention_conditions(session: Session, where: Filter) -> _Conditions:
    """What a row of ``Mention`` must meet, whatever number of brands it belongs to."""
    conditions: _Conditions = [
        col(Mention.deleted_at).is_(None),
        *_days(where, col(Mention.day)),
        exists().where(col(MentionBrand.mention_id) == col(Mention.id), *_brand_row(where)),
    ]
    if where.sources:
        conditions.append(col(Mention.source_id).in_(where.sources))
    if where.rating:
        conditions.append(rating_of_five().between(*where.rating))
    if where.text:
        conditions.append(_found(session, where.lemmas))
    return conditions


def rating_of_five() -> ColumnElement[int]:
    """The rating rescaled to 1…5 as the roll-ups count it; 0 for none."""
    scaled = 1 + (col(Mention.rating) - 1) * 4.0 / (col(Mention.rating_scale) - 1)
    whole = cast(func.floor(scaled + 0.5), Integer)
    return case((col(Mention.rating).is_(None), 0), (whole < 1, 1), (whole > 5, 5), else_=whole)


def _mention_rows(session: Session, where: Filter) -> Select[Any]:
    columns: list[Any] = [
        col(MentionBrand.day).label("day"),
        col(MentionBrand.source_id).label("source_id"),
        func.coalesce(col(MentionBrand.tone), UNREAD).label("tone"),
        func.coalesce(col(MentionBrand.kind), "").label("kind"),
        rating_of_five().label("rating"),
        literal_column("1").label("n"),
    ]
    columns += [_flag(_says(intent)).label(name) for intent, name in INTENT_COLUMNS.items()]
    columns += [
        _flag(col(Mention.nps).between(low, high)).label(name)
        for name, (low, high) in NPS_COLUMNS.items()
    ]
    return (
        select(*columns)
        .select_from(MentionBrand)
        .join(Mention, col(Mention.id) == col(MentionBrand.mention_id))
        .where(*_brand_row(where), *_row(session, where))
    )


def _opinion_rows(session: Session, where: Filter) -> Select[Any]:
    names = ("day", "source_id", "touchpoint", "tone")
    columns: list[Any] = [getattr(Opinion, name).label(name) for name in names]
    columns.append(literal_column("1").label("n"))
    same_row = and_(
        col(MentionBrand.mention_id) == col(Opinion.mention_id),
        col(MentionBrand.brand_id) == col(Opinion.brand_id),
    )
    return (
        select(*columns)
        .select_from(Opinion)
        .join(Mention, col(Mention.id) == col(Opinion.mention_id))
        .join(MentionBrand, same_row)
        .where(*_brand_row(where), *_row(session, where), *_opinion(where, Opinion))
    )


def _row(session: Session, where: Filter) -> _Conditions:
    conditions = [col(Mention.deleted_at).is_(None), *_common(where, MentionBrand)]
    if where.rating:
        conditions.append(rating_of_five().between(*where.rating))
    if where.text:
        conditions.append(_found(session, where.lemmas))
    return conditions


def _brand_row(where: Filter) -> _Conditions:
    """Conditions on ``MentionBrand``: brand, kind, tone and, with touchpoints, its opinions."""
    conditions = _labels(where, col(MentionBrand.tone), col(MentionBrand.kind))
    if where.brands:
        conditions.append(col(MentionBrand.brand_id).in_(where.brands))
    if where.touchpoints:
        conditions.append(
            exists().where(
                col(Opinion.mention_id) == col(MentionBrand.mention_id),
                col(Opinion.brand_id) == col(MentionBrand.brand_id),
                *_opinion(where, Opinion),
            )
        )
    return conditions


def _opinion(where: Filter, table: type[Opinion | OpinionDaily]) -> _Conditions:
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


def _labels(where: Filter, tone: _Column, kind: _Column) -> _Conditions:
    conditions: _Conditions = []
    if where.voices_only:
        conditions.append(or_(kind.is_(None), kind.not_in([str(k) for k in NOT_A_VOICE])))
    if where.kinds:
        conditions.append(kind.in_(where.kinds))
    if where.tones and not where.touchpoints:
        read = [name for name in where.tones if name != UNREAD]
        unread = or_(tone.is_(None), tone == UNREAD) if UNREAD in where.tones else false()
        conditions.append(or_(tone.in_(read), unread))
    return conditions


def _common(where: Filter, table: type[MentionDaily | OpinionDaily | MentionBrand]) -> _Conditions:
    conditions = _days(where, col(table.day))
    if where.brands:
        conditions.append(col(table.brand_id).in_(where.brands))
    if where.sources:
        conditions.append(col(table.source_id).in_(where.sources))
    if where.rating and table is not MentionBrand:
        conditions.append(col(table.rating).between(*where.rating))
    return conditions


def _days(where: Filter, day: _Column) -> _Conditions:
    bounds: _Conditions = []
    if where.day_from:
        bounds.append(day >= where.day_from)
    if where.day_to:
        bounds.append(day <= where.day_to)
    return bounds


def _says(intent: Intent) -> ColumnElement[bool]:
    """Whether the newest analysis of the mention's present text names ``intent``."""
    newest = (
        select(func.max(col(Analysis.id)))
        .where(
            col(Analysis.mention_id) == col(Mention.id),
            col(Analysis.content_hash) == col(Mention.content_hash),
        )
        .correlate(Mention)
        .scalar_subquery()
    )
    return exists().where(
        col(Analysis.id) == newest, cast(col(Analysis.intents), String).like(f'%"{intent}"%')
    )


def _flag(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return case((condition, 1), else_=0)


def _found(session: Session, lemmas: str) -> ColumnElement[bool]:
    """All words of ``lemmas`` stand in the mention (any order)."""
    words = lemmas.split()
    if not words:
        return false()
    if session.get_bind().dialect.name == "sqlite":
        # Each word a quoted string, so that no word is read as FTS5 syntax.
        quoted = " ".join('"{}"'.format(word.replace('"', '""')) for word in words)
        matching = text("SELECT rowid FROM mention_fts WHERE mention_fts MATCH :words")
        return col(Mention.id).in_(matching.bindparams(words=quoted).columns(column("rowid")))
    vector = func.to_tsvector(literal_column("'simple'"), col(Mention.lemmas))
    return vector.op("@@")(func.plainto_tsquery(literal_column("'simple'"), " ".join(words)))
