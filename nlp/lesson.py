"""What a human said of a text, as lessons for the model; some of them only ever examine it."""

import hashlib
from dataclasses import dataclass

from nlp.analysis import Opinion
from nlp.labels import Kind, Tone

#: What a lesson can speak of. Nobody corrects intents, so nothing teaches their head.
FIELDS = ("tone", "kind", "opinions")

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


def is_held_out(text: str) -> bool:
    """Whether a text examines and never teaches: three of ten, the same ones at every training.

    So no later model is examined by what an earlier one has learnt.
    """
    digest = hashlib.sha256(text.strip().encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") % 10 < _HELD_OUT_OF_TEN
