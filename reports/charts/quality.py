"""Measured accuracy: shares with their intervals, and what the model's certainty is worth."""

from collections.abc import Sequence
from typing import Any, Literal

import altair as alt

from insights import russian as ru
from insights.changes import FEW
from insights.quality import Line, Reliability, ToneLine
from insights.stats import Estimate
from reports.charts.base import Chart, clicked, finished, quiet, tone_label, tooltips
from reports.theme import Palette

#: How the two figures of a tone are told apart, by shape and by word.
_FOUND, _RIGHT = "нашла из всех", "верно из найденных"
_ROW = 30


def accuracy_lines(
    lines: Sequence[Line],
    look: Palette,
    *,
    what: str,
    mark: float | None = None,
    clickable: bool = True,
) -> Chart:
    """A row a line: the figure as a dot, its interval as a bar; ``mark`` is the whole's figure.

    ``what`` titles the figure on hover. A click picks ``key``, where there is something behind it.
    """
    rows = [_row(line.figure) | {"name": line.name, "key": line.key} for line in lines]
    base = _base(rows, [line.name for line in lines], look)
    cursor: Literal["pointer", "default"] = "pointer" if clickable else "default"
    dots = base.mark_circle(size=95, color=look.accent, cursor=cursor, opacity=1).encode(
        x=_share(look),
        opacity=alt.condition("datum.few", alt.value(0.35), alt.value(1.0)),
        tooltip=tooltips(name="Где", value=what, interval="Интервал 95 %", count="n"),
    )
    if clickable:
        dots = dots.add_params(clicked("key"))
    return finished(alt.layer(*_marked(mark, look), _bars(base, look), dots), height=_height(lines))


def tone_accuracy(lines: Sequence[ToneLine], look: Palette) -> Chart:
    """Each tone twice: how much of it is found, and how much of what is called so is so."""
    rows = [
        _row(figure) | {"name": tone_label(line.tone), "code": str(line.tone), "what": what}
        for line in lines
        for figure, what in ((line.recall, _FOUND), (line.precision, _RIGHT))
        if figure
    ]
    names = [tone_label(line.tone) for line in lines]
    shape = alt.Shape(
        "what:N",
        scale=alt.Scale(domain=[_FOUND, _RIGHT], range=["circle", "diamond"]),
        legend=alt.Legend(
            title=None, orient="top", direction="horizontal", labelColor=look.muted,
            labelFontSize=13, labelLimit=300, symbolFillColor=look.accent, symbolStrokeWidth=0,
        ),
    )  # fmt: skip
    base = _base(rows, names, look).encode(
        yOffset=alt.YOffset("what:N", sort=[_FOUND, _RIGHT], scale=alt.Scale(paddingInner=0.35))
    )
    dots = (
        base.mark_point(size=95, filled=True, color=look.accent, cursor="pointer", opacity=1)
        .encode(
            x=_share(look),
            shape=shape,
            opacity=alt.condition("datum.few", alt.value(0.35), alt.value(1.0)),
            tooltip=tooltips(
                name="Тональность", what="Что", value="Доля", interval="Интервал 95 %", count="n"
            ),
        )
        .add_params(clicked("code"))
    )
    return finished(alt.layer(_bars(base, look), dots), height=64 * max(len(names), 1) + 40)


def calibration(found: Sequence[Reliability], look: Palette) -> Chart:
    """The share of right tones against the model's own certainty; on the line both agree."""
    rows = [
        _row(row.right) | {"sure": row.certainty * 100, "certainty": ru.percent(row.certainty)}
        for row in found
    ]
    domain = alt.Scale(domain=[0, 100])
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X("sure:Q", scale=domain, axis=_percents(look, "модель уверена на"))
    )
    even = (
        alt.Chart(alt.InlineData(values=[{"at": 0}, {"at": 100}]))
        .mark_line(color=look.muted, strokeDash=[4, 4], strokeWidth=1)
        .encode(x=alt.X("at:Q", scale=domain), y=alt.Y("at:Q", scale=domain))
    )
    bars = base.mark_rule(strokeWidth=4, opacity=0.28, color=look.accent).encode(
        y=alt.Y("low:Q", scale=domain, axis=_percents(look, "права в")), y2="high:Q"
    )
    dots = base.mark_circle(size=90, color=look.accent, opacity=1).encode(
        y=alt.Y("part:Q", scale=domain),
        opacity=alt.condition("datum.few", alt.value(0.35), alt.value(1.0)),
        tooltip=tooltips(
            certainty="Модель уверена на", value="Права в", interval="Интервал 95 %", count="n"
        ),
    )
    return finished(alt.layer(even, bars, dots), height=300)


def _row(figure: Estimate) -> dict[str, Any]:
    return {
        "part": figure.value * 100,
        "low": figure.low * 100,
        "high": figure.high * 100,
        "few": figure.n < FEW,
        "value": ru.percent(figure.value),
        "interval": f"{ru.number(figure.low * 100)}–{ru.percent(figure.high)}",
        "count": ru.number(figure.n),
    }


def _base(rows: Sequence[dict[str, Any]], names: Sequence[str], look: Palette) -> alt.Chart:
    axis = alt.Axis(
        labelColor=look.text, labelLimit=190, labelFontSize=13, ticks=False, domain=False,
        labelPadding=8,
    )  # fmt: skip
    chart: alt.Chart = alt.Chart(alt.InlineData(values=list(rows))).encode(
        y=alt.Y("name:N", sort=list(names), title=None, axis=axis)
    )
    return chart


def _bars(base: alt.Chart, look: Palette) -> alt.Chart:
    bars: alt.Chart = base.mark_rule(
        strokeWidth=5, strokeCap="round", opacity=0.25, color=look.accent
    ).encode(x=alt.X("low:Q", scale=alt.Scale(domain=[0, 100])), x2="high:Q")
    return bars


def _marked(mark: float | None, look: Palette) -> tuple[alt.Chart, ...]:
    if mark is None:
        return ()
    values = alt.InlineData(values=[{"at": mark * 100, "value": ru.percent(mark)}])
    line: alt.Chart = (
        alt.Chart(values)
        .mark_rule(color=look.muted, strokeDash=[4, 4])
        .encode(x="at:Q", tooltip=tooltips(value="В среднем"))
    )
    return (line,)


def _share(look: Palette) -> alt.X:
    return alt.X("part:Q", title=None, scale=alt.Scale(domain=[0, 100]), axis=_percents(look, None))


def _percents(look: Palette, title: str | None) -> alt.Axis:
    return alt.Axis(
        values=[0, 20, 40, 60, 80, 100], labelExpr="datum.label + ' %'", title=title,
        titleColor=look.muted, titleFontWeight="normal", **quiet(look),
    )  # fmt: skip


def _height(lines: Sequence[Line]) -> int:
    return _ROW * max(len(lines), 2) + 40
