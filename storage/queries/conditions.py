"""A filter as conditions of SQL, whatever table they are asked of."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
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
    union_all,
)
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col

from nlp.labels import NOT_A_VOICE, Intent, Tone
from storage.columns import INTENTS, LONGEST_VALUE, Facet, Status
from storage.filters import UNREAD, Filter
from storage.models import Handling, Mention, MentionBrand, Opinion, Source, Theme, ThemeMark

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

#: The source tells an answer of the company; as the index of such mentions has it.
TOLD = or_(col(Mention.answer_text).is_not(None), col(Mention.answered_at).is_not(None))

#: A step of handling that holds; as its indexes have it.
HELD: ColumnElement[bool] = and_(col(Handling.holds))

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
    return conditions + _handled(session, where)


def _handled(session: Session, where: Filter) -> Conditions:
    """Status, assignee, and how long ago it was published."""
    conditions: Conditions = []
    if where.statuses and Status.NEW not in where.statuses:
        conditions.append(col(MentionBrand.mention_id).in_(_of_statuses(where, where.statuses)))
    elif where.statuses:
        others = [status for status in Status if status not in where.statuses]
        conditions += [_none_of(session, _of_statuses(where, others))] if others else []
    if where.assignees:
        named = select(col(Handling.mention_id)).where(HELD, col(Handling.assignee) != "")
        chosen = named.where(col(Handling.assignee).in_(where.assignees))
        is_one = col(MentionBrand.mention_id).in_(chosen)
        free = _none_of(session, named) if "" in where.assignees else false()
        conditions.append(or_(is_one, free))
    if where.before:
        # A day earlier all are, whatever the zone of days: only the last ones are looked up.
        sure = col(MentionBrand.day) < where.before.astimezone(UTC).date() - timedelta(days=1)
        conditions.append(or_(sure, _told(col(Mention.published_at) < where.before)))
    return conditions


def _of_statuses(where: Filter, statuses: Sequence[str]) -> Any:
    """Ids of mentions of these statuses («new» is none of them): an answer of the source outranks
    what was set."""
    parts: list[Any] = []
    if Status.ANSWERED in statuses:
        parts.append(select(col(Mention.id)).where(*told_in(where)))
    set_so = select(col(Handling.mention_id)).where(HELD, col(Handling.status).in_(statuses))
    told = exists().where(col(Mention.id) == col(Handling.mention_id), TOLD)
    return union_all(*parts, set_so.where(~told.correlate(Handling)))


def told_in(where: Filter) -> Conditions:
    """That the source tells an answer, in the sources and days of the filter (roughly the days):
    what the index of answers begins with."""
    own = col(Mention.source_id).in_(where.sources or select(col(Source.id)))
    return [TOLD, own, *around(where)]


def _none_of(session: Session, ids: Any) -> ColumnElement[bool]:
    """The mention of a row is none of these, which may be many."""
    if session.get_bind().dialect.name == "sqlite":
        return col(MentionBrand.mention_id).not_in(ids)
    # PostgreSQL would look through all of them for each row.
    listed = ids.subquery()
    own: Select[Any] = select(literal_column("1")).where(
        listed.c[0] == col(MentionBrand.mention_id)
    )
    return ~exists(own.correlate(MentionBrand))


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


def around(where: Filter) -> Conditions:
    """Bounds of the moment a day wider than those of the day, whatever its zone.

    Where rows are walked in the order of time, this tells the index where to begin and to stop.
    """
    published = col(Mention.published_at)
    midnight = time(tzinfo=UTC)
    bounds: Conditions = []
    if where.day_from:
        bounds.append(published >= datetime.combine(where.day_from - timedelta(days=1), midnight))
    if where.day_to:
        bounds.append(published < datetime.combine(where.day_to + timedelta(days=2), midnight))
    if where.before:
        bounds.append(published < where.before)
    return bounds


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
