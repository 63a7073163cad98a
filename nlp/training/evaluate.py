"""What the shipped weights can do, measured; writes ``CARD.md`` and ``evaluation.json``."""

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from nlp import calibration, decode
from nlp.analyser import WEIGHTS, embedded_version, load
from nlp.backends import onnx_backend, torch_backend
from nlp.encode import load_tokenizer
from nlp.forward import Model
from nlp.training import card
from nlp.training.compare import Figures, compare
from nlp.training.data import Example, Row, Split
from nlp.training.metrics import calibration_error, macro_f1


def tone_by_source(held_out: Sequence[Example], model: Model, settings: Any) -> dict[str, Figures]:
    """3-class macro-F1 of the document tone, by corpus, and over all («all»)."""
    _, scores = model.read([example.text for example in held_out])
    chances = decode.tone_probabilities(scores.document, settings)
    gold = np.array([example.tone.argmax() for example in held_out])
    groups: dict[str, list[int]] = defaultdict(list)
    for number, example in enumerate(held_out):
        if not example.mixed:  # «mixed» has no right answer among three
            labelled = example.opinions is not None
            groups["touchpoints" if labelled else example.source].append(number)
            groups["all"].append(number)
    return {
        source: {
            "n": len(rows),
            "macro_f1": macro_f1(gold[rows], chances[rows].argmax(1)),
            "accuracy": float((gold[rows] == chances[rows].argmax(1)).mean()),
            "ece": calibration_error(chances[rows], gold[rows]),
        }
        for source, rows in sorted(groups.items())
    }


def evaluate(
    split: Split, dev: Sequence[Row], network: Path, demo: Sequence[Row] = ()
) -> dict[str, Any]:
    """All figures of the shipped weights, and of ``network`` in float32 beside them."""
    settings = calibration.read(WEIGHTS / "model.json")
    tokenizer = load_tokenizer(WEIGHTS / "tokenizer.json")
    state = torch.load(network, weights_only=True, map_location="cpu")
    whole = {name: value.float().numpy() for name, value in state.items()}
    analyser = load()
    figures: dict[str, Any] = {
        "version": embedded_version(),
        "held_out": tone_by_source(
            split.dev, Model(tokenizer, onnx_backend(WEIGHTS, None)), settings
        ),
        "held_out_float32": tone_by_source(
            split.dev, Model(tokenizer, torch_backend(whole, settings, None)), settings
        ),
        "touchpoints_dev": compare(dev, analyser),
        "train_rows": {source: len(rows) for source, rows in sorted(split.train.items())},
    }
    if demo:
        figures["demo"] = compare(demo, analyser)
    rounded = json.loads(json.dumps(figures), parse_float=lambda text: round(float(text), 4))
    text = json.dumps(rounded, indent=1, ensure_ascii=False)
    (WEIGHTS / "evaluation.json").write_text(text + "\n", encoding="utf-8")
    (WEIGHTS / "CARD.md").write_text(card.render(rounded), encoding="utf-8")
    return dict(rounded)
