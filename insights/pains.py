"""What hurts a brand most, and what it is loved for: touchpoints by what they weigh in its index.

The impact of a pain is how many points the brand's net sentiment would gain had the negative
opinions of the touchpoint been neutral; that of a strength, how many it would lose.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from insights.changes import FEW
from insights.stats import Z95, Z_MANY, Change, Estimate, change, share
from nlp.labels import Tone
from storage.queries import OpinionCount

#: Fewer opinions than this look uncertain, however many mentions there are.
FEW_OPINIONS = 10
#: Up to so many days before and after a day are compared; whole weeks, as weekdays differ.
_AROUND = timedelta(days=28)
_DAY = timedelta(days=1)

#: Opinions by touchpoint, and the number of analysed mentions they were found in.
Counted = tuple[Iterable[OpinionCount], int]


class Side(StrEnum):
    """What is ranked."""

    PAIN = "pain"
    JOY = "joy"

    @property
    def tone(self) -> Tone:
        """The tone of the opinions that are counted."""
        return Tone.NEGATIVE if self is Side.PAIN else Tone.POSITIVE


@dataclass(frozen=True, slots=True)
class Weighed:
    """A pain point (or a strength) of a period, beside the equal period before.

    ``opinions`` are the negative (positive) ones about it, ``opinions_before`` those of the period
    before (None without one). ``impact`` is a share of all analysed mentions, 0…1: times 100 it is
    points of net sentiment. ``growth`` is the impact's change, with the stricter interval of many
    figures at once; None where either period has too few mentions to compare. ``churn`` is the
    share of the negative opinions whose author leaves; None for strengths.
    """

    touchpoint: str
    opinions: int
    opinions_before: int | None
    impact: Estimate
    impact_before: Estimate | None
    growth: Change | None
    churn: Estimate | None

    @property
    def is_uncertain(self) -> bool:
        """Whether there is too little to conclude anything from."""
        return self.opinions < FEW_OPINIONS or self.impact.n < FEW

    @property
    def grows(self) -> bool:
        """Whether it weighs more than before, beyond chance."""
        return self.growth is not None and self.growth.low > 0

    @property
    def shrinks(self) -> bool:
        """Whether it weighs less than before, beyond chance."""
        return self.growth is not None and self.growth.high < 0


@dataclass(frozen=True, slots=True)
class Span:
    """So many days with ``count`` opinions; ``share`` is per analysed mention."""

    days: int
    count: int
    share: Estimate


@dataclass(frozen=True, slots=True)
class Around:
    """How often opinions were heard before a day and after it, and the difference."""

    day: date
    before: Span
    after: Span
    change: Change


def pain_points(now: Counted, before: Counted | None = None) -> tuple[Weighed, ...]:
    """Touchpoints with negative opinions, the one that costs most first."""
    return _ranked(now, before, Side.PAIN)


def strengths(now: Counted, before: Counted | None = None) -> tuple[Weighed, ...]:
    """Touchpoints with positive opinions, the one that gives most first."""
    return _ranked(now, before, Side.JOY)


def around(
    day: date, opinions: Mapping[date, int], mentions: Mapping[date, int], *, today: date
) -> Around | None:
    """Whether opinions are rarer since ``day`` («исправлено 3 марта»); None with too few mentions.

    ``opinions`` and ``mentions`` count both by day. Four weeks before the day and up to four weeks
    after it are compared; the day itself is on neither side.
    """
    before = _span(day - _AROUND, day - _DAY, opinions, mentions)
    after = _span(day + _DAY, min(day + _AROUND, today), opinions, mentions)
    if before is None or after is None:
        return None
    difference = change(after.share, before.share)
    return Around(day, before, after, difference) if difference else None


def _span(
    start: date, end: date, opinions: Mapping[date, int], mentions: Mapping[date, int]
) -> Span | None:
    count, n = (
        sum(number for day, number in counts.items() if start <= day <= end)
        for counts in (opinions, mentions)
    )
    estimate = _share(count, n)
    if estimate is None or n < FEW:
        return None
    return Span((end - start).days + 1, count, estimate)


def _ranked(now: Counted, before: Counted | None, side: Side) -> tuple[Weighed, ...]:
    earlier = {count.touchpoint: count for count in before[0]} if before else {}
    n, n_before = now[1], before[1] if before else None
    found = [
        _weighed((count, n), (earlier.get(count.touchpoint), n_before), side)
        for count in now[0]
        if n and getattr(count.tones, side.tone)
    ]
    return tuple(sorted(found, key=lambda one: (-one.impact.value, -one.opinions, one.touchpoint)))


def _weighed(
    now: tuple[OpinionCount, int], before: tuple[OpinionCount | None, int | None], side: Side
) -> Weighed:
    count, n = now
    earlier, n_before = before
    opinions = getattr(count.tones, side.tone)
    impact = _share(getattr(count, side), n)
    if impact is None:
        raise ValueError("nothing is weighed without mentions")
    return Weighed(
        count.touchpoint,
        opinions,
        None if n_before is None else getattr(earlier.tones, side.tone) if earlier else 0,
        impact,
        _share(getattr(earlier, side, 0.0), n_before or 0),
        _growth(getattr(count, side), n, getattr(earlier, side, 0.0), n_before or 0),
        _share(count.churn, opinions) if side is Side.PAIN else None,
    )


def _growth(now: float, n: int, before: float, n_before: int) -> Change | None:
    if min(n, n_before) < FEW:
        return None
    return change(_share(now, n, Z_MANY), _share(before, n_before, Z_MANY))


def _share(count: float, n: int, z: float = Z95) -> Estimate | None:
    # Two opinions of one sign about one touchpoint in one text are possible, if rare.
    return share(min(count, n), n, z)
