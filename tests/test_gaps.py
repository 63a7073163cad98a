"""What could not be collected is told, and only that: failures, caps, sources never read, rests."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from collectors.outcomes import Counts, Coverage, Outcome, Status
from insights import gaps
from insights.gaps import Span
from storage import crawls, queries
from storage.crawls import BrandDeclaration, SourceDeclaration, SqlStore
from storage.database import Database

MOSCOW = ZoneInfo("Europe/Moscow")
#: The week of the report, and when it is made.
BEGIN = datetime(2026, 4, 19, 21, tzinfo=UTC)
UNTIL = BEGIN + timedelta(days=7)
MADE = UNTIL + timedelta(hours=9)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)

Crawled = Callable[..., None]


@pytest.fixture
def crawled(db: Database) -> Crawled:
    """Leaves the outcome of a crawl of the one source; the catalogue can be declared anew."""
    declare(db)

    def write(
        at: datetime,
        status: Status = Status.OK,
        *,
        asked_from: datetime | None = EPOCH,
        oldest: datetime | None = None,
        cap: str | None = None,
        skipped: int = 0,
        error: str = "",
    ) -> None:
        store = SqlStore(db, MOSCOW, lambda _: lambda _: [], str)
        outcome = Outcome(
            source="reviews",
            status=status,
            started_at=at,
            finished_at=at,
            counts=Counts(skipped=skipped),
            coverage=Coverage(asked_from=asked_from, oldest=oldest, cap_hit=cap),
            error=error,
            next_due=None if status is Status.NEEDS_HUMAN else at + HOUR,
        )
        store.save_outcome(outcome, failures=int(status not in (Status.OK, Status.NOT_MODIFIED)))

    return write


def declare(db: Database, *, schedule: str | None = "1ч", enabled: bool = True) -> None:
    with db.write() as session:
        source = SourceDeclaration("reviews", "feed", "Отзывы", schedule=schedule, enabled=enabled)
        crawls.sync_catalog(session, [BrandDeclaration("moroshka", "Морошка")], [source])


def told(db: Database, *, until: datetime = UNTIL, made: datetime = MADE) -> tuple[int, list[str]]:
    """How many sources were expected to be read, and what is missing of them."""
    with db.read() as session:
        covered = queries.coverage(session, BEGIN, until)
        sources = queries.sources_now(session, now=made)
    span = Span(BEGIN, min(until, made), made.astimezone(MOSCOW))
    asked = gaps.expected(sources, covered, span)
    missing = gaps.missing(asked, covered, span)
    assert all(one.name == "Отзывы" for one in missing)
    return len(asked), [one.text.replace("\xa0", " ") for one in missing]


def test_a_source_that_was_read_to_the_end_is_not_told(db: Database, crawled: Crawled) -> None:
    crawled(UNTIL + HOUR)
    assert told(db) == (1, [])


def test_trouble_after_the_period_is_none_of_it(db: Database, crawled: Crawled) -> None:
    crawled(UNTIL + HOUR)
    crawled(UNTIL + 2 * HOUR, Status.LATER, error="HTTP 503")
    assert told(db) == (1, [])


def test_a_failure_that_was_made_good_is_no_gap(db: Database, crawled: Crawled) -> None:
    crawled(BEGIN + DAY, Status.LATER, error="HTTP 503")
    crawled(UNTIL + HOUR)
    assert told(db) == (1, [])


def test_a_source_that_failed_is_told_with_its_reason(db: Database, crawled: Crawled) -> None:
    crawled(BEGIN + 2 * DAY)
    crawled(UNTIL - HOUR, Status.LATER, error="Сайт не отвечает: HTTP 503.")
    expected = "Прочитан по 22 апреля 2026, дальше нет. Сайт не отвечает: HTTP 503."
    assert told(db) == (1, [expected])


def test_a_source_that_waits_for_a_human(db: Database, crawled: Crawled) -> None:
    crawled(BEGIN - DAY)
    crawled(BEGIN + DAY, Status.NEEDS_HUMAN, error="Сайт просит войти")
    expected = "За этот период не читался, последний раз 19 апреля 2026. Сайт просит войти. "
    assert told(db) == (1, [f"{expected}Ждёт человека."])


def test_a_source_that_was_never_read(db: Database, crawled: Crawled) -> None:
    assert told(db) == (1, ["Ни разу не прочитан до конца. Сбор ещё не запускался."])
    crawled(BEGIN + DAY, Status.BUG, error="Ошибка программы")
    assert told(db) == (1, ["Ни разу не прочитан до конца. Ошибка программы."])


def test_nobody_crawled_since(db: Database, crawled: Crawled) -> None:
    crawled(BEGIN + DAY)
    expected = "Прочитан по 21 апреля 2026, дальше нет. Сбор с тех пор не запускался."
    assert told(db) == (1, [expected])


def test_shortly_before_the_end_is_in_time(db: Database, crawled: Crawled) -> None:
    """A daily source is not late on the morning after; one that fails is."""
    crawled(UNTIL - DAY + HOUR)
    assert told(db) == (1, [])
    crawled(UNTIL - HOUR, Status.LATER, error="HTTP 503")
    assert told(db)[1]


def test_a_period_that_is_not_over_ends_now(db: Database, crawled: Crawled) -> None:
    crawled(BEGIN + DAY)
    assert told(db, made=BEGIN + DAY + 2 * HOUR) == (1, [])


def test_what_a_source_kept_back_is_told(db: Database, crawled: Crawled) -> None:
    oldest = BEGIN + 3 * DAY
    crawled(UNTIL + HOUR, oldest=oldest, cap="500 последних")
    expected = "Источник отдал не всё (500 последних): неизвестно, что было 20–23 апреля 2026."
    assert told(db) == (1, [expected])


def test_what_it_kept_back_of_other_days_is_not(db: Database, crawled: Crawled) -> None:
    crawled(UNTIL + HOUR, oldest=BEGIN - DAY, cap="500 последних")
    assert told(db) == (1, [])


def test_what_was_kept_back_may_be_given_later(db: Database, crawled: Crawled) -> None:
    crawled(UNTIL + HOUR, oldest=BEGIN + DAY, cap="500 последних")
    crawled(UNTIL + 2 * HOUR, asked_from=BEGIN + 2 * DAY)  # reads on, not again
    assert told(db)[1]
    crawled(UNTIL + 3 * HOUR, asked_from=BEGIN - DAY)
    assert told(db) == (1, [])


def test_items_that_cannot_be_read_are_counted_once(db: Database, crawled: Crawled) -> None:
    for hour in range(5):
        crawled(UNTIL - hour * HOUR, skipped=12)
    assert told(db) == (1, ["Не удалось прочитать 12 записей за один сбор."])


def test_a_source_that_rests_is_expected_as_long_as_it_was_read(
    db: Database, crawled: Crawled
) -> None:
    declare(db, enabled=False)
    assert told(db) == (0, [])
    crawled(BEGIN - 60 * DAY)
    assert told(db) == (0, [])
    crawled(BEGIN + 2 * DAY)
    expected = "Прочитан по 22 апреля 2026, дальше нет. Выключен в config.yaml."
    assert told(db) == (1, [expected])


def test_a_file_is_imported_by_hand(db: Database, crawled: Crawled) -> None:
    declare(db, schedule=None)
    assert told(db) == (0, [])
    crawled(BEGIN + 2 * DAY)
    assert told(db) == (1, ["Прочитан по 22 апреля 2026, дальше нет. Пополняется вручную."])
