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
    softmax,
    tone_probabilities,
)
from nlp.encode import Encoded, load_tokenizer
from nlp.forward import Model
from nlp.labels import Intent, Tone, Touchpoint
from nlp.training import graph
from nlp.training.data import Example
from nlp.training.metrics import best_threshold, pair_f1

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

_HEADS = 12
_TONES, _INTENTS = 3, len(Intent)
_OPINIONS = SEGMENT - _TONES
_GRID = [cut / 40 for cut in range(4, 37)]
#: A touchpoint gets a threshold of its own only where this many held-out texts speak of it.
_ENOUGH = 20


def write(network: Path, base: Path, target: Path = WEIGHTS) -> Calibration:
    """Quantise ``network`` (a torch state file) into ``target``; uncalibrated settings."""
    target.mkdir(parents=True, exist_ok=True)
    loaded = torch.load(network, weights_only=True, map_location="cpu")
    state = {name: value.float().numpy() for name, value in loaded.items()}
    packed.save(state, target / "model.safetensors")
    layers = packed.layer_count(state)
    onnx.save(graph.build(target / "model.safetensors", layers, _HEADS), target / "model.onnx")
    shutil.copyfile(base / "tokenizer.json", target / "tokenizer.json")
    settings = Calibration(layers=layers, heads=_HEADS)
    settings.write(target / "model.json")
    return settings


def calibrate(held_out: Sequence[Example], settings: Calibration, target: Path = WEIGHTS) -> None:
    """Fit temperature, opinion probabilities and thresholds on texts never trained on."""
    model = Model(load_tokenizer(target / "tokenizer.json"), onnx_backend(target, None))
    encoded, scores = model.read([example.text for example in held_out])
    settings = replace(settings, temperature=_temperature(held_out, scores))
    known = [number for number, example in enumerate(held_out) if example.opinions is not None]
    labelled = [held_out[number] for number in known]
    told = Scores(scores.document[known], [scores.parts[number] for number in known])
    settings = _opinions(labelled, told, settings)
    settings = replace(settings, intent_thresholds=_intents(labelled, told))
    settings = _mixed(labelled, [encoded[number] for number in known], told, settings)
    settings.write(target / "model.json")


def _temperature(rows: Sequence[Example], scores: Scores) -> float:
    target = np.stack([row.tone for row in rows])
    logits = scores.document[:, :_TONES]
    grid = np.arange(0.6, 3.0, 0.05)
    losses = [-(target * np.log(softmax(logits / t) + 1e-9)).sum(1).mean() for t in grid]
    return round(float(grid[int(np.argmin(losses))]), 2)


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
    gold = [set("m" * bool(row.tone[0] == row.tone[2])) for row in rows]
    tones = tone_probabilities(scores, settings)

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
