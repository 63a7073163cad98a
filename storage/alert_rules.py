"""The write side of alert rules: those of config.yaml, and those that are made in the app."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage import alerting
from storage import tables as t
from storage.alert_values import Condition, Manners, When
from storage.errors import NotFound, StorageError
from storage.filters import Key
from storage.rows import fit, fit_json

LONGEST_RULE_NAME = 80
_MOST_RULES = 200
_rule = t.alert_rule.c
#: A rule looks at what comes: its filter has no days of its own.
_PERIOD = (Key.FROM, Key.TO, Key.PERIOD, Key.BEFORE)
#: With another one of these a rule begins anew.
_LOOKS = ("params", "reach", "condition")


@dataclass(frozen=True, slots=True)
class RuleDeclaration:
    """A rule as config.yaml or a form tells it; ``params`` is its filter as a link has it.

    ``reach`` is how many views (reactions, where those are not told) a mention has at least.
    """

    name: str
    condition: Condition
    params: Mapping[str, Sequence[str]] = field(default_factory=dict)
    reach: int | None = None
    manners: Manners = field(default_factory=Manners)
    channels: Sequence[str] = ()
    enabled: bool = True

    def check(self) -> None:
        """Raise StorageError in words where parts of it do not fit each other."""
        if self.reach is not None and self.reach < 1:
            raise StorageError("Охват: сколько просмотров у упоминания, не меньше 1.")
        if self.reach is not None and self.condition.when is When.SURGE:
            raise StorageError("Всплеск считается по всем упоминаниям: условие по охвату уберите.")


def sync(session: Session, rules: Iterable[RuleDeclaration], *, now: datetime) -> None:
    """Make rules follow config.yaml, which wins where the app has one of the same name.

    A rule that left it is gone; its history stays.
    """
    declared = [_row(rule) for rule in rules]
    names = {row["name"] for row in declared}
    left = sa.and_(_rule.origin == "config", _rule.gone.is_(False), _rule.name.not_in(names))
    for rule_id in session.scalars(sa.select(_rule.id).where(left)).all():
        _drop(session, rule_id, now)
    known = {row.name: row for row in session.execute(sa.select(t.alert_rule))}
    for row in declared:
        row |= {"origin": "config", "gone": False}
        if row["name"] in known:
            _overwrite(session, known[row["name"]], row, now)
        else:
            session.execute(sa.insert(t.alert_rule).values(row | {"since": now}))


def add_rule(session: Session, rule: RuleDeclaration, *, now: datetime) -> int:
    """Make a rule; its id. Raises StorageError in words where the name is empty, long or taken."""
    known = session.scalar(sa.select(sa.func.count()).where(_rule.gone.is_(False))) or 0
    if known >= _MOST_RULES:
        raise StorageError(f"Правил уже {known}: удалите лишние.")
    row = _row(_named(session, rule)) | {"origin": "app", "gone": False, "since": now}
    result = session.execute(sa.insert(t.alert_rule).values(row).returning(_rule.id))
    return int(result.scalar_one())


def change_rule(session: Session, rule_id: int, rule: RuleDeclaration, *, now: datetime) -> None:
    """Let a rule of the app look for something else, or tell it otherwise."""
    stored = _own(session, rule_id)
    _overwrite(session, stored, _row(_named(session, rule, but=rule_id)), now)


def pause_rule(session: Session, rule_id: int, *, enabled: bool, now: datetime) -> None:
    """Let a rule of the app rest or go on; what it has not told yet is not told any more."""
    stored = _own(session, rule_id)
    _overwrite(session, stored, {**stored._mapping, "enabled": enabled}, now)


def delete_rule(session: Session, rule_id: int, *, now: datetime) -> None:
    """Drop a rule of the app; :func:`restore_rule` brings it back, its history stays anyway."""
    _own(session, rule_id)
    _drop(session, rule_id, now)


def restore_rule(session: Session, rule_id: int) -> None:
    """Undo :func:`delete_rule`; it goes on with what comes from now on."""
    stored = session.execute(sa.select(t.alert_rule).where(_rule.id == rule_id)).first()
    if stored is None or stored.origin != "app":
        raise _no_rule()
    session.execute(sa.update(t.alert_rule).where(_rule.id == rule_id).values(gone=False))


def _overwrite(session: Session, stored: Any, row: Mapping[str, Any], now: datetime) -> None:
    """Write what changed. Another look begins anew; so does a rule that rested or was gone."""
    was_at_work = stored.enabled and not stored.gone
    values = {name: value for name, value in row.items() if getattr(stored, name) != value}
    if any(name in values for name in _LOOKS) or (row["enabled"] and not was_at_work):
        values["since"] = now
    if values:
        session.execute(sa.update(t.alert_rule).where(_rule.id == stored.id).values(values))
    if not row["enabled"]:
        alerting.give_up(session, stored.id, now=now)


def _drop(session: Session, rule_id: int, now: datetime) -> None:
    session.execute(sa.update(t.alert_rule).where(_rule.id == rule_id).values(gone=True))
    alerting.give_up(session, rule_id, now=now)


def _row(rule: RuleDeclaration) -> dict[str, Any]:
    rule.check()
    params = {str(key): list(values) for key, values in rule.params.items() if key not in _PERIOD}
    return {
        "name": rule.name,
        "params": fit_json(params),
        "reach": rule.reach,
        "condition": rule.condition.as_dict(),
        "manners": rule.manners.as_dict(),
        "channels": list(rule.channels),
        "enabled": rule.enabled,
    }


def _named(session: Session, rule: RuleDeclaration, but: int | None = None) -> RuleDeclaration:
    """The rule under a good name. A rule that is gone gives its name up."""
    name = " ".join(fit(rule.name).split())
    if not name:
        raise StorageError("Назовите правило: его имя стоит в заголовке сообщения.")
    if len(name) > LONGEST_RULE_NAME:
        raise StorageError(f"Имя длиннее {LONGEST_RULE_NAME} знаков: сократите его.")
    for row in session.execute(sa.select(_rule.id, _rule.name, _rule.gone)).all():
        if row.name.casefold() != name.casefold() or row.id == but:
            continue
        if not row.gone:
            raise StorageError(f"Правило «{name}» уже есть: выберите другое имя.")
        former = f"{row.name} (удалено, {row.id})"
        session.execute(sa.update(t.alert_rule).where(_rule.id == row.id).values(name=former))
    return replace(rule, name=name)


def _own(session: Session, rule_id: int) -> Any:
    """A rule that the app may change; raises NotFound, or StorageError for one of config.yaml."""
    stored = session.execute(sa.select(t.alert_rule).where(_rule.id == rule_id)).first()
    if stored is None or stored.gone:
        raise _no_rule()
    if stored.origin == "config":
        raise StorageError(f"Правило «{stored.name}» описано в config.yaml и меняется там.")
    return stored


def _no_rule() -> NotFound:
    return NotFound("Этого правила больше нет: его удалили в другом окне.")
