"""The quality gate: floors that the shipped weights must hold on texts they never saw.

``eval/syn_dev.jsonl`` holds 138 invented texts of the project, labelled by the taxonomy.
"""

from pathlib import Path

import pytest

from nlp.analyser import Analyser
from nlp.training.compare import compare
from nlp.training.data import read_jsonl

FLOORS = {
    "tone_accuracy": 0.70,
    "kind_accuracy": 0.60,
    "pairs_f1": 0.32,
    "touchpoints_f1": 0.39,
    "evidence_overlap": 0.78,
}


@pytest.fixture(scope="module")
def figures(analyser: Analyser) -> dict[str, float]:
    return compare(read_jsonl(Path(__file__).parent / "eval" / "syn_dev.jsonl"), analyser)


@pytest.mark.parametrize("name", FLOORS)
def test_floor(figures: dict[str, float], name: str) -> None:
    assert figures[name] >= FLOORS[name]
