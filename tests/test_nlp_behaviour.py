"""Defined answers for strange texts, and small edits that leave the meaning alone."""

import random

import pytest

from nlp.analyser import Analyser
from nlp.analysis import Analysis
from nlp.labels import Kind, Tone
from nlp.training import stability
from nlp.training.stability import EDITS, pairs

WORDLESS = [
    "",
    " \n\t\xa0",
    "\u200b\ufeff\u00ad",
    "10/10",
    "12 345,67 ₽",
    "!!! ??? …",
    ":-)",
    "\x00",
    "\ud800",
    "https://example.ru/x",
    "<br>&nbsp;",
    "<p></p>\n<div class='review'></div>",
    "@имя",
]
#: Scripts and signs that the vocabulary lacks.
UNREADABLE = [
    "🤮🤮🤮",
    "服务很差，再也不来了",
    "خدمة سيئة جدا",
    "ბრწყინვალე მაღაზია",
    "नमस्ते दुनिया",
]
FOREIGN = [
    "Қызмет көрсету өте нашар, ақшамды қайтармады",
    "Жахливий сервіс, персонал хамить",
    "𝓞𝓽𝓵𝓲𝓬𝓱𝓷𝓸",
]
GOOD = "Отличный магазин, очень вежливый персонал, всем рекомендую!"
BAD = "Ужасное обслуживание, нахамили и обманули, ещё и деньги не вернули."
CALM = "Мы пришли в магазин в среду. "


def one(analyser: Analyser, text: str) -> Analysis:
    (result,) = analyser.analyse([text])
    assert isinstance(result, Analysis)
    return result


def quotes(result: Analysis, text: str) -> list[tuple[str, str, str]]:
    return [(o.touchpoint, o.tone, text[o.start : o.end]) for o in result.opinions]


@pytest.mark.parametrize("text", [*WORDLESS, *UNREADABLE])
def test_texts_that_say_nothing(analyser: Analyser, text: str) -> None:
    result = one(analyser, text)
    assert (result.tone, result.kind, result.opinions) == (Tone.NEUTRAL, Kind.OTHER, ())
    assert result.tone_scores == (0.0, 1.0, 0.0)


def test_emoji_alone_have_their_own_tone(analyser: Analyser) -> None:
    assert one(analyser, "❤️👍").tone == Tone.POSITIVE
    assert one(analyser, "👎😡").tone == Tone.NEGATIVE


@pytest.mark.parametrize("text", FOREIGN)
def test_what_cannot_be_read_is_still_answered(analyser: Analyser, text: str) -> None:
    result = one(analyser, text)
    assert sum(result.tone_scores) == pytest.approx(1, abs=1e-4)
    assert all(0 <= o.start < o.end <= len(text) for o in result.opinions)


def test_english_is_understood(analyser: Analyser) -> None:
    assert one(analyser, "Terrible service, rude staff, never again!").tone == Tone.NEGATIVE
    assert one(analyser, "Great shop, friendly staff, recommended!").tone == Tone.POSITIVE


@pytest.mark.parametrize("place", [0, 1665, 3329])
def test_twenty_thousand_words_are_read_from_first_to_last(analyser: Analyser, place: int) -> None:
    late = "Курьер опоздал на два часа и нагрубил."
    before, after = CALM * place, CALM * (3329 - place)
    good, bad = (one(analyser, f"{before}{said} {after}") for said in (GOOD, late))
    assert good.mean > bad.mean
    assert good.tone_scores[2] > bad.tone_scores[2]
    assert any(o.start == len(before) and o.tone == Tone.NEGATIVE for o in bad.opinions)


def test_twenty_thousand_words_without_a_stop_are_read_whole(analyser: Analyser) -> None:
    calm = "мы пришли в магазин в среду " * 3330
    one_end, other_end = (one(analyser, calm + end) for end in (GOOD[:-1], BAD[:-1]))
    assert one_end.tone_scores[2] > other_end.tone_scores[2]


def test_one_endless_word(analyser: Analyser) -> None:
    one(analyser, "безобразие" * 3000)


