"""Rules let loose on what is stored, day by day, as if each day were today; nothing is sent."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

from sqlmodel import Session

from insights import alert_past
from insights.alerting import Firing
from otklik import alerting
from otklik.alerting import Watch, ask, watches
from otklik.house import House
from otklik.messages import ConfigError
from storage import alerting as desk
from storage import queries, settings
from storage.queries import When


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a rule would have fired, in order."""

    watch: Watch
    firings: tuple[Firing, ...]


def replay(house: House, first: date, last: date, *, each_mention: bool = False) -> list[Replayed]:
    """What every rule would have fired on these days.

    A rule for each new mention is asked once a day, or (``each_mention``) at each of them.
    """
    start, end = _begin(house, first), _begin(house, last + timedelta(days=1))
    with house.db.read() as session:
        return [
            Replayed(one, _fired(house, session, one, start, end, each_mention))
            for one in watches(session, end, at_work=False)
        ]


def record(house: House, found: Sequence[Replayed]) -> int:
    """Keep what was replayed in the history, marked so and told to nobody; how many alerts.

    What an earlier replay recorded of these rules goes; what was really fired stays.
    """
    with house.db.read() as session:
        known = queries.names(session)
        alerts = [
            replace(new, key=f"replay:{new.key}", told_at=new.fired_at, replayed=True)
            for one in found
            for new in (alerting.new_alert(session, one.watch, f, known) for f in one.firings)
        ]
    with house.db.write() as session:
        desk.forget_replay(session, [one.watch.rule.id for one in found])
        return desk.record(session, alerts)


def trial(house: House, name: str) -> Replayed:
    """What a rule would have fired in the last 30 days, at each mention; raises ConfigError."""
    today = today_of(house)
    first = today - alert_past.TRIAL + timedelta(days=1)
    found = replay(house, first, today, each_mention=True)
    for one in found:
        if one.watch.rule.name.casefold() == name.casefold():
            return one
    have = ", ".join(f"«{one.watch.rule.name}»" for one in found) or "ни одного"
    raise ConfigError(f"нет правила «{name}»; есть: {have}")


def today_of(house: House) -> date:
    """Today, or the day that a demo shows as today."""
    with house.db.read() as session:
        pinned = settings.get(session, "today")
    return date.fromisoformat(pinned) if pinned else datetime.now(house.zone).date()


def _fired(
    house: House, session: Session, one: Watch, start: datetime, end: datetime, each_mention: bool
) -> tuple[Firing, ...]:
    if one.misread:
        return ()
    rule, zone = one.rule, house.zone
    past = alert_past.read(
        partial(ask, session), rule.condition, one.where, rule.reach, start, end, zone
    )
    if rule.condition.when is When.EACH and not each_mention:
        return alert_past.by_day(past.arrivals, zone)
    pause = rule.manners.pause(rule.condition)
    return alert_past.firings(rule.condition, pause, past, start, end, zone, one.where.touchpoints)


def _begin(house: House, day: date) -> datetime:
    return datetime.combine(day, time(), house.zone).astimezone(UTC)
