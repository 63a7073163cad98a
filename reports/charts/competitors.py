"""Our brand beside competitors: share of voice, touchpoints with intervals."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from insights import russian as ru
from insights.changes import FEW
from insights.competitor_words import name
from insights.competitors import Line, Verdict, VoicePoint
from insights.pains import FEW_OPINIONS
from insights.stats import Estimate
from insights.trends import Point
from reports.charts.base import Chart, clicked, finished, quiet, tooltips
from reports.charts.brands import PALE, BrandMark, brand_color, brand_shape, names_axis
from reports.charts.tone import days_axis
from reports.theme import Palette
from storage.queries import Tones

#: A sign before each touchpoint, so that nobody needs to compare colours.
VERDICT_SIGNS = {
    Verdict.AHEAD: "▲",
    Verdict.BEHIND: "▼",
    Verdict.EVEN: "=",
    Verdict.UNKNOWN: "?",
}


def voice_bars(
    voice: Mapping[int, Estimate],
    mentions: Mapping[int, int],
    marks: Sequence[BrandMark],
    look: Palette,
) -> Chart:
    """Each brand's share of all mentions, with its interval."""
    rows = [
        _estimate_row(voice[mark.id], mark, ru.percent, FEW) | _told(mark, mentions[mark.id])
        for mark in marks
        if mark.id in voice
    ]
    reach = max([row["high"] for row in rows], default=1.0)
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        y=names_axis([mark.name for mark in marks], look),
        x=alt.X("value:Q", title=None, axis=None, scale=alt.Scale(domain=[0, reach * 1.3])),
    )
    bars = (
        base.mark_bar(cursor="pointer", height={"band": 0.6}, cornerRadius=2)
        .encode(
            color=brand_color(marks),
            tooltip=tooltips(
                brand_name="Бренд", told="Доля", interval="Интервал 95 %", count="Упоминаний"
            ),
        )
        .add_params(clicked("brand"))
    )
    spread = base.mark_rule(color=look.text, opacity=0.55, strokeWidth=1.5).encode(
        x="low:Q", x2="high:Q"
    )
    text = base.mark_text(align="left", dx=7, fontSize=14, color=look.text).encode(
        x="high:Q", text="told:N"
    )
    return finished(alt.layer(bars, spread, text), height=38 * max(len(rows), 1) + 10)


def voice_over_time(
    points: Sequence[VoicePoint], marks: Sequence[BrandMark], look: Palette
) -> Chart:
    """Shares of voice by bucket, a line a brand, with ours in its interval; few mentions pale."""
    rows = [
        _estimate_row(point.shares[mark.id], mark, ru.percent, FEW)
        | _told(mark, point.mentions[mark.id])
        | {
            "from": point.start.isoformat(),
            "to": point.end.isoformat(),
            "when": ru.days(point.start, point.end),
            "of": ru.number(sum(point.mentions.values())),
        }
        for point in points
        for mark in marks
        if mark.id in point.shares
    ]
    x = days_axis([Point(point.start, point.end, Tones()) for point in points])
    scale = alt.Scale(domain=[0, 1])
    axis = alt.Axis(format="%", tickCount=4, **quiet(look))
    y = alt.Y("value:Q", title=None, axis=axis, scale=scale)
    base = alt.Chart(alt.InlineData(values=rows)).encode(x=x)
    spread = (
        base.mark_rule(strokeWidth=6, opacity=0.2, color=look.accent)
        .encode(y=alt.Y("low:Q", title=None, axis=axis, scale=scale), y2="high:Q")
        .transform_filter("datum.place == 0")
    )
    lines = base.mark_line(strokeWidth=2).encode(y=y, color=brand_color(marks))
    dots = (
        base.mark_point(size=65, filled=True, cursor="pointer")
        .encode(
            y=y,
            color=brand_color(marks),
            shape=brand_shape(marks),
            opacity=alt.condition("datum.few", alt.value(PALE), alt.value(1.0)),
            tooltip=tooltips(
                brand_name="Бренд", when="Когда", told="Доля", interval="Интервал 95 %",
                count="Упоминаний", of="из всех",
            ),
        )
        .add_params(clicked("from", "to", "brand"))
    )  # fmt: skip
    return finished(alt.layer(spread, lines, dots), height=230)


def touchpoint_dots(lines: Sequence[Line], marks: Sequence[BrandMark], look: Palette) -> Chart:
    """Net sentiment of touchpoint × brand with intervals: rows of touchpoints, a lane a brand."""
    rows, order = [], []
    for line in lines:
        label = f"{VERDICT_SIGNS[line.verdict]} {name(line)}"
        order.append(label)
        rows += [
            _estimate_row(line.by_brand[mark.id], mark, ru.index, FEW_OPINIONS)
            | {"label": label, "touchpoint": line.key, "topic": name(line)}
            for mark in marks
            if mark.id in line.by_brand
        ]
    axis = alt.Axis(
        labelExpr="replace(datum.label, '-', '−')", tickCount=5, orient="top", **quiet(look)
    )
    scale = alt.Scale(domain=[-1, 1])
    lanes = alt.YOffset("lane:N", sort=[mark.code for mark in marks], scale=alt.Scale(padding=0.35))
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        y=names_axis(order, look, field="label", rows=True),
        yOffset=lanes,
        color=brand_color(marks),
        opacity=alt.condition("datum.few", alt.value(PALE), alt.value(1.0)),
    )
    axis.format = "+.0%"
    axis.labelExpr = "replace(replace(datum.label, '%', ''), '+0', '0')"
    x = alt.X("value:Q", title=None, axis=axis, scale=scale)
    spread = base.mark_rule(strokeWidth=2, strokeCap="round").encode(
        x=alt.X("low:Q", scale=scale), x2="high:Q"
    )
    dots = (
        base.mark_point(filled=True, size=80, cursor="pointer")
        .encode(
            x=x,
            shape=brand_shape(marks),
            tooltip=tooltips(
                brand_name="Бренд",
                topic="О чём",
                told="Индекс",
                interval="Интервал 95 %",
                n="Мнений",
            ),
        )
        .add_params(clicked("brand", "touchpoint"))
    )
    zero = alt.Chart(alt.InlineData(values=[{"zero": 0}])).mark_rule(color=look.muted)
    height = (11 * len(marks) + 14) * max(len(order), 1) + 40
    return finished(alt.layer(zero.encode(x="zero:Q"), spread, dots), height=height)


def _estimate_row(estimate: Estimate, mark: BrandMark, show: Any, few: int) -> dict[str, Any]:
    return {
        "value": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
        "few": estimate.n < few,
        "told": show(estimate.value),
        "interval": f"{show(estimate.low)} … {show(estimate.high)}",
        "n": ru.number(estimate.n),
        "brand": mark.code,
        "lane": mark.code,
        "brand_name": mark.name,
    }


def _told(mark: BrandMark, mentions: int) -> dict[str, Any]:
    return {"count": ru.number(mentions), "place": 0 if mark.shape == "circle" else 1}
