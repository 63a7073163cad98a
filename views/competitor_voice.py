"""Share of voice: now, before, over time, and whether our sources are comparable with theirs."""

from dataclasses import replace

import streamlit as st

from insights import voice as insight
from insights.competitors import Parties
from insights.voice import Voice
from reports import charts
from reports.charts import BrandMark
from storage import queries
from storage.filters import Filter
from views import data, opening, state, style
from views.competitor_marks import id_of, legend
from views.data import Basics

_HELP = (
    "Упоминания бренда, делённые на упоминания всех сравниваемых брендов (share of voice). Зависит "
    "от того, какие источники собираются о каждом."
)


def counted(basics: Basics, scope: Filter, who: Parties) -> Voice:
    """One query tells this period, the one before and the days."""
    by_day = data.ask(queries.mentions_by_day_and_brand, insight.asked(scope))
    return insight.counted(by_day, scope, who, basics.today)


def draw(
    basics: Basics, scope: Filter, voice: Voice, who: Parties, marks: tuple[BrandMark, ...]
) -> None:
    """The section."""
    _lonely_sources(basics, scope, who)
    st.html(legend(marks))
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.subheader("Доля упоминаний", anchor=False, help=_HELP)
        chart = charts.voice_bars(voice.now, voice.mentions, marks, style.look())
        picked = opening.chart(chart, "voice", "Доля каждого бренда среди всех упоминаний")
        if picked:
            opening.mentions(brands=(id_of(marks, picked["brand"]),))
        if moved := insight.change(voice, who.ours.id, style.plain(who.ours.name)):
            st.caption(moved)
    with right:
        st.subheader("Доля упоминаний во времени", anchor=False)
        chart = charts.voice_over_time(voice.points, marks, style.look())
        picked = opening.chart(chart, "voice_over_time", "Доли упоминаний по дням или неделям")
        if picked:
            day_from, day_to = charts.picked_days(picked)
            brands = (id_of(marks, picked["brand"]),)
            opening.mentions(brands=brands, day_from=day_from, day_to=day_to)


def _lonely_sources(basics: Basics, scope: Filter, who: Parties) -> None:
    """Sources that tell only of us make brands hard to compare: said, and one click away."""
    by_source = data.ask(queries.mentions_by_source_and_brand, scope)
    found = insight.lonely(by_source, basics.catalog.sources, who)
    if found is None:
        return
    told = insight.unfair(replace(found, names=tuple(map(style.plain, found.names))))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f":material/balance: {told}", width="content")
        rest = tuple(source for source in by_source if source not in found.sources)
        if rest and st.button("Сравнить без них", key="without_lonely", type="tertiary"):
            state.change(sources=rest)
            st.rerun()
