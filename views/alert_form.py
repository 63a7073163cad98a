"""The form of a rule: what is looked at, when it wakes whom; tried on the past as it is written."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import streamlit as st

from insights import alert_words as words
from insights import russian as ru
from nlp.labels import Tone
from storage import commands
from storage.commands import RuleDeclaration
from storage.errors import StorageError
from storage.filters import Filter, to_params
from storage.queries import Condition, Manners, RuleRow, When
from views import alert_actions as actions
from views import alert_form_filter, alert_form_manners, alert_state, alert_trial, context, style
from views.alert_state import Now

_WHEN = {
    When.SURGE: "Всплеск",
    When.EACH: "Каждое",
    When.COUNT: "Много",
    When.RATING: "Низкая оценка",
}
_ABOUT = {
    When.SURGE: "Жалоб или похвал намного больше, чем обычно по этим дням недели. За каждой "
    "выбранной точкой контакта следим отдельно, без точек — за брендом в целом. О том же всплеске "
    "сообщается один раз.",
    When.EACH: "Каждое новое упоминание, которое подошло под фильтр. Старше трёх дней не новость.",
    When.COUNT: "За последние часы или дни набралось столько упоминаний.",
    When.RATING: "Средняя оценка за последние часы или дни ниже порога.",
}
_SPANS = (1, 3, 6, 12, 24, 48, 72, 168, 336, 720)


def draw(now: Now, rule: RuleRow | None) -> None:
    """The form of ``rule``, or of a new one."""
    st.button(
        "Все правила",
        key="all_rules",
        type="tertiary",
        icon=":material/arrow_back:",
        on_click=alert_state.go,
    )
    st.title("Изменить правило" if rule else "Новое правило", anchor=False)
    actions.tell_error()
    key = f"rule_{rule.id if rule else 'new'}"
    left, right = st.columns([3, 2], gap="large")
    with left:
        name = st.text_input(
            "Название",
            rule.name if rule else "",
            placeholder="например, «Всплеск жалоб на доставку»",
            help="Стоит в заголовке сообщения",
            max_chars=commands.LONGEST_RULE_NAME,
            key=f"{key}_name",
        )
        given = alert_state.filter_of(now, rule)[0] if rule else alert_state.filter_of_url(now)
        condition = _condition(key, rule.condition if rule else _likely(given))
        when = condition.when if condition else When.SURGE
        where, reach = alert_form_filter.draw(key, now, given, rule.reach if rule else None, when)
        manners, channels = alert_form_manners.draw(key, rule, condition)
    declared = _declared(now, name, condition, where, reach, manners, channels, rule)
    with right:
        if condition:
            shown = manners or Manners()
            alert_trial.draw(now, condition, _searched(where), reach, shown)
    _buttons(rule, declared)


def _declared(
    now: Now,
    name: str,
    condition: Condition | None,
    where: Filter,
    reach: int | None,
    manners: Manners | None,
    channels: Sequence[str],
    rule: RuleRow | None,
) -> RuleDeclaration | None:
    """What is saved; None where something in the form makes no sense, which is told there."""
    if condition is None or manners is None:
        return None
    params = to_params(where, now.basics.catalog.names)
    enabled = rule.enabled if rule else True
    return RuleDeclaration(name, condition, params, reach, manners, channels, enabled)


def _searched(where: Filter) -> Filter:
    return replace(where, lemmas=context.get().lemmas(where.text)) if where.text else where


def _likely(where: Filter) -> Condition:
    """What a new rule begins with: who looks for certain mentions wants to hear of each."""
    narrow = (where.tones, where.rating, where.text, where.intents, where.author, where.facets)
    return Condition(When.EACH if any(narrow) else When.SURGE)


def _condition(key: str, given: Condition) -> Condition | None:
    """The condition; None where its numbers make no sense, which is told."""
    st.subheader("Когда сообщать", anchor=False)
    chosen = st.segmented_control(
        "Условие",
        [str(when) for when in _WHEN],
        format_func=lambda code: _WHEN[When(code)],
        default=str(given.when),
        required=True,
        label_visibility="collapsed",
        key=f"{key}_when",
    )
    when = When(chosen or given.when)
    st.caption(_ABOUT[when])
    try:
        return _numbers(key, when, given)
    except StorageError as error:
        st.error(style.plain(str(error)), icon=":material/error:")
        return None


def _side(key: str, given: Tone) -> Tone:
    tones = {str(Tone.NEGATIVE): "Жалобы и негатив", str(Tone.POSITIVE): "Похвалы"}
    tone = st.segmented_control(
        "Всплеск чего",
        list(tones),
        format_func=tones.__getitem__,
        default=str(given),
        required=True,
        label_visibility="collapsed",
        key=f"{key}_side",
    )
    return Tone(tone or given)


def _numbers(key: str, when: When, given: Condition) -> Condition:
    same = given if given.when is when else _USUAL[when]
    if when is When.EACH:
        return Condition(when)
    if when is When.SURGE:
        return Condition(when, tone=_side(key, same.tone))
    with st.container(horizontal=True, gap="medium"):
        below = same.below
        if when is When.RATING:
            below = st.number_input(
                "Ниже", 1.1, 5.0, same.below, 0.1, format="%.1f", width=130, key=f"{key}_below"
            )
        n = st.number_input(
            "Оценок не меньше" if when is When.RATING else "Не меньше упоминаний",
            min_value=1,
            value=same.n,
            width=190,
            key=f"{key}_n_{when}",
        )
        hours = st.selectbox(
            "За время",
            sorted({*_SPANS, same.hours}),
            index=sorted({*_SPANS, same.hours}).index(same.hours),
            format_func=words.span,
            width=150,
            key=f"{key}_hours_{when}",
        )
    return Condition(when, n=int(n), hours=int(hours), below=round(float(below), 2))


_USUAL = {
    When.SURGE: Condition(When.SURGE),
    When.EACH: Condition(When.EACH),
    When.COUNT: Condition(When.COUNT, n=10, hours=24),
    When.RATING: Condition(When.RATING, n=10, hours=168, below=3.5),
}


def _buttons(rule: RuleRow | None, declared: RuleDeclaration | None) -> None:
    with st.container(horizontal=True, gap="small"):
        is_ready = declared is not None and bool(declared.name.strip())
        st.button(
            "Сохранить",
            key="save_rule",
            type="primary",
            disabled=not is_ready,
            help=None if is_ready else f"Сначала назовите правило{ru.NBSP}— в самом верху",
            on_click=partial(_save, rule, declared),
        )
        st.button(
            "Не менять" if rule else "Не создавать",
            key="leave_rule",
            type="tertiary",
            on_click=alert_state.go,
        )


def _save(rule: RuleRow | None, declared: RuleDeclaration | None) -> None:
    if declared:
        actions.save(rule.id if rule else None, declared)
