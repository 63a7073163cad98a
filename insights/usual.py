"""What is usual of each thing that is said of a brand, learnt from the days before.

Each weekday has its own count as far as enough is known of it; the spread of past days and the
shortness of the past widen what is usual. Where more is written of the brand on the whole (a new
source, an advertisement), as much more is usual of each thing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp.labels import Tone
from storage.queries import Tones

#: Stands for the brand as a whole among touchpoints; its counts are mentions, not opinions.
WHOLE = ""
#: The tones whose counts are watched.
SIDES = (Tone.NEGATIVE, Tone.POSITIVE)

#: Shape of the prior of weekdays: until so many opinions are known a weekday is like the others.
_WEEKDAYS = 20.0

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Series:
    """Counts (day × series), all else that was said on the day, and weekdays as indicators."""

    names: tuple[tuple[str, Tone], ...]
    days: Sequence[date]
    counts: Array
    others: Array
    weekdays: Array

    @classmethod
    def of(
        cls,
        days: Sequence[date],
        tones: Mapping[date, Tones],
        opinions: Mapping[date, Mapping[str, Tones]],
    ) -> "Series":
        """All series of these days; a day or a touchpoint that is not counted had none."""
        nothing, nobody = Tones(), dict[str, Tones]()
        whole = [tones.get(day, nothing) for day in days]
        by_day = [opinions.get(day, nobody) for day in days]
        known = sorted({touchpoint for own in by_day for touchpoint in own})
        names, columns = [], []
        for tone in SIDES:
            names += [(WHOLE, tone), *((touchpoint, tone) for touchpoint in known)]
            columns.append([getattr(own, tone) for own in whole])
            columns += [
                [getattr(own.get(touchpoint, nothing), tone) for own in by_day]
                for touchpoint in known
            ]
        counts = np.array(columns, dtype=float).T
        n = np.array([own.n for own in whole], dtype=float)
        weekdays = np.eye(7)[[day.weekday() for day in days]]
        return cls(tuple(names), days, counts, np.maximum(n[:, None] - counts, 0), weekdays)


@dataclass(frozen=True, slots=True)
class Usual:
    """What is usual from a day on, for each series: by weekday the count and the count of all else;
    how many opinions that was learnt from; how many times chance the days spread."""

    counts: Array
    others: Array
    learnt: Array
    spread: Array

    @classmethod
    def learn(cls, series: Series, day: int, is_known: Flags) -> "Usual":
        """From the days just before ``day``, without those that ``is_known`` leaves out."""
        past = slice(day - len(is_known), day)
        weekdays, known = series.weekdays[past], is_known.astype(float)
        counts, learnt = _rates(series.counts[past], weekdays, known)
        others, _ = _rates(series.others[past], weekdays, known)
        expected = weekdays @ counts
        # Pearson's statistic per degree of freedom.
        away = (known * (series.counts[past] - expected) ** 2 / expected).sum(axis=0)
        spread = np.maximum(1.0, away / np.maximum(known.sum(axis=0) - 7, 7))
        return cls(counts, others, learnt, spread)

    def expect(self, series: Series, start: int, end: int) -> tuple[Array, Array]:
        """Mean and variance of the counts of days ``start`` … ``end``."""
        span = slice(start, end + 1)
        n = series.weekdays[span].sum(axis=0)
        more = np.maximum(1.0, series.others[span].sum(axis=0) / (n @ self.others))
        mean = n @ self.counts * more
        return mean, self.spread * (mean + mean**2 / self.learnt)


def _rates(counts: Array, weekdays: Array, known: Array) -> tuple[Array, Array]:
    """The mean count by weekday, drawn to that of all days, and the sum of counts.

    Half an opinion is added (Jeffreys' prior of a Poisson rate): nothing seen yet is not never.
    """
    sums, days = weekdays.T @ (counts * known), weekdays.T @ known
    learnt = sums.sum(axis=0) + 0.5
    mean = learnt / np.maximum(days.sum(axis=0), 1)
    return (sums + _WEEKDAYS) / (days + _WEEKDAYS / mean), learnt


def deviate(count: Array, mean: Array, variance: Array) -> Any:
    """How far a count lies from its mean, as a standard normal deviate.

    The signed root of the negative binomial deviance with a continuity correction: Pierce, D. A.
    and Schafer, D. W. (1986), JASA 81: 977–986. Close to the exact tail from small counts on.
    """
    seen = np.maximum(count - 0.5, 1e-9)
    size = mean**2 / np.maximum(variance - mean, 1e-9 * mean)
    deviance = seen * np.log(seen / mean) - (seen + size) * np.log((seen + size) / (mean + size))
    return np.sign(seen - mean) * np.sqrt(np.maximum(2 * deviance, 0))
