"""Surges: days on which far more was said of one thing, one way, than is usual.

What is usual comes from the same weekdays of the thirteen weeks before (:mod:`insights.usual`),
without the days that were surges themselves. A day, a week and a fortnight are tested, so that a
burst and a slow rise are both found. On days of pure chance forty series (nineteen touchpoints and
the whole, blamed and praised) raise three to six false surges a year (tests/test_anomalies.py).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import sqrt

import numpy as np

from insights.stats import Z95
from insights.usual import Flags, Series, Usual, deviate
from nlp.labels import Tone
from storage.queries import Tones

#: So many days before a period must be known for all that was usual then.
HISTORY = timedelta(days=182)

#: Lengths of windows in days, and how far (as a standard normal deviate) what was said in one must
#: lie above what is usual. A single day is tested most often and believed least.
_WINDOWS = {1: 3.8, 7: 3.5, 14: 2.9}
#: A surge has at least so many opinions, and so many times as many as are usual.
_LEAST, _TIMES = 5, 1.5
#: Days that tell what is usual: at most and at least. A surge that leaves fewer has become usual.
_BASE, _ENOUGH = 91, 28


@dataclass(frozen=True, slots=True)
class Expected:
    """How many are usual in some days; in nineteen of twenty such spans ``mean`` ± ``spread``."""

    mean: float
    spread: float


@dataclass(frozen=True, slots=True)
class Surge:
    """Days in a row with more opinions of one tone about a touchpoint than usual.

    ``count`` and ``usual`` are of ``start`` … ``end``, cut at the period that was asked for;
    ``began`` is the first day all the same, ``peak`` the day with the most. ``strength`` is how far
    it lies above what is usual, as a standard normal deviate.
    """

    touchpoint: str
    tone: Tone
    start: date
    end: date
    began: date
    peak: date
    count: int
    usual: Expected
    strength: float

    @property
    def excess(self) -> float:
        """How many more than usual."""
        return self.count - self.usual.mean


def surges(
    tones: Mapping[date, Tones],
    opinions: Mapping[date, Mapping[str, Tones]],
    start: date,
    end: date,
) -> tuple[Surge, ...]:
    """All surges within ``start`` … ``end``, by touchpoint and tone, the largest excess first.

    ``tones`` are those of mentions, ``opinions`` by touchpoint, both by day; the days of
    :data:`HISTORY` before ``start`` belong to them, as far as there are any.
    """
    if is_short(tones, end):
        return ()
    first = min((day for day in tones if start - HISTORY <= day), default=end)
    days = [first + timedelta(days=number) for number in range((end - first).days + 1)]
    series = Series.of(days, tones, opinions)
    found = _search(series)
    cut = ((start - first).days, (end - first).days)
    told = (
        _surge(series, number, found, core, cut)
        for number in range(len(series.names))
        for core in _cores(series, number, found)
    )
    return tuple(sorted(filter(None, told), key=lambda surge: -surge.excess))


def noticed(
    tones: Mapping[date, Tones],
    opinions: Mapping[date, Mapping[str, Tones]],
    start: date,
    end: date,
) -> Iterator[tuple[date, Surge]]:
    """What stands out on each day ``start`` … ``end`` when nothing later is known, day by day.

    A surge comes on each day on which a window that ends there is unusual, told from its first day
    to this one; the arguments are those of :func:`surges`.
    """
    if is_short(tones, end):
        return
    first = min((day for day in tones if start - HISTORY <= day), default=end)
    days = [first + timedelta(days=number) for number in range((end - first).days + 1)]
    series = Series.of(days, tones, opinions)
    found = _search(series)
    for last in range((max(start, first) - first).days, len(days)):
        known = _until(found, last)
        for number in known.windows:
            for core in _cores(series, number, known):
                told = _surge(series, number, known, core, (core[0], last))
                if told and core[1] >= last - 1:
                    yield days[last], told


def is_short(tones: Mapping[date, Tones], end: date) -> bool:
    """Whether mentions began too lately to know what is usual."""
    return (end - min(tones, default=end)).days < _ENOUGH


@dataclass(frozen=True, slots=True)
class _Found:
    """Flagged days (day × series), windows by series with how far they stand out, usual by day."""

    flags: Flags
    windows: Mapping[int, list[tuple[float, int, int]]]
    usual: Sequence[Usual | None]


def _search(series: Series) -> _Found:
    """Walk through the days: learn what is usual, test the windows that end there."""
    shape = series.counts.shape
    flags, left_out = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    usual: list[Usual | None] = [None] * _ENOUGH
    windows: dict[int, list[tuple[float, int, int]]] = {}
    for day in range(_ENOUGH, shape[0]):
        _settle(left_out, day)
        usual.append(Usual.learn(series, day, ~left_out[max(0, day - _BASE) : day]))
        for length, limit in _WINDOWS.items():
            start = day - length + 1
            before = usual[start] if start >= 0 else None
            if before is None:
                continue
            count = series.counts[start : day + 1].sum(axis=0)
            mean, variance = before.expect(series, start, day)
            far = deviate(count, mean, variance)
            is_surge = (far > limit) & (count >= _LEAST) & (count >= _TIMES * mean)
            flags[start : day + 1, is_surge] = left_out[start : day + 1, is_surge] = True
            for number in np.flatnonzero(is_surge):
                windows.setdefault(int(number), []).append((float(far[number]), start, day))
    return _Found(flags, windows, usual)


def _until(found: _Found, last: int) -> _Found:
    """What was found up to a day, of the series of which a window that ends there stands out."""
    flags, windows = np.zeros_like(found.flags), {}
    for number, own in found.windows.items():
        known = [window for window in own if window[2] <= last]
        if known and max(end for _, _, end in known) == last:
            windows[number] = known
            for _, start, end in known:
                flags[start : end + 1, number] = True
    return _Found(flags, windows, found.usual)


def _settle(left_out: Flags, day: int) -> None:
    """A surge so long that too few usual days remain has become what is usual: it alone counts."""
    past = left_out[max(0, day - _BASE) : day]
    settled = (~past).sum(axis=0) < _ENOUGH
    past[:, settled] = True
    past[-_ENOUGH:, settled] = False


def _cores(series: Series, number: int, found: _Found) -> list[tuple[int, int]]:
    """First and last days of a series' surges: within flagged days in a row, those most unusual.

    Most unusual is the span with the greatest likelihood ratio: the scan statistic of Kulldorff, M.
    (1997), Commun. Stat. Theory Methods 26: 1481–1496. What else stands out becomes a surge of
    its own.
    """
    cores: list[tuple[int, int]] = []
    free = found.flags[:, number].copy()
    for _, start, end in sorted(found.windows.get(number, ()), reverse=True):
        if not free[start : end + 1].all():
            continue
        while start > 0 and free[start - 1]:
            start -= 1
        while end + 1 < len(free) and free[end + 1]:
            end += 1
        core = _core(series, number, found.usual, start, end)
        free[core[0] : core[1] + 1] = False
        cores.append(core)
    return _bridged(sorted(cores))


def _bridged(cores: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Surges with a lull between them shorter than the longest window are one."""
    joined: list[tuple[int, int]] = []
    for start, end in cores:
        if joined and start - joined[-1][1] <= max(_WINDOWS):
            start = joined.pop()[0]
        joined.append((start, end))
    return joined


