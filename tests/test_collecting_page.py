"""«Сбор» without a browser: what it says of sources, and what its buttons do to the database."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import streamlit as st
from streamlit.testing.v1 import AppTest
from world import MOSCOW, World, found, lemmas_of, said, tell

from collectors.outcomes import Counts, Coverage, Outcome, Status
from storage import commands, jobs, queries, settings
from storage import tables as t
from storage.commands import SourceDeclaration
from storage.crawls import SqlStore, sync_catalog
from storage.database import Database
from storage.errors import StorageError
from storage.leases import claim
from storage.queries import SourceNow, State

ROOT = Path(__file__).parent.parent
PAGE = "views/collecting.py"
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _fresh_caches() -> None:
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture
def world(empty_sqlite: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Three feeds of config.yaml, none of them crawled yet, and no worker."""
    config = tmp_path / "config.yaml"
    config.write_text(f"database:\n  url: {empty_sqlite}\n", encoding="utf-8")
    monkeypatch.setenv("OTKLIK_CONFIG", str(config))
    world = found(Database(empty_sqlite))
    with world.db.write() as session:
        session.execute(sa.update(t.source).values(schedule="6ч"))
    return world


def opened(**params: str) -> AppTest:
    app = AppTest.from_file(ROOT / "app.py", default_timeout=30)
    app.run()
    app.switch_page(PAGE)
    app.query_params.update(params)
    app.run()
    assert not app.exception, app.exception
    return app


def text_of(app: AppTest) -> str:
    """Everything that can be read on the page."""
    kinds = (app.markdown, app.html, app.caption, app.title, app.info, app.warning, app.error)
    told = [str(element.proto.body) for kind in kinds for element in kind]
    return "\n".join([*told, *(str(element.proto.body) for element in app.success)])


def card(app: AppTest, name: str) -> str:
    """What the list says of a source."""
    return next(h.proto.body for h in app.html if f">{name}</b>" in h.proto.body)


def labels(app: AppTest) -> list[str]:
    """The sources of the list, in its order."""
    parts = [h.proto.body.partition('ok-name">')[2] for h in app.html]
    return [part.partition("<")[0] for part in parts if part]


def keys(app: AppTest) -> set[str]:
    return {button.key for button in app.button if button.key}


def now_of(world: World, name: str) -> SourceNow:
    with world.db.read() as session:
        sources = queries.sources_now(session, now=datetime.now(UTC))
    return next(source for source in sources if source.name == name)


def asked_of(world: World) -> list[tuple[str, Mapping[str, Any]]]:
    """Open jobs: (kind, payload)."""
    with world.db.read() as session:
        return [(job.kind, job.payload) for job in queries.open_jobs(session)]


def crawled(world: World, name: str, status: Status = Status.OK, **fields: Any) -> None:
    """Leave the outcome of a crawl that ended two hours ago."""
    ended = datetime.now(UTC) - 2 * HOUR
    told = {
        "source": name,
        "status": status,
        "started_at": ended - timedelta(seconds=90),
        "finished_at": ended,
        "counts": Counts(new=3),
        "next_due": ended + 6 * HOUR,
    }
    outcome = Outcome(**told | fields)
    fine = status in {Status.OK, Status.NOT_MODIFIED}
    SqlStore(world.db, MOSCOW, lambda _: lambda _: (), lemmas_of).save_outcome(
        outcome, 0 if fine else 3
    )


def with_worker(world: World) -> None:
    """Let a worker give a sign of life."""
    with world.db.write() as session:
        sign = {"holder": "test", "at": datetime.now(UTC).isoformat()}
        settings.put(session, settings.WORKER, sign)


def added(world: World, name: str = "telegram-durov", **fields: Any) -> None:
    """Add a source as the app does."""
    source = SourceDeclaration(
        name=name, type="telegram", title="Дуров", options={"channel": "durov"}, schedule="1ч"
    )
    with world.db.write() as session:
        commands.add_source(session, replace(source, **fields))


def finished(world: World, *, ok: bool, message: str = "", **result: Any) -> None:
    """Do the oldest job as a worker would."""
    now = datetime.now(UTC)
    with world.db.write() as session:
        job = jobs.claim_job(session, holder="test", now=now, until=now + HOUR)
        assert job is not None
        jobs.finish_job(session, job.id, "test", ok=ok, message=message, result=result, now=now)


