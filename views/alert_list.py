"""The rules of «Оповещения»: what each waits for, whom it wakes, when it last did."""

from functools import partial
from html import escape

import streamlit as st

from insights import alert_words as words
from insights import russian as ru
from storage.filters import Filter, Problem
from storage.queries import RuleRow
from views import alert_actions as actions
from views import alert_state, filter_chips, style, worker
from views.alert_state import HISTORY, OF, RULE, SHOW, Now
from views.badges import badge, warning


def draw(now: Now) -> None:
    """All rules."""
    _deleted()
    if not now.rules:
        _nothing()
        return
    if not now.has_worker:
        worker.warn("новые упоминания не проверяются и ничего не отправляется")
    for rule in now.rules:
        with st.container(border=True, key=f"rule_{rule.id}", gap="xsmall"):
            _card(now, rule)


def looks_at(now: Now, where: Filter, reach: int | None = None) -> str:
    """The filter of a rule in words, as Markdown."""
    names = {brand.id: brand.name or "без бренда" for brand in now.basics.catalog.brands}
    parts = [style.plain(names[number]) for number in where.brands if number in names]
    parts += [chip.label for chip in filter_chips.of(now.basics, where)]
    if reach:
        parts.append(f"охват от {ru.number(reach)}")
    return " · ".join(parts) or "все упоминания"


def _nothing() -> None:
    st.info(
        "Правил пока нет. Правило следит за новыми упоминаниями и сообщает о том, что важно: "
        "о каждой единице в отзывах, о всплеске жалоб на доставку, о просевшей оценке.",
        icon=":material/notifications:",
    )
    st.caption(
        "Прежде чем сохранить правило, вы увидите, сколько раз оно сработало бы за последний "
        "месяц. Правила можно описать и в config.yaml, раздел alerts."
    )


def _card(now: Now, rule: RuleRow) -> None:
    where, misread = alert_state.filter_of(now, rule)
    told = [badge(_state(rule, misread)), f'<b class="ok-name">{escape(rule.name)}</b>']
    st.html(f'<div class="ok-row">{"".join(told)}</div>{_troubles(rule, misread)}')
    condition = words.condition(rule.condition, len(where.touchpoints))
    st.markdown(f"{condition[:1].upper()}{condition[1:]} — {looks_at(now, where, rule.reach)}")
    st.html(f'<p class="ok-note">{escape(_manners(now, rule))}</p>')
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if rule.origin == "app":
            _buttons(rule)
        else:
            st.caption(
                "Описано в config.yaml и меняется там, на паузу ставится `enabled: false`.",
                width="content",
            )
        st.button(
            "Что сработало",
            key=f"history_{rule.id}",
            type="tertiary",
            icon=":material/history:",
            on_click=partial(alert_state.go, **{SHOW: HISTORY, OF: str(rule.id)}),
        )


def _state(rule: RuleRow, misread: tuple[Problem, ...]) -> tuple[str, str, str]:
    if misread or rule.fault:
        return "!", "negative", "не работает"
    return ("✓", "positive", "работает") if rule.enabled else ("‖", "unread", "на паузе")


def _troubles(rule: RuleRow, misread: tuple[Problem, ...]) -> str:
    told = [rule.fault]
    if misread:
        parts = ", ".join(f"{part.key}={part.value[:40]}" for part in misread)
        told.append(f"В фильтре есть то, чего здесь больше нет: {parts}.")
    if any(told):
        told.append("Поправьте правило, и оно оживёт.")
    return warning(told)


def _manners(now: Now, rule: RuleRow) -> str:
    """Whom and when it wakes, and when it last did."""
    if rule.channels:
        manners = words.manners(rule.manners, rule.condition)
        to = f"Сообщает в {', '.join(f'«{name}»' for name in rule.channels)}: {manners}"
    else:
        to = "Никому не сообщает, только записывает: канал не указан"
    last = "ещё не срабатывало"
    if rule.fired_at:
        times = ru.counted(rule.fired, words.TIME)
        near = ru.near(rule.fired_at.astimezone(now.at.tzinfo), now.at)
        last = f"сработало {times}, последний — {near}"
    elif rule.replayed:
        last += f", в прогоне по истории — {ru.counted(rule.replayed, words.TIME)}"
    return f"{to} · {last}"


def _buttons(rule: RuleRow) -> None:
    st.button(
        "Изменить",
        key=f"edit_{rule.id}",
        icon=":material/edit:",
        on_click=partial(alert_state.go, **{RULE: str(rule.id)}),
    )
    st.button(
        "Пауза" if rule.enabled else "Возобновить",
        key=f"pause_{rule.id}",
        icon=":material/pause:" if rule.enabled else ":material/play_arrow:",
        on_click=partial(actions.pause, rule, enabled=not rule.enabled),
    )
    st.button(
        "Удалить",
        key=f"delete_{rule.id}",
        type="tertiary",
        icon=":material/delete:",
        on_click=actions.delete,
        args=(rule,),
    )


def _deleted() -> None:
    rule = actions.deleted()
    if rule:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(f"Правило «{style.plain(rule.name)}» удалено, его история осталась.")
            st.button(
                "Вернуть",
                key="restore_rule",
                icon=":material/undo:",
                on_click=actions.restore,
                args=(rule,),
            )
