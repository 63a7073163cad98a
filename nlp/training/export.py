"""From a trained network to the shipped files: int8 weights, ONNX graph, calibration."""

import itertools
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
from nlp.agreement import pair_f1
from nlp.calibration import Calibration
from nlp.decode import (
    DOCUMENT,
    OPINIONS,
    Scores,
    analyses,
    opinion_probabilities,
    sigmoid,
    softmax,
    tone_probabilities,
)
from nlp.encode import Encoded, Window
from nlp.forward import Model
from nlp.labels import Intent, Tone, Touchpoint
from nlp.network import restore
from nlp.training import graph
from nlp.training.data import Example, calibrates
from nlp.training.metrics import best_threshold
from nlp.training.ranges import measure
from nlp.training.trainee import shipped

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

_HEADS = 12
_TONES, _INTENTS = 3, len(Intent)
_GRID = [cut / 40 for cut in range(4, 37)]
#: A touchpoint gets a threshold of its own only where this many held-out texts speak of it.
_ENOUGH = 20


def write(network: Path, base: Path, sample: Sequence[Window], target: Path) -> Calibration:
    """Quantise ``network`` (a torch state file) into ``target``; uncalibrated settings.

    ``sample`` are texts to measure the scales of the int8 products on.
    """
    target.mkdir(parents=True, exist_ok=True)
    loaded = torch.load(network, weights_only=True, map_location="cpu")
    state = {name: value.float().numpy() for name, value in shipped(loaded).items()}
    packed.save(state, target / "model.safetensors")
    layers = packed.layer_count(state)
    scales = measure(restore(packed.load(target / "model.safetensors"), _HEADS), sample)
    model = graph.build(target / "model.safetensors", layers, _HEADS, scales)
    onnx.save(model, target / "model.onnx")
    onnx.save(graph.vectors(model), target / "vectors.onnx")
    shutil.copyfile(base / "tokenizer.json", target / "tokenizer.json")
    settings = Calibration(layers=layers, heads=_HEADS)
    settings.write(target / "model.json")
    return settings


def calibrate(held_out: Sequence[Example], settings: Calibration, model: Model) -> Calibration:
    """Fit probabilities and thresholds on labelled texts that were never trained on."""
    aimed = [row for row in held_out if row.pointed and calibrates(row)]
    towards = model.towards([(row.text, row.cuts) for row in aimed])
    wanted = np.stack([row.target for row in aimed if row.target is not None])
    temperature, bias = _fit(towards, wanted)
    settings = replace(settings, target_temperature=temperature, target_bias=bias)
    # Of longer texts only the first window is labelled.
    rows = [
        row for row in held_out if row.opinions is not None and row.window.count == len(row.cuts)
    ]
    texts, scores = model.read([row.text for row in rows])
    tones = np.stack([row.tone for row in rows if row.tone is not None])
    temperature, bias = _fit(scores.document[:, :_TONES], tones)
    settings = replace(settings, temperature=temperature, tone_bias=bias)
    settings = _opinions(rows, scores, settings)
    settings = replace(settings, intent_thresholds=_intents(rows, scores))
    return _mixed(rows, texts, scores, settings)


def _fit(logits: Floats, target: Floats) -> tuple[float, tuple[float, float, float]]:
    """Temperature and bias with the least cross-entropy."""
    shifts = [shift / 10 for shift in range(-8, 13)]
    tried = list(itertools.product([step / 20 for step in range(12, 44)], shifts, shifts))

    def loss(settings: tuple[float, float, float]) -> float:
        temperature, negative, positive = settings
        chances = softmax(logits / temperature + np.array([negative, 0, positive], np.float32))
        return -float((target * np.log(chances + 1e-9)).sum(1).mean())

    temperature, negative, positive = min(tried, key=loss)
    return temperature, (negative, 0.0, positive)


def _opinions(rows: Sequence[Example], scores: Scores, settings: Calibration) -> Calibration:
    """Platt scaling of a text's best segment, then the thresholds with the best micro-F1."""
    gold = np.stack([_said(row) for row in rows]) > 0
    own = np.stack([part[:, :OPINIONS].max(0) for part in scores.parts])
    around = np.stack([part[:, OPINIONS + _TONES :].max(0) for part in scores.parts])
    features = np.stack([own.ravel(), around.ravel()], 1)
    fit = LogisticRegression(C=1e6).fit(features, gold.reshape(-1))
    slope, text_slope = (round(float(value), 4) for value in fit.coef_[0])
    settings = replace(
        settings,
        opinion_slope=slope,
        opinion_text_slope=text_slope,
        opinion_shift=round(float(fit.intercept_[0]), 4),
    )
    chances = np.stack([_strongest(part, settings) for part in scores.parts])
    gold = gold.reshape(chances.shape)
    shared, _ = best_threshold(chances.ravel(), gold.ravel(), _GRID)
    thresholds = [_own(chances[:, t], gold[:, t], shared) for t in range(len(Touchpoint))]
    return replace(settings, opinion_thresholds=tuple(thresholds))


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
