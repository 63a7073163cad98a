"""What the worker sees to once a day: nothing too old stays, by whatever clock, however many."""

import json
import os
import random
import sqlite3
from collections.abc import Iterator
from concurrent import futures
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from conftest import make_mention
from feeds import Site, publishing

from collectors.spool import Event, Spool
from collectors.spool import load as load_event
from otklik import personal
from otklik.config import load
from otklik.house import House, open_house
from otklik.schedule import Scheduler
from storage import commands, erasing, queries, settings
from storage import tables as t
from storage.database import Database
from storage.errors import Locked

KEEP = timedelta(days=30)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


class Watch:
    """The time of day and the seconds since the start, which go together unless one is put."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)
        self.seconds = 0.0

    def pass_by(self, time: timedelta) -> None:
        self.now += time
        self.seconds += time.total_seconds()


class Worker:
    """A worker that goes step by step."""

    def __init__(self, house: House, watch: Watch) -> None:
        self.scheduler = Scheduler(
            house,
            clock=lambda: watch.now,
            dice=random.Random(1),
            elapsed=lambda: watch.seconds,
        )

    def step(self) -> None:
        self.scheduler.step()
        futures.wait(self.scheduler._running)
        if running := self.scheduler._upkeep._running:
            running.result()
        self.scheduler._reap()

    def end(self) -> None:
        self.scheduler.stop()
        self.scheduler.finish()


def url_of(db: Database) -> str:
    return db.url.render_as_string(hide_password=False)


class Place:
    """A folder with a house that keeps mentions for 30 days, and its workers."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.db = folder, Database(url)
        self.watch = Watch()
        self.workers: list[Worker] = []
        self.house = self.open()

    def open(self, sources: tuple[dict[str, Any], ...] = (), **said: Any) -> House:
        config = {
            "database": {"url": url_of(self.db)},
            "http": {"delay": 0, "allow_private": ["127.0.0.1"]},
            "personal": {"keep": "30д", **said},
            "sources": [{"name": "reviews", "type": "file", "path": "none.csv"}, *sources],
        }
        file = self.folder / "config.yaml"
        file.write_text(json.dumps(config, ensure_ascii=False), encoding="utf-8")
        self.house = open_house(load(file), self.db)
        with self.house.db.write() as session:  # not a matter of these tests, and there is no file
            session.execute(
                sa.update(t.source).where(t.source.c.name == "reviews").values(app_enabled=False)
            )
        return self.house

    def worker(self) -> Worker:
        self.workers.append(Worker(self.house, self.watch))
        return self.workers[-1]

    def put(self, *ages: timedelta) -> None:
        """Mentions as old as these."""
        items: list[Any] = [make_mention(published_at=self.watch.now - age) for age in ages]
        self.house.store().save_page("reviews", items)

    def stored(self) -> int:
        return len(self.rows(t.mention))

    def rows(self, table: sa.Table) -> list[Any]:
        with self.house.db.read() as session:
            return list(session.execute(sa.select(table)).all())

    def pruned(self) -> Any:
        with self.house.db.read() as session:
            return settings.get(session, settings.PRUNED)

    def close(self) -> None:
        for worker in self.workers:
            worker.end()
        self.db.dispose()


@pytest.fixture
def place(tmp_path: Path, db_url: str) -> Iterator[Place]:
    made = Place(tmp_path, db_url)
    yield made
    made.close()


@pytest.fixture
def site() -> Iterator[Site]:
    with publishing() as one:
        yield one


