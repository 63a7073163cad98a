"""Figures of merit over plain arrays."""

from collections.abc import Iterable, Sequence, Set
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


def f1(hit: float, wrong: float, missed: float) -> float:
    """F1 from counts; 0 where nothing was there and nothing was found."""
    return 2 * hit / (2 * hit + wrong + missed) if hit else 0.0


def macro_f1(gold: Ints, guess: Ints) -> float:
    """Mean F1 of the classes that occur in ``gold`` or ``guess``."""
    classes = np.union1d(gold, guess)
    return float(np.mean([_class_f1(gold == c, guess == c) for c in classes]))


def _class_f1(gold: NDArray[np.bool_], guess: NDArray[np.bool_]) -> float:
    return f1(
        float((gold & guess).sum()), float((~gold & guess).sum()), float((gold & ~guess).sum())
    )


def pair_f1(gold: Iterable[Set[Any]], guess: Iterable[Set[Any]]) -> float:
    """Micro-F1 of sets, for example of (touchpoint, tone) pairs per text."""
    hit = wrong = missed = 0
    for said, found in zip(gold, guess, strict=True):
        hit += len(said & found)
        wrong += len(found - said)
        missed += len(said - found)
    return f1(hit, wrong, missed)


def best_threshold(
    scores: Floats, gold: NDArray[np.bool_], grid: Sequence[float]
) -> tuple[float, float]:
    """(threshold, F1) of the best cut of ``scores`` against ``gold``, both flat."""
    tried = [(_class_f1(gold, scores >= cut), cut) for cut in grid]
    best, cut = max(tried)
    return cut, best


def calibration_error(probabilities: Floats, gold: Ints, bins: int = 15) -> float:
    """Expected calibration error of the most probable class."""
    confidence = probabilities.max(1)
    correct = probabilities.argmax(1) == gold
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        abs(correct[which == b].mean() - confidence[which == b].mean()) * (which == b).mean()
        for b in np.unique(which)
    ]
    return float(sum(gaps))
