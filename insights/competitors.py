"""Our brand beside its competitors: share of voice, indices and touchpoints, with intervals.

Each figure of ours is compared with each competitor's and with their plain mean (the way of
TRI*M). Many comparisons are made at once, so a difference counts only by the stricter interval,
and nobody is ahead where the intervals that are shown overlap.
"""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from insights.changes import FEW
from insights.indices import INDICES, Index
from insights.pains import FEW_OPINIONS
from insights.stats import Z95, Z_MANY, Change, Estimate, change, mean_of, net_sentiment, share
from insights.trends import spans
from storage.filters import Filter
from storage.queries import BrandRow, Figures, OpinionCount

_Measure = Callable[[int, float], Estimate | None]


class Verdict(StrEnum):
    """How we stand against somebody in one figure."""

    AHEAD = "ahead"
    BEHIND = "behind"
    EVEN = "even"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Contrast:
    """Our figure beside another, and the difference (ours minus theirs, stricter interval)."""

    ours: Estimate | None
    theirs: Estimate | None
    difference: Change | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Line:
    """One index or touchpoint: figures by brand, ours against each competitor and their mean.

    Competitors with too few observations are shown, but are no part of the mean.
    """

    key: str
    by_brand: Mapping[int, Estimate]
    against_mean: Contrast
    against: Mapping[int, Contrast]

    @property
    def verdict(self) -> Verdict:
        """How we stand against the competitors' mean."""
        return self.against_mean.verdict

    def strongest(self, verdict: Verdict) -> int | None:
        """The competitor from whom we differ most in this direction, if from any."""
        found = [
            (abs(own.difference.value), -brand, brand)
            for brand, own in self.against.items()
            if own.difference and own.verdict is verdict
        ]
        return max(found)[2] if found else None


@dataclass(frozen=True, slots=True)
class Parties:
    """Who is compared: our brand and its competitors, in the order of the catalogue."""

    ours: BrandRow
    rivals: tuple[BrandRow, ...]

    @property
    def all(self) -> tuple[BrandRow, ...]:
        """Ours first."""
        return (self.ours, *self.rivals)

    @property
    def ids(self) -> tuple[int, ...]:
        """For filters; ours first."""
        return tuple(brand.id for brand in self.all)

    def only(self, rival: int) -> "Parties":
        """The same with this competitor alone."""
        return Parties(self.ours, tuple(brand for brand in self.rivals if brand.id == rival))


@dataclass(frozen=True, slots=True)
class VoicePoint:
    """A bucket of time: mentions and shares by brand; no shares where nobody was mentioned."""

    start: date
    end: date
    mentions: Mapping[int, int]
    shares: Mapping[int, Estimate]


def parties(brands: Sequence[BrandRow], where: Filter) -> Parties | None:
    """Our brand is the first own one that the filter names, else the first own one with mentions;
    None without an own brand or without competitors."""
    own = [brand for brand in brands if brand.code and not brand.competitor]
    rivals = tuple(brand for brand in brands if brand.competitor)
    chosen = [brand for number in where.brands for brand in own if brand.id == number]
    known = [*chosen, *(brand for brand in own if brand.mentions), *own]
    return Parties(known[0], rivals) if known and rivals else None


def share_of_voice(mentions: Mapping[int, int]) -> dict[int, Estimate]:
    """Each brand's share of all these mentions; empty where there are none."""
    total = sum(mentions.values())
    found = {brand: share(n, total) for brand, n in mentions.items()}
    return {brand: own for brand, own in found.items() if own}


def voice_over_time(
    by_day: Mapping[date, Mapping[int, int]], brands: Sequence[int], start: date, end: date
) -> tuple[VoicePoint, ...]:
    """Shares of voice in buckets that suit the span, empty ones too."""
    buckets = spans(start, end)
    firsts = [first for first, _ in buckets]
    sums = [dict.fromkeys(brands, 0) for _ in buckets]
    for day, mentions in by_day.items():
        if start <= day <= end:
            own = sums[bisect_right(firsts, day) - 1]
            for brand in brands:
                own[brand] += mentions.get(brand, 0)
    return tuple(
        VoicePoint(first, last, own, share_of_voice(own))
        for (first, last), own in zip(buckets, sums, strict=True)
    )


def index_lines(figures: Mapping[int, Figures], who: Parties) -> tuple[tuple[Index, Line], ...]:
    """Every index that anybody has."""
    found = []
    for index in INDICES:

        def measure(brand: int, z: float, index: Index = index) -> Estimate | None:
            return index.of(figures.get(brand, Figures()), z)

        line = _line(index.code, measure, who, FEW, more_is_better=index.more_is_better)
        if line.by_brand:
            found.append((index, line))
    return tuple(found)


def touchpoint_lines(
    opinions: Mapping[int, Sequence[OpinionCount]], who: Parties
) -> tuple[Line, ...]:
    """Net sentiment of every touchpoint that anybody speaks of: where we lose most first, what
    cannot be compared last."""
    tones = {
        brand: {count.touchpoint: count.tones for count in opinions.get(brand, ())}
        for brand in who.ids
    }
    lines = []
    for touchpoint in sorted({name for own in tones.values() for name in own}):

        def measure(brand: int, z: float, touchpoint: str = touchpoint) -> Estimate | None:
            own = tones[brand].get(touchpoint)
            return net_sentiment(own, z) if own else None

        lines.append(_line(touchpoint, measure, who, FEW_OPINIONS))
    return tuple(sorted(lines, key=_worst_first))


def _worst_first(line: Line) -> tuple[bool, float, int, str]:
    own = line.against_mean
    unknown = own.verdict is Verdict.UNKNOWN
    n = sum(estimate.n for estimate in line.by_brand.values())
    known = own.difference.value if own.difference and not unknown else 0.0
    return (unknown, known, -n, line.key)


def _line(
    key: str, measure: _Measure, who: Parties, few: int, *, more_is_better: bool = True
) -> Line:
    found = ((brand, measure(brand, Z95), measure(brand, Z_MANY)) for brand in who.ids)
    both = {brand: (shown, strict) for brand, shown, strict in found if shown and strict}
    ours = both.get(who.ours.id, (None, None))

    def against(*brands: int) -> Contrast:
        shown = mean_of([both[brand][0] for brand in brands])
        strict = mean_of([both[brand][1] for brand in brands])
        difference = change(ours[1], strict)
        verdict = _verdict(ours[0], shown, difference, few, more_is_better=more_is_better)
        return Contrast(ours[0], shown, difference, verdict)

    rivals = [brand.id for brand in who.rivals if brand.id in both]
    return Line(
        key,
        {brand: shown for brand, (shown, _) in both.items()},
        against(*(brand for brand in rivals if both[brand][0].n >= few)),
        {brand: against(brand) for brand in rivals},
    )


def _verdict(
    ours: Estimate | None,
    theirs: Estimate | None,
    difference: Change | None,
    few: int,
    *,
    more_is_better: bool,
) -> Verdict:
    if ours is None or theirs is None or difference is None or min(ours.n, theirs.n) < few:
        return Verdict.UNKNOWN
    overlap = ours.low <= theirs.high and theirs.low <= ours.high
    if overlap or not difference.significant:
        return Verdict.EVEN
    return Verdict.AHEAD if (difference.value > 0) == more_is_better else Verdict.BEHIND
