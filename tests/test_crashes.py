"""A crawl that dies at any step, on a site that changes: nothing lost, nothing doubled.

``pytest --hypothesis-profile=long tests/test_crashes.py`` looks for hours instead of seconds.
"""

import math
import multiprocessing
import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import moving_site
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from memory import NOW, MemoryStore
from moving_site import LOOKBACK, PAGE, Review, Site
from recorded import Case, cases

from collectors import runner
from collectors.base import Order
from collectors.http import Http
from collectors.outcomes import Outcome, Saved, Status
from collectors.passes import KEPT
from collectors.politeness import Limits
from collectors.quotas import Quotas
from storage import crawls
from storage import tables as t
from storage.crawls import SourceDeclaration
from storage.database import Database
from storage.quotas import SqlLedger

ORDERS: list[Order] = ["newest_first", "oldest_first", "unordered"]
START = datetime(2026, 1, 10, 12, tzinfo=UTC)
EXAMPLES = max(1, settings().max_examples // 10)  # each is a dozen crawls over a real database
DEEPEST = 60  # steps of a crawl at which it may die; a shorter one lives
_numbers = count(1)

# A server that forks: a fresh interpreter takes longer than the crawl that it is to be killed in,
# and a fork of this process would take its threads' locks along.
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["collectors.runner", "storage.crawls", "storage.quotas"])


class CrashingCrawls(RuleBasedStateMachine):
    """A site, a database, and what must be true of the second by the first."""

    def __init__(self, database: str, order: Order) -> None:
        super().__init__()
        self.url, self.db = database, Database(database)
        self.site = Site(f"site{next(_numbers)}", order)
        self.now = START
        self.is_as_it_was = False  # the site, since the pass began
        self.is_settled = False  # a pass that found the site as it is now has ended
        self.gaps: list[tuple[datetime, datetime]] = []  # what outcomes said was left out
        with self.db.write() as session:
            self.brand = crawls.ensure_brand(session, self.site.name, self.site.name, "app")
            source = SourceDeclaration(self.site.name, "feed", brand_code=self.site.name)
            self.source = crawls.ensure_source(session, source, "app")

    @initialize(
        ages=st.lists(st.integers(0, 60) | st.integers(0, 24 * 30), min_size=8, max_size=30),
        limit=st.sampled_from(["none", "quota", "cap"]),
        n=st.integers(1, 3),
    )
    def a_site_with_a_past(self, ages: list[int], limit: str, n: int) -> None:
        """Reviews of so many hours ago; what may end a run before the list ends."""
        self._publish(ages)
        self.site.keeps_place = limit == "quota"
        if limit == "quota":
            self.site.per_day = n
        elif limit == "cap" and self.site.order != "oldest_first":
            self.site.most_pages = n

    @rule(hours=st.lists(st.integers(0, 47), min_size=2, max_size=8))
    def reviews_appear(self, hours: list[int]) -> None:
        """Each shows so many hours after the date that it bears."""
        self._publish(hours)

    @rule(data=st.data(), is_gone=st.booleans())
    def a_recent_review_is_edited_or_deleted(self, data: st.DataObject, is_gone: bool) -> None:
        recent = [
            review
            for review in self.site.reviews
            if review.published >= self.now - LOOKBACK and not review.is_gone
        ]
        if recent:
            review = data.draw(st.sampled_from(recent))
            review.version, review.is_gone = review.version + 1, is_gone
            self._changed()

    @rule(hours=st.integers(1, 60))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule()
    def crawl_in_peace(self) -> None:
        assert self._crawl()

    @rule(dies_at=st.integers(1, DEEPEST))
    def crawl_that_dies(self, dies_at: int) -> None:
        self._crawl(dies_at)

    @rule(dies_at=st.integers(1, DEEPEST))
    def crawl_that_is_killed(self, dies_at: int) -> None:
        self._crawl(dies_at, kill=True)

    @invariant()
    def nothing_is_doubled(self) -> None:
        stored = self._stored()
        with self.db.read() as session:
            counted = session.scalar(
                sa.select(sa.func.sum(t.mention_daily.c.n)).where(
                    t.mention_daily.c.brand_id == self.brand
                )
            )
            replaced = session.execute(
                sa.select(t.mention.c.external_id, t.mention_revision.c.text)
                .join(t.mention, t.mention.c.id == t.mention_revision.c.mention_id)
                .where(t.mention.c.source_id == self.source)
            ).all()
        assert (counted or 0) == len(stored)
        assert len({tuple(row) for row in replaced}) == len(replaced)
        assert not {text for _, text in replaced} & set(stored.values())

    def teardown(self) -> None:
        """Left alone, it reads any list to its end, however little a day allows."""
        try:
            calls = len(self.site.reviews) // PAGE + 1
            days = math.ceil(calls / self.site.per_day) if self.site.per_day else 1
            for _ in range(2 * days + 1):  # the pass under way, then one of the site as it is
                self.now += timedelta(days=1)
                assert self._crawl()
                if self.is_settled:
                    return
            raise AssertionError("the list was not finished")
        finally:
            self.db.dispose()

    def _publish(self, hours: list[int]) -> None:
        for age in hours:
            number = len(self.site.reviews)
            self.site.reviews.append(Review(number, self.now - timedelta(hours=age)))
        self._changed()

    def _changed(self) -> None:
        self.is_as_it_was = self.is_settled = False

    def _crawl(self, dies_at: int = 0, *, kill: bool = False) -> bool:
        """Crawl and look at what is there then; whether the crawl came to an outcome."""
        before, outcomes = self._state(), len(self._outcomes())
        if not before.state.get(KEPT):
            self.is_as_it_was = True  # the pass begins here
        given = (self.url, self.site, self.now, dies_at)
        if kill:
            process = _processes.Process(target=moving_site.crawl_and_kill, args=given)
            process.start()
            process.join()
            assert process.exitcode in {0, -signal.SIGKILL}
            process.close()
        else:
            moving_site.crawl_and_raise(*given)
        found = self._outcomes()
        if len(found) > outcomes:
            self._look(found[-1])
        elif self._state().cursor != before.cursor and self.site.most_pages < 1000:
            self.gaps.append((datetime.min.replace(tzinfo=UTC), self.now))  # it died too early
        return len(found) == outcomes + 1

    def _look(self, outcome: Any) -> None:
        """What is stored is what is there, but for what the outcome says was left out."""
        assert outcome.status in {Status.OK, Status.LATER}, outcome.detail
        assert (outcome.status == Status.LATER) <= (self.site.per_day is not None)
        if outcome.cap_hit:
            reached = outcome.oldest if self.site.order == "newest_first" else None
            self.gaps.append((outcome.asked_from, reached or self.now))
        if outcome.status == Status.OK and self.is_as_it_was:
            self.is_settled = True
            stored = self._stored()
            assert stored.keys() <= {review.key for review in self.site.reviews}
            for review in self.site.reviews:
                if not any(first <= review.published <= last for first, last in self.gaps):
                    expected = None if review.is_gone else review.text
                    assert stored.get(review.key) == expected, review

    def _state(self) -> Saved:
        return moving_site.store_of(self.db).load(self.site.name)

    def _outcomes(self) -> list[Any]:
        with self.db.read() as session:
            query = sa.select(t.crawl).where(t.crawl.c.source_id == self.source)
            return list(session.execute(query.order_by(t.crawl.c.id)).all())

    def _stored(self) -> dict[str, str]:
        with self.db.read() as session:
            query = sa.select(t.mention.c.external_id, t.mention.c.text).where(
                t.mention.c.source_id == self.source, t.mention.c.deleted_at.is_(None)
            )
            return {row.external_id: row.text for row in session.execute(query)}


