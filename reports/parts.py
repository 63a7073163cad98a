"""The parts of a tone report, see :mod:`reports.report`: Russian words beside figures.

Texts are plain: whoever renders them escapes them, because names, quotes and errors come from
strangers. Links are relative to the app («mentions?brand=…»), empty where nothing is to be opened.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from insights.changes import Measure, SourceLine
from insights.competitor_words import Standing
from insights.competitors import Line, Parties, VoicePoint
from insights.findings import Finding
from insights.indices import Index
from insights.journey import Cell, JourneyMap
from insights.journey_words import Story
from insights.pains import Side, Weighed
from insights.stats import Estimate
from insights.words import Mood


@dataclass(frozen=True, slots=True)
class Period:
    """The days of a report, both inclusive, and those of the equal period before.

    ``name`` is «17-я неделя 2026 года» where the days have a name, else empty; ``words`` are the
    days themselves, «20–26 апреля 2026»; ``compared`` those of the period before, empty where
    nothing is known of it.
    """

    start: date
    end: date
    name: str
    words: str
    compared: str

    @property
    def title(self) -> str:
        """«17-я неделя 2026 года: 20–26 апреля 2026»."""
        return f"{self.name}: {self.words}" if self.name else self.words


@dataclass(frozen=True, slots=True)
class Sentence:
    """One of the five sentences; ``link`` opens the mentions that it speaks of, if any."""

    text: str
    mood: Mood
    link: str = ""


@dataclass(frozen=True, slots=True)
class Tile:
    """A key figure. ``told`` «+41», ``change`` «+8», ``was`` «+33 (182 упоминания)», ``note`` «было
    +33 (182 упоминания), разница в пределах погрешности»; the last three are empty without a period
    before.

    ``interval`` is «+35 … +47» and ``n`` «214 упоминаний», both empty where the figure is a plain
    count. ``mood`` tells whether the change is good news beyond chance, else SAME. ``index`` is
    None for counts; ``measure`` holds the values: shares as 0…1, balances as −1…1, counts without
    an interval.
    """

    code: str
    name: str
    definition: str
    told: str
    change: str
    was: str
    note: str
    interval: str
    n: str
    mood: Mood
    index: Index | None
    measure: Measure
    link: str = ""


@dataclass(frozen=True, slots=True)
class Noticed:
    """What stands out, by the number that marks it in the chart of time."""

    number: int
    title: str
    details: str
    is_good: bool
    finding: Finding
    link: str


@dataclass(frozen=True, slots=True)
class Quote:
    """What somebody wrote; the evidence stands at ``start``…``end`` of ``text``.

    ``rating`` is «2 ★» or empty, ``when`` the day in words, ``url`` the text's own place (empty
    where there is none, any scheme), ``link`` opens the app on the mentions of that day.
    """

    text: str
    start: int
    end: int
    source: str
    rating: str
    day: date
    when: str
    url: str
    link: str


@dataclass(frozen=True, slots=True)
class ThemeLine:
    """A theme inside a pain or a joy: «долго везут», how many said so, now and before."""

    name: str
    n: int
    before: int | None
    told: str
    link: str


@dataclass(frozen=True, slots=True)
class Topic:
    """A pain or a joy. ``cost`` is «стоит бренду 4,2 пункта индекса», ``interval`` «от 3,1 до 5,6»
    (points, 95 %), ``opinions`` «43 негативных мнения», ``compared`` a sentence on the period
    before (empty without one), ``churn`` «уходят 12 %» (empty where nothing is known).

    ``growth`` is «+3,1 пункта», empty where it may be chance.
    """

    side: Side
    touchpoint: str
    name: str
    cost: str
    interval: str
    opinions: str
    growth: str
    compared: str
    churn: str
    weighed: Weighed
    themes: tuple[ThemeLine, ...]
    quotes: tuple[Quote, ...]
    link: str


@dataclass(frozen=True, slots=True)
class JourneyRow:
    """A touchpoint of the journey as a row: ``stage`` is its name, ``told`` «−81», ``interval``
    «от −88 до −72», ``n`` «151 мнение», ``moved`` «▼ 23» (empty where nothing is certain)."""

    stage: str
    name: str
    told: str
    interval: str
    n: str
    moved: str
    cell: Cell
    link: str


@dataclass(frozen=True, slots=True)
class Journey:
    """The customer's way: what it says, the map (for charts.feelings), and its rows by stage;
    touchpoints of no stage come last."""

    story: Story
    found: JourneyMap
    rows: tuple[JourneyRow, ...]


@dataclass(frozen=True, slots=True)
class Rival:
    """A brand of the comparison, ours first: mentions, share of voice («41 %» and interval), net
    sentiment («+41» and interval; «—» where nothing is known)."""

    name: str
    is_ours: bool
    mentions: int
    voice: str
    voice_interval: str
    net: str
    net_interval: str
    net_n: int
    voice_estimate: Estimate | None
    net_estimate: Estimate | None
    link: str


@dataclass(frozen=True, slots=True)
class Duelled:
    """A touchpoint (or an index) where we are certainly worse or better than a competitor: «−34
    против +5 у «Амбар24» (120 и 40 мнений)»."""

    name: str
    told: str
    is_better: bool
    line: Line
    link: str


@dataclass(frozen=True, slots=True)
class Rivals:
    """Our brand beside its competitors, as on «Конкуренты». ``change`` tells how our share of
    voice moved; ``doubts`` what makes brands hard to compare. The last fields are for charts."""

    standing: Standing
    change: str
    rows: tuple[Rival, ...]
    differences: tuple[Duelled, ...]
    doubts: tuple[str, ...]
    who: Parties
    voice: Mapping[int, Estimate]
    mentions: Mapping[int, int]
    points: tuple[VoicePoint, ...]
    indices: tuple[tuple[Index, Line], ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class SourceTold:
    """A source with what it told in the period: ``net`` «+41» («—» without tones), ``rating``
    «4,2» (``mean_rating``, on the scale 1…5; empty without ratings), ``collected`` how it was
    read."""

    name: str
    type: str
    mentions: int
    net: str
    interval: str
    rating: str
    mean_rating: float | None
    rated: int
    collected: str
    line: SourceLine
    link: str


@dataclass(frozen=True, slots=True)
class Gap:
    """What could not be collected: of which source («» for the report as a whole), and why."""

    source: str
    text: str


@dataclass(frozen=True, slots=True)
class Definition:
    """A paragraph of the method page."""

    name: str
    text: str