def _core(
    series: Series, number: int, usual: Sequence[Usual | None], start: int, end: int
) -> tuple[int, int]:
    before = _known(usual, start)
    counts = series.counts[start : end + 1, number]
    expected = series.weekdays[start : end + 1] @ before.counts[:, number]
    sums, means = (np.concatenate([[0.0], np.cumsum(own)]) for own in (counts, expected))
    more, mean = sums[None, :] - sums[:, None], means[None, :] - means[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(more > mean, more * np.log(more / mean) - (more - mean), -np.inf)
    ratio[np.tril_indices(len(sums))] = -np.inf
    first, after = np.unravel_index(int(ratio.argmax()), ratio.shape)
    return start + int(first), start + int(after) - 1


def _surge(
    series: Series, number: int, found: _Found, core: tuple[int, int], cut: tuple[int, int]
) -> Surge | None:
    """A surge as it is told of the days of ``cut``; None where too little of it is left."""
    start, end = max(core[0], cut[0]), min(core[1], cut[1])
    if start > end:
        return None
    usual = _known(found.usual, core[0])
    mean, variance = (own[number] for own in usual.expect(series, start, end))
    counts = series.counts[start : end + 1, number]
    count = int(counts.sum())
    if count < _LEAST or count < _TIMES * mean:
        return None
    touchpoint, tone = series.names[number]
    return Surge(
        touchpoint,
        tone,
        series.days[start],
        series.days[end],
        began=series.days[core[0]],
        peak=series.days[start + int(counts.argmax())],
        count=count,
        usual=Expected(float(mean), Z95 * sqrt(float(variance))),
        strength=float(deviate(np.array(count), mean, variance)),
    )


def _known(usual: Sequence[Usual | None], day: int) -> Usual:
    known = usual[day]
    if known is None:
        raise ValueError("no day is flagged before what is usual is known")
    return known
