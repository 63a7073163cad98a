"""The filter bar above every page: it shows the session's filter and changes it."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Any

import streamlit as st

from insights import russian as ru
from nlp.labels import KIND_NAMES, TOUCHPOINT_NAMES, Kind, Tone, Touchpoint
from storage.filters import LANGUAGES, UNREAD, Filter
from views import data, empty, state, style
from views.data import Basics
from views.filter_words import ANY_RATING, period_label, rating_label, tone_label

_PERIODS = {7: "7 дней", 28: "4 недели", 91: "3 месяца", 182: "Полгода", 0: "Всё"}
_RATINGS = (
    ANY_RATING, (1, 5), (1, 2), (4, 5), (1, 1), (2, 2), (3, 3), (4, 4), (5, 5),
)  # fmt: skip
_TONES = (*Tone, UNREAD)


@dataclass(frozen=True, slots=True)
class _Chip:
    """An active part of the filter, and what it becomes when it is taken away."""

    label: str
    without: dict[str, Any]


def draw() -> bool:
    """Draw the bar; False where there is nothing to filter (the page is not drawn then)."""
    basics = data.basics()
    if basics.catalog.last_day is None:
        empty.draw(basics.catalog)
        return False
    where = state.current(basics)
    with st.container(key="filterbar", gap="small"):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            _brands(basics, where)
            _period(basics, where)
            _dates(basics, where)
            _more(basics, where)
            _search(where)
        _chips(basics, where)
    _tell_problems()
    return True


def _bound(key: str, value: Any, part: str, read: Callable[[Any], Any]) -> dict[str, Any]:
    """Arguments of a widget that shows ``value`` and writes ``part`` of the filter."""
    name = f"filter_{key}"
    st.session_state[name] = value

    def written() -> None:
        state.change(**{part: read(st.session_state[name])})

    return {"key": name, "on_change": written}


def _brands(basics: Basics, where: Filter) -> None:
    names = {brand.id: brand.name or "без бренда" for brand in basics.catalog.brands}
    if len(names) < 2:
        return
    st.multiselect(
        "Бренды",
        list(names),
        format_func=lambda number: names.get(number, "?"),
        placeholder="все бренды",
        select_all=False,
        label_visibility="collapsed",
        width=200,
        **_bound("brands", [b for b in where.brands if b in names], "brands", tuple),
    )


def _period(basics: Basics, where: Filter) -> None:
    name = "filter_period"
    st.session_state[name] = _preset(basics, where)

    def written() -> None:
        chosen = st.session_state[name]
        if chosen == 0:
            state.change(day_from=None, day_to=None)
        elif chosen:
            start = basics.today - timedelta(days=chosen - 1)
            state.change(day_from=start, day_to=basics.today)

    st.segmented_control(
        "Период",
        list(_PERIODS),
        format_func=_PERIODS.__getitem__,
        label_visibility="collapsed",
        key=name,
        on_change=written,
    )


def _preset(basics: Basics, where: Filter) -> int | None:
    if where.day_from is None and where.day_to is None:
        return 0
    if where.day_to == basics.today and where.days in _PERIODS:
        return where.days
    return None


def _dates(basics: Basics, where: Filter) -> None:
    label = "Свои даты"
    if where.day_from and where.day_to:
        label = ru.short_days(where.day_from, where.day_to, basics.today)
    elif where.day_from or where.day_to:
        label = period_label(where)
    with st.popover(label, icon=":material/calendar_month:"):
        for part, title, value in (
            ("day_from", "С какого дня", where.day_from),
            ("day_to", "По какой день", where.day_to),
        ):
            st.date_input(
                title,
                min_value=date(1990, 1, 1),
                max_value=date(2100, 12, 31),
                format="DD.MM.YYYY",
                **_bound_day(part, value, where),
            )
        first, last = basics.catalog.first_day, basics.catalog.last_day
        if first and last:
            st.caption(f"В базе есть упоминания: {ru.days(first, last)}")


def _bound_day(part: str, value: date | None, where: Filter) -> dict[str, Any]:
    name = f"filter_{part}"
    st.session_state[name] = value

    def written() -> None:
        days = {"day_from": where.day_from, "day_to": where.day_to, part: st.session_state[name]}
        start, end = days["day_from"], days["day_to"]
        if start and end and start > end:
            # The day just chosen is meant; the other end follows it.
            start = end = days[part]
        state.change(day_from=start, day_to=end)

    return {"key": name, "on_change": written}


def _more(basics: Basics, where: Filter) -> None:
    active = len(_chip_list(basics, where))
    with st.popover(f"Фильтры · {active}" if active else "Фильтры", icon=":material/tune:"):
        labels = {source.id: source.label for source in basics.catalog.sources}
        _many("sources", "Источники", labels, where.sources, "все источники")
        topics = {str(code): name for code, name in TOUCHPOINT_NAMES.items()}
        _many("touchpoints", "О чём говорят", topics, where.touchpoints, "обо всём")
        st.pills(
            "Тональность мнений об этом" if where.touchpoints else "Тональность",
            _TONES,
            format_func=tone_label,
            selection_mode="multi",
            **_bound("tones", list(where.tones), "tones", _in_order),
        )
        kinds = {str(code): name for code, name in KIND_NAMES.items()}
        _many("kinds", "Что это за текст", kinds, where.kinds, "любой")
        st.selectbox(
            "Оценка",
            list(dict.fromkeys([*_RATINGS, where.rating or ANY_RATING])),
            format_func=rating_label,
            **_bound("rating", where.rating or ANY_RATING, "rating", _rating),
        )
        _many("languages", "Язык", dict(LANGUAGES), where.languages, "любой")
        st.toggle(
            "Показывать повторы",
            help="Одинаковые тексты и репосты: в списке упоминаний и в выгрузке. "
            "В цифрах они в любом случае считаются один раз.",
            **_bound("repeats", where.repeats, "repeats", bool),
        )
        st.toggle(
            "Только голоса клиентов",
            help="Без рекламы, новостей и текстов не о компании: в доли они не входят. "
            "Если выбран вид текста, показывается он, какой бы ни был.",
            disabled=bool(where.kinds),
            **_bound("voices", where.voices_only, "voices_only", bool),
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
        **_bound(key, [code for code in chosen if code in names], key, tuple),
    )


def _rating(chosen: tuple[int, int]) -> tuple[int, int] | None:
    return None if chosen == ANY_RATING else chosen


def _in_order(tones: list[str]) -> tuple[str, ...]:
    return tuple(tone for tone in map(str, _TONES) if tone in tones)


def _search(where: Filter) -> None:
    st.text_input(
        "Поиск",
        placeholder="Поиск по словам",
        icon=":material/search:",
        max_chars=500,
        label_visibility="collapsed",
        width=190,
        **_bound("text", where.text, "text", str.strip),
    )


def _chips(basics: Basics, where: Filter) -> None:
    chips = _chip_list(basics, where)
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


def _take_away(parts: dict[str, Any]) -> None:
    state.change(**parts)


def _reset(where: Filter) -> None:
    state.set_filter(Filter(brands=where.brands, day_from=where.day_from, day_to=where.day_to))


def _chip_list(basics: Basics, where: Filter) -> list[_Chip]:
    """Everything that is chosen beyond brand and period."""
    labels = {source.id: style.plain(source.label) for source in basics.catalog.sources}
    names: dict[str, Callable[[Any], str]] = {
        "sources": lambda number: labels.get(number, "?"),
        "touchpoints": lambda code: TOUCHPOINT_NAMES[Touchpoint(code)],
        "tones": tone_label,
        "kinds": lambda code: KIND_NAMES[Kind(code)],
        "languages": lambda code: f"язык: {LANGUAGES[code]}",
    }
    chips = []
    for part in (field.name for field in fields(where) if field.name in names):
        chosen = getattr(where, part)
        for item in chosen:
            rest = tuple(other for other in chosen if other != item)
            chips.append(_Chip(names[part](item), {part: rest}))
    if where.rating:
        chips.append(_Chip(f"оценка: {rating_label(where.rating)}", {"rating": None}))
    if where.text:
        chips.append(_Chip(f"«{style.plain(where.text[:40])}»", {"text": ""}))
    if where.repeats:
        chips.append(_Chip("с повторами", {"repeats": False}))
    if not where.voices_only:
        chips.append(_Chip("с рекламой и новостями", {"voices_only": True}))
    return chips


def _tell_problems() -> None:
    found = state.problems()
    if found:
        told = ", ".join(f"{problem.key}={problem.value[:40]}" for problem in found)
        text = f"В ссылке не всё понятно, эти части пропущены: {told}"
        st.warning(style.plain(text), icon=":material/link_off:")
