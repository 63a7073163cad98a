"""Tone over time in buckets of a length that suits the span."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from insights.stats import Estimate, net_sentiment
from storage.queries import Figures, Tones


class Bucket(StrEnum):
    """The step of a time axis."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Point:
    """One bucket: its first and last day that belong to the period, and its tones."""

    start: date
    end: date
    tones: Tones

    @property
    def net(self) -> Estimate | None:
        """Net sentiment of the bucket."""
        return net_sentiment(self.tones)


def bucket_for(days: int) -> Bucket:
    """Days up to six weeks, weeks up to two years, months beyond: at most about 100 marks."""
    if days <= 42:
        return Bucket.DAY
    return Bucket.WEEK if days <= 731 else Bucket.MONTH


def trend(by_day: Mapping[date, Tones], start: date, end: date) -> tuple[Point, ...]:
    """Every bucket from ``start`` to ``end``, empty ones too, so that gaps are seen.

    Weeks begin on Monday; the first and the last bucket are cut at the period's ends.
    """
    bucket = bucket_for((end - start).days + 1)
    sums: dict[date, Tones] = {}
    for day, tones in by_day.items():
        if start <= day <= end:
            key = max(_first_day(day, bucket), start)
            sums[key] = sums.get(key, Tones()) + tones
    return tuple(Point(first, last, sums.get(first, Tones())) for first, last in spans(start, end))


def course(by_day: Mapping[date, Figures], start: date, end: date) -> tuple[Figures, ...]:
    """Figures at the end of every bucket: of the bucket, or of a week where it is shorter.

    A day has too few mentions for an index. In the first six days a week is not yet full.
    """
    totals = []
    for first, last in spans(start, end):
        first = min(first, max(start, last - timedelta(days=6)))
        days = ((first + timedelta(days=number)) for number in range((last - first).days + 1))
        totals.append(sum((by_day[day] for day in days if day in by_day), Figures()))
    return tuple(totals)


def spans(start: date, end: date, bucket: Bucket | None = None) -> tuple[tuple[date, date], ...]:
    """First and last day of every bucket: of those of :func:`trend`, unless they are named."""
    bucket = bucket or bucket_for((end - start).days + 1)
    found = []
    first = _first_day(start, bucket)
    while first <= end:
        after = _next(first, bucket)
        found.append((max(first, start), min(after - timedelta(days=1), end)))
        first = after
    return tuple(found)


def _first_day(day: date, bucket: Bucket) -> date:
    if bucket is Bucket.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if bucket is Bucket.MONTH else day


def _next(first: date, bucket: Bucket) -> date:
    if bucket is Bucket.MONTH:
        return (first + timedelta(days=31)).replace(day=1)
    return first + timedelta(days=7 if bucket is Bucket.WEEK else 1)
