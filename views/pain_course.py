"""A pain over time: how much was said, unusual days, what was done about it and what came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from html import escape

import streamlit as st

from insights import courses, pain_words
from insights.anomalies import HISTORY, Surge, surges
from insights.pains import Side
from reports.charts import Mark, picked_days
from reports.charts import pains as charts
from reports.charts.pains import Noted
from storage import queries
from storage.commands import NoteStatus
from storage.queries import NoteRow, Tones, holding
from views import data, opening, pain_notes, style
from views.pain_state import Now

#: Surges marked in the chart and told below it, the largest ones.
_SURGES = 4
#: Days around a fix that are compared belong to what is read.
_AROUND = timedelta(days=28)
_SHOWN = {False: "Сколько", True: "Доля упоминаний"}


def draw(now: Now, touchpoint: str) -> Mapping[date, int]:
    """The chart and its words; the opinions of the period by day."""
    notes = [note for note in now.notes if note.touchpoint == touchpoint and not note.undone]
    notes = [note for note in notes if now.side is Side.PAIN and note.status != NoteStatus.NEW]
    mentions, opinions = _days(now, touchpoint, notes)
    counts = {
        day: getattr(own[touchpoint], now.side.tone)
        for day, own in opinions.items()
        if touchpoint in own
    }
    analysed = {day: tones.n for day, tones in mentions.items()}
    found = [
        surge
        for surge in surges(mentions, opinions, now.start, now.end)
        if (surge.touchpoint, surge.tone) == (touchpoint, now.side.tone)
    ][:_SURGES]
    _chart(now, touchpoint, courses.course(counts, analysed, now.start, now.end), found, notes)
    _surges(now, touchpoint, found)
    fixed = holding(notes).get(touchpoint)
    if fixed and fixed.status is NoteStatus.FIXED:
        _since(now, fixed, counts, analysed)
    return {day: n for day, n in counts.items() if now.start <= day <= now.end}


def _days(
    now: Now, touchpoint: str, notes: Sequence[NoteRow]
) -> tuple[dict[date, Tones], dict[date, dict[str, Tones]]]:
    """Mentions and opinions by day: of the period, of what is usual before it, around a fix."""
    fixes = [note.day for note in notes if note.status is NoteStatus.FIXED]
    first = min([now.start - HISTORY, *(day - _AROUND for day in fixes)])
    last = max([now.end, *(min(day + _AROUND, now.basics.today) for day in fixes)])
    asked = replace(now.where, day_from=first, day_to=last)
    return (
        data.ask(queries.tones_by_day, asked),
        data.ask(queries.opinions_by_day, replace(asked, touchpoints=(touchpoint,))),
    )


def _chart(
    now: Now,
    touchpoint: str,
    steps: Sequence[courses.Step],
    found: Sequence[Surge],
    notes: Sequence[NoteRow],
) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader("Во времени", anchor=False, width="stretch")
        shares = st.segmented_control(
            "Показывать",
            list(_SHOWN),
            format_func=_SHOWN.__getitem__,
            default=False,
            required=True,
            label_visibility="collapsed",
            key="pain_shown",
        )
    drawn = charts.course(
        steps,
        now.side.tone,
        style.look(),
        shares=bool(shares),
        marks=[
            Mark(number, s.tone, s.start, s.end, s.peak, pain_words.surge(s))
            for number, s in enumerate(found, 1)
        ],
        noted=[Noted(note.day, pain_notes.word(note), note.note or "—") for note in notes],
    )
    picked = opening.chart(
        drawn, f"pain_course_{shares}", f"{_SHOWN[bool(shares)]}: мнения по дням или неделям"
    )
    if picked:
        day_from, day_to = picked_days(picked)
        _open(now, touchpoint, day_from, day_to)


def _surges(now: Now, touchpoint: str, found: Sequence[Surge]) -> None:
    with st.container(key="pain_surges"):
        for number, surge in enumerate(found, 1):
            if st.button(
                f"{number}. {pain_words.surge(surge)}",
                key=f"pain_surge_{number}",
                type="tertiary",
                help="Всплеск: больше, чем обычно в такие дни недели. Открыть упоминания.",
            ):
                _open(now, touchpoint, surge.start, surge.end)


def _open(now: Now, touchpoint: str, day_from: date, day_to: date) -> None:
    about = now.about(touchpoint)
    opening.mentions(
        touchpoints=about.touchpoints, tones=about.tones, day_from=day_from, day_to=day_to, theme=""
    )


def _since(
    now: Now, fixed: NoteRow, opinions: Mapping[date, int], mentions: Mapping[date, int]
) -> None:
    """Whether it is heard less since it was fixed."""
    around = courses.around(fixed.day, opinions, mentions, today=now.basics.today)
    mood, told = pain_words.around(around, now.side.tone)
    tone = {"better": "positive", "worse": "negative", "same": "neutral"}.get(mood, "unread")
    done = escape(pain_notes.word(fixed).capitalize())
    st.html(f'<div class="ok-since ok-{tone}" role="status"><b>{done}.</b> {escape(told)}</div>')
