"""One look for charts, cards and reports.

Tone is orange against blue: a pair that people with any common colour blindness tell apart.
It never stands alone: a sign and a word always go with it.
"""

from dataclasses import dataclass

from nlp.labels import Tone

#: A sign for each tone, readable without its colour.
TONE_SIGNS = {Tone.NEGATIVE: "−", Tone.NEUTRAL: "○", Tone.POSITIVE: "+", Tone.MIXED: "±"}

#: Bottom to top in stacked bars: what hurts stands on the axis, where it compares best.
STACK = (Tone.NEGATIVE, Tone.MIXED, Tone.NEUTRAL, Tone.POSITIVE)


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of one of the two themes; our brand has the accent, ``rivals`` are the others'."""

    negative: str
    neutral: str
    positive: str
    mixed: str
    text: str
    muted: str
    grid: str
    accent: str
    paper: str
    rivals: tuple[str, ...]

    def tone(self, tone: Tone) -> str:
        """The colour of a tone."""
        return str(getattr(self, tone))


LIGHT = Palette(
    negative="#C2500F",
    neutral="#B4BCC6",
    positive="#1B6FB5",
    mixed="#8368B0",
    text="#1C2530",
    muted="#5B6775",
    grid="#E4E8ED",
    accent="#0E7C7B",
    paper="#FFFFFF",
    rivals=("#6A5300", "#A8327E", "#4B55B5", "#7A4632", "#5B6775"),
)
DARK = Palette(
    negative="#F08A4B",
    neutral="#66717F",
    positive="#5AAEF0",
    mixed="#B59BE0",
    text="#E8ECF1",
    muted="#9AA7B5",
    grid="#2A333E",
    accent="#3CC2BC",
    paper="#12171D",
    rivals=("#E0C15A", "#F07CC2", "#A3ADFF", "#D3A48F", "#AEBAC6"),
)


def palette(theme: str | None) -> Palette:
    """The palette of «light» or «dark»."""
    return DARK if theme == "dark" else LIGHT
