"""«Качество» without a browser, and the jobs it asks for, done by the worker's own functions."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from test_adapting import DELIVERED, LATE, OTHERS, adopt, fill, opened
from test_app import opened as app_of
from test_app import text_of
from world import MODEL, NOW, World, judged, said, tell_all
from world import fill as fill_world

from nlp.analyser import WEIGHTS, Analyser, embedded_version
from nlp.labels import Kind, Tone
from otklik import jobs, pipeline, weights
from otklik.crawling import door
from otklik.house import House
from otklik.leases import Keeper, Stopped
from storage import checks, commands, queries
from storage.database import Database
from storage.filters import Filter

PAGE = "views/quality.py"


def page(**params: str) -> AppTest:
    app = app_of(PAGE, period="all", **{f"v-{key}": value for key, value in params.items()})
    assert not app.exception, app.exception
    return app


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def answers(app: AppTest) -> list[str]:
    return [label for label in labels(app) if label[:1] in "−○+±" and len(label) > 2]


def click(app: AppTest, label: str) -> AppTest:
    next(button for button in app.button if button.label.startswith(label)).click()
    app.run()
    assert not app.exception, app.exception
    return app


def corrected(db: Database) -> dict[int, str]:
    with db.read() as session:
        return {check.mention_id: check.tone for check in queries.checks(session)}


@pytest.mark.parametrize("mentions", [0, 1, 400])
@pytest.mark.parametrize(
    ("part", "queue"),
    [("accuracy", ""), ("check", "doubt"), ("check", "random"), ("learning", "")],
)
def test_every_part_stands_on_any_database(
    world: World, part: str, queue: str, mentions: int
) -> None:
    fill_world(world, mentions)
    app = page(part=part, queue=queue)
    assert app.title[0].value == ("Качество" if mentions else "Отзывов пока нет")


def test_what_was_measured_is_told_with_its_weak_sides(world: World) -> None:
    fill_world(world, 50)
    app = page()
    told = text_of(app)
    assert "Тональность верна в 82" in told
    assert "согласны между собой в 97" in told
    assert "Смешанную тональность узнаёт хуже" in told
    assert f"модель «{MODEL}»".replace("-", "\\-") in told  # another one labelled these mentions
    assert "Случайной проверки ещё не было" in told
    assert (
        next(m for m in app.metric if m.label == "Тональность").delta == "у разметчиков 97\u202f%"
    )
    app.segmented_control(key="switch_set").set_value("demo").run()
    assert "Тональность верна в 72" in text_of(app)
    assert dict(app.query_params)["v-set"] in ("demo", ["demo"])


def doubtful(world: World) -> None:
    """Three answers that the model is not sure of, and one that it is."""
    unsure = [judged(Tone.NEGATIVE), judged(Tone.POSITIVE), judged(Tone.NEUTRAL)]
    scores = [(0.4, 0.35, 0.25), (0.2, 0.3, 0.5), (0.25, 0.55, 0.2)]
    results = [replace(result, tone_scores=own) for result, own in zip(unsure, scores, strict=True)]
    texts = ["Очень сомнительно.", "Сомнительно.", "Почти ясно."]
    told = [(said(text), result) for text, result in zip(texts, results, strict=True)]
    tell_all(world, [*told, (said("Всё ясно."), judged(Tone.POSITIVE))])


def test_the_queue_is_worked_through_and_any_answer_is_taken_back(world: World) -> None:
    doubtful(world)
    app = page(part="check")
    assert "Очень сомнительно." in text_of(app)
    assert "осталось сомнительных: 3" in app.get("progress")[0].proto.text
    click(app, "Верно: негатив")
    assert "Сомнительно." in text_of(app)
    assert "Записано: негатив." in text_of(app)
    click(app, "− негатив")
    assert "Модель считала: позитив." in text_of(app)
    assert sorted(corrected(world.db).values()) == ["negative", "negative"]
    click(app, "Вернуть")
    assert "Сомнительно." in text_of(app)
    assert len(corrected(world.db)) == 1
    click(app, "Пропустить")
    assert "Почти ясно." in text_of(app)
    click(app, "Верно: нейтрально")
    assert "Остались только пропущенные: 1." in app.info[0].value
    click(app, "Показать пропущенные")
    click(app, "Верно: позитив")
    assert "Сомнительных упоминаний по этому фильтру нет" in app.success[0].value
    assert list(corrected(world.db).values()).count("positive") == 1


def test_a_random_check_hides_the_answer_survives_a_reload_and_ends_in_a_figure(
    world: World,
) -> None:
    fill_world(world, 300)
    app = page(part="check", queue="random")
    click(app, "Начать")
    with world.db.read() as session:
        (row,) = queries.spot_checks(session, limit=5)
    assert (len(row.mention_ids), row.model_version) == (50, MODEL)
    for _ in range(30):
        assert not any(label.startswith("Верно") for label in labels(app))
        assert 'class="ok-badge' not in text_of(app)
        assert len(answers(app)) == 4
        click(app, "+ позитив")
    app = page(part="check", queue="random")  # somebody reloads the page
    assert app.get("progress")[0].proto.text.startswith("Проверено 30 из 50")
    for _ in range(20):
        click(app, "− негатив")
    assert set(corrected(world.db)) == set(row.mention_ids)
    with world.db.read() as session:
        found = queries.checks(session)
    right = sum(answer.tone == check.tone for check in found for answer in check.answers)
    assert f"{round(right * 2)}\u202f%" in app.success[0].value
    assert "n\u00a0=\u00a050" in app.success[0].value
    click(app, "Разобрать по классам и источникам")
    assert "случайная проверка" in text_of(app)
    assert next(m for m in app.metric if m.label == "Тональность верна").value == (
        f"{round(right * 2)}\u202f%"
    )


def test_training_is_asked_of_the_worker_and_stopped(world: World) -> None:
    fill_world(world, 400)
    with world.db.write() as session:
        for number in _ids(world.db):
            commands.correct(session, number, kind=Kind.SUGGESTION, now=NOW)
        checks.record_training(
            session,
            "train",
            model_version="otklik-1-adapted",
            result={"switched": True, "fields": {}},
            now=NOW,
        )
    told = text_of(app := page(part="learning"))
    assert "Модель заменена на otklik\\-1\\-adapted." in told
    assert "ещё размечены другой моделью" in told
    assert {"Дообучить модель", "Вернуть прежнюю"} <= set(labels(app))
    click(app, "Дообучить модель")
    assert "Ждёт работника" in text_of(app)
    assert "Работник не запущен" in text_of(app)
    assert app.button(key="train").disabled
    with world.db.read() as session:
        (job,) = queries.open_jobs(session)
    assert job.kind == "train"
    click(app, "Остановить")
    with world.db.read() as session:
        assert queries.open_jobs(session) == ()
    assert "Остановлено" in app.error[0].value


def _ids(db: Database) -> list[int]:
    with db.read() as session:
        return [row.id for row in queries.mentions(session, Filter(), limit=60)]


# The worker's side


@pytest.fixture
def house(tmp_path: Path, empty_sqlite: str) -> Iterator[House]:
    yield from opened(tmp_path, empty_sqlite)


def asked(house: House, kind: str) -> int:
    with house.db.write() as session:
        return commands.enqueue_job(session, kind, {}, now=datetime.now(UTC))


def work(house: House, keeper: Keeper) -> tuple[bool, str]:
    """Do the next job as the worker does."""
    claimed = keeper.claim_job()
    assert claimed
    job, result = claimed
    ok, message = jobs.run(job, house, keeper, door(house.config), result)
    keeper.finish_job(job, ok=ok, message=message)
    return ok, message


def test_few_corrections_leave_the_model_and_a_line_in_the_history(house: House) -> None:
    ids = fill(house, OTHERS)
    with house.db.write() as session:
        for text in OTHERS[:3]:
            commands.correct(session, ids[text], tone=Tone.NEUTRAL, now=datetime.now(UTC))
    asked(house, "train")
    assert work(house, Keeper(house.db)) == (True, "Модель осталась прежней.")
    asked(house, "restore")
    ok, message = work(house, Keeper(house.db))
    assert (ok, message) == (True, "Возвращать нечего: работает исходная модель.")
    with house.db.read() as session:
        (row,) = queries.trainings(session, limit=5)
    assert (row.kind, row.model_version) == ("train", embedded_version())
    assert row.result["fields"]["tone"]["verdict"] is None


def test_a_training_elsewhere_lets_the_job_wait(house: House) -> None:
    asked(house, "train")
    keeper = Keeper(house.db)
    claimed = keeper.claim_job()
    assert claimed
    with house.db.alone("train"), pytest.raises(jobs.Later):
        jobs.run(claimed[0], house, keeper, door(house.config), claimed[1])


def learnable(house: House, analyser: Analyser) -> None:
    ids = fill(house, DELIVERED + OTHERS)
    pipeline.analyse(house, analyser, lambda _: None)
    with house.db.write() as session:
        for text in DELIVERED:
            commands.correct(
                session, ids[text], kind=Kind.SUGGESTION, opinions=[LATE], now=datetime.now(UTC)
            )


def test_a_cancelled_training_ends_at_its_next_step_and_changes_nothing(
    house: House, analyser: Analyser
) -> None:
    learnable(house, analyser)
    number = asked(house, "train")
    keeper = Keeper(house.db, silence=timedelta(seconds=1))
    claimed = keeper.claim_job()
    assert claimed
    job, result = claimed
    with keeper.beating():
        _cancel(house.db, number)
        while not keeper.has_lost(number):
            time.sleep(0.05)
        with pytest.raises(Stopped):
            jobs.run(job, house, keeper, door(house.config), result)
        keeper.put_back(job)
    assert result["step"] == "Чтение текстов"
    with house.db.read() as session:
        ended = queries.job(session, number)
        assert queries.trainings(session, limit=5) == ()
    assert (ended.state, ended.message) == ("failed", "Остановлено.")
    assert weights.path_of(house.config) == WEIGHTS


def test_the_way_back_is_a_job_and_is_kept(house: House) -> None:
    version = adopt(house.config, 1.0)
    asked(house, "restore")
    ok, message = work(house, Keeper(house.db))
    assert (ok, message) == (True, f"Возвращена модель {embedded_version()}.")
    with house.db.read() as session:
        (row,) = queries.trainings(session, limit=5)
    assert (row.kind, row.model_version) == ("restore", embedded_version())
    assert row.result["former"] == version
    assert weights.path_of(house.config) == WEIGHTS


def _cancel(db: Database, number: int) -> None:
    with db.write() as session:
        commands.cancel_job(session, number, now=datetime.now(UTC))
