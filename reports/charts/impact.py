"""What each touchpoint weighs in the brand's index: pains and strengths as bars."""

from collections.abc import Sequence
from typing import Any

import altair as alt

from insights import russian as ru
from insights.pains import Side, Weighed
from nlp.labels import TOUCHPOINT_NAMES, Touchpoint
from reports.charts.base import Chart, clicked, finished, tooltips
from reports.theme import Palette

_SIGNS = {True: "▲", False: "▼"}


def impact_bars(
    ranked: Sequence[Weighed], side: Side, look: Palette, *, longest: float | None = None
) -> Chart:
    """A row a touchpoint: points of net sentiment, and whether they are more than before.

    ``longest`` is the impact of the longest bar, so that two charts have one scale. A click picks
    ``touchpoint``.
    """
    rows = [_row(one) for one in ranked]
    reach = 100 * (longest or max((one.impact.value for one in ranked), default=0.0)) or 1.0
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        y=alt.Y(
            "name:N",
            sort=[row["name"] for row in rows],
            title=None,
            axis=alt.Axis(
                labelColor=look.text, labelLimit=170, labelFontSize=13, ticks=False, domain=False,
                labelPadding=8,
            ),
        ),
        x=alt.X("impact:Q", title=None, axis=None, scale=alt.Scale(domain=[0, 1.5 * reach])),
    )  # fmt: skip
    bars = (
        base.mark_bar(
            cursor="pointer", height={"band": 0.62}, cornerRadiusEnd=2, color=look.tone(side.tone)
        )
        .encode(
            # What few tell of is pale: it may well be chance.
            opacity=alt.condition("datum.few", alt.value(0.4), alt.value(1.0)),
            tooltip=tooltips(
                name="О чём", told="Пунктов индекса", interval="Интервал 95 %", count="Мнений",
                n="Упоминаний (n)", was="Раньше",
            ),
        )
        .add_params(clicked("touchpoint"))
    )  # fmt: skip
    label = base.mark_text(align="left", dx=6, fontSize=12, color=look.muted).encode(text="label:N")
    return finished(alt.layer(bars, label), height=30 * max(len(rows), 2) + 8)


def _row(one: Weighed) -> dict[str, Any]:
    told = ru.number(one.impact.value * 100, 1)
    sign = _SIGNS[one.grows] if one.grows or one.shrinks else ""
    before = one.impact_before
    return {
        "touchpoint": one.touchpoint,
        "name": TOUCHPOINT_NAMES[Touchpoint(one.touchpoint)],
        "impact": one.impact.value * 100,
        "few": one.is_uncertain,
        "told": told,
        "label": " ".join(filter(None, [told, sign])),
        "interval": f"{ru.number(one.impact.low * 100, 1)} … {ru.number(one.impact.high * 100, 1)}",
        "count": ru.number(one.opinions),
        "n": ru.number(one.impact.n),
        "was": ru.number(before.value * 100, 1) if before else "нет данных",
    }
