"""Where it is worse: branches, products, cities and app versions against the rest."""

from collections.abc import Sequence
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
from views.switch import switch

#: Values shown of a facet: those that are most surely worse.
_SHOWN = 8


def draw(where: Filter, tone: Tone) -> None:
    """What sources tell of the mentions with such opinions: one facet at a time, as chosen.

    Of each value the share of mentions with opinions of ``tone`` about the touchpoints of ``where``
    is shown. All is read for its days, so a caller bounds the cost by them
    (:func:`insights.courses.latest`).
    """
    about = replace(where, tones=(str(tone),))
    told = data.ask(queries.told_in, about)
    names = {str(facet): FACET_NAMES[facet] for facet in Facet if told[facet]}
    if not names:
        return
    st.subheader("Где", anchor=False)
    facet = Facet(switch("Что сравнить", names, key="where"))
    base = replace(where, touchpoints=(), tones=(), theme="")
    totals = {count.value: count.tones.n for count in data.ask(queries.breakdown, base, facet)}
    parts = breakdown.parts(told[facet], totals)
    if len(parts) < 2:
        st.caption("Источники назвали только одно значение: сравнить не с чем.")
        return
    jump = breakdown.jump(told[facet], totals) if facet is Facet.VERSION else None
    if jump and tone is Tone.NEGATIVE:
        st.markdown(style.plain(pain_words.jump(jump)))
    st.caption(_told(parts))
    _bars(facet, parts, about, tone)


def _bars(facet: Facet, parts: Sequence[Part], about: Filter, tone: Tone) -> None:
    usual = sum(part.count for part in parts) / sum(part.n for part in parts)
    chart = charts.part_bars(parts[:_SHOWN], {}, tone, style.look(), usual=usual)
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
    return f"▲ — заметно чаще, чем у остальных.{more}"
