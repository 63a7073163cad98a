"""Findings marked over a chart of time: a numbered dot above the peak, a line over the days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import altair as alt

from insights.courses import Step
from insights.trends import Point
from nlp.labels import Tone
from reports.charts.base import tone_label, tooltips
from reports.theme import Palette

#: The buckets of a time axis.
Points = Sequence[Point] | Sequence[Step]

#: Pixels above the plot of the lowest lane, and from lane to lane.
_FIRST, _LANE = -14, -20


@dataclass(frozen=True, slots=True)
class Mark:
    """Finding ``number``: its days, the one it is marked at, and what is told on hover."""

    number: int
    tone: Tone
    start: date
    end: date
    peak: date
    text: str


def lanes(marks: Sequence[Mark]) -> list[list[Mark]]:
    """Marks that would cover each other stand one above the other."""
    found: list[list[Mark]] = []
    for mark in sorted(marks, key=lambda mark: mark.start):
        lane = next((lane for lane in found if lane[-1].end < mark.start), None)
        if lane is None:
            found.append(lane := [])
        lane.append(mark)
    return found


def mark_layers(marks: Sequence[Mark], points: Points, x: alt.X, look: Palette) -> Any:
    """The layers of the marks over a chart whose steps along ``x`` are ``points``."""
    layers = []
    # Not by the scale of the chart's tones, which a legend explains.
    colour = alt.Color("colour:N", scale=None, legend=None)
    for place, lane in enumerate(lanes(marks)):
        rows = [row for mark in lane if (row := _row(mark, points, look))]
        height = alt.value(_FIRST + _LANE * place)
        told = tooltips(tone="Тональность", text="Замечено")
        spans = alt.Chart(alt.InlineData(values=rows)).encode(y=height, tooltip=told)
        peaks = alt.Chart(
            alt.InlineData(values=[row | {"from": row["peak"]} for row in rows])
        ).encode(x=x, y=height, tooltip=told)
        number = peaks.mark_text(fontSize=11, fontWeight="bold", color=look.paper, dy=0.5)
        layers += [
            spans.mark_rule(strokeWidth=3, strokeCap="round", opacity=0.75).encode(
                x=x.bandPosition(0), x2=alt.X2("until:O", bandPosition=1), color=colour
            ),
            peaks.mark_circle(size=300, opacity=1).encode(color=colour),
            number.encode(text="number:N"),
        ]
    return layers


def _row(mark: Mark, points: Points, look: Palette) -> dict[str, Any] | None:
    covered = [p for p in points if p.start <= mark.end and p.end >= mark.start]
    if not covered:
        return None
    peak = next((p for p in covered if p.start <= mark.peak <= p.end), covered[0])
    return {
        "from": covered[0].start.isoformat(),
        "until": covered[-1].start.isoformat(),
        "peak": peak.start.isoformat(),
        "number": str(mark.number),
        "colour": look.tone(mark.tone),
        "tone": tone_label(mark.tone),
        "text": mark.text,
    }
