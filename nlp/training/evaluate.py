"""What the shipped weights can do, measured anew; what only training could show, as recorded.

    python -m nlp.training.evaluate --data DIR [--write]

``--write`` stores the live figures in ``evaluation.json`` and writes ``CARD.md`` from it.
"""

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nlp import calibration, decode
from nlp.analyser import WEIGHTS, Analyser, embedded_version, load
from nlp.backends import onnx_backend
from nlp.calibration import Calibration
from nlp.encode import load_tokenizer
from nlp.forward import Model
from nlp.labels import TONE_NAMES, Tone
from nlp.training import card, data, stability
from nlp.training.compare import analyse, figures, intervals
from nlp.training.config import Config
from nlp.training.data import TONE_CODES, Example, Floats, Row
from nlp.training.details import details
from nlp.training.metrics import Ints, calibration_error, interval, macro_f1, polar_f1

DEMO = Path(__file__).parents[2] / "demo" / "mentions.jsonl"
FILE = WEIGHTS / "evaluation.json"

Figures = dict[str, Any]

_SHOPS_AND_BANKS = ("otzovik_bank", "ozon", "ozon_long")
_BRAND_TWEETS = ("sentirueval2015_banks", "sentirueval2015_telecom")


def tone_figures(gold: Ints, chances: Floats) -> Figures:
    """Figures of three tones with bootstrap intervals."""
    guess = chances.argmax(1)
    return {
        "n": len(gold),
        "macro_f1": macro_f1(gold, guess),
        "macro_f1_interval": interval(lambda i: macro_f1(gold[i], guess[i]), len(gold)),
        "polar_f1": polar_f1(gold, guess),
        "polar_f1_interval": interval(lambda i: polar_f1(gold[i], guess[i]), len(gold)),
        "accuracy": float((gold == guess).mean()),
        "ece": calibration_error(chances, gold),
    }


