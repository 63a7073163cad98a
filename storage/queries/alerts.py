"""Alert rules as they are, and the history of what fired."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select
from sqlmodel import Session, col

from storage.alert_values import Condition, Manners, When
from storage.errors import StorageError
from storage.filters import Names
from storage.models import Alert, AlertRule, Brand, Delivery, Source
from storage.queries.deliveries import DeliveryRow, deliveries


@dataclass(frozen=True, slots=True)
class RuleRow:
    """An alert rule (see :class:`storage.models.AlertRule`) with when it fired and told last.

    ``fired`` counts its alerts without those that were only ``replayed``, as the moments do.
    ``fault`` tells what of it cannot be read any more: such a rule rests, and its condition and
    manners are those of a new one.
    """

    id: int
    name: str
    params: Mapping[str, Sequence[str]]
    reach: int | None
    condition: Condition
    manners: Manners
    channels: tuple[str, ...]
    enabled: bool
    origin: str
    gone: bool
    since: datetime
    fired: int = 0
    fired_at: datetime | None = None
    told_at: datetime | None = None
    replayed: int = 0
    fault: str = ""


@dataclass(frozen=True, slots=True)
class AlertRow:
    """What fired (see :class:`storage.models.Alert`), and where it was told."""

    id: int
    rule_id: int
    rule: str
    key: str
    fired_at: datetime
    reason: str
    mention_ids: tuple[int, ...]
    n: int
    params: Mapping[str, Sequence[str]]
    told_at: datetime | None
    message: str
    replayed: bool
    deliveries: tuple[DeliveryRow, ...] = ()


def alert_rules(session: Session, *, gone: bool = False) -> tuple[RuleRow, ...]:
    """All rules by name; those that are gone only where asked for."""
    last = _last_alerts(session)
    query = select(AlertRule).order_by(func.lower(col(AlertRule.name)), col(AlertRule.id))
    if not gone:
        query = query.where(col(AlertRule.gone).is_(False))
    return tuple(_rule(row, last.get(row.id or 0)) for row in session.scalars(query))


def alert_rule(session: Session, rule_id: int) -> RuleRow | None:
    """A rule by its id, gone or not."""
    return next((rule for rule in alert_rules(session, gone=True) if rule.id == rule_id), None)


def alerts(
    session: Session, *, limit: int, offset: int = 0, rule_id: int | None = None
) -> tuple[AlertRow, ...]:
    """What fired, the latest first, with its deliveries."""
    query = select(Alert, col(AlertRule.name)).join(AlertRule, col(AlertRule.id) == Alert.rule_id)
    if rule_id is not None:
        query = query.where(col(Alert.rule_id) == rule_id)
    order = (col(Alert.fired_at).desc(), col(Alert.id).desc())
    found = session.execute(query.order_by(*order).limit(limit).offset(offset)).all()
    return _with_deliveries(session, [(alert, name) for alert, name in found])


def count_alerts(session: Session, *, rule_id: int | None = None) -> int:
    """How many alerts there are in the history."""
    query = select(func.count()).select_from(Alert)
    if rule_id is not None:
        query = query.where(col(Alert.rule_id) == rule_id)
    return int(session.execute(query).scalar_one())


def these_alerts(session: Session, ids: Sequence[int]) -> tuple[AlertRow, ...]:
    """Alerts by their ids, the earliest first."""
    query = (
        select(Alert, col(AlertRule.name))
        .join(AlertRule, col(AlertRule.id) == Alert.rule_id)
        .where(col(Alert.id).in_(ids))
        .order_by(col(Alert.fired_at), col(Alert.id))
    )
    return _with_deliveries(session, [(alert, name) for alert, name in session.execute(query)])


def untold(session: Session) -> dict[int, tuple[AlertRow, ...]]:
    """By rule what waits to be told, the earliest first."""
    query = (
        select(Alert, col(AlertRule.name))
        .join(AlertRule, col(AlertRule.id) == Alert.rule_id)
        .where(col(Alert.told_at).is_(None))
        .order_by(col(Alert.fired_at), col(Alert.id))
    )
    found: dict[int, list[AlertRow]] = defaultdict(list)
    for alert, name in session.execute(query):
        found[alert.rule_id].append(_alert(alert, name, ()))
    return {rule_id: tuple(rows) for rule_id, rows in found.items()}


def fired_since(
    session: Session, rule_id: int, since: datetime
) -> tuple[tuple[str, datetime], ...]:
    """Key and moment of what a rule really fired since a moment."""
    query = select(col(Alert.key), col(Alert.fired_at)).where(
        col(Alert.rule_id) == rule_id,
        col(Alert.fired_at) >= since,
        col(Alert.replayed).is_(False),
    )
    return tuple((key, moment) for key, moment in session.execute(query))


def names(session: Session) -> Names:
    """What a rule's filter may speak of."""
    brands = session.execute(select(col(Brand.code), col(Brand.id)))
    sources = session.execute(select(col(Source.name), col(Source.id)))
    return Names({row.code: row.id for row in brands}, {row.name: row.id for row in sources})