@pytest.mark.parametrize("order", ORDERS)
def test_nothing_is_lost_and_nothing_doubled(order: Order, db_url: str) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        lambda: CrashingCrawls(db_url, order),
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=12,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_what_appears_behind_the_place_of_a_long_pass_is_found_by_the_next(db_url: str) -> None:
    world = CrashingCrawls(db_url, "oldest_first")
    world.a_site_with_a_past(list(range(39, 48)), "quota", 1)  # nine of them: three days
    assert world._crawl()
    world.reviews_appear([46])  # where the first page was read already
    world.time_passes(24)
    world.reviews_appear([0])  # so new that two days before it are after the late one
    world.teardown()
    assert world.is_settled


def counts_days(case: Case) -> bool:
    """Whether a list of its type may take more calls than a day has; VK's search ends after a few.
    A page is the least that a day must allow.
    """
    quota = case.collector.ABOUT.quota
    counted = quota is not None and quota.per_day is not None and quota.day_of is None
    return counted and len(case.fresh().pages()) > 1


DAILY = [case for case in cases() if counts_days(case)]


@pytest.mark.parametrize("recorded", DAILY, ids=lambda case: f"{case.kind}-{case.name}")
def test_a_small_day_finishes_a_list_some_day(recorded: Case, empty_sqlite: str) -> None:
    """Every type that counts calls by the day goes on where the day before ended."""
    case, whole, store = recorded.fresh(), recorded.fresh(), MemoryStore()
    expected = {mention.external_id for mention in whole.mentions()}
    days = _daily_crawls(case, store, Database(empty_sqlite), per_day=len(whole.asked) - 1)
    statuses = [outcome.status for outcome in islice(days, 9)]
    assert Status.OK in statuses
    assert set(store.items) == expected
    before_the_end = statuses[: statuses.index(Status.OK)]
    assert before_the_end
    assert set(before_the_end) == {Status.LATER}


def test_a_place_that_the_site_forgot_begins_the_list_anew(empty_sqlite: str) -> None:
    case, store = Case("youtube", "channel"), MemoryStore()
    days = _daily_crawls(case, store, Database(empty_sqlite), per_day=2)
    assert next(days).status is Status.LATER
    assert store.saved.state[KEPT]["place"]
    forgotten = {"error": {"errors": [{"reason": "invalidPageToken"}]}}
    case.answer = lambda _: httpx.Response(400, json=forgotten)  # type: ignore[method-assign]
    assert next(days).status is Status.LATER
    assert not store.saved.state[KEPT]


def _daily_crawls(case: Case, store: MemoryStore, db: Database, per_day: int) -> Iterator[Outcome]:
    """A crawl a day with so many calls allowed."""
    options, today = case.context().options, START
    http = Http(
        Limits(delay=0),
        transport=httpx.MockTransport(lambda request: case.answer(request)),
        now=lambda: today,
    )
    quota = case.collector.ABOUT.quota
    assert quota
    meter = Quotas(SqlLedger(db), ZoneInfo("UTC")).meter(
        case.kind, replace(quota, per_day=per_day), options
    )
    while True:
        yield runner.crawl(
            "src",
            case.collector,
            options,
            store,
            http.metered(meter),
            interval=timedelta(days=1),
            now=NOW,
        )
        today += timedelta(days=1)
