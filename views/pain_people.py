"""Who says it: by source and rating, against the rest; and what else the same people say."""

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from insights import beside, breakdown, pain_words
from insights import russian as ru
from insights.words import name
from reports.charts import pains as charts
from reports.theme import TONE_SIGNS
from storage import queries
from storage.filters import Filter
from views import data, opening, style
from views.pain_state import Now

_STARS = {str(star): "★" * star for star in range(1, 6)}
#: Other topics of the same people that are told, and how often each must be heard.
_OTHERS, _HEARD = 6, 3


def draw(now: Now, touchpoint: str) -> None:
    """Shares of mentions by source and by rating."""
    about = now.about(touchpoint)
    st.subheader("Кто это говорит", anchor=False)
    st.caption(
        "Доля упоминаний, где об этом сказано так; пунктир — по всем вместе. "
        "▲ заметно больше, чем у остальных, ▽ заметно меньше, бледное — данных мало."
    )
    left, right = st.columns(2, gap="large")
    with left:
        _sources(now, about)
    with right:
        _ratings(now, about)


def _sources(now: Now, about: Filter) -> None:
    sources = {str(source.id): source for source in now.basics.catalog.sources}
    tone = now.side.tone
    totals = {str(own): t.n for own, t in data.ask(queries.tones_by_source, now.where).items()}
    told = data.ask(queries.tones_by_source, about).items()
    counts = {str(own): getattr(tones, tone) for own, tones in told}
    labels = {key: source.label for key, source in sources.items()}
    picked = _bars(now, "Источники", counts, totals, labels)
    if picked:
        opening.mentions(
            touchpoints=about.touchpoints, tones=about.tones, sources=(int(picked),), theme=""
        )


def _ratings(now: Now, about: Filter) -> None:
    totals = {str(star): n for star, n in enumerate(now.figures.ratings, 1)}
    told = data.ask(queries.opinions_by_rating, about).items()
    counts = {str(star): getattr(tones, now.side.tone) for star, tones in told if star}
    picked = _bars(now, "Оценки", counts, totals, _STARS)
    if picked:
        star = int(picked)
        opening.mentions(
            touchpoints=about.touchpoints, tones=about.tones, rating=(star, star), theme=""
        )


def _bars(
    now: Now,
    title: str,
    counts: Mapping[str, int],
    totals: Mapping[str, int],
    labels: Mapping[str, str],
) -> str | None:
    """The chart; the value that was clicked."""
    parts = breakdown.parts(counts, totals)
    if not parts:
        return None
    if labels is _STARS:
        parts = tuple(sorted(parts, key=lambda own: own.value))
    st.markdown(f"**{title}**")
    usual = sum(own.count for own in parts) / sum(own.n for own in parts)
    chart = charts.part_bars(parts, labels, now.side.tone, style.look(), usual=usual)
    picked = opening.chart(chart, f"pain_{title}", f"{title}: доля упоминаний")
    return str(picked["value"]) if picked else None


def others(about: Filter, touchpoint: str) -> None:
    """What the same people say, what they say more often than others first."""
    base = replace(about, touchpoints=(), tones=())
    told = data.ask(queries.beside, about)
    found = beside.others(told, data.ask(queries.opinion_counts, base), touchpoint)
    found = tuple(one for one in found if one.count >= _HEARD)
    if not found:
        return
    st.subheader("О чём ещё говорят эти же люди", anchor=False)
    st.caption("В тех же текстах. ▲ — чаще, чем в остальных упоминаниях, и это не случайность.")
    with st.container(key="pain_others"):
        for one in found[:_OTHERS]:
            _other(one)


def _other(one: beside.Other) -> None:
    sign = "▲" if one.is_more else TONE_SIGNS[one.tone]
    if st.button(
        f"{sign} {name(one.touchpoint)}: {pain_words.other(one)}",
        key=f"beside_{one.touchpoint}_{one.tone}",
        type="tertiary",
        help=_other_hint(one),
    ):
        opening.mentions(touchpoints=(one.touchpoint,), tones=(str(one.tone),), theme="")


def _other_hint(one: beside.Other) -> str:
    low, high = ru.percent(one.own.low), ru.percent(one.own.high)
    hint = f"n = {ru.number(one.own.n)}, интервал 95 %: {low} … {high}."
    if one.usual:
        hint += f" В остальных упоминаниях n = {ru.number(one.usual.n)}."
    return f"{hint} Открыть все такие мнения."
