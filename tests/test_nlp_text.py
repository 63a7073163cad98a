"""Cleaning, splitting and lemmas: offsets always speak of the given text."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nlp.text import clean, lemmas, segments

# Any code point, lone surrogates and NUL included, with the awkward ones made frequent.
AWKWARD = st.sampled_from(
    [
        "\x00",
        "\ud800",
        "\u200b",
        "\u00ad",
        "\ufeff",
        "😀",
        "ё",
        "\n",
        ";",
        " но ",
        "@имя",
        "й",
        "<br>",
    ]
)
TEXTS = st.lists(st.one_of(st.characters(codec=None), AWKWARD), max_size=80).map("".join)


@given(TEXTS)
def test_cleaning_keeps_every_offset(text: str) -> None:
    assert len(clean(text)) == len(text)


@given(TEXTS)
def test_segments_are_ordered_trimmed_substrings_that_say_something(text: str) -> None:
    seen = clean(text)
    last = 0
    for start, end in segments(seen):
        assert last <= start < end <= len(text)
        assert seen[start:end] == seen[start:end].strip()
        assert re.search("[^\\W\\d_]|[\u2600-\u27bf\U0001f300-\U0001faff]", seen[start:end])
        last = end


@given(TEXTS)
def test_every_letter_lies_in_a_segment(text: str) -> None:
    seen = clean(text)
    covered = {i for start, end in segments(seen) for i in range(start, end)}
    assert all(i in covered for i, char in enumerate(seen) if char.isalpha())


@given(TEXTS)
@example("\U00017000Ё")  # a letter that has no name
def test_lemmas_never_fail(text: str) -> None:
    assert "ё" not in lemmas(text)


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in segments(clean(text))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Еда вкусная. Официант хамил!", ["Еда вкусная.", "Официант хамил!"]),
        ("Персонал милый, но очередь на час", ["Персонал милый,", "но очередь на час"]),
        ("Дорого; зато быстро", ["Дорого;", "зато быстро"]),
        ("Первая строка\nвторая строка", ["Первая строка", "вторая строка"]),
        ("Всё хорошо 😀", ["Всё хорошо 😀"]),
        ("Спасибо! :) Приду ещё.", ["Спасибо! :)", "Приду ещё."]),
        ("5/5. Лучший магазин", ["5/5. Лучший магазин"]),
        ("и т. д. и т. п.", ["и т. д. и т. п."]),
        ("", []),
        ("!!! 10/10 :)", []),
        ("😀😀 !!! 10/10", ["😀😀 !!! 10/10"]),
    ],
)
def test_segments(text: str, expected: list[str]) -> None:
    assert [part.rstrip(" ,;") for part in cut(text)] == [part.rstrip(" ,;") for part in expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("смотри https://a.ru/b тут", "смотри                тут"),
        ("пишу @shop_ru опять", "пишу @        опять"),
        ("почта a@b.ru не имя", "почта a@b.ru не имя"),
        ("плoхо", "плохо"),  # a Latin «o»
        ("iPhone и sms", "iPhone и sms"),
        ("ещё", "еще"),
        ("a&nbsp;b<br/>c", "a      b     c"),
        ("a&hellip;b&#x27;", "a        b      "),
        ("Ооочень", "О\x01\x01чень"),
        ("a\x00b\ud800", "a b "),
    ],
)
def test_clean(text: str, expected: str) -> None:
    assert clean(text) == expected


def test_lemmas_of_words_numbers_and_latin() -> None:
    assert (
        lemmas("Курьеры опоздали на 2 часа, iPhone ждёт!")
        == "курьер опоздать на 2 час iphone ждать"
    )


def test_lemmas_agree_between_forms() -> None:
    assert set(lemmas("доставкой")) == set(lemmas("доставка"))
    assert lemmas("ёлка") == lemmas("елка")
