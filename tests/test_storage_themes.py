"""Marks of themes go with their opinions, their sums are true; names and mergers can be undone."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from itertools import count
from typing import Any

import pytest
import sqlalchemy as sa
from conftest import make_mention
from histories import run
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule
from shop import Shop, make_analysis
from test_storage_rollups import History

from collectors.base import Deleted
from nlp.labels import NOT_A_VOICE, Tone, Touchpoint
from storage import commands, erasing, queries, rollups, theme_renewal, themes
from storage import tables as t
from storage.database import Database
from storage.errors import NotFound, StorageError
from storage.filters import Filter
from storage.themes import Left, Marked, Place, StoredGround

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = ("mention_id", "touchpoint", "tone", "start")
PART = ("delivery", "negative")
numbers = count(1)


def key_of(row: Any) -> tuple[Any, ...]:
    return tuple(getattr(row, name) for name in KEY)


def waiting(db: Database) -> list[Place]:
    with db.read() as session:
        return themes.pending(session, limit=1000)


def made(db: Database, part: tuple[str, str] = PART, title: str = "Опоздали") -> int:
    """A theme of its own; its id."""
    centre = next(numbers).to_bytes(8)
    with db.write() as session:
        return themes.add(session, part, title, centre, {"опозд": 0.5}, NOW)


def key(db: Database, theme_id: int) -> str:
    with db.read() as session:
        query = sa.select(t.theme.c.key).where(t.theme.c.id == theme_id)
        return str(session.execute(query).scalar_one())


def marked(db: Database, places: list[Place], theme_id: int | None) -> None:
    vector = None if theme_id else b"\1\2"
    marks = [Marked(place, theme_id, 700, vector) for place in places]
    with db.write() as session:
        themes.save(session, marks, ())


class Themed(History):
    """Any history of mentions and labels, with themes found now and then."""

    @rule(data=st.data())
    def find(self, data: Any) -> None:
        for place in waiting(self.shop.db):
            theme_id = made(self.shop.db, place.part) if data.draw(st.booleans()) else None
            marked(self.shop.db, [place], theme_id)

    @rule(item=st.sampled_from(["a", "b"]))
    def edit_while_finding(self, item: str) -> None:
        places = waiting(self.shop.db)
        self.shop.put(make_mention(external_id=item, text="правка"))
        for place in places:
            marked(self.shop.db, [place], made(self.shop.db, place.part))

    @invariant()
    def marks_are_of_opinions_that_hold(self) -> None:
        held = {key_of(row) for row in self.shop.rows(t.opinion)}
        assert {key_of(row) for row in self.shop.rows(t.theme_mark)} <= held

    @invariant()
    def the_queue_is_what_has_no_mark(self) -> None:
        known = {key_of(row) for row in self.shop.rows(t.theme_mark)}
        toned = {key_of(row) for row in self.shop.rows(t.opinion) if row.tone != "neutral"}
        assert {key_of(place) for place in waiting(self.shop.db)} == {
            key for key in toned - known if key[2] != "mixed"
        }

    @invariant()
    def sums_of_themes_are_true(self) -> None:
        kept = Counter({tuple(row[:-1]): row.n for row in self.shop.rows(t.theme_daily)})
        assert kept == self._recounted()
        with self.shop.db.write() as session:
            rollups.recount(session)
        again = Counter({tuple(row[:-1]): row.n for row in self.shop.rows(t.theme_daily)})
        assert kept == again

    def _recounted(self) -> Counter[tuple[Any, ...]]:
        marks = {key_of(row): row.theme_id for row in self.shop.rows(t.theme_mark)}
        brands = {(row.mention_id, row.brand_id): row for row in self.shop.rows(t.mention_brand)}
        found: Counter[tuple[Any, ...]] = Counter()
        for opinion in self.shop.rows(t.opinion):
            row, theme = brands[opinion.mention_id, opinion.brand_id], marks.get(key_of(opinion))
            if theme and not row.is_repeat:
                voice = (row.kind or "") not in NOT_A_VOICE
                key = (theme, row.brand_id, row.day, row.source_id, row.rating, voice)
                found[key] += 1
        return found


def test_any_history(emptied: Callable[[], Database]) -> None:
    run(Themed, emptied, examples=8, steps=12)


@pytest.fixture
def told(shop: Shop) -> Shop:
    """Three mentions of one brand, each with a negative opinion of delivery."""
    shop.matched = [shop.brands["moroshka"]]
    texts = ("Курьер опоздал", "Опять опоздали", "Опоздали на час")
    shop.put(*(make_mention(external_id=text, text=text) for text in texts))
    shop.analyse(make_analysis(opinions=[(Touchpoint.DELIVERY, Tone.NEGATIVE)]))
    return shop


def heard(shop: Shop, **where: Any) -> list[int]:
    """How many opinions each theme has."""
    with shop.db.read() as session:
        by_day = queries.theme_counts(session, Filter(**where), "delivery", Tone.NEGATIVE)
    return [sum(days.values()) for days in by_day.values()]


def test_an_edited_a_corrected_a_deleted_and_an_erased_mention_lose_their_marks(told: Shop) -> None:
    marked(told.db, waiting(told.db), made(told.db))
    assert heard(told) == [3]
    told.put(make_mention(external_id="Курьер опоздал", text="Курьер приехал"))
    assert heard(told) == [2]
    assert not waiting(told.db)
    told.analyse(make_analysis(opinions=[(Touchpoint.DELIVERY, Tone.NEGATIVE)]))
    assert [place.text for place in waiting(told.db)] == ["Курьер приехал"]
    with told.db.write() as session:
        commands.correct(session, 2, opinions=[], now=NOW)
    assert heard(told) == [1]
    told.put(Deleted("Опоздали на час"))
    assert heard(told) == []
    with told.db.write() as session:
        erasing.erase(session, [1, 2, 3])
    assert told.rows(t.theme_mark) == [] == told.rows(t.theme_daily)


def test_a_mark_of_a_text_that_was_edited_meanwhile_is_not_kept(told: Shop) -> None:
    places = waiting(told.db)
    told.put(make_mention(external_id="Курьер опоздал", text="Всё хорошо"))
    told.analyse(make_analysis(opinions=[(Touchpoint.DELIVERY, Tone.NEGATIVE)]))
    marked(told.db, places, made(told.db))
    assert [place.text for place in waiting(told.db)] == ["Всё хорошо"]


def test_a_rebuild_leaves_what_a_user_named_or_merged(told: Shop) -> None:
    ids = [made(told.db) for _ in range(4)]
    marked(told.db, waiting(told.db), ids[0])
    plain, named, one, other = (key(told.db, theme_id) for theme_id in ids)
    with told.db.write() as session:
        commands.rename_theme(session, named, "Курьеры")
        commands.merge_theme(session, one, other)
        theme_renewal.begin_anew(session, keep_all=False)
        kept = [row.key for row in queries.themes(session, "delivery", Tone.NEGATIVE)]
        again = themes.add(session, PART, "Опоздали", ids[0].to_bytes(8), {}, NOW)
    assert kept == [named, one, other]
    assert plain not in kept
    assert len(waiting(told.db)) == 3
    assert key(told.db, again) == f"delivery-negative-{sha256(ids[0].to_bytes(8)).hexdigest()[:8]}"


def test_names_are_given_and_taken_back(told: Shop) -> None:
    own = key(told.db, made(told.db))
    with told.db.write() as session:
        assert commands.rename_theme(session, own, "  Ждём\n курьера ") is None
        assert queries.theme_name(session, own) == "Ждём курьера"
        assert commands.rename_theme(session, own, " ") == "Ждём курьера"
        assert queries.theme_name(session, own) == "Опоздали"
        with pytest.raises(StorageError, match="не длиннее 80"):
            commands.rename_theme(session, own, "я" * 81)
        with pytest.raises(NotFound):
            commands.rename_theme(session, "delivery-negative-0", "Нет такой")
        assert queries.theme_name(session, "delivery-negative-0") is None


def test_merged_themes_count_for_one_and_part_again(told: Shop) -> None:
    ids = [made(told.db) for _ in range(3)]
    for place, theme_id in zip(waiting(told.db), ids, strict=True):
        marked(told.db, [place], theme_id)
    one, two, three = (key(told.db, theme_id) for theme_id in ids)

    def listed(key: str) -> int:
        with told.db.read() as session:
            where = Filter(touchpoints=("delivery",), tones=("negative",), theme=key)
            assert queries.figures(session, where).tones.negative == queries.count(session, where)
            return queries.count(session, where)

    def into() -> dict[str, str]:
        with told.db.read() as session:
            rows = queries.themes(session, "delivery", Tone.NEGATIVE)
        return {row.key: row.into for row in rows}

    with told.db.write() as session:
        assert commands.merge_theme(session, one, two) == (one,)
    assert (listed(two), into()) == (2, {one: two, two: "", three: ""})
    with told.db.write() as session:
        moved = commands.merge_theme(session, two, three)
    assert (moved, listed(three)) == ((two, one), 3)
    assert into() == {one: three, two: three, three: ""}
    with told.db.write() as session:
        commands.unmerge_theme(session, moved)
    assert into() == {one: two, two: "", three: ""}
    with told.db.write() as session:
        commands.unmerge_theme(session, [one])
    assert (listed(two), into()) == (1, {one: "", two: "", three: ""})


def test_what_cannot_be_merged_is_told(told: Shop) -> None:
    one, two = key(told.db, made(told.db)), key(told.db, made(told.db))
    elsewhere = key(told.db, made(told.db, ("price", "negative")))
    with told.db.write() as session:
        with pytest.raises(StorageError, match="с ней самой"):
            commands.merge_theme(session, one, one)
        with pytest.raises(StorageError, match="одной точки контакта"):
            commands.merge_theme(session, one, elsewhere)
        commands.merge_theme(session, two, one)
        with pytest.raises(StorageError, match="с ней самой"):
            commands.merge_theme(session, one, two)


def test_counts_and_quotes_follow_the_filter(told: Shop) -> None:
    own = made(told.db)
    marked(told.db, waiting(told.db), own)
    day = date(2026, 2, 20)
    assert heard(told, brands=(told.brands["ambar"],)) == []
    assert heard(told, day_from=day, day_to=day, rating=(4, 4)) == [3]
    assert heard(told, day_from=day + timedelta(1)) == []
    assert heard(told, text="опять", lemmas="опять") == [1]
    assert heard(told, sources=(told.source,), kinds=("complaint",)) == [3]
    days = {key(told.db, own): [day], "other": [day]}
    with told.db.read() as session:
        where = Filter(text="опять", lemmas="опять")
        found = queries.theme_quotes(session, where, "delivery", Tone.NEGATIVE, days)
        nothing = queries.theme_quotes(session, where, "delivery", Tone.NEGATIVE, {})
    assert {name: quote.text for name, quote in found.items()} == {
        key(told.db, own): "Опять опоздали"
    }
    assert nothing == {}


def test_what_is_left_is_remembered_with_its_vector(told: Shop) -> None:
    newest, *others = waiting(told.db)
    ground = StoredGround(*PART, 5, b"\0" * 8, {"опозд": 2})
    with told.db.write() as session:
        themes.save(session, [], [ground])
    marked(told.db, [newest, *others], None)
    with told.db.write() as session:
        assert themes.left(session) == {PART: Left(fresh=3, n=3, read=5)}
        found = themes.leftovers(session, PART, 2)
        assert found == [(newest, b"\1\2"), (others[0], b"\1\2")]
        themes.set_tried(session, PART)
        assert themes.left(session) == {PART: Left(fresh=0, n=3, read=5)}
        themes.save(session, [], [replace(ground, n=6)])
        assert themes.grounds(session) == [replace(ground, n=6)]


def test_no_page_walks_through_a_table(told: Shop) -> None:
    if not told.db.is_sqlite:
        pytest.skip("PostgreSQL rightly walks through three rows")
    own = made(told.db)
    marked(told.db, waiting(told.db), own)
    seen: list[tuple[str, Any]] = []
    with told.db.read() as session:
        connection = session.connection()

        @sa.event.listens_for(connection, "before_cursor_execute")
        def note(*event: Any) -> None:
            seen.append((event[2], event[3]))

        day = date(2026, 2, 20)
        for where in (Filter(), Filter(brands=(told.brands["moroshka"],), day_from=day)):
            queries.themes(session, "delivery", Tone.NEGATIVE)
            queries.theme_counts(session, where, "delivery", Tone.NEGATIVE)
            days = {key(told.db, own): [day]}
            queries.theme_quotes(session, where, "delivery", Tone.NEGATIVE, days)
        sa.event.remove(connection, "before_cursor_execute", note)
        plans = [
            str(row[3])
            for statement, values in seen
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        ]
    walked = {plan.split()[1] for plan in plans if plan.startswith("SCAN")}
    # There are a few hundred themes at most.
    assert not walked & {"theme_daily", "theme_mark", "opinion", "mention_brand", "mention"}
    assert len(plans) > 10
