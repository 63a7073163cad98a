"""Which brands a text names: every case form, Latin and Cyrillic spellings, aliases.

A spelling is split into words and numbers («Амбар24» = амбар + 24) and each word is widened to
all its inflected forms. A text is split the same way and walked once with a dictionary of
first words, so the cost does not grow with the number of brands. A name that is also a
common word («Морошка») is found wherever the word stands: telling them apart is the work of
a brand query, which will stand beside ``aliases`` in the config and compile to the same
:class:`Matcher`.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import NamedTuple

from pymorphy3 import MorphAnalyzer

from nlp.text import clean

_WORD = re.compile(r"[^\W\d_]+|\d+")
#: What may stand between two parts of one name: nothing, spaces, a hyphen, quotes, «&».
_GAP = re.compile(r"[\s\-–—«»\"'&.]{0,3}")
#: Latin letters that look like Cyrillic ones, folded inside words that hold Cyrillic.
_LOOKALIKES = str.maketrans("aceopxykmtbh", "асеорхукмтвн")
_TO_LOOKALIKES = str.maketrans("асеорхукмтвн", "aceopxykmtbh")
_CYRILLIC = re.compile(r"[а-я]")

# Cyrillic -> Latin: a few whole schemes as people really type, not every combination.
_TO_LATIN = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ж": "zh", "з": "z", "и": "i",
    "й": "y", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s",
    "т": "t", "у": "u", "ф": "f", "х": "h", "ц": "c", "ч": "ch", "ш": "sh", "щ": "sch", "ъ": "",
    "ы": "y", "ь": "", "э": "e", "ю": "yu", "я": "ya",
}  # fmt: skip
_LATIN_SCHEMES: tuple[Mapping[str, str], ...] = (
    _TO_LATIN,
    {**_TO_LATIN, "х": "kh", "ц": "ts", "щ": "shch"},
    {**_TO_LATIN, "й": "i", "ю": "iu", "я": "ia"},
    {**_TO_LATIN, "й": "j", "ю": "ju", "я": "ja"},
)
# Latin -> Cyrillic, longest first.
_TO_CYRILLIC = {
    "shch": "щ", "sch": "щ", "sh": "ш", "ch": "ч", "zh": "ж", "kh": "х", "ts": "ц", "ya": "я",
    "yu": "ю", "yo": "е", "ck": "к", "oo": "у", "ee": "и", "ph": "ф", "th": "т", "a": "а",
    "b": "б", "c": "к", "d": "д", "e": "е", "f": "ф", "g": "г", "h": "х", "i": "и", "j": "дж",
    "k": "к", "l": "л", "m": "м", "n": "н", "o": "о", "p": "п", "q": "к", "r": "р", "s": "с",
    "t": "т", "u": "у", "v": "в", "w": "в", "x": "кс", "y": "и", "z": "з",
}  # fmt: skip
_LATIN_PARTS = re.compile("|".join(_TO_CYRILLIC))


#: Where a text names a brand: (start, end) of each place.
Places = tuple[tuple[int, int], ...]


class Spelling(NamedTuple):
    """One way to write a brand: for each word, the set of its forms."""

    brand_id: int
    rest: tuple[frozenset[str], ...]


class Matcher:
    """Finds brands in texts. ``brands`` maps a brand's id to its name and aliases."""

    def __init__(self, brands: Mapping[int, Iterable[str]]) -> None:
        self._by_first: dict[str, list[Spelling]] = defaultdict(list)
        for brand_id, names in brands.items():
            for words in {words for name in names for words in _spellings(name)}:
                first, *rest = (_forms(word) for word in words)
                for form in first:
                    self._by_first[form].append(Spelling(brand_id, tuple(rest)))

    def find(self, text: str) -> list[int]:
        """Ids of the brands that ``text`` names, in order of first appearance."""
        return list(dict.fromkeys(brand_id for brand_id, _, _ in self._named(text)))

    def places(self, text: str) -> dict[int, Places]:
        """(start, end) code point offsets of each brand's names in ``text``, apart and in order.

        Names in links and @names are left out: the model does not read them.
        """
        found: dict[int, Places] = {}
        # Of several spellings that begin at one word the longest counts.
        named = sorted(self._named(clean(text)), key=lambda place: (place[1], -place[2]))
        for brand_id, start, end in named:
            earlier = found.get(brand_id, ())
            if not earlier or start >= earlier[-1][1]:
                found[brand_id] = (*earlier, (start, end))
        return found

    def _named(self, text: str) -> Iterator[tuple[int, int, int]]:
        """Brand, start and end of every spelling that stands in ``text``."""
        folded = _fold(text)
        words = list(_WORD.finditer(folded))
        for index, word in enumerate(words):
            for spelling in self._by_first.get(word[0], ()):
                if _follows(folded, words, index, spelling.rest):
                    last = words[index + len(spelling.rest)]
                    yield spelling.brand_id, word.start(), last.end()


def code_of(name: str) -> str:
    """A short Latin code for a brand's name: «Купец и Ко» -> kupec-i-ko."""
    latin = "".join(_TO_LATIN.get(letter, letter) for letter in _fold(name))
    return "-".join(re.findall(r"[a-z0-9_]+", latin))[:64]


def _follows(
    text: str, words: list[re.Match[str]], index: int, rest: tuple[frozenset[str], ...]
) -> bool:
    for offset, forms in enumerate(rest, start=1):
        if index + offset >= len(words):
            return False
        before, word = words[index + offset - 1], words[index + offset]
        if word[0] not in forms or not _GAP.fullmatch(text, before.end(), word.start()):
            return False
    return True


def _fold(text: str) -> str:
    """Lower case, ё = е, look-alike Latin letters turned Cyrillic where the word is Cyrillic.

    Every character keeps its place: «İ», the only one whose lower case is two, is folded first.
    """
    lowered = text.replace("İ", "I").lower().replace("ё", "е")
    if not re.search(r"[a-z][а-я]|[а-я][a-z]", lowered):
        return lowered

    def cyrillic(match: re.Match[str]) -> str:
        word = match[0]
        return word.translate(_LOOKALIKES) if _CYRILLIC.search(word) else word

    return _WORD.sub(cyrillic, lowered)


def _spellings(name: str) -> set[tuple[str, ...]]:
    """The name as written and in the other alphabet, split into words."""
    folded = _fold(name)
    variants = {folded}
    if _CYRILLIC.search(folded):
        variants |= {
            "".join(scheme.get(letter, letter) for letter in folded) for scheme in _LATIN_SCHEMES
        }
        if not _CYRILLIC.search(look_alike := folded.translate(_TO_LOOKALIKES)):
            variants.add(look_alike)  # «Х5» and «МТС» are typed in Latin letters that look alike
    else:
        variants.add(_LATIN_PARTS.sub(lambda match: _TO_CYRILLIC[match[0]], folded))
    return {tuple(_WORD.findall(variant)) for variant in variants} - {()}


def _forms(word: str) -> frozenset[str]:
    """All inflected forms of a Cyrillic noun or adjective; other words stay as they are."""
    if len(word) < 3 or not _CYRILLIC.search(word):
        return frozenset({word})
    forms = {word}
    for parse in _morph().parse(word):
        if {"NOUN"} in parse.tag or {"ADJF"} in parse.tag:
            forms.update(form.word.replace("ё", "е") for form in parse.lexeme)
    return frozenset(forms)


@cache
def _morph() -> MorphAnalyzer:
    return MorphAnalyzer(lang="ru")