def test_the_worker_prunes_once_a_day(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    place.put(KEEP - HOUR, KEEP - 25 * HOUR, DAY)
    worker = place.worker()
    worker.step()
    assert place.pruned() is None  # the clock may not have been put right yet
    place.watch.pass_by(2 * HOUR)
    worker.step()
    assert place.stored() == 2
    assert "старше 30 дн.: 1" in capsys.readouterr().err
    place.put(KEEP - HOUR)
    for _ in range(22):  # within the same day nothing is looked for
        place.watch.pass_by(HOUR)
        worker.step()
    assert place.stored() == 3
    for _ in range(3):
        place.watch.pass_by(HOUR)
        worker.step()
    assert place.stored() == 1
    assert [row.counts["mention"] for row in place.rows(t.erasure)] == [1, 2]


def test_neither_a_restart_nor_a_second_worker_does_it_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[datetime] = []
    prune = personal.prune

    def counted(house: House, **more: Any) -> int:
        calls.append(more["now"])
        return prune(house, **more)

    monkeypatch.setattr(personal, "prune", counted)
    first, second = place.worker(), place.worker()
    place.watch.pass_by(HOUR)
    for worker in (first, second):
        worker.scheduler._upkeep.look(place.house)
    for worker in (first, second):
        worker.scheduler._upkeep.finish()
    assert len(calls) == 1
    restarted = place.worker()
    for _ in range(3):
        place.watch.pass_by(HOUR)
        restarted.step()
    assert len(calls) == 1
    place.watch.pass_by(DAY)
    restarted.step()
    assert len(calls) == 2


def test_a_worker_killed_in_the_middle_leaves_the_rest_to_the_next(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(personal, "_AT_ONCE", 2)
    place.put(*[KEEP - HOUR] * 5)
    place.watch.pass_by(2 * HOUR)
    with pytest.raises(KeyboardInterrupt):
        personal.prune(place.house, now=place.watch.now, on_progress=interrupt)
    assert place.stored() == 3
    worker = place.worker()
    place.watch.pass_by(HOUR)
    worker.step()
    assert place.stored() == 0


def interrupt(_: int) -> None:
    raise KeyboardInterrupt


def test_its_failure_stops_no_crawl_and_is_made_good(
    place: Place, site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place.open(({"name": "a", "type": "feed", "url": f"{site.url}/a", "every": "1ч"},))
    place.put(KEEP - HOUR)

    def refuse(*_: Any, **__: Any) -> int:
        raise Locked("база занята")

    monkeypatch.setattr(personal, "prune", refuse)
    worker = place.worker()
    place.watch.pass_by(2 * HOUR)
    worker.step()
    assert "база занята" in capsys.readouterr().err
    assert len(place.rows(t.crawl)) == 1
    monkeypatch.undo()
    monkeypatch.setattr(personal, "prune", lambda *_, **__: 1 // 0)
    place.watch.pass_by(HOUR + timedelta(minutes=1))
    worker.step()
    assert len(place.rows(t.crawl)) == 2
    monkeypatch.undo()
    place.watch.pass_by(HOUR + timedelta(minutes=1))
    worker.step()
    assert [row.counts["mention"] for row in place.rows(t.erasure)] == [1]


def test_nothing_is_erased_by_a_clock_that_leapt(place: Place) -> None:
    place.put(DAY)
    worker = place.worker()
    place.watch.pass_by(HOUR)
    worker.step()
    place.watch.pass_by(timedelta(minutes=59))
    real = place.watch.now
    place.watch.now += timedelta(days=3650)
    for _ in range(9):
        place.watch.pass_by(timedelta(minutes=1))
        worker.step()  # an hour after the last look: it would be time
    place.watch.now = real + timedelta(minutes=9)
    for _ in range(30):
        place.watch.pass_by(timedelta(hours=1))
        worker.step()
    assert place.stored() == 1
    # A wrong clock that did prune does not put off the next time for years.
    with place.house.db.write() as session:
        settings.put(session, settings.PRUNED, (real + timedelta(days=3650)).isoformat())
    place.put(KEEP - HOUR)
    place.watch.pass_by(2 * HOUR)
    worker.step()
    assert place.stored() == 1


def test_results_of_jobs_and_kept_pages_go_after_some_days(place: Place, site: Site) -> None:
    place.open(keep=None)
    old = place.watch.now
    with place.house.db.write() as session:
        commands.preview(session, "feed", {"url": f"{site.url}/a"}, now=old)
        source = session.scalar(sa.select(t.source.c.id))
        crawl: dict[str, Any] = dict.fromkeys(
            ("new", "changed", "unchanged", "deleted", "skipped"), 0
        )
        crawl |= {"source_id": source, "started_at": old, "finished_at": old, "status": "bug"}
        crawl |= {"samples": [], "notes": [], "error": "", "detail": "<p>Кузьма"}
        session.execute(sa.insert(t.crawl).values(crawl))
    worker = place.worker()
    worker.step()
    (job,) = place.rows(t.job)
    assert len(job.result["mentions"]) == 3
    for days, jobs, detail in ((6, 1, "<p>Кузьма"), (2, 0, "<p>Кузьма"), (7, 0, "")):
        place.watch.pass_by(timedelta(days=days))
        worker.step()
        assert len(place.rows(t.job)) == jobs
        assert place.rows(t.crawl)[0].detail == detail


def test_refused_events_go_when_mentions_of_their_age_do(place: Place) -> None:
    place.open(({"name": "survey", "type": "webhook", "secret": "hush", "enabled": False},))
    events = Spool(place.folder / "var/hooks/survey")
    for name, age in (("old", KEEP + DAY), ("young", KEEP - DAY)):
        events.reject(Event(name, place.watch.now, "нет", "не JSON"))
        moment = (place.watch.now - age).timestamp()
        (newest,) = (file for file in events.rejected() if load_event(file).id == name)
        os.utime(newest, (moment, moment))
    events.put(Event("waits", place.watch.now, {"a": 1}))
    os.utime(events.waiting()[0], (1, 1))
    worker = place.worker()
    place.watch.pass_by(HOUR)
    worker.step()
    assert [load_event(file).id for file in events.rejected()] == ["young"]
    assert place.rows(t.erasure) == []


def test_the_worker_ends_what_a_killed_forget_began(place: Place) -> None:
    """The rows are gone and the file is not rewritten yet."""
    place.put(DAY)
    with place.house.db.write() as session:
        erasing.forget(session, "Некто", place.house.personal, now=place.watch.now)
        assert settings.get(session, settings.UNSCRUBBED)
    worker = place.worker()
    place.watch.pass_by(HOUR)
    worker.step()
    with place.house.db.read() as session:
        assert settings.get(session, settings.UNSCRUBBED) is None
    if place.house.db.is_sqlite:
        with sqlite3.connect(place.house.db.url.database or "") as connection:
            assert connection.execute("PRAGMA freelist_count").fetchone() == (0,)


# --- looks at a first page ------------------------------------------------------------------

PAGE = """\
<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Л</title>
<item><guid>1</guid><title>Первая</title><dc:creator>Кузьма Прутковский</dc:creator>
<pubDate>{new}</pubDate><description>Курьер опоздал</description></item>
<item><guid>2</guid><title>Вторая</title><dc:creator>Анна</dc:creator>
<pubDate>{new}</pubDate><description>Всё хорошо</description></item>
<item><guid>3</guid><title>Давняя</title><dc:creator>Анна</dc:creator>
<pubDate>Mon, 05 Jan 2015 10:00:00 GMT</pubDate><description>Было</description></item>
</channel></rss>"""


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A feed whose entries name their authors."""
    import feeds

    moment = datetime.now(UTC) - HOUR
    page = PAGE.format(new=f"{moment:%a, %d %b %Y %H:%M:%S} GMT")
    monkeypatch.setattr(feeds, "_feed", lambda *_: page)
    with publishing() as one:
        yield one


def preview(place: Place, url: str) -> queries.JobRow:
    with place.house.db.write() as session:
        number = commands.preview(session, "feed", {"url": url}, now=place.watch.now)
    place.worker().step()
    with place.house.db.read() as session:
        return queries.job(session, number)


def test_previews_name_no_author_that_is_not_stored(place: Place, named: Site) -> None:
    done = preview(place, f"{named.url}/a")
    assert done.state == "done", done.message
    assert "не сохраняются (старые или стёртых авторов): 1" in done.message
    first, second = done.result["mentions"]
    assert first["author"].startswith("автор ")
    assert first["author"] != second["author"]
    assert "Прутковский" not in str(place.rows(t.job))
    place.open(store_authors=True)
    assert preview(place, f"{named.url}/b").result["mentions"][1]["author"] == "Анна"


def test_previews_go_with_a_forgotten_author_and_do_not_show_him_again(
    place: Place, named: Site
) -> None:
    preview(place, f"{named.url}/a")
    assert (
        personal.forget(place.house, "Кузьма Прутковский", None, dry_run=False, as_json=True) == 0
    )
    assert place.rows(t.job) == []
    shown = preview(place, f"{named.url}/a").result["mentions"]
    assert [row["title"] for row in shown] == ["Вторая"]
