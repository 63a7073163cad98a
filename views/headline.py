"""What changed and why: the sentence on top of the overview, and the findings that prove it."""

from collections.abc import Sequence
from dataclasses import replace
from html import escape

import streamlit as st

from insights import anomalies, changes, indices, words
from insights import findings as insight
from insights import russian as ru
from insights.changes import Measure
from insights.findings import Finding
from insights.indices import NEGATIVE, NET
from insights.usual import WHOLE
from insights.words import Headline, Mood
from nlp.labels import Tone
from reports.charts import Mark
from storage import queries
from storage.filters import Filter
from views import data, opening, style
from views.data import Basics, Overview
from views.filter_words import period_label

_MOODS = {
    Mood.WORSE: ("negative", "▼"),
    Mood.BETTER: ("positive", "▲"),
    Mood.SAME: ("neutral", "="),
    Mood.UNKNOWN: ("unread", ""),
}


def findings(where: Filter, found: Overview) -> tuple[Finding, ...]:
    """What stands out in the period."""
    compared = where.days is not None
    return insight.findings(
        found.tones, found.touchpoints, found.start, found.end, compared=compared
    )


def draw(basics: Basics, where: Filter, found: Overview, told: Sequence[Finding]) -> None:
    """The sentence, and what it speaks of."""
    net, negative = (_measure(index, found) for index in (NET, NEGATIVE))
    first = words.headline(
        net,
        negative,
        told,
        unread=found.figures.unread,
        comparable=where.days is not None,
    )
    st.html(sentence(first))
    brands = [b.name or "без бренда" for b in basics.catalog.brands if b.id in where.brands]
    parts = [", ".join(brands) or "Все бренды", period_label(where)]
    earlier = where.previous()
    if earlier and found.before and found.before.mentions:
        parts.append(f"в сравнении с {period_label(earlier)}")
    if found.left_out:
        more = ru.number(found.left_out)
        parts.append(f"только голоса клиентов, ещё {more} — реклама, новости, прочее")
    st.caption(style.plain(" · ".join(parts)))


def listed(basics: Basics, where: Filter, found: Overview, told: Sequence[Finding]) -> None:
    """The findings by number, each opening what proves it."""
    st.subheader("Что заметно", anchor=False)
    if not told:
        st.caption(words.nothing(is_short=anomalies.is_short(found.tones, found.end)))
    for number, one in enumerate(told, 1):
        source = _source(basics, where, found, one)
        mood = Tone.POSITIVE if one.is_good else Tone.NEGATIVE
        with st.container(key=f"finding_{number}", gap=None):
            st.html(f'<div class="ok-number ok-{mood}"><i>{number}</i></div>')
            if st.button(
                words.title(one),
                key=f"open_finding_{number}",
                type="tertiary",
                icon=":material/chevron_right:",
                icon_position="right",
            ):
                opening.mentions(**_behind(one))
            more = words.details(one, year=found.end.year, source=source)
            st.html(f'<div class="ok-finding">{escape(more)}</div>')


def marks(told: Sequence[Finding]) -> tuple[Mark, ...]:
    """The surges among the findings, for the chart of time."""
    return tuple(
        Mark(number, one.tone, one.start, one.end, one.peak, words.title(one))
        for number, one in enumerate(told, 1)
        if one.peak
    )


def _measure(index: indices.Index, found: Overview) -> Measure:
    return Measure(index.of(found.figures), index.of(found.before) if found.before else None)


def _behind(one: Finding) -> dict[str, object]:
    """The parts of the filter that leave the opinions of a finding."""
    about = {} if one.touchpoint == WHOLE else {"touchpoints": (one.touchpoint,)}
    return {"day_from": one.start, "day_to": one.end, "tones": (one.tone,)} | about


def _source(basics: Basics, where: Filter, found: Overview, one: Finding) -> str:
    """The source that most of a surge comes from; empty where none stands out."""
    if one.before or len(found.source_tones) < 2:
        return ""
    told = data.ask(queries.tones_by_source, replace(where, **_behind(one)))  # type: ignore[arg-type]
    standing = changes.standing_out(told, found.source_tones, one.tone)
    if standing is None:
        return ""
    names = {source.id: source.label for source in basics.catalog.sources}
    return words.said_in(names.get(standing[0], ""), standing[1], one)


def sentence(told: Headline) -> str:
    """The first thing on a page."""
    tone, sign = _MOODS[told.mood]
    return (
        f'<div class="ok-headline ok-{tone}" role="status">'
        f'<p class="said"><span class="sign">{sign}</span> {escape(told.text)}</p></div>'
    )
