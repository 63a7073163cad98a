"""Figures of merit over plain arrays."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from nlp.agreement import f1

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


def macro_f1(gold: Ints, guess: Ints) -> float:
    """Mean F1 of the classes that occur in ``gold`` or ``guess``."""
    classes = np.union1d(gold, guess)
    return float(np.mean([_class_f1(gold == c, guess == c) for c in classes]))


def _class_f1(gold: NDArray[np.bool_], guess: NDArray[np.bool_]) -> float:
    return f1(
        float((gold & guess).sum()), float((~gold & guess).sum()), float((gold & ~guess).sum())
    )


def polar_f1(gold: Ints, guess: Ints) -> float:
    """Mean F1 of negative (0) and positive (2) among three tones."""
    return (_class_f1(gold == 0, guess == 0) + _class_f1(gold == 2, guess == 2)) / 2


def interval(figure: Callable[[Ints], float], rows: int, draws: int = 400) -> tuple[float, float]:
    """The middle 95 % of ``figure`` over bootstrap samples of row numbers (seeded)."""
    chance = np.random.default_rng(0)
    drawn = [figure(chance.integers(0, rows, rows)) for _ in range(draws)]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(low), float(high)


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
