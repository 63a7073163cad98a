"""Which sentences say the same: themes found among them, and the theme of a new one.

Pure and deterministic. Sentences are compared by the mean of two cosines: of the encoder's vectors,
less what all opinions of the tone about the touchpoint have in common, and of the stems of their
words, weighed by rarity. The encoder was taught touchpoints and tones, so it alone hardly tells
what is said inside one; words alone do not know that «украли деньги» is a double charge.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log, sqrt

import numpy as np
from numpy.typing import NDArray

from nlp.theme_words import Word, stems

Floats = NDArray[np.float32]

#: Two groups of sentences are joined while they are less than this apart on average (1 − cosine).
_FAR = 0.9
#: A sentence as close as this to a theme belongs to it.
REACH = 0.4
#: Themes found at once.
MOST = 12
#: So few sentences make no theme.
_LEAST = 4
#: A stem that fewer sentences of the ground have is a chance.
_KNOWN = 2


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence: its unit vector and its words."""

    vector: Floats
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Ground:
    """What sentences of one tone about one touchpoint have in common: sums over ``n`` of them.

    ``total`` is the sum of their vectors, ``words`` tells how many have a stem.
    """

    n: int
    total: NDArray[np.float64]
    words: Mapping[str, int]

    def plus(self, sentences: Sequence[Said]) -> "Ground":
        """The same with more sentences."""
        words = Counter(self.words)
        for sentence in sentences:
            words.update(stems(sentence.words))
        added = np.sum([sentence.vector for sentence in sentences], axis=0, dtype=np.float64)
        return Ground(self.n + len(sentences), self.total + added, words)

    def without_chance(self, limit: int) -> "Ground":
        """The same without stems of a single sentence, where there are more than ``limit``."""
        if len(self.words) <= limit:
            return self
        kept = {stem: n for stem, n in self.words.items() if n >= _KNOWN}
        return Ground(self.n, self.total, kept)

    @property
    def mean(self) -> Floats:
        """What is taken off every vector."""
        return (self.total / max(self.n, 1)).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Centre:
    """What a theme is about: the mean of its vectors, and the share of sentences with a stem."""

    vector: Floats
    words: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Found:
    """A theme found among sentences: their numbers, and how close each is to the centre."""

    centre: Centre
    members: tuple[int, ...]
    closeness: tuple[float, ...]


class Rarity:
    """How rare stems are in all that is said, whatever it is about."""

    def __init__(self, grounds: Iterable[Ground]) -> None:
        self._n = 0
        self._words = Counter[str]()
        for ground in grounds:
            self._n += ground.n
            self._words.update(ground.words)

    def of(self, stem: str) -> float:
        """The logarithm of how many sentences there are for each that has it."""
        return log(self._n / self._words[stem])


class Space:
    """Where sentences of one ground lie."""

    def __init__(self, ground: Ground, rarity: Rarity) -> None:
        self._mean = ground.mean
        self._words = ground.words
        self._rarity = rarity

    def nearest(
        self, sentences: Sequence[Said], themes: Sequence[Centre]
    ) -> tuple[NDArray[np.int64], Floats]:
        """The nearest theme of each sentence, and how close it is (−1…1)."""
        if not sentences or not themes:
            return np.zeros(len(sentences), np.int64), np.full(len(sentences), -1, np.float32)
        vectors = self._offset(np.stack([one.vector for one in sentences]))
        centres = self._offset(np.stack([theme.vector for theme in themes]))
        rows = [dict.fromkeys(stems(one.words), 1.0) for one in sentences]
        words, own = self._weighed([*rows, *(theme.words for theme in themes)], len(rows))
        close = (vectors @ centres.T + words @ own.T) / 2
        best = close.argmax(1)
        return best, close[np.arange(len(close)), best]

    def find(self, sentences: Sequence[Said]) -> list[Found]:
        """Themes among sentences, the largest first."""
        groups = self._groups(sentences)
        least = _least(len(sentences))
        large = [group for group in groups if len(group) >= least][:MOST]
        best, close = self.nearest(sentences, [_centre(sentences, group) for group in large])
        found = []
        for number in range(len(large)):
            members = np.flatnonzero((best == number) & (close >= REACH))
            if len(members) >= least:
                order = members[np.argsort(-close[members], kind="stable")]
                centre = _centre(sentences, order.tolist())
                near = tuple(float(each) for each in close[order])
                found.append(Found(centre, tuple(order.tolist()), near))
        return sorted(found, key=lambda theme: (-len(theme.members), theme.members))

    def _groups(self, sentences: Sequence[Said]) -> list[list[int]]:
        from sklearn.cluster import AgglomerativeClustering  # a second: only where it is needed

        if len(sentences) < _LEAST:
            return []
        vectors = self._offset(np.stack([one.vector for one in sentences]))
        rows = [dict.fromkeys(stems(one.words), 1.0) for one in sentences]
        points = np.hstack([vectors, self._weighed(rows, len(rows))[0]])
        real = np.flatnonzero(points.any(1))
        if len(real) < _LEAST:
            return []
        clusters = AgglomerativeClustering(
            None, metric="cosine", linkage="average", distance_threshold=_FAR
        ).fit(points[real])
        groups: dict[int, list[int]] = {}
        for number, label in zip(real.tolist(), clusters.labels_.tolist(), strict=True):
            groups.setdefault(label, []).append(number)
        return sorted(groups.values(), key=lambda group: (-len(group), group))

    def _offset(self, vectors: Floats) -> Floats:
        return _units(vectors - self._mean)

    def _weighed(self, rows: Sequence[Mapping[str, float]], first: int) -> tuple[Floats, Floats]:
        """Unit rows over the stems that are known here: the ``first`` rows, and the others."""
        columns: dict[str, int] = {}
        for row in rows:
            for stem in row:
                if self._words.get(stem, 0) >= _KNOWN:
                    columns.setdefault(stem, len(columns))
        weights = np.array([self._rarity.of(stem) for stem in columns], np.float32)
        table = np.zeros((len(rows), len(columns)), np.float32)
        for number, row in enumerate(rows):
            for stem, share in row.items():
                if stem in columns:
                    table[number, columns[stem]] = share
        table = _units(table * weights)
        return table[:first], table[first:]


def _least(n: int) -> int:
    """How many sentences of ``n`` make a theme: few of few, more of many."""
    return max(_LEAST, round(sqrt(n) / 2))


def _centre(sentences: Sequence[Said], members: Sequence[int]) -> Centre:
    words = Counter(stem for number in members for stem in stems(sentences[number].words))
    shared = {stem: n / len(members) for stem, n in sorted(words.items()) if n >= _KNOWN}
    vectors = np.stack([sentences[number].vector for number in members])
    return Centre(vectors.mean(0), shared)


def _units(rows: Floats) -> Floats:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths == 0, 1, lengths), np.float32)
