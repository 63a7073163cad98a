"""What else the people say who complain of one thing (or praise it)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from insights.changes import FEW
from insights.pains import part
from insights.stats import Z_MANY, Estimate, change
from nlp.labels import Tone
from storage.queries import OpinionCount, Tones


@dataclass(frozen=True, slots=True)
class Other:
    """Another opinion that stands in the same mentions, ``count`` times.

    ``own`` is its share among the other opinions of its tone in these mentions, ``usual`` in the
    rest of the mentions (None where that tells of no other opinion). ``is_more`` tells that it is
    more frequent here, beyond chance.
    """

    touchpoint: str
    tone: Tone
    count: int
    own: Estimate
    usual: Estimate | None
    is_more: bool

    @property
    def lift(self) -> float | None:
        """How many times as often it is said here; None where nobody else says it."""
        return self.own.value / self.usual.value if self.usual and self.usual.value else None


def others(
    beside: Mapping[str, Tones], counts: Iterable[OpinionCount], touchpoint: str
) -> tuple[Other, ...]:
    """What the same people say: what they say more often than others first, then by count.

    ``beside`` are the other opinions in the mentions in question, ``counts`` all opinions of the
    same days. Complaints are compared with complaints and praise with praise, so that neither long
    texts nor angry ones make everything look connected.
    """
    usual = {count.touchpoint: count.tones for count in counts if count.touchpoint != touchpoint}
    found: list[Other] = []
    for tone in (Tone.NEGATIVE, Tone.POSITIVE):
        here = {other: getattr(tones, tone) for other, tones in beside.items()}
        there = {
            other: max(getattr(tones, tone) - here.get(other, 0), 0)
            for other, tones in usual.items()
        }
        n, n_elsewhere = sum(here.values()), sum(there.values())
        found += (
            _other(other, tone, (count, n), (there.get(other, 0), n_elsewhere))
            for other, count in here.items()
            if count
        )
    return tuple(sorted(found, key=lambda one: (not one.is_more, -one.count, one.touchpoint)))


def _other(touchpoint: str, tone: Tone, here: tuple[int, int], there: tuple[int, int]) -> Other:
    own = part(*here)
    if own is None:
        raise ValueError("nothing is said beside what nobody says")
    # Many are compared at once: the stricter interval.
    difference = change(part(*here, Z_MANY), part(*there, Z_MANY))
    is_more = min(here[1], there[1]) >= FEW and difference is not None and difference.low > 0
    return Other(touchpoint, tone, here[0], own, part(*there), is_more)
