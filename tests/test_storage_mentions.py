"""A page of items in: what is new, changed, gone or the same, and what stays stored."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from conftest import Clock, make_mention
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shop import Shop

from collectors.base import Deleted, Mention
from collectors.outcomes import Counts
from storage import crawls
from storage import tables as t
from storage.crawls import SourceDeclaration
from storage.database import Database


def test_new_mention_is_stored_as_it_came(shop: Shop) -> None:
    item = make_mention(
        title="Всё хорошо",
        author="Анна",
        url="https://example.ru/1",
        likes=3,
        views=5_000_000_000,
        place="Тверь",
        raw={"a": [1, {"b": None}]},
        answer_text="Спасибо!",
        answered_at=datetime(2026, 2, 21, tzinfo=UTC),
    )
    assert shop.put(item) == Counts(new=1)
    (row,) = shop.rows()
    for name in Mention.__dataclass_fields__:
        if name != "source":
            assert getattr(row, name) == getattr(item, name), name
    assert row.content_hash == item.content_hash
    assert row.collected_at == row.updated_at == shop.clock.now


def test_day_is_counted_in_the_zone(shop: Shop) -> None:
    shop.put(make_mention(published_at=datetime(2026, 2, 20, 22, 30, tzinfo=UTC)))
    assert shop.rows()[0].day == shop.rows(t.mention_brand)[0].day == date(2026, 2, 21)


def test_unchanged_items_are_neither_written_nor_lemmatised(shop: Shop) -> None:
    items = [make_mention() for _ in range(3)]
    shop.put(*items)
    before = shop.rows()
    shop.lemmatised.clear()
    assert shop.put(*items) == Counts(unchanged=3)
    assert shop.rows() == before
    assert shop.lemmatised == []


def test_counters_follow_without_making_the_mention_changed(shop: Shop) -> None:
    item = make_mention(likes=1)
    shop.put(item)
    (before,) = shop.rows()
    assert shop.put(replace(item, likes=7, url="https://new.ru/")) == Counts(unchanged=1)
    (row,) = shop.rows()
    assert (row.likes, row.url, row.updated_at) == (7, "https://new.ru/", before.updated_at)


def test_an_edit_keeps_the_former_revision(shop: Shop) -> None:
    item = make_mention(text="Было плохо", rating=1.0)
    shop.put(item)
    edited = replace(item, text="Стало хорошо", rating=5.0)
    assert shop.put(edited) == Counts(changed=1)
    (row,), (revision,) = shop.rows(), shop.rows(t.mention_revision)
    assert (row.text, row.rating) == ("Стало хорошо", 5.0)
    assert (revision.text, revision.rating, revision.content_hash) == (
        "Было плохо",
        1.0,
        item.content_hash,
    )
    assert row.collected_at < row.updated_at == revision.replaced_at
    assert shop.found("стало") == [row.id]
    assert shop.found("было") == []


def test_a_deleted_mention_counts_nowhere_until_it_is_back(shop: Shop) -> None:
    item, other = make_mention(), make_mention()
    shop.put(item, other)
    assert shop.put(Deleted(item.external_id), Deleted("unknown")) == Counts(deleted=1, unchanged=1)
    assert [row.deleted_at for row in shop.rows()] == [shop.clock.now, None]
    assert [row.n for row in shop.rows(t.mention_daily)] == [1]
    assert shop.put(Deleted(item.external_id)) == Counts(unchanged=1)
    assert len(shop.queue()) == 1
    assert shop.put(item) == Counts(changed=1)
    assert [row.deleted_at for row in shop.rows()] == [None, None]
    assert [row.n for row in shop.rows(t.mention_daily)] == [2]
    assert shop.rows(t.mention_revision) == []


def test_of_several_with_one_id_the_last_counts(shop: Shop) -> None:
    item = make_mention(text="первый")
    assert shop.put(item, replace(item, text="последний")) == Counts(new=1)
    assert [row.text for row in shop.rows()] == ["последний"]
    assert shop.put(item, Deleted(item.external_id)) == Counts(deleted=1)


def test_the_same_id_in_another_source_is_another_mention(shop: Shop) -> None:
    item = make_mention()
    shop.put(item)
    with shop.db.write() as session:
        shop.source = crawls.ensure_source(session, SourceDeclaration("other", "file"), "import")
    assert shop.put(item) == Counts(new=1)


def test_brands_of_a_mention(shop: Shop) -> None:
    moroshka, ambar = shop.brands["moroshka"], shop.brands["ambar"]
    shop.matched = [ambar, moroshka, ambar]
    shop.put(make_mention())
    shop.matched = []
    shop.put(make_mention())
    found = [(row.mention_id, row.brand_id) for row in shop.rows(t.mention_brand)]
    assert found == [(1, moroshka), (1, ambar), (2, shop.nobody)]


@pytest.mark.parametrize(
    ("rating", "scale", "stars"),
    [
        (None, 5, 0),
        (4.5, 5, 5),
        (1, 5, 1),
        (0, 5, 1),
        (5, 10, 3),
        (10, 10, 5),
        (1, 2, 1),
        (3, 1, 0),
    ],
)
def test_stars(empty_sqlite: str, clock: Clock, rating: float, scale: int, stars: int) -> None:
    shop = Shop(Database(empty_sqlite), clock)
    shop.put(make_mention(rating=rating, rating_scale=scale))
    assert [row.rating for row in shop.rows(t.mention_daily)] == [stars]
    shop.db.dispose()


def test_dates_move_only_with_an_edit_or_when_none_was_known(shop: Shop) -> None:
    first, later = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 5, tzinfo=UTC)
    undated = make_mention(published_at=first, date_known=False)
    dated = make_mention(published_at=first)
    shop.put(undated, dated)
    again = [replace(item, published_at=later) for item in (undated, dated)]
    assert shop.put(*again) == Counts(unchanged=2)
    assert shop.put(replace(undated, published_at=later, date_known=True)) == Counts(changed=1)
    assert shop.put(replace(dated, published_at=later, date_known=False, text="иное")).changed == 1
    assert [row.published_at for row in shop.rows()] == [later, first]
    assert shop.put(replace(dated, published_at=later, text="опять иное")) == Counts(changed=1)
    assert [row.published_at for row in shop.rows()] == [later, later]
    assert {row.day for row in shop.rows(t.mention_brand)} == {date(2026, 1, 5)}


def test_what_sums_depend_on_makes_a_mention_changed(shop: Shop) -> None:
    item = make_mention(rating=None, nps=9)
    shop.put(item)
    assert shop.put(replace(item, nps=3)) == Counts(changed=1)
    (row,) = shop.rows(t.mention_daily)
    assert (row.promoters, row.detractors) == (0, 1)
    assert shop.rows(t.mention_revision) == []


def test_a_long_page_is_one_transaction_in_chunks(shop: Shop) -> None:
    items = [make_mention() for _ in range(1201)]
    assert shop.put(*items) == Counts(new=1201)
    assert shop.put(*items) == Counts(unchanged=1201)
    assert sum(row.n for row in shop.rows(t.mention_daily)) == 1201


def test_a_failing_page_leaves_nothing(shop: Shop) -> None:
    shop.matched = [999]
    with pytest.raises(sa.exc.IntegrityError):
        shop.put(make_mention())
    assert shop.rows() == []


def test_characters_no_database_takes_do_not_lose_the_page(shop: Shop) -> None:
    bad = make_mention(
        external_id="a\x00b",
        text="до\x00после\ud83d",
        author="\udc00",
        likes=2**40,
        rating=float("nan"),
        raw={"k\x00": ["\ud800", float("inf")]},
        published_at=datetime.max.replace(tzinfo=UTC) - timedelta(hours=1),
    )
    assert shop.put(bad, make_mention()) == Counts(new=2)
    row = shop.rows()[0]
    assert (row.text, row.author, row.rating) == ("до\ufffdпосле\ufffd", "\ufffd", None)
    assert row.raw == {"k\ufffd": ["\ufffd", None]}
    assert shop.put(bad) == Counts(unchanged=1)


ANY_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1)


@given(texts=st.lists(ANY_TEXT, min_size=1, max_size=5))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_comes_back_as_it_was(shop: Shop, texts: list[str]) -> None:
    items = [make_mention(text=text, author=text, raw={text: text}) for text in texts]
    assert shop.put(*items) == Counts(new=len(texts))
    rows = {row.external_id: row for row in shop.rows()}
    for item in items:
        row = rows[item.external_id]
        assert (row.text, row.author, row.raw) == (item.text, item.author, dict(item.raw))
    assert {item.text for item in items} <= {waiting.text for waiting in shop.queue()}
