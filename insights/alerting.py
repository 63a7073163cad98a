"""When a rule fires: the same for what comes now and for the past (:mod:`insights.alert_past`).

A rule is asked where something new came that fits its filter. It then looks at all that its filter
leaves: every mention, the last hours, or the days of a surge.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from insights import alert_words as words
from insights.anomalies import Surge, noticed
from insights.usual import WHOLE
from storage.filters import Filter
from storage.queries import Arrival, Condition, Tones, When, Window

#: What is older is no news: a late reading of the past wakes nobody.
FRESH = timedelta(days=3)
#: A surge that begins within so many days of one that was told is the same story: the longest
#: window in which one is looked for.
_SAME_STORY = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Days:
    """What surges are found in: tones of mentions by day, those of opinions by touchpoint, too.

    Both from :data:`insights.anomalies.HISTORY` before the first day that is asked about.
    """

    tones: Mapping[date, Tones]
    opinions: Mapping[date, Mapping[str, Tones]]


@dataclass(frozen=True, slots=True)
class Firing:
    """That a rule fired: when, why in words, and the days of what made it fire.

    ``key`` is equal for the same cause. ``mention_ids`` are the newest of the ``n`` mentions (of a
    surge none: they are those that :func:`seen_in` leaves).
    """

    moment: datetime
    key: str
    reason: str
    n: int
    start: date
    end: date
    mention_ids: tuple[int, ...] = ()
    surge: Surge | None = None


def holds(condition: Condition, window: Window) -> bool:
    """Whether what came within the hours of a condition is enough."""
    if condition.when is When.COUNT:
        return window.n >= condition.n
    return window.mean is not None and window.rated >= condition.n and window.mean < condition.below


def is_cooling(last: datetime | None, pause: timedelta, now: datetime) -> bool:
    """Whether it was only just told; a moment to come is of a clock that has been put back."""
    return last is not None and timedelta() <= now - last < pause


def goes_on(condition: Condition, last: datetime | None, pause: timedelta, now: datetime) -> bool:
    """Whether what was told the last time may still be in the window, or came in the cooldown."""
    return is_cooling(last, pause + condition.window, now)


def each(found: Sequence[Arrival], now: datetime, zone: ZoneInfo) -> Firing:
    """New mentions that came together, at least one."""
    newest = sorted(found, key=lambda one: (one.moment, one.mention_id), reverse=True)
    days = [one.moment.astimezone(zone).date() for one in newest]
    return Firing(
        moment=now,
        key=_key(When.EACH, min(one.mention_id for one in found), now),
        reason=words.new(len(found)),
        n=len(found),
        start=min(days),
        end=max(days),
        mention_ids=tuple(one.mention_id for one in newest),
    )


def of_window(
    condition: Condition,
    window: Window,
    now: datetime,
    zone: ZoneInfo,
    *,
    asked_by: int,
    more: int = 0,
) -> Firing:
    """Enough within the hours of the condition; ``asked_by`` is the mention that came last.

    ``more`` of them came since it was told the last time.
    """
    is_count = condition.when is When.COUNT
    told = words.enough(condition, window) if is_count else words.low(condition, window)
    if more:
        told += f"; {words.more(more)}"
    return Firing(
        moment=now,
        key=_key(condition.when, asked_by, now),
        reason=told,
        n=window.n if is_count else window.rated,
        start=(now - condition.window).astimezone(zone).date(),
        end=now.astimezone(zone).date(),
        mention_ids=window.mention_ids,
    )


def _key(when: When, mention_id: int, now: datetime) -> str:
    """With the moment: SQLite gives the number of an erased mention to a later one."""
    return f"{when}:{mention_id}:{int(now.timestamp())}"


def of_surges(
    condition: Condition,
    days: Days,
    told: Iterable[tuple[str, date]],
    start: date,
    end: date,
    touchpoints: Sequence[str],
) -> Iterator[tuple[date, Firing]]:
    """Surges of the days ``start`` … ``end`` that were not told yet, each on its first day.

    ``told`` are keys and days of those that were. The moment is for the caller to set.
    """
    known = [(key.rpartition(":")[0], day) for key, day in told]
    found = noticed(days.tones, days.opinions, start, end)
    wanted = touchpoints or (WHOLE,)
    for day, surge in found:
        if surge.tone != condition.tone or surge.touchpoint not in wanted:
            continue
        name = f"surge:{surge.touchpoint}:{surge.tone}"
        if any(name == own and surge.start <= before + _SAME_STORY for own, before in known):
            continue
        known.append((name, day))
        yield (
            day,
            Firing(
                moment=datetime.combine(day, time(), UTC),
                key=f"{name}:{surge.start.isoformat()}",
                reason=words.surge(surge),
                n=surge.count,
                start=surge.start,
                end=surge.end,
                surge=surge,
            ),
        )


def seen_in(where: Filter, firing: Firing) -> Filter:
    """What a firing is about: the filter of its rule, on the days that made it fire."""
    where = replace(where, day_from=firing.start, day_to=firing.end)
    if firing.surge is None:
        return where
    spoken = (firing.surge.touchpoint,) if firing.surge.touchpoint != WHOLE else ()
    return replace(where, touchpoints=spoken, tones=(str(firing.surge.tone),))


def watched(where: Filter, condition: Condition) -> Filter:
    """What makes a rule be asked: of a surge only what can make it grow."""
    if condition.when is not When.SURGE:
        return where
    return replace(where, tones=(str(condition.tone),))
