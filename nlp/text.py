"""Pure text work: cleaning, splitting into segments with offsets, lemmas for search.

Cleaning never moves a character: whatever the model should not see is overwritten by a filler
of the same length, so that an offset into the cleaned text is an offset into the given one.
"""

import re
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
_MARKUP = re.compile(r"</?[a-zA-Z][^<>]{0,200}>|&(?:nbsp|quot|amp|lt|gt|laquo|raquo|mdash|#\d+);")
_STRETCHED = re.compile(r"([^\W\d_])\1{2,}")
_SHOUTED = re.compile(r"\b[А-ЯЁ]{5,}\b")
_MIXED_WORD = re.compile(r"\b(?=\w*[а-яё])(?=\w*[A-Za-z])[а-яёА-ЯЁA-Za-z]+\b", re.IGNORECASE)
_LOOK_ALIKE = str.maketrans("aceopxyABCEHKMOPTX", "асеорхуАВСЕНКМОРТХ")
_YO = str.maketrans("ёЁ", "еЕ")

_TURN = re.compile(r"[;\n]|(?<=[\s,(–—-])(?=(?:но|зато|однако|хотя)\s)", re.IGNORECASE)
_WORD = re.compile(r"\w")
_SEARCH_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")


def _blank(match: re.Match[str]) -> str:
    return " " * len(match.group())


def _mask_name(match: re.Match[str]) -> str:
    return "@" + " " * (len(match.group()) - 1)


def _shorten(match: re.Match[str]) -> str:
    return match.group(1) + _GLUE * (len(match.group()) - 1)


def _lower(match: re.Match[str]) -> str:
    return match.group().lower()


def _to_cyrillic(match: re.Match[str]) -> str:
    fixed = match.group().translate(_LOOK_ALIKE)
    # A Latin letter without a Cyrillic twin means a real compound («sms-ка», «iPhoneом»).
    return match.group() if re.search("[A-Za-z]", fixed) else fixed


def clean(text: str) -> str:
    """What the model reads, character for character as long as ``text``.

    Links and markup become spaces, @names a lone «@», NUL, control characters and lone
    surrogates spaces; invisible characters and the tail of a stretched letter («оооочень») are
    glued over; Latin look-alikes inside Cyrillic words, shouting and «ё» are written plainly.
    """
    text = _UNREADABLE.sub(" ", text)
    text = _INVISIBLE.sub(_GLUE, text)
    text = _LINK.sub(_blank, text)
    text = _NAME.sub(_mask_name, text)
    text = _MARKUP.sub(_blank, text)
    text = _MIXED_WORD.sub(_to_cyrillic, text)
    text = _STRETCHED.sub(_shorten, text)
    text = _SHOUTED.sub(_lower, text)
    return text.translate(_YO)


def segments(text: str) -> list[tuple[int, int]]:
    """Sentences and clauses of ``text`` as (start, end) code point offsets, trimmed, in order.

    A sentence is cut at line breaks, «;» and before «но», «зато», «однако», «хотя», so that one
    segment holds one judgement; pieces without a letter or digit (a smile, dots) stay with the
    segment before them. A text of nothing but such pieces has no segments.
    """
    found: list[tuple[int, int]] = []
    for sentence in sentenize(text):
        cuts = [m.start() for m in _TURN.finditer(text, sentence.start, sentence.stop)]
        for start, end in zip([sentence.start, *cuts], [*cuts, sentence.stop], strict=True):
            if _WORD.search(text, start, end):
                found.append(_trim(text, start, end))
            elif found and text[start:end].strip():
                found[-1] = _trim(text, found[-1][0], end)
    return found


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip(" \t\r\n\f\v;,\xa0"))
    end -= len(piece) - len(piece.rstrip())
    return start, end


def has_letters(text: str) -> bool:
    """Whether there is anything to read: at least one letter of any script."""
    return any(char.isalpha() for char in text)


def lemmas(text: str) -> str:
    """Dictionary forms of the words of ``text``, space separated, for full-text search.

    Lower case, «ё» as «е»; numbers and Latin words stay as they are. The same function serves
    stored texts and search queries, so both sides always agree.
    """
    words = _SEARCH_WORD.findall(clean(text).replace(_GLUE, "").lower())
    return " ".join(map(_lemma, words))


@lru_cache(maxsize=200_000)
def _lemma(word: str) -> str:
    if not re.search("[а-я]", word):
        return word
    return str(_morph().parse(word)[0].normal_form).replace("ё", "е")


@lru_cache(maxsize=1)
def _morph() -> "MorphAnalyzer":
    from pymorphy3 import MorphAnalyzer  # 40 ms and 40 MB: only where words are looked up

    return MorphAnalyzer(lang="ru")
