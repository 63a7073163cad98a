"""Brands in texts: case forms, both alphabets, look-alike letters, aliases."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otklik.brands import Matcher, code_of

BRANDS = {
    1: ["Морошка"],
    2: ["Амбар24"],
    3: ["Купец и Ко"],
    4: ["Сбербанк", "Сбер"],
    5: ["Lamoda"],
    6: ["Пятёрочка"],
    7: ["Х5"],
    8: ["М.Видео"],
}


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return Matcher(BRANDS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Вчера в Морошке опять не было молока", [1]),
        ("МОРОШКОЙ доволен", [1]),
        ("Mopoшка с латинскими буквами", [1]),
        ("moroshka тормозит", [1]),
        ("Ушла из «Амбара 24» в Купца и Ко", [2, 3]),
        ("амбар-24 закрыт", [2]),
        ("амбар полон зерна", []),
        ("Сбербанку всё равно, sberbank онлайн лежит", [4]),
        ("на ламоде заказал, с Lamoda пришло", [5]),
        ("в пятерочке и Пятёрочкой", [6]),
        ("X5 Group", [7]),
        ("взял в М.Видео", [8]),
        ("купец и компания", []),
        ("сберкнижка и морошковый джем", []),
        ("", []),
    ],
)
def test_finds_every_form_and_nothing_else(
    matcher: Matcher, text: str, expected: list[int]
) -> None:
    assert matcher.find(text) == expected


@given(st.text(), st.sampled_from(["Морошку", "moroshka", "МОРОШКЕ"]), st.text())
def test_any_text_around_a_name_does_not_hide_it(before: str, name: str, after: str) -> None:
    assert 1 in Matcher(BRANDS).find(f"{before} {name} {after}")


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    Matcher(BRANDS).find(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Из «Морошки» ушла, moroshka дороже", {1: ["Морошки", "moroshka"]}),
        ("В Амбаре 24 лучше, чем в Mopoшке", {2: ["Амбаре 24"], 1: ["Mopoшке"]}),
        ("у Купца и Ко", {3: ["Купца и Ко"]}),
        ("İstanbul, ПЯТЁРОЧКА, İ, М.Видео", {6: ["ПЯТЁРОЧКА"], 8: ["М.Видео"]}),
        ("сайт https://moroshka.ru/a и @lamoda", {}),
        ("погода", {}),
    ],
)
def test_places_are_the_names_as_written(
    matcher: Matcher, text: str, expected: dict[int, list[str]]
) -> None:
    places = matcher.places(text)
    assert {brand: [text[slice(*p)] for p in own] for brand, own in places.items()} == expected


def test_of_names_within_names_the_longest_counts_once() -> None:
    matcher = Matcher({1: ["Купец", "Купец и Ко", "Ко"], 2: ["Ко"]})
    assert matcher.places("Купец и Ко, Ко") == {1: ((0, 10), (12, 14)), 2: ((8, 10), (12, 14))}


@given(st.text(), st.sampled_from(["Морошку", "МОРОШКЕ"]), st.text())
def test_any_text_around_a_name_does_not_move_it(before: str, name: str, after: str) -> None:
    text = f"{before} {name} {after}"
    written = [text[start:end] for start, end in Matcher(BRANDS).places(text).get(1, ())]
    assert set(written) <= {"Морошку", "МОРОШКЕ"}


@pytest.mark.parametrize(
    ("name", "code"),
    [("Купец и Ко", "kupec-i-ko"), ("gazprombank", "gazprombank"), ("!!!", ""), ("Ёж", "ezh")],
)
def test_code_of_a_name(name: str, code: str) -> None:
    assert code_of(name) == code
