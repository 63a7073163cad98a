"""«Путь клиента»: stage by stage where it hurts, where it delights, what has changed."""

from collections.abc import Sequence
from dataclasses import replace
from html import escape

import streamlit as st

from insights import journey
from insights import journey_words as words
from insights.journey import JourneyMap
from insights.journey_words import Story
from nlp.journey import Stage
from nlp.labels import Tone
from reports import charts
from reports.theme import TONE_SIGNS
from storage import queries
from storage.filters import Filter
from views import (
    data,
    journey_cells,
    journey_map,
    journey_panel,
    journey_sides,
    opening,
    state,
    style,
    trust,
)
from views.data import Basics
from views.filter_words import period_label
from views.journey_map import Drawn, Quotes
from views.journey_sides import Beside

_CELL = "cell"
_TONES = (Tone.NEGATIVE, Tone.POSITIVE)


def draw() -> None:
    """The page."""
    basics = data.basics()
    chosen = state.current(basics)
    where = journey_sides.whole(chosen)
    top, choices = st.columns([5, 2], gap="medium")
    with choices.container(gap="small", key="jm_choices"):
        stages = journey_sides.choose_journey().stages
        beside = journey_sides.choose_beside(basics, where)
    found = _read(stages, where, beside, chosen.touchpoints)
    with top:
        _tell(basics, chosen, found, beside)
    if not found.is_spoken_of:
        st.info("За этот период по этим фильтрам мнений нет.", icon=":material/search_off:")
        return
    _map(basics, replace(where, touchpoints=chosen.touchpoints), found, beside)
    trust.draw()
    touchpoint = state.own(_CELL, "", [cell.touchpoint for cell in found.cells])
    if touchpoint and (cell := found.find(touchpoint)):
        journey_panel.draw(cell, where, beside, _close)


def _read(
    stages: Sequence[Stage], where: Filter, beside: Beside | None, only: tuple[str, ...]
) -> JourneyMap:
    """The map beside the chosen one, or with what changed since the period before."""
    other = beside.where if beside else where.previous()
    there = journey_sides.side(other, only) if other else None
    return journey.journey_map(stages, journey_sides.side(where, only), there, only)


def _tell(basics: Basics, chosen: Filter, found: JourneyMap, beside: Beside | None) -> None:
    if beside:
        told = words.comparison(found, beside.name, is_period=beside.is_period)
    else:
        told = words.story(found)
    st.html(_story(told))
    earlier = None if beside else chosen.previous()
    compared = f" · стрелки — в сравнении с {period_label(earlier)}" if earlier else ""
    st.caption(style.plain(f"{_names(basics, chosen)} · {period_label(chosen)}{compared}"))
    if chosen.touchpoints or chosen.tones or chosen.theme:
        _tell_of_filter(chosen)


def _tell_of_filter(chosen: Filter) -> None:
    """The map shows all tones at once, and only the touchpoints that the filter leaves."""
    told = "Показаны только выбранные точки." if chosen.touchpoints else ""
    if chosen.tones or chosen.theme:
        told += " Тональность и тема из фильтра на карту не влияют: в ней всегда все мнения."
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f":material/filter_alt: {told.strip()}", width="content")
        if chosen.touchpoints:
            st.button(
                "Показать весь путь",
                key="whole_way",
                type="tertiary",
                on_click=lambda: state.change(touchpoints=(), tones=(), theme=""),
            )


def _story(told: Story) -> str:
    tone = told.tone or "neutral"
    sign = TONE_SIGNS[told.tone] if told.tone else "="
    lines = "".join(f"<div>{escape(line)}</div>" for line in told.lines)
    why = f'<div class="why">{lines}</div>' if lines else ""
    return (
        f'<div class="ok-headline ok-{tone}" role="status">'
        f'<p class="said"><span class="sign">{sign}</span> {escape(told.text)}</p>{why}</div>'
    )


def _map(basics: Basics, where: Filter, found: JourneyMap, beside: Beside | None) -> None:
    look = style.look()
    picked = opening.chart(
        charts.feelings(found.columns, look, beside.name if beside else ""),
        f"feelings_{len(found.columns)}_{bool(beside)}",
        "Индекс тональности от этапа к этапу",
    )
    if picked:
        column = next(c for c in found.columns if c.stage.code == picked["stage"])
        touchpoints = tuple(cell.touchpoint for cell in column.cells)
        opening.mentions(touchpoints=touchpoints, tones=(), theme="")
    quotes: Quotes = {}
    if beside is None:
        quotes = {tone: data.ask(queries.quotes, where, tone) for tone in _TONES}
    names = (_names(basics, where), beside.name) if beside else ()
    is_ranked = bool(journey.sorest(found, 1))
    st.html(journey_cells.legend(look, names, is_ranked=is_ranked))
    journey_map.draw(Drawn(found, quotes, beside.name if beside else "", _open))


def _names(basics: Basics, where: Filter) -> str:
    names = [b.name or "без бренда" for b in basics.catalog.brands if b.id in where.brands]
    return ", ".join(names) or "Все бренды"


def _open(touchpoint: str) -> None:
    state.keep(_CELL, touchpoint)


def _close() -> None:
    state.keep(_CELL, None)


if __name__ == "__main__":
    draw()
