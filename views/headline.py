"""What changed and why: the sentence on top of the overview, and the findings that prove it."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from insights import anomalies, words
from insights import russian as ru
from insights.findings import Finding
from insights.indices import NEGATIVE, NET
from insights.words import Headline, Mood
from nlp.labels import Tone
from reports import noticed
from reports.overview import Overview
from storage import queries
from storage.filters import Filter
from views import data, opening, style
from views.data import Basics
from views.filter_words import period_label

_MOODS = {
    Mood.WORSE: ("negative", "▼"),
    Mood.BETTER: ("positive", "▲"),
    Mood.SAME: ("neutral", "="),
    Mood.UNKNOWN: ("unread", ""),
}


def draw(basics: Basics, where: Filter, found: Overview, told: Sequence[Finding]) -> None:
    """The sentence, and what it speaks of."""
    net, negative = (found.measure(index) for index in (NET, NEGATIVE))
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
                opening.mentions(**one.behind)
            more = words.details(one, year=found.end.year, source=source)
            st.html(f'<div class="ok-finding">{escape(more)}</div>')


def _source(basics: Basics, where: Filter, found: Overview, one: Finding) -> str:
    asked = noticed.asked(where, found, one)
    if asked is None:
        return ""
    labels = {source.id: source.label for source in basics.catalog.sources}
    return noticed.said_in(data.ask(queries.tones_by_source, asked), found, one, labels)


def sentence(told: Headline) -> str:
    """The first thing on a page."""
    tone, sign = _MOODS[told.mood]
    return (
        f'<div class="ok-headline ok-{tone}" role="status">'
        f'<p class="said"><span class="sign">{sign}</span> {escape(told.text)}</p></div>'
    )
