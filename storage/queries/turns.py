"""When a schedule, perhaps not yet saved, would have a source crawled."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from collectors.schedules import Schedule, parse, parse_cron
from storage.errors import StorageError

#: Turns that are told.
_N = 3


@dataclass(frozen=True, slots=True)
class Turns:
    """A schedule in words and its next turns (aware, UTC)."""

    words: str
    at: tuple[datetime, ...]


def turns(text: str, *, last: datetime | None, zone: ZoneInfo, now: datetime) -> Turns:
    """The next turns by schedule ``text`` of a source last crawled at ``last`` (None: never).

    Raises StorageError in words where the text cannot be read.
    """
    try:
        schedule = parse(text)
    except ValueError as error:
        raise StorageError(f"Расписание «{text}» не понято: {error}.") from error
    if last is None:
        first = now
    elif schedule.interval is None:
        first = schedule.after(now, zone)
    else:
        first = max(now, schedule.after(last, zone))
    return _from(first, schedule, zone)


def cron_turns(text: str, *, zone: ZoneInfo, now: datetime) -> Turns:
    """The next turns of a cron expression; raises StorageError where it is none."""
    try:
        schedule = parse_cron(text)
    except ValueError as error:
        told = str(error)
        raise StorageError(f"{told[0].upper()}{told[1:]}.") from error
    return _from(schedule.after(now, zone), schedule, zone)


def schedule_words(text: str) -> str:
    """A schedule that can be read, for the user."""
    return parse(text).words


def _from(first: datetime, schedule: Schedule, zone: ZoneInfo) -> Turns:
    found = [first]
    while len(found) < _N:
        found.append(schedule.after(found[-1], zone))
    return Turns(schedule.words, tuple(found))
