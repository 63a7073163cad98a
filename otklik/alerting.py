"""Rules applied to what is new, and what fired handed to the outbox.

One transaction takes mentions from the queue, writes what they made fire and has that told: cut
off, nothing of it happened; done, it is not done again by anybody. Numbers are read as late as in
that transaction, so that two workers never tell the same.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from insights import alert_past, alert_times, alerting
from insights.alerting import FRESH, Firing
from insights.anomalies import HISTORY
from otklik.house import House
from storage import alerting as desk
from storage import outbox, queries
from storage.alerting import NewAlert
from storage.filters import Filter, Names, Problem, from_params, to_params
from storage.queries import AlertRow, RuleRow, When

#: Alerts that one message speaks of; of more it tells how many.
MOST_TOLD = 100
#: What a surge is proved by: mentions named with it; of other alerts so many are kept at most.
_NAMED, _KEPT = 20, 500


@dataclass(frozen=True, slots=True)
class Watch:
    """A rule with its filter as this database understands it.

    ``misread`` are parts of the filter that mean nothing here (a brand that is gone): without them
    the rule would look at more than was meant, so it rests.
    """

    rule: RuleRow
    where: Filter
    misread: tuple[Problem, ...] = ()


def evaluate(house: House, now: datetime) -> int:
    """Apply the rules to all new mentions and tell what is due; how many alerts were written."""
    with house.db.read() as session:
        if desk.batch(session, limit=1) is None and not _due(session, house.zone, now):
            return 0
    fired = 0
    while True:
        with house.db.write() as session:
            upto = desk.batch(session)
            if upto is not None:
                fired += _apply(session, house.zone, upto, now)
                desk.take(session, upto)
            if desk.batch(session, limit=1) is None:
                _tell(session, house.zone, now)
                return fired


def watches(session: Session, today: datetime, *, at_work: bool = True) -> tuple[Watch, ...]:
    """All rules that can be read, or those that are at work, with what they look at."""
    known = queries.names(session)
    rules = [rule for rule in _readable(session) if rule.enabled or not at_work]
    return tuple(watch(rule, known, today) for rule in rules)


def _readable(session: Session) -> list[RuleRow]:
    return [rule for rule in queries.alert_rules(session) if not rule.fault]


def watch(rule: RuleRow, known: Names, today: datetime) -> Watch:
    """A rule with the filter that its link stands for."""
    where, misread = from_params(rule.params, known, today.date())
    if where.text:
        from nlp.text import lemmas  # the dictionary takes a moment to load

        where = replace(where, lemmas=lemmas(where.text))
    return Watch(rule, where, misread)


def ask(session: Session, query: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """The answer of a function of :mod:`storage.queries`."""
    return query(session, *args, **kwargs)


def new_alert(session: Session, one: Watch, firing: Firing, known: Names) -> NewAlert:
    """A firing as it is stored, with the mentions that prove it."""
    seen = alerting.seen_in(one.where, firing)
    ids = firing.mention_ids or queries.telling(session, seen, limit=_NAMED)
    return NewAlert(
        rule_id=one.rule.id,
        key=firing.key,
        fired_at=firing.moment,
        reason=firing.reason,
        mention_ids=ids[:_KEPT],
        n=firing.n,
        params=to_params(seen, known),
    )


def _apply(session: Session, zone: ZoneInfo, upto: int, now: datetime) -> int:
    """Ask every rule about the next mentions of the queue."""
    fresh = queries.newcomers(session, upto=upto, since=now - FRESH)
    if not fresh:
        return 0
    known = queries.names(session)
    alerts: list[NewAlert] = []
    for one in watches(session, now):
        if one.misread:
            continue
        fired = _fire(session, zone, one, fresh, now)
        alerts += [new_alert(session, one, firing, known) for firing in fired]
    return desk.record(session, alerts)


def _fire(
    session: Session, zone: ZoneInfo, one: Watch, fresh: Sequence[int], now: datetime
) -> Iterable[Firing]:
    """What the rule fires at those of the new mentions that it is asked by."""
    condition, rule = one.rule.condition, one.rule
    asked = (alerting.watched(one.where, condition), rule.reach, fresh)
    since = max(rule.since, now - FRESH)
    if condition.when is When.EACH:
        came = queries.fitting(session, *asked, since=since)
        return [alerting.each(came, now, zone)] if came else []
    pause = rule.manners.pause(condition)
    if alerting.is_cooling(rule.fired_at, pause, now):
        return []
    last = queries.last_fitting(session, *asked, since=since)
    if last is None:
        return []
    if condition.when is When.SURGE:
        return _surges(session, zone, one, now)
    window = queries.window(session, one.where, rule.reach, since=now - condition.window)
    if not alerting.holds(condition, window):
        return []
    more = 0
    if rule.fired_at and alerting.goes_on(condition, rule.fired_at, pause, now):
        after = rule.fired_at + timedelta.resolution
        more = queries.window(session, one.where, rule.reach, since=after).n
    return [alerting.of_window(condition, window, now, zone, asked_by=last, more=more)]


def _surges(session: Session, zone: ZoneInfo, one: Watch, now: datetime) -> list[Firing]:
    today = now.astimezone(zone).date()
    first = today - FRESH
    days = alert_past.read_days(partial(ask, session), one.where, first, today)
    told = [
        (key, moment.astimezone(zone).date())
        for key, moment in queries.fired_since(session, one.rule.id, now - HISTORY)
    ]
    found = alerting.of_surges(one.rule.condition, days, told, first, today, one.where.touchpoints)
    return [replace(firing, moment=now) for _, firing in found]


def _tell(session: Session, zone: ZoneInfo, now: datetime) -> None:
    """Hand what may be told by now to the outbox, one message a rule and channel."""
    for rule, alerts in _due(session, zone, now):
        message = _enqueue(session, rule, alerts, now)
        desk.told(session, [alert.id for alert in alerts], message, now=now)


def _due(
    session: Session, zone: ZoneInfo, now: datetime
) -> list[tuple[RuleRow, tuple[AlertRow, ...]]]:
    """What waits and may be told by now; without channels the history is all there is."""
    waiting = queries.untold(session)
    if not waiting:
        return []
    rules = {rule.id: rule for rule in _readable(session)}
    found = [(rules[number], alerts) for number, alerts in waiting.items() if number in rules]
    return [
        (rule, alerts)
        for rule, alerts in found
        if not rule.channels or alert_times.told_from(rule, alerts[0].fired_at, zone, now) <= now
    ]


def _enqueue(session: Session, rule: RuleRow, alerts: Sequence[AlertRow], now: datetime) -> str:
    """Have a message sent to all channels of the rule; its name, "" where there is none."""
    if not rule.channels:
        return ""
    message = f"alert:{rule.id}:{alerts[-1].id}"
    payload = {
        "message": message,
        "rule": rule.name,
        "alerts": [alert.id for alert in alerts[-MOST_TOLD:]],
        "of": len(alerts),
    }
    for channel in rule.channels:
        outbox.enqueue(
            session,
            key=f"{message}/{channel}",
            channel=channel,
            kind="alert",
            title=rule.name,
            payload=payload,
            now=now,
        )
    return message
