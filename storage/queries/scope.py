"""A filter in SQL: which roll-up or rows answer it, always under the same column names.

Figures are sums over *facts*. Facts come from a daily roll-up where its dimensions can tell
what the filter asks, else from the rows, one fact a mention × brand or an opinion.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    case,
    exists,
    func,
    literal_column,
    select,
    tuple_,
)
from sqlmodel import Session, col

from nlp.labels import Tone
from storage.columns import INTENTS, NPS, STARS, Facet
from storage.filters import UNREAD, Filter
from storage.models import (
    FacetDaily,
    Mention,
    MentionBrand,
    MentionDaily,
    Opinion,
    OpinionDaily,
    ToneDaily,
    TouchpointDaily,
)
from storage.queries.conditions import (
    COUNTS,
    SAME_ROW,
    Conditions,
    about,
    cut,
    dimensions,
    labels,
    of_rows,
    tones,
    voices,
)

#: What is summed of the sentences that were heard, beside how many mentions were.
HEARD = ("peak_end", "plain_mean")
#: All that is summed of mentions, apart from n.
SUMS = (*INTENTS.values(), *NPS, "heard", *HEARD)


def mention_facts(session: Session, where: Filter) -> Subquery:
    """Mentions with brand_id, source_id, day, tone and what can be summed."""
    by_row = bool(where.touchpoints or where.theme or where.facets or _asks_of_rows(where))
    return (_mention_rows(session, where) if by_row else _mention_sums(where)).subquery()


def opinion_facts(session: Session, where: Filter, by: Iterable[str] = ()) -> Subquery:
    """Opinions with brand_id, day, touchpoint, tone, n, weight and churn.

    They have source_id and rating, too, where ``by`` names it: all that is coarser is quicker.
    """
    finer = [name for name in ("source_id", "rating") if name in by]
    by_mention = where.kinds or where.facets or (where.tones and not where.touchpoints)
    by_row = by_mention or where.theme or Tone.MIXED in where.tones or _asks_of_rows(where)
    rows = _opinion_rows(session, where) if by_row else _opinion_sums(where, finer)
    return rows.subquery()


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
        .join(MentionBrand, SAME_ROW)
        .where(*of_rows(session, where), *about(where, Opinion), COUNTS)
    )


def _asks_of_rows(where: Filter) -> bool:
    """Whether something is asked that no roll-up is cut by."""
    told = where.text or where.languages or where.intents or where.author
    return bool(told or where.statuses or where.assignees or where.before)


def brand_rows(session: Session, where: Filter) -> Conditions:
    """What a row of ``MentionBrand`` must meet to be listed."""
    conditions = of_rows(session, where)
    if not where.repeats:
        conditions.append(COUNTS)
    if where.touchpoints or where.theme:
        conditions.append(_has_opinion(where))
    return conditions


def _mention_sums(where: Filter) -> Select[Any]:
    """From the coarser sums, unless kinds or ratings are asked for."""
    table: type[MentionDaily | ToneDaily]
    if where.kinds or where.rating:
        table = finest = MentionDaily
        told = labels(where, col(finest.tone), col(finest.kind))
        stars = [_n_where(col(finest.rating) == n).label(name) for name, n in STARS.items()]
    else:
        table = coarse = ToneDaily
        told = [*voices(where, coarse), *tones(where, col(coarse.tone))]
        stars = [getattr(coarse, name) for name in STARS]
    names = ("brand_id", "day", "source_id", "tone", "n", *SUMS)
    columns: list[Any] = [getattr(table, name) for name in names]
    return select(*columns, *stars).where(*dimensions(where, table), *told)


def _mention_rows(session: Session, where: Filter) -> Select[Any]:
    table = MentionBrand
    columns: list[Any] = [
        table.brand_id,
        table.day,
        table.source_id,
        func.coalesce(col(table.tone), UNREAD).label("tone"),
        literal_column("1").label("n"),
    ]
    columns += [_flag(col(table.rating) == stars).label(name) for name, stars in STARS.items()]
    columns += [_flag(getattr(table, name)).label(name) for name in INTENTS.values()]
    columns += [
        _flag(col(table.nps).between(low, high)).label(name) for name, (low, high) in NPS.items()
    ]
    columns.append(_flag(col(table.peak_end).is_not(None)).label("heard"))
    columns += [func.coalesce(getattr(table, name), 0).label(name) for name in HEARD]
    return select(*columns).where(*of_rows(session, where), *spoken(where), COUNTS)


def spoken(where: Filter) -> Conditions:
    """That a mention holds opinions of the filter, where all of them are counted.

    The opinions are gathered first: of every brand and touchpoint there are fewer than mentions.
    """
    if not (where.touchpoints or where.theme):
        return []
    if Tone.MIXED in where.tones:  # asked of the mention's row
        return [_has_opinion(where)]
    own = dimensions(replace(where, rating=None), Opinion)
    opinions = select(col(Opinion.mention_id), col(Opinion.brand_id)).where(
        *own, *about(where, Opinion)
    )
    return [tuple_(col(MentionBrand.mention_id), col(MentionBrand.brand_id)).in_(opinions)]


def _has_opinion(where: Filter) -> ColumnElement[bool]:
    """The same, looked up for one row after another."""
    spoken: Select[Any] = select(literal_column("1")).where(SAME_ROW, *about(where, Opinion))
    return exists(spoken.correlate(MentionBrand))


def _opinion_sums(where: Filter, finer: Sequence[str]) -> Select[Any]:
    """From the coarser sums, unless sources or ratings are asked for."""
    names = ("brand_id", "day", "touchpoint", "tone", "n", "weight", "churn", *finer)
    coarse = not (finer or where.sources or where.rating)
    table = TouchpointDaily if coarse else OpinionDaily
    columns: list[Any] = [getattr(table, name) for name in names]
    return select(*columns).where(
        *dimensions(where, table), *about(where, table), *voices(where, table)
    )


def _opinion_rows(session: Session, where: Filter) -> Select[Any]:
    names = ("brand_id", "day", "source_id", "touchpoint", "tone", "weight")
    columns: list[Any] = [getattr(Opinion, name) for name in names]
    leaves = _flag(col(MentionBrand.churn)).label("churn")
    columns += [col(MentionBrand.rating), literal_column("1").label("n"), leaves]
    return that_count(session, where, *columns)


def _facet_sums(where: Filter, facet: Facet) -> Select[Any]:
    table = FacetDaily
    chosen = [value for own, value in where.facets if own == facet]
    wanted: Conditions = [col(table.value).in_(chosen)] if chosen else []
    names = ("brand_id", "day", "value", "tone", "rating", "n")
    columns: list[Any] = [getattr(table, name) for name in names]
    return select(*columns).where(
        col(table.facet) == str(facet),
        *wanted,
        *dimensions(where, table),
        *labels(where, col(table.tone), col(table.kind)),
    )


def _facet_rows(session: Session, where: Filter, facet: Facet) -> Select[Any]:
    """Of opinions the tone is that of the opinion, as in every other figure."""
    spoken = bool(where.touchpoints or where.theme)
    tone = col(Opinion.tone) if spoken else func.coalesce(col(MentionBrand.tone), UNREAD)
    own = MentionBrand
    columns: list[Any] = [own.brand_id, own.day, own.rating]
    columns += [cut(facet).label("value"), tone.label("tone"), literal_column("1").label("n")]
    rows: Select[Any] = (
        select(*columns)
        .select_from(MentionBrand)
        .join(Mention, col(Mention.id) == col(MentionBrand.mention_id))
        .where(getattr(Mention, facet) != "", *of_rows(session, where), COUNTS)
    )
    return rows.join(Opinion, SAME_ROW).where(*about(where, Opinion)) if spoken else rows


def _n_where(condition: Any) -> ColumnElement[int]:
    return case((condition, col(MentionDaily.n)), else_=0)


def _flag(condition: Any) -> ColumnElement[int]:
    return case((condition, 1), else_=0)
