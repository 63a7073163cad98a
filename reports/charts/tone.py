"""Tones as charts: over time, by source."""

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Any, Literal

import altair as alt

from insights import russian as ru
from insights.changes import FEW, SourceLine
from insights.courses import Step
from insights.stats import Estimate
from insights.trends import Point
from reports.charts.base import (
    Chart,
    clicked,
    finished,
    quiet,
    tone_color,
    tone_row,
    tooltips,
)
from reports.charts.marks import Mark, mark_layers
from reports.theme import STACK, Palette

_HEIGHT = 250
_MONTHS = "['янв','фев','мар','апр','мая','июн','июл','авг','сен','окт','ноя','дек']"
_DAY_LABEL = (
    f"toNumber(slice(datum.value,8,10)) + ' ' + {_MONTHS}[toNumber(slice(datum.value,5,7))-1]"
)


class Shown(StrEnum):
    """What the chart over time shows."""

    COUNTS = "counts"
    SHARES = "shares"
    INDEX = "index"


def tone_over_time(
    points: Sequence[Point],
    shown: Shown,
    look: Palette,
    *,
    legend: bool = True,
    marks: Sequence[Mark] = (),
) -> Chart:
    """Tones per bucket as counts or shares, or net sentiment with its interval.

    ``marks`` stand above the days of what was found in them.
    """
    if shown is Shown.INDEX:
        layers = _index_over_time(points, look)
    else:
        layers = [_tone_bars(points, shown, look, legend)]
    layers += mark_layers(marks, points, days_axis(points), look)
    return finished(alt.layer(*layers), height=_HEIGHT)


def _tone_bars(points: Sequence[Point], shown: Shown, look: Palette, legend: bool) -> alt.Chart:
    rows = [
        tone_row(tone, point.tones)
        | {"from": point.start.isoformat(), "to": point.end.isoformat(), "when": when(point)}
        for point in points
        for tone in STACK
    ]
    stacked: Literal["normalize", "zero"] = "normalize" if shown is Shown.SHARES else "zero"
    axis = alt.Axis(format="%" if shown is Shown.SHARES else "~s", tickMinStep=1, **quiet(look))
    if shown is Shown.SHARES:
        axis.tickMinStep = 0.25
    bars: alt.Chart = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_bar(cursor="pointer", binSpacing=1)
        .encode(
            x=days_axis(points),
            y=alt.Y("n:Q", stack=stacked, title=None, axis=axis),
            color=tone_color(look, STACK, legend),
            order=alt.Order("place:Q"),
            tooltip=tooltips(when="Когда", tone="Тональность", count="Сколько", share="Доля"),
        )
        .add_params(clicked("from", "to", "code"))
    )
    return bars


def source_bars(lines: Sequence[SourceLine], look: Palette, *, legend: bool = True) -> Chart:
    """Tones by source, as counts, the busiest first."""
    rows = [
        tone_row(tone, line.tones) | {"name": line.source.label, "source": line.source.name}
        for line in lines
        for tone in STACK
    ]
    bars = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_bar(cursor="pointer", height={"band": 0.66})
        .encode(
            y=alt.Y(
                "name:N",
                sort=[line.source.label for line in lines],
                title=None,
                axis=alt.Axis(
                    labelColor=look.text, labelLimit=170, labelFontSize=13, ticks=False,
                    domain=False, labelPadding=8,
                ),
            ),
            x=alt.X("n:Q", stack="zero", title=None, axis=alt.Axis(tickMinStep=1, **quiet(look))),
            color=tone_color(look, STACK, legend),
            order=alt.Order("place:Q"),
            tooltip=tooltips(name="Источник", tone="Тональность", count="Сколько", share="Доля"),
        )
        .add_params(clicked("source", "code"))
    )  # fmt: skip
    return finished(alt.layer(bars), height=27 * max(len(lines), 2) + 40)


def _index_over_time(points: Sequence[Point], look: Palette) -> list[alt.Chart]:
    rows = [_index_row(point, point.net) for point in points if point.net]
    base = alt.Chart(alt.InlineData(values=rows)).encode(x=days_axis(points))
    scale = alt.Scale(domain=[-100, 100])
    labels = alt.Axis(labelExpr="replace(datum.label, '-', '−')", tickCount=5, **quiet(look))
    band = base.mark_rule(strokeWidth=5, opacity=0.22, color=look.accent).encode(
        y=alt.Y("low:Q", title=None, axis=labels, scale=scale), y2="high:Q"
    )
    line = base.mark_line(color=look.accent, strokeWidth=2).encode(y=alt.Y("value:Q", scale=scale))
    dots = (
        base.mark_circle(size=70, color=look.accent, cursor="pointer")
        .encode(
            y=alt.Y("value:Q", scale=scale),
            # A figure of few mentions is pale: it may well be chance.
            opacity=alt.condition("datum.few", alt.value(0.35), alt.value(1.0)),
            tooltip=tooltips(when="Когда", index="Индекс", interval="Интервал 95 %", count="n"),
        )
        .add_params(clicked("from", "to"))
    )
    zero = alt.Chart(alt.InlineData(values=[{"zero": 0}])).mark_rule(color=look.muted)
    return [zero.encode(y="zero:Q"), band, line, dots]


def _index_row(point: Point, net: Estimate) -> dict[str, Any]:
    return {
        "from": point.start.isoformat(),
        "to": point.end.isoformat(),
        "when": when(point),
        "value": net.value * 100,
        "low": net.low * 100,
        "high": net.high * 100,
        "few": net.n < FEW,
        "index": ru.index(net.value),
        "interval": f"{ru.index(net.low)} … {ru.index(net.high)}",
        "count": ru.number(net.n),
    }


def days_axis(points: Sequence[Point] | Sequence[Step]) -> alt.X:
    """Time, a step a bucket; rows of marks tell theirs as «from»."""
    axis = alt.Axis(
        labelExpr=_DAY_LABEL, labelAngle=0, labelOverlap="greedy", labelSeparation=12,
        ticks=False, grid=False, labelPadding=6,
    )  # fmt: skip
    scale = alt.Scale(domain=[point.start.isoformat() for point in points], paddingInner=0.15)
    return alt.X("from:O", title=None, axis=axis, scale=scale)


def when(point: Point) -> str:
    """The days of a bucket, in words."""
    return ru.days(point.start, point.end)


def picked_days(item: Mapping[str, Any]) -> tuple[date, date]:
    """The days of a mark of :func:`tone_over_time`."""
    return date.fromisoformat(item["from"]), date.fromisoformat(item["to"])
