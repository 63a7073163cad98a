"""Pure text work: cleaning, splitting into segments with offsets, lemmas for search.

Cleaning never moves a character: whatever the model should not see is overwritten by a filler
of the same length, so that an offset into the cleaned text is an offset into the given one.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from razdel import sentenize

if TYPE_CHECKING:
    from pymorphy3 import MorphAnalyzer

#: The tokenizer's normaliser deletes this control character, so it joins what stands around it.
_GLUE = "\x01"

_INVISIBLE = re.compile(
    "[\u00ad\u0300-\u0304\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]"
)
_UNREADABLE = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_LINK = re.compile(
    r"https?://\S+|www\.\S+|\b[\w.-]+\.(?:ru|com|рф|net|org|me|ly)/\S*", re.IGNORECASE
)
_NAME = re.compile(r"(?<![\w.])@\w+")
_MARKUP = re.compile(r"</?[a-zA-Z][^<>]{0,200}>|&(?:[a-z]{2,8}|#\d+|#x[0-9a-fA-F]+);")
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}", re.IGNORECASE)
_MIXED_WORD = re.compile(r"\b(?=\w*[а-яё])(?=\w*[A-Za-z])[а-яёА-ЯЁA-Za-z]+\b", re.IGNORECASE)
_LOOK_ALIKE = str.maketrans("aceopxyABCEHKMOPTX", "асеорхуАВСЕНКМОРТХ")
_YO = str.maketrans("ёЁ", "еЕ")

_TURN = re.compile(r"[;\n]|(?<=[\s,(–—-])(?=(?:но|зато|однако|хотя)\s)", re.IGNORECASE)
_LETTER = re.compile(r"[^\W\d_]")
_PICTOGRAPH = re.compile("[\u2600-\u27bf\U0001f300-\U0001faff]")
#: What a segment never begins or ends with: white space, the glue, and the comma before «но».
_MARGIN = " \t\r\n\f\v\x1c\x1d\x1e\x1f\x85\xa0\u2028\u2029;," + _GLUE
_SEARCH_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")


def _blank(match: re.Match[str]) -> str:
    return " " * len(match.group())


def _mask_name(match: re.Match[str]) -> str:
    return "@" + " " * (len(match.group()) - 1)


def _shorten(match: re.Match[str]) -> str:
    return match.group(1) + _GLUE * (len(match.group()) - 1)


def _to_cyrillic(match: re.Match[str]) -> str:
    fixed = match.group().translate(_LOOK_ALIKE)
    # A Latin letter without a Cyrillic twin means a real compound («sms-ка», «iPhoneом»).
    return match.group() if re.search("[A-Za-z]", fixed) else fixed


def clean(text: str) -> str:
    """What the model reads, character for character as long as ``text``.

    Links and markup become spaces, @names a lone «@», NUL, control characters and lone
    surrogates spaces; invisible characters and the tail of a stretched letter («оооочень») are
    glued over; Latin look-alikes inside Cyrillic words and «ё» are written plainly.
    """
    text = readable(text)
    text = _INVISIBLE.sub(_GLUE, text)
    text = _LINK.sub(_blank, text)
    text = _NAME.sub(_mask_name, text)
    text = _MARKUP.sub(_blank, text)
    text = _MIXED_WORD.sub(_to_cyrillic, text)
    text = _STRETCHED.sub(_shorten, text)
    return text.translate(_YO)


def segments(text: str) -> list[tuple[int, int]]:
    """Sentences and clauses of ``text`` as (start, end) code point offsets, trimmed, in order.

    A sentence is cut at line breaks, «;» and before «но», «зато», «однако», «хотя», so that one
    segment holds one judgement; pieces without a letter (a smile, «10/10») stay with the
    segment before them, or with the first. A text without any letter has no segments, unless
    it holds a pictograph: «👍👍» is an attitude, «10/10» alone may be anything.
    """
    found: list[tuple[int, int]] = []
    waiting: int | None = None
    for start, end in _pieces(text):
        if _LETTER.search(text, start, end):
            found.append(_trim(text, start if waiting is None else waiting, end))
            waiting = None
        elif found:
            found[-1] = _trim(text, found[-1][0], end)
        elif waiting is None and text[start:end].strip(_MARGIN):
            waiting = start
    if not found and _PICTOGRAPH.search(text):
        return [_trim(text, 0, len(text))]
    return found


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    for sentence in sentenize(text):
        cuts = [m.start() for m in _TURN.finditer(text, sentence.start, sentence.stop)]
        yield from zip([sentence.start, *cuts], [*cuts, sentence.stop], strict=True)


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip(_MARGIN))
    return start, start + len(piece.strip(_MARGIN))


def readable(text: str) -> str:
    """``text`` without what a tokenizer chokes on: NUL, control characters, lone surrogates."""
    return _UNREADABLE.sub(" ", text)


def lemmas(text: str) -> str:
    """Dictionary forms of the words of ``text``, space separated, for full-text search.

    Lower case, «ё» as «е»; numbers and Latin words stay as they are. The same function serves
    stored texts and search queries, so both sides always agree.
    """
    return " ".join(map(_lemma, words(text)))


def words(text: str) -> list[str]:
    """The words and numbers of ``text`` as written, but for case, «ё» and stretched letters."""
    return _SEARCH_WORD.findall(clean(text).replace(_GLUE, "").lower())


@lru_cache(maxsize=200_000)
def _lemma(word: str) -> str:
    if not re.search("[а-я]", word):
        return word
    try:
        form = str(morph().parse(word)[0].normal_form)
    except ValueError:  # it asks for the name of every letter, and some letters have none
        form = word
    return form.replace("ё", "е")


@lru_cache(maxsize=1)
def morph() -> "MorphAnalyzer":
    """The dictionary of Russian word forms, loaded once."""
    from pymorphy3 import MorphAnalyzer  # 40 ms and 40 MB: only where words are looked up

    return MorphAnalyzer(lang="ru")
