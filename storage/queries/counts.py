"""What is counted behind every figure: plain values, summed by :mod:`storage.queries.figures`."""

from dataclasses import dataclass, field

from nlp.labels import Intent


@dataclass(frozen=True, slots=True)
class Tones:
    """How many were judged which way."""

    negative: int = 0
    neutral: int = 0
    positive: int = 0
    mixed: int = 0

    @property
    def n(self) -> int:
        """All that were judged: the denominator of shares."""
        return self.negative + self.neutral + self.positive + self.mixed

    def __add__(self, other: "Tones") -> "Tones":
        return Tones(
            self.negative + other.negative,
            self.neutral + other.neutral,
            self.positive + other.positive,
            self.mixed + other.mixed,
        )


@dataclass(frozen=True, slots=True)
class Nps:
    """Survey answers 9–10, 7–8 and 0–6."""

    promoters: int = 0
    passives: int = 0
    detractors: int = 0

    def __add__(self, other: "Nps") -> "Nps":
        return Nps(
            self.promoters + other.promoters,
            self.passives + other.passives,
            self.detractors + other.detractors,
        )


@dataclass(frozen=True, slots=True)
class Heard:
    """Mentions whose sentences were heard one by one, and the means of what was heard, −1…1.

    ``peak_end`` is the mean of the strongest and the last sentence's tone, ``plain`` that of all
    sentences.
    """

    n: int = 0
    peak_end: float = 0.0
    plain: float = 0.0

    def __add__(self, other: "Heard") -> "Heard":
        n = self.n + other.n
        if not n:
            return self
        peak_end = (self.peak_end * self.n + other.peak_end * other.n) / n
        return Heard(n, peak_end, (self.plain * self.n + other.plain * other.n) / n)


@dataclass(frozen=True, slots=True)
class Figures:
    """The key counts of a filter; ``ratings`` holds how many gave 1, 2, … 5.

    ``tones`` counts mentions, or opinions where the filter chooses touchpoints.
    """

    mentions: int = 0
    unread: int = 0
    tones: Tones = Tones()
    ratings: tuple[int, ...] = (0, 0, 0, 0, 0)
    intents: dict[Intent, int] = field(default_factory=dict)
    nps: Nps = Nps()
    heard: Heard = Heard()

    @property
    def analysed(self) -> int:
        """Mentions whose tone is known."""
        return self.mentions - self.unread

    def __add__(self, other: "Figures") -> "Figures":
        intents = self.intents.keys() | other.intents.keys()
        return Figures(
            self.mentions + other.mentions,
            self.unread + other.unread,
            self.tones + other.tones,
            tuple(map(sum, zip(self.ratings, other.ratings, strict=True))),
            {name: self.intents.get(name, 0) + other.intents.get(name, 0) for name in intents},
            self.nps + other.nps,
            self.heard + other.heard,
        )


@dataclass(frozen=True, slots=True)
class OpinionCount:
    """Opinions about one touchpoint.

    ``churn`` counts the negative ones whose author leaves. ``pain`` (``joy``) is how many mentions
    would not be negative (positive) had nobody judged the touchpoint so: a mention that is
    negative about several gives each an equal part.
    """

    touchpoint: str
    tones: Tones
    churn: int = 0
    pain: float = 0.0
    joy: float = 0.0


@dataclass(frozen=True, slots=True)
class FacetCount:
    """Mentions (opinions where touchpoints are chosen) that name one place, product, …"""

    value: str
    tones: Tones
    ratings: tuple[int, ...] = (0, 0, 0, 0, 0)