def page_of(*texts: str) -> list[dict[str, Any]]:
    """Mentions as the worker tells them of a first page."""
    told = {"title": "", "author": None, "rating": 5.0, "rating_scale": 5, "url": ""}
    moment = {"published_at": "2026-03-01T09:00:00+00:00", "date_known": True}
    return [told | moment | {"external_id": text, "text": text} for text in texts]


# The list


def test_without_sources_it_says_what_to_do(world: World) -> None:
    with world.db.write() as session:
        session.execute(sa.delete(t.source))
    app = opened()
    assert "Пока нечего собирать" in [heading.value for heading in app.subheader]
    assert "config.yaml" in text_of(app)
    app.button(key="add_source").click().run()
    assert app.title[0].value == "Новый источник"


def test_sources_are_told_in_words_before_the_first_mention(world: World) -> None:
    told = card(opened(), "Карты")
    for words in ("в очереди", "ещё не собирался", "раз в 6 ч", "0\u00a0упоминаний"):
        assert words in told


def test_a_missing_worker_is_told_with_what_to_do(world: World) -> None:
    app = opened()
    assert "otklik schedule" in app.warning[0].value
    assert "otklik serve" in app.warning[0].value
    assert "начнётся, когда заработает сбор" in card(app, "Карты")
    with_worker(world)
    app.run()
    assert not app.warning
    assert "Работник на связи" in text_of(app)


def test_a_silent_worker_is_told_from_one_that_never_was(world: World) -> None:
    long_ago = datetime.now(UTC) - 50 * HOUR
    with world.db.write() as session:
        settings.put(session, settings.WORKER, {"holder": "x", "at": long_ago.isoformat()})
    assert "не отзывается, последний раз" in opened().warning[0].value


def test_last_and_next_crawl_counts_and_mentions_are_told(world: World) -> None:
    tell(world, said("Хлеб вкусный."), None)
    crawled(world, "maps", counts=Counts(new=1234, changed=2, skipped=5))
    told = card(opened(), "Карты")
    for words in (
        "✓ собран",
        "новых 1\u202f234",
        "изменённых 2",
        "пропущено 5",
        "следующий сбор",
        "1\u00a0упоминание",
    ):
        assert words in told


@pytest.mark.parametrize(
    ("status", "error", "advice"),
    [
        (Status.LAYOUT_CHANGED, "Отзывов не найдено.", "нужна новая версия программы"),
        (Status.BUG, "Ошибка в коде сборщика.", "передайте разработчику"),
        (Status.NEEDS_HUMAN, "Сайт просит войти.", "следующий сбор пойдёт сам"),
        (Status.LATER, "Сайт не отвечает.", "повторит"),
    ],
)
def test_an_error_comes_with_what_to_do(
    world: World, status: Status, error: str, advice: str
) -> None:
    crawled(world, "vk", status, error=error)
    app = opened()
    assert labels(app)[0] == "ВКонтакте"
    assert error in card(app, "ВКонтакте")
    assert advice in card(app, "ВКонтакте")
    assert "3\u00a0раза подряд" in card(app, "ВКонтакте")


def test_a_source_that_waits_for_a_person_is_resumed(world: World) -> None:
    crawled(world, "vk", Status.NEEDS_HUMAN, error="Капча.", next_due=None)
    app = opened()
    assert "нажмите «Возобновить»" in card(app, "ВКонтакте")
    app.button(key=f"resume_{world.sources['vk']}").click().run()
    assert now_of(world, "vk").state is State.DUE
    assert "нажмите «Возобновить»" not in card(app, "ВКонтакте")


def test_a_spent_quota_says_when_it_goes_on(world: World) -> None:
    zone_now = datetime.now(MOSCOW)
    tomorrow = zone_now.replace(hour=3, minute=0, second=0, microsecond=0) + timedelta(days=1)
    crawled(world, "vk", Status.LATER, error="Лимит исчерпан.", next_due=tomorrow)
    with world.db.write() as session:
        lease = {"source_id": world.sources["vk"], "quota": "k", "site": "", "progress": {}}
        t.upsert(session, t.source_lease, [lease])
        use = {"key": "k", "used": 1000, "per_day": 1000, "resets_at": tomorrow}
        t.upsert(session, t.quota_use, [use])
    told = card(opened(), "ВКонтакте")
    assert "продолжит завтра в\u00a003:00" in told
    assert "Лимит исчерпан." not in told  # once is enough
    with world.db.write() as session:
        session.execute(sa.update(t.quota_use).values(used=880))
    told = card(opened(), "ВКонтакте")
    assert "осталось 120 из 1\u202f000\u00a0вызовов в сутки" in told


