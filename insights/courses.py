"""One sort of opinions over time: how many, how often, and whether they are rarer since a day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from insights.changes import FEW
from insights.pains import part
from insights.stats import Change, Estimate, change
from insights.trends import trend
from storage.queries import Tones

#: Up to so many days before and after a day are compared; whole weeks, as weekdays differ.
_AROUND = timedelta(days=28)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Step:
    """A bucket of a time axis: ``count`` opinions in ``n`` analysed mentions."""

    start: date
    end: date
    count: int
    n: int

    @property
    def share(self) -> Estimate | None:
        """Opinions per mention; None where nobody wrote."""
        return part(self.count, self.n)


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


def course(
    opinions: Mapping[date, int], mentions: Mapping[date, int], start: date, end: date
) -> tuple[Step, ...]:
    """Opinions and analysed mentions by day, in the buckets of :func:`insights.trends.trend`."""
    by_day = {
        day: Tones(negative=opinions.get(day, 0), neutral=mentions.get(day, 0))
        for day in opinions.keys() | mentions.keys()
    }
    return tuple(
        Step(point.start, point.end, point.tones.negative, point.tones.neutral)
        for point in trend(by_day, start, end)
    )


def latest(opinions: Mapping[date, int], most: int) -> date | None:
    """The first of the latest days that hold at most ``most`` opinions together, one day at least.

    None where all days do: what is asked of the mentions themselves is bounded by it.
    """
    total, first = 0, None
    for day in sorted(opinions, reverse=True):
        total += opinions[day]
        if total > most and first is not None:
            return first
        first = day
    return None


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
    estimate = part(count, n)
    if estimate is None or n < FEW:
        return None
    return Span((end - start).days + 1, count, estimate)
