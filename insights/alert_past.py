"""What a rule would have fired: tried on the last month before it is saved, or replayed."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from insights.alerting import Days, Firing, each, goes_on, holds, is_cooling, of_surges, of_window
from insights.anomalies import HISTORY
from storage import queries
from storage.filters import Filter
from storage.queries import Arrival, Condition, When, Window

#: Answers a function of :mod:`storage.queries`, which takes the session first.
Ask = Callable[..., Any]

#: So far back a rule is tried before it is saved.
TRIAL = timedelta(days=30)
_MOMENT = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Past:
    """What :func:`firings` asks for: the mentions in order, or the days of surges."""

    arrivals: Sequence[Arrival] = ()
    days: Days | None = None


def read(
    ask: Ask,
    condition: Condition,
    where: Filter,
    reach: int | None,
    start: datetime,
    end: datetime,
    zone: ZoneInfo,
) -> Past:
    """The past that tells what was fired in ``start`` <= moment < ``end``."""
    if condition.when is When.SURGE:
        first, last = _days(start, end, zone)
        return Past(days=read_days(ask, where, first, last))
    is_window = condition.when in (When.COUNT, When.RATING)
    since = start - condition.window if is_window else start
    return Past(ask(queries.arrivals, where, reach, since=since, until=end))


def read_days(ask: Ask, where: Filter, first: date, last: date) -> Days:
    """What tells the surges of ``first`` … ``last``: opinions only of the chosen touchpoints."""
    where = replace(where, day_from=first - HISTORY, day_to=last, tones=())
    tones = ask(queries.tones_by_day, replace(where, touchpoints=()))
    return Days(tones, ask(queries.opinions_by_day, where) if where.touchpoints else {})


def firings(
    condition: Condition,
    pause: timedelta,
    past: Past,
    start: datetime,
    end: datetime,
    zone: ZoneInfo,
    touchpoints: Sequence[str] = (),
) -> tuple[Firing, ...]:
    """What a rule would have fired in ``start`` <= moment < ``end``, had it been asked at each
    mention (of surges at the end of each day)."""
    if condition.when is When.EACH:
        return tuple(each([one], one.moment, zone) for one in past.arrivals if one.moment >= start)
    if past.days is None:
        return tuple(_by_windows(condition, pause, past.arrivals, start, zone))
    found = of_surges(condition, past.days, (), *_days(start, end, zone), touchpoints)
    return tuple(
        replace(firing, moment=min(_end_of(day, zone), end - _MOMENT)) for day, firing in found
    )


def by_day(arrivals: Sequence[Arrival], zone: ZoneInfo) -> tuple[Firing, ...]:
    """What a rule for each mention would have fired, had it been asked once a day."""
    days: dict[date, list[Arrival]] = {}
    for one in arrivals:
        days.setdefault(one.moment.astimezone(zone).date(), []).append(one)
    return tuple(each(own, own[-1].moment, zone) for own in days.values())


def _by_windows(
    condition: Condition,
    pause: timedelta,
    arrivals: Sequence[Arrival],
    start: datetime,
    zone: ZoneInfo,
) -> Iterator[Firing]:
    """Ask at each mention, with the hours before it; those before ``start`` only fill them."""
    inside: deque[Arrival] = deque()
    rated = stars = since_last = 0
    last: datetime | None = None
    for one in arrivals:
        inside.append(one)
        rated, stars = rated + bool(one.rating), stars + one.rating
        while inside[0].moment < one.moment - condition.window:
            gone = inside.popleft()
            rated, stars = rated - bool(gone.rating), stars - gone.rating
        since_last += 1
        if one.moment < start or is_cooling(last, pause, one.moment):
            continue
        window = Window(len(inside), rated, stars / rated if rated else None)
        if holds(condition, window):
            newest = tuple(own.mention_id for own in reversed(inside))[: queries.MOST_NAMED]
            yield of_window(
                condition,
                replace(window, mention_ids=newest),
                one.moment,
                zone,
                asked_by=one.mention_id,
                more=since_last if goes_on(condition, last, pause, one.moment) else 0,
            )
            last, since_last = one.moment, 0


def _days(start: datetime, end: datetime, zone: ZoneInfo) -> tuple[date, date]:
    """The first and the last day of ``start`` <= moment < ``end``."""
    return start.astimezone(zone).date(), (end - _MOMENT).astimezone(zone).date()


def _end_of(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(23, 59, 59), zone).astimezone(UTC)
