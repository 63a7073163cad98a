"""A pain as charts: its course over time with what was done about it, and where it is worse."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import altair as alt

from insights import russian as ru
from insights.breakdown import Part
from insights.changes import FEW
from insights.courses import Step
from nlp.labels import Tone
from reports.charts.base import Chart, clicked, finished, quiet, tooltips
from reports.charts.marks import Mark, mark_layers
from reports.charts.tone import days_axis
from reports.theme import Palette

#: Marks of few observations are pale.
_PALE = 0.4
#: Lines of words at the top of a chart.
_LANES = 3


@dataclass(frozen=True, slots=True)
class Noted:
    """What was done about it: ``word`` stands beside its line, ``text`` is told on hover."""

    day: date
    word: str
    text: str


def course(
    steps: Sequence[Step],
    tone: Tone,
    look: Palette,
    *,
    shares: bool,
    marks: Sequence[Mark] = (),
    noted: Sequence[Noted] = (),
) -> Chart:
    """Opinions of one tone per bucket, as counts or as shares of mentions with their intervals.

    ``marks`` are surges, told above the plot; what was ``noted`` is a line through it. A click
    picks «from» and «to».
    """
    rows = [_step_row(step, shares) for step in steps]
    # Room above the highest bar for the words of lines.
    top = 1.2 * max((row["high"] if shares else row["y"] for row in rows), default=0)
    axis = alt.Axis(
        format="%" if shares else "~s",
        tickMinStep=0.01 if shares else 1,
        tickCount=5,
        **quiet(look),
    )
    scale = alt.Scale(domain=[0, top or 1])
    base = alt.Chart(alt.InlineData(values=rows)).encode(x=days_axis(steps))
    bars = (
        base.mark_bar(cursor="pointer", color=look.tone(tone), cornerRadiusEnd=2)
        .encode(
            y=alt.Y("y:Q", title=None, axis=axis, scale=scale),
            opacity=alt.condition("datum.few", alt.value(_PALE), alt.value(1.0)),
            tooltip=tooltips(
                when="Когда", told="Мнений", percent="Доля упоминаний", interval="Интервал 95 %",
                mentions="Упоминаний (n)",
            ),
        )
        .add_params(clicked("from", "to"))
    )  # fmt: skip
    layers = [bars]
    if shares:
        layers.append(
            base.mark_rule(color=look.text, opacity=0.5).encode(
                y=alt.Y("low:Q", scale=scale), y2="high:Q"
            )
        )
    layers += _lines(steps, noted, look)
    layers += mark_layers(marks, steps, days_axis(steps), look)
    return finished(alt.layer(*layers), height=240)


def part_bars(
    parts: Sequence[Part], names: Mapping[str, str], tone: Tone, look: Palette, *, usual: float
) -> Chart:
    """Shares by branch, version, source … with their intervals; ``usual`` is that of them all.

    ``names`` tells what a value is called on screen. A click picks «value».
    """
    rows = [
        _part_row(place, part, names.get(part.value, part.value), usual)
        for place, part in enumerate(parts)
    ]
    shown = [row["label"] for row in rows]
    for row in rows:
        if shown.count(row["label"]) > 1:
            row["label"] += f" ({row['place'] + 1})"
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        y=alt.Y(
            "label:N",
            # By a field: names of strangers must not get into an expression.
            sort=alt.EncodingSortField("place", op="min"),
            title=None,
            axis=alt.Axis(
                labelColor=look.text, labelLimit=150, labelFontSize=13, ticks=False, domain=False,
                labelPadding=8,
            ),
        )
    )  # fmt: skip
    reach = max((row["high"] for row in rows), default=0.0)
    axis = alt.Axis(format="%", tickCount=4, **quiet(look))
    x = alt.X("share:Q", title=None, axis=axis, scale=alt.Scale(domain=[0, min(1.0, reach * 1.02)]))
    bars = (
        base.mark_bar(cursor="pointer", color=look.tone(tone), height={"band": 0.6})
        .encode(
            x=x,
            opacity=alt.condition("datum.few", alt.value(_PALE), alt.value(1.0)),
            tooltip=tooltips(
                name="Что", percent="Доля", told="Мнений", mentions="Упоминаний (n)",
                interval="Интервал 95 %", rest="У остальных", verdict="Отличие",
            ),
        )
        .add_params(clicked("value"))
    )  # fmt: skip
    whiskers = base.mark_rule(color=look.text, opacity=0.55).encode(x="low:Q", x2="high:Q")
    mean = alt.Chart(alt.InlineData(values=[{"usual": usual}]))
    line = mean.mark_rule(color=look.muted, strokeDash=[4, 3]).encode(x="usual:Q")
    return finished(alt.layer(bars, whiskers, line), height=27 * max(len(rows), 2) + 34)


def _step_row(step: Step, shares: bool) -> dict[str, Any]:
    share = step.share
    value = share.value if share else 0.0
    return {
        "from": step.start.isoformat(),
        "to": step.end.isoformat(),
        "when": ru.days(step.start, step.end),
        "y": value if shares else step.count,
        "low": share.low if share else 0.0,
        "high": share.high if share else 0.0,
        "few": shares and step.n < FEW,
        "told": ru.number(step.count),
        "mentions": ru.number(step.n),
        "percent": ru.percent(value, digits=1) if share else "никто не писал",
        "interval": f"{ru.percent(share.low)} … {ru.percent(share.high)}" if share else "",
    }


def _lines(steps: Sequence[Step], notes: Iterable[Noted], look: Palette) -> list[alt.Chart]:
    """A dashed line through the day of each note, with its word at the top."""
    marked = [
        {
            "from": step.start.isoformat(),
            "word": note.word,
            "text": note.text,
            # Words of days close to each other stand one below the other, within the chart.
            "lane": number % _LANES,
            "late": place > len(steps) / 2,
        }
        for number, note in enumerate(notes)
        for place, step in enumerate(steps)
        if step.start <= note.day <= step.end
    ]
    if not marked:
        return []
    base = alt.Chart(alt.InlineData(values=marked)).encode(
        x=days_axis(steps), tooltip=tooltips(word="Отметка", text="Заметка")
    )
    words = base.mark_text(
        align=alt.ExprRef("datum.late ? 'right' : 'left'"),
        dx=alt.ExprRef("datum.late ? -5 : 5"),
        dy=alt.ExprRef("7 + 15 * datum.lane"),
        color=look.accent,
        fontSize=12,
        fontWeight="bold",
    )
    return [
        base.mark_rule(color=look.accent, strokeWidth=2, strokeDash=[5, 4]),
        words.encode(text="word:N", y=alt.value(0)),
    ]


def _part_row(place: int, part: Part, name: str, usual: float) -> dict[str, Any]:
    verdict = "в пределах случайности"
    if part.is_higher or part.is_lower:
        verdict = "больше, чем у остальных" if part.is_higher else "меньше, чем у остальных"
    return {
        "place": place,
        "value": part.value,
        "name": name,
        "share": part.share.value,
        "low": part.share.low,
        "high": part.share.high,
        "few": part.is_uncertain,
        "percent": ru.percent(part.share.value, digits=1),
        "told": ru.number(part.count),
        "mentions": ru.number(part.n),
        "interval": f"{ru.percent(part.share.low)} … {ru.percent(part.share.high)}",
        "rest": ru.percent(part.rest.value if part.rest else usual, digits=1),
        "verdict": "мало данных" if part.is_uncertain else verdict,
        "label": ("▲ " if part.is_higher else "▽ " if part.is_lower else "") + name,
    }
