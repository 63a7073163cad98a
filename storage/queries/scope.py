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

from nlp.labels import NOT_A_VOICE, Intent, Tone
from storage.columns import INTENTS, LONGEST_VALUE, NPS, Facet
from storage.filters import UNREAD, Filter
from storage.models import (
    FacetDaily,
    Mention,
    MentionBrand,
    MentionDaily,
    Opinion,
    OpinionDaily,
    Theme,
    ThemeMark,
)

#: An opinion and the row of its mention and brand. The day is implied, but it completes the
#: index by touchpoint: without it SQLite would walk all opinions of the touchpoint for each row.
_SAME_ROW = and_(
    col(MentionBrand.day) == col(Opinion.day),
    col(MentionBrand.mention_id) == col(Opinion.mention_id),
    col(MentionBrand.brand_id) == col(Opinion.brand_id),
)

#: Of a group of repeats only one row a brand counts, in roll-ups as here.
_COUNTS = col(MentionBrand.is_repeat).is_(False)

#: What is summed of the sentences that were heard, beside how many mentions were.
HEARD = ("peak_end", "plain_mean")
#: All that is summed of mentions, apart from n.
SUMS = (*INTENTS.values(), *NPS, "heard", *HEARD)

_Column = Mapped[Any]
_Conditions = list[ColumnElement[bool]]


def mention_facts(session: Session, where: Filter) -> Subquery:
    """Mentions with brand_id, source_id, day, tone, rating and what can be summed."""
    by_row = bool(where.touchpoints or where.theme or where.facets or _asks_of_rows(where))
    return (_mention_rows(session, where) if by_row else _mention_sums(where)).subquery()


def opinion_facts(session: Session, where: Filter) -> Subquery:
    """Opinions with brand_id, source_id, day, touchpoint, tone, n, weight and churn."""
    by_mention = where.kinds or where.facets or (where.tones and not where.touchpoints)
    by_row = by_mention or where.theme or Tone.MIXED in where.tones or _asks_of_rows(where)
    return (_opinion_rows(session, where) if by_row else _opinion_sums(where)).subquery()


def facet_facts(session: Session, where: Filter, facet: Facet) -> Subquery:
    """Mentions (opinions where touchpoints are chosen) with value, day, tone, rating and n."""
    others = any(own != facet for own, _ in where.facets)
    by_row = bool(where.touchpoints or where.theme or others or _asks_of_rows(where))
    return (_facet_rows(session, where, facet) if by_row else _facet_sums(where, facet)).subquery()


def that_count(session: Session, where: Filter, *columns: Any) -> Select[Any]:
    """Columns of the opinions (``Opinion``, ``MentionBrand``) that figures of the filter count."""
    return (
        select(*columns)
        .select_from(Opinion)
        .join(MentionBrand, _SAME_ROW)
        .where(*_rows(session, where), *_about(where, Opinion), _COUNTS)
    )


def _asks_of_rows(where: Filter) -> bool:
    """Whether something is asked that no roll-up is cut by."""
    return bool(where.text or where.languages or where.intents or where.author)


def brand_rows(session: Session, where: Filter) -> _Conditions:
    """What a row of ``MentionBrand`` must meet to be listed."""
    conditions = _rows(session, where)
    if not where.repeats:
        conditions.append(_COUNTS)
    if where.touchpoints or where.theme:
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
    if where.intents:
        shown = [getattr(MentionBrand, INTENTS[Intent(name)]) for name in where.intents]
        conditions.append(or_(*(col(column).is_(True) for column in shown)))
    if where.author:
        conditions.append(_told(col(Mention.author) == where.author))
    for facet in dict.fromkeys(facet for facet, _ in where.facets):
        values = [value for own, value in where.facets if own == facet]
        conditions.append(_told(_cut(facet).in_(values)))
    return conditions


