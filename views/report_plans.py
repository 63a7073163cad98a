"""Plans of «Отчёты»: which reports are built and sent by themselves, and when they are next."""

from functools import partial
from html import escape

import streamlit as st

from storage.queries import PlanRow
from views import report_actions as actions
from views import report_list, report_state, style, url
from views import report_words as words
from views.badges import badge
from views.report_state import NEW, OPEN, PLAN, SHOW, Now


def draw(now: Now) -> None:
    """Every plan with its next turn and its latest report."""
    _removed()
    report_state.watch(now, report_list.building)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Новый план",
            key="new_plan",
            type="primary",
            icon=":material/add:",
            on_click=partial(url.go, **{PLAN: NEW}),
        )
    if not now.plans:
        st.info(
            "Планов пока нет. План собирает отчёт за прошлую неделю, месяц или квартал по "
            "расписанию и сам отправляет его: например, по понедельникам в 9 утра. "
            "Его можно описать и в `config.yaml`, раздел `reports`.",
            icon=":material/event_repeat:",
        )
    for plan in now.plans:
        _card(plan, now)


def _card(plan: PlanRow, now: Now) -> None:
    with st.container(border=True, key=f"plan_{plan.id}", gap="small"):
        st.html(_told(plan, now))
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            _run(plan, now)
            if plan.origin == "app":
                _own(plan)
            if plan.last:
                st.button(
                    "Последний отчёт",
                    key=f"last_{plan.id}",
                    type="tertiary",
                    icon=":material/visibility:",
                    on_click=partial(url.go, **{OPEN: str(plan.last.id), SHOW: ""}),
                )


def _told(plan: PlanRow, now: Now) -> str:
    coming = words.coming(plan, now.at, has_worker=now.has_worker)
    look = ("✓", "positive", coming) if plan.enabled else ("‖", "unread", coming)
    origin = " · описан в config.yaml" if plan.origin == "config" else ""
    lines = [
        f'<div class="ok-row"><b class="ok-name">{escape(plan.name)}</b>{badge(look)}'
        f'<span class="ok-meta">{escape(plan.brand)}{origin}</span></div>',
        f'<div class="ok-meta">{escape(words.plan(plan))}</div>',
    ]
    if plan.last:
        told = f"Последний: {words.period(plan.last)}"
        lines.append(
            f'<div class="ok-row"><span class="ok-meta">{escape(told)}</span></div>'
            f"{report_list.head(plan.last, now)}"
        )
    return "".join(lines)


def _run(plan: PlanRow, now: Now) -> None:
    is_asked = any(report.plan_id == plan.id for report in now.open)
    st.button(
        "Отправить сейчас" if plan.channels else "Собрать сейчас",
        key=f"run_{plan.id}",
        icon=":material/send:" if plan.channels else ":material/summarize:",
        disabled=is_asked,
        help="Отчёт этого плана уже собирается"
        if is_asked
        else f"За последний целый период: {words.LAST_WHOLE[plan.period]}. Расписание не изменится",
        on_click=actions.run,
        args=(plan,),
    )


def _own(plan: PlanRow) -> None:
    """What only plans of the app can be asked for: those of config.yaml are changed there."""
    st.button(
        "Изменить",
        key=f"edit_plan_{plan.id}",
        type="tertiary",
        icon=":material/edit:",
        on_click=partial(url.go, **{PLAN: str(plan.id)}),
    )
    st.button(
        "Пауза" if plan.enabled else "Возобновить",
        key=f"enable_{plan.id}",
        type="tertiary",
        icon=":material/pause:" if plan.enabled else ":material/play_arrow:",
        on_click=partial(actions.enable, plan, enabled=not plan.enabled),
    )
    st.button(
        "Удалить",
        key=f"remove_plan_{plan.id}",
        type="tertiary",
        icon=":material/delete:",
        on_click=actions.remove,
        args=(plan,),
    )


def _removed() -> None:
    plan = actions.removed()
    if plan is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="removed_plan"):
        st.success(
            f"План «{style.plain(plan.name)}» удалён. Его отчёты остались.", icon=":material/check:"
        )
        st.button("Вернуть", key="restore_plan", on_click=actions.put_back, args=(plan,))
