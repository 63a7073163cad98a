"""Turns, leases and the worker: nothing missed, nothing at twice, by however many workers."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import ExitStack, closing, suppress
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from conftest import Clock
from feeds import Site, Visit, publishing
from shop import MOSCOW, Shop
from typer.testing import CliRunner

from collectors import schedules
from collectors.outcomes import Counts, Outcome, Status
from otklik import crawling, pipeline
from otklik.cli import app
from otklik.commands import backfill
from otklik.config import SourceConfig, load
from otklik.house import House, open_house
from otklik.leases import HeldStore, Hold, Keeper, Stopped
from otklik.messages import ConfigError
from otklik.schedule import Scheduler
from storage import commands, leases, queries, settings
from storage import tables as t
from storage.commands import SourceDeclaration
from storage.crawls import sync_catalog
from storage.database import Database
from storage.errors import LeaseLost, NotFound, StorageError
from storage.leases import Lease, Refused
from storage.queries import State

ROOT = Path(__file__).parent.parent
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


# Schedules


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("text", "moment", "expected"),
    [
        # Moscow is three hours ahead: its new year begins while UTC is in the old one.
        ("0 3 * * *", utc(2026, 12, 31, 23, 59), utc(2027, 1, 1, 0)),
        ("0 3 * * *", utc(2027, 1, 1, 0), utc(2027, 1, 2, 0)),
        ("0 0 1 1 *", utc(2026, 12, 31, 20, 59), utc(2026, 12, 31, 21)),
        ("0 0 1 1 *", utc(2026, 12, 31, 21), utc(2027, 12, 31, 21)),
        ("*/20 23 31 12 *", utc(2026, 12, 31, 20, 30), utc(2026, 12, 31, 20, 40)),
        ("*/20 23 31 12 *", utc(2026, 12, 31, 20, 40), utc(2027, 12, 31, 20)),
        ("0 9 * * MON", utc(2026, 12, 28, 6), utc(2027, 1, 4, 6)),
        ("90 мин", utc(2026, 12, 31, 23), utc(2027, 1, 1, 0, 30)),
    ],
)
def test_turns_over_the_years_end_in_moscow(
    text: str, moment: datetime, expected: datetime
) -> None:
    assert schedules.parse(text).after(moment, MOSCOW) == expected


def test_a_clock_that_is_put_forward_or_back_costs_and_doubles_no_turn() -> None:
    zone, daily = ZoneInfo("Europe/Berlin"), schedules.parse("30 2 * * *")
    for moment in (utc(2026, 3, 28), utc(2026, 10, 24)):
        turns = [moment]
        for _ in range(4):
            turns.append(daily.after(turns[-1], zone))
        days = [turn.astimezone(zone).date() for turn in turns[1:]]
        assert days == [date.fromordinal(days[0].toordinal() + n) for n in range(4)]


@pytest.mark.parametrize("text", ["30 2 * * *", "0 * * * *", "0 9 * * 1"])
@pytest.mark.parametrize("begin", [utc(2026, 3, 28, 23), utc(2026, 10, 24, 23)])
def test_no_turn_lies_behind_whatever_the_clock_does(text: str, begin: datetime) -> None:
    zone, schedule = ZoneInfo("Europe/Berlin"), schedules.parse(text)
    for minute in range(0, 360, 7):
        moment = begin + minute * MINUTE
        after, before = schedule.after(moment, zone), schedule.before(moment, zone)
        assert before <= moment < after
        assert schedule.after(before, zone) == after


@pytest.mark.parametrize(
    "text",
    [
        "",
        "скоро",
        "0 3 30 2 *",
        "0 25 * * *",
        "* * * *",
        "* * * * * *",
        "0м",
        "9999999д",
        "час",
        "каждые 5",
    ],
)
def test_what_is_no_schedule(text: str) -> None:
    with pytest.raises(ValueError, match="0 3"):
        schedules.parse(text)


def test_a_site_is_one_however_its_address_is_written() -> None:
    sources = [
        SourceConfig.model_validate({"name": "a", "type": "feed", "url": url})
        for url in ("https://Site.ru:8443/rss", "https://user:secret@site.RU:8443/other")
    ]
    assert {crawling.site_of(source) for source in sources} == {"site.ru:8443"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("30 мин", "раз в 30 мин"),
        ("120m", "раз в 2 ч"),
        ("1д", "раз в сутки"),
        ("каждые 2 часа", "раз в 2 ч"),
        ("Каждый час", "раз в час"),
        ("раз в 15 минут", "раз в 15 мин"),
        ("5 3 * * *", "ежедневно в 03:05"),
        ("0 9 * * 1", "по понедельникам в 09:00"),
        ("30 8 1 * *", "1-го числа каждого месяца в 08:30"),
        ("0 9 2 1,4,7,10 *", "2-го числа каждого квартала в 09:00"),
        ("0 9 1 * 1", "cron 0 9 1 * 1"),
        ("0  9 * * MON", "cron 0 9 * * MON"),
    ],
)
def test_schedules_in_words(text: str, words: str) -> None:
    assert schedules.parse(text).words == words


# Whose turn it is


def claim(shop: Shop, holder: str = "a", name: str = "reviews", **more: Any) -> Lease | Refused:
    now = more.pop("now", NOW)
    given = {"site": "", "quota": None, "only_due": False, "until": now + MINUTE}
    with shop.db.write() as session:
        return leases.claim(session, name, holder=holder, now=now, **{**given, **more})


def due(shop: Shop, now: datetime = NOW) -> list[str]:
    with shop.db.read() as session:
        return [turn.name for turn in leases.due(session, now=now)]


def declare(shop: Shop, *sources: SourceDeclaration) -> None:
    with shop.db.write() as session:
        sync_catalog(session, [], sources)


def state(shop: Shop, now: datetime = NOW) -> queries.SourceNow:
    with shop.db.read() as session:
        return next(s for s in queries.sources_now(session, now=now) if s.name == "reviews")


def ended(shop: Shop, status: Status = Status.OK, **more: Any) -> None:
    """A crawl that took its turn by the schedule that holds."""
    lease = claim(shop, "crawl")
    assert isinstance(lease, Lease)
    schedule = schedules.parse(lease.schedule or "6ч")
    given: dict[str, Any] = {"next_due": schedule.after(NOW, MOSCOW), "counts": Counts(new=2)}
    outcome = Outcome(
        source="reviews", status=status, started_at=NOW, finished_at=NOW, **{**given, **more}
    )
    crawling_store(shop, lease).save_outcome(outcome, failures=int(status is Status.LATER))
    with shop.db.write() as session:
        leases.release(session, lease)


def crawling_store(shop: Shop, lease: Lease) -> Any:
    from storage.crawls import SqlStore

    return SqlStore(shop.db, MOSCOW, lambda _: lambda _: (), str, lease=lease)


@pytest.fixture
def hourly(shop: Shop) -> Shop:
    declare(shop, SourceDeclaration("reviews", "feed", schedule="1ч"))
    return shop


def test_turns_come_in_the_order_of_waiting(hourly: Shop) -> None:
    names = ["reviews", "late", "later", "idle"]
    scheduled = [SourceDeclaration(n, "feed", schedule="1ч") for n in names[:3]]
    declare(hourly, *scheduled, SourceDeclaration("idle", "file"))
    ended(hourly, next_due=NOW + HOUR)
    assert due(hourly) == ["late", "later"]
    assert due(hourly, NOW + HOUR) == ["late", "later", "reviews"]
    declare(hourly, *scheduled[:1])
    assert due(hourly, NOW + HOUR) == ["reviews"]


def test_one_holder_at_a_time_until_the_lease_expires(hourly: Shop) -> None:
    first = claim(hourly, "a")
    assert isinstance(first, Lease)
    assert claim(hourly, "b") is claim(hourly, "a") is Refused.RUNNING
    assert due(hourly) == []
    with hourly.db.write() as session:
        until = NOW + 2 * MINUTE
        assert leases.renew(session, "a", {first.source_id: {"new": 5}}, until=until) == {1}
    assert state(hourly, NOW + MINUTE).progress == {"new": 5}
    assert claim(hourly, "b", now=NOW + MINUTE) is Refused.RUNNING
    assert due(hourly, NOW + 2 * MINUTE) == ["reviews"]
    second = claim(hourly, "b", now=NOW + 2 * MINUTE)
    assert isinstance(second, Lease)
    with hourly.db.write() as session:
        assert leases.renew(session, "a", {1: {"new": 9}}, until=NOW + HOUR) == set()
        leases.release(session, first)  # not a's any more
        leases.check(session, second)
        with pytest.raises(LeaseLost):
            leases.check(session, first)


def test_a_holder_that_slept_too_long_writes_nothing(hourly: Shop) -> None:
    first = claim(hourly, "a")
    assert isinstance(first, Lease)
    claim(hourly, "b", now=NOW + MINUTE)
    store = HeldStore(crawling_store(hourly, first), Hold(first), threading.Event())
    for call in (
        lambda: store.save_page("reviews", []),
        lambda: store.save_cursor("reviews", NOW, {}),
        lambda: store.save_outcome(
            Outcome(
                source="reviews",
                status=Status.OK,
                started_at=NOW,
                finished_at=NOW,
                counts=Counts(),
            ),
            0,
        ),
    ):
        with pytest.raises(Stopped):
            call()
    assert hourly.rows(t.crawl) == hourly.rows(t.source_state) == []


def test_one_crawl_a_site(hourly: Shop) -> None:
    declare(hourly, *(SourceDeclaration(n, "feed", schedule="1ч") for n in ("reviews", "other")))
    assert isinstance(claim(hourly, "a", site="site.ru"), Lease)
    assert claim(hourly, "b", "other", site="site.ru") is Refused.SITE_BUSY
    assert isinstance(claim(hourly, "b", "other", site=""), Lease)
    later = NOW + MINUTE
    assert isinstance(claim(hourly, "b", "other", site="site.ru", now=later), Lease)


def test_a_site_that_was_left_rests_for_other_processes(hourly: Shop) -> None:
    declare(hourly, *(SourceDeclaration(n, "feed", schedule="1ч") for n in ("reviews", "other")))
    one, two = (Keeper(hourly.db, clock=lambda: NOW) for _ in range(2))
    hold = one.claim("reviews", site="site.ru")
    assert isinstance(hold, Hold)
    one.release(hold, rest=timedelta(seconds=20))
    assert two.claim("other", site="site.ru") is Refused.SITE_BUSY
    assert isinstance(two.claim("other", site="else.ru"), Hold)
    assert isinstance(one.claim("reviews", site="site.ru"), Hold)  # its own door waits
    one.release(hold, rest=timedelta(seconds=20))
    rested = NOW + timedelta(seconds=21)
    assert isinstance(claim(hourly, "b", site="site.ru", now=rested), Lease)


def test_a_site_that_shall_rest_for_long_rests(hourly: Shop) -> None:
    declare(hourly, *(SourceDeclaration(n, "feed", schedule="1ч") for n in ("reviews", "other")))
    one, two = (Keeper(hourly.db, clock=lambda: NOW) for _ in range(2))
    hold = one.claim("reviews", site="site.ru")
    assert isinstance(hold, Hold)
    one.release(hold, rest=1.5 * HOUR)
    assert two.claim("other", site="site.ru") is Refused.SITE_BUSY


def test_a_turn_is_taken_once_though_many_reach_for_it(hourly: Shop, db_url: str) -> None:
    others = [Database(db_url) for _ in range(3)]
    got: list[Lease | Refused] = []

    def take(db: Database) -> None:
        for _ in range(5):
            with db.write() as session:
                lease = leases.claim(
                    session,
                    "reviews",
                    holder=str(id(db)),
                    site="",
                    quota=None,
                    now=NOW,
                    until=NOW + MINUTE,
                    only_due=True,
                )
            got.append(lease)

    threads = [threading.Thread(target=take, args=(db,)) for db in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for db in others:
        db.dispose()
    assert len([lease for lease in got if isinstance(lease, Lease)]) == 1
    assert len(got) == 15


def test_a_turn_that_another_took_is_not_taken_again(hourly: Shop) -> None:
    assert due(hourly) == ["reviews"]
    ended(hourly)
    assert claim(hourly, only_due=True) is Refused.NOT_DUE
    assert isinstance(claim(hourly, only_due=True, now=NOW + HOUR), Lease)
    with pytest.raises(NotFound):
        claim(hourly, name="nobody")


# What the app says


def do(shop: Shop, command: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
    with shop.db.write() as session:
        return command(session, shop.source, *arguments, **more)


def test_a_pause_holds_before_the_config_until_it_is_undone(hourly: Shop) -> None:
    do(hourly, commands.pause)
    declare(hourly, SourceDeclaration("reviews", "feed", schedule="1ч"))
    assert (due(hourly), state(hourly).state) == ([], State.PAUSED)
    assert state(hourly).overridden
    do(hourly, commands.resume)
    assert (due(hourly), state(hourly).state) == (["reviews"], State.DUE)
    assert not state(hourly).overridden
    declare(hourly, SourceDeclaration("reviews", "feed", schedule="1ч", enabled=False))
    assert (due(hourly), state(hourly).state) == ([], State.OFF)
    do(hourly, commands.resume)
    assert due(hourly) == ["reviews"]
    do(hourly, commands.undo, zone=MOSCOW, now=NOW)
    assert due(hourly) == []


def test_resuming_gives_a_parked_source_its_chance(hourly: Shop) -> None:
    ended(hourly, Status.NEEDS_HUMAN, next_due=None, error="капча")
    assert (due(hourly, NOW + 99 * HOUR), state(hourly).state) == ([], State.PARKED)
    do(hourly, commands.resume)
    assert due(hourly) == ["reviews"]


def test_a_schedule_of_the_app_holds_until_undone(hourly: Shop) -> None:
    ended(hourly)
    assert (state(hourly).next_due, state(hourly).state) == (NOW + HOUR, State.WAITING)
    do(hourly, commands.set_schedule, "0 3 * * *", zone=MOSCOW, now=NOW + MINUTE)
    night = datetime(2026, 3, 2, 0, tzinfo=UTC)
    assert (state(hourly).next_due, state(hourly).words) == (night, "ежедневно в 03:00")
    declare(hourly, SourceDeclaration("reviews", "feed", schedule="2ч"))
    assert state(hourly).schedule == "0 3 * * *"
    do(hourly, commands.undo, zone=MOSCOW, now=NOW + MINUTE)
    assert (state(hourly).next_due, state(hourly).schedule) == (NOW + 2 * HOUR, "2ч")
    with pytest.raises(StorageError, match="не понято: период пишется"):
        do(hourly, commands.set_schedule, "иногда", zone=MOSCOW, now=NOW)


def plan(shop: Shop, now: datetime) -> None:
    with shop.db.write() as session:
        leases.plan(session, zone=MOSCOW, now=now)


def test_a_changed_schedule_moves_the_next_turn_but_no_wait_and_no_missed_turn(
    hourly: Shop,
) -> None:
    ended(hourly)
    declare(hourly, SourceDeclaration("reviews", "feed", schedule="10м"))
    plan(hourly, NOW + MINUTE)
    assert state(hourly).next_due == NOW + 10 * MINUTE
    plan(hourly, NOW + 30 * MINUTE)
    declare(hourly, SourceDeclaration("reviews", "feed", schedule="0 3 * * *"))
    plan(hourly, NOW + 30 * MINUTE)  # its turn has come, and was not taken yet
    assert due(hourly, NOW + 30 * MINUTE) == ["reviews"]
    ended(hourly, Status.LATER, next_due=NOW + 5 * HOUR)
    declare(hourly, SourceDeclaration("reviews", "feed", schedule="10м"))
    plan(hourly, NOW + MINUTE)
    assert (state(hourly).next_due, state(hourly).state) == (NOW + 5 * HOUR, State.LATER)


def test_a_schedule_that_is_changed_during_a_crawl_holds_after_it(hourly: Shop) -> None:
    lease = claim(hourly, "a")
    assert isinstance(lease, Lease)
    do(hourly, commands.set_schedule, "10м", zone=MOSCOW, now=NOW)
    outcome = Outcome(
        source="reviews",
        status=Status.OK,
        started_at=NOW,
        finished_at=NOW,
        counts=Counts(),
        next_due=NOW + HOUR,
    )
    crawling_store(hourly, lease).save_outcome(outcome, 0)
    plan(hourly, NOW + MINUTE)
    assert state(hourly).next_due == NOW + 10 * MINUTE


def test_a_source_may_be_added_in_the_app_and_removed_there(shop: Shop) -> None:
    def add(name: str, schedule: str = "1ч") -> int:
        with shop.db.write() as session:
            declared = SourceDeclaration(name, "feed", options={"url": "x"}, schedule=schedule)
            return commands.add_source(session, declared)

    made = add("mine")
    with pytest.raises(StorageError, match="уже есть"):
        add("mine")
    with pytest.raises(StorageError, match="уже есть"):
        add("reviews")
    with pytest.raises(StorageError, match="не понято"):
        add("other", "")
    declare(shop)
    assert due(shop) == ["mine"]
    with shop.db.write() as session:
        commands.remove_source(session, made)
    assert due(shop) == []
    assert add("mine", "2ч") == made
    assert due(shop) == ["mine"]
    with shop.db.write() as session, pytest.raises(StorageError, match=r"config\.yaml"):
        commands.remove_source(session, shop.source)


def test_coverage_and_history_are_read_back(hourly: Shop) -> None:
    from collectors.base import Skipped
    from collectors.outcomes import Coverage

    coverage = Coverage(
        asked_from=NOW - 9 * HOUR, oldest=NOW - 3 * HOUR, newest=NOW, cap_hit="500 записей"
    )
    ended(hourly, coverage=coverage, skipped=(Skipped("строка 1", "пусто"),))
    ended(hourly, Status.LATER, error="сайт занят")
    with hourly.db.read() as session:
        second, first = queries.history(session, hourly.source)
    assert (first.asked_from, first.oldest, first.newest) == (
        NOW - 9 * HOUR,
        NOW - 3 * HOUR,
        NOW,
    )
    assert (first.cap_hit, first.samples[0]["reason"]) == ("500 записей", "пусто")
    assert (second.status, second.error) == ("later", "сайт занят")
    assert state(hourly).crawl == second
    assert state(hourly, NOW + 5 * HOUR).state is State.DUE


# The worker, at a time that is told


class Bench:
    """A house over feeds of a site, and a worker of it that goes step by step."""

    def __init__(self, folder: Path, url: str, clock: Clock) -> None:
        self.folder, self.url, self.clock = folder, url, clock
        self.house: House | None = None
        self.workers: list[Scheduler] = []

    def open(self, feeds: dict[str, str], every: str = "1ч", workers: int = 8) -> House:
        """One source a feed, by name and address."""
        self.write(feeds, every, workers)
        self.house = open_house(load(self.folder / "config.yaml"))
        return self.house

    def write(self, feeds: dict[str, str], every: str = "1ч", workers: int = 8) -> None:
        sources = [
            {"name": name, "type": "feed", "url": url, "every": every}
            for name, url in feeds.items()
        ]
        config = {
            "database": {"url": self.url},
            "http": {"delay": 0, "allow_private": ["127.0.0.1"], "workers": workers},
            "sources": sources,
        }
        text = json.dumps(config, ensure_ascii=False)
        (self.folder / "config.yaml").write_text(text, encoding="utf-8")

    def worker(self) -> Scheduler:
        assert self.house
        made = Scheduler(self.house, clock=lambda: self.clock.now, dice=random.Random(1))
        self.workers.append(made)
        return made

    def step(self, worker: Scheduler) -> None:
        """Let it start what may start, and wait for that."""
        worker.step()
        futures.wait(worker._running)
        worker._reap()

    def settle(self, worker: Scheduler) -> None:
        """Steps until there is nothing to start."""
        for _ in range(50):
            self.step(worker)
            self.clock.now += timedelta(seconds=3)
            if not worker._turns and not worker._running:
                return

    def crawls(self) -> list[str]:
        assert self.house
        with self.house.db.read() as session:
            rows = session.execute(
                sa.select(t.source.c.name)
                .join(t.crawl, t.crawl.c.source_id == t.source.c.id)
                .order_by(t.crawl.c.id)
            )
            return list(rows.scalars())

    def sources(self) -> dict[str, queries.SourceNow]:
        assert self.house
        with self.house.db.read() as session:
            found = queries.sources_now(session, now=self.clock.now)
        return {source.name: source for source in found}

    def stored(self, source: str) -> int:
        """How many mentions of a source there are."""
        assert self.house
        with self.house.db.read() as session:
            found = queries.catalog(session).sources
        return next(row.mentions for row in found if row.name == source)

    def job(self, call: Callable[..., int], *arguments: Any, **more: Any) -> queries.JobRow:
        """Ask for a job, have it done, and what came of it."""
        assert self.house
        with self.house.db.write() as session:
            number = call(session, *arguments, now=self.clock.now, **more)
        worker = self.worker()
        worker._take_jobs()  # jobs alone: turns have tests of their own
        futures.wait(worker._running)
        worker._reap()
        with self.house.db.read() as session:
            return queries.job(session, number)

    def close(self) -> None:
        for worker in self.workers:
            worker.stop()
            worker.finish()
        if self.house:
            self.house.db.dispose()


@pytest.fixture
def bench(tmp_path: Path, db_url: str, clock: Clock) -> Iterator[Bench]:
    with closing(Bench(tmp_path, db_url, clock)) as made:
        yield made


@pytest.fixture
def site() -> Iterator[Site]:
    with publishing() as one:
        yield one


def test_a_night_of_missed_turns_is_one_crawl_a_source(bench: Bench, site: Site) -> None:
    bench.open({name: f"{site.url}/{name}" for name in "abc"}, every="10м")
    worker = bench.worker()
    bench.settle(worker)
    assert sorted(bench.crawls()) == ["a", "b", "c"]
    bench.clock.now += timedelta(hours=9)
    bench.settle(worker)
    assert sorted(bench.crawls()) == ["a", "a", "b", "b", "c", "c"]
    assert all(s.next_due and s.next_due > bench.clock.now for s in bench.sources().values())


def test_missed_turns_begin_one_after_another(bench: Bench) -> None:
    with ExitStack() as stack:
        sites = [stack.enter_context(publishing()) for _ in range(6)]
        bench.open({f"s{n}": one.url + "/x" for n, one in enumerate(sites)})
        bench.settle(bench.worker())
        bench.clock.now += timedelta(days=3)
        worker, begun = bench.worker(), []
        start = bench.clock.now
        while bench.clock.now < start + timedelta(seconds=8):
            before = len(bench.crawls())
            bench.step(worker)
            begun.append(len(bench.crawls()) - before)
            bench.clock.now += timedelta(milliseconds=500)
        assert sum(begun) == 6
        assert max(begun) < 6
        assert sum(begun[:13]) == 6  # a second for each, and they are spread over that


def test_turns_that_just_came_do_not_wait(bench: Bench) -> None:
    with ExitStack() as stack:
        sites = [stack.enter_context(publishing()) for _ in range(6)]
        bench.open({f"s{n}": one.url + "/x" for n, one in enumerate(sites)})
        worker = bench.worker()
        bench.settle(worker)
        bench.clock.now += HOUR
        bench.step(worker)
        assert len(bench.crawls()) == 12


def test_a_site_is_visited_by_one_crawl_at_a_time(bench: Bench) -> None:
    with publishing(delay=0.1) as slow:
        bench.open({f"s{n}": f"{slow.url}/{n}" for n in range(5)})
        bench.settle(bench.worker())
        assert_alone(slow.visits)
        assert len(slow.visits) == 5


def assert_alone(visits: list[Visit]) -> None:
    """No visit began before the one before it had ended."""
    ordered = sorted(visits, key=lambda visit: visit.began)
    for earlier, later in pairwise(ordered):
        assert earlier.ended is None or earlier.ended <= later.began


def test_new_texts_are_analysed_after_the_round(bench: Bench, site: Site) -> None:
    house = bench.open({"a": f"{site.url}/a"})
    worker = bench.worker()
    bench.settle(worker)
    worker.step()
    assert worker._analysis
    worker._analysis.result()
    with house.db.read() as session:
        status = queries.status(session, pipeline.model_version(house, session))
    assert (status["mentions"], status["analysed"]) == (3, 3)


def test_a_paused_source_rests_and_a_misconfigured_one_waits_for_its_config(
    bench: Bench, site: Site
) -> None:
    house = bench.open({"good": f"{site.url}/a", "bad": "no-address", "paused": f"{site.url}/b"})
    with house.db.write() as session:
        commands.pause(session, bench.sources()["paused"].id)
    worker = bench.worker()
    bench.settle(worker)
    assert sorted(bench.crawls()) == ["bad", "good"]
    bad = bench.sources()["bad"]
    assert bad.crawl
    assert bad.crawl.status == "needs_human"
    assert bad.state is State.WAITING


def test_a_changed_config_is_taken_over_and_a_broken_one_is_not(bench: Bench, site: Site) -> None:
    bench.open({"a": f"{site.url}/a"})
    worker = bench.worker()
    bench.settle(worker)
    file = bench.folder / "config.yaml"
    good = file.read_text(encoding="utf-8")
    file.write_text("sources: [", encoding="utf-8")
    os.utime(file, (1, 1))
    bench.settle(worker)
    file.write_text(good, encoding="utf-8")
    bench.write({"a": f"{site.url}/a", "b": f"{site.url}/b"})
    os.utime(file, (2, 2))
    bench.settle(worker)
    assert bench.crawls() == ["a", "b"]


def test_more_workers_of_a_changed_config_work_at_once(bench: Bench) -> None:
    with ExitStack() as stack:
        sites = [stack.enter_context(publishing(delay=0.3)) for _ in range(6)]
        feeds = {f"s{n}": one.url + "/x" for n, one in enumerate(sites)}
        bench.open(feeds, workers=1)
        worker = bench.worker()
        bench.write(feeds, workers=6)
        os.utime(bench.folder / "config.yaml", (2, 2))
        bench.step(worker)
        assert len(bench.crawls()) == 6
        visits = [one.visits[0] for one in sites]
        assert max(visit.began for visit in visits) < min(visit.ended or 0 for visit in visits)


def test_what_a_step_did_not_expect_ends_no_worker(
    bench: Bench, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.open({"a": f"{site.url}/a"})
    worker = bench.worker()
    monkeypatch.setattr("otklik.schedule._REST", timedelta(0))
    monkeypatch.setattr("otklik.schedule.POLL", timedelta(milliseconds=50))
    failures = iter([OSError("disk"), StorageError("busy")])
    step = worker.step

    def fail_at_first() -> None:
        for error in failures:
            raise error
        step()
        if bench.crawls():
            worker.stop()

    monkeypatch.setattr(worker, "step", fail_at_first)
    thread = threading.Thread(target=worker.run)
    thread.start()
    thread.join(60)
    assert not thread.is_alive()
    assert bench.crawls() == ["a"]


def test_a_clock_that_goes_back_delays_neither_jobs_nor_turns(bench: Bench, site: Site) -> None:
    house = bench.open({name: f"{site.url}/{name}" for name in "abc"})
    right = bench.clock.now
    bench.clock.now += timedelta(days=3650)
    worker = bench.worker()
    bench.settle(worker)
    bench.clock.now += 9 * HOUR  # turns were missed, and begin spread over some seconds
    worker._look_again()
    worker._find_turns()
    bench.clock.now = right
    with house.db.write() as session:
        number = commands.run_now(session, bench.sources()["a"].id, now=right)
    bench.settle(worker)
    with house.db.read() as session:
        assert queries.job(session, number).state == "done"
    bench.clock.now += HOUR + timedelta(minutes=5)
    before = len(bench.crawls())
    bench.settle(worker)
    assert sorted(bench.crawls()[before:]) == ["a", "b", "c"]


def test_a_source_put_off_for_a_moment_does_not_wait_for_a_wrong_time(
    bench: Bench, site: Site
) -> None:
    house = bench.open({name: f"{site.url}/{name}" for name in "ab"})
    right = bench.clock.now
    bench.clock.now += timedelta(days=3650)
    other = Keeper(house.db, clock=lambda: bench.clock.now)
    hold = other.claim("b", site=site.url.removeprefix("http://"))
    assert isinstance(hold, Hold)
    worker = bench.worker()
    bench.step(worker)
    assert (bench.crawls(), set(worker._starts)) == ([], {"a"})
    other.release(hold)
    bench.clock.now = right
    bench.settle(worker)
    bench.clock.now += timedelta(minutes=5)
    bench.settle(worker)
    assert sorted(bench.crawls()) == ["a", "b"]


def test_a_crawl_that_is_stopped_leaves_nothing_behind_and_is_due_still(bench: Bench) -> None:
    with publishing(delay=0.5) as slow:
        bench.open({"a": f"{slow.url}/a"})
        worker = bench.worker()
        worker.step()
        time.sleep(0.1)
        worker.stop()
        worker.finish()
    assert bench.crawls() == []
    source = bench.sources()["a"]
    assert (source.state, source.running_since) == (State.DUE, None)
    assert bench.stored(source.name) == 0


# Jobs


def test_crawl_now(bench: Bench, site: Site) -> None:
    house = bench.open({"a": f"{site.url}/a"})
    with house.db.write() as session:
        commands.pause(session, bench.sources()["a"].id)
    done = bench.job(commands.run_now, bench.sources()["a"].id)
    assert (done.state, done.message) == ("done", "Готово: новых 3.")
    assert (done.result["new"], done.result["pages"], bench.crawls()) == (3, 1, ["a"])


def test_crawl_now_of_what_is_being_crawled(bench: Bench, site: Site) -> None:
    house = bench.open({"a": f"{site.url}/a"})
    other = Keeper(house.db, clock=lambda: bench.clock.now)
    assert isinstance(other.claim("a", site="elsewhere"), Hold)
    done = bench.job(commands.run_now, bench.sources()["a"].id)
    assert (done.state, done.message, site.visits) == (
        "done",
        "Этот источник как раз собирается.",
        [],
    )


def test_a_job_waits_for_its_site(bench: Bench, site: Site) -> None:
    house = bench.open({name: f"{site.url}/{name}" for name in "ab"})
    other = Keeper(house.db, clock=lambda: bench.clock.now)
    hold = other.claim("b", site=site.url.removeprefix("http://"))
    assert isinstance(hold, Hold)
    asked = bench.job(commands.run_now, bench.sources()["a"].id)
    assert (asked.state, site.visits) == ("queued", [])
    other.release(hold)
    again = bench.job(commands.run_now, bench.sources()["a"].id)
    assert (again.id, again.state) == (asked.id, "done")


def test_a_job_that_waits_for_its_site_is_tried_once_a_look(bench: Bench, site: Site) -> None:
    house = bench.open({name: f"{site.url}/{name}" for name in "ab"})
    with house.db.write() as session:
        for name in "ab":
            commands.pause(session, bench.sources()[name].id)
    other = Keeper(house.db, clock=lambda: bench.clock.now)
    hold = other.claim("b", site=site.url.removeprefix("http://"))
    assert isinstance(hold, Hold)
    with house.db.write() as session:
        number = commands.run_now(session, bench.sources()["a"].id, now=bench.clock.now)
    worker = bench.worker()
    bench.step(worker)
    for _ in range(3):  # woken by the job's own end, for one
        worker.step()
        assert worker._running == {}
    other.release(hold)
    bench.clock.now += timedelta(seconds=3)
    bench.step(worker)
    with house.db.read() as session:
        assert queries.job(session, number).state == "done"


def test_backfill_takes_its_range_and_touches_nothing_else(bench: Bench, site: Site) -> None:
    house = bench.open({"a": f"{site.url}/a"})
    source = bench.sources()["a"]
    now = datetime.fromtimestamp(site.published, UTC)
    bench.clock.now = now + HOUR
    with house.db.write() as session, pytest.raises(StorageError):
        commands.backfill(session, source.id, since=now, until=now, now=now)
    # Three entries, a minute apart; dates are whole seconds.
    second, minute = timedelta(seconds=1), timedelta(minutes=1)
    whole = now.replace(microsecond=0)
    done = bench.job(commands.backfill, source.id, since=whole - 2 * minute, until=whole - second)
    assert (done.state, done.result["new"]) == ("done", 2)
    with house.db.read() as session:
        assert list(session.execute(sa.select(t.source_state))) == []
        assert list(session.execute(sa.select(t.crawl))) == []
    bench.settle(bench.worker())
    assert bench.stored("a") == 3


def test_a_form_is_previewed_and_stores_nothing(bench: Bench, site: Site) -> None:
    house = bench.open({})
    done = bench.job(commands.preview, "feed", {"url": f"{site.url}/a"})
    assert (done.state, len(done.result["mentions"])) == ("done", 3)
    assert done.result["mentions"][0]["title"] == "Новость 0 ленты a"
    broken = bench.job(commands.preview, "feed", {"ulr": site.url})
    assert broken.state == "failed"
    assert "url" in broken.message
    with house.db.read() as session:
        assert queries.status(session, "any")["mentions"] == 0
        assert queries.sources_now(session, now=NOW) == ()


def test_what_a_form_may_not_ask_for(
    bench: Bench, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OT_SECRET", "hush")
    bench.open({})
    file = bench.job(commands.preview, "file", {"path": "/etc/passwd"})
    assert (file.state, "config.yaml" in file.message) == ("failed", True)
    bench.job(commands.preview, "feed", {"url": f"{site.url}/${{OT_SECRET}}"})
    assert site.visits
    assert "hush" not in str(site.visits)
    private = bench.job(commands.preview, "feed", {"url": "http://10.0.0.7/x"})
    assert "allow_private" in private.message


def test_check_looks_at_a_known_source_and_unknown_jobs_are_told(bench: Bench, site: Site) -> None:
    bench.open({"a": f"{site.url}/a"})
    done = bench.job(commands.check, bench.sources()["a"].id)
    assert (done.state, len(done.result["mentions"]), bench.crawls()) == ("done", 3, [])

    def dance(session: Any, *, now: datetime) -> int:
        return commands.enqueue_job(session, "dance", {}, now=now)

    assert "не знает" in bench.job(dance).message


def test_a_source_of_the_app_is_crawled(bench: Bench, site: Site) -> None:
    house = bench.open({})
    declared = SourceDeclaration("mine", "feed", options={"url": f"{site.url}/a"}, schedule="1ч")
    with house.db.write() as session:
        commands.add_source(session, declared)
    bench.settle(bench.worker())
    assert bench.crawls() == ["mine"]
    assert bench.stored("mine") == 3


# Whole processes

#: The same command, but what a killed process held is free after ten seconds.
IMPATIENT = """
import datetime, storage.leases
storage.leases.SILENCE = datetime.timedelta(seconds=10)
from otklik.cli import main
main()
"""


def start(folder: Path, *words: str, **more: Any) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", IMPATIENT, *words, "--config", str(folder / "config.yaml")]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, cwd=folder, env=environment, **more)


def wait_for(condition: Callable[[], Any], seconds: float = 300) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError("waited in vain")


def held_by(bench: Bench, process: subprocess.Popen[bytes]) -> list[str]:
    """Sources that the process holds."""
    assert bench.house
    with bench.house.db.read() as session:
        rows = session.execute(
            sa.select(t.source.c.name, t.source_lease.c.holder).join(
                t.source, t.source.c.id == t.source_lease.c.source_id
            )
        ).all()
    return [row.name for row in rows if f":{process.pid}:" in (row.holder or "")]


def test_two_workers_and_a_kill_in_the_middle(bench: Bench) -> None:
    """From the server's log: no feed, and no site, is ever visited twice at once."""
    with ExitStack() as stack:
        sites = [stack.enter_context(publishing(items=20, delay=0.2)) for _ in range(4)]
        feeds = {f"s{i}-{n}": f"{one.url}/{i}-{n}" for n in range(8) for i, one in enumerate(sites)}
        house = bench.open(feeds, every="6ч", workers=2)  # two sites are left to the other
        everything = [source.id for source in bench.sources().values()]
        with house.db.write() as session:
            for source_id in everything:
                commands.pause(session, source_id)
        workers = [start(bench.folder, "schedule") for _ in range(2)]
        victim, survivor = workers
        try:
            for process in workers:
                wait_for(lambda process=process: is_up(house, process))
            with house.db.write() as session:
                for source_id in everything:
                    commands.resume(session, source_id)
            wait_for(lambda: held_by(bench, survivor) and held_by(bench, victim))
            wait_for(lambda: len(bench.crawls()) > 4)
            victim.kill()
            victim.wait()
            cut_off = held_by(bench, victim)
            assert len(bench.crawls()) < len(feeds)
            wait_for(lambda: len(bench.crawls()) >= len(feeds))
            wait_for(lambda: pending(house) == 0)
            time.sleep(1)  # should anything be crawled a second time, it would be now
            survivor.send_signal(signal.SIGTERM)
            assert survivor.wait(120) == 0
        finally:
            for process in workers:
                process.kill()
                process.wait()
        assert sorted(bench.crawls()) == sorted(feeds)
        visits: dict[str, list[Visit]] = defaultdict(list)
        for one in sites:
            assert_alone(one.visits)
            for visit in one.visits:
                visits[visit.path].append(visit)
        assert len(visits) == len(feeds)
        twice = {path.strip("/") for path, seen in visits.items() if len(seen) > 1}
        assert twice <= {name.removeprefix("s") for name in cut_off}
        with house.db.read() as session:
            stored = session.execute(sa.select(t.mention.c.external_id)).scalars().all()
            assert len(stored) == len(set(stored)) == 20 * len(feeds)
            assert queries.worker_seen(session) is None


