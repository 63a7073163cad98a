"""All words of many queries in one dictionary, and a text looked up in it.

The words of a query are widened to all their forms once, when the query is compiled. A text is
then only looked up: no dictionary of the language is asked, and the cost hardly grows with the
number of queries.
"""

import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from urllib.parse import urlsplit

from otklik.spelling import WORD, fold, parts

#: Tokens whose look-up is remembered; mentions repeat a few thousand words.
_MOST_TOKENS = 200_000
#: Soft hyphens, stress marks, zero-width characters and the glue of cleaned texts.
_INVISIBLE = re.compile(
    "[\x01\u00ad\u0300-\u0304\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]+"
)
_WORD_WITH_INVISIBLE = re.compile(
    rf"[^\W\d_](?:{_INVISIBLE.pattern[:-1]}*[^\W\d_])*|\d(?:{_INVISIBLE.pattern[:-1]}*\d)*"
)

#: First and last word of a place, by number.
Span = tuple[int, int]


class Lexicon(dict[str, tuple[int, ...]]):
    """The numbers of the query words that a token of a text is a form of."""

    def __init__(self) -> None:
        super().__init__()
        self._numbers: dict[frozenset[str] | str, int] = {}
        self._forms: dict[str, list[int]] = defaultdict(list)
        self._prefixes: dict[int, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))

    def of_forms(self, forms: frozenset[str]) -> int:
        """The number of a word that stands for these forms."""
        if forms not in self._numbers:
            for form in forms:
                self._forms[form].append(len(self._numbers))
        return self._number(forms)

    def of_prefix(self, prefix: str) -> int:
        """The number of a word that stands for all that begins so."""
        if prefix not in self._numbers:
            self._prefixes[len(prefix)][prefix].append(len(self._numbers))
        return self._number(prefix)

    def _number(self, key: frozenset[str] | str) -> int:
        self.clear()
        return self._numbers.setdefault(key, len(self._numbers))

    def __missing__(self, token: str) -> tuple[int, ...]:
        found = list(self._forms.get(token, ()))
        for length, prefixes in self._prefixes.items():
            found += prefixes.get(token[:length], ())
        if len(self) >= _MOST_TOKENS:
            self.clear()
        self[token] = tuple(found)
        return self[token]


@dataclass
class Text:
    """A text as queries see it; ``author`` and ``url`` are for filters."""

    written: str
    lexicon: Lexicon
    author: str = ""
    url: str = ""
    words: list[str] = field(init=False)
    present: set[int] = field(init=False)

    def __post_init__(self) -> None:
        self.folded = fold(self.written)
        if _INVISIBLE.search(self.folded):
            self._pattern = _WORD_WITH_INVISIBLE
            found = self._pattern.findall(self.folded)
            self.words = [_INVISIBLE.sub("", word) for word in found]
        else:
            self._pattern = WORD
            self.words = WORD.findall(self.folded)
        look_up: Callable[[str], tuple[int, ...]] = self.lexicon.__getitem__
        #: The numbers of all query words that occur.
        self.present = set(chain.from_iterable(map(look_up, set(self.words))))

    @cached_property
    def positions(self) -> dict[int, list[int]]:
        """Query word -> where it stands, counted in words."""
        found: dict[int, list[int]] = defaultdict(list)
        for place, word in enumerate(self.words):
            for number in self.lexicon[word]:
                found[number].append(place)
        return found

    def has(self, number: int, place: int) -> bool:
        """Whether the query word stands at that place."""
        return place < len(self.words) and number in self.lexicon[self.words[place]]

    @cached_property
    def offsets(self) -> list[tuple[int, int]]:
        """(start, end) of every word in code points of the written text."""
        return [match.span() for match in self._pattern.finditer(self.folded)]

    @cached_property
    def author_key(self) -> str:
        """The author's name as filters compare it."""
        return author_key(self.author)

    @cached_property
    def address(self) -> str:
        """Host and path of the mention, folded, without «www.»."""
        try:
            split = urlsplit(self.url)
            host = (split.hostname or "").removeprefix("www.")
            if "xn--" in host:
                host = host.encode("ascii").decode("idna")
        except ValueError:  # also UnicodeError: a host that is none
            return ""
        return (host + split.path).lower()


def author_key(name: str) -> str:
    """Folded words of a name; the name as it is where it has none."""
    return " ".join(parts(name)) or name.strip()
