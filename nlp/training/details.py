"""The answers for a labelled set taken apart: by tone, by touchpoint, by source, by certainty."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from nlp.agreement import f1
from nlp.analysis import Analysis
from nlp.labels import Tone
from nlp.training.compare import gold_pairs
from nlp.training.data import Row
from nlp.training.metrics import Ints, interval

Figures = dict[str, Any]
_Pairs = set[tuple[str, str]]

#: Ends of the bins of certainty: the likeliest of three tones has at least a third.
BINS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)


def details(rows: Sequence[Row], found: Sequence[Analysis]) -> Figures:
    """What :func:`nlp.training.compare.figures` sums up, in its parts.

    ``tones`` counts texts by gold tone and by found tone (of four); ``tone_f1`` and
    ``touchpoints`` (pairs of touchpoint and tone) are F1 with the ends of their bootstrap
    interval, ``sources`` and ``reliability`` counts of texts whose tone is exactly right, the
    latter by the probability of the likeliest tone.
    """
    gold = [str(row["tone"]) for row in rows]
    guess = [str(result.tone) for result in found]
    said = [gold_pairs(row) for row in rows]
    seen = [{(str(o.touchpoint), str(o.tone)) for o in result.opinions} for result in found]
    return {
        "tones": {
            tone: {
                other: sum(a == tone and b == other for a, b in zip(gold, guess, strict=True))
                for other in Tone
            }
            for tone in Tone
        },
        "tone_f1": {
            tone: _f1([{tone} & {a} for a in gold], [{tone} & {b} for b in guess]) for tone in Tone
        },
        "touchpoints": {
            code: _f1(*([_about(code, pairs) for pairs in side] for side in (said, seen)))
            for code in sorted({code for pairs in (*said, *seen) for code, _ in pairs})
        },
        "sources": _by(lambda n: str(rows[n]["source"]), gold, guess),
        "reliability": _reliability(gold, guess, found),
    }


def _about(code: str, pairs: _Pairs) -> _Pairs:
    return {pair for pair in pairs if pair[0] == code}


def _f1(gold: Sequence[set[Any]], guess: Sequence[set[Any]]) -> Figures:
    """Counts over all texts, their F1 and its interval."""
    counts = np.array(
        [(len(a & b), len(a), len(b)) for a, b in zip(gold, guess, strict=True)], np.int64
    )

    def value(sample: Ints) -> float:
        hit, wanted, given = counts[sample].sum(0)
        return f1(float(hit), float(given - hit), float(wanted - hit))

    hit, wanted, given = (int(n) for n in counts.sum(0))
    return {
        "gold": wanted,
        "found": given,
        "hit": hit,
        "f1": value(np.arange(len(counts))),
        "interval": interval(value, len(counts)),
    }


def _by(
    key: Callable[[int], str], gold: Sequence[str], guess: Sequence[str]
) -> Mapping[str, Mapping[str, int]]:
    counts: dict[str, dict[str, int]] = defaultdict(lambda: {"n": 0, "hit": 0})
    for number, (right, answer) in enumerate(zip(gold, guess, strict=True)):
        own = counts[key(number)]
        own["n"] += 1
        own["hit"] += right == answer
    return dict(sorted(counts.items()))


def _reliability(
    gold: Sequence[str], guess: Sequence[str], found: Sequence[Analysis]
) -> list[Figures]:
    """How often the tone was right where the model was so sure; ``certainty`` is the mean."""
    sure = np.array([max(result.tone_scores) for result in found])
    right = np.array([a == b for a, b in zip(gold, guess, strict=True)])
    which = np.searchsorted(BINS[1:-1], sure, side="right")
    return [
        {
            "low": low,
            "high": high,
            "n": int((which == place).sum()),
            "hit": int(right[which == place].sum()),
            "certainty": float(sure[which == place].mean()),
        }
        for place, (low, high) in enumerate(pairwise(BINS))
        if (which == place).any()
    ]