def _last_alerts(session: Session) -> dict[int, Any]:
    real = col(Alert.replayed).is_(False)
    query = select(
        col(Alert.rule_id),
        func.count(case((real, 1))).label("fired"),
        func.count(case((col(Alert.replayed), 1))).label("replayed"),
        func.max(case((real, col(Alert.fired_at)))).label("fired_at"),
        func.max(case((col(Alert.message) != "", col(Alert.told_at)))).label("told_at"),
    ).group_by(col(Alert.rule_id))
    return {row.rule_id: row for row in session.execute(query)}


def _rule(row: AlertRule, last: Any) -> RuleRow:
    condition, manners, fault = _read(row)
    return RuleRow(
        id=row.id or 0,
        name=row.name,
        params=row.params,
        reach=row.reach,
        condition=condition,
        manners=manners,
        channels=tuple(row.channels),
        enabled=row.enabled,
        origin=row.origin,
        gone=row.gone,
        since=row.since,
        fired=int(last.fired) if last else 0,
        fired_at=last.fired_at if last else None,
        told_at=last.told_at if last else None,
        replayed=int(last.replayed) if last else 0,
        fault=fault,
    )


def _read(row: AlertRule) -> tuple[Condition, Manners, str]:
    """What the rule asks for; one written on another machine may name a zone unknown here."""
    try:
        return Condition.of(row.condition), Manners.of(row.manners), ""
    except StorageError as error:
        return Condition(When.EACH), Manners(), str(error)


def _with_deliveries(session: Session, found: Sequence[tuple[Alert, str]]) -> tuple[AlertRow, ...]:
    messages = {alert.message for alert, _ in found if alert.message}
    states = _deliveries(session, messages) if messages else {}
    return tuple(_alert(alert, name, states.get(alert.message, ())) for alert, name in found)


def _deliveries(session: Session, messages: set[str]) -> dict[str, tuple[DeliveryRow, ...]]:
    """By message what became of it in each channel."""
    message = col(Delivery.payload)["message"].as_string()
    query = select(col(Delivery.key), message).where(
        col(Delivery.kind) == "alert", message.in_(messages)
    )
    message_of = {key: own for key, own in session.execute(query) if own}
    found: dict[str, list[DeliveryRow]] = defaultdict(list)
    for row in deliveries(session, keys=message_of, limit=len(message_of)):
        found[message_of[row.key]].append(row)
    return {own: tuple(reversed(rows)) for own, rows in found.items()}


def _alert(row: Alert, rule: str, sent: tuple[DeliveryRow, ...]) -> AlertRow:
    return AlertRow(
        id=row.id or 0,
        rule_id=row.rule_id,
        rule=rule,
        key=row.key,
        fired_at=row.fired_at,
        reason=row.reason,
        mention_ids=tuple(row.mention_ids),
        n=row.n,
        params=row.params,
        told_at=row.told_at,
        message=row.message,
        replayed=row.replayed,
        deliveries=sent,
    )
