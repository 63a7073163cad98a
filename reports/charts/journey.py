"""The journey map's colours, and the line of what customers feel from stage to stage."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from insights import russian as ru
from insights.journey import Column
from insights.stats import Estimate
from nlp.labels import Tone
from reports.charts.base import Chart, clicked, finished, quiet, tooltips
from reports.theme import DARK, LIGHT, Palette

_LETTERS = ("#FFFFFF", "#000000")
_STEPS = 9
#: From no feeling to the tone's own colour, in even steps: plain mixing with grey would be muddy.
_RAMPS = {
    LIGHT: {
        Tone.NEGATIVE: ("#EFF1F4", "#F8CFAE", "#E8965A", LIGHT.negative),
        Tone.POSITIVE: ("#EFF1F4", "#BEDAF1", "#74B0E0", LIGHT.positive),
    },
    DARK: {
        Tone.NEGATIVE: ("#2A333E", "#6A4630", "#AF673B", DARK.negative),
        Tone.POSITIVE: ("#2A333E", "#2B5172", "#3B7FB4", DARK.positive),
    },
}


@dataclass(frozen=True, slots=True)
class Shade:
    """The colour of a cell and of the letters on it."""

    fill: str
    ink: str


def shade(value: float, look: Palette) -> Shade:
    """Net sentiment −1…1 on a scale from orange over grey to blue, with letters one can read.

    Black or white, whichever contrasts more: on any colour that is 4.5 : 1 at least, the bar of
    WCAG 2.2 (1.4.3) for small letters.
    """
    ramp = _RAMPS[look][Tone.NEGATIVE if value < 0 else Tone.POSITIVE]
    place = min(1.0, abs(value)) * (len(ramp) - 1)
    step = min(int(place), len(ramp) - 2)
    fill = _mixed(ramp[step], ramp[step + 1], place - step)
    return Shade(fill, max(_LETTERS, key=lambda ink: contrast(fill, ink)))


def scale(look: Palette) -> tuple[Shade, ...]:
    """The colours of −100…+100 in even steps, for a legend."""
    return tuple(shade(2 * step / (_STEPS - 1) - 1, look) for step in range(_STEPS))


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, 1…21, as WCAG 2.2 defines it."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def feelings(columns: Sequence[Column], look: Palette, beside: str = "") -> Chart:
    """Net sentiment stage by stage with its intervals; ``beside`` names the other side's line.

    Stages are told by their numbers, which stand before their names on the map.
    """
    rows = [
        row
        for number, column in enumerate(columns, 1)
        if (row := _row(number, column, column.standing.net, look))
    ]
    base = alt.Chart(alt.InlineData(values=rows)).encode(x=_stages(columns, look), y=_index(look))
    line = base.mark_line(color=look.muted, strokeWidth=2, interpolate="monotone")
    spread = base.mark_rule(strokeWidth=6, opacity=0.28, strokeCap="round").encode(
        y=alt.Y("low:Q", **_axis(look)), y2="high:Q", color=alt.Color("tone:N", scale=None)
    )
    dots = (
        base.mark_circle(size=190, cursor="pointer", strokeWidth=2)
        .encode(
            color=alt.Color("fill:N", scale=None),
            stroke=alt.Stroke("tone:N", scale=None),
            # A stage of few opinions is pale: its figure may well be chance.
            opacity=alt.condition("datum.few", alt.value(0.45), alt.value(1.0)),
            tooltip=tooltips(name="Этап", index="Индекс", interval="Интервал 95 %", count="Мнений"),
        )
        .add_params(clicked("stage"))
    )
    numbers = base.mark_text(
        align="left", dx=13, dy=-10, fontSize=13, fontWeight="bold", color=look.text
    ).encode(text="index:N")
    zero = alt.Chart(alt.InlineData(values=[{"zero": 0}])).mark_rule(color=look.muted, opacity=0.6)
    layers = [zero.encode(y="zero:Q"), spread, line, dots, numbers]
    if beside:
        layers.insert(1, _other_line(columns, look, beside))
    drawn = finished(alt.layer(*layers), height=170)
    drawn.padding = {"left": 0, "top": 4, "right": 0, "bottom": 4}
    return drawn


def _other_line(columns: Sequence[Column], look: Palette, beside: str) -> alt.Chart:
    rows = [
        row
        for number, column in enumerate(columns, 1)
        if (row := _row(number, column, column.standing.other, look))
    ]
    chart: alt.Chart = (
        alt.Chart(alt.InlineData(values=[row | {"beside": beside} for row in rows]))
        .mark_line(
            color=look.muted, strokeWidth=2, strokeDash=[3, 4], interpolate="monotone",
            point=alt.OverlayMarkDef(color=look.muted, size=45),
        )
        .encode(
            x=_stages(columns, look),
            y=_index(look),
            tooltip=tooltips(
                beside="С кем сравниваем", name="Этап", index="Индекс", interval="Интервал 95 %",
                count="Мнений",
            ),
        )
    )  # fmt: skip
    return chart


def _row(number: int, column: Column, net: Estimate | None, look: Palette) -> dict[str, Any] | None:
    if net is None:
        return None
    return {
        "number": number,
        "stage": column.stage.code,
        "name": column.stage.name,
        "value": net.value * 100,
        "low": net.low * 100,
        "high": net.high * 100,
        "index": ru.index(net.value),
        "interval": f"{ru.index(net.low)} … {ru.index(net.high)}",
        "count": ru.number(net.n),
        "fill": shade(net.value, look).fill,
        "tone": look.negative if net.value < 0 else look.positive,
        "few": column.standing.is_few,
    }


def _stages(columns: Sequence[Column], look: Palette) -> alt.X:
    axis = alt.Axis(
        labelAngle=0, ticks=False, grid=False, domain=False, labelPadding=8, labelFontSize=13,
        labelColor=look.text,
    )  # fmt: skip
    return alt.X(
        "number:O", title=None, axis=axis, scale=alt.Scale(domain=list(range(1, len(columns) + 1)))
    )


def _index(look: Palette) -> alt.Y:
    return alt.Y("value:Q", **_axis(look))


def _axis(look: Palette) -> dict[str, Any]:
    labels = alt.Axis(
        labelExpr="(datum.value > 0 ? '+' : '') + replace(datum.label, '-', '−')",
        values=[-100, 0, 100],
        # Inside, so that every point stands above its column of the map.
        labelAlign="left",
        labelBaseline="bottom",
        labelPadding=0,
        labelOffset=-2,
        **quiet(look),
    )
    return {"title": None, "axis": labels, "scale": alt.Scale(domain=[-100, 100])}


def _mixed(one: str, other: str, part: float) -> str:
    pairs = zip(_channels(one), _channels(other), strict=True)
    return "#" + "".join(f"{round(low + (high - low) * part):02X}" for low, high in pairs)


def _channels(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[place : place + 2], 16) for place in (1, 3, 5))


def _luminance(colour: str) -> float:
    parts = (channel / 255 for channel in _channels(colour))
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
