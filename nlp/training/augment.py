"""Noise as customers make it, character for character as long as the text it spoils.

Lengths stay, so that labelled quotes and segments keep their places.
"""

import random
import re
from collections.abc import Callable

_ROWS = ("йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю")
_BESIDE = {
    letter: row[max(0, place - 1) : place] + row[place + 1 : place + 2]
    for row in _ROWS
    for place, letter in enumerate(row)
}
#: What gets typos: longer words of Russian letters.
WORD = re.compile(r"[а-яё]{5,}", re.IGNORECASE)
_SIGN = re.compile(r"[.,!?:;()«»\"…—–-]")
_TYPO_SHARE = 0.12


def typos(text: str, chance: random.Random) -> str:
    """About one word in eight misspelt."""
    return WORD.sub(
        lambda m: misspelt(m.group(), chance) if chance.random() <= _TYPO_SHARE else m.group(),
        text,
    )


def misspelt(word: str, chance: random.Random) -> str:
    """A word of five letters or more with two letters swapped or one struck beside its key."""
    place = chance.randrange(1, len(word) - 2)
    left, right = word[place], word[place + 1]
    if chance.random() < 0.5 or left not in _BESIDE:
        return word[:place] + right + left + word[place + 2 :]
    return word[:place] + chance.choice(_BESIDE[left]) + word[place + 1 :]


def unpunctuated(text: str, _: random.Random) -> str:
    """No punctuation at all."""
    return _SIGN.sub(" ", text)


#: Case is none of them: the encoder reads small letters only.
_WAYS: tuple[Callable[[str, random.Random], str], ...] = (typos, unpunctuated)


def spoiled(text: str, chance: random.Random) -> str:
    """``text`` spoiled in one of these ways, or in both."""
    for way in chance.sample(_WAYS, chance.choice((1, 1, 2))):
        text = way(text, chance)
    return text
