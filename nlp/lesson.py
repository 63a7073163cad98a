"""What a human said of a text, as lessons for the model; some of them only ever examine it."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from nlp.analysis import Opinion
from nlp.labels import Kind, Tone

#: What a lesson can speak of. Nobody corrects intents, so nothing teaches their head.
FIELDS = ("tone", "kind", "opinions")

#: Fewer corrections of a field neither teach nor prove anything: a sign test over held-out ones
#: needs five.
LEAST_TAUGHT, LEAST_HELD_OUT = 15, 5
#: So many texts in which nobody corrected the field are needed to hold on to.
LEAST_ANCHORS = 100

_HELD_OUT_OF_TEN = 3


@dataclass(frozen=True, slots=True)
class Lesson:
    """A text with the labels a human gave it; None where the human did not speak.

    ``opinions`` is the full list; one without evidence has ``start`` = ``end``.
    """

    text: str
    tone: Tone | None = None
    kind: Kind | None = None
    opinions: tuple[Opinion, ...] | None = None

    def speaks_of(self, field: str) -> bool:
        """Whether the human gave a label of this sort."""
        return getattr(self, field) is not None


@dataclass(frozen=True, slots=True)
class Count:
    """Corrections of one field that teach and that examine; texts in which it was left alone."""

    taught: int
    examined: int
    anchors: int

    @property
    def enough(self) -> bool:
        """Whether there is something to learn and to prove."""
        corrected = self.taught >= LEAST_TAUGHT and self.examined >= LEAST_HELD_OUT
        return corrected and self.anchors >= LEAST_ANCHORS


def merged(lessons: Iterable[Lesson]) -> list[Lesson]:
    """One lesson a text: the same words prove nothing twice. The last word of a human holds."""
    found: dict[str, Lesson] = {}
    for lesson in lessons:
        earlier = found.get(lesson.text, lesson)
        found[lesson.text] = Lesson(
            lesson.text,
            lesson.tone or earlier.tone,
            lesson.kind or earlier.kind,
            earlier.opinions if lesson.opinions is None else lesson.opinions,
        )
    return list(found.values())


def is_held_out(text: str) -> bool:
    """Whether a text examines and never teaches: three of ten, the same ones at every training.

    So no later model is examined by what an earlier one has learnt.
    """
    digest = hashlib.sha256(text.strip().encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") % 10 < _HELD_OUT_OF_TEN
