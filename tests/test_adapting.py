"""`otklik train`: corrections in a real database teach the shipped model, or leave it alone."""

import itertools
import json
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from conftest import Clock
from shop import Shop
from test_cli import otklik

from nlp.adapt import read_head, write_heads
from nlp.analyser import WEIGHTS, Analyser, embedded_version, load
from nlp.analysis import Analysis
from nlp.labels import Kind, Tone, Touchpoint
from nlp.lesson import is_held_out
from nlp.verdict import luck
from otklik import adapting, crawling, pipeline, screen, teaching, weights
from otklik.config import Config
from otklik.config import load as load_config
from otklik.house import House, open_house
from otklik.messages import ConfigError
from storage import commands, corrections, mentions, queries
from storage import tables as t
from storage.commands import CorrectedOpinion

GOODS = ["хлеб", "сыр", "молоко", "творог", "яблоки", "рыбу", "чай", "масло"]
DELIVERED = [
    f"Курьер {came} и {brought} {goods}."
    for came, brought, goods in itertools.product(
        ["опоздал на час", "приехал вовремя", "долго искал дом"],
        ["привёз", "забыл", "перепутал", "уронил"],
        GOODS,
    )
]
OTHERS = [
    f"{opening} {goods}, {rest}."
    for opening, goods, rest in itertools.product(
        ["Купила тут", "Взял по акции", "В магазине нашла", "Посоветовали взять"],
        GOODS,
        ["всё понравилось", "цена высокая", "очередь огромная", "кассир вежливый"],
    )
]
UNSEEN = ["Курьер потерял мой сыр.", "Курьер приехал ночью и привёз сметану."]
LATE = CorrectedOpinion(Touchpoint.DELIVERY, Tone.NEUTRAL, 0, 6)


@pytest.fixture
def house(tmp_path: Path, db_url: str) -> Iterator[House]:
    """A house over either sort of database, with a source to import into."""
    yield from opened(tmp_path, db_url)


@pytest.fixture
def plain_house(tmp_path: Path, empty_sqlite: str) -> Iterator[House]:
    """The same on SQLite only, where the database makes no difference."""
    yield from opened(tmp_path, empty_sqlite)


def opened(folder: Path, url: str) -> Iterator[House]:
    source = "sources: [{name: rows, type: file, path: rows.jsonl}]"
    path = folder / "config.yaml"
    path.write_text(f"database: {{url: '{url}'}}\n{source}\n", encoding="utf-8")
    house = open_house(load_config(path))
    yield house
    house.db.dispose()


def fill(house: House, texts: Sequence[str]) -> dict[str, int]:
    """Collect the texts; their mentions' ids."""
    rows = [json.dumps({"id": n, "text": text}) for n, text in enumerate(texts)]
    (house.config.path.parent / "rows.jsonl").write_text("\n".join(rows), encoding="utf-8")
    http = crawling.door(house.config)
    (outcome,) = pipeline.collect(house, house.config.sources, http)
    assert outcome.counts.new == len(texts)
    with house.db.read() as session:
        return {row.text: row.id for row in session.execute(sa.select(t.mention))}


def waiting(house: House) -> int:
    version = weights.version_of(house.config)
    with house.db.read() as session:
        return mentions.count_pending(session, version)


def kinds(analyser: Analyser, texts: Sequence[str]) -> list[Kind]:
    return [answer.kind for answer in analyser.analyse(texts) if isinstance(answer, Analysis)]


