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
    """Colours of one of the two themes."""

    negative: str
    neutral: str
    positive: str
    mixed: str
    text: str
    muted: str
    grid: str
    accent: str

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
)


def palette(theme: str | None) -> Palette:
    """The palette of «light» or «dark»."""
    return DARK if theme == "dark" else LIGHT
