"""The words of sentences as themes see them: what is told by which, and the name of a theme."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise, permutations
from math import log, sqrt

from nlp.text import morph, words

#: «списать» and «списание», «опоздал» and «опоздание» begin alike: so much of a lemma is compared.
_STEM = 5
#: Words that say nothing of what is spoken about.
_FUNCTION = frozenset({"PREP", "CONJ", "PRCL", "NPRO", "INTJ", "NUMR", "PRED", "COMP"})
#: Names of people do not belong into the name of a theme.
_PEOPLE = frozenset({"Name", "Surn", "Patr"})
_EMPTY = frozenset({
    "быть", "мочь", "стать", "это", "весь", "свой", "который", "самый", "ваш", "наш", "мой",
    "такой", "какой", "очень", "просто", "еще", "уже", "там", "тут", "здесь", "потом",
    "сейчас", "теперь", "сегодня", "вчера", "человек", "другой", "каждый", "любой", "этот",
    "тот", "один", "раз", "где", "когда", "почему", "зачем", "никто", "ничто", "сам", "также",
    "тоже", "вообще", "опять", "снова", "хотя", "поэтому", "только", "хороший", "плохой",
    "отличный", "ужасный", "отвратительный", "прекрасный", "недостаток", "достоинство",
    "отзыв", "минус", "плюс", "спасибо", "пожалуйста", "есть", "иметь", "час", "минута",
    "день", "неделя", "месяц", "год", "рубль", "тысяча", "сто", "половина", "вечер", "утро",
    "назад", "говорить", "сказать", "прямо", "чуть", "сюда", "почти", "даже", "сразу",
    "весьма", "много", "мало", "несколько", "второй", "третий", "первый", "два", "три",
    "четыре", "пять", "конец", "начало", "время", "приходиться", "прийтись", "мы", "новый",
    "настоящий", "нормальный",
})  # fmt: skip
_NOT = ("не", "нет", "без")

#: Added to counts, so that what was never seen elsewhere is not infinitely telling.
_PRIOR = 0.5
#: A term of the name is common to such a part of the sentences, and to two; a second one may be so
#: of a smaller part, if of three, and tells so much.
_COMMON, _ALSO_COMMON, _TELLING = 1 / 3, 0.2, 1.5
#: A pair of words is preferred to its better known half if it is said so often where that is.
_TOGETHER = 0.5

Term = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Word:
    """A word form in a sentence; ``stem`` is "" where it says nothing by itself."""

    form: str
    stem: str


def said(text: str) -> tuple[Word, ...]:
    """The words of a sentence in order."""
    return tuple(Word(form, _stem(form)) for form in words(text))


def stems(sentence: Sequence[Word]) -> frozenset[str]:
    """What is compared of a sentence."""
    return frozenset(word.stem for word in sentence if word.stem)


def title(
    members: Sequence[Sequence[Word]],
    others: Sequence[Sequence[Word]],
    avoided: frozenset[str] = frozenset(),
) -> str:
    """One or two things that ``members`` say and ``others`` of the touchpoint do not.

    Terms (words, or two in a row) are ranked by the z-score of their log odds, as in Monroe,
    B. L., Colaresi, M. P. and Quinn, K. M. (2008), «Fightin' Words», Political Analysis 16.
    ``avoided`` are stems that shall not name it. "" where no word is common to enough of them.
    """
    inside = Counter(term for sentence in members for term in set(_terms(sentence)))
    outside = Counter(term for sentence in others for term in set(_terms(sentence)))
    for term in list(inside):
        if avoided.intersection(term):
            del inside[term]
    scores = {
        term: _telling(count, len(members), outside[term], len(others))
        for term, count in inside.items()
        if count >= max(2.0, _ALSO_COMMON * len(members))
    }
    ranked = sorted(scores, key=lambda term: (-scores[term], -inside[term], term))
    first = next((term for term in ranked if inside[term] >= _COMMON * len(members)), None)
    if first is None:
        return ""
    parts = [_fuller(first, inside, ())]
    for term in ranked:
        common = inside[term] >= min(3.0, _COMMON * len(members))
        if common and scores[term] >= _TELLING and not set(term) & set(parts[0]):
            parts.append(_fuller(term, inside, parts))
            break
    text = " · ".join(_spelled(part, members) for part in _in_a_row(parts, inside))
    return text[:1].upper() + text[1:]


def _in_a_row(parts: list[Term], inside: Counter[Term]) -> list[Term]:
    """Two words that were said one after the other, as they were said."""
    pairs = [(*one, *other) for one, other in permutations(parts, 2)]
    said = [pair for pair in pairs if inside[pair] >= 2]
    return [max(said, key=lambda pair: (inside[pair], pair))] if said else parts


def _terms(sentence: Sequence[Word]) -> Iterator[Term]:
    """Telling words, alone and with the telling word or the negation before them."""
    for word in sentence:
        if word.stem:
            yield (word.stem,)
    for one, other in pairwise(sentence):
        if other.stem and (one.stem or one.form in _NOT) and one.stem != other.stem:
            yield (one.stem or one.form, other.stem)


def _telling(inside: int, members: int, outside: int, others: int) -> float:
    own = log((inside + _PRIOR) / (members - inside + _PRIOR))
    rest = log((outside + _PRIOR) / (others - outside + _PRIOR))
    return (own - rest) / sqrt(1 / (inside + _PRIOR) + 1 / (outside + _PRIOR))


def _fuller(term: Term, inside: Counter[Term], parts: Sequence[Term]) -> Term:
    """The pair that a word mostly stands in."""
    used = {stem for part in parts for stem in part}
    pairs = [
        pair
        for pair, count in inside.items()
        if len(pair) > len(term)
        and set(term) < set(pair)
        and not used & set(pair)
        and count >= max(2.0, _TOGETHER * inside[term])
    ]
    return max(pairs, key=lambda pair: (inside[pair], pair), default=term)


def _spelled(term: Term, members: Sequence[Sequence[Word]]) -> str:
    """The term as it is mostly written; a noun or an adjective alone in the nominative."""
    forms: Counter[str] = Counter()
    for sentence in members:
        if len(term) == 1:
            forms.update(_nominative(word.form) for word in sentence if word.stem == term[0])
        else:
            forms.update(
                f"{one.form} {other.form}"
                for one, other in pairwise(sentence)
                if (one.stem or one.form, other.stem) == term
            )
    return min(forms, key=lambda form: (-forms[form], form))


@lru_cache(maxsize=100_000)
def _stem(form: str) -> str:
    if form.isdecimal() or len(form) < 2 or form in _NOT:
        return ""
    try:
        parsed = morph().parse(form)[0]
    except ValueError:  # it asks for the name of every letter, and some letters have none
        return ""
    lemma = str(parsed.normal_form).replace("ё", "е")
    tag = parsed.tag
    if tag.POS in _FUNCTION or "Apro" in tag or lemma in _EMPTY or _PEOPLE & tag.grammemes:
        return ""
    return lemma[:_STEM]


@lru_cache(maxsize=20_000)
def _nominative(form: str) -> str:
    parsed = morph().parse(form)[0]
    is_noun = parsed.tag.POS in {"NOUN", "ADJF", "PRTF"}
    inflected = parsed.inflect({"nomn"}) if is_noun else None
    return str(inflected.word).replace("ё", "е") if inflected else form
