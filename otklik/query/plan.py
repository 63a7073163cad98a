"""A tree compiled over a lexicon: conditions that tell whether they hold for a text, and where."""

from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from otklik.query import tree as t
from otklik.query.lexicon import Lexicon, Span, Text, author_key
from otklik.spelling import GAP, name_forms, parts, spellings, word_forms


class Condition(ABC):
    """A part of a compiled query."""

    __slots__ = ()

    @abstractmethod
    def holds(self, text: Text) -> bool:
        """Whether the text satisfies it."""

    def hits(self, text: Text) -> list[Span]:  # noqa: ARG002
        """The words by which it does; none for filters and for what must not stand there."""
        return []

    @property
    def needs(self) -> frozenset[int] | None:
        """Words of which one must occur for it to hold; None where it may hold without."""
        return None


@dataclass(frozen=True, slots=True)
class Run(Condition):
    """Words one after another; a ``tight`` one is a name, with no sentence's end inside."""

    words: tuple[int, ...]
    tight: bool = False

    def holds(self, text: Text) -> bool:
        """See :class:`Condition`."""
        if len(self.words) == 1:
            return self.words[0] in text.present
        return text.present.issuperset(self.words) and bool(self.hits(text))

    def hits(self, text: Text) -> list[Span]:
        """See :class:`Condition`."""
        first, *rest = self.words
        last = len(rest)
        return [
            (place, place + last)
            for place in text.positions.get(first, ())
            if all(text.has(number, place + i) for i, number in enumerate(rest, 1))
            and (not self.tight or self._is_tight(text, place))
        ]

    def _is_tight(self, text: Text, place: int) -> bool:
        places = text.offsets[place : place + len(self.words)]
        gaps = pairwise(places)
        return all(GAP.fullmatch(text.folded, end, start) for (_, end), (start, _) in gaps)

    @property
    def needs(self) -> frozenset[int]:
        """See :class:`Condition`; the last word of a name or phrase is seldom a small one."""
        return frozenset(self.words[-1:])


@dataclass(frozen=True, slots=True)
class OneOf(Condition):
    """An alternative."""

    parts: tuple[Condition, ...]

    def holds(self, text: Text) -> bool:
        """See :class:`Condition`."""
        return any(part.holds(text) for part in self.parts)

    def hits(self, text: Text) -> list[Span]:
        """See :class:`Condition`; only of the parts that hold."""
        return [span for part in self.parts if part.holds(text) for span in part.hits(text)]

    @property
    def needs(self) -> frozenset[int] | None:
        """See :class:`Condition`."""
        found = [part.needs for part in self.parts]
        known = [words for words in found if words is not None]
        return frozenset().union(*known) if len(known) == len(found) else None


@dataclass(frozen=True, slots=True)
class AllOf(Condition):
    """A conjunction."""

    parts: tuple[Condition, ...]

    def holds(self, text: Text) -> bool:
        """See :class:`Condition`."""
        return all(part.holds(text) for part in self.parts)

    def hits(self, text: Text) -> list[Span]:
        """See :class:`Condition`."""
        return [span for part in self.parts for span in part.hits(text)]

    @property
    def needs(self) -> frozenset[int] | None:
        """See :class:`Condition`; of several the shortest list is the most telling."""
        known = [words for part in self.parts if (words := part.needs) is not None]
        return min(known, key=len, default=None)


@dataclass(frozen=True, slots=True)
class NoneOf(Condition):
    """A negation."""

    part: Condition

    def holds(self, text: Text) -> bool:
        """See :class:`Condition`."""
        return not self.part.holds(text)


@dataclass(frozen=True, slots=True)
class Chain(Condition):
    """Places of which each is near the one before: at most ``distances[i]`` words between."""

    steps: tuple[Condition, ...]
    distances: tuple[int, ...]

    def holds(self, text: Text) -> bool:
        """See :class:`Condition`."""
        return all(step.holds(text) for step in self.steps) and bool(self.hits(text))

    def hits(self, text: Text) -> list[Span]:
        """See :class:`Condition`; only places that belong to a whole chain."""
        reached = [self.steps[0].hits(text)]
        for step, distance in zip(self.steps[1:], self.distances, strict=True):
            reached.append(_near(step.hits(text), reached[-1], distance))
        kept = [reached[-1]]
        for earlier, distance in zip(reached[-2::-1], reversed(self.distances), strict=True):
            kept.append(_near(earlier, kept[-1], distance))
        return [span for spans in kept for span in spans]

    @property
    def needs(self) -> frozenset[int] | None:
        """See :class:`Condition`."""
        return AllOf(self.steps).needs


