"""What the model says of one text: value types shared by the model, storage and views."""

from dataclasses import dataclass

from nlp.labels import Intent, Kind, Tone, Touchpoint


@dataclass(frozen=True, slots=True)
class Query:
    """One text to analyse; with ``target`` (a brand's name) its ``target_tone`` is asked too.

    ``mentions`` are the target's places in the text (code point offsets, in order) where the
    caller knows them; otherwise it is looked for by its word forms.
    """

    text: str
    target: str | None = None
    mentions: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Opinion:
    """A judgement of one touchpoint, with the words that prove it.

    ``start`` and ``end`` are code point offsets into the analysed text (``end`` exclusive);
    ``score`` is the model's probability, 0…1.
    """

    touchpoint: Touchpoint
    tone: Tone
    score: float
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Analysis:
    """The answer for one text.

    ``tone_scores`` are calibrated probabilities of negative, neutral, positive (sum 1);
    ``tone`` may also be ``mixed``, derived from the opinions. ``peak`` and ``end`` are the
    strongest and the last sentence tone, −1…1 (positive minus negative probability), ``mean``
    their plain mean over sentences; ``target_tone`` is the tone towards the query's target, None
    where none was asked for or the text does not name it.
    """

    tone: Tone
    tone_scores: tuple[float, float, float]
    kind: Kind
    intents: tuple[Intent, ...] = ()
    opinions: tuple[Opinion, ...] = ()
    peak: float = 0.0
    end: float = 0.0
    mean: float = 0.0
    target_tone: Tone | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """A text that could not be analysed, and why, in words for the user."""

    reason: str


Result = Analysis | Failure