def is_up(house: House, process: subprocess.Popen[bytes]) -> bool:
    """Whether the last sign of life is of this process."""
    with house.db.read() as session:
        sign = settings.get(session, settings.WORKER)
    return sign is not None and f":{process.pid}:" in sign["holder"]


def pending(house: House) -> int:
    with house.db.read() as session:
        version = pipeline.model_version(house, session)
        return int(queries.status(session, version)["pending"])


def test_a_worker_ends_softly_in_the_midst_of_a_crawl(bench: Bench) -> None:
    with publishing(delay=3) as slow:
        house = bench.open({"a": f"{slow.url}/a"})
        worker = start(bench.folder, "schedule")
        try:
            wait_for(lambda: held_by(bench, worker))
            with house.db.read() as session:
                assert queries.worker_is_alive(session, now=datetime.now(UTC))
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(120) == 0
        finally:
            worker.kill()
            worker.wait()
    assert (held_by(bench, worker), bench.crawls()) == ([], [])
    with house.db.read() as session:
        assert not queries.worker_is_alive(session, now=datetime.now(UTC))


def test_the_app_brings_its_worker_and_takes_it_along(bench: Bench, site: Site) -> None:
    house = bench.open({"a": f"{site.url}/a"})
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def seen() -> datetime | None:
        with house.db.read() as session:
            return queries.worker_seen(session)

    served = start(bench.folder, "serve", "--port", str(port), "--headless", start_new_session=True)
    try:
        wait_for(lambda: bench.crawls() == ["a"])
        assert seen()
        served.kill()  # no chance to say goodbye: its worker notices by itself
        wait_for(lambda: seen() is None)
    finally:
        os.killpg(served.pid, signal.SIGTERM)
        served.wait()


