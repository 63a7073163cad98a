"""Batches as tensors, and what the network is punished for."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from nlp.encode import pad
from nlp.network import INTENTS, KINDS, OPINIONS, TONES
from nlp.training.config import Config
from nlp.training.data import TWEET_CODES, Example, Floats
from nlp.training.trainee import DOCUMENT, PARTS, Trainee

_TWEETS = len(TWEET_CODES)
_SPLIT = [TONES, KINDS, INTENTS, OPINIONS, _TWEETS]


@dataclass(frozen=True, slots=True)
class Batch:
    """Tensors of one step. Targets that are unknown are zero rows.

    ``known`` marks rows with kind, intents and opinions, ``pointed`` rows that mark a target,
    ``taught`` rows with a teacher's logits (``soft_document``, ``soft_parts``).
    """

    ids: Tensor
    segment: Tensor
    tone: Tensor
    tweet: Tensor
    target: Tensor
    kind: Tensor
    known: Tensor
    pointed: Tensor
    taught: Tensor
    intents: Tensor
    opinions: Tensor
    soft_document: Tensor
    soft_parts: Tensor

    def real(self) -> Tensor:
        """Windows × segments: which segments exist (the others are padding)."""
        numbers = torch.arange(self.opinions.shape[1], device=self.segment.device)
        return numbers <= self.segment.amax(1, keepdim=True)


def collate(rows: Sequence[Example], device: torch.device) -> Batch:
    """Pad ``rows`` into tensors on ``device``."""
    ids, segment = pad([row.window for row in rows])
    count = max(row.window.count for row in rows)
    kinds = [
        None if row.kind is None else np.eye(KINDS, dtype=np.float32)[row.kind] for row in rows
    ]
    taught = [row.taught or (None, None) for row in rows]
    arrays = (
        ids,
        segment,
        _rows([row.tone for row in rows], TONES),
        _rows([row.tweet for row in rows], _TWEETS),
        _rows([row.target for row in rows], TONES),
        _rows(kinds, KINDS),
        np.array([row.opinions is not None for row in rows]),
        np.array([row.pointed for row in rows]),
        np.array([row.taught is not None for row in rows]),
        _rows([row.intents for row in rows], INTENTS),
        _rows([row.opinions for row in rows], count, OPINIONS),
        _rows([document for document, _ in taught], DOCUMENT),
        _rows([parts for _, parts in taught], count, PARTS),
    )
    return Batch(*(torch.from_numpy(array).to(device) for array in arrays))


def _rows(values: Sequence[Floats | None], *shape: int) -> Floats:
    """``values`` in one array, zeros for None; what is longer or shorter is cut or padded."""
    found = np.zeros((len(values), *shape), np.float32)
    for number, value in enumerate(values):
        if value is not None:
            found[number, : len(value)] = value[: shape[0]]
    return found


def loss(network: Trainee, batch: Batch, config: Config, hard_weight: float) -> Tensor:
    """The weighted sum of all tasks: against labels, and against a teacher where it spoke."""
    count = int(batch.opinions.shape[1])
    document, parts = (out.float() for out in network.everything(batch.ids, batch.segment, count))
    total = hard_weight * _labels(document, parts, batch, config)
    if batch.taught.any():
        total = total + _lessons(document, parts, batch, config)
    return total


def _labels(document: Tensor, parts: Tensor, batch: Batch, config: Config) -> Tensor:
    tone, kind, intents, opinions, tweet = torch.split(document, _SPLIT, 1)
    aimed = parts[:, 0, OPINIONS + TONES :]
    smoothing = config.label_smoothing
    total = config.tone_weight * _soft(tone, batch.tone, smoothing)
    total = total + config.tweet_weight * _soft(tweet, batch.tweet, smoothing)
    total = total + config.target_weight * _soft(aimed, batch.target, smoothing)
    known = batch.known
    if not known.any():
        return total
    rare, rarer = (
        torch.tensor(weight) for weight in (config.intent_positive_weight, config.positive_weight)
    )
    spoken = _summed(intents[known], batch.intents[known], rare)
    # Over a whole text an opinion is said once, however many segments say it.
    whole = _summed(opinions[known], batch.opinions[known].amax(1), rarer)
    total = total + config.kind_weight * _soft(kind, batch.kind, 0.0)
    total = total + config.intent_weight * spoken + config.text_opinion_weight * whole
    real = batch.real() & known[:, None]
    gold = batch.opinions[real]
    missed = _summed(parts[real][:, :OPINIONS], gold, rarer)
    # A segment's opinions also say its tone, so that the tone head can be asked about segments.
    signs = gold.reshape(len(gold), -1, TONES).sum(1)
    signs = signs / signs.sum(1, keepdim=True).clamp(min=1)
    extra = _soft(parts[real][:, OPINIONS : OPINIONS + TONES], signs, smoothing)
    return total + config.opinion_weight * (missed + 0.5 * extra)


def _lessons(document: Tensor, parts: Tensor, batch: Batch, config: Config) -> Tensor:
    """How far the answers are from the teacher's, task by task, weighted as the labels are."""
    heat = config.soft_temperature
    whole = batch.taught & ~batch.pointed
    aimed = batch.taught & batch.pointed
    own = torch.split(document[whole], _SPLIT, 1)
    told = torch.split(batch.soft_document[whole], _SPLIT, 1)
    weights = (config.tone_weight, config.kind_weight, config.tweet_weight)
    total = document.new_zeros(())
    if whole.any():
        for weight, place in zip(weights, (0, 1, 4), strict=True):
            total = total + weight * _warm(own[place], told[place], heat)
        total = total + config.intent_weight * _summed(own[2], told[2].sigmoid())
        total = total + config.text_opinion_weight * _summed(own[3], told[3].sigmoid())
        real = batch.real() & whole[:, None]
        mine, theirs = parts[real], batch.soft_parts[real]
        apart = _summed(mine[:, :OPINIONS], theirs[:, :OPINIONS].sigmoid())
        sign = slice(OPINIONS, OPINIONS + TONES)
        total = total + config.opinion_weight * (
            apart + 0.5 * _warm(mine[:, sign], theirs[:, sign], heat)
        )
    if aimed.any():
        mine, theirs = (each[aimed, 0, OPINIONS + TONES :] for each in (parts, batch.soft_parts))
        total = total + config.target_weight * _warm(mine, theirs, heat)
    return total


def _warm(logits: Tensor, told: Tensor, heat: float) -> Tensor:
    """Cross-entropy with a teacher at temperature ``heat``, scaled back (Hinton et al., 2015)."""
    return heat**2 * _soft(logits / heat, (told / heat).softmax(1), 0.0)


def _soft(logits: Tensor, target: Tensor, smoothing: float) -> Tensor:
    """Cross-entropy, averaged over the rows whose target is known (does not sum to zero)."""
    mass = target.sum(1, keepdim=True)
    smooth = target * (1 - smoothing) + mass * smoothing / target.shape[1]
    return -(smooth * functional.log_softmax(logits, 1)).sum() / mass.sum().clamp(min=1)


def _summed(logits: Tensor, target: Tensor, positive: Tensor | None = None) -> Tensor:
    """Binary cross-entropy summed over outputs (a mean would drown it), averaged over rows."""
    each = functional.binary_cross_entropy_with_logits(
        logits, target, pos_weight=positive, reduction="none"
    )
    return each.sum(1).mean()
