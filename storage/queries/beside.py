"""What else is known of the mentions that hold certain opinions: other opinions, places, versions.

Both begin at the opinions of the filter and look their mentions up by index, so a caller bounds
the cost by the days it asks for.
"""

from collections import Counter, defaultdict
from typing import Any

from sqlalchemy import CTE, func, select
from sqlmodel import Session, col

from nlp.labels import Tone
from storage.columns import Facet
from storage.filters import Filter
from storage.models import Mention, Opinion
from storage.queries.conditions import cut, dimensions
from storage.queries.counts import Tones
from storage.queries.scope import that_count


def beside(session: Session, where: Filter) -> dict[str, Tones]:
    """Other opinions in the mentions with opinions of the filter: mentions by touchpoint.

    A mention counts once for a touchpoint and tone; the filter's own touchpoints are left out.
    """
    told = _tellers(session, where)
    rows = session.execute(
        select(
            col(Opinion.touchpoint),
            col(Opinion.tone),
            func.count(func.distinct(col(Opinion.mention_id))),
        )
        .join(
            told,
            (told.c.mention_id == col(Opinion.mention_id))
            & (told.c.brand_id == col(Opinion.brand_id)),
        )
        .where(col(Opinion.touchpoint).not_in(where.touchpoints))
        .group_by(col(Opinion.touchpoint), col(Opinion.tone))
    )
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for touchpoint, tone, n in rows:
        found[touchpoint][str(Tone(tone))] = int(n)
    return {touchpoint: Tones(**counts) for touchpoint, counts in found.items()}


def told_in(session: Session, where: Filter) -> dict[Facet, dict[str, int]]:
    """Mentions with opinions of the filter by place, product, city and app version."""
    told = _tellers(session, where)
    columns: list[Any] = [cut(facet) for facet in Facet]
    rows = session.execute(
        select(*columns, func.count())
        .join(told, told.c.mention_id == col(Mention.id))
        .group_by(*columns)
    )
    found: dict[Facet, Counter[str]] = {facet: Counter() for facet in Facet}
    for *values, n in rows:
        for facet, value in zip(Facet, values, strict=True):
            if value:
                found[facet][value] += int(n)
    return {facet: dict(counts) for facet, counts in found.items()}


def _tellers(session: Session, where: Filter) -> CTE:
    """The mentions, for each of their brands, that hold opinions of the filter."""
    rows = that_count(session, where, col(Opinion.mention_id), col(Opinion.brand_id)).distinct()
    # Implied by the rows of mentions, but said of the opinions themselves it is their index's.
    span = Filter(where.brands, where.day_from, where.day_to)
    return rows.where(*dimensions(span, Opinion)).cte("told")
