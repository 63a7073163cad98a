"""How far two sets of answers agree."""

from collections.abc import Iterable, Set
from typing import Any


def f1(hit: float, wrong: float, missed: float) -> float:
    """F1 from counts; 0 where nothing was there and nothing was found."""
    return 2 * hit / (2 * hit + wrong + missed) if hit else 0.0


def pair_f1(gold: Iterable[Set[Any]], guess: Iterable[Set[Any]]) -> float:
    """Micro-F1 of sets, for example of (touchpoint, tone) pairs per text."""
    hit = wrong = missed = 0
    for said, found in zip(gold, guess, strict=True):
        hit += len(said & found)
        wrong += len(found - said)
        missed += len(said - found)
    return f1(hit, wrong, missed)
