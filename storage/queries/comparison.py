"""Our brand beside others: who is spoken of when, by which source, and in one breath with whom."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from nlp.labels import Tone
from storage.filters import Filter
from storage.models import MentionBrand
from storage.queries.rows import MentionRow, load
from storage.queries.scope import brand_rows, mention_facts, opinion_facts


class Preferred(StrEnum):
    """Who comes off better in a mention that speaks of two brands."""

    OURS = "ours"
    NEITHER = "neither"
    THEIRS = "theirs"


@dataclass(frozen=True, slots=True)
class Duel:
    """Mentions that name our brand and another, by who comes off better."""

    brand_id: int
    ours: int = 0
    neither: int = 0
    theirs: int = 0

    @property
    def n(self) -> int:
        """All of them."""
        return self.ours + self.neither + self.theirs


def mentions_by_day_and_brand(session: Session, where: Filter) -> dict[date, dict[int, int]]:
    """Mentions of each day by brand id, analysed or not; opinions where touchpoints are chosen."""
    return _by_brand(session, where, "day")


def mentions_by_source_and_brand(session: Session, where: Filter) -> dict[int, dict[int, int]]:
    """Mentions of each source id by brand id, analysed or not; opinions where touchpoints are
    chosen."""
    return _by_brand(session, where, "source_id")


def duels(session: Session, where: Filter, ours: int, rivals: Sequence[int]) -> tuple[Duel, ...]:
    """Mentions that name our brand and a rival, by rival; the model must have read the tone
    towards both."""
    pairs = _pairs(session, where, ours, rivals).subquery()
    rows = session.execute(
        select(pairs.c.rival, pairs.c.preferred, func.count()).group_by(
            pairs.c.rival, pairs.c.preferred
        )
    )
    found: dict[int, Counter[str]] = defaultdict(Counter)
    for rival, preferred, n in rows:
        found[rival][preferred] = n
    return tuple(
        Duel(rival, *(found[rival][preferred] for preferred in Preferred))
        for rival in rivals
        if rival in found
    )


def duel_mentions(
    session: Session, where: Filter, ours: int, rival: int, preferred: Preferred, *, limit: int
) -> tuple[MentionRow, ...]:
    """The latest mentions behind a count of :func:`duels`; their tone is the one towards us."""
    pairs = _pairs(session, where, ours, (rival,)).subquery()
    ids = session.scalars(
        select(pairs.c.mention_id)
        .where(pairs.c.preferred == str(preferred))
        .order_by(pairs.c.day.desc(), pairs.c.mention_id.desc())
        .limit(limit)
    ).all()
    return load(session, Filter(brands=(ours, rival)), ids)


def _by_brand(session: Session, where: Filter, key: str) -> dict[Any, dict[int, int]]:
    about = bool(where.touchpoints)
    facts = opinion_facts(session, where, (key,)) if about else mention_facts(session, where)
    column = facts.c[key]
    rows = session.execute(
        select(column, facts.c.brand_id, func.sum(facts.c.n))
        .group_by(column, facts.c.brand_id)
        .order_by(column)
    )
    found: dict[Any, dict[int, int]] = defaultdict(dict)
    for own, brand, n in rows:
        found[own][brand] = int(n)
    return dict(found)


def _pairs(session: Session, where: Filter, ours: int, rivals: Sequence[int]) -> Select[Any]:
    """A row a mention × rival with mention_id, day, rival and preferred."""
    rival: Any = aliased(MentionBrand)
    better = _rank(col(MentionBrand.tone)) - _rank(rival.tone)
    preferred = case(
        (better > 0, str(Preferred.OURS)), (better < 0, str(Preferred.THEIRS)),
        else_=str(Preferred.NEITHER),
    )  # fmt: skip
    own = replace(where, brands=(ours,), repeats=False)
    columns: list[Any] = [col(MentionBrand.mention_id), col(MentionBrand.day)]
    columns += [rival.brand_id.label("rival"), preferred.label("preferred")]
    return (
        select(*columns)
        .join(rival, rival.mention_id == col(MentionBrand.mention_id))
        .where(
            *brand_rows(session, own),
            col(MentionBrand.target_tone).is_not(None),
            rival.brand_id.in_(rivals),
            rival.target_tone.is_not(None),
        )
    )


def _rank(tone: Any) -> Any:
    return case((tone == Tone.NEGATIVE, -1), (tone == Tone.POSITIVE, 1), else_=0)
