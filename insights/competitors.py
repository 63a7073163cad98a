"""Our brand beside its competitors: share of voice, indices and touchpoints, with intervals.

Each figure of ours is compared with each competitor's and with their plain mean (the way of
TRI*M). Many comparisons are made at once, so a difference counts only by an interval that allows
for their number, and nobody is ahead where the intervals that are shown overlap.
"""

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from insights.changes import FEW
from insights.indices import INDICES, Index
from insights.pains import FEW_OPINIONS
from insights.stats import Z95, Change, Estimate, change, mean_of, net_sentiment, quantile, share
from insights.trends import Bucket, spans
from storage.filters import Filter
from storage.queries import BrandRow, Figures, OpinionCount

#: Types of sources that may hold anything: a survey, letters, reviews of any site.
_OF_ANYTHING = frozenset({"file", "imap", "webhook"})

_Measure = Callable[[int, float], Estimate | None]


class Verdict(StrEnum):
    """How we stand against somebody in one figure."""

    AHEAD = "ahead"
    BEHIND = "behind"
    EVEN = "even"
    UNKNOWN = "unknown"


#: In which touchpoints are read.
_ORDER = (Verdict.BEHIND, Verdict.EVEN, Verdict.AHEAD, Verdict.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Contrast:
    """Our figure beside another with 95 % intervals, and the difference (ours minus theirs) with an
    interval that allows for the number of comparisons; ``brands`` are those of the other."""

    ours: Estimate | None
    theirs: Estimate | None
    difference: Change | None
    verdict: Verdict
    brands: tuple[int, ...]

    @property
    def size(self) -> float:
        """How far apart both are, 0…2."""
        return abs(self.difference.value) if self.difference else 0.0


@dataclass(frozen=True, slots=True)
class Line:
    """One index or touchpoint: figures by brand, ours against each competitor and their mean.

    Competitors with too few observations are shown, but are no part of the mean.
    """

    key: str
    by_brand: Mapping[int, Estimate]
    against_mean: Contrast
    against: Mapping[int, Contrast]

    def standing(self, verdict: Verdict) -> Contrast | None:
        """The comparison that says so: with the competitor from whom we differ most, else with
        their mean; None where none does."""
        found = [own for own in self.against.values() if own.verdict is verdict]
        if found:
            return max(found, key=lambda own: own.size)
        return self.against_mean if self.against_mean.verdict is verdict else None

    @property
    def verdict(self) -> Verdict:
        """Where the touchpoint belongs: who is behind anybody has something to mend."""
        for verdict in (Verdict.BEHIND, Verdict.AHEAD):
            if self.standing(verdict):
                return verdict
        return self.against_mean.verdict


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

    def quantile(self, lines: int) -> float:
        """For so many lines, each with a comparison a competitor and one with their mean."""
        return quantile(lines * (len(self.rivals) + (len(self.rivals) > 1)))

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
    """Shares of voice in buckets that suit the span and hold enough mentions on average, empty
    ones too."""
    total = sum(sum(own.values()) for day, own in by_day.items() if start <= day <= end)
    buckets = spans(start, end)
    for coarser in (Bucket.WEEK, Bucket.MONTH):
        if total < FEW * len(buckets):
            buckets = min(buckets, spans(start, end, coarser), key=len)
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


def lonely_sources(
    by_source: Mapping[int, Mapping[int, int]], types: Mapping[int, str], who: Parties
) -> tuple[int, ...]:
    """Sources that tell of us and have no counterpart that tells of a competitor.

    Another source of the same type is a counterpart (a shop's page of each brand), unless the type
    says nothing of where the texts come from.
    """
    rivals = [brand.id for brand in who.rivals]
    shared = {
        source
        for source, mentions in by_source.items()
        if any(mentions.get(brand) for brand in rivals)
    }
    matched = {types[source] for source in shared} - _OF_ANYTHING
    return tuple(
        source
        for source, mentions in by_source.items()
        if mentions.get(who.ours.id) and source not in shared and types[source] not in matched
    )


def index_lines(figures: Mapping[int, Figures], who: Parties) -> tuple[tuple[Index, Line], ...]:
    """Every index that anybody has."""
    empty = Figures()
    told = [index for index in INDICES if any(index.of(figures.get(b, empty)) for b in who.ids)]
    z = who.quantile(len(told))

    def line(index: Index) -> Line:
        def measure(brand: int, z: float) -> Estimate | None:
            return index.of(figures.get(brand, empty), z)

        return _line(index.code, measure, who, z, FEW, more_is_better=index.more_is_better)

    return tuple((index, line(index)) for index in told)


def touchpoint_lines(
    opinions: Mapping[int, Sequence[OpinionCount]], who: Parties
) -> tuple[Line, ...]:
    """Net sentiment of every touchpoint that anybody speaks of: where we lose first, where we win
    last, but for those that cannot be compared."""
    tones = {
        brand: {count.touchpoint: count.tones for count in opinions.get(brand, ())}
        for brand in who.ids
    }
    touchpoints = sorted({name for own in tones.values() for name in own})
    z = who.quantile(len(touchpoints))

    def line(touchpoint: str) -> Line:
        def measure(brand: int, z: float) -> Estimate | None:
            own = tones[brand].get(touchpoint)
            return net_sentiment(own, z) if own else None

        return _line(touchpoint, measure, who, z, FEW_OPINIONS)

    return tuple(sorted((line(touchpoint) for touchpoint in touchpoints), key=_worst_first))


def _worst_first(line: Line) -> tuple[int, float, str]:
    verdict = line.verdict
    contrast = line.standing(verdict)
    known = contrast.difference.value if contrast and contrast.difference else 0.0
    return _ORDER.index(verdict), known, line.key


def _line(
    key: str, measure: _Measure, who: Parties, z: float, few: int, *, more_is_better: bool = True
) -> Line:
    found = ((brand, measure(brand, Z95), measure(brand, z)) for brand in who.ids)
    both = {brand: (shown, strict) for brand, shown, strict in found if shown and strict}
    ours = both.get(who.ours.id, (None, None))

    def against(*brands: int) -> Contrast:
        shown = mean_of([both[brand][0] for brand in brands])
        strict = mean_of([both[brand][1] for brand in brands])
        difference = change(ours[1], strict)
        verdict = _verdict(ours[0], shown, difference, few, more_is_better=more_is_better)
        return Contrast(ours[0], shown, difference, verdict, brands)

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
