"""Counts behind every figure and chart: sums over the roll-ups, or over rows where they must."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session

from nlp.labels import Intent, Tone
from storage.columns import INTENTS, NPS
from storage.filters import UNREAD, Filter
from storage.queries.scope import mention_facts, opinion_facts


@dataclass(frozen=True, slots=True)
class Tones:
    """How many were judged which way."""

    negative: int = 0
    neutral: int = 0
    positive: int = 0
    mixed: int = 0

    @property
    def n(self) -> int:
        """All that were judged: the denominator of shares."""
        return self.negative + self.neutral + self.positive + self.mixed

    def __add__(self, other: "Tones") -> "Tones":
        return Tones(
            self.negative + other.negative,
            self.neutral + other.neutral,
            self.positive + other.positive,
            self.mixed + other.mixed,
        )


@dataclass(frozen=True, slots=True)
class Nps:
    """Survey answers 9–10, 7–8 and 0–6."""

    promoters: int = 0
    passives: int = 0
    detractors: int = 0


@dataclass(frozen=True, slots=True)
class Figures:
    """The key counts of a filter; ``ratings`` holds how many gave 1, 2, … 5.

    ``tones`` counts mentions, or opinions where the filter chooses touchpoints.
    """

    mentions: int = 0
    unread: int = 0
    tones: Tones = Tones()
    ratings: tuple[int, ...] = (0, 0, 0, 0, 0)
    intents: dict[Intent, int] = field(default_factory=dict)
    nps: Nps = Nps()

    @property
    def analysed(self) -> int:
        """Mentions whose tone is known."""
        return self.mentions - self.unread


@dataclass(frozen=True, slots=True)
class OpinionCount:
    """Opinions about one touchpoint."""

    touchpoint: str
    tones: Tones


def figures(session: Session, where: Filter) -> Figures:
    """The key counts."""
    facts = mention_facts(session, where)
    names = ["n", *INTENTS.values(), *NPS]
    sums = [func.sum(facts.c[name]).label(name) for name in names]
    rows = session.execute(
        select(facts.c.tone, facts.c.rating, *sums).group_by(facts.c.tone, facts.c.rating)
    ).all()
    total = {name: sum(int(getattr(row, name)) for row in rows) for name in names}
    tones = _tones((row.tone, row.n) for row in rows)
    if where.touchpoints:
        about = opinion_facts(session, where)
        spoken = select(about.c.tone, func.sum(about.c.n)).group_by(about.c.tone)
        tones = _tones(tuple(row) for row in session.execute(spoken))
    return Figures(
        mentions=total["n"],
        unread=sum(int(row.n) for row in rows if row.tone == UNREAD),
        tones=tones,
        ratings=tuple(sum(int(r.n) for r in rows if r.rating == star) for star in range(1, 6)),
        intents={intent: total[column] for intent, column in INTENTS.items()},
        nps=Nps(*(total[name] for name in NPS)),
    )


def tones_by_day(session: Session, where: Filter) -> dict[date, Tones]:
    """Tones of each day that has any, in order; opinions where touchpoints are chosen."""
    return dict(sorted(_grouped(session, where, "day").items()))


def tones_by_source(session: Session, where: Filter) -> dict[int, Tones]:
    """Tones by source id; opinions where touchpoints are chosen."""
    return _grouped(session, where, "source_id")


def mentions_by_source(session: Session, where: Filter) -> dict[int, int]:
    """Mentions by source id, analysed or not."""
    facts = mention_facts(session, where)
    rows = session.execute(
        select(facts.c.source_id, func.sum(facts.c.n)).group_by(facts.c.source_id)
    )
    return {source: int(n) for source, n in rows}


def opinion_counts(session: Session, where: Filter) -> tuple[OpinionCount, ...]:
    """Opinions by touchpoint, the most discussed first."""
    facts = opinion_facts(session, where)
    rows = session.execute(
        select(facts.c.touchpoint, facts.c.tone, func.sum(facts.c.n)).group_by(
            facts.c.touchpoint, facts.c.tone
        )
    )
    counts = [OpinionCount(name, tones) for name, tones in _by_key(rows).items()]
    return tuple(sorted(counts, key=lambda count: (-count.tones.n, count.touchpoint)))


def _grouped(session: Session, where: Filter, key: str) -> dict[Any, Tones]:
    facts = (opinion_facts if where.touchpoints else mention_facts)(session, where)
    column = facts.c[key]
    rows = session.execute(
        select(column, facts.c.tone, func.sum(facts.c.n))
        .where(facts.c.tone != UNREAD)
        .group_by(column, facts.c.tone)
    )
    return _by_key(rows)


def _by_key(rows: Iterable[Any]) -> dict[Any, Tones]:
    found: dict[Any, list[tuple[str, int]]] = defaultdict(list)
    for key, tone, n in rows:
        found[key].append((tone, n))
    return {key: _tones(counts) for key, counts in found.items()}


def _tones(counts: Iterable[tuple[str, int]]) -> Tones:
    by_tone = dict.fromkeys(Tone, 0)
    for tone, n in counts:
        if tone != UNREAD:
            by_tone[Tone(tone)] += int(n)
    return Tones(**{str(tone): n for tone, n in by_tone.items()})
