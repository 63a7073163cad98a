"""Which brands a text speaks of: by their queries, else by their names.

A name is found in every case form, in Latin and Cyrillic spellings. One that is also a common
word («Морошка») is found wherever the word stands: telling them apart is the work of a brand
query, which decides alone where there is one. Names and queries compile to the same conditions
over one dictionary of words, so the cost hardly grows with the number of brands.
"""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from nlp.text import clean
from otklik.query.index import Index
from otklik.query.lexicon import Lexicon, Span, Text
from otklik.query.plan import Compiler, Condition
from otklik.query.tree import Tree
from otklik.spelling import TO_LATIN, fold

#: Where a text names a brand: (start, end) of each place.
Places = tuple[tuple[int, int], ...]

_NO_QUERIES: Mapping[int, Tree] = MappingProxyType({})


class Matcher:
    """Finds brands in texts. ``brands`` maps a brand's id to its name and aliases.

    A brand in ``queries`` is found where its query matches, whatever its names; names and aliases
    then serve the query, which finds them in all their spellings.
    """

    def __init__(
        self, brands: Mapping[int, Iterable[str]], queries: Mapping[int, Tree] = _NO_QUERIES
    ) -> None:
        self._lexicon = Lexicon()
        compilers = {key: Compiler(self._lexicon, tuple(names)) for key, names in brands.items()}
        named = {key: compiler.any_name() for key, compiler in compilers.items()}
        asked = {key: compilers[key].query(tree) for key, tree in queries.items()}
        self._names = Index(named)
        self._queries = asked
        self._rules = Index(named | asked) if asked else self._names

    def find(self, text: str, *, author: str | None = None, url: str = "") -> list[int]:
        """Ids of the brands that ``text`` is about, in order of first appearance.

        ``author`` and ``url`` of the mention are for queries with filters.
        """
        read = Text(text, self._lexicon, author or "", url)
        found = self._rules.find(read)
        if len(found) < 2:
            return found
        return sorted(
            found, key=lambda key: min(self._rules.conditions[key].hits(read), default=(0, 0))
        )

    def named(self, text: str) -> list[int]:
        """Ids of the brands whose names stand in ``text``, whatever their queries."""
        return self._names.find(Text(text, self._lexicon))

    def places(self, text: str) -> dict[int, Places]:
        """(start, end) code point offsets of each brand's names in ``text``, apart and in order.

        Of a brand with a query whose name is not there, the words that its query looks for.
        Whether the query matches is for :meth:`find` to say. Names in links and @names are left
        out: the model does not read them.
        """
        read = Text(clean(text), self._lexicon)
        found = {key: _places(read, self._names.conditions[key]) for key in self._names.find(read)}
        for key, query in self._queries.items():
            if key not in found and (places := _places(read, query)):
                found[key] = places
        return found

    def hits(self, brand_id: int, text: str) -> Places:
        """The words of ``text`` by which a brand is found, where it is found by any."""
        rule = self._rules.conditions.get(brand_id)
        return _places(Text(text, self._lexicon), rule) if rule else ()


def code_of(name: str) -> str:
    """A short Latin code for a brand's name: «Купец и Ко» -> kupec-i-ko."""
    latin = "".join(TO_LATIN.get(letter, letter) for letter in fold(name))
    return "-".join(re.findall(r"[a-z0-9_]+", latin))[:64]


def _places(text: Text, condition: Condition) -> Places:
    """Where the hits stand, apart; of several that begin at one word the longest counts."""
    apart: list[Span] = []
    for first, last in sorted(condition.hits(text), key=lambda span: (span[0], -span[1])):
        if not apart or first > apart[-1][1]:
            apart.append((first, last))
    return tuple((text.offsets[first][0], text.offsets[last][1]) for first, last in apart)
