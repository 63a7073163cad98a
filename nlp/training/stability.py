"""How often a small edit that leaves the meaning alone changes the tone of a text."""

import random
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from nlp.analyser import Analyser
from nlp.training.augment import WORD, misspelt, unpunctuated
from nlp.training.compare import analyse

Edit = Callable[[str, random.Random], str]

#: Names that share a trade and their endings, so that a sentence stays Russian when they swap.
_TRADES = (
    ("Сбербанк", "Газпромбанк", "Райффайзенбанк"),
    ("ВТБ", "Тинькофф", "УБРиР"),
    ("Билайн", "Мегафон"),
    ("МТС", "Теле2", "Yota"),
    ("Ozon", "Wildberries", "Lamoda"),
    ("Ашан", "Вкусвилл"),
    ("Пятёрочк", "Морошк"),
)
_RIVALS = {
    name.lower(): [other for other in trade if other != name] for trade in _TRADES for name in trade
}
_NAME = re.compile(rf"\b({'|'.join(_RIVALS)})(?=(?:а|у|ом|е|и|ой)?\b)", re.IGNORECASE)
_LATIN = dict(zip("асеорхуАВСЕНКМОРТХ", "aceopxyABCEHKMOPTX", strict=True))


def small(text: str, _: random.Random) -> str:
    """No capitals."""
    return "".join(char.lower() if len(char.lower()) == 1 else char for char in text)


def shouted(text: str, _: random.Random) -> str:
    """All capitals."""
    return "".join(char.upper() if len(char.upper()) == 1 else char for char in text)


def final_stop(text: str, _: random.Random) -> str:
    """Without its last full stop, or with one where the text ends in a letter or a digit."""
    if text.endswith("."):
        return text.rstrip(".")
    return f"{text}." if text[-1:].isalnum() else text


def plain_yo(text: str, _: random.Random) -> str:
    """«е» for every «ё»."""
    return text.replace("ё", "е").replace("Ё", "Е")


def one_typo(text: str, chance: random.Random) -> str:
    """One word misspelt."""
    words = list(WORD.finditer(text))
    if not words:
        return text
    word = chance.choice(words)
    return text[: word.start()] + misspelt(word.group(), chance) + text[word.end() :]


def other_name(text: str, chance: random.Random) -> str:
    """Every known brand under the name of a rival of the same trade."""
    return _NAME.sub(lambda m: chance.choice(_RIVALS[m.group().lower()]), text)


def look_alike(text: str, chance: random.Random) -> str:
    """One Russian letter replaced by its Latin twin."""
    places = [place for place, char in enumerate(text) if char in _LATIN]
    if not places:
        return text
    place = chance.choice(places)
    return text[:place] + _LATIN[text[place]] + text[place + 1 :]


#: The edits by the names that the model card shows.
EDITS: Mapping[str, Edit] = {
    "всё строчными": small,
    "всё прописными": shouted,
    "точка в конце": final_stop,
    "е вместо ё": plain_yo,
    "одна опечатка": one_typo,
    "другой бренд": other_name,
    "без знаков препинания": unpunctuated,
    "латинская буква вместо русской": look_alike,
}


def pairs(texts: Iterable[str], edit: Edit) -> Iterator[tuple[str, str]]:
    """Each text that ``edit`` changes, before and after; the same edit of a text every time."""
    for text in texts:
        after = edit(text, random.Random(text))
        if after != text:
            yield text, after


def measure(texts: Sequence[str], analyser: Analyser) -> dict[str, float]:
    """By edit, the share (0…1) of the texts it changes whose tone changes with it.

    Edits that change none of ``texts`` are left out.
    """
    tones = _tones(texts, analyser)
    shares: dict[str, float] = {}
    for name, edit in EDITS.items():
        edited = dict(pairs(texts, edit))
        if edited:
            found = _tones(list(edited.values()), analyser)
            changed = sum(tones[text] != found[after] for text, after in edited.items())
            shares[name] = changed / len(edited)
    return shares


def _tones(texts: Sequence[str], analyser: Analyser) -> dict[str, str]:
    answers = analyse([{"text": text} for text in texts], analyser)
    return {text: answer.tone for text, answer in zip(texts, answers, strict=True)}
