"""Tones as charts: over time, by touchpoint, by source."""

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Any, Literal

import altair as alt

from insights import russian as ru
from insights.changes import FEW, SourceLine
from insights.stats import Estimate
from insights.trends import Point
from nlp.labels import TOUCHPOINT_NAMES, Tone, Touchpoint
from reports.charts.base import (
    Chart,
    clicked,
    finished,
    quiet,
    tone_color,
    tone_row,
    tooltips,
)
from reports.theme import STACK, Palette
from storage.queries import OpinionCount

#: The tones of :func:`touchpoint_bars`, left and right.
SIDES = (Tone.NEGATIVE, Tone.POSITIVE)

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
    points: Sequence[Point], shown: Shown, look: Palette, *, legend: bool = True
) -> Chart:
    """Tones per bucket as counts or shares, or net sentiment with its interval."""
    if shown is Shown.INDEX:
        return _index_over_time(points, look)
    rows = [
        tone_row(tone, point.tones)
        | {"from": point.start.isoformat(), "to": point.end.isoformat(), "when": _when(point)}
        for point in points
        for tone in STACK
    ]
    stacked: Literal["normalize", "zero"] = "normalize" if shown is Shown.SHARES else "zero"
    axis = alt.Axis(format="%" if shown is Shown.SHARES else "~s", tickMinStep=1, **quiet(look))
    if shown is Shown.SHARES:
        axis.tickMinStep = 0.25
    bars = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_bar(cursor="pointer", binSpacing=1)
        .encode(
            x=_days(points),
            y=alt.Y("n:Q", stack=stacked, title=None, axis=axis),
            color=tone_color(look, STACK, legend),
            order=alt.Order("place:Q"),
            tooltip=tooltips(when="Когда", tone="Тональность", count="Сколько", share="Доля"),
        )
        .add_params(clicked("from", "to", "code"))
    )
    return finished(alt.layer(bars), height=260)


def touchpoint_bars(counts: Sequence[OpinionCount], look: Palette, *, legend: bool = True) -> Chart:
    """Negative opinions to the left, positive to the right, a row a touchpoint."""
    rows, order = [], []
    for count in counts:
        name = TOUCHPOINT_NAMES[Touchpoint(count.touchpoint)]
        order.append(name)
        for tone, side in zip(SIDES, (-1, 1), strict=True):
            row = tone_row(tone, count.tones)
            signed = row["n"] * side
            label = ru.number(row["n"]) if row["n"] else ""
            rows.append(
                row
                | {"signed": signed, "label": label, "name": name, "touchpoint": count.touchpoint}
            )
    # Room for the numbers beside the longest bars.
    reach = [row["signed"] for row in rows] or [0]
    room = 0.16 * max(map(abs, reach))
    reach = [min(reach) - room, max(reach) + room]
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        y=alt.Y(
            "name:N",
            sort=order,
            title=None,
            axis=alt.Axis(
                labelColor=look.text, labelLimit=190, labelFontSize=13, ticks=False, domain=False,
                labelPadding=8,
            ),
        ),
        x=alt.X("signed:Q", title=None, axis=None, scale=alt.Scale(domain=reach)),
    )  # fmt: skip
    bars = (
        base.mark_bar(cursor="pointer", height={"band": 0.66}, cornerRadius=2)
        .encode(
            color=tone_color(look, SIDES, legend),
            tooltip=tooltips(name="О чём", tone="Тональность", count="Мнений", share="Доля"),
        )
        .add_params(clicked("touchpoint", "code"))
    )
    layers = [bars, *(_bar_labels(base, side, look) for side in (-1, 1))]
    return finished(alt.layer(*layers), height=27 * max(len(order), 2) + 20)


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


def _index_over_time(points: Sequence[Point], look: Palette) -> Chart:
    rows = [_index_row(point, point.net) for point in points if point.net]
    base = alt.Chart(alt.InlineData(values=rows)).encode(x=_days(points))
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
    return finished(alt.layer(zero.encode(y="zero:Q"), band, line, dots), height=260)


def _index_row(point: Point, net: Estimate) -> dict[str, Any]:
    return {
        "from": point.start.isoformat(),
        "to": point.end.isoformat(),
        "when": _when(point),
        "value": net.value * 100,
        "low": net.low * 100,
        "high": net.high * 100,
        "few": net.n < FEW,
        "index": ru.index(net.value),
        "interval": f"{ru.index(net.low)} … {ru.index(net.high)}",
        "count": ru.number(net.n),
    }


def _bar_labels(base: alt.Chart, side: int, look: Palette) -> alt.Chart:
    labels: alt.Chart = (
        base.mark_text(
            align="right" if side < 0 else "left", dx=5 * side, color=look.muted, fontSize=12
        )
        .encode(text="label:N")
        .transform_filter(f"datum.signed * {side} > 0")
    )
    return labels


def _days(points: Sequence[Point]) -> alt.X:
    axis = alt.Axis(
        labelExpr=_DAY_LABEL, labelAngle=0, labelOverlap="greedy", labelSeparation=12,
        ticks=False, grid=False, labelPadding=6,
    )  # fmt: skip
    scale = alt.Scale(domain=[point.start.isoformat() for point in points], paddingInner=0.15)
    return alt.X("from:O", title=None, axis=axis, scale=scale)


def _when(point: Point) -> str:
    return ru.days(point.start, point.end)


def picked_days(item: Mapping[str, Any]) -> tuple[date, date]:
    """The days of a mark of :func:`tone_over_time`."""
    return date.fromisoformat(item["from"]), date.fromisoformat(item["to"])