def test_a_source_that_gave_less_than_asked_says_so(world: World) -> None:
    moment = datetime(2026, 2, 3, 9, tzinfo=UTC)
    coverage = Coverage(oldest=moment, newest=moment + 48 * HOUR, cap_hit="последние 500 отзывов")
    crawled(world, "maps", coverage=coverage)
    assert "Источник отдал не всё: последние 500 отзывов." in card(opened(), "Карты")
    assert "3–5\u00a0февраля\u00a02026" in text_of(opened(open="maps"))


def test_what_runs_is_shown_with_its_progress_and_cannot_be_asked_again(world: World) -> None:
    now = datetime.now(UTC)
    with world.db.write() as session:
        claim(
            session, "maps", holder="x", site="", quota=None, now=now - timedelta(minutes=3),
            until=now + HOUR / 2, only_due=False,
        )  # fmt: skip
        done = {"pages": 14, "new": 120, "changed": 3, "unchanged": 11}
        session.execute(sa.update(t.source_lease).values(progress=done))
    app = opened()
    told = "идёт 3\u00a0мин: 14\u00a0страниц, новых 120, изменённых 3, прежних 11"
    assert told in text_of(app)
    assert app.button(key=f"run_{world.sources['maps']}").disabled
    assert told in text_of(opened(open="maps"))


def test_a_pause_of_what_runs_is_seen_at_once(world: World) -> None:
    now = datetime.now(UTC)
    with world.db.write() as session:
        claim(
            session, "maps", holder="x", site="", quota=None, now=now, until=now + HOUR,
            only_due=False,
        )  # fmt: skip
    app = opened(open="maps")
    app.button(key="pause").click().run()
    assert now_of(world, "maps").state is State.RUNNING
    assert "потом пауза" in text_of(app)
    assert "pause" not in keys(app)
    app.button(key="resume").click().run()
    assert "потом пауза" not in text_of(app)
    assert "resume" not in keys(app)


def test_hundreds_of_sources_are_paged_and_found(world: World) -> None:
    names = {f"feed-{n}": f"Лента {n:03}" for n in range(300)}
    with world.db.write() as session:
        many = [
            SourceDeclaration(
                name, "feed", title, schedule="1ч", options={"url": f"http://{name}/"}
            )
            for name, title in names.items()
        ]
        sync_catalog(session, [], many)
    with world.db.write() as session:
        commands.pause(session, now_of(world, "feed-7").id)
    crawled(world, "feed-250", Status.BUG, error="Ошибка.")
    app = opened()
    assert len(labels(app)) == 20
    assert labels(app)[:2] == ["Лента 250", "Лента 000"]
    app.pagination[0].set_value(2).run()
    assert labels(app)[0] == "Лента 020"  # without 7, which rests: it stands at the end
    app.pills(key="collecting_show").set_value("paused").run()
    assert labels(app) == ["Лента 007"]
    app.pills(key="collecting_show").set_value("").run()
    app.text_input(key="collecting_find").set_value("http://FEED-12").run()
    assert labels(app)[0] == "Лента 012"
    assert len(labels(app)) == 11  # 12 and 120 to 129
    app.text_input(key="collecting_find").set_value("такого нет").run()
    assert labels(app) == []
    assert "Таких источников нет" in app.info[0].value


@pytest.mark.parametrize(
    "params", [{"page": "99"}, {"page": "x"}, {"show": "no-such"}, {"open": "<b>no-such</b>"}]
)
def test_nonsense_in_a_link_is_harmless(world: World, params: dict[str, str]) -> None:
    app = opened(**params)
    assert len(labels(app)) == 3
    if "open" in params:
        assert "Источника" in app.warning[0].value
        assert "<b>no-such" not in app.warning[0].value


def test_texts_of_strangers_stay_texts(world: World) -> None:
    crawled(world, "maps", Status.LAYOUT_CHANGED, error="<script>alert(1)</script>")
    added(world, title="<img src=x onerror=alert(2)>")
    for app in (opened(), opened(open="maps"), opened(open="telegram-durov")):
        told = "\n".join(html.proto.body for html in app.html)
        assert "<script>alert" not in told
        assert "<img" not in told


