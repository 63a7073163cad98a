"""Corrections by hand refine the heads; the encoder stays as it is.

With a frozen encoder a text is its vectors: they are computed once, and refining a head is a small
smooth problem without chance in it. What is minimised is the cross-entropy of the corrections,
plus that of anchors (texts nobody corrected, the shipped head's own answers being the targets),
plus the squared distance from the shipped head: where the corrections say nothing, nothing moves.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from torch import Tensor
from torch.nn import functional

from nlp.analysis import Opinion
from nlp.calibration import Calibration
from nlp.labels import MODEL_TONES, Kind, Tone, Touchpoint
from nlp.lesson import Lesson
from nlp.network import KINDS, OPINIONS, TONES
from nlp.vectors import Vectors

#: What an anchor weighs beside a correction, and the squared distance from the shipped head.
#: Measured on the demo's gold labels taken as corrections: weaker ones learn more of the corrected
#: texts and lose more on texts that nobody corrected.
_ANCHOR, _PULL = 1.0, 3.0
_STEPS = 100
_TOUCHPOINTS = list(Touchpoint)
_KIND_TARGETS = dict(zip(Kind, np.eye(KINDS, dtype=np.float32), strict=True))
_TONE_TARGETS = dict(zip(MODEL_TONES, np.eye(TONES, dtype=np.float32), strict=True))
#: As in training: both poles alike, and hardly neutral.
_TONE_TARGETS[Tone.MIXED] = np.array([0.48, 0.04, 0.48], np.float32)
#: The name of the head that a field of a lesson teaches.
_HEADS = {"tone": "tone", "kind": "kind", "opinions": "opinion"}

Floats = NDArray[np.float32]
#: A head's matrix with its bias as the last column: outputs × (width + 1).
Head = Floats
Taught = Sequence[tuple[Vectors, Lesson]]


@dataclass(frozen=True, slots=True)
class _Asked:
    """Texts as rows of features; the logits of a text are the largest ones of its rows.

    Tone and kind have one row a text. ``barred`` (rows × outputs) marks what a row is not to
    answer for: an opinion whose evidence lies elsewhere.
    """

    rows: Tensor
    owner: Tensor
    shift: Tensor
    barred: Tensor | None = None

    def logits(self, head: Tensor) -> Tensor:
        """Texts × outputs, calibrated as :mod:`nlp.decode` does it."""
        found = self.rows @ head.T + self.shift
        if self.barred is not None:
            found = found.masked_fill(self.barred, -torch.inf)
        empty = found.new_zeros(int(self.owner[-1]) + 1, found.shape[1])
        owner = self.owner[:, None].expand_as(found)
        return empty.scatter_reduce(0, owner, found, "amax", include_self=False)


def refine(
    field: str, head: Head, lessons: Taught, anchors: Sequence[Vectors], settings: Calibration
) -> Head:
    """The head of ``field``, taught by ``lessons``, which all speak of it.

    ``head`` is the shipped one; every text must have rows (see :class:`nlp.vectors.Vectors`).
    """
    corrected = _asked(field, [vectors for vectors, _ in lessons], settings)
    targets = torch.from_numpy(np.stack([_target(lesson, field) for _, lesson in lessons]))
    if field == "opinions":
        corrected = replace(corrected, barred=_barred(lessons))
    kept = _asked(field, anchors, settings)
    apart = _each_apart if field == "opinions" else _one_apart
    old = torch.from_numpy(head)
    new = old.clone().requires_grad_()
    answers = kept.logits(old)
    answers = answers.sigmoid() if field == "opinions" else answers.softmax(1)
    optimiser = torch.optim.LBFGS([new], max_iter=_STEPS, line_search_fn="strong_wolfe")

    def loss() -> float:
        optimiser.zero_grad()
        total = apart(corrected.logits(new), targets)
        total = total + _ANCHOR * apart(kept.logits(new), answers)
        total = total + _PULL * (new - old).square().sum()
        total.backward()  # type: ignore[no-untyped-call]
        return float(total.detach())

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    return np.asarray(new.detach().numpy(), np.float32)


def read_head(weights: Path, field: str) -> Head:
    """The head that ``field`` of a lesson teaches, out of a weights folder."""
    with safe_open(weights / "model.safetensors", "numpy") as file:
        matrix, bias = (file.get_tensor(f"{_HEADS[field]}.{end}") for end in ("weight", "bias"))
    return np.ascontiguousarray(np.concatenate([matrix.T, bias[:, None]], 1))


def write_heads(weights: Path, heads: Mapping[str, Head]) -> None:
    """Put ``heads`` (by field) into a weights folder.

    They are written over the old ones, byte for byte: the ONNX graph beside the file points into
    it by offsets, which a file written anew would not promise to keep.
    """
    with (weights / "model.safetensors").open("r+b") as file:
        size = int.from_bytes(file.read(8), "little")
        places = json.loads(file.read(size))
        for field, head in heads.items():
            for end, values in (("weight", head[:, :-1].T), ("bias", head[:, -1])):
                start, stop = places[f"{_HEADS[field]}.{end}"]["data_offsets"]
                body = values.astype("<f4").tobytes()
                if len(body) != stop - start:
                    raise ValueError(f"{field}: {len(body)} bytes for a place of {stop - start}")
                file.seek(8 + size + start)
                file.write(body)


def _asked(field: str, texts: Sequence[Vectors], settings: Calibration) -> _Asked:
    """Features of ``field``, such that a calibrated logit is feature · head + shift."""
    own, around = settings.opinion_slope, settings.opinion_text_slope
    if field == "opinions":
        rows = [own * text.parts + around * text.around for text in texts]
        scale, shift = own + around, [settings.opinion_shift]
    elif field == "tone":
        scale, shift = 1 / settings.temperature, list(settings.tone_bias)
        rows = [scale * text.whole[None] for text in texts]
    else:
        scale, shift = 1.0, [0.0]
        rows = [text.whole[None] for text in texts]
    owner = np.repeat(np.arange(len(rows)), [len(part) for part in rows])
    joined = torch.from_numpy(np.concatenate(rows)).float()
    ones = torch.full((len(joined), 1), scale)
    return _Asked(torch.cat([joined, ones], 1), torch.from_numpy(owner), torch.tensor(shift))


def _target(lesson: Lesson, field: str) -> Floats:
    """What the human said, as probabilities of the head's outputs."""
    if field == "tone" and lesson.tone:
        return _TONE_TARGETS[lesson.tone]
    if field == "kind" and lesson.kind:
        return _KIND_TARGETS[lesson.kind]
    found = np.zeros(OPINIONS, np.float32)
    found[[_output(opinion) for opinion in lesson.opinions or ()]] = 1
    return found


def _output(opinion: Opinion) -> int:
    return TONES * _TOUCHPOINTS.index(opinion.touchpoint) + MODEL_TONES.index(opinion.tone)


def _barred(lessons: Taught) -> Tensor:
    """Rows × 57: an opinion with evidence is to be found where its evidence lies."""
    found = []
    for vectors, lesson in lessons:
        near = np.zeros((len(vectors.spans), OPINIONS), bool)
        for opinion in lesson.opinions or ():
            hit = [start < opinion.end and opinion.start < end for start, end in vectors.spans]
            near[:, _output(opinion)] |= hit
        found.append(~near & near.any(0))
    return torch.from_numpy(np.concatenate(found))


def _one_apart(logits: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy where one of the outputs is right, summed over texts."""
    return functional.cross_entropy(logits, targets, reduction="sum")


def _each_apart(logits: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy where each output is right or wrong alone, summed over texts and outputs."""
    return functional.binary_cross_entropy_with_logits(logits, targets, reduction="sum")
