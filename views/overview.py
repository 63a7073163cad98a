"""«Обзор»: what changed and why, in words first, then the figures and the charts behind it."""

import streamlit as st

from insights import changes, trends
from insights import russian as ru
from insights.pains import Side, pain_points, strengths
from insights.trends import Point
from reports import charts, noticed
from reports.charts import Mark
from reports.overview import Overview, findings
from reports.theme import STACK
from storage import queries
from storage.filters import UNREAD, Filter
from storage.queries import Figures
from views import (
    cards,
    context,
    data,
    headline,
    metrics,
    opening,
    pain_state,
    report_link,
    sources,
    state,
    style,
    trust,
)
from views.data import Basics

#: How many pains, strengths and latest mentions are shown.
_TOP = 5
_LATEST = 4

_SHOWN = {
    charts.Shown.COUNTS: "Упоминания",
    charts.Shown.SHARES: "Доли",
    charts.Shown.INDEX: "Индекс",
}
_SIDES = {Side.PAIN: "Что болит", Side.JOY: "Что радует"}


def draw() -> None:
    """The page."""
    basics = data.basics()
    where = state.current(basics)
    with st.skeleton(height=420):
        found = data.overview(where)
    told = findings(where, found)
    headline.draw(basics, where, found, told)
    _unread(found.figures)
    if found.figures.mentions == 0:
        st.info("За этот период по этим фильтрам упоминаний нет.", icon=":material/search_off:")
        return
    left, right = st.columns([2, 3], gap="large")
    with left:
        headline.listed(basics, where, found, told)
        report_link.draw(basics, where)
    with right:
        points = trends.trend(found.tones, found.start, found.end)
        _over_time(points, noticed.marks(told))
    metrics.draw(found.figures, found.before, found.by_day, (found.start, found.end), where)
    _weighed(found)
    left, right = st.columns([3, 2], gap="large")
    with left:
        _sources(basics, found)
    with right:
        _latest(where)
    trust.draw()


def _unread(figures: Figures) -> None:
    if not figures.unread:
        return
    failed = data.ask(queries.failed)
    text = f"Ещё не проанализировано: {ru.number(figures.unread)}"
    text += f" из {ru.counted(figures.mentions, ru.OF_MENTION)}; в доли они не входят."
    if failed:
        text += f" Не удалось проанализировать во всей базе: {ru.number(failed)}."
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            f":material/hourglass_empty: {text} Запустите «otklik analyse».", width="content"
        )
        if st.button("Показать их", key="show_unread", type="tertiary"):
            opening.mentions(tones=(UNREAD,))


def _over_time(points: tuple[Point, ...], marks: tuple[Mark, ...]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("Тональность во времени", anchor=False, width="stretch")
        shown = st.segmented_control(
            "Показывать",
            list(_SHOWN),
            format_func=_SHOWN.__getitem__,
            default=charts.Shown.COUNTS,
            required=True,
            label_visibility="collapsed",
            key="shown_over_time",
        )
    shown = shown or charts.Shown.COUNTS
    chart = charts.tone_over_time(points, shown, style.look(), legend=False, marks=marks)
    if shown is not charts.Shown.INDEX:
        st.html(cards.legend(STACK))
    picked = opening.chart(chart, f"over_time_{shown}", "Тональность упоминаний по дням")
    if picked:
        day_from, day_to = charts.picked_days(picked)
        tones = {"tones": (picked["code"],)} if "code" in picked else {}
        opening.mentions(day_from=day_from, day_to=day_to, **tones)


def _weighed(found: Overview) -> None:
    """Pains and strengths on one scale, so that they can be compared."""
    before = found.counted_before
    ranked = {
        Side.PAIN: pain_points(found.counted, before),
        Side.JOY: strengths(found.counted, before),
    }
    longest = max((one.impact.value for top in ranked.values() for one in top), default=0.0)
    for (side, title), column in zip(_SIDES.items(), st.columns(2, gap="large"), strict=True):
        top = ranked[side][:_TOP]
        with column:
            st.subheader(title, anchor=False)
            if not top:
                st.caption("Мнений о конкретных сторонах пока не найдено.")
                continue
            verb = "отнимает" if side is Side.PAIN else "прибавляет"
            moved = "; ▲▼ — больше или меньше, чем раньше" if before else ""
            st.caption(f"Сколько пунктов индекса {verb}{moved}")
            chart = charts.impact_bars(top, side, style.look(), longest=longest)
            picked = opening.chart(chart, f"weighed_{side}", title)
            if picked:
                state.keep(pain_state.SIDE, side)
                state.keep(pain_state.CHOSEN, picked["touchpoint"])
                opening.page("views/pains.py")


def _sources(basics: Basics, found: Overview) -> None:
    st.subheader("Источники", anchor=False)
    lines = changes.source_table(basics.catalog.sources, found.source_mentions, found.source_tones)
    busy = [line for line in lines if line.tones.n]
    if busy:
        chart = charts.source_bars(busy, style.look(), legend=False)
        picked = opening.chart(chart, "sources", "Тональность по источникам")
        if picked:
            source = basics.catalog.names.sources[picked["source"]]
            opening.mentions(sources=(source,), tones=(picked["code"],))
    sources.draw(lines)


def _latest(where: Filter) -> None:
    st.subheader("Последние упоминания", anchor=False)
    zone = context.get().zone
    rows = data.ask(queries.mentions, where, limit=_LATEST)
    st.html("".join(cards.brief(row, zone) for row in rows))
    if st.button("Все упоминания", key="all_mentions", icon=":material/arrow_forward:"):
        opening.mentions()


if __name__ == "__main__":
    draw()