def test_consistent_corrections_are_learnt_and_can_be_taken_back(
    house: House, analyser: Analyser
) -> None:
    ids = fill(house, DELIVERED + OTHERS)
    pipeline.analyse(house, analyser, lambda _: None)
    with house.db.write() as session:
        for text in DELIVERED:
            commands.correct(
                session,
                ids[text],
                kind=Kind.SUGGESTION,
                opinions=[LATE],
                now=datetime.now(UTC),
            )
    assert teaching.train(house, as_json=False) == 0

    taught = pipeline.model_of(house.config)
    assert taught.version == weights.version_of(house.config) != analyser.version
    assert waiting(house) == len(ids)  # the new model reads everything by itself
    assert set(kinds(taught, UNSEEN)) == {Kind.SUGGESTION}
    examined = [text for text in DELIVERED if is_held_out(text)]
    assert kinds(taught, examined).count(Kind.SUGGESTION) > 0.8 * len(examined)
    before, after = (kinds(model, OTHERS) for model in (analyser, taught))
    assert sum(a != b for a, b in zip(before, after, strict=True)) < 0.2 * len(OTHERS)
    exact = load(backend="torch", weights=weights.path_of(house.config))
    assert exact.version == taught.version
    assert kinds(exact, UNSEEN) == kinds(taught, UNSEEN)

    again = adapting.adapt(house, screen.progress)  # nothing new was said, so nothing is better
    assert (again.used, again.model) == ((), taught.version)

    assert teaching.restore(house, as_json=False) == 0
    with house.db.read() as session:
        back, first = queries.trainings(session, limit=5)
    assert (back.kind, back.model_version) == ("restore", analyser.version)
    assert (first.kind, first.model_version) == ("train", taught.version)
    assert first.result["fields"]["kind"]["used"]
    assert weights.path_of(house.config) == WEIGHTS
    assert waiting(house) == 0  # its answers are still there


def test_noise_teaches_nothing(plain_house: House, analyser: Analyser) -> None:
    texts = DELIVERED + OTHERS
    ids = fill(plain_house, texts)
    answers = dict(zip(texts, kinds(analyser, texts), strict=True))
    chance = random.Random(7)
    with plain_house.db.write() as session:
        for text in chance.sample(texts, 100):
            wrong = chance.choice([kind for kind in Kind if kind != answers[text]])
            points = chance.sample(list(Touchpoint), 2)
            said = [CorrectedOpinion(p, chance.choice(list(Tone)), 0, 0) for p in points]
            commands.correct(session, ids[text], kind=wrong, opinions=said, now=datetime.now(UTC))
    outcome = adapting.adapt(plain_house, screen.progress)
    assert set(outcome.verdicts) == {"kind", "opinions"}
    assert all(verdict.doubt for verdict in outcome.verdicts.values())
    assert outcome.used == ()
    assert weights.path_of(plain_house.config) == WEIGHTS
    assert not list((plain_house.config.path.parent / "var" / "model").glob("*/*"))


