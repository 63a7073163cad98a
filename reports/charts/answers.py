"""Answers over time: how many mentions were answered, and how many wait."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from insights import russian as ru
from insights.answer_words import STATUS_NAMES, STATUS_SIGNS
from insights.answering import AnswerStep
from insights.trends import Point
from reports.charts.base import Chart, clicked, finished, quiet, tooltips
from reports.charts.tone import days_axis
from reports.theme import Palette
from storage.filters import Status
from storage.queries import Tones

_HEIGHT = 200
ANSWERED = f"{STATUS_SIGNS[Status.ANSWERED]} {STATUS_NAMES[Status.ANSWERED]}"
WAITING = f"{STATUS_SIGNS[Status.NEW]} без ответа"


def answers_over_time(steps: Sequence[AnswerStep], look: Palette) -> Chart:
    """Mentions per bucket, answered ones at the bottom; a click picks «from», «to», «answered»."""
    rows = [row for step in steps for row in _rows(step)]
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=days_axis([Point(step.start, step.end, Tones()) for step in steps])
    )
    axis = alt.Axis(format="~s", tickMinStep=1, tickCount=4, **quiet(look))
    colours = alt.Scale(domain=[ANSWERED, WAITING], range=[look.accent, look.neutral])
    legend = alt.Legend(
        title=None, orient="top", direction="horizontal", labelColor=look.muted,
        labelFontSize=13, symbolType="square", offset=4,
    )  # fmt: skip
    bars = (
        base.mark_bar(cursor="pointer")
        .encode(
            y=alt.Y("n:Q", title=None, axis=axis, stack="zero"),
            color=alt.Color("part:N", scale=colours, legend=legend),
            order=alt.Order("place:Q"),
            tooltip=tooltips(part="Что", when="Когда", count="Упоминаний", share="Отвечено"),
        )
        .add_params(clicked("from", "to", "answered"))
    )
    return finished(bars, height=_HEIGHT)


def _rows(step: AnswerStep) -> list[dict[str, Any]]:
    share = ru.percent(step.answered / step.n) if step.n else ""
    told = f"{share} из {ru.number(step.n)}" if share else ""
    common = {"from": step.start.isoformat(), "to": step.end.isoformat(), "share": told}
    common["when"] = ru.days(step.start, step.end)
    parts = ((ANSWERED, step.answered), (WAITING, step.n - step.answered))
    return [
        common
        | {"part": part, "n": n, "count": ru.number(n), "place": place, "answered": place == 0}
        for place, (part, n) in enumerate(parts)
    ]
