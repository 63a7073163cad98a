"""Quotas of keys: a counter a day that outlives restarts, a bucket a second, words for the user."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import httpx
import pytest
from conftest import Clock
from hypothesis import given
from hypothesis import strategies as st
from memory import MemoryStore
from pydantic import SecretStr
from shop import Shop

from collectors import runner
from collectors.base import Collector, Context, Item, Quota
from collectors.errors import QuotaSpent
from collectors.http import Http
from collectors.options import SourceOptions
from collectors.outcomes import Status
from collectors.politeness import Limits
from collectors.quotas import Bucket, Quotas, digest, next_midnight, when
from storage import leases, queries
from storage import tables as t
from storage.database import Database
from storage.quotas import SqlLedger

MOSCOW = ZoneInfo("Europe/Moscow")
PACIFIC = "America/Los_Angeles"
NOON = datetime(2026, 1, 10, 12, tzinfo=UTC)


class Options(SourceOptions):
    """A source with a key."""

    token: SecretStr = SecretStr("hush-hush")
    page: str = "a"
    query: str | None = None


QUOTA = Quota(by="token", per_day=3, zone=PACIFIC)


class Api:
    """An API whose answers are counted, and the door to it at a time that is told."""

    def __init__(self, *statuses: int) -> None:
        self.asked = 0
        self.statuses = list(statuses)
        self.now = NOON
        self.slept: list[float] = []
        self.seconds = 0.0
        self.http = Http(
            Limits(delay=0, attempts=3),
            transport=httpx.MockTransport(self.answer),
            sleep=self.sleep,
            clock=lambda: self.seconds,
            now=lambda: self.now,
        )

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds

    def answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/robots.txt":
            return httpx.Response(404)
        self.asked += 1
        return httpx.Response(self.statuses.pop(0) if self.statuses else 200, json={})

    def ask(self, quotas: Quotas, quota: Quota = QUOTA, **options: Any) -> None:
        meter = quotas.meter("api", quota, Options(**options))
        self.http.metered(meter).ask("https://api.example.ru/items")


def of(db: Database) -> Quotas:
    return Quotas(SqlLedger(db), MOSCOW)


def test_a_spent_day_asks_nothing_more_and_says_when(db: Database) -> None:
    api = Api()
    for _ in range(3):
        api.ask(of(db))
    with pytest.raises(QuotaSpent) as spent:
        api.ask(of(db))
    assert api.asked == 3
    assert spent.value.until == datetime(2026, 1, 11, 8, tzinfo=UTC)  # midnight at the Pacific
    assert spent.value.retry_after == timedelta(hours=20)
    assert "продолжит завтра в 11:00" in str(spent.value)


def test_the_counter_outlives_a_restart_and_ends_with_the_day(db: Database, db_url: str) -> None:
    api = Api()
    for _ in range(2):
        api.ask(of(db))
    reopened = Database(db_url)
    api.ask(of(reopened))
    with pytest.raises(QuotaSpent):
        api.ask(of(reopened))
    api.now += timedelta(hours=20)
    for _ in range(3):
        api.ask(of(reopened))
    with pytest.raises(QuotaSpent):
        api.ask(of(reopened))
    reopened.dispose()
    assert api.asked == 6


def test_a_clock_that_goes_back_begins_no_new_day(db: Database) -> None:
    api = Api()
    for _ in range(3):
        api.ask(of(db))
    api.now -= timedelta(days=1)
    with pytest.raises(QuotaSpent):
        api.ask(of(db))


def test_one_key_is_one_account_whatever_is_asked_with_it(db: Database) -> None:
    api = Api()
    for page in "abc":
        api.ask(of(db), page=page)
    with pytest.raises(QuotaSpent):
        api.ask(of(db), page="d")
    api.ask(of(db), token="another")
    assert api.asked == 4


def test_failed_calls_and_their_retries_are_spent_robots_is_not(db: Database) -> None:
    api = Api(503, 503)
    api.ask(of(db))
    with pytest.raises(QuotaSpent):
        api.ask(of(db))
    assert api.asked == 3
    page = Api()
    meter = of(db).meter("page", QUOTA, Options())
    page.http.metered(meter).get("https://site.example.ru/a")
    with db.read() as session:
        used = dict(
            session.execute(
                t.quota_use.select().with_only_columns(t.quota_use.c.key, t.quota_use.c.used)
            ).all()
        )
    assert used[digest("page", QUOTA, Options())] == 1


def test_threads_and_processes_never_spend_more_than_there_is(db: Database, db_url: str) -> None:
    api, other = Api(), Database(db_url)
    refused: list[QuotaSpent] = []

    def ask(database: Database) -> None:
        for _ in range(10):
            try:
                api.ask(of(database), Quota(by="token", per_day=25))
            except QuotaSpent as error:
                refused.append(error)

    threads = [threading.Thread(target=ask, args=(one,)) for one in (db, other) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.dispose()
    assert (api.asked, len(refused)) == (25, 15)


def test_the_key_cannot_be_read_in_the_database(db: Database) -> None:
    Api().ask(of(db))
    with db.read() as session:
        (row,) = session.execute(t.quota_use.select()).all()
    assert "hush" not in str(row)
    assert row.key == digest("api", QUOTA, Options()) != digest("other", QUOTA, Options())


class NoLedger:
    """For quotas that have no daily part."""

    def spend(self, key: str, per_day: int, resets_at: datetime) -> bool:
        raise AssertionError("there is nothing to count by the day")


def test_calls_a_second_are_shared_by_sources_of_one_key() -> None:
    api, quotas = Api(), Quotas(NoLedger(), MOSCOW)
    for page in "ab" * 6:
        api.ask(quotas, Quota(by="token", per_second=3), page=page)
    assert api.seconds == pytest.approx(3)  # 12 calls: 3 at once, then 9 at three a second
    api.ask(quotas, Quota(by="token", per_second=3), token="another")
    assert api.seconds == pytest.approx(3)


@given(per_second=st.floats(0.1, 20), gaps=st.lists(st.floats(0, 3), min_size=1, max_size=60))
def test_a_bucket_never_gives_more_than_its_rate(per_second: float, gaps: list[float]) -> None:
    bucket, now, used = Bucket(per_second), 0.0, []
    for gap in gaps:
        now += gap
        used.append(now + bucket.take(now))
    full = max(1.0, per_second)
    for first in range(len(used)):
        for last in range(first, len(used)):
            allowed = full + (used[last] - used[first]) * per_second
            assert last - first + 1 <= allowed + 1e-6


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        (datetime(2026, 1, 10, 20, tzinfo=UTC), "сегодня в 23:00"),
        (datetime(2026, 1, 11, 0, tzinfo=UTC), "завтра в 03:00"),
        (datetime(2026, 1, 12, 0, tzinfo=UTC), "12.01 в 03:00"),
    ],
)
def test_when_is_told_in_the_zone_of_the_app(moment: datetime, words: str) -> None:
    assert when(moment, NOON, MOSCOW) == words


@pytest.mark.parametrize(
    ("now", "zone", "hours"),
    [
        (datetime(2026, 1, 10, 21, tzinfo=UTC), "Europe/Moscow", 24),
        (datetime(2026, 1, 10, 12, tzinfo=UTC), "Europe/Moscow", 9),
        (datetime(2026, 3, 8, 8, tzinfo=UTC), PACIFIC, 23),  # clocks go forward
        (datetime(2026, 11, 1, 7, tzinfo=UTC), PACIFIC, 25),
    ],
)
def test_a_day_may_be_longer_or_shorter_than_24_hours(now: datetime, zone: str, hours: int) -> None:
    assert next_midnight(now, ZoneInfo(zone)) - now == timedelta(hours=hours)


def test_a_limit_of_one_method_counts_its_sources_only(db: Database) -> None:
    api, quota = Api(), Quota(by="token", per_day=1, day_of="query")
    for _ in range(3):
        api.ask(of(db), quota)
    api.ask(of(db), quota, query="морошка")
    with pytest.raises(QuotaSpent):
        api.ask(of(db), quota, query="клюква")
    api.ask(of(db), quota)
    meter = of(db).meter("api", quota, Options())
    assert meter is not None
    assert meter.key is None


def pages(ctx: Context) -> Iterator[list[Item]]:
    for _ in range(9):
        ctx.http.ask("https://api.example.ru/items")
    yield []


def test_the_crawl_is_put_off_to_the_next_day_however_often_it_failed(db: Database) -> None:
    api = Api()
    module = SimpleNamespace(
        Options=Options, ORDER="newest_first", LOOKBACK=timedelta(0), pages=pages
    )
    store = MemoryStore()
    store.saved.failures = 9
    outcome = runner.crawl(
        "src",
        cast(Collector, module),
        Options(),
        store,
        api.http.metered(of(db).meter("api", QUOTA, Options())),
        interval=timedelta(days=7),
        now=NOON,
    )
    assert (outcome.status, api.asked) == (Status.LATER, 3)
    assert outcome.next_due == datetime(2026, 1, 11, 8, tzinfo=UTC)


def test_what_is_left_is_shown_with_its_source(shop: Shop, clock: Clock) -> None:
    def left() -> queries.QuotaLeft | None:
        with shop.db.read() as session:
            (source,) = queries.sources_now(session, now=api.now)
        return source.quota

    api = Api()
    assert left() is None
    with shop.db.write() as session:
        leases.claim(
            session,
            "reviews",
            holder="a",
            site="",
            quota=digest("api", QUOTA, Options()),
            now=api.now,
            until=api.now,
            only_due=False,
        )
    for _ in range(2):
        api.ask(of(shop.db))
    resets_at = datetime(2026, 1, 11, 8, tzinfo=UTC)
    assert left() == queries.QuotaLeft(per_day=3, left=1, resets_at=resets_at)
    api.now = resets_at
    assert left() == queries.QuotaLeft(per_day=3, left=3, resets_at=resets_at)