# One source


def test_its_buttons_ask_the_worker(world: World) -> None:
    app = opened(open="maps")
    app.button(key="run_now").click().run()
    app.button(key="check").click().run()
    source = {"source": "maps"}
    assert asked_of(world) == [("crawl", source), ("check", source)]
    assert app.button(key="run_now").disabled
    assert app.button(key="check").disabled
    assert "Сбор: ждёт своей очереди" in text_of(app)


def test_the_list_asks_the_worker_too(world: World) -> None:
    app = opened()
    app.button(key=f"run_{world.sources['vk']}").click().run()
    assert asked_of(world) == [("crawl", {"source": "vk"})]
    assert app.button(key=f"run_{world.sources['vk']}").disabled
    app.button(key=f"open_{world.sources['vk']}").click().run()
    assert app.title[0].value == "ВКонтакте"
    app.button(key="all_sources").click().run()
    assert app.title[0].value == "Сбор"


def test_a_check_shows_what_is_there(world: World) -> None:
    app = opened(open="maps")
    app.button(key="check").click().run()
    finished(world, ok=True, message="В порядке.", mentions=page_of("Раз", "Два", "Три", "Четыре"))
    app.run()
    assert "В порядке" in app.success[0].value
    assert "Четыре" in text_of(app)


def test_a_failed_check_and_a_crawl_that_never_began_are_told(world: World) -> None:
    app = opened(open="maps")
    app.button(key="check").click().run()
    finished(world, ok=False, message="Сайт закрыт robots.txt.")
    app.button(key="run_now").click().run()
    finished(world, ok=False, message="Источника больше нет.")
    app.run()
    told = [error.value for error in app.error]
    assert any("Сайт закрыт" in text for text in told)
    assert any("Источника больше нет" in text for text in told)


def test_pause_and_resume(world: World) -> None:
    app = opened(open="maps")
    app.button(key="pause").click().run()
    assert now_of(world, "maps").state is State.PAUSED
    assert "на паузе" in text_of(app)
    assert "Раз в 6 ч, когда источник возобновят." in text_of(app).replace("\\", "")
    assert "Пауза поставлена здесь. В config.yaml: раз в 6 ч." in text_of(app)
    app.button(key="resume").click().run()
    assert now_of(world, "maps").state is State.DUE
    assert "resume" not in keys(app)


def schedule_field(app: AppTest, world: World, name: str = "maps") -> Any:
    source = now_of(world, name)
    return app.text_input(key=f"schedule_{source.id}_{source.schedule}")


def test_a_schedule_is_tried_out_saved_and_undone(world: World) -> None:
    app = opened(open="maps")
    assert app.button(key="save_schedule").disabled
    schedule_field(app, world).set_value("0 3 * * *").run()
    assert "Ежедневно в 03:00" in text_of(app).replace("\\", "")
    app.button(key="save_schedule").click().run()
    assert now_of(world, "maps").schedule == "0 3 * * *"
    assert "ежедневно в 03:00 (изменено здесь)" in text_of(app)
    assert "Расписание изменено здесь. В config.yaml: раз в 6 ч." in text_of(app)
    app.button(key="undo_schedule").click().run()
    assert now_of(world, "maps").schedule == "6ч"
    assert "изменено здесь" not in text_of(app)
    assert "undo_schedule" not in keys(app)


@pytest.mark.parametrize("text", ["каждый раз", "", "61 * * * *", "0 0 30 2 *", "999999д"])
def test_a_schedule_that_cannot_be_read_is_told_and_not_saved(world: World, text: str) -> None:
    app = opened(open="maps")
    schedule_field(app, world).set_value(text).run()
    assert "не понято" in app.error[0].value
    assert app.button(key="save_schedule").disabled
    assert now_of(world, "maps").schedule == "6ч"


def test_the_turns_shown_are_those_that_come(world: World) -> None:
    crawled(world, "maps")
    with world.db.write() as session:
        now = datetime.now(UTC)
        maps = world.sources["maps"]
        commands.set_schedule(session, maps, "0 5 * * 1", zone=MOSCOW, now=now)
        shown = queries.turns("0 5 * * 1", last=now - 2 * HOUR, zone=MOSCOW, now=now)
    assert now_of(world, "maps").next_due == shown.at[0]
    local = [moment.astimezone(MOSCOW) for moment in shown.at]
    assert [(m.weekday(), m.hour, m.minute) for m in local] == [(0, 5, 0)] * 3


