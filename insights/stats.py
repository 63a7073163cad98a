"""Shares and indices with their 95 % intervals, and whether a change is more than chance.

Every figure is shown with its n and interval, so all of them come from here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, floor, sqrt
from statistics import NormalDist

from storage.queries import Tones

#: The normal quantile of a 95 % interval.
Z95 = 1.959964
#: The quantile used where many figures are compared at once (19 touchpoints): 99.7 %.
Z_MANY = 2.967738
#: Of so many values the ranks of an interval are counted exactly.
_MANY = 1000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its interval and the number of observations behind it.

    Shares are 0…1, net sentiment is −1…1.
    """

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Median:
    """The middle of ``n`` values; the interval is None where there are too few for one."""

    value: float
    low: float | None
    high: float | None
    n: int


@dataclass(frozen=True, slots=True)
class Change:
    """A difference of two independent figures; ``significant`` where its interval omits 0."""

    value: float
    low: float
    high: float

    @property
    def significant(self) -> bool:
        """Whether chance alone is an unlikely explanation."""
        return self.low > 0 or self.high < 0


def quantile(comparisons: int) -> float:
    """The normal quantile for so many intervals of which all shall hold at once in 95 % of cases
    (Bonferroni)."""
    return NormalDist().inv_cdf(1 - 0.05 / (2 * max(1, comparisons)))


def share(count: float, n: int, z: float = Z95) -> Estimate | None:
    """``count`` of ``n`` with the Wilson score interval; None where there is nothing to count.

    Wilson, E. B. (1927), «Probable inference, the law of succession, and statistical
    inference», JASA 22: 209–212. Holds for small n and for shares near 0 and 1. Where each of
    ``n`` may count in part, the interval is wide enough, for the reason of :func:`bounded_mean`.
    """
    return Estimate(count / n, *_wilson(count / n, n, z), n) if n else None


def bounded_mean(mean: float, n: int, z: float = Z95) -> Estimate | None:
    """The mean of ``n`` values of −1…1 whose spread was not kept; the interval is wide enough.

    Of all values between two bounds with this mean those at the bounds vary most (Bhatia, R. and
    Davis, C. (2000), Amer. Math. Monthly 107: 353–357). They are a share, and have its interval.
    """
    if n == 0:
        return None
    mean = max(-1.0, min(1.0, mean))
    low, high = _wilson((mean + 1) / 2, n, z)
    return Estimate(mean, min(2 * low - 1, mean), max(2 * high - 1, mean), n)


def net_sentiment(tones: Tones, z: float = Z95) -> Estimate | None:
    """Share of positive minus share of negative; mixed and neutral stay in the denominator.

    Interval: adjusted Wald for a difference of two shares of one sample, Bonett, D. G. and
    Price, R. M. (2012), J. Educ. Behav. Stat. 37: 479–488 (one observation is added to each
    side, so that small and one-sided samples do not look certain).
    """
    return balance(tones.positive, tones.negative, tones.n, z)


def nps(promoters: int, passives: int, detractors: int, z: float = Z95) -> Estimate | None:
    """Net promoter score, −1…1: share of 9–10 minus share of 0–6 among survey answers.

    Reichheld, F. (2003), «The one number you need to grow», HBR 81(12); interval as in
    :func:`net_sentiment`.
    """
    return balance(promoters, detractors, promoters + passives + detractors, z)


def csat(ratings: tuple[int, ...], z: float = Z95) -> Estimate | None:
    """Share of ratings 4–5 (top-2 box) among rated mentions; ``ratings`` counts 1, 2, … 5."""
    return share(sum(ratings[3:]), sum(ratings), z)


def median(counts: Sequence[tuple[float, int]]) -> Median | None:
    """The median of values with how often each occurs, in order; None where there are none.

    The interval is that of order statistics, which asks nothing of the distribution: Conover, W. J.
    (1999), «Practical Nonparametric Statistics», 3rd ed., section 3.2 (exact binomial ranks up to
    a thousand values, his normal approximation beyond). Fewer than six values have none of 95 %.
    """
    n = sum(count for _, count in counts)
    if n == 0:
        return None
    middle = (_ranked(counts, (n + 1) // 2) + _ranked(counts, n // 2 + 1)) / 2
    rank = _rank(n)
    if rank == 0:
        return Median(middle, None, None, n)
    return Median(middle, _ranked(counts, rank), _ranked(counts, n + 1 - rank), n)


def mean_rating(ratings: tuple[int, ...]) -> float | None:
    """The plain mean, shown beside CSAT."""
    n = sum(ratings)
    return sum(star * count for star, count in enumerate(ratings, 1)) / n if n else None


def change(now: Estimate | None, before: Estimate | None) -> Change | None:
    """The difference of two independent figures with its interval.

    MOVER: Zou, G. Y. and Donner, A. (2008), Stat. Med. 27: 1693–1702; for two Wilson shares it
    is Newcombe's (1998) hybrid score interval, method 10.
    """
    if now is None or before is None:
        return None
    value = now.value - before.value
    down = sqrt((now.value - now.low) ** 2 + (before.high - before.value) ** 2)
    up = sqrt((now.high - now.value) ** 2 + (before.value - before.low) ** 2)
    return Change(value, value - down, value + up)


def mean_of(figures: Sequence[Estimate]) -> Estimate | None:
    """The plain mean of independent figures, each of the same weight; its n is all of theirs.

    MOVER for a sum of several, see :func:`change`.
    """
    if not figures:
        return None
    k = len(figures)
    value = sum(figure.value for figure in figures) / k
    down = sqrt(sum((figure.value - figure.low) ** 2 for figure in figures)) / k
    up = sqrt(sum((figure.high - figure.value) ** 2 for figure in figures)) / k
    return Estimate(value, value - down, value + up, sum(figure.n for figure in figures))


def balance(plus: int, minus: int, n: int, z: float = Z95) -> Estimate | None:
    """Share of ``plus`` minus share of ``minus`` in one sample, with the interval of
    :func:`net_sentiment`; where some are both, the interval is a little too wide."""
    if n == 0:
        return None
    p, q = (plus + 1) / (n + 2), (minus + 1) / (n + 2)
    half = z * sqrt(max(0.0, p + q - (p - q) ** 2) / (n + 2))
    value = (plus - minus) / n
    # The interval is centred on the adjusted value; it always holds the observed one.
    return Estimate(
        value, max(-1.0, min(p - q - half, value)), min(1.0, max(p - q + half, value)), n
    )


def _ranked(counts: Sequence[tuple[float, int]], rank: int) -> float:
    """The value of this rank, the first being 1."""
    for value, count in counts:
        rank -= count
        if rank <= 0:
            return value
    raise ValueError("a rank beyond the last value")


def _rank(n: int) -> int:
    """From the value of this rank to that of the same rank from above the interval reaches; 0 where
    even the lowest and the highest value are not far enough apart."""
    if n > _MANY:
        return max(0, floor((n - Z95 * sqrt(n)) / 2))
    allowed = NormalDist().cdf(-Z95) * 2**n
    rank = below = 0
    while (below := below + comb(n, rank)) <= allowed:
        rank += 1
    return rank


def _wilson(p: float, n: int, z: float) -> tuple[float, float]:
    spread = z * z / n
    centre = (p + spread / 2) / (1 + spread)
    half = z / (1 + spread) * sqrt(p * (1 - p) / n + spread / (4 * n))
    # Rounding must not push the share itself out of its interval.
    return min(p, max(0.0, centre - half)), max(p, min(1.0, centre + half))