def test_the_app_ends_whole_by_a_signal_to_its_first_process(bench: Bench, site: Site) -> None:
    house = bench.open({"a": f"{site.url}/a"})
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def answers() -> bool:
        with socket.socket() as line:
            return line.connect_ex(("127.0.0.1", port)) == 0

    def has_worker() -> bool:
        with house.db.read() as session:
            return queries.worker_seen(session) is not None

    served = start(bench.folder, "serve", "--port", str(port), "--headless", start_new_session=True)
    try:
        wait_for(lambda: answers() and has_worker())
        served.terminate()
        assert served.wait(120) == 0
        assert not answers()
        assert not has_worker()
    finally:
        with suppress(ProcessLookupError):
            os.killpg(served.pid, signal.SIGKILL)
        served.wait()


def test_backfill_on_the_command_line(bench: Bench, site: Site) -> None:
    house = bench.open({"a": f"{site.url}/a"})
    long_ago = date(2020, 1, 1)
    assert backfill(house, ["a"], long_ago, date(2020, 2, 1), as_json=False) == 0
    assert bench.stored("a") == 0
    with pytest.raises(ConfigError, match="--from"):
        backfill(house, ["a"], long_ago, long_ago, as_json=False)
    # The feed's entries are of the last minutes; around midnight, of the day before, too.
    today, day = datetime.now(MOSCOW).date(), timedelta(days=1)
    days = ["--from", str(today - day), "--to", str(today + day)]
    command = start(bench.folder, "crawl", "a", *days, "--json", stdout=subprocess.PIPE)
    told, _ = command.communicate(timeout=300)
    assert json.loads(told)[0]["new"] == 3
    assert bench.crawls() == []


@pytest.mark.parametrize(
    "words", [("a", "--to", "2020-01-01"), ("--from", "2020-01-01"), ("a", "--from", "вчера")]
)
def test_a_range_that_is_asked_for_wrongly(words: tuple[str, ...]) -> None:
    assert CliRunner().invoke(app, ["crawl", *words]).exit_code == 2


def test_crawling_by_hand_leaves_alone_what_a_worker_is_at(bench: Bench, site: Site) -> None:
    house = bench.open({"a": f"{site.url}/a"})
    other = Keeper(house.db)
    hold = other.claim("a")
    assert isinstance(hold, Hold)
    (outcome,) = pipeline.collect(house, house.sources(), crawling.door(house.config))
    assert (outcome.status, site.visits) == (Status.LATER, [])
    assert "другим процессом" in outcome.error
    other.release(hold)
    (outcome,) = pipeline.collect(house, house.sources(), crawling.door(house.config))
    assert outcome.status is Status.OK
