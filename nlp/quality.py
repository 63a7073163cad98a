"""How good the shipped weights are, as measured: read from ``weights/evaluation.json``."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "weights" / "evaluation.json"


@dataclass(frozen=True, slots=True)
class Figure:
    """A share or an F1, 0…1, with the ends of its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Quality:
    """What was measured on ``texts`` labelled customer texts that the model was not trained on.

    ``tone`` (of four) and ``kind`` are shares of right answers, ``opinions`` the micro-F1 of
    (touchpoint, tone) pairs, ``evidence`` the share of right pairs whose quote touches the
    annotator's.
    """

    version: str
    texts: int
    tone: Figure
    kind: Figure
    opinions: Figure
    evidence: Figure


@cache
def read(file: Path = FILE) -> Quality:
    """The figures of the embedded model."""
    live: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))["live"]
    measured = live["touchpoints_dev"]

    def figure(name: str) -> Figure:
        return Figure(measured[name], *measured["intervals"][name])

    return Quality(
        live["version"],
        measured["n"],
        figure("tone_exact"),
        figure("kind_accuracy"),
        figure("pairs_f1"),
        figure("evidence_overlap"),
    )
