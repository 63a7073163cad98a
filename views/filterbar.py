"""The filter bar above every page: it shows the session's filter and changes it."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import streamlit as st

from insights import russian as ru
from storage.filters import Filter
from views import data, empty, filter_chips, filter_more, saved_views, state, style
from views.data import Basics
from views.filter_more import bound
from views.filter_words import PERIODS, period_label

_PERIODS = PERIODS | {0: "Всё"}


def draw(page: st.Page, pages: Sequence[st.Page]) -> bool:
    """Draw the bar above ``page``, one of those that follow the filter (``pages``).

    False where there is nothing to filter (the page is not drawn then).
    """
    basics = data.basics()
    if basics.catalog.last_day is None:
        empty.draw(basics.catalog)
        return False
    where = state.current(basics)
    with st.container(key="filterbar", gap="small"):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
            _brands(basics, where)
            _period(basics, where)
            _dates(basics, where)
            chips = filter_chips.of(basics, where)
            filter_more.draw(basics, where, len(chips))
            _search(where)
            saved_views.draw(basics, where, page, pages)
        filter_chips.draw(where, chips)
    _tell_problems()
    return True


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
        width=170,
        **bound("brands", [b for b in where.brands if b in names], "brands", tuple),
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


def _search(where: Filter) -> None:
    st.text_input(
        "Поиск",
        placeholder="Поиск",
        icon=":material/search:",
        max_chars=500,
        label_visibility="collapsed",
        width=120,
        **bound("text", where.text, "text", str.strip),
    )


def _tell_problems() -> None:
    found = state.problems()
    if found:
        told = ", ".join(f"{problem.key}={problem.value[:40]}" for problem in found)
        text = f"В ссылке не всё понятно, эти части пропущены: {told}"
        st.warning(style.plain(text), icon=":material/link_off:")
