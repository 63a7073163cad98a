"""A filter as conditions of SQL, whatever table they are asked of."""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
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
from storage.columns import INTENTS, LONGEST_VALUE, Facet
from storage.filters import UNREAD, Filter
from storage.models import Mention, MentionBrand, Opinion, Theme, ThemeMark

#: An opinion and the row of its mention and brand. The day is implied, but it completes the
#: index by touchpoint: without it SQLite would walk all opinions of the touchpoint for each row.
SAME_ROW = and_(
    col(MentionBrand.day) == col(Opinion.day),
    col(MentionBrand.mention_id) == col(Opinion.mention_id),
    col(MentionBrand.brand_id) == col(Opinion.brand_id),
)

#: An opinion and the mark that tells its theme.
MARKED = and_(
    col(ThemeMark.mention_id) == col(Opinion.mention_id),
    col(ThemeMark.touchpoint) == col(Opinion.touchpoint),
    col(ThemeMark.tone) == col(Opinion.tone),
    col(ThemeMark.start) == col(Opinion.start),
)

#: Of a group of repeats only one row a brand counts, in roll-ups as here.
COUNTS = col(MentionBrand.is_repeat).is_(False)

_Column = Mapped[Any]
Conditions = list[ColumnElement[bool]]


def of_rows(session: Session, where: Filter) -> Conditions:
    """Conditions on ``MentionBrand`` apart from the opinions that belong to it."""
    conditions = dimensions(where, MentionBrand)
    conditions += labels(where, col(MentionBrand.tone), col(MentionBrand.kind))
    if where.languages:
        conditions.append(col(MentionBrand.language).in_(where.languages))
    if where.text:
        conditions.append(_found(session, where.lemmas))
    if where.intents:
        shown = [getattr(MentionBrand, INTENTS[Intent(name)]) for name in where.intents]
        conditions.append(or_(*(col(column).is_(True) for column in shown)))
    if where.author:
        conditions.append(_written_by(where.author))
    for facet in dict.fromkeys(facet for facet, _ in where.facets):
        values = [value for own, value in where.facets if own == facet]
        conditions.append(_told(cut(facet).in_(values)))
    return conditions


def _written_by(author: str) -> ColumnElement[bool]:
    """The author's id where the source tells it, else the name that they sign with."""
    known = select(col(Mention.id)).where(col(Mention.author_id) == author)
    signed = select(col(Mention.id)).where(
        col(Mention.author) == author, col(Mention.author_id).is_(None)
    )
    return col(MentionBrand.mention_id).in_(known.union(signed))


def _told(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether the mention of a row meets the condition."""
    own: Select[Any] = select(literal_column("1")).where(
        col(Mention.id) == col(MentionBrand.mention_id), condition
    )
    return exists(own.correlate(MentionBrand))


def cut(facet: Facet) -> ColumnElement[str]:
    """The value of a facet as the roll-up has it."""
    return func.substr(getattr(Mention, facet), 1, LONGEST_VALUE)


def dimensions(where: Filter, table: Any) -> Conditions:
    """Brand, day, source and rating."""
    conditions: Conditions = []
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


def voices(where: Filter, table: Any) -> Conditions:
    """Customers' voices only, in sums that tell them apart."""
    return [col(table.voice).is_(True)] if where.leaves_out_others else []


def labels(where: Filter, tone: _Column, kind: _Column) -> Conditions:
    """Kind and tone of a mention."""
    conditions: Conditions = []
    if where.leaves_out_others:
        conditions.append(or_(kind.is_(None), kind.not_in([str(k) for k in NOT_A_VOICE])))
    if where.kinds:
        conditions.append(kind.in_(where.kinds))
    return conditions + tones(where, tone)


def tones(where: Filter, tone: _Column) -> Conditions:
    """What is asked of the tone of a mention; of that of opinions see :func:`about`."""
    if not where.tones or where.touchpoints:
        return []
    read = [name for name in where.tones if name != UNREAD]
    unread = or_(tone.is_(None), tone == UNREAD) if UNREAD in where.tones else false()
    return [or_(tone.in_(read), unread)]


def about(where: Filter, table: Any) -> Conditions:
    """Touchpoint, its tone and theme, of opinions or sums of them."""
    conditions: Conditions = []
    if where.theme:
        conditions.append(_of_theme(where.theme))
    if not where.touchpoints:
        return conditions
    conditions.append(col(table.touchpoint).in_(where.touchpoints))
    if where.tones:
        wanted: ColumnElement[bool] = col(table.tone).in_(where.tones)
        if Tone.MIXED in where.tones and table is Opinion:
            # An opinion is never mixed: the mixed mentions that speak of it are meant.
            wanted = or_(wanted, col(MentionBrand.tone) == Tone.MIXED)
        conditions.append(wanted)
    return conditions


def _of_theme(key: str) -> ColumnElement[bool]:
    """Whether an opinion belongs to the theme or to one that was merged into it."""
    mark: Select[Any] = select(literal_column("1")).where(
        MARKED, col(ThemeMark.theme_id).in_(members(key))
    )
    return exists(mark.correlate(Opinion))


def members(key: str) -> Select[Any]:
    """The ids of a theme and of those that were merged into it."""
    chosen = select(col(Theme.id)).where(col(Theme.key) == key).scalar_subquery()
    return select(col(Theme.id)).where(
        or_(col(Theme.id) == chosen, col(Theme.merged_into) == chosen)
    )


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
