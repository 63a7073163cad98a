"""What is chosen beyond brands and period: chips, each taken away by a click."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import streamlit as st

from insights import russian as ru
from insights.answer_words import NOBODY, STATUS_NAMES
from nlp.labels import INTENT_NAMES, KIND_NAMES, TOUCHPOINT_NAMES, Intent, Kind, Touchpoint
from storage import queries
from storage.filters import LANGUAGES, Filter, Status
from views import context, data, state, style
from views.data import Basics
from views.filter_words import FACET_CHIPS, rating_label, tone_label

#: Longer texts are cut in a chip.
_LONGEST = 40


@dataclass(frozen=True, slots=True)
class Chip:
    """An active part of the filter, and what it becomes when it is taken away."""

    label: str
    without: dict[str, Any]


def of(basics: Basics, where: Filter) -> list[Chip]:
    """The chips of a filter."""
    labels = {source.id: _short(source.label) for source in basics.catalog.sources}
    names: dict[str, Callable[[Any], str]] = {
        "sources": lambda number: labels.get(number, "?"),
        "touchpoints": lambda code: TOUCHPOINT_NAMES[Touchpoint(code)],
        "tones": tone_label,
        "kinds": lambda code: KIND_NAMES[Kind(code)],
        "languages": lambda code: f"язык: {LANGUAGES[code]}",
        "intents": lambda code: INTENT_NAMES[Intent(code)],
        "statuses": lambda code: f"статус: {STATUS_NAMES[Status(code)]}",
        "assignees": lambda name: f"отвечает: {_short(name)}" if name else NOBODY,
        "facets": lambda pair: f"{FACET_CHIPS[pair[0]]}: {_short(pair[1])}",
    }
    chips = []
    for part in (field.name for field in fields(where) if field.name in names):
        chosen = getattr(where, part)
        for item in chosen:
            rest = tuple(other for other in chosen if other != item)
            chips.append(Chip(names[part](item), {part: rest}))
    return chips + _single(where)


def draw(where: Filter, chips: list[Chip]) -> None:
    """The line of chips; nothing where nothing is chosen."""
    if not chips:
        return
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key="chips"):
        for place, chip in enumerate(chips):
            st.button(
                chip.label,
                key=f"chip_{place}",
                icon=":material/close:",
                icon_position="right",
                on_click=_take_away,
                kwargs={"parts": chip.without},
            )
        st.button("Сбросить всё", key="reset", type="tertiary", on_click=_reset, args=(where,))


def _single(where: Filter) -> list[Chip]:
    """The parts that hold one value."""
    chips = []
    if where.rating:
        chips.append(Chip(f"оценка: {rating_label(where.rating)}", {"rating": None}))
    if where.theme:
        name = data.ask(queries.theme_name, where.theme)
        label = f"тема: {_short(name)}" if name else "тема, которой больше нет"
        chips.append(Chip(label, {"theme": ""}))
    if where.before:
        moment = ru.moment(where.before.astimezone(context.get().zone))
        chips.append(Chip(f"написано раньше {moment}", {"before": None}))
    if where.author:
        chips.append(Chip(_short(queries.shown_author(where.author) or ""), {"author": ""}))
    if where.text:
        chips.append(Chip(f"«{_short(where.text)}»", {"text": ""}))
    if where.repeats:
        chips.append(Chip("с повторами", {"repeats": False}))
    if not where.voices_only:
        chips.append(Chip("с рекламой и новостями", {"voices_only": True}))
    return chips


def _short(text: str) -> str:
    return style.plain(text if len(text) <= _LONGEST else f"{text[:_LONGEST].rstrip()}…")


def _take_away(parts: dict[str, Any]) -> None:
    state.change(**parts)


def _reset(where: Filter) -> None:
    state.set_filter(Filter(brands=where.brands, day_from=where.day_from, day_to=where.day_to))
