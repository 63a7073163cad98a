"""The language of a text by its letters, as far as letters tell: reviews are short.

Cyrillic without a letter that Russian lacks is taken for Russian (this is a monitor of the Russian
web; Bulgarian, say, is not told apart). Of texts in Latin letters only English is known, by its
commonest words: a brand name or an «ok» alone says nothing. Everything else is :data:`UNKNOWN`,
which is shown as such.
"""

import re

#: Not determined: no words, too few of them, another language.
UNKNOWN = ""
#: What may be told, and how it is called.
LANGUAGES = {
    "ru": "русский",
    "uk": "украинский",
    "be": "белорусский",
    "kk": "казахский",
    "en": "английский",
    UNKNOWN: "не определён",
}

_CYRILLIC = re.compile(r"[А-Яа-яЁёІіЇїЄєҐґЎўӘәҒғҚқҢңӨөҰұҮүҺһ]+")
_LATIN = re.compile(r"[a-z]+")
_NOT_RUSSIAN = re.compile(r"[A-Za-zІіЇїЄєҐґЎўӘәҒғҚқҢңӨөҰұҮүҺһ]")  # noqa: RUF001
_LINK = re.compile(r"\S+://\S+|www\.\S+|\S+@\S+")
#: Letters that Russian lacks, the more telling alphabet first (the dotted i is in all three).
_OWN = {"kk": frozenset("әғқңөұүһ"), "be": frozenset("ў"), "uk": frozenset("іїєґ")}
_FOREIGN = frozenset().union(*_OWN.values())
_ENGLISH = frozenset({
    "the", "and", "is", "are", "was", "were", "be", "have", "has", "had", "it", "this", "that",
    "not", "you", "for", "with", "but", "very", "they", "my", "your", "of", "to", "in", "on", "at",
    "so", "we", "i", "a", "good", "great", "bad",
})  # fmt: skip
#: A share of English function words that no other language written in Latin letters reaches.
_SHARE = 0.25


def language_of(text: str) -> str:
    """A code of :data:`LANGUAGES`."""
    if not _CYRILLIC.search(text):
        return _of_latin(text.lower())
    if not _NOT_RUSSIAN.search(text):
        return "ru"
    plain = _LINK.sub(" ", text.lower())
    cyrillic, latin = "".join(_CYRILLIC.findall(plain)), "".join(_LATIN.findall(plain))
    return _of_latin(plain) if len(latin) > 2 * len(cyrillic) else _of_cyrillic(cyrillic)


def _of_cyrillic(letters: str) -> str:
    """A foreign letter here and there is a quotation or a name; a language uses them all along."""
    foreign = sum(letter in _FOREIGN for letter in letters)
    if foreign < 0.03 * len(letters):
        return "ru"
    for code, own in _OWN.items():
        if any(letter in own for letter in letters):
            # Ukrainian has neither of these two, Belarusian has both.
            return "be" if code == "uk" and {"ы", "э"} & set(letters) else code
    return UNKNOWN


def _of_latin(plain: str) -> str:
    words = _LATIN.findall(plain)
    known = sum(word in _ENGLISH for word in words)
    return "en" if len(words) >= 3 and known >= _SHARE * len(words) else UNKNOWN
