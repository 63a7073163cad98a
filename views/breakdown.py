"""Where it is worse: branches, products, cities and app versions against the rest."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import streamlit as st

from insights import breakdown, pain_words
from insights import russian as ru
from insights.breakdown import Part
from nlp.labels import Tone
from reports.charts import pains as charts
from storage import queries
from storage.filters import Facet, Filter
from views import data, opening, style
from views.filter_words import FACET_NAMES

#: Values shown of a facet: those that are most surely worse.
_SHOWN = 8


def draw(where: Filter, tone: Tone = Tone.NEGATIVE) -> None:
    """A chart a facet that sources tell of, nothing at all where they tell none.

    Of each value the share of mentions of ``tone`` is shown; where ``where`` chooses touchpoints,
    the share of mentions with such opinions about them. Both are read for its days, so a caller
    bounds the cost by them (:func:`insights.courses.latest`).
    """
    base = replace(where, touchpoints=(), tones=(), theme="")
    about = replace(where, tones=(str(tone),))
    told = data.ask(queries.told_in, about) if where.touchpoints else None
    found = []
    for facet in data.ask(queries.known_facets):
        counts = data.ask(queries.breakdown, base, facet)
        totals = {count.value: count.tones.n for count in counts}
        own = {count.value: getattr(count.tones, tone) for count in counts}
        if told is not None:
            own = told[facet]
        if sum(n > 0 for n in totals.values()) > 1 and any(own.values()):
            found.append((facet, own, totals))
    if not found:
        return
    st.subheader("Где", anchor=False)
    columns = st.columns(2, gap="large") if len(found) > 1 else [st.container()]
    for place, (facet, own, totals) in enumerate(found):
        with columns[place % len(columns)]:
            _facet(facet, own, totals, about, tone)


def _facet(
    facet: Facet, counts: Mapping[str, int], totals: Mapping[str, int], about: Filter, tone: Tone
) -> None:
    st.markdown(f"**{FACET_NAMES[facet]}**")
    parts = breakdown.parts(counts, totals)
    jump = breakdown.jump(counts, totals) if facet is Facet.VERSION else None
    if jump and tone is Tone.NEGATIVE:
        st.markdown(style.plain(pain_words.jump(jump)))
    st.caption(_told(parts))
    shown = parts[:_SHOWN]
    usual = sum(part.count for part in parts) / sum(part.n for part in parts)
    chart = charts.part_bars(shown, {}, tone, style.look(), usual=usual)
    picked = opening.chart(chart, f"facet_{facet}", f"Доля по значениям: {FACET_NAMES[facet]}")
    if picked:
        others = tuple(pair for pair in about.facets if pair[0] != facet)
        opening.mentions(
            touchpoints=about.touchpoints,
            tones=about.tones,
            day_from=about.day_from,
            day_to=about.day_to,
            facets=(*others, (facet, picked["value"])),
        )


def _told(parts: Sequence[Part]) -> str:
    worse = sum(part.is_higher for part in parts)
    hidden = len(parts) - _SHOWN
    more = f" Ещё {ru.number(hidden)} не показаны." if hidden > 0 else ""
    if not worse:
        return f"Заметных отличий нет: разница может быть случайной.{more}"
    return f"▲ – заметно чаще, чем у остальных.{more}"
