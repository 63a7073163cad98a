"""How far figures can be trusted: humans beside the model, random checks, what training brings."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from conftest import Clock
from shop import Shop

from collectors.base import Deleted, Mention
from insights import quality as insight
from insights import quality_words as words
from insights.quality import Reliability
from insights.stats import share
from nlp import quality
from nlp.analysis import Analysis
from nlp.labels import Kind, Tone
from nlp.lesson import LEAST_HELD_OUT, LEAST_TAUGHT, Count
from nlp.quality import Hits
from storage import checks, commands, queries
from storage.errors import StorageError
from storage.filters import Filter
from storage.queries import Answer, Check, Corrected, SpotCheckRow

Maker = Callable[..., Mention]


def told(
    shop: Shop, a_mention: Maker, scores: dict[str, tuple[float, float, float]]
) -> dict[str, int]:
    """Mentions of «moroshka» that the model read with these probabilities; their ids by text."""
    shop.matched = [shop.brands["moroshka"]]
    shop.put(*(a_mention(external_id=text, text=text) for text in scores))
    ids = {row.text: row.id for row in shop.rows()}
    answers = []
    for waiting in shop.queue():
        chances = scores[waiting.text]
        tone = list(Tone)[max(range(3), key=lambda place: chances[place])]
        answers.append((waiting, Analysis(tone, chances, Kind.REVIEW)))
    shop.answer(*answers)
    return ids


def judged(shop: Shop, mention_id: int, tone: Tone, **more: Any) -> None:
    with shop.db.write() as session:
        commands.correct(session, mention_id, tone=tone, now=shop.clock.tick(), **more)


def test_a_confirmation_is_a_check_and_teaches_nothing(shop: Shop, a_mention: Maker) -> None:
    ids = told(shop, a_mention, {"раз": (0.9, 0.05, 0.05), "два": (0.5, 0.4, 0.1)})
    judged(shop, ids["раз"], Tone.NEGATIVE)
    judged(shop, ids["два"], Tone.MIXED, kind=Kind.REVIEW)
    with shop.db.read() as session:
        found = {check.mention_id: check for check in queries.checks(session)}
        lessons = {row.text: row for row in queries.lessons(session, "v1")}
        unknown = {row.text: row.tone for row in queries.lessons(session, "v2")}
        rows = {row.id: row for row in queries.these(session, Filter(), list(ids.values()))}
    assert [found[number].tone for number in ids.values()] == ["negative", "mixed"]
    assert [each.tone for each in found[ids["два"]].answers] == ["negative"]
    assert found[ids["раз"]].answers[0].certainty == pytest.approx(0.9)
    assert (lessons["раз"].tone, lessons["два"].tone, lessons["два"].kind) == (None, "mixed", None)
    assert unknown == {"раз": "negative", "два": "mixed"}  # a model that never read them
    assert (rows[ids["раз"]].confirmed, rows[ids["два"]].confirmed) == (True, False)


def test_what_is_undone_or_edited_is_no_check(shop: Shop, a_mention: Maker) -> None:
    scores = dict.fromkeys(("раз", "два", "три"), (0.9, 0.05, 0.05))
    ids = told(shop, a_mention, scores)
    for text in scores:
        judged(shop, ids[text], Tone.NEUTRAL)
    first = shop.clock.now
    judged(shop, ids["три"], Tone.POSITIVE)
    with shop.db.write() as session:
        commands.undo_correction(session, ids["раз"], now=shop.clock.tick())
    shop.put(a_mention(external_id="два", text="два, но иначе"))
    with shop.db.read() as session:
        (check,) = queries.checks(session)
    assert (check.mention_id, check.tone, check.at) == (ids["три"], "positive", first)


def test_the_least_certain_come_first_each_once(shop: Shop, a_mention: Maker) -> None:
    scores = {
        "почти пополам": (0.45, 0.44, 0.11),
        "едва": (0.36, 0.33, 0.31),
        "уверенно": (0.9, 0.05, 0.05),
        "скорее": (0.05, 0.4, 0.55),
    }
    ids = told(shop, a_mention, scores)
    where = Filter()
    with shop.db.read() as session:
        assert queries.least_certain(session, where, limit=9) == tuple(
            ids[text] for text in ("едва", "почти пополам", "скорее")
        )
        assert queries.least_certain(session, where, limit=1, without=(ids["едва"],)) == (
            ids["почти пополам"],
        )
        assert queries.count_doubtful(session, where) == 3
        positive = Filter(tones=("positive",))
        assert queries.least_certain(session, positive, limit=9) == (ids["скорее"],)
    judged(shop, ids["едва"], Tone.NEGATIVE)
    with shop.db.read() as session:
        assert queries.count_doubtful(session, where) == 2
        assert ids["едва"] not in queries.least_certain(session, where, limit=9)


def test_mentions_with_tones_towards_brands_are_not_asked(shop: Shop, a_mention: Maker) -> None:
    shop.matched = [shop.brands["moroshka"], shop.brands["ambar"]]
    shop.put(a_mention(external_id="обе", text="обе"))
    shop.analyse(
        Analysis(Tone.NEGATIVE, (0.4, 0.3, 0.3), Kind.REVIEW), towards={"ambar": Tone.POSITIVE}
    )
    with shop.db.read() as session:
        assert queries.least_certain(session, Filter(), limit=9) == ()
        assert queries.count_doubtful(session, Filter()) == 0
        assert queries.draw(session, Filter(), 9) == ((), 0)


def test_a_draw_is_of_all_that_was_answered_and_is_kept(shop: Shop, a_mention: Maker) -> None:
    ids = told(shop, a_mention, {f"текст {n}": (0.9, 0.05, 0.05) for n in range(30)})
    shop.put(a_mention(external_id="новый", text="новый"))
    with shop.db.read() as session:
        drawn, population = queries.draw(session, Filter(), 20)
        others = {queries.draw(session, Filter(), 20)[0] for _ in range(5)}
        everything, _ = queries.draw(session, Filter(), 99)
    assert population == 30
    assert len(set(drawn)) == 20
    assert len(others) > 1
    assert set(everything) == set(ids.values())
    with shop.db.write() as session:
        number = commands.start_spot_check(
            session, drawn, population=population, model_version="v1",
            params={"brand": ["moroshka"]}, now=shop.clock.tick(),
        )  # fmt: skip
    gone = next(text for text, mention_id in ids.items() if mention_id == drawn[0])
    shop.put(Deleted(gone))
    with shop.db.read() as session:
        (row,) = queries.spot_checks(session, limit=5)
        there = queries.answered(session, row.mention_ids, "v1")
        assert queries.answered(session, row.mention_ids, "v2") == frozenset()
    assert (row.id, row.mention_ids, row.params) == (number, drawn, {"brand": ["moroshka"]})
    assert there == set(drawn[1:])
    with pytest.raises(StorageError, match="Проверять нечего"), shop.db.write() as session:
        commands.start_spot_check(
            session, (), population=0, model_version="v1", params={}, now=shop.clock.tick()
        )


def test_trainings_are_kept_newest_first(shop: Shop) -> None:
    with shop.db.write() as session:
        for version in ("v2", "v3"):
            checks.record_training(
                session, "train", model_version=version, result={"fields": {}},
                now=shop.clock.tick(),
            )  # fmt: skip
    with shop.db.read() as session:
        assert [row.model_version for row in queries.trainings(session, limit=5)] == ["v3", "v2"]


# What is made of it

SHIPPED = "otklik-1-shipped"


def check(
    number: int,
    tone: str,
    said: str,
    *,
    version: str = SHIPPED,
    after: bool = False,
    sure: float = 0.9,
) -> Check:
    clock = Clock()
    spoken = clock.tick()
    at = spoken + timedelta(hours=1 if after else -1)
    return Check(number, number % 2, tone, spoken, (Answer(version, said, sure, at),))


def test_agreement_counts_what_the_model_could_not_have_learnt() -> None:
    version = "otklik-1-adapted"
    told = [check(n, "negative", "negative", version=version, after=True) for n in range(6)]
    told += [check(10 + n, "negative", "positive", version=version) for n in range(3)]
    told += [check(20, "positive", "positive", version=version), check(21, "mixed", "mixed")]
    found = insight.agreement(told, version, SHIPPED, {0: "Карты", 1: "Почта"})
    assert found.learnt == 6
    assert found.right is not None
    assert (found.right.value, found.right.n) == (0.25, 4)
    tones = {line.tone: line for line in found.tones}
    assert tones[Tone.NEGATIVE].taken_for is Tone.POSITIVE
    assert tones[Tone.NEGATIVE].recall == share(0, 3)
    assert tones[Tone.NEGATIVE].precision is None
    assert tones[Tone.POSITIVE].precision == share(1, 4)
    assert {line.name: line.figure.n for line in found.sources} == {"Карты": 3, "Почта": 1}
    # The shipped model and a foreign one never learn: all that they said counts.
    shipped = [check(n, "negative", "negative", after=True) for n in range(6)]
    assert insight.agreement(shipped, SHIPPED, SHIPPED, {}).right == share(6, 6)


def test_a_random_check_knows_how_far_it_is() -> None:
    row = SpotCheckRow(1, Clock().now, SHIPPED, {}, 100, (5, 3, 1, 7))
    told = [check(3, "negative", "negative"), check(9, "negative", "positive")]
    found = insight.spot(row, told, frozenset({5, 3, 7}), SHIPPED, {})
    assert (found.asked, found.done, found.left) == (3, 1, (5, 7))
    assert found.agreement.right == share(1, 1)


def test_weak_tones_and_parts_are_told_in_words() -> None:
    confusion = {
        "negative": {"negative": 90, "positive": 10},
        "positive": {"positive": 95, "mixed": 5},
        "mixed": {"mixed": 10, "negative": 30, "positive": 10},
        "neutral": {"neutral": 3, "negative": 5},
    }
    lines = insight.tone_lines(confusion)
    careful, told = words.weak_tones(lines, 0.8)
    assert careful.startswith("Ответу «негатив» верьте осторожнее: он верен в 72")
    assert told.startswith("Смешанную тональность узнаёт хуже: находит 20")
    assert told.endswith("чаще принимает за «негатив».")
    assert "n\u00a0=\u00a050" in told
    parts = insight.source_lines(
        {"a": Hits(40, 10), "b": Hits(40, 36), "c": Hits(5, 0)}, {"a": "Твиты"}
    )
    (sentence,) = words.weak_parts(parts, 0.7, lead="Хуже в источниках")
    assert sentence.startswith("Хуже в источниках: Твиты — 25")
    assert words.weak_parts(parts, 0.1, lead="Хуже") == ()


def test_certainty_is_compared_with_what_came_true() -> None:
    def bins(*rows: tuple[float, int, int]) -> list[Reliability]:
        shares = ((sure, share(hit, n)) for sure, hit, n in rows)
        return [Reliability(sure, right) for sure, right in shares if right]

    assert "буквально" in words.calibration(bins((0.9, 90, 100), (0.5, 0, 5)))
    assert words.calibration(bins((0.9, 50, 100))).startswith(
        "Переоценивает себя: где уверена на 90"
    )
    assert words.calibration(bins((0.6, 99, 100))).startswith("Недооценивает")


def test_the_weak_sides_of_the_shipped_model_are_named() -> None:
    for part in (quality.read().customers, quality.read().demo):
        told = words.weak_tones(insight.tone_lines(part.confusion), part.tone.low)
        assert any(sentence.startswith("Смешанную тональность узнаёт хуже") for sentence in told)
        named = insight.source_lines(part.sources, words.DOMAINS)
        assert {line.name for line in named} <= set(words.DOMAINS.values())
        assert sum(line.figure.n for line in named) == part.texts


def test_what_there_is_to_learn() -> None:
    rows = [Corrected(f"текст {n}", Tone.NEGATIVE, None, None) for n in range(100)]
    rows += [Corrected("текст 1", None, Kind.QUESTION, ()), Corrected("согласна", None, None, None)]
    counts = insight.to_learn(rows, 500)
    assert counts["tone"].taught + counts["tone"].examined == 100
    assert counts["tone"].anchors == 400
    assert counts["tone"].enough
    assert words.missing(counts["tone"]) == ""
    assert (counts["kind"].taught + counts["kind"].examined, counts["kind"].enough) == (1, False)
    assert words.missing(Count(LEAST_TAUGHT - 2, LEAST_HELD_OUT, 7)) == (
        "не хватает ещё 2 для обучения, 93 упоминаний без исправления"
    )


def test_verdicts_in_words() -> None:
    verdict = {"corrections": 20, "before": 0.1, "after": 0.6, "doubt": ""}
    fields = {
        "tone": {"taught": 40, "held_out": 20, "anchors": 500, "used": True, "verdict": verdict},
        "kind": {
            "taught": 40, "held_out": 20, "anchors": 500, "used": False,
            "verdict": verdict | {"doubt": "меняет слишком много"},
        },
        "opinions": {"taught": 1, "held_out": 0, "anchors": 500, "used": False, "verdict": None},
    }  # fmt: skip
    better, doubtful, few = words.verdicts({"fields": fields})
    assert better.startswith("По тональности новая модель лучше, она взята")
    assert "10\u202f%" in better
    assert "60\u202f%" in better
    assert doubtful.startswith("По виду текста оставлена прежняя: меняет слишком много")
    assert few == "Точки контакта: не хватает ещё 14 для обучения, 5 для проверки."
