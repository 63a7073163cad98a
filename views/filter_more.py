"""The further parts of the filter, in a popover of the bar."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from insights.answer_words import NOBODY, status_label
from nlp.labels import INTENT_NAMES, KIND_NAMES, TOUCHPOINT_NAMES, Tone
from storage import queries
from storage.filters import LANGUAGES, UNREAD, Facet, Filter, Status
from views import data, state
from views.data import Basics
from views.filter_words import ANY_RATING, FACET_NAMES, rating_label, tone_label

_RATINGS = (
    ANY_RATING, (1, 5), (1, 2), (4, 5), (1, 1), (2, 2), (3, 3), (4, 4), (5, 5),
)  # fmt: skip
_TONES = (*Tone, UNREAD)
#: Of each facet so many values can be chosen, the most frequent ones.
_MOST_VALUES = 500


def draw(basics: Basics, where: Filter, active: int) -> None:
    """The popover; ``active`` counts the parts that are chosen."""
    label = f"Фильтры · {active}" if active else "Фильтры"
    facets = data.ask(queries.known_facets)
    # What sources tell is read for who looks: on opening, the script runs once more.
    opened = st.popover(
        label,
        icon=":material/tune:",
        key="filter_more",
        on_change="rerun" if facets else "ignore",
    )
    with opened:
        _what(basics, where)
        for facet in facets:
            _facet(where, facet, is_open=bool(opened.open))
        _handling(where)
        _switches(where)


def bound(key: str, value: Any, part: str, read: Callable[[Any], Any]) -> dict[str, Any]:
    """Arguments of a widget that shows ``value`` and writes ``part`` of the filter."""
    name = f"filter_{key}"
    st.session_state[name] = value

    def written() -> None:
        state.change(**{part: read(st.session_state[name])})

    return {"key": name, "on_change": written}


def _what(basics: Basics, where: Filter) -> None:
    labels = {source.id: source.label for source in basics.catalog.sources}
    _many("sources", "Источники", labels, where.sources, "все источники")
    topics = {str(code): name for code, name in TOUCHPOINT_NAMES.items()}
    _many("touchpoints", "О чём говорят", topics, where.touchpoints, "обо всём")
    st.pills(
        "Тональность мнений об этом" if where.touchpoints else "Тональность",
        _TONES,
        format_func=tone_label,
        selection_mode="multi",
        **bound("tones", list(where.tones), "tones", _in_order),
    )
    kinds = {str(code): name for code, name in KIND_NAMES.items()}
    _many("kinds", "Что это за текст", kinds, where.kinds, "любой")
    intents = {str(code): name for code, name in INTENT_NAMES.items()}
    _many("intents", "Что собирается делать автор", intents, where.intents, "неважно")
    st.selectbox(
        "Оценка",
        list(dict.fromkeys([*_RATINGS, where.rating or ANY_RATING])),
        format_func=rating_label,
        **bound("rating", where.rating or ANY_RATING, "rating", _rating),
    )


def _facet(where: Filter, facet: Facet, *, is_open: bool) -> None:
    """Values of the chosen brands, days and sources, with how often each is told of."""
    chosen = [value for own, value in where.facets if own == facet]
    found: tuple[tuple[str, int], ...] = ()
    if is_open:
        found = data.ask(queries.facet_values, where, facet, limit=_MOST_VALUES)
    counts = dict.fromkeys(chosen, 0) | dict(found)

    def read(values: list[str]) -> tuple[tuple[Facet, str], ...]:
        others = [pair for pair in where.facets if pair[0] != facet]
        return (*others, *((facet, value) for value in values))

    st.multiselect(
        FACET_NAMES[facet],
        list(counts),
        placeholder="неважно" if found or not is_open else "в этом периоде не названо",
        select_all=False,
        **bound(f"facet_{facet}", chosen, "facets", read),
    )


def _handling(where: Filter) -> None:
    statuses = {str(status): status_label(status) for status in Status}
    _many("statuses", "Статус ответа", statuses, where.statuses, "любой")
    known = data.ask(queries.assignees)
    if known or where.assignees:
        names = dict.fromkeys((*known, *where.assignees))
        labels = {"": NOBODY} | {name: name for name in names if name}
        _many("assignees", "Кто отвечает", labels, where.assignees, "неважно")


def _switches(where: Filter) -> None:
    _many("languages", "Язык", dict(LANGUAGES), where.languages, "любой")
    st.toggle(
        "Показывать повторы",
        help="Одинаковые тексты и репосты: в списке упоминаний и в выгрузке. "
        "В цифрах они в любом случае считаются один раз.",
        **bound("repeats", where.repeats, "repeats", bool),
    )
    st.toggle(
        "Только голоса клиентов",
        help="Без рекламы, новостей и текстов не о компании: в доли они не входят. "
        "Если выбран вид текста, показывается он, какой бы ни был.",
        disabled=bool(where.kinds),
        **bound("voices", where.voices_only, "voices_only", bool),
    )


def _many(
    key: str, title: str, names: dict[Any, str], chosen: tuple[Any, ...], placeholder: str
) -> None:
    st.multiselect(
        title,
        list(names),
        format_func=lambda code: names.get(code, "?"),
        placeholder=placeholder,
        select_all=False,
        **bound(key, [code for code in chosen if code in names], key, tuple),
    )


def _rating(chosen: tuple[int, int]) -> tuple[int, int] | None:
    return None if chosen == ANY_RATING else chosen


def _in_order(tones: list[str]) -> tuple[str, ...]:
    return tuple(tone for tone in map(str, _TONES) if tone in tones)
