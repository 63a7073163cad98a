"""A touchpoint opened: its figures, its course, what people say, the way to their mentions."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from html import escape

import streamlit as st

from insights import journey_words as words
from insights import russian as ru
from insights import trends
from insights.journey import Cell, Standing
from nlp.labels import TONE_NAMES, Tone
from reports import charts
from reports.theme import STACK, TONE_SIGNS
from storage import queries
from storage.filters import Filter
from views import cards, data, journey_cells, opening, pain_state, quoting, state, style
from views.journey_sides import Beside

#: Quotes of the tone that prevails, and of the other one.
_MANY, _SOME = 3, 2
_SIDES = (Tone.NEGATIVE, Tone.POSITIVE)
_WHY_FEWER = "Упоминаний бывает меньше, чем мнений: в одном могут и похвалить, и поругать."
_TITLES = {Tone.NEGATIVE: "За что ругают", Tone.POSITIVE: "За что хвалят"}


def draw(cell: Cell, where: Filter, beside: Beside | None, on_close: Callable[[], None]) -> None:
    """A drawer at the right; closing it calls ``on_close``."""
    own = replace(where, touchpoints=(cell.touchpoint,))
    title = words.name(cell.touchpoint)
    drawer = st.dialog(title, width=560, position="right", on_dismiss=on_close)
    drawer(_inside)(cell, own, beside, on_close)


def _inside(cell: Cell, where: Filter, beside: Beside | None, on_close: Callable[[], None]) -> None:
    st.html(_facts(cell, beside))
    _ways(cell, on_close)
    _over_time(where, on_close)
    net = cell.standing.net
    for tone in _SIDES[::-1] if net and net.value > 0 else _SIDES:
        _quotes(where, tone, _MANY if tone is _prevailing(cell.standing) else _SOME)
    if beside and cell.standing.there and cell.standing.there.n:
        st.subheader(style.plain(f"Что говорят: {beside.name}"), anchor=False)
        there = Standing(cell.standing.there)
        other = replace(beside.where, touchpoints=where.touchpoints)
        _quotes(other, _prevailing(there), _SOME)


def _prevailing(standing: Standing) -> Tone:
    net = standing.net
    return Tone.POSITIVE if net and net.value > 0 else Tone.NEGATIVE


def _facts(cell: Cell, beside: Beside | None) -> str:
    standing = cell.standing
    facts = [("Индекс", words.about(standing)), ("Мнения", journey_cells.tones(standing))]
    if standing.there is not None:
        facts.append((beside.name if beside else "Раньше", words.about(Standing(standing.there))))
        if words.difference(standing):
            doubt = "" if standing.moved else ": может быть случайностью"
            facts.append(("Разница", words.difference(standing) + doubt))
    for title, weight in (("Тянет вниз", cell.impact), ("Тянет вверх", cell.lift)):
        if weight and weight.value:
            told = f"на {ru.number(weight.value * 100, 1)} п. общий индекс"
            low, high = (ru.number(end * 100, 1) for end in (weight.low, weight.high))
            facts.append((title, f"{told} (от {low} до {high})"))
    if standing.is_few:
        facts.append(("Надёжность", "мнений мало: вывод делать рано"))
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(told)}</dd>" for name, told in facts)
    return f'<dl class="ok-facts">{rows}</dl>'


def _ways(cell: Cell, on_close: Callable[[], None]) -> None:
    """To the mentions, all or of one tone, and to «Боли»."""
    counts = {tone: getattr(cell.standing.here, tone) for tone in _SIDES}
    with st.container(horizontal=True, gap="small"):
        if cell.standing.n and st.button(
            f"Все упоминания ({ru.counted(cell.standing.n, ru.OPINION)})",
            key="cell_mentions",
            type="primary",
            icon=":material/forum:",
            help=_WHY_FEWER,
        ):
            _mentions(on_close, cell.touchpoint)
        for tone, n in counts.items():
            told = f"{TONE_SIGNS[tone]} {TONE_NAMES[tone]} ({ru.number(n)})"
            if n and st.button(told, key=f"cell_{tone}"):
                _mentions(on_close, cell.touchpoint, (str(tone),))
        if counts[Tone.NEGATIVE] and st.button(
            "Разобрать в «Болях»", key="cell_pain", icon=":material/arrow_forward:"
        ):
            on_close()
            state.keep(pain_state.CHOSEN, cell.touchpoint)
            state.keep(pain_state.SIDE, None)
            opening.page("views/pains.py")


def _mentions(
    on_close: Callable[[], None], touchpoint: str, tones: Sequence[str] = (), **days: date
) -> None:
    on_close()
    opening.mentions(touchpoints=(touchpoint,), tones=tuple(tones), theme="", **days)


def _over_time(where: Filter, on_close: Callable[[], None]) -> None:
    catalog, today = data.basics().catalog, data.basics().today
    start = where.day_from or catalog.first_day or today
    end = max(start, where.day_to or catalog.last_day or today)
    points = trends.trend(data.ask(queries.tones_by_day, where), start, end)
    st.html(cards.legend([tone for tone in STACK if tone is not Tone.MIXED]))
    drawn = charts.tone_over_time(points, charts.Shown.COUNTS, style.look(), legend=False)
    picked = opening.chart(
        drawn.properties(height=150), f"cell_{where.touchpoints[0]}", "Мнения по дням или неделям"
    )
    if picked:
        day_from, day_to = charts.picked_days(picked)
        tones = (str(picked["code"]),)
        _mentions(on_close, where.touchpoints[0], tones, day_from=day_from, day_to=day_to)


def _quotes(where: Filter, tone: Tone, limit: int) -> None:
    found = data.ask(queries.quotes, where, tone, per_touchpoint=limit)
    own = [row for rows in found.values() for row in rows]
    if own:
        st.markdown(f"**{TONE_SIGNS[tone]} {_TITLES[tone]}**")
        st.html("".join(map(quoting.quote, own)))
