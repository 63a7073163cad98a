"""The analyser through its public door, on the shipped weights."""

import itertools
import json
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from nlp.analyser import Analyser, load
from nlp.analysis import Analysis, Failure, Query
from nlp.labels import Kind, Tone

TEXTS = [
    "Курьер опоздал на два часа, но еда вкусная!",
    "Приложение вылетает при оплате, деньги списали дважды.",
    "Где посмотреть часы работы магазина на Ленина?",
    "Очень вежливый персонал, спасибо! Обязательно приду ещё.",
    "Цены подняли, а качество упало; больше не приду.",
]


def one(analyser: Analyser, text: str) -> Analysis:
    (result,) = analyser.analyse([text])
    assert isinstance(result, Analysis)
    return result


def test_obvious_texts(analyser: Analyser) -> None:
    good = one(analyser, "Отличный магазин, вежливый персонал, всем рекомендую!")
    bad = one(analyser, "Ужасное обслуживание, нахамили и обманули, больше не приду.")
    assert (good.tone, bad.tone) == (Tone.POSITIVE, Tone.NEGATIVE)
    assert good.kind == Kind.PRAISE
    assert bad.kind == Kind.COMPLAINT
    assert {opinion.touchpoint for opinion in good.opinions} >= {"staff"}


def test_order_is_kept_and_company_does_not_matter(analyser: Analyser) -> None:
    many = [f"{text} {'Ещё раз. ' * (n % 7)}" for n in range(120) for text in TEXTS]
    together = list(analyser.analyse(many))
    assert len(together) == len(many)
    for number in range(0, len(many), 47):
        alone, beside = one(analyser, many[number]), together[number]
        assert isinstance(beside, Analysis)
        assert beside.tone_scores == pytest.approx(alone.tone_scores, abs=0.01)
        assert (beside.tone, beside.kind) == (alone.tone, alone.kind)


def test_evidence_is_a_trimmed_piece_of_the_given_text(analyser: Analyser) -> None:
    texts = [f"\n  {text}\u200b @kto https://a.ru/b \n\n Персонал ХАМИТ!  " for text in TEXTS]
    found = 0
    for text, result in zip(texts, analyser.analyse(texts), strict=True):
        assert isinstance(result, Analysis)
        for opinion in result.opinions:
            quote = text[opinion.start : opinion.end]
            assert quote
            assert quote == quote.strip()
            assert "\n" not in quote
            assert 0 <= opinion.score <= 1
            found += 1
    assert found >= len(texts)


def test_probabilities_and_course(analyser: Analyser) -> None:
    for result in analyser.analyse(TEXTS):
        assert isinstance(result, Analysis)
        assert sum(result.tone_scores) == pytest.approx(1, abs=1e-4)
        for value in (result.peak, result.end, result.mean):
            assert -1 <= value <= 1
        assert result.target_tone is None


def test_both_kinds_of_query(analyser: Analyser) -> None:
    plain, query = analyser.analyse([TEXTS[0], Query(TEXTS[0], target="Морошка")])
    assert plain == query


def test_stream_is_read_lazily(analyser: Analyser) -> None:
    taken = 0

    def endless() -> Iterator[str]:
        nonlocal taken
        for taken in itertools.count(1):
            yield TEXTS[taken % len(TEXTS)]

    results = analyser.analyse(endless())
    assert all(isinstance(result, Analysis) for result in itertools.islice(results, 600))
    assert taken < 5000


def test_memory_does_not_grow_with_the_stream(analyser: Analyser) -> None:
    def peak(count: int) -> int:
        tracemalloc.start()
        for _ in analyser.analyse(TEXTS[n % 5] for n in range(count)):
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(512)
    assert peak(2400) < 1.5 * peak(700) + 2**20


def test_a_failing_text_loses_no_neighbour(
    analyser: Analyser, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = analyser._answer  # the narrowest place where a backend could break

    def brittle(queries: list[Query]) -> list[Analysis]:
        if any("сломай" in query.text for query in queries):
            raise MemoryError("не хватило памяти")
        return whole(queries)

    monkeypatch.setattr(analyser, "_answer", brittle)
    first, broken, last = analyser.analyse([TEXTS[0], "сломай меня", TEXTS[1]])
    assert isinstance(first, Analysis)
    assert isinstance(last, Analysis)
    assert isinstance(broken, Failure)
    assert "не хватило памяти" in broken.reason


def test_what_is_no_text_fails_alone(analyser: Analyser) -> None:
    queries: list[str] = [TEXTS[0], 5, None, TEXTS[1]]  # type: ignore[list-item]
    kinds = [type(result) for result in analyser.analyse(queries)]
    assert kinds == [Analysis, Failure, Failure, Analysis]


def test_torch_gives_the_same_answers(analyser: Analyser) -> None:
    torch_analyser = load(backend="torch")
    assert torch_analyser.version == analyser.version
    for ours, theirs in zip(analyser.analyse(TEXTS), torch_analyser.analyse(TEXTS), strict=True):
        assert isinstance(ours, Analysis)
        assert isinstance(theirs, Analysis)
        assert theirs.tone_scores == pytest.approx(ours.tone_scores, abs=0.1)
        assert theirs.kind == ours.kind


def test_the_fast_path_loads_no_torch() -> None:
    program = (
        "import json, sys\n"
        "import nlp.analyser\n"
        "early = [m for m in ('torch', 'transformers', 'onnxruntime') if m in sys.modules]\n"
        "list(nlp.analyser.load().analyse(['Всё понравилось']))\n"
        "late = [m for m in ('torch', 'transformers', 'pymorphy3') if m in sys.modules]\n"
        "print(json.dumps([early, late]))\n"
    )
    root = Path(__file__).parent.parent
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=root
    )
    assert json.loads(done.stdout) == [[], []]
