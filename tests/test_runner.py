"""Whatever happens in a crawl: an outcome, nothing lost, nothing doubled."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import httpx
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from memory import NOW, MemoryStore, NoOptions, collector, listing, mention

from collectors import runner
from collectors.base import EPOCH, Collector, Context, Deleted, Item, Mention, Order
from collectors.errors import (
    CollectError,
    LayoutChanged,
    NeedsHuman,
    NotModified,
    SkipItem,
    Transient,
)
from collectors.http import Http
from collectors.outcomes import Outcome, Status
from collectors.politeness import Limits

HOUR = timedelta(hours=1)
LOOKBACK = timedelta(days=1, hours=20)  # a date's step and the longest delay of the machine below
ORDERS: list[Order] = ["newest_first", "oldest_first", "unordered"]


def crawl(
    module: Collector,
    store: MemoryStore,
    now: datetime = NOW,
    http: Http | None = None,
    **more: Any,
) -> Outcome:
    return runner.crawl(
        "src",
        module,
        NoOptions(),
        store,
        http or Http(Limits(delay=0)),
        **{"interval": HOUR, "now": now, "clock": lambda: now + timedelta(seconds=5), **more},
    )


def test_a_whole_pass() -> None:
    store = MemoryStore()
    pages = listing([mention(1), mention(2, day=1)], [mention(3, day=2)])
    outcome = crawl(collector(pages), store)
    assert outcome.status is Status.OK
    assert (outcome.counts.new, outcome.error, outcome.detail) == (3, "", "")
    assert store.log == ["page", "page", "cursor", "outcome"]
    assert store.saved.cursor == NOW
    assert outcome.next_due == NOW + HOUR
    assert outcome.coverage.asked_from == EPOCH
    assert (outcome.coverage.oldest, outcome.coverage.newest) == (NOW - timedelta(days=2), NOW)
    assert outcome.finished_at == NOW + timedelta(seconds=5)
    assert {item.source for item in store.items.values()} == {"src"}
    again = crawl(collector(pages), store)
    assert (again.counts.new, again.counts.changed, again.counts.unchanged) == (0, 0, 3)


def test_the_lower_bound_is_the_cursor_minus_lookback_and_stays() -> None:
    asked: list[datetime] = []

    def pages(ctx: Context) -> Iterator[list[Item]]:
        for number in range(3):
            asked.append(ctx.since)
            yield [mention(number, day=-0.01 * number)]

    store = MemoryStore()
    store.saved.cursor = NOW - timedelta(days=5)
    crawl(collector(pages, "oldest_first"), store)
    assert set(asked) == {NOW - timedelta(days=7)}


@pytest.mark.parametrize("order", ORDERS)
def test_when_the_cursor_moves(order: Order) -> None:
    store = MemoryStore()
    pages = listing([mention(1, day=2)], [mention(2, day=1)], RuntimeError("bug"))
    outcome = crawl(collector(pages, order), store)
    assert outcome.status is Status.BUG
    moved = order == "oldest_first"
    assert store.saved.cursor == (NOW - timedelta(days=1) if moved else None)
    assert set(store.items) == {"1", "2"}


def test_the_cursor_never_passes_the_start_of_the_run() -> None:
    store = MemoryStore()
    crawl(collector(listing([mention(1, day=-0.9)])), store)
    assert store.saved.cursor == NOW
    assert store.items["1"].published_at > NOW


@pytest.mark.parametrize(
    ("error", "status", "wait"),
    [
        (Transient("позже"), Status.LATER, HOUR),
        (Transient("позже", timedelta(hours=7)), Status.LATER, timedelta(hours=7)),
        (NeedsHuman("403"), Status.NEEDS_HUMAN, None),
        (LayoutChanged("не то", "<html>"), Status.LAYOUT_CHANGED, HOUR),
        (NotModified("304"), Status.NOT_MODIFIED, HOUR),
        (SkipItem("сбежало"), Status.BUG, HOUR),
        (ValueError("bug"), Status.BUG, HOUR),
        (RecursionError(), Status.BUG, HOUR),
        (MemoryError(), Status.BUG, HOUR),
    ],
)
def test_every_error_has_its_outcome(
    error: Exception, status: Status, wait: timedelta | None
) -> None:
    store = MemoryStore()
    outcome = crawl(collector(listing([mention(1)], error)), store)
    assert outcome.status is status
    assert outcome.next_due == (None if wait is None else NOW + wait)
    assert set(store.items) == {"1"}
    assert store.outcomes == [outcome]
    assert store.saved.cursor is None
    assert "Traceback" not in outcome.error
    assert store.saved.failures == (0 if status is Status.NOT_MODIFIED else 1)


def test_details_for_the_developer() -> None:
    layout = crawl(collector(listing(LayoutChanged("не то", "<html>?token=abc"))), MemoryStore())
    assert layout.detail == "<html>?token=…"
    bug = crawl(collector(listing(ValueError("x?api_key=abc&y"))), MemoryStore())
    assert "ValueError" in bug.error
    assert "Traceback" in bug.detail
    assert "abc" not in bug.detail


def test_failures_double_the_wait_and_success_forgets_them() -> None:
    store = MemoryStore()
    failing, waits = collector(listing(Transient("нет"))), []
    for _ in range(14):
        due = crawl(failing, store, interval=timedelta(minutes=3)).next_due
        assert due is not None
        waits.append((due - NOW) / timedelta(minutes=1))
    assert waits[:5] == [3, 4, 8, 16, 32]
    assert max(waits) == 1440
    crawl(collector(listing([mention(1)])), store)
    assert store.saved.failures == 0


def test_a_file_import_is_never_due() -> None:
    assert crawl(collector(listing([mention(1)])), MemoryStore(), interval=None).next_due is None


def test_an_interrupt_passes_and_loses_nothing() -> None:
    def pages(_: Context) -> Iterator[list[Item]]:
        yield [mention(1)]
        raise KeyboardInterrupt

    store = MemoryStore()
    with pytest.raises(KeyboardInterrupt):
        crawl(collector(pages), store)
    assert set(store.items) == {"1"}
    assert store.saved.cursor is None


@pytest.mark.parametrize("call", ["load", "save_page", "save_cursor", "save_outcome"])
@pytest.mark.parametrize("locked", [True, False])
def test_a_failing_store_is_an_outcome_too(call: str, locked: bool) -> None:
    def fail(name: str) -> None:
        if name == call:
            raise sqlite3.OperationalError("database is locked") if locked else KeyError("bug")

    outcome = crawl(collector(listing([mention(1)])), MemoryStore(fail=fail))
    if call == "save_outcome":
        assert outcome.status is Status.OK
    else:
        assert outcome.status is (Status.LATER if locked else Status.BUG)
        assert "База данных" in outcome.error


def test_a_looped_list_ends() -> None:
    def pages(_: Context) -> Iterator[list[Item]]:
        while True:
            yield [mention(1), mention(2)]

    store = MemoryStore()
    outcome = crawl(collector(pages), store)
    assert outcome.status is Status.OK
    assert store.log.count("page") == 1
    assert outcome.notes


def test_the_same_id_twice_in_a_page() -> None:
    store = MemoryStore()
    outcome = crawl(collector(listing([mention(1), mention(2), mention(1, text="новее")])), store)
    assert store.items["1"].text == "новее"
    assert (outcome.counts.new, outcome.counts.skipped) == (2, 1)
    assert outcome.skipped[0].where == "1"


def test_half_a_page_unreadable_is_a_new_layout() -> None:
    def pages(readable: int, broken: int) -> Collector:
        def read(ctx: Context) -> Iterator[list[Item]]:
            for number in range(broken):
                ctx.skip(f"карточка {number}", "нет даты")
            yield [mention(number) for number in range(readable)]

        return collector(read)

    store = MemoryStore()
    assert crawl(pages(2, 2), store).status is Status.OK
    outcome = crawl(pages(2, 3), MemoryStore())
    assert outcome.status is Status.LAYOUT_CHANGED
    assert (outcome.counts.new, outcome.counts.skipped) == (2, 3)
    assert crawl(pages(0, 1), MemoryStore()).status is Status.LAYOUT_CHANGED
    # Cards that cannot be read are told as such also where there were some before.
    outcome = crawl(pages(0, 1), store)
    assert (outcome.status, outcome.counts.skipped) == (Status.LAYOUT_CHANGED, 1)
    assert "не прочитано 1 записей из 1" in outcome.error


def test_items_without_a_date_say_nothing_of_the_window() -> None:
    page: list[Item] = [mention(1, day=3), mention(2, date_known=False), mention(3, day=5)]
    covered = crawl(collector(listing(page)), MemoryStore()).coverage
    assert (covered.oldest, covered.newest) == (NOW - timedelta(days=5), NOW - timedelta(days=3))


def test_a_run_never_ends_before_it_began() -> None:
    outcome = crawl(collector(listing([mention(1)])), MemoryStore(), clock=lambda: NOW - HOUR)
    assert (outcome.started_at, outcome.finished_at) == (NOW, NOW)


def test_an_empty_first_page_where_items_used_to_be() -> None:
    store = MemoryStore()
    assert crawl(collector(listing([])), store).status is Status.OK
    crawl(collector(listing([mention(1)])), store)
    cursor = store.saved.cursor
    outcome = crawl(collector(listing([])), store, NOW + HOUR)
    assert outcome.status is Status.LAYOUT_CHANGED
    assert store.saved.cursor == cursor
    assert crawl(collector(listing()), store, NOW + HOUR).status is Status.OK  # «nothing now»
    assert crawl(collector(listing([mention(1)], [])), store).status is Status.OK


def test_bad_items_do_not_take_their_neighbours_along() -> None:
    page: list[Item] = [
        mention(1),
        mention(2, published_at=datetime(2026, 1, 1)),  # noqa: DTZ001
        mention(3, text=" \x00\u200b".strip("\u200b")),
        mention(4, external_id=""),
        mention(5, day=-400),
        mention(6, published_at=datetime(1970, 1, 1, tzinfo=UTC)),
        mention(7, published_at=datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))),
        mention(8, text="", rating=5.0),
        Deleted("9"),
    ]
    store = MemoryStore()
    outcome = crawl(collector(listing(page)), store)
    assert outcome.status is Status.OK
    assert set(store.items) == {"1", "5", "6", "7", "8"}
    assert outcome.counts.skipped == 3
    for number in ("5", "6", "7"):
        assert (store.items[number].published_at, store.items[number].date_known) == (NOW, False)
    assert {note.where for note in outcome.notes} == {"5", "6", "7"}
    assert outcome.coverage.oldest == NOW


def test_state_is_kept_with_the_cursor_and_validators_only_after_a_whole_pass() -> None:
    def site(request: httpx.Request) -> httpx.Response:
        if request.headers.get("if-none-match"):
            return httpx.Response(304)
        return httpx.Response(200, headers={"etag": '"1"'}, content=b"x")

    def pages(ctx: Context) -> Iterator[list[Item]]:
        ctx.http.get("http://site.test/", conditional=True)
        ctx.state["token"] = "next"
        yield [mention(1)]
        if fail:
            raise Transient("нет")

    store = MemoryStore()
    http = Http(Limits(delay=0), transport=httpx.MockTransport(site), sleep=lambda _: None)
    fail = True
    assert crawl(collector(pages, "oldest_first"), store, http=http).status is Status.LATER
    assert store.saved.state["token"] == "next"
    assert runner.VALIDATORS not in store.saved.state
    fail = False
    assert crawl(collector(pages), store, http=http).status is Status.OK
    assert store.saved.state["token"] == "next"
    assert crawl(collector(pages), store, http=http).status is Status.NOT_MODIFIED


class Address(NoOptions):
    """Options that can change."""

    url: str = "old"


def test_changed_options_read_the_source_from_its_beginning() -> None:
    asked: list[datetime] = []

    def pages(ctx: Context) -> Iterator[list[Item]]:
        asked.append(ctx.since)
        assert "token" not in ctx.state or ctx.state["token"] == ctx.options.model_dump()["url"]
        ctx.state["token"] = ctx.options.model_dump()["url"]
        yield [mention(1)]

    store, http = MemoryStore(), Http(Limits(delay=0))
    for url in ("old", "old", "new", "new"):
        options = Address(url=url)
        runner.crawl("src", collector(pages), options, store, http, interval=HOUR, now=NOW)
    later = NOW - timedelta(days=2)
    assert asked == [EPOCH, later, EPOCH, later]


def test_preview_stores_nothing_and_names_errors() -> None:
    http = Http(Limits(delay=0))

    def preview(*pages: Any) -> list[Item]:
        return runner.preview("src", collector(listing(*pages)), NoOptions(), http, NOW, 2)

    items = preview([mention(1, text="\x00да"), mention(2), mention(3)], RuntimeError("unread"))
    assert [item.text for item in items if isinstance(item, Mention)] == ["да", "отзыв 2"]
    assert preview() == []
    with pytest.raises(Transient):
        preview(Transient("нет"))
    with pytest.raises(CollectError, match="KeyError"):
        preview(KeyError("x"))


class Crash(Exception):
    """A crash in the midst of a run."""


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("crash_after", range(6))
@pytest.mark.parametrize("call", ["save_page", "save_cursor", "page"])
def test_crash_and_rerun(order: Order, crash_after: int, call: str) -> None:
    site = [mention(n, day=n / 3) for n in range(20)]
    listed = site[::-1] if order == "oldest_first" else site
    calls = [0]

    def fail(name: str) -> None:
        calls[0] += name == call
        if calls[0] == crash_after + 1 and name == call:
            raise Crash

    def pages(ctx: Context) -> Iterator[list[Item]]:
        kept = [m for m in listed if m.published_at >= ctx.since]
        for start in range(0, len(kept), 4):
            fail("page")
            yield list(kept[start : start + 4])

    store = MemoryStore(fail=fail)
    crawl(collector(pages, order), store)
    crawl(collector(pages, order), store)
    assert set(store.items) == {m.external_id for m in site}
    assert store.writes == len(site)


class CrashingCrawls(RuleBasedStateMachine):
    """A site where reviews appear late and are edited, a crawler that may die at any call."""

    order: Order = "newest_first"

    def __init__(self) -> None:
        super().__init__()
        self.store = MemoryStore(fail=self.fail)
        self.now = NOW
        self.site: dict[int, Mention] = {}
        self.dies_in = -1
        self.complete = True

    def fail(self, _: str) -> None:
        self.dies_in -= 1
        if self.dies_in == 0:
            raise Crash

    @rule(late=st.integers(0, 20), count=st.integers(1, 5))
    def reviews_appear(self, late: int, count: int) -> None:
        """Dated to the day, visible up to 20 hours after: less than lookback minus a day."""
        for _ in range(count):
            moment = (self.now - timedelta(hours=late)).replace(hour=0)
            number = len(self.site)
            self.site[number] = mention(number, published_at=moment)
        self.complete = False

    @rule(hours=st.integers(1, 30))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(dies_in=st.integers(1, 8))
    def crawl_that_dies(self, dies_in: int) -> None:
        self.dies_in = dies_in
        self.run()

    @precondition(lambda self: self.site)
    @rule()
    def crawl_to_the_end(self) -> None:
        self.dies_in = -1
        assert self.run().status is Status.OK
        self.complete = True

    def run(self) -> Outcome:
        newest = sorted(self.site.values(), key=lambda m: m.published_at, reverse=True)
        listed = newest[::-1] if self.order == "oldest_first" else newest

        def pages(ctx: Context) -> Iterator[list[Item]]:
            kept = [m for m in listed if m.published_at >= ctx.since]
            for start in range(0, len(kept), 3):
                yield list(kept[start : start + 3])

        outcome = crawl(collector(pages, self.order, LOOKBACK), self.store, self.now)
        self.dies_in = -1
        return outcome

    @invariant()
    def nothing_lost_nothing_doubled(self) -> None:
        if self.complete:
            assert set(self.store.items) == {m.external_id for m in self.site.values()}
        assert self.store.writes == len(self.store.items)
        assert not self.store.saved.cursor or self.store.saved.cursor <= self.now


class OldestFirst(CrashingCrawls):
    """The same with a list that begins at the oldest."""

    order: Order = "oldest_first"


TestNewestFirst = CrashingCrawls.TestCase
TestOldestFirst = OldestFirst.TestCase
_SETTINGS = settings(max_examples=40, stateful_step_count=25)
TestNewestFirst.settings = _SETTINGS
TestOldestFirst.settings = _SETTINGS
