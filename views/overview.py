"""«Обзор»: what changed, in words first, then the figures and the charts behind it."""

from html import escape

import streamlit as st

from insights import changes, trends, words
from insights import russian as ru
from insights.changes import KeyFigures
from insights.trends import Point
from insights.words import Headline, Mood
from nlp.labels import Tone
from reports import charts
from reports.theme import STACK
from storage import queries
from storage.filters import UNREAD, Filter
from views import cards, context, data, metrics, opening, sources, state, style, trust
from views.data import Basics, Overview
from views.filter_words import period_label

#: How many touchpoints and latest mentions are shown.
_TOUCHPOINTS = 10
_LATEST = 4

_MOODS = {
    Mood.WORSE: ("negative", "▼"),
    Mood.BETTER: ("positive", "▲"),
    Mood.SAME: ("neutral", "="),
    Mood.UNKNOWN: ("unread", ""),
}
_SHOWN = {
    charts.Shown.COUNTS: "Упоминания",
    charts.Shown.SHARES: "Доли",
    charts.Shown.INDEX: "Индекс",
}


def draw() -> None:
    """The page."""
    basics = data.basics()
    where = state.current(basics)
    found = data.overview(where)
    figures = changes.key_figures(found.figures, found.before)
    _headline(basics, where, found, figures)
    if found.left_out:
        more = ru.number(found.left_out)
        st.caption(f"Считаются голоса клиентов; ещё {more} — реклама, новости, прочее.")
    _unread(figures)
    if figures.mentions == 0:
        st.info("За этот период по этим фильтрам упоминаний нет.", icon=":material/search_off:")
        return
    points = _points(basics, where, found)
    metrics.draw(found.figures, figures, points, where)
    left, right = st.columns([3, 2], gap="large")
    with left:
        _over_time(points)
    with right:
        _touchpoints(found)
    left, right = st.columns([3, 2], gap="large")
    with left:
        _sources(basics, found)
    with right:
        _latest(where)
    trust.draw()


def _headline(basics: Basics, where: Filter, found: Overview, figures: KeyFigures) -> None:
    now = (found.opinions, found.figures.analysed)
    before = (found.opinions_before, found.before.analysed if found.before else 0)
    told = words.headline(
        figures,
        changes.moves(now, before, Tone.NEGATIVE),
        changes.moves(now, before, Tone.POSITIVE),
        comparable=where.days is not None,
    )
    st.html(_headline_html(told))
    brands = [b.name or "без бренда" for b in basics.catalog.brands if b.id in where.brands]
    earlier = where.previous()
    compared = f" · в сравнении с {period_label(earlier)}" if earlier else ""
    st.caption(
        style.plain(f"{', '.join(brands) or 'Все бренды'} · {period_label(where)}{compared}")
    )


def _headline_html(told: Headline) -> str:
    tone, sign = _MOODS[told.mood]
    reasons = "".join(f"<div>{escape(reason)}</div>" for reason in told.reasons)
    why = f'<div class="why">{reasons}</div>' if reasons else ""
    return (
        f'<div class="ok-headline ok-{tone}" role="status">'
        f'<p class="said"><span class="sign">{sign}</span> {escape(told.text)}</p>{why}</div>'
    )


def _unread(figures: KeyFigures) -> None:
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


def _points(basics: Basics, where: Filter, found: Overview) -> tuple[Point, ...]:
    """The buckets of the period; an open period ends where the mentions do."""
    start = where.day_from or basics.catalog.first_day or basics.today
    end = where.day_to or basics.catalog.last_day or basics.today
    return trends.trend(found.by_day, start, max(start, end))


def _over_time(points: tuple[Point, ...]) -> None:
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
    chart = charts.tone_over_time(points, shown or charts.Shown.COUNTS, style.look(), legend=False)
    if shown is not charts.Shown.INDEX:
        st.html(cards.legend(STACK))
    picked = opening.chart(
        chart, f"over_time_{shown}", "Тональность упоминаний по дням или неделям"
    )
    if picked:
        day_from, day_to = charts.picked_days(picked)
        tones = {"tones": (picked["code"],)} if "code" in picked else {}
        opening.mentions(day_from=day_from, day_to=day_to, **tones)


def _touchpoints(found: Overview) -> None:
    st.subheader("Что хвалят и за что ругают", anchor=False)
    counts = found.opinions[:_TOUCHPOINTS]
    if not counts:
        st.caption("Мнений о конкретных сторонах пока не найдено.")
        return
    st.html(cards.legend(charts.SIDES))
    picked = opening.chart(
        charts.touchpoint_bars(counts, style.look(), legend=False),
        "touchpoints",
        "Негативные и позитивные мнения по темам",
    )
    if picked:
        opening.mentions(touchpoints=(picked["touchpoint"],), tones=(picked["code"],))


def _sources(basics: Basics, found: Overview) -> None:
    st.subheader("Источники", anchor=False)
    lines = changes.source_table(basics.catalog.sources, found.source_mentions, found.source_tones)
    busy = [line for line in lines if line.tones.n]
    if busy:
        picked = opening.chart(
            charts.source_bars(busy, style.look(), legend=False),
            "sources",
            "Тональность по источникам",
        )
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
