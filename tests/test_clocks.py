"""A clock that leapt ahead and was put right: nothing waits for the time it had leapt to."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from shop import MOSCOW, Shop

from collectors.outcomes import Counts, Outcome, Status
from storage import commands, crawls, jobs, leases, queries, settings
from storage import tables as t
from storage.commands import SourceDeclaration
from storage.crawls import SqlStore
from storage.leases import SILENCE, Lease, Refused
from storage.quotas import SqlLedger

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
WRONG = NOW + timedelta(days=3650)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def hourly(shop: Shop) -> Shop:
    with shop.db.write() as session:
        declared = [
            SourceDeclaration("reviews", "feed", schedule="1ч"),
            SourceDeclaration("nightly", "feed", schedule="0 3 * * *"),
        ]
        crawls.sync_catalog(session, [], declared)
    return shop


def claim(shop: Shop, holder: str, now: datetime, name: str = "reviews") -> Lease | Refused:
    with shop.db.write() as session:
        return leases.claim(
            session,
            name,
            holder=holder,
            site="site.ru",
            quota=None,
            now=now,
            until=now + SILENCE,
            only_due=False,
        )


def crawl(shop: Shop, now: datetime, name: str = "reviews", **fields: Any) -> None:
    store = SqlStore(shop.db, MOSCOW, lambda _: lambda _: (), str)
    standard: dict[str, Any] = {"status": Status.OK, "next_due": now + HOUR, "counts": Counts()}
    outcome = Outcome(source=name, started_at=now, finished_at=now, **{**standard, **fields})
    store.save_outcome(outcome, int(outcome.status is Status.LATER))


def turns(shop: Shop, now: datetime) -> dict[str, datetime | None]:
    with shop.db.write() as session:
        leases.plan(session, zone=MOSCOW, now=now)
    with shop.db.read() as session:
        return {one.name: one.next_due for one in queries.sources_now(session, now=now)}


def test_turns_do_not_wait_for_the_wrong_time(hourly: Shop) -> None:
    night = datetime(2026, 3, 2, 0, tzinfo=UTC)
    crawl(hourly, WRONG)
    crawl(hourly, WRONG, "nightly", next_due=WRONG + 9 * HOUR)
    for later in range(3):  # they come to stand still, however often they are looked at
        moment = NOW + later * MINUTE
        assert turns(hourly, moment) == {"reviews": NOW + HOUR, "nightly": night}
    crawl(hourly, NOW, status=Status.LATER, next_due=WRONG)
    assert turns(hourly, NOW)["reviews"] == NOW + HOUR


def test_a_wait_that_was_asked_for_stays(hourly: Shop) -> None:
    week = NOW + timedelta(days=7)
    crawl(hourly, NOW, status=Status.LATER, next_due=week)
    crawl(
        hourly, NOW + HOUR, "nightly", status=Status.LATER, next_due=week
    )  # a clock that is a little ahead
    assert turns(hourly, NOW) == {"reviews": week, "nightly": week}


def test_what_a_dead_worker_held_then_is_free(hourly: Shop) -> None:
    first = claim(hourly, "dead", WRONG)
    assert isinstance(first, Lease)
    with hourly.db.read() as session:
        assert [turn.name for turn in leases.due(session, now=NOW)] == ["reviews", "nightly"]
        (_, shown) = queries.sources_now(session, now=NOW)
    assert shown.state is not queries.State.RUNNING
    other = claim(hourly, "other", NOW, "nightly")
    assert isinstance(other, Lease)  # the site is free, too
    assert claim(hourly, "third", NOW) is Refused.SITE_BUSY
    with hourly.db.write() as session:
        leases.release(session, other)
    assert isinstance(claim(hourly, "third", NOW), Lease)
    # A clock that is ahead by minutes (another machine's) still holds what it has.
    with hourly.db.write() as session:
        session.execute(sa.update(t.source_lease).values(until=NOW + 10 * MINUTE))
    assert claim(hourly, "fourth", NOW) is Refused.RUNNING


def test_its_jobs_are_taken_up_again(shop: Shop) -> None:
    def take(holder: str, now: datetime) -> jobs.ClaimedJob | None:
        with shop.db.write() as session:
            return jobs.claim_job(session, holder=holder, now=now, until=now + SILENCE)

    with shop.db.write() as session:
        number = commands.enqueue_job(session, "crawl", {"source": "reviews"}, now=WRONG)
    assert take("dead", WRONG)
    taken = take("other", NOW)
    assert taken
    assert taken.id == number
    assert take("third", NOW) is None


def test_a_sign_of_life_from_the_time_to_come_is_none(shop: Shop) -> None:
    for at, alive in ((WRONG, False), (NOW + SILENCE / 2, True), (NOW - SILENCE / 2, True)):
        with shop.db.write() as session:
            settings.put(session, settings.WORKER, {"holder": "a", "at": at.isoformat()})
        with shop.db.read() as session:
            assert queries.worker_is_alive(session, now=NOW) is alive


def test_a_day_spent_in_the_time_to_come_does_not_close_the_key(shop: Shop) -> None:
    ledger = SqlLedger(shop.db)
    assert ledger.spend("key", 1, WRONG)
    assert not ledger.spend("key", 1, WRONG)
    assert ledger.spend("key", 1, NOW)
    assert not ledger.spend("key", 1, NOW)
    assert not ledger.spend("key", 1, NOW - timedelta(days=1))