@pytest.mark.parametrize("text", [GOOD, BAD])
@pytest.mark.parametrize(
    "wrapping",
    [
        "<div class='review'><p>{}</p></div>",
        "&laquo;&nbsp;{}&nbsp;&raquo;<br/>",
        "\ufeff\u200b {} \u2060",
        "https://example.ru/review?id=1 {} www.example.ru",
    ],
)
def test_what_wraps_a_text_changes_neither_tone_nor_quotes(
    analyser: Analyser, text: str, wrapping: str
) -> None:
    wrapped = wrapping.format(text)
    plain, result = one(analyser, text), one(analyser, wrapped)
    assert result.tone == plain.tone
    assert plain.opinions
    assert all(quote in text for _, _, quote in quotes(result, wrapped))


@pytest.mark.parametrize("text", [GOOD, BAD])
@pytest.mark.parametrize(
    "change",
    [
        lambda text: "\u200b".join(text),  # zero-width spaces inside words
        lambda text: text.replace("о", "о\u00ad"),  # soft hyphens
        lambda text: text.replace("е", "е\u0301"),  # stress marks
        lambda text: text.replace("о", "o").replace("е", "e").replace("а", "a"),  # Latin twins
        lambda text: text.replace("ё", "е"),
        lambda text: text.replace("и", "иииии"),
    ],
    ids=["zero-width", "soft hyphen", "stress", "look-alike", "yo", "stretched"],
)
def test_disguises_change_nothing(analyser: Analyser, text: str, change: stability.Edit) -> None:
    plain, disguised = one(analyser, text), one(analyser, change(text))
    assert disguised.tone == plain.tone
    assert disguised.kind == plain.kind
    assert [o.touchpoint for o in disguised.opinions] == [o.touchpoint for o in plain.opinions]


@pytest.mark.parametrize(("text", "tone"), [(GOOD, Tone.POSITIVE), (BAD, Tone.NEGATIVE)])
@pytest.mark.parametrize("edit", EDITS)
def test_no_edit_hides_a_plain_tone(analyser: Analyser, text: str, tone: Tone, edit: str) -> None:
    assert one(analyser, EDITS[edit](text, random.Random(1))).tone == tone


@pytest.mark.parametrize(
    ("edit", "before", "after"),
    [
        ("всё строчными", "МТС и Ёж", "мтс и ёж"),
        ("всё прописными", "Ещё раз", "ЕЩЁ РАЗ"),
        ("точка в конце", "Хорошо", "Хорошо."),
        ("точка в конце", "Ну...", "Ну"),
        ("точка в конце", "Как так?", "Как так?"),
        ("е вместо ё", "Ещё Ёж", "Еще Еж"),
        ("другой бренд", "Билайну и пятёрочкой", "Мегафону и Морошкой"),
        ("другой бренд", "Билайновский", "Билайновский"),
        ("без знаков препинания", "Да, но...", "Да  но   "),
        ("одна опечатка", "Ну и фу", "Ну и фу"),
        ("латинская буква вместо русской", "Да ну", "Дa ну"),
        ("латинская буква вместо русской", "123 wow", "123 wow"),
    ],
)
def test_edits(edit: str, before: str, after: str) -> None:
    assert EDITS[edit](before, random.Random(1)) == after


def test_a_typo_touches_one_word_and_is_always_the_same() -> None:
    edit = EDITS["одна опечатка"]
    texts = [f"Визит {number}: {BAD}" for number in range(50)]
    edited = list(pairs(texts, edit))
    assert edited == list(pairs(texts, edit))
    assert len({after.partition(": ")[2] for _, after in edited}) > 5
    for before, after in edited:
        words = zip(before.split(), after.split(), strict=True)
        assert sum(old != new for old, new in words) == 1


def test_stability_counts_the_texts_that_an_edit_touches(analyser: Analyser) -> None:
    shares = stability.measure([GOOD, BAD, "Ну и ладно"], analyser)
    assert shares.keys() == EDITS.keys() - {"другой бренд"}
    assert all(0 <= share <= 1 for share in shares.values())
    assert shares["е вместо ё"] == shares["латинская буква вместо русской"] == 0


def test_stability_sees_a_tone_that_tips(
    analyser: Analyser, monkeypatch: pytest.MonkeyPatch
) -> None:
    turned = {GOOD: BAD, BAD: BAD + " Ужас."}
    monkeypatch.setattr(stability, "EDITS", {"подмена": lambda text, _: turned.get(text, text)})
    assert stability.measure([GOOD, BAD, CALM], analyser) == {"подмена": 0.5}
