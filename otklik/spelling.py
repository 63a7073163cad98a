"""How one word or name may be written: case, ё, look-alike letters, alphabets, inflected forms."""

import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from typing import Any

from pymorphy3 import MorphAnalyzer

#: A word or a number: «Амбар24» is both, one after the other.
WORD = re.compile(r"[^\W\d_]+|\d+")
#: What may stand between two parts of one name: nothing, spaces, a hyphen, quotes, «&».
GAP = re.compile(r"[\s\-–—«»\"'&.]{0,3}")
#: Latin letters that look like Cyrillic ones, folded inside words that hold Cyrillic.
_LOOKALIKES = str.maketrans("aceopxykmtbh", "асеорхукмтвн")
_TO_LOOKALIKES = str.maketrans("асеорхукмтвн", "aceopxykmtbh")
_CYRILLIC = re.compile(r"[а-я]")
_MIXED = re.compile(r"[a-z][а-я]|[а-я][a-z]")

# Cyrillic -> Latin: a few whole schemes as people really type, not every combination.
TO_LATIN = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ж": "zh", "з": "z", "и": "i",
    "й": "y", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s",
    "т": "t", "у": "u", "ф": "f", "х": "h", "ц": "c", "ч": "ch", "ш": "sh", "щ": "sch", "ъ": "",
    "ы": "y", "ь": "", "э": "e", "ю": "yu", "я": "ya",
}  # fmt: skip
_LATIN_SCHEMES: tuple[Mapping[str, str], ...] = (
    TO_LATIN,
    {**TO_LATIN, "х": "kh", "ц": "ts", "щ": "shch"},
    {**TO_LATIN, "й": "i", "ю": "iu", "я": "ia"},
    {**TO_LATIN, "й": "j", "ю": "ju", "я": "ja"},
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


def fold(text: str) -> str:
    """Lower case, ё = е, look-alike Latin letters turned Cyrillic where the word is Cyrillic.

    Every character keeps its place: «İ», the only one whose lower case is two, is folded first.
    """
    lowered = text.replace("İ", "I").lower().replace("ё", "е")
    return WORD.sub(_cyrillic, lowered) if _MIXED.search(lowered) else lowered


def _cyrillic(match: re.Match[str]) -> str:
    word = match[0]
    return word.translate(_LOOKALIKES) if _CYRILLIC.search(word) else word


def parts(written: str) -> tuple[str, ...]:
    """The folded words and numbers of what somebody wrote."""
    return tuple(WORD.findall(fold(written)))


def spellings(name: str) -> set[tuple[str, ...]]:
    """A name as written and in the other alphabet, split into words."""
    folded = fold(name)
    variants = {folded}
    if _CYRILLIC.search(folded):
        variants |= {
            "".join(scheme.get(letter, letter) for letter in folded) for scheme in _LATIN_SCHEMES
        }
        if not _CYRILLIC.search(look_alike := folded.translate(_TO_LOOKALIKES)):
            variants.add(look_alike)  # «Х5» and «МТС» are typed in Latin letters that look alike
    else:
        variants.add(_LATIN_PARTS.sub(lambda match: _TO_CYRILLIC[match[0]], folded))
    return {tuple(WORD.findall(variant)) for variant in variants} - {()}


@lru_cache(maxsize=20_000)
def name_forms(word: str) -> frozenset[str]:
    """All inflected forms of a Cyrillic noun or adjective; other words stay as they are."""
    if len(word) < 3 or not _CYRILLIC.search(word):
        return frozenset({word})
    forms = {word}
    for parse in _parses(word):
        if {"NOUN"} in parse.tag or {"ADJF"} in parse.tag:
            forms.update(form.word.replace("ё", "е") for form in parse.lexeme)
    return frozenset(forms)


@lru_cache(maxsize=20_000)
def word_forms(word: str) -> frozenset[str]:
    """All forms of a folded word of any part of speech, of all its readings.

    A word written as the dictionary has it means that one: «банк» is not a form of «банка». A
    short word that the dictionary does not know stays as it is: its forms would be guesses.
    """
    if not _CYRILLIC.search(word):
        return frozenset({word})
    return frozenset({word, *_inflected(word)})


def _inflected(word: str) -> Iterator[str]:
    readings = [r for r in _parses(word) if r.is_known or len(word) >= 3]
    as_written = [r for r in readings if r.normal_form.replace("ё", "е") == word]
    for reading in as_written or readings:
        for form in reading.lexeme:
            yield form.word.replace("ё", "е")


def _parses(word: str) -> list[Any]:
    try:
        return list(_morph().parse(word))
    except ValueError:  # it asks for the name of every letter, and some letters have none
        return []


@cache
def _morph() -> MorphAnalyzer:
    return MorphAnalyzer(lang="ru")
