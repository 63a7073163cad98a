"""How brands look in charts, and charts of a row a brand: tones, direct comparisons.

A brand has a colour and a shape everywhere, ours the accent and the circle.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt

from insights import russian as ru
from insights.competitors import Parties
from insights.pains import FEW_OPINIONS
from reports.charts.base import Chart, clicked, finished, quiet, tone_color, tone_row, tooltips
from reports.theme import STACK, Palette
from storage.queries import Duel, Preferred, Tones

#: Vega's names of the shapes, and how they look in a legend; triangles up and down are verdicts.
_SHAPES = {
    "circle": "●",
    "square": "■",
    "diamond": "◆",
    "cross": "✚",
    "triangle-right": "▶",
    "triangle-left": "◀",
}
_RIVAL_SHAPES = tuple(_SHAPES)[1:]
#: The opacity of what few observations tell.
PALE = 0.35

_PREFERRED = {
    Preferred.OURS: "лучше о нас",
    Preferred.NEITHER: "поровну",
    Preferred.THEIRS: "лучше о них",
}


@dataclass(frozen=True, slots=True)
class BrandMark:
    """How a brand looks in charts; ``sign`` is its shape as a character."""

    id: int
    code: str
    name: str
    color: str
    shape: str

    @property
    def sign(self) -> str:
        """For legends."""
        return _SHAPES[self.shape]


def brand_marks(who: Parties, look: Palette) -> tuple[BrandMark, ...]:
    """A mark a brand, ours first; brands of one name are told apart by their codes."""
    names = [brand.name for brand in who.all]
    marks = []
    for place, brand in enumerate(who.all):
        shown = brand.name if names.count(brand.name) == 1 else f"{brand.name} ({brand.code})"
        color, shape = look.accent, "circle"
        if place:
            color = look.rivals[(place - 1) % len(look.rivals)]
            shape = _RIVAL_SHAPES[(place - 1) % len(_RIVAL_SHAPES)]
        marks.append(BrandMark(brand.id, brand.code, shown, color, shape))
    return tuple(marks)


def brand_color(marks: Sequence[BrandMark]) -> alt.Color:
    """The colours of the field ``brand``."""
    scale = alt.Scale(domain=[m.code for m in marks], range=[m.color for m in marks])
    return alt.Color("brand:N", scale=scale, legend=None)


def brand_shape(marks: Sequence[BrandMark]) -> alt.Shape:
    """The shapes of the field ``brand``."""
    scale = alt.Scale(domain=[m.code for m in marks], range=[m.shape for m in marks])
    return alt.Shape("brand:N", scale=scale, legend=None)


def names_axis(
    order: Sequence[str], look: Palette, *, field: str = "brand_name", rows: bool = False
) -> alt.Y:
    """An axis of names; ``rows`` are kept apart by lines."""
    axis = alt.Axis(
        labelColor=look.text, labelLimit=190, labelFontSize=13, ticks=False, domain=False,
        labelPadding=8, grid=rows, gridColor=look.grid, tickBand="extent",
    )  # fmt: skip
    return alt.Y(f"{field}:N", sort=list(order), title=None, axis=axis)


def brand_tones(tones: Mapping[int, Tones], marks: Sequence[BrandMark], look: Palette) -> Chart:
    """Tones of each brand as shares, with how many there are; few are pale."""
    told = [(mark, tones[mark.id]) for mark in marks if mark.id in tones]
    shown = [f"{mark.name} · {ru.number(own.n)}" for mark, own in told]
    rows = [
        tone_row(tone, own) | _brand_row(mark, own.n) | {"label": label}
        for (mark, own), label in zip(told, shown, strict=True)
        for tone in STACK
    ]
    bars = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_bar(cursor="pointer", height={"band": 0.66})
        .encode(
            y=names_axis(shown, look, field="label"),
            x=alt.X(
                "n:Q",
                stack="normalize",
                title=None,
                axis=alt.Axis(format="%", tickCount=4, **quiet(look)),
            ),
            color=tone_color(look, STACK, False),
            order=alt.Order("place:Q"),
            opacity=alt.condition("datum.few", alt.value(PALE), alt.value(1.0)),
            tooltip=tooltips(brand_name="Бренд", tone="Тональность", count="Мнений", share="Доля"),
        )
        .add_params(clicked("brand", "code"))
    )
    return finished(alt.layer(bars), height=32 * max(len(shown), 1) + 40)


def duel_bars(duels: Sequence[Duel], marks: Sequence[BrandMark], look: Palette) -> Chart:
    """Mentions that name two brands, by who comes off better; a row a competitor."""
    names = {mark.id: mark for mark in marks}
    colors = {
        Preferred.OURS: look.accent,
        Preferred.NEITHER: look.neutral,
        Preferred.THEIRS: look.muted,
    }
    labels = {preferred: _PREFERRED[preferred] for preferred in colors}
    rows = [
        {
            "n": getattr(duel, preferred),
            "count": ru.number(getattr(duel, preferred)),
            "brand": names[duel.brand_id].code,
            "brand_name": names[duel.brand_id].name,
            "preferred": str(preferred),
            "label": labels[preferred],
            "place": place,
        }
        for duel in duels
        for place, preferred in enumerate(colors)
        if getattr(duel, preferred)
    ]
    shown = [names[duel.brand_id].name for duel in duels]
    scale = alt.Scale(domain=list(labels.values()), range=list(colors.values()))
    legend = alt.Legend(
        title=None, orient="top", labelColor=look.muted, labelFontSize=13, symbolType="square"
    )
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        y=names_axis(shown, look),
        x=alt.X(
            "n:Q", stack="zero", title=None, axis=alt.Axis(tickMinStep=1, format="d", **quiet(look))
        ),
        order=alt.Order("place:Q"),
    )
    bars = (
        base.mark_bar(cursor="pointer", height={"band": 0.66})
        .encode(
            color=alt.Color("label:N", scale=scale, legend=legend),
            tooltip=tooltips(brand_name="С кем сравнивают", label="Что выходит", count="Текстов"),
        )
        .add_params(clicked("brand", "preferred"))
    )
    return finished(alt.layer(bars), height=36 * max(len(shown), 1) + 70)


def _brand_row(mark: BrandMark, n: int) -> dict[str, Any]:
    return {"brand": mark.code, "brand_name": mark.name, "few": n < FEW_OPINIONS}
