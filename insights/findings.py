"""What a marketer should know of a period: at most five findings, the weightiest first.

A finding is a surge (:mod:`insights.anomalies`), or a touchpoint of which another share of all
mentions speaks than in the equal period before. Surges of the same days are one story.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from insights.anomalies import HISTORY, Expected, Surge, surges
from insights.changes import moves
from insights.usual import SIDES, WHOLE
from nlp.labels import Tone
from storage.queries import OpinionCount, Tones

#: How many findings of a tone are told.
_MOST = {Tone.NEGATIVE: 3, Tone.POSITIVE: 2}
#: Surges are one story where they share this part of the shorter one's days, and the shorter is at
#: least this part of the longer.
_SHARED, _SIZE = 0.5, 1 / 3

#: How many of how many.
Part = tuple[int, int]

_ByDay = Mapping[date, Mapping[str, Tones]]


@dataclass(frozen=True, slots=True)
class Finding:
    """More (or fewer) opinions of one tone about a touchpoint, and when.

    Of a surge ``usual`` is told, of a change against the previous period ``before``: then and
    now, how many such opinions and how many mentions there were. ``excess`` is how many opinions
    more there are than usual (than before). ``began`` is earlier than ``start`` where a surge was
    under way when the period began; ``lasts`` tells that it was not over on the last day.
    ``along`` are weaker surges of the same days and tone, ``against`` is the one of the other tone
    about the same touchpoint. ``touchpoint`` is :data:`insights.usual.WHOLE` for the brand as a
    whole: then mentions are counted.
    """

    touchpoint: str
    tone: Tone
    start: date
    end: date
    count: int
    excess: float
    usual: Expected | None = None
    before: tuple[Part, Part] | None = None
    began: date | None = None
    peak: date | None = None
    lasts: bool = False
    along: tuple[Surge, ...] = ()
    against: Surge | None = None

    @property
    def is_good(self) -> bool:
        """Whether the brand can be glad of it."""
        return (self.tone == Tone.POSITIVE) == (self.excess > 0)

    @property
    def behind(self) -> dict[str, Any]:
        """The parts of a filter that leave its opinions."""
        about = {} if self.touchpoint == WHOLE else {"touchpoints": (self.touchpoint,)}
        return {"day_from": self.start, "day_to": self.end, "tones": (self.tone,)} | about


def findings(
    tones: Mapping[date, Tones], opinions: _ByDay, start: date, end: date, *, compared: bool = True
) -> tuple[Finding, ...]:
    """What stands out in ``start`` … ``end``, the weightiest of each tone, bad news first.

    ``tones`` are those of mentions, ``opinions`` by touchpoint, both by day, from
    :func:`known_from` on, as far as there are any. ``compared`` asks for changes against the equal
    period before, too.
    """
    rising = surges(tones, opinions, start, end)
    found = list(_stories(rising, end))
    told = {(surge.touchpoint, surge.tone) for surge in rising}
    if compared:
        changed = _changes(tones, opinions, start, end)
        found += (one for one in changed if (one.touchpoint, one.tone) not in told)
    found.sort(key=lambda one: (-abs(one.excess), one.touchpoint))
    return tuple(
        one for tone, most in _MOST.items() for one in [f for f in found if f.tone == tone][:most]
    )


def known_from(start: date, end: date) -> date:
    """The first day whose counts :func:`findings` asks for."""
    return start - max(HISTORY, end - start + timedelta(days=1))


def _stories(rising: Sequence[Surge], end: date) -> Iterable[Finding]:
    """One finding for all surges of a tone in the same days; touchpoints explain the whole."""
    left = sorted(rising, key=lambda surge: (surge.touchpoint == WHOLE, -surge.excess))
    while left:
        lead, *rest = left
        along = [own for own in rest if own.tone == lead.tone and _is_together(own, lead)]
        left = [own for own in rest if own not in along]
        opposite = (
            own
            for own in rising
            if own.touchpoint == lead.touchpoint != WHOLE
            and own.tone != lead.tone
            and _shared(own, lead)
        )
        yield replace(
            _of_surge(lead, end),
            along=tuple(own for own in along if own.touchpoint not in (WHOLE, lead.touchpoint)),
            against=next(opposite, None),
        )


def _of_surge(surge: Surge, end: date) -> Finding:
    return Finding(
        surge.touchpoint,
        surge.tone,
        surge.start,
        surge.end,
        surge.count,
        surge.excess,
        usual=surge.usual,
        began=surge.began,
        peak=surge.peak,
        lasts=surge.end >= end - timedelta(days=1),
    )


def _changes(
    tones: Mapping[date, Tones], opinions: _ByDay, start: date, end: date
) -> Iterable[Finding]:
    """Touchpoints that changed beyond chance against the equal period before."""
    day_before = start - timedelta(days=1)
    earlier = (day_before - (end - start), day_before)
    n, n_before = (_mentions(tones, *span) for span in ((start, end), earlier))
    now, before = (_counts(opinions, *span) for span in ((start, end), earlier))
    for tone in SIDES:
        for move in moves((now, n), (before, n_before), tone):
            excess = move.now - move.before * n / n_before
            both = ((move.before, n_before), (move.now, n))
            yield Finding(move.touchpoint, tone, start, end, move.now, excess, before=both)


def _mentions(tones: Mapping[date, Tones], start: date, end: date) -> int:
    return sum(own.n for day, own in tones.items() if start <= day <= end)


def _counts(opinions: _ByDay, start: date, end: date) -> list[OpinionCount]:
    sums: dict[str, Tones] = {}
    for day, own in opinions.items():
        if start <= day <= end:
            for touchpoint, tones in own.items():
                sums[touchpoint] = sums.get(touchpoint, Tones()) + tones
    return [OpinionCount(touchpoint, tones) for touchpoint, tones in sums.items()]


def _is_together(one: Surge, other: Surge) -> bool:
    shorter, longer = sorted((own.end - own.start).days + 1 for own in (one, other))
    return _shared(one, other) >= _SHARED * shorter and shorter >= _SIZE * longer


def _shared(one: Surge, other: Surge) -> int:
    """How many days both last."""
    return max(0, (min(one.end, other.end) - max(one.start, other.start)).days + 1)
