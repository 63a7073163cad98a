"""The history of measured weights and the floors that follow from it.

Every entry's floors are computed from its figures and from the entry before it, and every entry
holds the digest of that entry. So a floor falls, a figure disappears or an evaluation set changes
only beside a written reason, and an entry that is past cannot be edited unnoticed.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

#: Texts by which a figure may fall short: another processor rounds otherwise.
_TOLERATED = 2


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure, 0…1 and the more the better, and the number of texts behind it."""

    value: float
    texts: int

    @property
    def slack(self) -> float:
        """How far the figure may differ on another processor."""
        return _TOLERATED / self.texts


@dataclass(frozen=True, slots=True)
class Entry:
    """One version of the weights, measured.

    ``evaluations`` are SHA-256 digests of the evaluation sets; ``floors`` belong to ``figures``
    by name; ``reason`` says why something got worse, ``before`` is the last entry's digest.
    """

    weights: str
    evaluations: Mapping[str, str]
    figures: Mapping[str, Measured]
    floors: Mapping[str, float]
    reason: str | None
    before: str | None

    def digest(self) -> str:
        """SHA-256 of everything in the entry."""
        content = json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(content.encode()).hexdigest()


class ReasonNeeded(Exception):
    """An entry that is worse than the one before it, without a reason; ``losses`` say in what."""

    def __init__(self, losses: Sequence[str]) -> None:
        super().__init__("; ".join(losses))
        self.losses = losses


def read(path: Path) -> list[Entry]:
    """The entries of ``path``, oldest first; none where there is no file yet."""
    rows = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    return [
        Entry(
            **{**row, "figures": {name: Measured(**each) for name, each in row["figures"].items()}}
        )
        for row in rows
    ]


def write(path: Path, history: Sequence[Entry]) -> None:
    """Save ``history`` as JSON."""
    text = json.dumps([asdict(entry) for entry in history], indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def follow(
    last: Entry | None,
    weights: str,
    evaluations: Mapping[str, str],
    figures: Mapping[str, Measured],
    reason: str | None,
) -> Entry:
    """The entry after ``last``; raises ReasonNeeded if it loses something and has no reason."""
    floors = {name: _floor(last, name, figure) for name, figure in figures.items()}
    before = last.digest() if last else None
    entry = Entry(weights, evaluations, figures, floors, reason, before)
    if last and not reason and (lost := losses(last, entry)):
        raise ReasonNeeded(lost)
    return entry


def _floor(last: Entry | None, name: str, figure: Measured) -> float:
    """Just below the figure, and not below the last floor while the figure holds that."""
    own = max(0.0, round(figure.value - figure.slack, 4))
    former = last.floors.get(name, 0.0) if last else 0.0
    return own if figure.value < former else max(own, former)


def losses(last: Entry, entry: Entry) -> list[str]:
    """What of ``entry`` needs a reason, compared with the entry before it."""
    changed = [
        f"evaluation set {name} changed or gone"
        for name, digest in last.evaluations.items()
        if entry.evaluations.get(name) != digest
    ]
    gone = [f"{name} is measured no more" for name in last.floors if name not in entry.floors]
    fallen = [
        f"{name} fell to {entry.figures[name].value}, its floor was {floor}"
        for name, floor in last.floors.items()
        if name in entry.figures and entry.figures[name].value < floor
    ]
    return changed + gone + fallen


def problems(history: Sequence[Entry]) -> list[str]:
    """What is wrong with ``history``: edited entries, floors set by hand, missing reasons."""
    found: list[str] = []
    for last, entry in pairwise([None, *history]):
        assert entry  # only the first of a pair can be None
        try:
            right = follow(last, entry.weights, entry.evaluations, entry.figures, entry.reason)
        except ReasonNeeded as refusal:
            found.append(f"{entry.weights}: no reason given, yet {refusal}")
            continue
        if entry.before != right.before:
            found.append(f"{entry.weights}: the entry before it was edited")
        if entry.floors != right.floors:
            found.append(f"{entry.weights}: its floors do not follow from its figures")
    return found
