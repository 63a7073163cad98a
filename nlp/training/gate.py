"""Measure the shipped weights and add them to the history of floors.

    python -m nlp.training.gate [--reason TEXT]

Without a reason nothing is recorded if a figure falls below its floor, if a figure is no longer
measured or if an evaluation set has changed.
"""

import argparse
import hashlib
from collections.abc import Mapping
from pathlib import Path

from nlp.analyser import Analyser, load
from nlp.training import challenge, floors, stability
from nlp.training.compare import compare
from nlp.training.data import read_jsonl
from nlp.training.floors import Entry, Measured

_FOLDER = Path(__file__).parents[2] / "tests" / "eval"
FLOORS = _FOLDER / "floors.json"
#: Labelled by the taxonomy, and by hand for the challenge; no text of theirs is trained on.
LABELLED, CHALLENGE = _FOLDER / "syn_dev.jsonl", _FOLDER / "challenge.jsonl"

_PINNED = (
    "tone_accuracy",
    "tone_macro_f1",
    "kind_accuracy",
    "intents_f1",
    "pairs_f1",
    "touchpoints_f1",
    "evidence_overlap",
)


def evaluations() -> dict[str, str]:
    """SHA-256 digests of the evaluation sets by name."""
    return {
        path.stem: hashlib.sha256(path.read_bytes()).hexdigest() for path in (LABELLED, CHALLENGE)
    }


def measure(analyser: Analyser) -> dict[str, Measured]:
    """Every pinned figure of ``analyser``, named «set/figure», rounded to four digits."""
    labelled, hard = read_jsonl(LABELLED), read_jsonl(CHALLENGE)
    plain = compare(labelled, analyser)
    found = {f"syn_dev/{name}": (plain[name], len(labelled)) for name in _PINNED}
    for group, right in challenge.tones(hard, analyser).items():
        found[f"challenge/{group}"] = sum(right) / len(right), len(right)
    judged = [row for row in hard if "opinions" in row]
    found["challenge/opinions_f1"] = challenge.opinions_f1(judged, analyser), len(judged)
    texts = [row["text"] for row in labelled + hard]
    for edit, share in stability.measure(texts, analyser).items():
        edited = len(list(stability.pairs(texts, stability.EDITS[edit])))
        found[f"stability/{edit}"] = 1 - share, edited
    return {name: Measured(round(value, 4), texts) for name, (value, texts) in found.items()}


def record(path: Path, version: str, figures: Mapping[str, Measured], reason: str | None) -> Entry:
    """Add an entry for the weights ``version`` to the history at ``path`` and return it.

    Weights that are its last entry already, on the same sets, are not added again. Raises
    ReasonNeeded, and ValueError where the history is broken.
    """
    history = floors.read(path)
    if broken := floors.problems(history):
        raise ValueError("; ".join(broken))
    last = history[-1] if history else None
    sets = evaluations()
    if last and (last.weights, last.evaluations) == (version, sets):
        return last
    entry = floors.follow(last, version, sets, figures, reason)
    floors.write(path, [*history, entry])
    return entry


def main() -> None:
    """Print every figure and record it."""
    parser = argparse.ArgumentParser(prog="python -m nlp.training.gate", description=__doc__)
    parser.add_argument("--reason", help="why something is worse than before, for the record")
    asked = parser.parse_args()
    analyser = load()
    figures = measure(analyser)
    print(analyser.version)
    for name, figure in figures.items():
        print(f"{name:42} {figure.value:.4f}  ({figure.texts} texts)")
    try:
        record(FLOORS, analyser.version, figures, asked.reason)
    except floors.ReasonNeeded as refusal:
        parser.error("not recorded; give a --reason for:\n  " + "\n  ".join(refusal.losses))


if __name__ == "__main__":
    main()
