"""Whom a rule wakes, how often, and when not."""

from datetime import time

import streamlit as st

from insights import alert_words as words
from insights import russian as ru
from storage.errors import StorageError
from storage.queries import Condition, Digest, Manners, RuleRow, clock
from views import context, style

_DIGESTS = {
    Digest.NONE: "Сразу",
    Digest.HOURLY: "Раз в час",
    Digest.DAILY: "Раз в день",
}
_PAUSES = (0, 1, 3, 6, 12, 24, 72, 168)
#: The pause that suits the condition; a widget takes None for «nothing is chosen».
_USUAL_PAUSE = -1
_USUAL_QUIET = ("22:00", "08:00")


def draw(
    key: str, rule: RuleRow | None, condition: Condition | None
) -> tuple[Manners | None, tuple[str, ...]]:
    """Manners (None where they make no sense, which is told) and channels, as they are chosen."""
    st.subheader("Кому и как", anchor=False)
    channels = _channels(key, rule.channels if rule else ())
    given = rule.manners if rule else Manners()
    digest = Digest(
        st.segmented_control(
            "Как сообщать",
            [str(one) for one in _DIGESTS],
            format_func=lambda code: _DIGESTS[Digest(code)],
            default=str(given.digest),
            required=True,
            key=f"{key}_digest",
        )
        or given.digest
    )
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        at = given.at
        if digest is Digest.DAILY:
            at = _time("Во сколько", given.at, f"{key}_at")
        pause = _pause(key, given, condition)
    try:
        quiet = _quiet(key, given)
        return Manners(pause, quiet, given.zone, digest, at), channels
    except StorageError as error:
        st.error(style.plain(str(error)), icon=":material/error:")
        return None, channels


def _channels(key: str, given: tuple[str, ...]) -> tuple[str, ...]:
    known = tuple(dict.fromkeys([*context.get().channels, *given]))
    if not known:
        st.caption(
            "Каналов пока нет: правило будет только записывать, что сработало. Почта, Телеграм и "
            "другие описываются в `config.yaml`, раздел `channels`."
        )
        return ()
    return tuple(
        st.multiselect(
            "Каналы",
            known,
            default=list(given),
            placeholder="никому, только записывать",
            select_all=False,
            key=f"{key}_channels",
        )
    )


def _pause(key: str, given: Manners, condition: Condition | None) -> int | None:
    """Hours between two messages; None is what suits the condition."""
    choices = [_USUAL_PAUSE, *sorted({*_PAUSES, *([given.cooldown] if given.cooldown else [])})]
    usual = "без паузы"
    if condition and (own := Manners().pause(condition)):
        usual = f"{words.span(round(own.total_seconds() / 3600))}, как окно условия"

    def label(hours: int) -> str:
        if hours == _USUAL_PAUSE:
            return "обычная"  # a label that changes would lose the choice
        return words.span(hours) if hours else "без паузы"

    chosen: int = st.selectbox(
        "Пауза после сообщения",
        choices,
        index=choices.index(_USUAL_PAUSE if given.cooldown is None else given.cooldown),
        format_func=label,
        help=f"Обычная{ru.NBSP}— {usual}. Что придёт за это время, войдёт в следующее сообщение",
        key=f"{key}_pause",
    )
    return None if chosen == _USUAL_PAUSE else chosen


def _quiet(key: str, given: Manners) -> tuple[str, str] | None:
    zone = given.zone or str(context.get().zone)
    if not st.toggle(
        "Тихие часы",
        given.quiet is not None,
        help=f"В это время ничего не отправляется, сообщение придёт в конце. Часы — {zone}",
        key=f"{key}_is_quiet",
    ):
        return None
    begin, end = given.quiet or _USUAL_QUIET
    with st.container(horizontal=True, gap="medium"):
        return _time("С", begin, f"{key}_begin"), _time("До", end, f"{key}_end")


def _time(title: str, given: str, key: str) -> str:
    chosen: time = st.time_input(title, clock(given), step=1800, width=130, key=key)
    return f"{chosen:%H:%M}"