def test_few_corrections_change_nothing(
    plain_house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = fill(plain_house, DELIVERED[:12] + OTHERS)
    with plain_house.db.write() as session:
        for text in DELIVERED[:12]:
            commands.correct(session, ids[text], tone=Tone.NEUTRAL, now=datetime.now(UTC))
    assert teaching.train(plain_house, as_json=False) == 0
    told = capsys.readouterr().err
    assert "исправлений пока мало" in told
    assert "нужно не меньше 15, 5 и 100" in told
    assert not (plain_house.config.path.parent / "var" / "model").exists()


def test_a_second_training_waits_outside(
    plain_house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    with plain_house.db.alone("train"):
        assert teaching.train(plain_house, as_json=False) == 0
        assert teaching.restore(plain_house, as_json=False) == 0
    assert capsys.readouterr().err.count("в другом процессе") == 2


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """The config of a house without a database."""
    return Config(path=tmp_path / "config.yaml")


def adopt(config: Config, step: float) -> str:
    """Weights with the bias of every kind moved, so that only the version differs."""
    with weights.candidate(config) as folder:
        head = read_head(folder, "kind")
        head[:, -1] += np.float32(step)
        write_heads(folder, {"kind": head})
        assert np.array_equal(read_head(folder, "kind"), head)
        return weights.adopt(config, folder)


def test_the_last_few_models_are_kept_and_restored_in_turn(config: Config) -> None:
    assert weights.restore(config) is None
    versions = [adopt(config, step) for step in (1.0, 2.0, 3.0, 4.0)]
    home = config.path.parent / "var" / "model"
    assert len(set(versions)) == 4
    assert {path.name for path in home.iterdir()} == {*versions[1:], "active.json"}
    assert weights.path_of(config) == home / versions[3]
    assert weights.restore(config) == versions[2]
    assert weights.restore(config) == versions[1]
    assert weights.restore(config) == embedded_version()
    assert weights.restore(config) is None
    assert weights.path_of(config) == WEIGHTS


def damage_a_byte(folder: Path) -> None:
    with (folder / "model.safetensors").open("r+b") as file:
        file.seek(-1, 2)
        last = file.read(1)
        file.seek(-1, 2)
        file.write(bytes([last[0] ^ 1]))


def lose_a_file(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()


def damage_the_record(folder: Path) -> None:
    (folder.parent / "active.json").write_text('{"base": ', encoding="utf-8")


@pytest.mark.parametrize("damage", [damage_a_byte, lose_a_file, damage_the_record])
def test_damaged_weights_are_told_and_passed_over(config: Config, damage: object) -> None:
    version = adopt(config, 1.0)
    assert callable(damage)
    damage(config.path.parent / "var" / "model" / version)
    with pytest.raises(ConfigError, match="otklik train --restore"):
        pipeline.model_of(config)
    assert weights.restore(config) == embedded_version()
    assert pipeline.model_of(config).version == embedded_version()


def test_weights_adapted_from_another_model_are_left_alone(config: Config) -> None:
    adopt(config, 1.0)
    record = config.path.parent / "var" / "model" / "active.json"
    assert weights.remark(config) == ""
    record.write_text(record.read_text().replace(embedded_version(), "otklik-0-old"))
    assert weights.path_of(config) == WEIGHTS
    assert "otklik train --from-corrections" in weights.remark(config)
    assert weights.restore(config) is None


def test_the_command_line(tmp_path: Path) -> None:
    house, elsewhere = tmp_path / "house", tmp_path / "elsewhere"
    elsewhere.mkdir()
    otklik("init", str(house), cwd=tmp_path)
    assert "Укажите одно из двух" in otklik("train", cwd=house, code=2).stderr
    assert "пока мало" in otklik("train", "--from-corrections", cwd=house).stderr
    assert "Возвращать нечего" in otklik("train", "--restore", cwd=house).stderr
    version = adopt(load_config(house / "config.yaml"), 1.0)
    models = [
        json.loads(otklik("classify", "--plain", cwd=folder, text="Хорошо\n").stdout)["model"]
        for folder in (house, elsewhere)
    ]
    assert models == [version, embedded_version()]
    shown = otklik("train", "--restore", cwd=house).stderr
    assert embedded_version() in shown
    assert "otklik analyse" in shown


def test_what_holds_is_what_teaches(shop: Shop, clock: Clock, a_mention: object) -> None:
    assert callable(a_mention)
    texts = ["первый", "второй", "третий", "четвёртый", "пятый"]
    shop.put(*(a_mention(external_id=text, text=text) for text in texts))
    ids = {row.text: row.id for row in shop.rows()}
    with shop.db.write() as session:
        for text in texts[:4]:
            commands.correct(session, ids[text], tone=Tone.NEGATIVE, now=clock.tick())
        commands.correct(session, ids["первый"], kind=Kind.QUESTION, now=clock.tick())
        commands.correct(session, ids["второй"], opinions=[], now=clock.tick())
        commands.undo_correction(session, ids["третий"], now=clock.tick())
    shop.put(a_mention(external_id="четвёртый", text="четвёртый, но другой"))
    with shop.db.read() as session:
        found = corrections.corrected(session, "v1")
        others = corrections.uncorrected(session, 10)
        assert len(corrections.uncorrected(session, 2)) == 2
    assert {row.text: (row.tone, row.kind, row.opinions) for row in found} == {
        "первый": (Tone.NEGATIVE, Kind.QUESTION, None),
        "второй": (Tone.NEGATIVE, None, ()),
    }
    assert set(others) == {"третий", "четвёртый, но другой", "пятый"}


def test_three_texts_of_ten_examine() -> None:
    chosen = [is_held_out(f"Текст номер {number}") for number in range(2000)]
    assert sum(chosen) == pytest.approx(600, abs=60)
    assert is_held_out(" Текст номер 1\n") == is_held_out("Текст номер 1")


def test_luck() -> None:
    assert luck(5, 0) == pytest.approx(1 / 32)
    assert luck(0, 0) == 1
    assert luck(1, 9) > 0.99
