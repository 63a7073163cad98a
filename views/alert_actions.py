"""What the buttons of «Оповещения» do: rows in the database; the worker does the rest."""

from datetime import UTC, datetime
from functools import partial

import streamlit as st

from storage import commands
from storage.commands import RuleDeclaration
from storage.queries import DeliveryRow, RuleRow
from views import alert_state, writing

_DELETED = "alerts_deleted"

_do = partial(writing.do, "alerts_error")
tell_error = partial(writing.tell_error, "alerts_error")


def save(rule_id: int | None, rule: RuleDeclaration) -> None:
    """Make a rule, or change one."""
    now = datetime.now(UTC)
    if rule_id is None:
        is_saved = _do(commands.add_rule, rule, now=now)
    else:
        is_saved = _do(commands.change_rule, rule_id, rule, now=now)
    if is_saved:
        alert_state.go()
        st.toast("Правило сохранено", icon=":material/notifications_active:")


def pause(rule: RuleRow, *, enabled: bool) -> None:
    """Let it rest, or go on."""
    _do(commands.pause_rule, rule.id, enabled=enabled, now=datetime.now(UTC))


def delete(rule: RuleRow) -> None:
    """Drop it; :func:`deleted` offers to take that back."""
    if _do(commands.delete_rule, rule.id, now=datetime.now(UTC)):
        st.session_state[_DELETED] = rule


def restore(rule: RuleRow) -> None:
    """Take the deletion back."""
    if _do(commands.restore_rule, rule.id):
        st.session_state.pop(_DELETED, None)


def deleted() -> RuleRow | None:
    """The rule that was deleted last, while that can be taken back where it was done."""
    rule: RuleRow | None = st.session_state.get(_DELETED)
    return rule


def leave() -> None:
    """Forget what was deleted: the user went on to something else."""
    st.session_state.pop(_DELETED, None)


def retry(delivery: DeliveryRow) -> None:
    """Send again what did not go through."""
    if _do(commands.retry_delivery, delivery.id, now=datetime.now(UTC)):
        st.toast("Отправим ещё раз", icon=":material/send:")
