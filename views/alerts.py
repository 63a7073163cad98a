"""«Оповещения»: rules that wake people, what they would have fired, and what they did fire."""

from functools import partial

import streamlit as st

from storage.queries import RuleRow
from views import alert_actions as actions
from views import alert_form, alert_history, alert_list, alert_state, url
from views.alert_state import HISTORY, NEW, RULE, SHOW, Now

_SECTIONS = {"": "Правила", HISTORY: "Что сработало"}


def draw() -> None:
    """The page: the form of a rule, the rules or the history, as the URL says."""
    now, rule = alert_state.read(), url.asked(RULE)
    if rule:
        actions.leave()
        if _form(now, rule):
            return
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.title("Оповещения", anchor=False, width="stretch")
        st.button(
            "Новое правило",
            key="new_rule",
            type="primary",
            icon=":material/add_alert:",
            on_click=partial(alert_state.go, **{RULE: NEW}),
        )
    actions.tell_error()
    if _section(now) == HISTORY:
        alert_history.draw(now)
    else:
        alert_list.draw(now)


def _form(now: Now, rule: str) -> bool:
    """Draw the form that the URL asks for; False where there is no such rule to be changed."""
    if rule == NEW:
        alert_form.draw(now, None)
        return True
    found: RuleRow | None = next((one for one in now.rules if str(one.id) == rule), None)
    if found is None:
        st.warning("Такого правила нет: его удалили.", icon=":material/link_off:")
        return False
    if found.origin == "config":
        st.info("Это правило описано в config.yaml и меняется там.", icon=":material/settings:")
        return False
    alert_form.draw(now, found)
    return True


def _section(now: Now) -> str:
    counts = {"": len(now.rules), HISTORY: now.fired}
    given = url.asked(SHOW)

    def changed() -> None:
        actions.leave()
        alert_state.go(**{SHOW: st.session_state["alerts_section"] or ""})

    st.session_state["alerts_section"] = given if given in _SECTIONS else ""
    chosen: str | None = st.segmented_control(
        "Раздел",
        list(_SECTIONS),
        format_func=lambda part: f"{_SECTIONS[part]} · {counts[part]}",
        label_visibility="collapsed",
        required=True,
        key="alerts_section",
        on_change=changed,
    )
    return chosen or ""


if __name__ == "__main__":
    draw()
