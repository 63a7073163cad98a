"""The hand-written challenge: negation, irony, «но»-turns and other hard texts, by group."""

from collections import defaultdict
from collections.abc import Sequence

from nlp.agreement import pair_f1
from nlp.analyser import Analyser
from nlp.training.compare import analyse
from nlp.training.data import Row


def tones(rows: Sequence[Row], analyser: Analyser) -> dict[str, list[bool]]:
    """By group of ``rows``, whether each text got its tone, one of all four, in order."""
    right: dict[str, list[bool]] = defaultdict(list)
    for row, answer in zip(rows, analyse(rows, analyser), strict=True):
        right[row["group"]].append(answer.tone == row["tone"])
    return dict(right)


def opinions_f1(rows: Sequence[Row], analyser: Analyser) -> float:
    """Micro-F1 of (touchpoint, tone) pairs on ``rows``, which all have ``opinions``."""
    found = [
        {(str(opinion.touchpoint), str(opinion.tone)) for opinion in answer.opinions}
        for answer in analyse(rows, analyser)
    ]
    return pair_f1([set(map(tuple, row["opinions"])) for row in rows], found)
