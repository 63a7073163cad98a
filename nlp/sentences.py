"""What single sentences say, as vectors: for telling which of them say the same.

The encoder's int8 graph without its heads, by ONNX Runtime. Adapting the model to corrections
changes heads alone, so the embedded weights serve all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlp.analyser import WEIGHTS, embedded_version
from nlp.backends import session
from nlp.encode import Encoded, encode, load_tokenizer, pad, windows
from nlp.forward import WINDOW, batches
from nlp.text import clean, segments

Floats = NDArray[np.float32]
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Sentence:
    """The sentence (or clause) that a span of a text stands in, and its unit vector.

    The vector is the mean of two, of the sentence amid its text and of the sentence alone: the
    one knows what «он» is, the other is not drowned by the rest of a long text. A text without
    a letter has the zero vector.
    """

    text: str
    vector: Floats


class Sentences:
    """The encoder, loaded once. ``version`` changes whenever vectors may change."""

    def __init__(self, threads: int | None = None, weights: Path = WEIGHTS) -> None:
        self.version = embedded_version(weights)
        self._tokenizer = load_tokenizer(weights / "tokenizer.json")
        self._graph = session(weights / "vectors.onnx", threads)

    def read(self, asked: Sequence[tuple[str, Span]]) -> list[Sentence]:
        """The sentence of each span (code point offsets into its text), in order."""
        texts = list(dict.fromkeys(text for text, _ in asked))
        known = dict(zip(texts, self._vectors(texts), strict=True))
        amid: list[Floats] = []
        cut: list[str] = []
        for text, span in asked:
            encoded, rows = known[text]
            number = _place(encoded.spans, span)
            start, end = (0, len(text)) if number is None else encoded.spans[number]
            cut.append(text[start:end])
            amid.append(np.zeros(rows.shape[1], np.float32) if number is None else rows[number])
        alone = self._alone(dict.fromkeys(cut))
        return [
            Sentence(text, _unit(_unit(vector) + alone[text]))
            for text, vector in zip(cut, amid, strict=True)
        ]

    def _alone(self, texts: dict[str, None]) -> dict[str, Floats]:
        found = zip(texts, self._vectors(list(texts)), strict=True)
        return {text: _unit(rows.sum(0)) for text, (_, rows) in found}

    def _vectors(self, texts: Sequence[str]) -> list[tuple[Encoded, Floats]]:
        """Each text with a vector for each of its segments, not of unit length.

        One that is longer than a window gets the sum over its windows.
        """
        encoded = encode(self._tokenizer, texts)
        cut = [(own, part) for own, text in enumerate(encoded) for part in windows(text, WINDOW)]
        cut.sort(key=lambda pair: len(pair[1].ids))
        width = self._graph.get_outputs()[0].shape[-1]
        rows = [np.zeros((len(text.spans), width), np.float32) for text in encoded]
        for batch in batches(cut):
            ids, segment = pad([window for _, window in batch])
            (vectors,) = self._graph.run(["vectors"], {"ids": ids, "segment": segment})
            for found, (owner, window) in zip(vectors, batch, strict=True):
                own = rows[owner][window.first : window.first + window.count]
                own += found[: window.count] * len(window.ids)
        return list(zip(encoded, rows, strict=True))


def around(text: str, span: Span) -> str:
    """The sentence (or clause) that a span of ``text`` stands in, as :class:`Sentence` has it."""
    spans = segments(clean(text))
    number = _place(spans, span)
    start, end = (0, len(text)) if number is None else spans[number]
    return text[start:end]


def _place(spans: Sequence[Span], asked: Span) -> int | None:
    """The number of the span that shares most with the one ``asked``."""
    start, end = asked
    shared = [min(end, own_end) - max(start, own_start) for own_start, own_end in spans]
    return int(np.argmax(shared)) if shared else None


def _unit(vector: Floats) -> Floats:
    length = float(np.linalg.norm(vector))
    return vector / np.float32(length) if length else vector
