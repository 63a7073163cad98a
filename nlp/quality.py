"""How good the shipped weights are, as measured: read from ``weights/evaluation.json``."""

import json
from collections.abc import Mapping
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
class Hits:
    """``hit`` right answers of ``n``."""

    n: int
    hit: int


@dataclass(frozen=True, slots=True)
class Tally:
    """One label: ``gold`` texts have it, in ``found`` it was found, in ``hit`` of them rightly."""

    gold: int
    found: int
    hit: int
    f1: Figure


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers with a probability of the tone from ``low`` to ``high``; ``certainty`` on average."""

    low: float
    high: float
    n: int
    hit: int
    certainty: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured on ``texts`` labelled texts that the model was not trained on.

    ``tone`` (of four) and ``kind`` are shares of right answers, ``opinions`` the micro-F1 of
    (touchpoint, tone) pairs, ``evidence`` the share of right pairs whose quote touches the
    annotator's. ``tones`` and ``touchpoints`` take the tone and the pairs apart by label,
    ``confusion`` counts texts by their tone and the one that was found, ``sources`` counts right
    tones by source, ``reliability`` by the model's own certainty.
    """

    texts: int
    tone: Figure
    kind: Figure
    opinions: Figure
    evidence: Figure
    tones: Mapping[str, Tally]
    confusion: Mapping[str, Mapping[str, int]]
    touchpoints: Mapping[str, Tally]
    sources: Mapping[str, Hits]
    reliability: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class Quality:
    """The figures of one version: on texts of ``customers`` and on the ``demo`` stream.

    ``corpora`` are public sets of three tones, by name. ``agreement`` is how far two annotators
    agreed on ``n`` texts, by figure: more no model can reach.
    """

    version: str
    customers: Measured
    demo: Measured
    corpora: Mapping[str, Hits]
    agreement: Mapping[str, float]


@cache
def read(file: Path = FILE) -> Quality:
    """The figures of the embedded model."""
    live: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))["live"]
    corpora = {
        name: Hits(row["n"], round(row["accuracy"] * row["n"]))
        for name, row in live["tone"].items()
        # The others are sums of some of these.
        if name not in {"all", "banks and shops", "brand tweets"}
    }
    return Quality(
        version=live["version"],
        customers=_measured(live["touchpoints_dev"]),
        demo=_measured(live["demo"]),
        corpora=corpora,
        agreement=live["agreement"],
    )


def _measured(told: Mapping[str, Any]) -> Measured:
    def figure(name: str) -> Figure:
        return Figure(told[name], *told["intervals"][name])

    return Measured(
        texts=told["n"],
        tone=figure("tone_exact"),
        kind=figure("kind_accuracy"),
        opinions=figure("pairs_f1"),
        evidence=figure("evidence_overlap"),
        tones={tone: _tally(row) for tone, row in told["tone_f1"].items()},
        confusion=told["tones"],
        touchpoints={code: _tally(row) for code, row in told["touchpoints"].items()},
        sources={name: Hits(row["n"], row["hit"]) for name, row in told["sources"].items()},
        reliability=tuple(Bin(**row) for row in told["reliability"]),
    )


def _tally(row: Mapping[str, Any]) -> Tally:
    return Tally(row["gold"], row["found"], row["hit"], Figure(row["f1"], *row["interval"]))
