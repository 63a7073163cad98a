"""The catalogue follows config.yaml; cursors, outcomes and jobs are kept."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from conftest import make_mention
from shop import MOSCOW, Shop

from collectors.base import Mention, Skipped
from collectors.outcomes import Counts, Coverage, Outcome, Saved, Status
from storage import commands, crawls, jobs, mentions
from storage import tables as t
from storage.crawls import BrandDeclaration, SourceDeclaration, SqlStore
from storage.errors import NotFound, OperationalError, StorageError

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
MOROSHKA = BrandDeclaration("moroshka", "Морошка", ("Moroshka",))


def sync(
    shop: Shop, *sources: SourceDeclaration, brands: tuple[BrandDeclaration, ...] = (MOROSHKA,)
) -> None:
    with shop.db.write() as session:
        crawls.sync_catalog(session, brands, sources)


def store(shop: Shop, brands_of: Any = lambda _: ()) -> SqlStore:
    return SqlStore(shop.db, zone=MOSCOW, brands_now=lambda _: brands_of, lemmas_of=str)


def outcome(status: Status = Status.OK, **fields: Any) -> Outcome:
    standard: dict[str, Any] = {"started_at": NOW, "finished_at": NOW, "counts": Counts(new=2)}
    return Outcome(source="reviews", status=status, **{**standard, **fields})


def by(key: str, rows: list[Any]) -> dict[str, Any]:
    return {getattr(row, key): row for row in rows}


def test_the_catalogue_follows_the_config(shop: Shop) -> None:
    hourly = SourceDeclaration(
        "hourly", "page", "Отзывы", "moroshka", {"url": "x"}, "1ч", enabled=False
    )
    sync(shop, hourly)
    brands, sources = by("code", shop.rows(t.brand)), by("name", shop.rows(t.source))
    assert (brands["moroshka"].aliases, brands["moroshka"].enabled) == (["Moroshka"], True)
    assert not brands["ambar"].enabled
    assert brands[""].enabled
    assert not sources["reviews"].enabled
    row = sources["hourly"]
    assert (row.type, row.title, row.options, row.schedule, row.enabled, row.origin) == (
        "page",
        "Отзывы",
        {"url": "x"},
        "1ч",
        False,
        "config",
    )
    assert row.brand_id == brands["moroshka"].id
    sync(shop, SourceDeclaration("reviews", "feed"), hourly)
    assert by("name", shop.rows(t.source))["reviews"].enabled


def test_what_the_app_made_stays_unless_the_config_names_it(shop: Shop) -> None:
    with shop.db.write() as session:
        made = crawls.ensure_source(session, SourceDeclaration("mine", "file"), "app")
        assert crawls.ensure_source(session, SourceDeclaration("mine", "feed"), "app") == made
        brand = crawls.ensure_brand(session, "new", "Новый", "import")
        assert crawls.ensure_brand(session, "new", "Иной", "app") == brand
    sync(shop)
    row = by("name", shop.rows(t.source))["mine"]
    assert (row.type, row.enabled, row.origin) == ("file", True, "app")
    row = by("code", shop.rows(t.brand))["new"]
    assert (row.name, row.enabled, row.origin) == ("Новый", True, "import")
    sync(shop, SourceDeclaration("mine", "page"), brands=(BrandDeclaration("new", "Из файла"),))
    assert by("name", shop.rows(t.source))["mine"].origin == "config"
    row = by("code", shop.rows(t.brand))["new"]
    assert (row.id, row.name, row.origin) == (brand, "Из файла", "config")


def test_a_source_of_an_unknown_brand_is_told(shop: Shop) -> None:
    with pytest.raises(NotFound, match="«nobody» не описан"):
        sync(shop, SourceDeclaration("x", "feed", brand_code="nobody"))


def test_cursor_and_schedule(shop: Shop) -> None:
    door = store(shop)
    assert door.load("reviews") == door.load("unknown") == Saved()
    door.save_cursor("reviews", NOW, {"token": "a\x00b"})
    due = NOW + timedelta(hours=2)
    door.save_outcome(outcome(Status.LATER, next_due=due), failures=3)
    assert door.load("reviews") == Saved(NOW, {"token": "a\ufffdb"}, 3, due, parked=False)
    door.save_cursor("reviews", None, {})
    assert door.load("reviews") == Saved(None, {}, 3, due, parked=False)


@pytest.mark.parametrize(
    ("status", "next_due", "parked"),
    [
        (Status.NEEDS_HUMAN, None, True),
        (Status.NEEDS_HUMAN, NOW, False),
        (Status.OK, None, False),
    ],
)
def test_only_who_needs_a_human_is_parked(
    shop: Shop, status: Status, next_due: datetime | None, parked: bool
) -> None:
    store(shop).save_outcome(outcome(status, next_due=next_due), failures=0)
    assert store(shop).load("reviews").parked is parked


def test_a_source_read_otherwise_starts_over(shop: Shop) -> None:
    same = SourceDeclaration("reviews", "feed", options={"url": "a", "days": (1, 2)})
    sync(shop, same)
    store(shop).save_cursor("reviews", NOW, {})
    store(shop).save_outcome(outcome(Status.NEEDS_HUMAN), failures=1)
    sync(shop, same)
    assert store(shop).load("reviews").parked
    sync(shop, SourceDeclaration("reviews", "feed", options={"url": "b"}))
    assert store(shop).load("reviews") == Saved()


def test_an_outcome_is_kept_with_its_coverage_and_samples(shop: Shop) -> None:
    many = tuple(Skipped(f"строка {number}", "нет\x00 текста") for number in range(500))
    coverage = Coverage(asked_from=NOW, oldest=NOW, newest=NOW, cap_hit="100 страниц")
    ended = outcome(
        counts=Counts(1, 2, 3, 4, 500),
        coverage=coverage,
        skipped=many,
        notes=many[:1],
        error="a",
        detail="тело\x00страницы",
    )
    store(shop).save_outcome(ended, failures=0)
    (row,) = shop.rows(t.crawl)
    assert (row.status, row.new, row.changed, row.unchanged) == ("ok", 1, 2, 3)
    assert (row.deleted, row.skipped, row.cap_hit) == (4, 500, "100 страниц")
    assert (row.asked_from, row.oldest, row.newest) == (NOW, NOW, NOW)
    assert len(row.samples) == 100
    assert row.notes == [{"where": "строка 0", "reason": "нет\ufffd текста"}]
    assert row.detail == "тело\ufffdстраницы"


def test_pages_of_a_shared_source_are_matched(shop: Shop) -> None:
    def brands_of(item: Mention) -> list[int]:
        return [shop.brands["ambar"]] if "Амбар" in item.text else []

    page: list[Any] = [make_mention(text="Амбар"), make_mention()]
    assert store(shop, brands_of).save_page("reviews", page) == Counts(new=2)
    found = [row.brand_id for row in shop.rows(t.mention_brand)]
    assert found == [shop.brands["ambar"], shop.nobody]


def test_pages_of_a_brands_own_source_are_not(shop: Shop) -> None:
    sync(shop, SourceDeclaration("reviews", "feed", brand_code="moroshka"))
    store(shop, lambda _: pytest.fail("asked")).save_page("reviews", [make_mention()])
    assert [row.brand_id for row in shop.rows(t.mention_brand)] == [shop.brands["moroshka"]]


def test_an_unknown_source_cannot_be_written(shop: Shop) -> None:
    with pytest.raises(NotFound, match="«nowhere»"):
        store(shop).save_page("nowhere", [make_mention()])


def test_errors_of_the_surroundings_bear_the_name_the_runner_knows() -> None:
    assert OperationalError.__name__ == "OperationalError"
    assert issubclass(OperationalError, StorageError)


def test_jobs_are_claimed_once_and_in_order(shop: Shop) -> None:
    with shop.db.write() as session:
        ids = [commands.enqueue_job(session, "crawl", {"source": n}, now=NOW) for n in (1, 2)]
        # One that waits already is not asked for twice.
        assert commands.enqueue_job(session, "crawl", {"source": 2}, now=NOW) == ids[1]
    claimed = []
    for holder in ("a", "b", "c"):
        with shop.db.write() as session:
            claimed.append(jobs.claim_job(session, holder=holder, now=NOW, until=NOW + MINUTE))
    first, second, none = claimed
    assert first is not None
    assert second is not None
    assert none is None
    assert [(job.id, job.kind, job.payload) for job in (first, second)] == [
        (ids[0], "crawl", {"source": 1}),
        (ids[1], "crawl", {"source": 2}),
    ]
    with shop.db.write() as session:
        jobs.finish_job(session, first.id, "a", ok=True, message="готово", now=NOW)
        jobs.finish_job(session, second.id, "a", ok=True, message="чужое", now=NOW)
    rows = [(row.state, row.message, row.finished_at) for row in shop.rows(t.job)]
    assert rows == [("done", "готово", NOW), ("running", "", None)]


def test_a_lost_workers_job_is_taken_up_again_but_not_for_ever(shop: Shop) -> None:
    with shop.db.write() as session:
        commands.enqueue_job(session, "crawl", {}, now=NOW)
    moment = NOW
    for attempt in range(jobs.MOST_ATTEMPTS):
        with shop.db.write() as session:
            until = moment + MINUTE
            assert jobs.claim_job(session, holder=f"w{attempt}", now=moment, until=until)
            assert jobs.claim_job(session, holder="other", now=moment, until=until) is None
            assert jobs.renew_jobs(session, f"w{attempt}", {1: {"new": 3}}, until=until) == {1}
        moment += MINUTE
    with shop.db.write() as session:
        assert jobs.claim_job(session, holder="last", now=moment, until=moment) is None
        jobs.finish_job(session, 1, "w0", ok=True, now=moment)
    (row,) = shop.rows(t.job)
    assert (row.state, row.result, row.attempts) == ("failed", {"new": 3}, jobs.MOST_ATTEMPTS)


def test_a_job_put_back_waits_as_if_never_taken(shop: Shop) -> None:
    with shop.db.write() as session:
        commands.enqueue_job(session, "crawl", {}, now=NOW)
        assert jobs.claim_job(session, holder="a", now=NOW, until=NOW + MINUTE)
        jobs.put_back(session, 1, "b")
        assert jobs.claim_job(session, holder="b", now=NOW, until=NOW + MINUTE) is None
        jobs.put_back(session, 1, "a")
    (row,) = shop.rows(t.job)
    assert (row.state, row.attempts, row.started_at) == ("queued", 0, None)


def test_a_matcher_that_fails_loses_no_earlier_page(shop: Shop) -> None:
    """The transaction is the page: what was stored stays, the broken page leaves nothing."""
    shop.put(make_mention())
    with pytest.raises(ZeroDivisionError), shop.db.write() as session:
        mentions.upsert(
            session,
            shop.source,
            [make_mention()],
            brands_of=lambda _: [1 // 0],
            lemmas_of=str,
            zone=MOSCOW,
            now=NOW,
        )
    assert len(shop.rows()) == 1
    with shop.db.read() as session:
        assert session.scalar(sa.select(sa.func.sum(t.mention_daily.c.n))) == 1