def test_a_range_is_asked_for_by_whole_days_of_the_zone(world: World) -> None:
    app = opened(open="maps")
    first = date(2026, 3, 1)
    app.date_input(key="since").set_value(first)
    app.date_input(key="until").set_value(first + timedelta(days=6))
    app.button(key="backfill_now").click().run()
    payload = {
        "source": "maps",
        "since": "2026-03-01T00:00:00+03:00",
        "until": "2026-03-08T00:00:00+03:00",
    }
    assert asked_of(world) == [("backfill", payload)]
    assert "Сбор за 1–7\u00a0марта\u00a02026: ждёт своей очереди" in text_of(app)
    finished(world, ok=True, message="Готово: новых 0.", new=0)
    app = opened(open="maps")
    assert "Готово: новых 0" in app.success[0].value.replace("\\", "")
    assert "save_schedule" in keys(app)  # the page goes on below


def test_a_check_of_an_empty_page_is_told(world: World) -> None:
    app = opened(open="maps")
    app.button(key="check").click().run()
    finished(world, ok=True, message="В порядке, на первой странице записей: 0.", mentions=[])
    app = opened(open="maps")
    assert "записей: 0" in app.success[0].value.replace("\\", "")
    assert "save_schedule" in keys(app)


@pytest.mark.parametrize(
    ("first", "final", "told"),
    [(date(2026, 3, 7), date(2026, 3, 1), "позже начала"), (None, date(2026, 3, 1), "оба дня")],
)
def test_a_wrong_range_is_told(world: World, first: date | None, final: date, told: str) -> None:
    app = opened(open="maps")
    app.date_input(key="since").set_value(first)
    app.date_input(key="until").set_value(final)
    app.button(key="backfill_now").click().run()
    assert told in app.error[0].value
    assert asked_of(world) == []


def test_the_past_is_told_crawl_by_crawl(world: World) -> None:
    crawled(world, "maps", counts=Counts(new=7))
    crawled(
        world, "maps", Status.BUG, error="Ошибка в коде сборщика.", detail="Traceback: тут",
        started_at=datetime.now(UTC) - HOUR, finished_at=datetime.now(UTC) - HOUR / 2,
    )  # fmt: skip
    app = opened(open="maps")
    table = next(h.proto.body for h in app.html if "<table" in h.proto.body)
    assert table.index("ошибка программы") < table.index("собран")
    assert "30\u00a0мин" in table
    assert "Изменённых" not in table  # nothing was ever changed
    assert not app.code
    app.toggle[0].set_value(True).run()
    assert "Traceback: тут" in app.code[0].value


def test_a_source_of_the_config_is_not_removed_here(world: World) -> None:
    app = opened(open="maps")
    assert "remove_source" not in keys(app)
    assert "меняется там" in text_of(app)
    with world.db.write() as session:
        session.execute(sa.update(t.source).values(gone=True))
    app = opened(open="maps")
    assert "run_now" not in keys(app)
    assert "Верните его туда" in text_of(app)


def test_an_added_source_is_removed_and_brought_back(world: World) -> None:
    added(world)
    app = opened(open="telegram-durov")
    app.button(key="remove_source").click().run()
    assert now_of(world, "telegram-durov").state is State.GONE
    assert app.title[0].value == "Сбор"
    assert "Дуров" not in labels(app)
    app.run()  # as happens by itself while something runs: the offer stays
    app.button(key="restore_removed").click().run()
    assert now_of(world, "telegram-durov").state is State.DUE
    assert "Дуров" in labels(app)


def test_a_removed_source_can_be_found_and_brought_back_later(world: World) -> None:
    added(world)
    with world.db.write() as session:
        commands.remove_source(session, now_of(world, "telegram-durov").id)
        with pytest.raises(StorageError, match=r"config\.yaml"):
            commands.restore_source(session, world.sources["maps"])
    app = opened(show="gone")
    assert labels(app) == ["Дуров"]
    app = opened(open="telegram-durov")
    app.button(key="restore").click().run()
    assert now_of(world, "telegram-durov").state is State.DUE


def test_a_button_pressed_too_late_is_told(world: World) -> None:
    added(world)
    app = opened(open="telegram-durov")
    with world.db.write() as session:
        taken = SourceDeclaration("telegram-durov", "telegram", schedule="1ч")
        sync_catalog(session, [], [taken])
    app.button(key="remove_source").click().run()
    assert "уберите его там" in app.error[0].value
    app.run()  # as happens by itself while something runs
    assert "уберите его там" in app.error[0].value
    app.button(key="run_now").click().run()
    assert not app.error


