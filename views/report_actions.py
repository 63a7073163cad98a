"""What the buttons of «Отчёты» do: a row in the database; the worker does the rest."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

import streamlit as st

from insights.periods import Period, Unit, last_whole
from storage import commands
from storage.commands import PlanDeclaration, ReportOrder
from storage.queries import DeliveryRow, PlanRow, ReportRow
from views import data, report_state, style, url, writing

_DELETED = "reports_deleted"
_REMOVED = "reports_removed_plan"

_do = partial(writing.do, "reports_error")
tell_error = partial(writing.tell_error, "reports_error")


def build(brand_id: int, period: Period, formats: Sequence[str], channels: Sequence[str]) -> None:
    """Have a report built, and sent."""
    order = ReportOrder(brand_id, period.start, period.end, formats, channels)
    if _do(commands.order_report, order, now=datetime.now(UTC)):
        url.go(page="", brand="", **{report_state.FROM: "", report_state.TO: ""})
        st.toast("Отчёт заказан", icon=":material/hourglass_top:")


def rebuild(report: ReportRow) -> None:
    """Have it built once more."""
    _do(commands.rebuild_report, report.id, now=datetime.now(UTC))


def cancel(report: ReportRow) -> None:
    """Have it built no more."""
    _do(commands.cancel_report, report.id, now=datetime.now(UTC))


def delete(report: ReportRow) -> None:
    """Take it out of the history; :func:`deleted` offers to take that back."""
    if _do(commands.delete_report, report.id, now=datetime.now(UTC)):
        st.session_state[_DELETED] = report
        url.go(open="")


def restore(report: ReportRow) -> None:
    """Take the deletion back."""
    if _do(commands.restore_report, report.id):
        st.session_state.pop(_DELETED, None)


def deleted() -> ReportRow | None:
    """The report that was deleted last, while that can be taken back where it was done."""
    report: ReportRow | None = st.session_state.get(_DELETED)
    return report


def send(report: ReportRow, channels: Sequence[str]) -> None:
    """Send a report that is built."""
    if _do(commands.send_report, report.id, channels, now=datetime.now(UTC)):
        st.toast("Отчёт поставлен в очередь на отправку", icon=":material/send:")


def retry(delivery: DeliveryRow) -> None:
    """Send again what did not go through."""
    _do(commands.retry_delivery, delivery.id, now=datetime.now(UTC))


def give_up(delivery: DeliveryRow) -> None:
    """Send it no more."""
    _do(commands.cancel_delivery, delivery.id, now=datetime.now(UTC))


def save_plan(plan_id: int | None, plan: PlanDeclaration) -> None:
    """Plan anew, or otherwise."""
    if plan_id is None:
        is_saved = _do(commands.add_plan, plan, now=datetime.now(UTC))
    else:
        is_saved = _do(commands.change_plan, plan_id, plan)
    if is_saved:
        url.go(plan="")
        st.toast(f"План «{style.plain(plan.name)}» сохранён", icon=":material/check:")


def enable(plan: PlanRow, *, enabled: bool) -> None:
    """Let it rest, or go on."""
    _do(commands.enable_plan, plan.id, enabled=enabled)


def run(plan: PlanRow) -> None:
    """Have the report of the last whole period built and sent now; its turns stay as they are."""
    period = last_whole(Unit(plan.period), data.basics().today)
    order = ReportOrder(
        plan.brand_id, period.start, period.end, plan.formats, plan.channels, plan.id
    )
    if _do(commands.order_report, order, now=datetime.now(UTC)):
        st.toast(f"Отчёт по плану «{style.plain(plan.name)}» заказан", icon=":material/send:")


def remove(plan: PlanRow) -> None:
    """Plan it no more; :func:`removed` offers to take that back."""
    if _do(commands.remove_plan, plan.id):
        st.session_state[_REMOVED] = plan


def put_back(plan: PlanRow) -> None:
    """Take the removal back."""
    if _do(commands.restore_plan, plan.id):
        st.session_state.pop(_REMOVED, None)


def removed() -> PlanRow | None:
    """The plan that was removed last, while that can be taken back where it was done."""
    plan: PlanRow | None = st.session_state.get(_REMOVED)
    return plan


def leave() -> None:
    """Forget what was deleted: the user went on to something else."""
    st.session_state.pop(_DELETED, None)
    st.session_state.pop(_REMOVED, None)
