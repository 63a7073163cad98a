"""What a query says, as a tree, and the text of a tree.

A tree is canonical: an And holds no And, an Or no Or, both hold two parts or more, so that
``parse(to_text(tree)) == tree``. ``at``, the place in the text of the query, does not count in
comparisons. In a Near, operands are words, phrases or an Or of these.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Word:
    """A word as typed; it stands for all its forms, or is ``exact``, or a beginning (``сбер*``)."""

    text: str
    exact: bool = False
    prefix: bool = False
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words one after another."""

    words: tuple[Word, ...]
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Near:
    """Each operand at most so many words from the one before, on either side of it."""

    operands: "tuple[Tree, ...]"
    distances: tuple[int, ...]
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote it: the whole name, or its beginning."""

    name: str
    prefix: bool = False
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Site:
    """Where it stands: a host with all below it, and perhaps the beginning of a path."""

    address: str
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    """What must not hold."""

    part: "Tree"
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class And:
    """What must hold together."""

    parts: "tuple[Tree, ...]"
    at: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Or:
    """Of what one must hold."""

    parts: "tuple[Tree, ...]"
    at: int = field(default=0, compare=False)


Tree = Word | Phrase | Near | Author | Site | Not | And | Or


def all_of(parts: Iterable[Tree], at: int = 0) -> Tree:
    """The canonical And of one part or more."""
    flat = [p for part in parts for p in (part.parts if isinstance(part, And) else (part,))]
    return flat[0] if len(flat) == 1 else And(tuple(flat), at)


def any_of(parts: Iterable[Tree], at: int = 0) -> Tree:
    """The canonical Or of one part or more."""
    flat = [p for part in parts for p in (part.parts if isinstance(part, Or) else (part,))]
    return flat[0] if len(flat) == 1 else Or(tuple(flat), at)


def children(tree: Tree) -> tuple[Tree, ...]:
    """The trees right below this one."""
    match tree:
        case And(parts) | Or(parts):
            return parts
        case Not(part):
            return (part,)
        case Near(operands):
            return operands
        case Phrase(words):
            return words
        case _:
            return ()


def depth(tree: Tree) -> int:
    """How many trees stand inside each other."""
    return 1 + max(map(depth, children(tree)), default=0)


def leaves(tree: Tree) -> Iterator[Word | Author | Site]:
    """The words and filters from left to right."""
    if isinstance(tree, Word | Author | Site):
        yield tree
    for child in children(tree):
        yield from leaves(child)


def to_text(tree: Tree) -> str:
    """The query that parses to this tree."""
    match tree:
        case Word(text, exact, prefix):
            return "=" * exact + text + "*" * prefix
        case Phrase(words):
            return '"' + " ".join(map(to_text, words)) + '"'
        case Near(operands, distances):
            rest = zip(distances, operands[1:], strict=True)
            return _operand(operands[0]) + "".join(f" /{n} {_operand(x)}" for n, x in rest)
        case Author(name, prefix):
            return f'author:"{name}{"*" * prefix}"'
        case Site(address):
            return f"site:{address}"
        case Not(part):
            return "NOT " + _operand(part)
        case And(parts):
            return " AND ".join(map(_operand, parts))
        case Or(parts):
            return " OR ".join(map(_operand, parts))


def _operand(tree: Tree) -> str:
    text = to_text(tree)
    return f"({text})" if isinstance(tree, And | Or | Near) else text