# The form


def previewed(app: AppTest, world: World, *texts: str) -> AppTest:
    """Let the worker answer the preview that was just asked for."""
    finished(world, ok=True, mentions=page_of(*texts))
    return app.run()


def test_a_feed_is_looked_at_and_added(world: World) -> None:
    with_worker(world)
    app = opened(add="1")
    app.text_input(key="feed_url").set_value("www.site.ru/rss")
    app.button(key="preview").click().run()
    options = {"url": "https://www.site.ru/rss"}
    assert asked_of(world) == [("preview", {"type": "feed", "options": options})]
    assert "save_source" not in keys(app)
    previewed(app, world, "Хлеб вкусный.")
    assert "Хлеб вкусный." in text_of(app)
    title = next(field for field in app.text_input if (field.key or "").startswith("title_"))
    assert title.value == "Лента RSS · site.ru"
    title.set_value("Сайт").run()
    brand = next(field for field in app.selectbox if (field.key or "").startswith("brand_"))
    brand.set_value("ambar").run()
    app.button(key="save_source").click().run()
    source = now_of(world, "feed-site.ru")
    assert (source.title, source.options, source.schedule) == ("Сайт", options, "6ч")
    assert (source.origin, source.brand, source.state) == ("app", "Амбар", State.DUE)
    assert app.title[0].value == "Сайт"


def test_a_preview_that_failed_adds_nothing(world: World) -> None:
    app = opened(add="1")
    app.text_input(key="feed_url").set_value("https://site.ru/")
    app.button(key="preview").click().run()
    assert "как только заработает сбор" in text_of(app)
    finished(world, ok=False, message="Пришла обычная веб-страница.")
    app.run()
    assert "Пришла обычная веб" in app.error[0].value
    assert "save_source" not in keys(app)


def test_an_empty_source_may_be_added(world: World) -> None:
    app = opened(add="1")
    app.text_input(key="feed_url").set_value("https://site.ru/rss")
    app.button(key="preview").click().run()
    previewed(app, world)
    assert "ни одной записи" in text_of(app)
    app.button(key="save_source").click().run()
    assert now_of(world, "feed-site.ru").origin == "app"


@pytest.mark.parametrize(
    ("kind", "typed", "options"),
    [
        ("telegram", {"telegram_channel": "https://t.me/s/durov/"}, {"channel": "durov"}),
        (
            "telegram",
            {"telegram_channel": "@durov", "telegram_query": " банк "},
            {"channel": "durov", "query": "банк"},
        ),
        (
            "appstore",
            {
                "appstore_app": "https://apps.apple.com/ru/app/bank/id123456?l=ru",
                "appstore_countries": "RU, kz",
            },
            {"app_id": "123456", "countries": ["ru", "kz"]},
        ),
        ("appstore", {"appstore_app": " 42 "}, {"app_id": "42", "countries": ["ru"]}),
        (
            "page",
            {"page_url": "site.ru/o", "page_item": ".card", "page_text": ".t", "page_next": "a.n"},
            {
                "url": "https://site.ru/o",
                "selectors": {"item": ".card", "text": ".t"},
                "next": "a.n",
            },
        ),
    ],
)
def test_every_type_is_asked_for_by_its_options(
    world: World, kind: str, typed: dict[str, str], options: dict[str, Any]
) -> None:
    from collectors import registry

    app = opened(add="1")
    app.segmented_control(key="new_kind").set_value(kind).run()
    for key, text in typed.items():
        app.text_input(key=key).set_value(text)
    app.button(key="preview").click().run()
    assert asked_of(world) == [("preview", {"type": kind, "options": options})]
    registry.find(kind).Options.model_validate(options)
    previewed(app, world, "Раз")
    app.button(key="save_source").click().run()
    assert [s.options for s in sources_of_app(world)] == [options]


def sources_of_app(world: World) -> list[SourceNow]:
    with world.db.read() as session:
        known = queries.sources_now(session, now=datetime.now(UTC))
    return [source for source in known if source.origin == "app"]


