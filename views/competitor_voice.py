"""Share of voice: now, before, over time, and whether our sources are comparable with theirs."""

from dataclasses import dataclass, replace

import streamlit as st

from insights import competitors
from insights import russian as ru
from insights.changes import Measure
from insights.competitors import Parties
from insights.stats import Estimate
from reports import charts
from reports.charts import BrandMark
from storage import queries
from storage.filters import Filter
from views import data, opening, state, style
from views.competitor_marks import id_of, legend
from views.data import Basics

#: Mentions of sources that tell only of us are worth a word from this share of ours on.
_LONELY = 0.05
_HELP = (
    "Упоминания бренда, делённые на упоминания всех сравниваемых брендов (share of voice). Зависит "
    "от того, какие источники собираются о каждом."
)


@dataclass(frozen=True, slots=True)
class Voice:
    """Share of voice now, before (empty without an earlier period) and over time."""

    now: dict[int, Estimate]
    before: dict[int, Estimate]
    mentions: dict[int, int]
    points: tuple[competitors.VoicePoint, ...]


def counted(basics: Basics, scope: Filter, who: Parties) -> Voice:
    """One query tells this period, the one before and the days."""
    earlier = scope.previous()
    wide = replace(scope, day_from=earlier.day_from) if earlier else scope
    by_day = data.ask(queries.mentions_by_day_and_brand, wide)
    start = scope.day_from or min(by_day, default=basics.today)
    end = scope.day_to or max(by_day, default=basics.today)
    ids = who.ids
    points = competitors.voice_over_time(by_day, ids, start, max(start, end))
    mentions = {brand: sum(point.mentions[brand] for point in points) for brand in ids}
    before = dict.fromkeys(ids, 0)
    for day, own in by_day.items():
        if day < start:
            for brand in ids:
                before[brand] += own.get(brand, 0)
    return Voice(
        competitors.share_of_voice(mentions),
        competitors.share_of_voice(before) if earlier else {},
        mentions,
        points,
    )


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
        if voice.before:
            st.caption(_change(voice, marks[0]))
    with right:
        st.subheader("Доля упоминаний во времени", anchor=False)
        chart = charts.voice_over_time(voice.points, marks, style.look())
        picked = opening.chart(chart, "voice_over_time", "Доли упоминаний по дням или неделям")
        if picked:
            day_from, day_to = charts.picked_days(picked)
            brands = (id_of(marks, picked["brand"]),)
            opening.mentions(brands=brands, day_from=day_from, day_to=day_to)


def _change(voice: Voice, ours: BrandMark) -> str:
    measure = Measure(voice.now.get(ours.id), voice.before.get(ours.id))
    name = style.plain(ours.name)
    if measure.now is None or measure.before is None or measure.change is None:
        return f"{name}: в прошлом таком же периоде упоминаний нет."
    told = f"{name}: было {ru.percent(measure.before.value)}, стало {ru.percent(measure.now.value)}"
    if measure.change.significant and measure.points:
        return f"{told} ({ru.points(measure.points)})."
    return f"{told} — в пределах погрешности."


def _lonely_sources(basics: Basics, scope: Filter, who: Parties) -> None:
    """Sources that tell only of us make brands hard to compare: said, and one click away."""
    by_source = data.ask(queries.mentions_by_source_and_brand, scope)
    sources = {source.id: source for source in basics.catalog.sources}
    lonely = competitors.lonely_sources(
        {source: own for source, own in by_source.items() if source in sources},
        {source.id: source.type for source in sources.values()},
        who,
    )
    ours = sum(own.get(who.ours.id, 0) for own in by_source.values())
    n = sum(by_source[source][who.ours.id] for source in lonely)
    if not n or n < _LONELY * ours:
        return
    names = ", ".join(f"«{style.plain(sources[source].label)}»" for source in lonely)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            f":material/balance: {ru.counted(n, ru.MENTION).capitalize()} из источников, где пишут "
            f"только о нас: {names}. О конкурентах таких нет, сравнение может быть неровным.",
            width="content",
        )
        rest = tuple(source for source in by_source if source not in lonely)
        if rest and st.button("Сравнить без них", key="without_lonely", type="tertiary"):
            state.change(sources=rest)
            st.rerun()
