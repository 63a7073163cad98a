"""The model's answers against gold labels; needs no training extra."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from nlp.agreement import pair_f1
from nlp.analyser import Analyser
from nlp.analysis import Analysis, Opinion
from nlp.labels import Tone
from nlp.training.data import TONE_CODES, Row
from nlp.training.metrics import macro_f1

Figures = dict[str, float]
#: Figures with the ends of their bootstrap intervals (95 %).
Intervals = dict[str, tuple[float, float]]


def analyse(rows: Sequence[Row], analyser: Analyser) -> list[Analysis]:
    """The answers for labelled rows; a Failure among them is an error of the evaluation."""
    results = list(analyser.analyse(row["text"] for row in rows))
    failed = [result for result in results if not isinstance(result, Analysis)]
    if failed:
        raise RuntimeError(f"{len(failed)} texts failed, the first: {failed[0]}")
    return [result for result in results if isinstance(result, Analysis)]


def compare(rows: Sequence[Row], analyser: Analyser) -> Figures:
    """Figures against gold ``tone, kind, intents, touchpoints`` (see TAXONOMY.md).

    Tone leaves gold «mixed» out, and counts a predicted «mixed» by its likelier pole.
    """
    return figures(rows, analyse(rows, analyser))


def intervals(rows: Sequence[Row], found: Sequence[Analysis]) -> Intervals:
    """The ends of the bootstrap interval of each figure but ``n``."""
    drawn = [
        figures([rows[i] for i in sample], [found[i] for i in sample])
        for sample in np.random.default_rng(0).integers(0, len(rows), (200, len(rows)))
    ]
    ends = {
        name: np.percentile([each[name] for each in drawn], [2.5, 97.5])
        for name in drawn[0]
        if name != "n"
    }
    return {name: (float(low), float(high)) for name, (low, high) in ends.items()}


def figures(rows: Sequence[Row], found: Sequence[Analysis]) -> Figures:
    """As :func:`compare`, for answers that are there already."""
    plain = [n for n, row in enumerate(rows) if row["tone"] != Tone.MIXED]
    gold = np.array([TONE_CODES.index(rows[n]["tone"]) for n in plain])
    guess = np.array([_pole(found[n]) for n in plain])
    said = [gold_pairs(row) for row in rows]
    seen = [{(str(o.touchpoint), str(o.tone)) for o in result.opinions} for result in found]
    kinds = [row["kind"] == result.kind for row, result in zip(rows, found, strict=True)]
    exact = [row["tone"] == result.tone for row, result in zip(rows, found, strict=True)]
    mixed = [{row["tone"]} & {"mixed"} for row in rows]
    return {
        "n": len(rows),
        "tone_accuracy": float((gold == guess).mean()),
        "tone_macro_f1": macro_f1(gold, guess),
        "tone_exact": float(np.mean(exact)),
        "mixed_f1": pair_f1(mixed, [{str(result.tone)} & {"mixed"} for result in found]),
        "kind_accuracy": float(np.mean(kinds)),
        "intents_f1": pair_f1(
            [set(row["intents"]) for row in rows], [set(map(str, r.intents)) for r in found]
        ),
        "pairs_f1": pair_f1(said, seen),
        "touchpoints_f1": pair_f1(
            *([{code for code, _ in p} for p in side] for side in (said, seen))
        ),
        "evidence_overlap": _overlap(rows, found),
    }


def gold_pairs(row: Row) -> set[tuple[str, str]]:
    """(touchpoint, tone) pairs of a labelled text."""
    return {(code, tone) for code, tone, _ in row["touchpoints"]}


def _pole(result: Analysis) -> int:
    scores = np.array(result.tone_scores)
    if result.tone == Tone.MIXED:
        scores[1] = -1
    return int(scores.argmax())


def _overlap(rows: Sequence[Row], found: Sequence[Analysis]) -> float:
    """Share of rightly found pairs whose evidence overlaps the gold quote."""
    hits = []
    for row, result in zip(rows, found, strict=True):
        quotes: dict[tuple[str, str], list[str]] = defaultdict(list)
        for code, tone, quote in row["touchpoints"]:
            quotes[code, tone].append(quote)
        hits += [
            any(_touches(opinion, row["text"], quote) for quote in said)
            for opinion in result.opinions
            if (said := quotes.get((opinion.touchpoint, opinion.tone)))
        ]
    return float(np.mean(hits)) if hits else 0.0


def _touches(opinion: Opinion, text: str, quote: str) -> bool:
    start = text.find(quote)
    return start >= 0 and opinion.start < start + len(quote) and start < opinion.end
