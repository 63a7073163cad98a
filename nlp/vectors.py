"""Texts as the heads see them: the encoder's mean vectors of texts, segments and windows."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from nlp import calibration, packed
from nlp.encode import Encoded, Spans, Window, encode, load_tokenizer, pad, windows
from nlp.forward import WINDOW
from nlp.network import Network, restore

#: Texts between two signs of progress, windows in one forward pass.
_CHUNK, _BATCH = 128, 16

Floats = NDArray[np.float32]
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Vectors:
    """A text before the heads; a segment longer than a window has a row for each piece.

    ``whole`` is the mean vector of the text (width), ``parts`` those of its segments and
    ``around`` those of the windows these stand in (rows × width); ``spans`` tells where in the
    text each row lies. A text without a letter has no rows, and no head is asked about it.
    """

    whole: Floats
    parts: Floats
    around: Floats
    spans: Spans


def embed(
    weights: Path, texts: Sequence[str], threads: int, on_progress: Progress
) -> list[Vectors]:
    """The vectors of ``texts``, in order, by the encoder in the folder ``weights``."""
    torch.set_num_threads(threads)
    settings = calibration.read(weights / "model.json")
    network = restore(packed.load(weights / "model.safetensors"), settings.heads)
    tokenizer = load_tokenizer(weights / "tokenizer.json")
    found: list[Vectors] = []
    for start in range(0, len(texts), _CHUNK):
        chunk = encode(tokenizer, texts[start : start + _CHUNK])
        found += _embed(network, chunk)
        on_progress(len(chunk))
    return found


def _embed(network: Network, texts: Sequence[Encoded]) -> Iterator[Vectors]:
    cut = [list(windows(text, WINDOW)) for text in texts]
    pooled = _pooled(network, [window for own in cut for window in own])
    nothing = np.zeros((0, network.tone.in_features), np.float32)
    for text, own in zip(texts, cut, strict=True):
        if not own:
            yield Vectors(nothing.sum(0), nothing, nothing, [])
            continue
        wholes, parts = zip(*(next(pooled) for _ in own), strict=True)
        lengths = [len(window.ids) for window in own]
        yield Vectors(
            np.average(wholes, axis=0, weights=lengths).astype(np.float32),
            np.concatenate(parts),
            np.repeat(wholes, [window.count for window in own], axis=0),
            [span for w in own for span in text.spans[w.first : w.first + w.count]],
        )


@torch.inference_mode()
def _pooled(network: Network, cut: Sequence[Window]) -> Iterator[tuple[Floats, Floats]]:
    """Vectors of each window and of its segments, in order; read in the order of length."""
    order = sorted(range(len(cut)), key=lambda number: len(cut[number].ids))
    found: dict[int, tuple[Floats, Floats]] = {}
    for start in range(0, len(order), _BATCH):
        numbers = order[start : start + _BATCH]
        ids, segment = map(torch.from_numpy, pad([cut[number] for number in numbers]))
        most = max(cut[number].count for number in numbers)
        wholes, parts = (each.numpy() for each in network.pooled(ids, segment, most))
        for number, whole, rows in zip(numbers, wholes, parts, strict=True):
            found[number] = (whole, rows[: cut[number].count])
    return (found[number] for number in range(len(cut)))