def _told(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether the mention of a row meets the condition."""
    own: Select[Any] = select(literal_column("1")).where(
        col(Mention.id) == col(MentionBrand.mention_id), condition
    )
    return exists(own.correlate(MentionBrand))


def _cut(facet: Facet) -> ColumnElement[str]:
    """The value of a facet as the roll-up has it."""
    return func.substr(getattr(Mention, facet), 1, LONGEST_VALUE)


def _mention_sums(where: Filter) -> Select[Any]:
    table = MentionDaily
    names = ("brand_id", "day", "source_id", "tone", "rating", "n", *SUMS)
    columns: list[Any] = [getattr(table, name) for name in names]
    return select(*columns).where(
        *_dimensions(where, table), *_labels(where, col(table.tone), col(table.kind))
    )


def _mention_rows(session: Session, where: Filter) -> Select[Any]:
    table = MentionBrand
    columns: list[Any] = [
        table.brand_id,
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
    columns.append(_flag(col(table.peak_end).is_not(None)).label("heard"))
    columns += [func.coalesce(getattr(table, name), 0).label(name) for name in HEARD]
    return select(*columns).where(*brand_rows(session, where), _COUNTS)


def _opinion_sums(where: Filter) -> Select[Any]:
    table = OpinionDaily
    names = ("brand_id", "day", "source_id", "touchpoint", "tone", "n", "weight", "churn")
    columns: list[Any] = [getattr(table, name) for name in names]
    voices: _Conditions = [col(table.voice).is_(True)] if where.leaves_out_others else []
    return select(*columns).where(*_dimensions(where, table), *_about(where, table), *voices)


def _opinion_rows(session: Session, where: Filter) -> Select[Any]:
    names = ("brand_id", "day", "source_id", "touchpoint", "tone", "weight")
    columns: list[Any] = [getattr(Opinion, name) for name in names]
    leaves = _flag(col(MentionBrand.churn)).label("churn")
    return that_count(session, where, *columns, literal_column("1").label("n"), leaves)


def _facet_sums(where: Filter, facet: Facet) -> Select[Any]:
    table = FacetDaily
    chosen = [value for own, value in where.facets if own == facet]
    wanted: _Conditions = [col(table.value).in_(chosen)] if chosen else []
    names = ("brand_id", "day", "value", "tone", "rating", "n")
    columns: list[Any] = [getattr(table, name) for name in names]
    return select(*columns).where(
        col(table.facet) == str(facet),
        *wanted,
        *_dimensions(where, table),
        *_labels(where, col(table.tone), col(table.kind)),
    )


def _facet_rows(session: Session, where: Filter, facet: Facet) -> Select[Any]:
    """Of opinions the tone is that of the opinion, as in every other figure."""
    about = bool(where.touchpoints or where.theme)
    tone = col(Opinion.tone) if about else func.coalesce(col(MentionBrand.tone), UNREAD)
    own = MentionBrand
    columns: list[Any] = [own.brand_id, own.day, own.rating]
    columns += [_cut(facet).label("value"), tone.label("tone"), literal_column("1").label("n")]
    rows: Select[Any] = (
        select(*columns)
        .select_from(MentionBrand)
        .join(Mention, col(Mention.id) == col(MentionBrand.mention_id))
        .where(getattr(Mention, facet) != "", *_rows(session, where), _COUNTS)
    )
    return rows.join(Opinion, _SAME_ROW).where(*_about(where, Opinion)) if about else rows


def _dimensions(
    where: Filter, table: type[MentionDaily | OpinionDaily | FacetDaily | MentionBrand]
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
    conditions: _Conditions = []
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
    chosen = select(col(Theme.id)).where(col(Theme.key) == key).scalar_subquery()
    members = select(col(Theme.id)).where(
        or_(col(Theme.id) == chosen, col(Theme.merged_into) == chosen)
    )
    mark: Select[Any] = select(literal_column("1")).where(
        col(ThemeMark.mention_id) == col(Opinion.mention_id),
        col(ThemeMark.touchpoint) == col(Opinion.touchpoint),
        col(ThemeMark.tone) == col(Opinion.tone),
        col(ThemeMark.start) == col(Opinion.start),
        col(ThemeMark.theme_id).in_(members),
    )
    return exists(mark.correlate(Opinion))


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