@pytest.mark.parametrize(
    ("kind", "typed", "told"),
    [
        ("feed", {}, "адрес ленты"),
        ("page", {"page_url": "site.ru", "page_text": ".t"}, "селектор карточки"),
        ("feed", {"feed_url": "привет мир"}, "не адрес сайта"),
        ("feed", {"feed_url": "javascript:alert(1)"}, "не адрес сайта"),
        ("feed", {"feed_url": "http://[bad/"}, "не адрес сайта"),
        ("page", {"page_url": "ftp://site.ru/"}, "не адрес сайта"),
        ("telegram", {"telegram_channel": "@"}, "имя или адрес канала"),
        ("telegram", {"telegram_channel": "https://t.me/+abcdef"}, "не имя канала"),
        ("telegram", {"telegram_channel": "новости"}, "не имя канала"),
        ("appstore", {"appstore_app": "bank"}, "номер приложения"),
        ("appstore", {"appstore_app": "1", "appstore_countries": ","}, "одну страну"),
        ("appstore", {"appstore_app": "1", "appstore_countries": "россия"}, "двумя латинскими"),
    ],
)
def test_what_is_missing_is_told_without_asking_the_worker(
    world: World, kind: str, typed: dict[str, str], told: str
) -> None:
    app = opened(add="1")
    app.segmented_control(key="new_kind").set_value(kind).run()
    for key, text in typed.items():
        app.text_input(key=key).set_value(text)
    app.button(key="preview").click().run()
    assert told in app.error[0].value
    assert asked_of(world) == []


def test_what_is_there_already_is_not_added_twice(world: World) -> None:
    added(world)
    app = opened(add="1")
    app.segmented_control(key="new_kind").set_value("telegram").run()
    app.text_input(key="telegram_channel").set_value("durov")
    app.button(key="preview").click().run()
    previewed(app, world, "Раз")
    assert "уже есть" in text_of(app)
    assert "save_source" not in keys(app)
    app.button(key="open_twin").click().run()
    assert app.title[0].value == "Дуров"


def test_a_taken_name_gets_a_number(world: World) -> None:
    added(world, options={"channel": "durov", "query": "банк"})
    app = opened(add="1")
    app.segmented_control(key="new_kind").set_value("telegram").run()
    app.text_input(key="telegram_channel").set_value("durov")
    app.button(key="preview").click().run()
    previewed(app, world, "Раз")
    app.button(key="save_source").click().run()
    assert {s.name for s in sources_of_app(world)} == {"telegram-durov", "telegram-durov-2"}


def test_a_wrong_schedule_of_a_new_source_is_told(world: World) -> None:
    app = opened(add="1")
    app.text_input(key="feed_url").set_value("https://site.ru/rss")
    app.button(key="preview").click().run()
    previewed(app, world, "Раз")
    every = next(field for field in app.text_input if (field.key or "").startswith("every_"))
    every.set_value("часто").run()
    assert "не понято" in app.error[0].value
    assert app.button(key="save_source").disabled


# Elsewhere


def test_jobs_and_details_are_found_on_either_database(db: Database) -> None:
    world = found(db)
    now = datetime.now(UTC)
    with db.write() as session:
        for name in ("maps", "vk", "maps"):
            commands.check(session, world.sources[name], now=now)
        commands.backfill(session, world.sources["maps"], since=now - HOUR, until=now, now=now)
        commands.preview(session, "feed", {"url": "https://site.ru"}, now=now)
    crawled(world, "vk", Status.BUG, error="Ошибка.", detail="Traceback")
    with db.read() as session:
        kinds = [job.kind for job in queries.jobs_of(session, "maps")]
        assert kinds == ["backfill", "check"]  # one that waits is not asked for twice
        assert [j.kind for j in queries.jobs_of(session, "maps", limit=1)] == ["backfill"]
        (crawl,) = queries.history(session, world.sources["vk"])
        assert queries.crawl_detail(session, crawl.id) == "Traceback"
        assert queries.crawl_detail(session, crawl.id + 1) == ""


def test_the_overview_leads_to_what_is_wrong(world: World) -> None:
    tell(world, said("Хлеб вкусный."), None)
    crawled(world, "vk", Status.LAYOUT_CHANGED, error="Отзывов не найдено.")
    app = AppTest.from_file(ROOT / "app.py", default_timeout=30).run()
    assert "Отзывов не найдено." in text_of(app)
    links = [link.proto for link in app.get("page_link")]
    assert any(link.page == "collecting" and "troubled" in link.query_string for link in links)
