"""When what fired may be told: cooldown, digests, and quiet hours of a wall clock."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from storage.queries import Condition, Digest, Manners, RuleRow, clock

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


def due(
    manners: Manners,
    condition: Condition,
    zone: ZoneInfo,
    *,
    fired_at: datetime,
    told_at: datetime | None,
) -> datetime:
    """The first moment at which something that fired may be told (UTC).

    ``zone`` is the house's; ``told_at`` is when the rule told something the last time.
    """
    zone = _own_zone(manners, zone)
    moment = fired_at
    if told_at is not None and told_at <= fired_at + manners.pause(condition):
        moment = max(moment, _turn(manners, told_at, zone) + manners.pause(condition))
    if manners.digest is Digest.HOURLY:
        moment = _next_hour(moment)
    elif manners.digest is Digest.DAILY:
        moment = _next(clock(manners.at), moment, zone)
    return _after_quiet(manners, moment, zone).astimezone(UTC)


def told_from(rule: RuleRow, fired_at: datetime, zone: ZoneInfo, now: datetime) -> datetime:
    """The first moment at which what a rule fired may be told.

    What fired later than now did so by a clock that has been put back. What is late, as nobody was
    there to tell it, waits for the end of quiet hours that have begun since.
    """
    moment = due(
        rule.manners,
        rule.condition,
        zone,
        fired_at=min(fired_at, now),
        told_at=rule.told_at,
    )
    return max(moment, _after_quiet(rule.manners, now, _own_zone(rule.manners, zone)))


def messages(
    manners: Manners, condition: Condition, zone: ZoneInfo, fired: Sequence[datetime]
) -> int:
    """In how many messages all of this (in order) would have been told."""
    n, told_at, until = 0, None, None
    for moment in fired:
        if until is not None and moment <= until:
            continue
        told_at = until = due(manners, condition, zone, fired_at=moment, told_at=told_at)
        n += 1
    return n


def is_quiet(begin: time, end: time, moment: datetime, zone: ZoneInfo) -> bool:
    """Whether the wall clock of a zone shows quiet hours, which may go over midnight."""
    now = moment.astimezone(zone).time()
    return begin <= now < end if begin < end else now >= begin or now < end


def _own_zone(manners: Manners, zone: ZoneInfo) -> ZoneInfo:
    return ZoneInfo(manners.zone) if manners.zone else zone


def _after_quiet(manners: Manners, moment: datetime, zone: ZoneInfo) -> datetime:
    """The moment itself, or the end of the quiet hours that it falls into."""
    if not manners.quiet:
        return moment
    begin, end = map(clock, manners.quiet)
    return _next(end, moment, zone) if is_quiet(begin, end, moment, zone) else moment


def _turn(manners: Manners, told_at: datetime, zone: ZoneInfo) -> datetime:
    """The turn of a digest that was told some seconds, or hours, after it: the cooldown counts from
    it, lest the next turn come those seconds too soon and be missed."""
    if manners.digest is Digest.HOURLY:
        return _next_hour(told_at - _HOUR + timedelta.resolution)
    if manners.digest is Digest.DAILY:
        return _next(clock(manners.at), told_at - _DAY + timedelta.resolution, zone)
    return told_at


def _next(at: time, moment: datetime, zone: ZoneInfo) -> datetime:
    """The first moment from here on at which the wall clock of a zone shows a time.

    A time that the clocks leap over comes as much later; of one that comes twice the first counts,
    unless it is past.
    """
    day = moment.astimezone(zone).date()
    for ahead in (0, 1, 2):
        for fold in (0, 1):
            shown = datetime.combine(day + timedelta(days=ahead), at, zone).replace(fold=fold)
            if shown.astimezone(UTC) >= moment:
                return shown.astimezone(UTC)
    raise ValueError("two days hold every time of day")


def _next_hour(moment: datetime) -> datetime:
    whole = moment.replace(minute=0, second=0, microsecond=0)
    return whole if whole == moment else whole + _HOUR
