"""What hurts a brand most, and what it is loved for: touchpoints by what they weigh in its index.

The impact of a pain is how many points the brand's net sentiment would gain had the negative
opinions of the touchpoint been neutral; that of a strength, how many it would lose.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from insights.changes import FEW
from insights.stats import Z95, Z_MANY, Change, Estimate, change, share
from nlp.labels import Tone
from storage.queries import OpinionCount

#: Fewer opinions than this look uncertain, however many mentions there are.
FEW_OPINIONS = 10

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


def pain_points(now: Counted, before: Counted | None = None) -> tuple[Weighed, ...]:
    """Touchpoints with negative opinions, the one that costs most first."""
    return _ranked(now, before, Side.PAIN)


def strengths(now: Counted, before: Counted | None = None) -> tuple[Weighed, ...]:
    """Touchpoints with positive opinions, the one that gives most first."""
    return _ranked(now, before, Side.JOY)


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
    impact = part(getattr(count, side), n)
    if impact is None:
        raise ValueError("nothing is weighed without mentions")
    return Weighed(
        count.touchpoint,
        opinions,
        None if n_before is None else getattr(earlier.tones, side.tone) if earlier else 0,
        impact,
        part(getattr(earlier, side, 0.0), n_before or 0),
        _growth(getattr(count, side), n, getattr(earlier, side, 0.0), n_before or 0),
        part(count.churn, opinions) if side is Side.PAIN else None,
    )


def _growth(now: float, n: int, before: float, n_before: int) -> Change | None:
    if min(n, n_before) < FEW:
        return None
    return change(part(now, n, Z_MANY), part(before, n_before, Z_MANY))


def part(count: float, n: int, z: float = Z95) -> Estimate | None:
    """``count`` opinions as a share of ``n`` mentions."""
    # Two opinions of one sign about one touchpoint in one text are possible, if rare.
    return share(min(count, n), n, z)
