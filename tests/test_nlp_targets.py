"""The tone towards a target: where a text names it, and what the analyser makes of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlp import targets
from nlp.analyser import Analyser
from nlp.analysis import Analysis, Query, Result
from nlp.encode import Spans
from nlp.forward import Model
from nlp.labels import MODEL_TONES

TEXT = "В Морошке нахамили, а в Амбаре вежливы; больше в Морошку не пойду."


@pytest.mark.parametrize(
    ("target", "text", "expected"),
    [
        ("Морошка", TEXT, ["Морошке", "Морошку"]),
        ("морошкой", "МОРОШКА и морошки", ["МОРОШКА", "морошки"]),
        ("Яндекс Маркет", "на «Яндекс.Маркете»", ["Яндекс.Маркете"]),
        ("Яндекс Маркет", "с Яндекс-Маркета", ["Яндекс-Маркета"]),
        ("Яндекс-Маркет", "Яндекс маркет", ["Яндекс маркет"]),
        ("Маркет", "Маркет, маркета", ["Маркет", "маркета"]),
        ("да да", "да да да", ["да да"]),
        ("Пятёрочка", "в пятерочке", ["пятерочке"]),
        ("iPhone", "мой iphone сломан", ["iphone"]),
        ("Морошка", "@Морошка https://морошка.рф/a", []),
        ("Морошка", "морошковый джем", []),
        ("Морошка", "", []),
        ("!!!", "ура!!!", []),
        ("", "текст", []),
    ],
)  # fmt: skip
def test_every_form_of_a_name_is_found(target: str, text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in targets.find(target, text)] == expected


@given(st.text(), st.sampled_from(["Морошка", "Яндекс Маркет", "а"]), st.text())
def test_places_stand_apart_and_in_order(before: str, target: str, after: str) -> None:
    text = f"{before} {target} {after}"
    edges = [edge for place in targets.find(target, text) for edge in place]
    assert edges == sorted(edges)
    assert not edges or 0 <= edges[0] <= edges[-1] <= len(text)


def answers(analyser: Analyser, *queries: str | Query) -> list[Analysis]:
    results: list[Result] = list(analyser.analyse(queries))
    assert all(isinstance(result, Analysis) for result in results)
    return [result for result in results if isinstance(result, Analysis)]


def test_only_a_target_that_the_text_names_gets_a_tone(analyser: Analyser) -> None:
    named, unnamed, none, empty = answers(
        analyser, Query(TEXT, "Морошка"), Query(TEXT, "Купец"), TEXT, Query("", "Морошка")
    )
    assert named.target_tone in MODEL_TONES
    assert (unnamed.target_tone, none.target_tone, empty.target_tone) == (None, None, None)
    assert named.tone_scores == unnamed.tone_scores == none.tone_scores
    assert named.opinions == none.opinions


def test_answers_come_in_the_order_of_the_questions(analyser: Analyser) -> None:
    queries = [
        Query(f"Текст {number}. {TEXT}", target)
        for number in range(200)
        for target in ("Морошка", None, "Купец", "Амбар")
    ]
    found = [bool(answer.target_tone) for answer in answers(analyser, *queries)]
    assert found == [True, False, False, True] * 200
    texts = answers(analyser, *(query.text for query in queries[::97]))
    beside = answers(analyser, *queries)[::97]
    assert [answer.kind for answer in texts] == [answer.kind for answer in beside]


class Counted:
    """What the model was given to read, and the places of the targets it was shown."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.texts: list[str] = []
        self.asked: list[tuple[str, Spans]] = []
        read, towards = Model.read, Model.towards

        def reading(model: Model, texts: list[str]) -> object:
            self.texts += texts
            return read(model, texts)

        def asking(model: Model, asked: list[tuple[str, Spans]]) -> object:
            self.asked += asked
            return towards(model, asked)

        monkeypatch.setattr(Model, "read", reading)
        monkeypatch.setattr(Model, "towards", asking)


def test_a_text_asked_about_two_targets_is_read_once(
    analyser: Analyser, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = Counted(monkeypatch)
    answers(analyser, TEXT, Query(TEXT, "Морошка"), Query(TEXT, "Амбар"), Query(TEXT, "Купец"))
    assert counted.texts == [TEXT]
    assert [len(places) for _, places in counted.asked] == [2, 1]


def test_places_given_by_the_caller_are_used(
    analyser: Analyser, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = Counted(monkeypatch)
    places = ((24, 30),)
    (answer,) = answers(analyser, Query(TEXT, "the other shop", places))
    assert [list(given) for _, given in counted.asked] == [list(places)]
    assert TEXT[slice(*places[0])] == "Амбаре"
    assert answer.target_tone in MODEL_TONES


@pytest.mark.parametrize("before", [0, 40_000])
def test_a_target_in_a_long_text(analyser: Analyser, before: int) -> None:
    calm = "Мы пришли в магазин в среду. "
    text = calm * (before // len(calm)) + TEXT + calm * 1000
    (answer,) = answers(analyser, Query(text, "Амбар"))
    assert answer.target_tone in MODEL_TONES


def test_a_target_named_everywhere_and_one_as_long_as_a_window(analyser: Analyser) -> None:
    endless = "безобразие" * 1000
    everywhere, long = answers(
        analyser,
        Query("Морошка " * 3000, "Морошка"),
        Query(f"О! {endless}", "x", ((3, 3 + len(endless)),)),
    )
    assert everywhere.target_tone in MODEL_TONES
    assert long.target_tone in MODEL_TONES
