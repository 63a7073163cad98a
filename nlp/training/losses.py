"""Batches as tensors, and what the network is punished for."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from nlp.encode import pad
from nlp.network import INTENTS, KINDS, OPINIONS, TONES, Network
from nlp.training.config import Config
from nlp.training.data import Example


@dataclass(frozen=True, slots=True)
class Batch:
    """Tensors of one step; ``known`` marks rows with kind, intents and opinions."""

    ids: Tensor
    segment: Tensor
    tone: Tensor
    known: Tensor
    kind: Tensor
    intents: Tensor
    opinions: Tensor

    def real(self) -> Tensor:
        """Windows × segments: which segments exist (the others are padding)."""
        numbers = torch.arange(self.opinions.shape[1], device=self.segment.device)
        return numbers <= self.segment.amax(1, keepdim=True)


def collate(rows: Sequence[Example], device: torch.device) -> Batch:
    """Pad ``rows`` into tensors on ``device``."""
    ids, segment = pad([row.window for row in rows])
    count = max(row.window.count for row in rows)
    opinions = np.zeros((len(rows), count, OPINIONS), np.float32)
    for number, row in enumerate(rows):
        if row.opinions is not None:
            opinions[number, : len(row.opinions)] = row.opinions
    blank = np.zeros(INTENTS, np.float32)
    arrays = (
        ids,
        segment,
        np.stack([row.tone for row in rows]),
        np.array([row.kind is not None for row in rows]),
        np.array([row.kind or 0 for row in rows]),
        np.stack([blank if row.intents is None else row.intents for row in rows]),
        opinions,
    )
    return Batch(*(torch.from_numpy(array).to(device) for array in arrays))


def loss(network: Network, batch: Batch, config: Config) -> Tensor:
    """The weighted sum of the tasks' losses on one batch."""
    count = int(batch.opinions.shape[1])
    document, parts = (out.float() for out in network(batch.ids, batch.segment, count))
    tone, kind, intents = document.split([TONES, KINDS, INTENTS], 1)
    total = config.tone_weight * _soft(tone, batch.tone, config.label_smoothing)
    known = batch.known
    if not known.any():
        return total
    spoken = functional.binary_cross_entropy_with_logits(
        intents[known],
        batch.intents[known],
        pos_weight=torch.tensor(config.intent_positive_weight),
        reduction="none",
    )
    total = total + config.kind_weight * functional.cross_entropy(kind[known], batch.kind[known])
    total = total + config.intent_weight * spoken.sum(1).mean()
    return total + config.opinion_weight * _opinion_loss(parts, batch, config)


def _soft(logits: Tensor, target: Tensor, smoothing: float) -> Tensor:
    smooth = target * (1 - smoothing) + smoothing / target.shape[1]
    return -(smooth * functional.log_softmax(logits, 1)).sum(1).mean()


def _opinion_loss(parts: Tensor, batch: Batch, config: Config) -> Tensor:
    """Summed over the 57 outputs (a mean would drown it), averaged over labelled segments."""
    real = batch.real() & batch.known[:, None]
    gold = batch.opinions[real]
    missed = functional.binary_cross_entropy_with_logits(
        parts[real][:, :OPINIONS],
        gold,
        pos_weight=torch.tensor(config.positive_weight),
        reduction="none",
    )
    # A segment's opinions also say its tone, so that the tone head can be asked about segments.
    signs = gold.reshape(len(gold), -1, TONES).sum(1)
    said = signs.sum(1) > 0
    tone = signs[said] / signs[said].sum(1, keepdim=True)
    extra = _soft(parts[real][said][:, OPINIONS:], tone, 0.02) if said.any() else 0.0
    return missed.sum(1).mean() + 0.5 * extra
