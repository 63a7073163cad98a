"""A line of the list of pains: its name opens it, the rest says what it costs and how it goes."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from insights import pain_words as words
from insights import russian as ru
from insights.pains import Side, Weighed
from insights.stats import Estimate
from insights.words import name
from storage.queries import NoteRow
from views import pain_notes, pain_state, spark, state


def draw(
    place: int,
    one: Weighed,
    side: Side,
    course: Sequence[int],
    note: NoteRow | None,
    largest: float,
) -> None:
    """One line; bars end at ``largest``, ``course`` are the opinions of each bucket."""
    with st.container(
        horizontal=True, vertical_alignment="center", key=f"pain_row_{one.touchpoint}"
    ):
        st.button(
            f"{place}. {name(one.touchpoint)}",
            key=f"pain_open_{one.touchpoint}",
            type="tertiary",
            icon=":material/chevron_right:",
            icon_position="right",
            width=250,
            on_click=state.keep,
            args=(pain_state.CHOSEN, one.touchpoint),
        )
        st.html(_line(one, side, course, note, largest), width="stretch")


def _line(
    one: Weighed, side: Side, course: Sequence[int], note: NoteRow | None, largest: float
) -> str:
    few = " few" if one.is_uncertain else ""
    told = words.cost(one, side) + (" — данных мало" if one.is_uncertain else "")
    badge = pain_notes.badge(note) if note else ""
    return (
        f'<div class="ok-pain ok-{side.tone}{few}">'
        f'<div class="weight" title="{escape(words.meaning(one, side))}">'
        f"{_bar(one.impact, largest)}<span>{escape(told)}</span></div>"
        f"<div><b>{words.opinions(one.opinions, side)}</b>{_growth(one, side)}"
        f'<div class="state">{_churn(one)}{badge}</div></div>'
        f"{spark.columns(course)}</div>"
    )


def _bar(impact: Estimate, largest: float) -> str:
    """The impact as a bar, its interval as a thin line over it."""
    value, low, high = (
        100 * share / (largest or 1) for share in (impact.value, impact.low, impact.high)
    )
    return (
        f'<div class="bar"><i style="width:{value:.1f}%"></i>'
        f'<s style="left:{low:.1f}%;width:{max(high - low, 0):.1f}%"></s></div>'
    )


def _growth(one: Weighed, side: Side) -> str:
    """An arrow only where the change is beyond chance."""
    if not (one.grows or one.shrinks):
        return ""
    sign, good = ("▲", side is Side.JOY) if one.grows else ("▼", side is Side.PAIN)
    tone = "positive" if good else "negative"
    return (
        f'<span class="moved ok-{tone}" title="{escape(words.compared(one, side))}">'
        f"{sign}{ru.NBSP}{escape(words.growth(one))}</span>"
    )


def _churn(one: Weighed) -> str:
    if one.churn is None:
        return ""
    leaving = round(one.churn.value * one.churn.n)
    told = f"уходят {ru.percent(one.churn.value)}"
    if one.is_uncertain:
        told = f"уходят {ru.number(leaving)} из {ru.number(one.churn.n)}"
    low, high = ru.percent(one.churn.low), ru.percent(one.churn.high)
    title = f"Доля негативных мнений, авторы которых уходят: {ru.number(leaving)} из "
    title += f"{ru.number(one.churn.n)}. Интервал 95 %: {low} … {high}"
    return f'<span title="{escape(title)}">{told}</span>'
