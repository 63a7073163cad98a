"""Counts behind every figure and chart: sums over the roll-ups, or over rows where they must."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session

from nlp.labels import Tone
from storage.columns import INTENTS, NPS, STARS, WHOLE, Facet
from storage.filters import UNREAD, Filter
from storage.queries.counts import FacetCount, Figures, Heard, Nps, OpinionCount, Tones
from storage.queries.scope import HEARD, SUMS, facet_facts, mention_facts, opinion_facts


def figures(session: Session, where: Filter) -> Figures:
    """The key counts."""
    tones = _tones_of_opinions(session, where).get((), Tones()) if where.touchpoints else None
    return _figures(_mention_sums(session, where), tones)


def figures_by_brand(session: Session, where: Filter) -> dict[int, Figures]:
    """The key counts of each brand that has mentions."""
    by_brand = defaultdict(list)
    for row in _mention_sums(session, where, "brand_id"):
        by_brand[row.brand_id].append(row)
    tones = _tones_of_opinions(session, where, "brand_id") if where.touchpoints else {}
    return {
        brand: _figures(rows, tones.get((brand,), Tones()) if where.touchpoints else None)
        for brand, rows in by_brand.items()
    }


def figures_by_day(session: Session, where: Filter) -> dict[date, Figures]:
    """The key counts of each day that has mentions; opinions are not asked for."""
    return dict(sorted(_figures_by(session, where, "day").items()))


def figures_by_source(session: Session, where: Filter) -> dict[int, Figures]:
    """The key counts of each source that has mentions; opinions are not asked for."""
    return _figures_by(session, where, "source_id")


def tones_by_day(session: Session, where: Filter) -> dict[date, Tones]:
    """Tones of each day that has any, in order; opinions where touchpoints are chosen."""
    return dict(sorted(_grouped(session, where, "day").items()))


def tones_by_source(session: Session, where: Filter) -> dict[int, Tones]:
    """Tones by source id; opinions where touchpoints are chosen."""
    return _grouped(session, where, "source_id")


def tones_by_brand(session: Session, where: Filter) -> dict[int, Tones]:
    """Tones by brand id; opinions where touchpoints are chosen."""
    return _grouped(session, where, "brand_id")


def mentions_by_source(session: Session, where: Filter) -> dict[int, int]:
    """Mentions by source id, analysed or not."""
    facts = mention_facts(session, where)
    rows = session.execute(
        select(facts.c.source_id, func.sum(facts.c.n)).group_by(facts.c.source_id)
    )
    return {source: int(n) for source, n in rows}


def opinion_counts(session: Session, where: Filter) -> tuple[OpinionCount, ...]:
    """Opinions by touchpoint, the most discussed first."""
    return _opinion_counts(_opinion_sums(session, where))


def opinion_counts_by_brand(session: Session, where: Filter) -> dict[int, tuple[OpinionCount, ...]]:
    """Opinions by touchpoint of each brand that has any."""
    by_brand = defaultdict(list)
    for row in _opinion_sums(session, where, "brand_id"):
        by_brand[row.brand_id].append(row)
    return {brand: _opinion_counts(rows) for brand, rows in by_brand.items()}


def opinions_by_day(session: Session, where: Filter) -> dict[date, dict[str, Tones]]:
    """Tones by touchpoint of each day that has any opinion, in order."""
    found: dict[date, dict[str, Tones]] = defaultdict(dict)
    for (day, touchpoint), tones in _tones_of_opinions(session, where, "day", "touchpoint").items():
        found[day][touchpoint] = tones
    return dict(sorted(found.items()))


def opinions_by_rating(session: Session, where: Filter) -> dict[int, Tones]:
    """Tones of opinions by the rating (1…5) of their mention, 0 for none."""
    found = _tones_of_opinions(session, where, "rating")
    return {rating: tones for (rating,), tones in sorted(found.items())}


def breakdown(session: Session, where: Filter, facet: Facet) -> tuple[FacetCount, ...]:
    """Places, products, cities or app versions, the most discussed first; opinions where
    touchpoints are chosen."""
    facts = facet_facts(session, where, facet)
    rows = session.execute(
        select(facts.c.value, facts.c.tone, facts.c.rating, func.sum(facts.c.n).label("n"))
        .where(facts.c.tone != UNREAD)
        .group_by(facts.c.value, facts.c.tone, facts.c.rating)
    )
    by_value = defaultdict(list)
    for row in rows:
        by_value[row.value].append(row)
    counts = [
        FacetCount(value, _tones((row.tone, row.n) for row in own), _ratings(own))
        for value, own in by_value.items()
    ]
    return tuple(sorted(counts, key=lambda count: (-count.tones.n, count.value)))


def _grouped(session: Session, where: Filter, key: str) -> dict[Any, Tones]:
    if where.touchpoints:
        return {own: tones for (own,), tones in _tones_of_opinions(session, where, key).items()}
    facts = mention_facts(session, where)
    column = facts.c[key]
    rows = session.execute(
        select(column, facts.c.tone, func.sum(facts.c.n))
        .where(facts.c.tone != UNREAD)
        .group_by(column, facts.c.tone)
    )
    return _by_key((key, tone, n) for key, tone, n in rows)


def _mention_sums(session: Session, where: Filter, *by: str) -> Sequence[Any]:
    facts = mention_facts(session, where)
    keys = [facts.c[name] for name in (*by, "tone")]
    sums = [func.sum(facts.c[name]).label(name) for name in ("n", *SUMS, *STARS)]
    return session.execute(select(*keys, *sums).group_by(*keys)).all()


def _figures_by(session: Session, where: Filter, key: str) -> dict[Any, Figures]:
    found = defaultdict(list)
    for row in _mention_sums(session, where, key):
        found[getattr(row, key)].append(row)
    return {own: _figures(rows, None) for own, rows in found.items()}


def _figures(rows: Iterable[Any], of_opinions: Tones | None) -> Figures:
    rows = list(rows)
    total = {name: sum(int(getattr(row, name)) for row in rows) for name in ("n", *SUMS, *STARS)}
    heard = total["heard"]
    means = (total[name] / (1000 * heard) if heard else 0.0 for name in HEARD)
    return Figures(
        mentions=total["n"],
        unread=sum(int(row.n) for row in rows if row.tone == UNREAD),
        tones=_tones((row.tone, row.n) for row in rows) if of_opinions is None else of_opinions,
        ratings=tuple(total[name] for name in STARS),
        intents={intent: total[column] for intent, column in INTENTS.items()},
        nps=Nps(*(total[name] for name in NPS)),
        heard=Heard(heard, *means),
    )


def _ratings(rows: Iterable[Any]) -> tuple[int, ...]:
    counts: Counter[int] = Counter()
    for row in rows:
        counts[row.rating] += int(row.n)
    return tuple(counts[star] for star in range(1, 6))


def _opinion_sums(session: Session, where: Filter, *by: str) -> Sequence[Any]:
    facts = opinion_facts(session, where, by)
    keys = [facts.c[name] for name in (*by, "touchpoint", "tone")]
    sums = [func.sum(facts.c[name]).label(name) for name in ("n", "weight", "churn")]
    return session.execute(select(*keys, *sums).group_by(*keys)).all()


def _opinion_counts(rows: Iterable[Any]) -> tuple[OpinionCount, ...]:
    by_touchpoint: dict[str, dict[str, Any]] = defaultdict(dict)
    for row in rows:
        by_touchpoint[row.touchpoint][row.tone] = row
    counts = [_opinion_count(touchpoint, own) for touchpoint, own in by_touchpoint.items()]
    return tuple(sorted(counts, key=lambda count: (-count.tones.n, count.touchpoint)))


def _opinion_count(touchpoint: str, by_tone: dict[str, Any]) -> OpinionCount:
    negative, positive = by_tone.get(Tone.NEGATIVE), by_tone.get(Tone.POSITIVE)
    return OpinionCount(
        touchpoint,
        _tones((tone, row.n) for tone, row in by_tone.items()),
        churn=int(negative.churn) if negative else 0,
        pain=int(negative.weight) / WHOLE if negative else 0.0,
        joy=int(positive.weight) / WHOLE if positive else 0.0,
    )


def _tones_of_opinions(session: Session, where: Filter, *by: str) -> dict[tuple[Any, ...], Tones]:
    facts = opinion_facts(session, where, by)
    keys = [facts.c[name] for name in by]
    rows = session.execute(
        select(*keys, facts.c.tone, func.sum(facts.c.n)).group_by(*keys, facts.c.tone)
    )
    return _by_key((tuple(row[:-2]), *row[-2:]) for row in rows)


def _by_key(rows: Iterable[Any]) -> dict[Any, Tones]:
    found: dict[Any, list[tuple[str, int]]] = defaultdict(list)
    for key, tone, n in rows:
        found[key].append((tone, n))
    return {key: _tones(counts) for key, counts in found.items()}


def _tones(counts: Iterable[tuple[str, int]]) -> Tones:
    by_tone: dict[str, int] = {}
    for tone, n in counts:
        if tone != UNREAD:
            by_tone[tone] = by_tone.get(tone, 0) + int(n)
    return Tones(**by_tone)
