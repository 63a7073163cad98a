"""What all charts share: marks that name what they count and are clicked, quiet axes, one finish.

A click on a mark selects its fields (:data:`PICK`), so that a page can open the mentions.
"""

from collections.abc import Sequence
from typing import Any

import altair as alt

from insights import russian as ru
from nlp.labels import TONE_NAMES, Tone
from reports.theme import STACK, TONE_SIGNS, Palette
from storage.queries import Tones

Chart = alt.LayerChart

#: Name of the selection that a click makes.
PICK = "pick"


def clicked(*fields: str) -> alt.Parameter:
    """A click on a mark picks these fields."""
    return alt.selection_point(name=PICK, fields=list(fields), on="click")


def tone_row(tone: Tone, tones: Tones) -> dict[str, Any]:
    """A tone of some counts, as fields of a mark: n, code, tone, place, count, share."""
    n = getattr(tones, tone)
    return {
        "n": n,
        "code": str(tone),
        "tone": tone_label(tone),
        "place": STACK.index(tone),
        "count": ru.number(n),
        "share": ru.percent(n / tones.n) if tones.n else "",
    }


def tone_label(tone: Tone) -> str:
    """«− негатив»."""
    return f"{TONE_SIGNS[tone]} {TONE_NAMES[tone]}"


def tone_color(look: Palette, tones: Sequence[Tone], legend: bool) -> alt.Color:
    """The colours of these tones."""
    scale = alt.Scale(
        domain=[tone_label(tone) for tone in tones], range=[look.tone(tone) for tone in tones]
    )
    shown = alt.Legend(
        title=None, orient="top", direction="horizontal", labelColor=look.muted,
        labelFontSize=13, symbolType="square", offset=4,
    )  # fmt: skip
    return alt.Color("tone:N", scale=scale, legend=shown if legend else None)


def quiet(look: Palette) -> dict[str, Any]:
    """An axis that does not compete with the data."""
    return {"gridColor": look.grid, "domain": False, "ticks": False, "labelColor": look.muted}


def tooltips(**fields: str) -> list[alt.Tooltip]:
    """Fields told on hover, by their titles."""
    return [alt.Tooltip(f"{field}:N", title=title) for field, title in fields.items()]


def finished(chart: Any, *, height: int) -> Chart:
    """A chart as wide as its place."""
    finished: Chart = (
        chart.properties(
            height=height,
            width="container",
            # The last label of the time axis is wider than its bar.
            padding={"left": 4, "top": 4, "right": 16, "bottom": 4},
        )
        .configure_view(strokeWidth=0)
        .configure_axis(labelFontSize=12)
    )
    return finished