def tones(held_out: Sequence[Example], model: Model, settings: Calibration) -> dict[str, Figures]:
    """Figures of the document tone by corpus and for the groups that the bars name.

    Rows whose label is no tone, or a soft one (three stars), have no right answer and are left
    out; so are the customers' texts, on which the calibration was fitted.
    """
    rows = [
        row
        for row in held_out
        if row.tone is not None and row.opinions is None and row.tone.max() > 0.5
    ]
    _, scores = model.read([row.text for row in rows])
    chances = decode.tone_probabilities(scores.document, settings)
    gold = np.array([row.tone.argmax() for row in rows if row.tone is not None])
    groups: dict[str, list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        groups[row.source].append(number)
        groups["all"].append(number)
        if row.source in _SHOPS_AND_BANKS:
            groups["banks and shops"].append(number)
        if row.source in _BRAND_TWEETS:
            groups["brand tweets"].append(number)
    return {name: tone_figures(gold[own], chances[own]) for name, own in sorted(groups.items())}


def targets(held_out: Sequence[Example], model: Model, settings: Calibration) -> dict[str, Figures]:
    """Figures of the tone towards a named target, by corpus, where nothing was fitted."""
    rows = [row for row in held_out if row.target is not None and not data.calibrates(row)]
    logits = model.towards([(row.text, row.cuts) for row in rows])
    chances = decode.target_probabilities(logits, settings)
    gold = np.array([row.target.argmax() for row in rows if row.target is not None])
    groups: dict[str, list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        source = row.source.removeprefix("targets_")
        groups["invented" if source.startswith("syn_") else source].append(number)
    return {name: tone_figures(gold[own], chances[own]) for name, own in sorted(groups.items())}


def yardstick(rows: Iterable[Row], model: Model, settings: Calibration) -> Figures:
    """Three tones on the official test of RuSentiTweet, without its ``speech`` and ``skip``."""
    toned = [row for row in rows if row["label"] in TONE_CODES]
    _, scores = model.read([row["text"] for row in toned])
    gold = np.array([TONE_CODES.index(row["label"]) for row in toned])
    return tone_figures(gold, decode.tone_probabilities(scores.document, settings))


def labelled(rows: Sequence[Row], analyser: Analyser) -> Figures:
    """All figures of a labelled set, with bootstrap intervals."""
    found = analyse(rows, analyser)
    return {**figures(rows, found), "intervals": intervals(rows, found)}


def taken_apart(rows: Sequence[Row], analyser: Analyser) -> Figures:
    """The figures of :func:`labelled` with all their parts."""
    return labelled(rows, analyser) | details(rows, analyse(rows, analyser))


def mistakes(rows: Sequence[Row], analyser: Analyser, most: int = 12) -> list[Figures]:
    """The surest wrong tones among texts of our own, which may be shown."""
    found = [
        (max(result.tone_scores), row, result.tone)
        for row, result in zip(rows, analyse(rows, analyser), strict=True)
        if Tone.MIXED not in (row["tone"], result.tone) and row["tone"] != result.tone
    ]
    found.sort(key=lambda each: (-each[0], each[1]["text"]))
    return [
        {
            "text": row["text"][:160],
            "gold": TONE_NAMES[Tone(row["tone"])],
            "found": TONE_NAMES[tone],
        }
        for _, row, tone in found[:most]
    ]


def live(folder: Path) -> Figures:
    """Everything that the shipped weights can show on the data of ``folder``."""
    tokenizer, analyser = load_tokenizer(WEIGHTS / "tokenizer.json"), load()
    settings = calibration.read(WEIGHTS / "model.json")
    model = Model(tokenizer, onnx_backend(WEIGHTS, None))
    split = data.load(folder, tokenizer, Config())
    dev = data.read_jsonl(folder / "touchpoints_dev.jsonl")
    demo = data.read_jsonl(DEMO)
    loose = data.read_csv(folder / "unlabelled.csv.gz")
    tweets = data.read_csv(folder / "rusentitweet_test.csv")
    return {
        "tone": tones(split.dev, model, settings),
        "targets": targets(split.dev, model, settings),
        "rusentitweet_test": yardstick(tweets, model, settings),
        "touchpoints_dev": taken_apart(dev, analyser),
        "demo": taken_apart(demo, analyser),
        "agreement": card.AGREEMENT,
        "stability": stability.measure([row["text"] for row in dev], analyser),
        "mistakes": mistakes(demo, analyser),
        "train_rows": {source: len(rows) for source, rows in sorted(split.train.items())}
        | Counter(f"unlabelled_{row['source']}" for row in loose),
    }


def read() -> Figures:
    """The content of ``evaluation.json``: ``live`` and ``recorded``, each with its ``version``."""
    content: Figures = json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    return content


def recorded() -> Figures:
    """What was recorded of the present weights."""
    figures: Figures = read().get("recorded", {})
    return figures if figures.get("version") == embedded_version() else {}


def write(part: str, found: Mapping[str, Any]) -> None:
    """Store figures as ``live`` or ``recorded`` of the present weights and render the card.

    The other part is dropped if it was measured on other weights.
    """
    version = embedded_version()
    kept = {
        name: figures
        for name, figures in read().items()
        if name in ("live", "recorded") and figures.get("version") == version
    }
    content = {**kept, part: {"version": version, **found}}
    rounded = json.loads(json.dumps(content), parse_float=lambda text: round(float(text), 4))
    text = json.dumps(rounded, indent=1, ensure_ascii=False)
    FILE.write_text(text + "\n", encoding="utf-8")
    if "live" in rounded:
        FILE.with_name("CARD.md").write_text(card.render(rounded), encoding="utf-8")


def main() -> None:
    """Print the live figures and the recorded ones, each marked as what it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with the corpora")
    parser.add_argument("--write", action="store_true", help="store what was measured")
    asked = parser.parse_args()
    found = live(asked.data)
    if asked.write:
        write("live", found)
    print(card.tables({**read(), "live": found}))


if __name__ == "__main__":
    main()
