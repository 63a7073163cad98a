"""«Отчёты»: build a report, look at it, take it away; and those that come by themselves."""

import streamlit as st

from insights import russian as ru
from views import (
    data,
    report_actions,
    report_form,
    report_list,
    report_open,
    report_plan_form,
    report_plans,
    report_state,
    url,
    worker,
)
from views.report_state import NEW, OPEN, PLAN, SHOW, Now

_SECTIONS = {"": "Отчёты", "plans": "По расписанию"}


def draw() -> None:
    """The page: one report, the form of a plan, the history or the plans, as the URL says."""
    now, basics = report_state.read(), data.basics()
    number, plan = url.asked(OPEN), url.asked(PLAN)
    if number or plan:
        report_actions.leave()
    if number:
        report_open.back()
        report_actions.tell_error()
        _tell_worker(now)
        report_open.draw(now, number)
        return
    st.title("Отчёты", anchor=False)
    report_actions.tell_error()
    if not any(brand.code for brand in basics.catalog.brands):
        st.info(
            "Отчёт собирается по бренду, а брендов пока нет: опишите их в `config.yaml`.",
            icon=":material/sell:",
        )
        return
    _tell_worker(now)
    if plan:
        chosen = next((one for one in now.plans if str(one.id) == plan), None)
        if chosen is None and plan != NEW:
            st.warning("Такого плана нет: его удалили.", icon=":material/link_off:")
        elif chosen is None or chosen.origin == "app":
            report_plan_form.draw(now, basics, chosen)
            return
    section = _section(now)
    if section == "plans":
        report_plans.draw(now)
    else:
        report_form.draw(basics)
        report_list.draw(now)


def _section(now: Now) -> str:
    counts = {"": now.known, "plans": len(now.plans)}
    given = url.asked(SHOW)
    st.session_state["reports_section"] = given if given in _SECTIONS else ""

    def chosen() -> None:
        report_actions.leave()
        url.go(**{SHOW: st.session_state["reports_section"] or "", url.PAGE: ""})

    section = st.segmented_control(
        "Раздел",
        list(_SECTIONS),
        format_func=lambda one: f"{_SECTIONS[one]} {ru.number(counts[one])}",
        required=True,
        label_visibility="collapsed",
        key="reports_section",
        on_change=chosen,
    )
    return section or ""


def _tell_worker(now: Now) -> None:
    """Where nobody builds reports, what to do."""
    if not now.has_worker:
        worker.warn("отчёты ждут в очереди и никуда не отправляются")


if __name__ == "__main__":
    draw()
