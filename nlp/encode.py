"""Texts to token arrays: segments tokenised in one call, packed into windows the model can read.

Shared by the runtime and the training, so both see a text in exactly the same way. Only
``tokenizers`` and numpy are needed here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from nlp.text import clean, segments

Ids = NDArray[np.int64]
Spans = list[tuple[int, int]]

BOS, PAD, EOS, UNKNOWN = 0, 1, 2, 3
#: Segment number of tokens that belong to no segment (padding, <s>, </s>).
NO_SEGMENT = -1


@dataclass(frozen=True, slots=True)
class Encoded:
    """One text: ``spans`` are the segments' code point offsets, ``pieces`` their token ids."""

    spans: Spans
    pieces: list[Ids]


@dataclass(frozen=True, slots=True)
class Window:
    """A run of whole segments of one text that fits the model.

    ``ids`` (tokens) includes <s> and </s>; ``segment`` gives each token's segment, counted from
    ``first`` of the text. A segment longer than a window goes on in the next one.
    """

    ids: Ids
    segment: Ids
    first: int
    count: int


def encode(
    tokenizer: Tokenizer, texts: Sequence[str], cuts: Sequence[Spans] | None = None
) -> list[Encoded]:
    """Clean, split and tokenise ``texts``; one ``Encoded`` each, in order.

    ``cuts`` are the segments where they are known already.
    """
    seen = [clean(text) for text in texts]
    spans = [segments(text) for text in seen] if cuts is None else cuts
    pieces = [
        text[start:end].lower()  # how loud a text is shall not change what it says
        for text, own in zip(seen, spans, strict=True)
        for start, end in own
    ]
    encodings = iter(tokenizer.encode_batch_fast(pieces, add_special_tokens=False))
    return [Encoded(own, [np.array(next(encodings).ids, np.int64) for _ in own]) for own in spans]


def windows(encoded: Encoded, limit: int = 510) -> Iterator[Window]:
    """Cut a text into windows of at most ``limit`` tokens (besides <s> and </s>)."""
    run: list[Ids] = []
    first = length = 0
    for number, piece in enumerate(encoded.pieces):
        for start in range(0, max(len(piece), 1), limit):
            part = piece[start : start + limit]
            if run and (length + len(part) > limit or start):
                yield window_of(run, first)
                run, length = [], 0
            if not run:
                first = number
            run.append(part)
            length += len(part)
    if run:
        yield window_of(run, first)


def window_of(run: Sequence[Ids], first: int) -> Window:
    """The window of a ``run`` of segments, of which the text has ``first`` before it."""
    ids = np.concatenate([[BOS], *run, [EOS]])
    segment = np.full(len(ids), NO_SEGMENT, np.int64)
    segment[1:-1] = np.repeat(np.arange(len(run)), [len(part) for part in run])
    return Window(ids, segment, first, len(run))


def marked(
    tokenizer: Tokenizer, text: str, mentions: Sequence[tuple[int, int]], limit: int = 254
) -> Window:
    """One window of ``text`` around the ``mentions`` of a target (code point offsets, in order).

    Each mention stands between two </s>; these tokens are segment 0, all others belong to none.
    Of a longer text, the ``limit`` tokens around the first mention are kept.
    """
    seen = clean(text)
    edges = [0, *(edge for mention in mentions for edge in mention), len(seen)]
    pieces = [seen[start:stop].lower() for start, stop in pairwise(edges)]
    encodings = tokenizer.encode_batch_fast(pieces, add_special_tokens=False)
    ids: list[int] = []
    inside: list[int] = []
    for number, encoding in enumerate(encodings):
        named = number % 2 == 1
        part = [EOS, *encoding.ids, EOS] if named else encoding.ids
        ids += part
        inside += [0 if named else NO_SEGMENT] * len(part)
    first = max(0, min(inside.index(0) - limit // 2, len(ids) - limit))
    kept = slice(first, first + limit)
    segment = np.array([NO_SEGMENT, *inside[kept], NO_SEGMENT], np.int64)
    return Window(np.array([BOS, *ids[kept], EOS], np.int64), segment, 0, 1)


def pad(batch: Sequence[Window]) -> tuple[Ids, Ids]:
    """(ids, segment) of shape windows × longest window, padded."""
    width = max(len(window.ids) for window in batch)
    ids = np.full((len(batch), width), PAD, np.int64)
    segment = np.full((len(batch), width), NO_SEGMENT, np.int64)
    for row, window in enumerate(batch):
        ids[row, : len(window.ids)] = window.ids
        segment[row, : len(window.ids)] = window.segment
    return ids, segment


def load_tokenizer(path: Path) -> Tokenizer:
    """The tokenizer saved at ``path``, without truncation or padding of its own."""
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
