"""Texts per second of 100 brand queries, in one process, against one regular expression per word.

    python bench/queries.py [TEXTS.jsonl]

Both sides answer the same queries about the same texts in one run, and must agree on every one.
The peer is what one would write first: each query in turn, each of its words a compiled regular
expression of all its forms. Times are of the processor, so that other work on the machine does
not enter; ours is the median of several passes.
"""

import argparse
import json
import re
import statistics
import time
from pathlib import Path

from otklik.brands import Matcher
from otklik.query import tree as t
from otklik.query.parsing import parse
from otklik.spelling import WORD, fold, parts, word_forms

_DEMO = Path(__file__).parent.parent / "demo" / "mentions.jsonl"
_PASSES = 5
_BAR = 10_000

_SUBJECTS = (
    ("морошка", "амбар", "магазин"), ("курьер", "доставка", "заказ"),
    ("касса", "кассир", "очередь"), ("хлеб", "булочка", "выпечка"),
    ("приложение", "экран", "корзина"), ("цена", "скидка", "ценник"),
    ("молоко", "сыр", "творог"), ("возврат", "деньги", "поддержка"),
    ("парковка", "вход", "тележка"), ("персонал", "охранник", "продавец"),
)  # fmt: skip
_SHAPES = (
    "{0}",
    "{0} OR {1} OR {2}",
    "{0} AND {1}",
    "({0} OR {1}) NOT {2}",
    "{0} /3 {1}",
    '"{0} и {1}" OR "новый {2}"',
    "={0} OR ={1}",
    "{prefix}* NOT ({1} OR {2})",
    "({0} OR {1}) /5 (плохой OR хороший OR вкусный OR дорогой)",
    "({0} AND ({1} OR {2})) OR (({1} OR {2}) AND NOT (быстро OR вежливый) AND купить)",
)


def queries() -> list[str]:
    """A hundred queries of ten shapes about ten subjects."""
    return [shape.format(*words, prefix=words[0][:4]) for words in _SUBJECTS for shape in _SHAPES]


class Peer:
    """A query evaluated by regular expressions."""

    def __init__(self, tree: t.Tree) -> None:
        self._tree = tree
        self._expressions = {
            leaf: re.compile(rf"(?<![^\W\d_]){self._pattern(leaf)}(?![^\W\d_])")
            for leaf in self._leaves(tree)
        }

    def matches(self, text: str) -> bool:
        """Whether the query holds for a folded text."""
        return self._holds(self._tree, text)

    def _holds(self, tree: t.Tree, text: str) -> bool:
        match tree:
            case t.And(branches):
                return all(self._holds(branch, text) for branch in branches)
            case t.Or(branches):
                return any(self._holds(branch, text) for branch in branches)
            case t.Not(part):
                return not self._holds(part, text)
            case t.Near((one, other), (distance,)):
                return self._are_near(one, other, distance, text)
        return self._expressions[tree].search(text) is not None

    def _are_near(self, one: t.Tree, other: t.Tree, distance: int, text: str) -> bool:
        numbers = {word.start(): number for number, word in enumerate(WORD.finditer(text))}
        here, there = (
            {numbers[match.start()] for leaf in self._options(tree)
             for match in self._expressions[leaf].finditer(text)}
            for tree in (one, other)
        )  # fmt: skip
        return any(0 < abs(a - b) <= distance + 1 for a in here for b in there)

    def _options(self, tree: t.Tree) -> tuple[t.Tree, ...]:
        return tree.parts if isinstance(tree, t.Or) else (tree,)

    def _leaves(self, tree: t.Tree) -> list[t.Tree]:
        if isinstance(tree, t.Word | t.Phrase):
            return [tree]
        return [leaf for child in t.children(tree) for leaf in self._leaves(child)]

    def _pattern(self, leaf: t.Tree) -> str:
        if isinstance(leaf, t.Phrase):
            return r"[\W_]+".join(map(self._pattern, leaf.words))
        assert isinstance(leaf, t.Word)
        (word,) = parts(leaf.text)
        if leaf.prefix:
            return re.escape(word) + r"[^\W\d_]*"
        return f"(?:{'|'.join(map(re.escape, [word] if leaf.exact else word_forms(word)))})"


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description="speed of brand queries")
    parser.add_argument("texts", type=Path, nargs="?", default=_DEMO)
    lines = parser.parse_args().texts.read_text(encoding="utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines]
    trees = [parse(query) for query in queries()]

    started = time.process_time()
    matcher = Matcher(dict.fromkeys(range(len(trees)), ()), dict(enumerate(trees)))
    print(f"{len(trees)} queries compiled in {time.process_time() - started:.2f} s")
    rates, ours = [], []
    for _ in range(_PASSES):
        started = time.process_time()
        ours = [matcher.find(text) for text in texts]
        rates.append(len(texts) / (time.process_time() - started))
    print(f"first pass, an empty cache: {rates[0]:,.0f} texts/s")
    rate = statistics.median(rates[1:])

    peers = [Peer(tree) for tree in trees]
    started = time.process_time()
    folded = [fold(text) for text in texts]
    theirs = [[n for n, peer in enumerate(peers) if peer.matches(text)] for text in folded]
    peer_rate = len(texts) / (time.process_time() - started)
    assert [sorted(found) for found in ours] == theirs, "the two sides disagree"

    characters = sum(map(len, texts)) / len(texts)
    hits = sum(map(len, theirs)) / len(texts)
    print(f"{len(texts)} texts of {characters:.0f} characters, {hits:.1f} queries match each")
    print(f"ours {rate:,.0f} texts/s, peer {peer_rate:,.0f} texts/s: {rate / peer_rate:.1f}×")
    print(f"bar of {_BAR:,} texts/s: {'reached' if rate >= _BAR else 'MISSED'}")


if __name__ == "__main__":
    main()