@dataclass(frozen=True, slots=True)
class ByAuthor(Condition):
    """A filter: the author's whole name, or its beginning."""

    key: str
    prefix: bool

    def holds(self, text: Text) -> bool:
        """See :class:`Condition`."""
        if self.prefix:
            return text.author_key.startswith(self.key)
        return text.author_key == self.key


@dataclass(frozen=True, slots=True)
class OnSite(Condition):
    """A filter: the host or one below it, and the beginning of its path."""

    host: str
    path: str

    def holds(self, text: Text) -> bool:
        """See :class:`Condition`."""
        host, slash, path = text.address.partition("/")
        path = slash + path
        in_path = not self.path or path == self.path or path.startswith(self.path + "/")
        return in_path and (host == self.host or host.endswith("." + self.host))


@dataclass(frozen=True, slots=True)
class Compiler:
    """Compiles trees of one brand, whose ``names`` are found in a query in all their spellings."""

    lexicon: Lexicon
    names: Sequence[str]

    def query(self, tree: t.Tree) -> Condition:
        """The condition that a tree states."""
        match tree:
            case t.Word(_, exact, prefix):
                return self._run([tree]) if exact or prefix else self._named([tree])
            case t.Phrase(words):
                plain = not any(word.exact or word.prefix for word in words)
                return self._named(words) if plain else self._run(words)
            case t.Near(operands, distances):
                return Chain(tuple(map(self.query, operands)), distances)
            case t.Author(name, prefix):
                return ByAuthor(author_key(name), prefix)
            case t.Site(address):
                host, slash, path = address.partition("/")
                return OnSite(host, slash + path)
            case t.Not(t.Not(part)):
                return self.query(part)
            case t.Not(part):
                return NoneOf(self.query(part))
            case t.And(branches):
                return AllOf(tuple(map(self.query, branches)))
            case t.Or(branches):
                return OneOf(tuple(map(self.query, branches)))

    def any_name(self) -> Condition:
        """One of the brand's names."""
        return OneOf(tuple(run for name in self.names for run in self._name(name)))

    def _named(self, words: Iterable[t.Word]) -> Condition:
        """A word or phrase, and where it is one of the brand's names, its other spellings."""
        written = [part for word in words for part in parts(word.text)]
        as_words = Run(tuple(self._word(part) for part in written))
        others = [
            run
            for name in self.names
            if any(_is_form(written, spelling) for spelling in spellings(name))
            for run in self._name(name)
        ]
        return OneOf((as_words, *others)) if others else as_words

    def _run(self, words: Iterable[t.Word]) -> Run:
        """Words as they are marked; the mark of a word of two parts counts for the last one."""
        numbers: list[int] = []
        for word in words:
            *before, last = parts(word.text)
            of_part = self._exact if word.exact else self._word
            numbers += map(of_part, before)
            numbers.append(self.lexicon.of_prefix(last) if word.prefix else of_part(last))
        return Run(tuple(numbers))

    def _name(self, name: str) -> list[Run]:
        return [
            Run(tuple(self.lexicon.of_forms(name_forms(part)) for part in spelling), tight=True)
            for spelling in sorted(spellings(name))
        ]

    def _word(self, part: str) -> int:
        """A word, and where it is a name of one word, that name in both alphabets."""
        forms = word_forms(part)
        for name in self.names:
            ways = spellings(name)
            if any(_is_form([part], way) for way in ways):
                forms = forms.union(*(name_forms(way[0]) for way in ways if len(way) == 1))
        return self.lexicon.of_forms(forms)

    def _exact(self, part: str) -> int:
        return self.lexicon.of_forms(frozenset({part}))


def _is_form(written: Sequence[str], spelling: Sequence[str]) -> bool:
    return len(written) == len(spelling) and all(
        part in name_forms(own) for part, own in zip(written, spelling, strict=True)
    )


def _near(spans: list[Span], others: list[Span], distance: int) -> list[Span]:
    """Those of ``spans`` with one of ``others`` apart from it, at most so many words away."""
    starts = sorted(first for first, _ in others)
    ends = sorted(last for _, last in others)
    return [
        (first, last)
        for first, last in spans
        if _any_in(ends, first - 1 - distance, first - 1)
        or _any_in(starts, last + 1, last + 1 + distance)
    ]


def _any_in(numbers: list[int], low: int, high: int) -> bool:
    place = bisect_left(numbers, low)
    return place < len(numbers) and numbers[place] <= high
