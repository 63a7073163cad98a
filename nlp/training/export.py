"""From a trained network to the shipped files: int8 weights, ONNX graph, calibration."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from nlp import packed
from nlp.analyser import WEIGHTS
from nlp.backends import onnx_backend
from nlp.calibration import Calibration
from nlp.decode import (
    DOCUMENT,
    SEGMENT,
    Scores,
    analyses,
    opinion_probabilities,
    sigmoid,
    tone_probabilities,
)
from nlp.encode import Encoded, Window, load_tokenizer
from nlp.forward import Model
from nlp.labels import Intent, Tone, Touchpoint
from nlp.network import restore
from nlp.training import graph
from nlp.training.data import Example
from nlp.training.metrics import best_threshold, pair_f1
from nlp.training.ranges import measure

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

_HEADS = 12
_TONES, _INTENTS = 3, len(Intent)
_OPINIONS = SEGMENT - _TONES
_GRID = [cut / 40 for cut in range(4, 37)]
#: A touchpoint gets a threshold of its own only where this many held-out texts speak of it.
_ENOUGH = 20


def write(
    network: Path, base: Path, sample: Sequence[Window], target: Path = WEIGHTS
) -> Calibration:
    """Quantise ``network`` (a torch state file) into ``target``; uncalibrated settings.

    ``sample`` are texts to measure the scales of the int8 products on.
    """
    target.mkdir(parents=True, exist_ok=True)
    loaded = torch.load(network, weights_only=True, map_location="cpu")
    state = {name: value.float().numpy() for name, value in loaded.items()}
    packed.save(state, target / "model.safetensors")
    layers = packed.layer_count(state)
    scales = measure(restore(packed.load(target / "model.safetensors"), _HEADS), sample)
    model = graph.build(target / "model.safetensors", layers, _HEADS, scales)
    onnx.save(model, target / "model.onnx")
    shutil.copyfile(base / "tokenizer.json", target / "tokenizer.json")
    settings = Calibration(layers=layers, heads=_HEADS)
    settings.write(target / "model.json")
    return settings


def calibrate(held_out: Sequence[Example], settings: Calibration, target: Path = WEIGHTS) -> None:
    """Fit probabilities and thresholds on labelled texts that were never trained on."""
    model = Model(load_tokenizer(target / "tokenizer.json"), onnx_backend(target, None))
    rows = [example for example in held_out if example.opinions is not None]
    texts, scores = model.read([row.text for row in rows])
    settings = _opinions(rows, scores, _tone(rows, scores.document, settings))
    settings = replace(settings, intent_thresholds=_intents(rows, scores))
    settings = _mixed(rows, texts, scores, settings)
    settings.write(target / "model.json")


def _tone(rows: Sequence[Example], logits: Floats, settings: Calibration) -> Calibration:
    """Temperature and bias with the least cross-entropy on the customers' texts."""
    target = np.stack([row.tone for row in rows])
    shifts = [shift / 10 for shift in range(-6, 13)]
    tried = [
        replace(settings, temperature=temperature / 20, tone_bias=(negative, 0.0, positive))
        for temperature in range(14, 40)
        for negative in shifts
        for positive in shifts
    ]

    def loss(found: Calibration) -> float:
        chances = tone_probabilities(logits, found)
        return -float((target * np.log(chances + 1e-9)).sum(1).mean())

    return min(tried, key=loss)


def _opinions(rows: Sequence[Example], scores: Scores, settings: Calibration) -> Calibration:
    """Platt scaling of a text's best segment, then the thresholds with the best micro-F1."""
    gold = np.stack([_said(row) for row in rows]) > 0
    logits = np.stack([part[:, :_OPINIONS].max(0) for part in scores.parts])
    fit = LogisticRegression(C=1e6).fit(logits.reshape(-1, 1), gold.reshape(-1))
    slope, shift = round(float(fit.coef_[0, 0]), 4), round(float(fit.intercept_[0]), 4)
    settings = replace(settings, opinion_slope=slope, opinion_shift=shift)
    chances = np.stack([_strongest(part, settings) for part in scores.parts])
    gold = gold.reshape(chances.shape)
    shared, _ = best_threshold(chances.ravel(), gold.ravel(), _GRID)
    own = [_own(chances[:, t], gold[:, t], shared) for t in range(len(Touchpoint))]
    return replace(settings, opinion_thresholds=tuple(own))


def _said(row: Example) -> Floats:
    assert row.opinions is not None
    return np.asarray(row.opinions.max(0), np.float32)


def _strongest(part: Floats, settings: Calibration) -> Floats:
    """Touchpoints × tones of a text, as :mod:`nlp.decode` sees them: one tone per segment."""
    chances = opinion_probabilities(part, settings)
    winner = chances == chances.max(2, keepdims=True)
    return np.asarray((chances * winner).max(0), np.float32)


def _own(chances: Floats, gold: Bools, shared: float) -> float:
    """Half way from the shared threshold to the best one for this output alone."""
    if gold.sum() < _ENOUGH:
        return shared
    return round((best_threshold(chances.ravel(), gold.ravel(), _GRID)[0] + shared) / 2, 3)


def _mixed(
    rows: Sequence[Example], texts: Sequence[Encoded], scores: Scores, settings: Calibration
) -> Calibration:
    """The two cuts of «mixed» with the best F1 of that class."""
    gold = [set("m" * row.mixed) for row in rows]
    tones = tone_probabilities(scores.document, settings)

    def quality(tried: Calibration) -> float:
        found = analyses(texts, scores, tones, tried)
        return pair_f1(gold, [set("m" * (answer.tone == Tone.MIXED)) for answer in found])

    tried = [
        replace(settings, mixed_tone=tone, mixed_share=share)
        for tone in (0.04, 0.08, 0.12, 0.16, 0.2, 0.25, 0.3, 0.35)
        for share in (0.1, 0.2, 0.3, 0.4)
    ]
    return max(tried, key=quality)


def _intents(rows: Sequence[Example], scores: Scores) -> tuple[float, ...]:
    gold = np.stack([row.intents for row in rows if row.intents is not None]) > 0
    chances = sigmoid(scores.document[:, DOCUMENT - _INTENTS :])
    shared, _ = best_threshold(chances.ravel(), gold.ravel(), _GRID)
    return tuple(_own(chances[:, i], gold[:, i], shared) for i in range(_INTENTS))
