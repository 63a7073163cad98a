"""What `otklik alerts` does and prints. Every function returns the exit code."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from rich.markup import escape
from rich.table import Table

from insights import alert_words as words
from insights import russian as ru
from insights.alerting import Firing
from otklik import alert_replay
from otklik.alert_replay import Replayed
from otklik.alerting import watches
from otklik.house import House
from otklik.messages import ConfigError
from otklik.screen import NOT_ALL, OK, console, note
from otklik.telling import print_json
from storage import queries
from storage.queries import AlertRow, RuleRow

#: The latest that are shown of a trial.
_SHOWN = 5


def rules(house: House, *, as_json: bool) -> int:
    """All rules; 1 where one cannot work."""
    now = datetime.now(house.zone)
    with house.db.read() as session:
        found = watches(session, now, at_work=False)
    broken = [one for one in found if one.misread]
    if as_json:
        print_json([_rule(one.rule) | {"misread": [str(p) for p in one.misread]} for one in found])
        return NOT_ALL if broken else OK
    if not found:
        note("Правил нет: опишите их в config.yaml, раздел alerts, или на странице «Оповещения».")
    table = Table("правило", "условие", "каналы", "сработало", "последний раз")
    for one in found:
        rule = one.rule
        last = ru.moment(rule.fired_at.astimezone(house.zone)) if rule.fired_at else "ещё нет"
        state = last if rule.enabled else "на паузе"
        condition = words.condition(rule.condition, len(one.where.touchpoints))
        channels = ", ".join(rule.channels) or "не указаны"
        table.add_row(escape(rule.name), condition, escape(channels), str(rule.fired), state)
    if found:
        console.print(table)
    for one in broken:
        parts = ", ".join(f"{part.key}={part.value}" for part in one.misread)
        note(f"{one.rule.name}: не работает, в фильтре есть то, чего в базе нет: {parts}")
    return NOT_ALL if broken else OK


def history(house: House, limit: int, *, as_json: bool) -> int:
    """The latest alerts."""
    with house.db.read() as session:
        found = queries.alerts(session, limit=limit)
        known = {rule.id: rule for rule in queries.alert_rules(session, gone=True)}
    if as_json:
        print_json([_alert(row) for row in found])
        return OK
    if not found:
        note("Ещё ничего не срабатывало.")
    for row in found:
        moment = ru.moment(row.fired_at.astimezone(house.zone))
        state = words.state(row, known[row.rule_id], datetime.now(house.zone))
        note(f"{moment} · {row.rule}: {row.reason} · {state}")
    return OK


def trial(house: House, name: str, *, as_json: bool) -> int:
    """A rule on the last 30 days."""
    found = alert_replay.trial(house, name)
    if as_json:
        print_json([_firing(one) for one in found.firings])
        return OK
    _refuse_misread(found)
    note(words.trial(len(found.firings), found.watch.rule.condition))
    _tell(house, found, found.firings[-_SHOWN:])
    return OK


def replay(house: House, first: date, last: date | None, *, keep: bool, as_json: bool) -> int:
    """All rules on days of the past."""
    last = last or alert_replay.today_of(house)
    if last < first:
        raise ConfigError("--to должно быть не раньше, чем --from")
    found = alert_replay.replay(house, first, last)
    if as_json:
        print_json({one.watch.rule.name: [_firing(own) for own in one.firings] for one in found})
    else:
        for one in found:
            _tell(house, one, one.firings)
        counts = Counter({one.watch.rule.name: len(one.firings) for one in found})
        total = ru.counted(counts.total(), words.ALERT)
        note(f"{ru.days(first, last)}: {total}. Ничего не отправлено.")
    if keep:
        note(f"Записано в историю: {alert_replay.record(house, found)}.")
    return OK


def _tell(house: House, found: Replayed, firings: Sequence[Firing]) -> None:
    for firing in firings:
        moment = ru.moment(firing.moment.astimezone(house.zone))
        note(f"{moment} · {found.watch.rule.name}: {firing.reason}")


def _refuse_misread(found: Replayed) -> None:
    if found.watch.misread:
        parts = ", ".join(f"{part.key}={part.value}" for part in found.watch.misread)
        raise ConfigError(f"правило не работает, в фильтре есть то, чего в базе нет: {parts}")


def _rule(rule: RuleRow) -> dict[str, Any]:
    return {
        "name": rule.name,
        "filter": rule.params,
        "reach": rule.reach,
        "condition": rule.condition.as_dict(),
        "manners": rule.manners.as_dict(),
        "channels": rule.channels,
        "enabled": rule.enabled,
        "origin": rule.origin,
        "fired": rule.fired,
        "fired_at": rule.fired_at and rule.fired_at.isoformat(),
    }


def _alert(row: AlertRow) -> dict[str, Any]:
    deliveries = [{"channel": one.channel, "state": one.state} for one in row.deliveries]
    return {
        "rule": row.rule,
        "fired_at": row.fired_at.isoformat(),
        "reason": row.reason,
        "n": row.n,
        "mentions": row.mention_ids,
        "filter": row.params,
        "told_at": row.told_at and row.told_at.isoformat(),
        "replayed": row.replayed,
        "deliveries": deliveries,
    }


def _firing(one: Firing) -> dict[str, Any]:
    return {
        "moment": one.moment.isoformat(),
        "reason": one.reason,
        "n": one.n,
        "from": one.start.isoformat(),
        "to": one.end.isoformat(),
    }
