"""What the desk of mentions writes and reads: saved views, batches, threads, orders; twice each."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
import sqlalchemy as sa
from world import NOW, World, fill, found, judged, said, tell

from nlp.analysis import Opinion
from nlp.labels import Kind, Tone, Touchpoint
from storage import commands, queries, rollups
from storage import tables as t
from storage.commands import Change
from storage.database import Database
from storage.errors import NotFound, StorageError
from storage.filters import Facet, Filter
from storage.queries import MOST_LISTED, Order

EVERYTHING = Filter(voices_only=False, repeats=True)
TWO_FACETS = ((Facet.CITY, "Уфа"), (Facet.PLACE, "Мира, 1"))
PARAMS = {"period": ["28d"], "tone": ["negative"]}


@pytest.fixture
def world(db: Database) -> World:
    return found(db)


def save(world: World, name: str) -> int:
    with world.db.write() as session:
        return commands.save_view(session, name, page="mentions", params=PARAMS, now=NOW)


def names(world: World) -> list[str]:
    with world.db.read() as session:
        return [view.name for view in queries.saved_views(session)]


def test_a_view_is_saved_renamed_deleted_and_brought_back(world: World) -> None:
    number = save(world, "  Доставка,   негатив ")
    save(world, "акция")
    with world.db.read() as session:
        first, second = queries.saved_views(session)
    assert (first.name, second.name) == ("акция", "Доставка, негатив")
    assert (second.page, second.params) == ("mentions", PARAMS)
    with world.db.write() as session:
        commands.rename_view(session, number, "ДОСТАВКА, негатив")
    with world.db.write() as session:
        deleted = commands.delete_view(session, number)
    assert names(world) == ["акция"]
    with world.db.write() as session:
        commands.restore_view(session, deleted)
    assert names(world) == ["акция", "ДОСТАВКА, негатив"]


@pytest.mark.parametrize(("name", "told"), [(" ", "Назовите"), ("я" * 61, "сократите"),
                                            ("ДОСТАВКА", "уже есть")])  # fmt: skip
def test_a_bad_name_is_told_and_changes_nothing(world: World, name: str, told: str) -> None:
    save(world, "Доставка")
    number = save(world, "Цены")
    with pytest.raises(StorageError, match=told):
        save(world, name)
    with pytest.raises(StorageError, match=told), world.db.write() as session:
        commands.rename_view(session, number, name)
    assert names(world) == ["Доставка", "Цены"]


def test_what_no_database_takes_stands_in_no_view(world: World) -> None:
    with world.db.write() as session:
        params = {"q": ["a\x00"]}
        commands.save_view(session, "Цены\x00", page="mentions", params=params, now=NOW)
    with world.db.read() as session:
        (view,) = queries.saved_views(session)
    assert (view.name, view.params) == ("Цены\ufffd", {"q": ["a\ufffd"]})


def test_a_view_that_is_gone_is_told(world: World) -> None:
    number = save(world, "Доставка")
    with world.db.write() as session:
        deleted = commands.delete_view(session, number)
    with pytest.raises(NotFound), world.db.write() as session:
        commands.rename_view(session, number, "Цены")
    with pytest.raises(NotFound), world.db.write() as session:
        commands.delete_view(session, number)
    save(world, "доставка")
    with pytest.raises(StorageError, match="уже есть"), world.db.write() as session:
        commands.restore_view(session, deleted)


def labels(world: World) -> dict[int, tuple[str | None, str | None, frozenset[tuple[str, str]]]]:
    with world.db.read() as session:
        rows = queries.mentions(session, EVERYTHING, limit=1000)
    return {
        row.id: (row.tone, row.kind, frozenset((o.touchpoint, o.tone) for o in row.opinions))
        for row in rows
    }


def sums(world: World) -> list[list[tuple[object, ...]]]:
    tables = (t.mention_daily, t.opinion_daily, t.facet_daily)
    with world.db.read() as session:
        return [sorted(map(tuple, session.execute(sa.select(table))), key=str) for table in tables]


def test_a_batch_is_corrected_and_undone_as_one(world: World) -> None:
    fill(world, 700)
    before, figures = labels(world), sums(world)
    ids = sorted(before)[:620]
    change = Change(Tone.POSITIVE, Kind.PRAISE, Touchpoint.DELIVERY)
    at = NOW + timedelta(hours=1)
    with world.db.write() as session:
        changed = commands.correct_many(session, [*ids, 10**6], change, at=at)
    after = labels(world)
    for number in ids:
        tone, kind, opinions = after[number]
        assert (tone, kind) == ("positive", "praise")
        assert opinions == {pair for pair in before[number][2] if pair[0] != "delivery"}
    assert changed == sum(before[number] != after[number] for number in ids) > 500
    assert all(before[number] == after[number] for number in before if number not in ids)
    recounted(world)
    with world.db.write() as session:
        assert commands.correct_many(session, ids, change, at=at) == 0  # nothing is left to change
    with world.db.read() as session:
        assert queries.in_batch(session, at) == changed
    undone: list[int] = []
    while not undone or undone[-1]:
        with world.db.write() as session:
            now = at + timedelta(minutes=1)
            undone.append(commands.undo_batch(session, at=at, now=now, limit=400))
    assert sum(undone) == changed
    assert labels(world) == before
    assert sums(world) == figures


def recounted(world: World) -> None:
    kept = sums(world)
    with world.db.write() as session:
        rollups.recount(session)
    assert sums(world) == kept


def test_a_batch_keeps_what_was_corrected_before_and_its_undo_what_came_after(
    world: World,
) -> None:
    opinion = Opinion(Touchpoint.DELIVERY, Tone.NEGATIVE, 0.9, 0, 6)
    tell(world, said("Курьер опоздал."), judged(Tone.NEGATIVE, Kind.COMPLAINT, opinion))
    (number,) = labels(world)
    with world.db.write() as session:
        commands.correct(session, number, kind=Kind.QUESTION, now=NOW)
        at = NOW + timedelta(hours=1)
        commands.correct_many(session, [number], Change(tone=Tone.NEUTRAL), at=at)
    assert labels(world)[number][:2] == ("neutral", "question")
    with world.db.write() as session:
        later = NOW + timedelta(hours=2)
        commands.correct(session, number, tone=Tone.POSITIVE, now=later)
        commands.undo_batch(session, at=at, now=later, limit=100)
    assert labels(world)[number][:2] == ("positive", "question")


def told(world: World, *texts: str, **fields: object) -> None:
    for hours, text in enumerate(texts):
        moment = NOW - timedelta(hours=hours)
        tell(world, said(text, published_at=moment, **fields), judged())


def ids_of(world: World) -> dict[str, int]:
    with world.db.read() as session:
        return dict(session.execute(sa.select(t.mention.c.external_id, t.mention.c.id)).all())


def test_a_thread_is_found_within_its_source(world: World) -> None:
    told(world, "Запись")
    told(world, "Ответ 1", "Ответ 2", parent_id="Запись")
    told(world, "Ответ на ответ", parent_id="Ответ 1")
    told(world, "Чужой", source="vk", parent_id="Запись")
    told(world, "Сирота", parent_id="нет такой")
    number = ids_of(world)
    with world.db.read() as session:
        around = queries.around(session, list(number.values()))
        thread = queries.thread(session, number["Ответ 1"], limit=10)
        foreign = queries.thread(session, number["Чужой"], limit=10)
    here = around[number["Ответ 1"]]
    assert (here.answers, here.siblings, here.replies) == (True, 1, 1)
    root = around[number["Запись"]]
    assert (root.answers, root.siblings, root.replies) == (False, 0, 2)
    assert not around[number["Чужой"]].is_thread
    assert not around[number["Сирота"]].is_thread
    assert thread.parent is not None
    assert thread.parent.text == "Запись"
    assert [row.text for row in thread.siblings] == ["Ответ 2"]
    assert [row.text for row in thread.replies] == ["Ответ на ответ"]
    assert (foreign.parent, foreign.siblings, foreign.replies) == (None, (), ())


def test_an_author_is_known_by_id_else_by_signature_within_a_source(world: World) -> None:
    told(world, "а", "б", "в", author="Анна", author_id="id1")
    told(world, "г", author="Анна", author_id="id2")
    told(world, "д", "е", author="Анна")
    told(world, "ж", source="vk", author="Анна", author_id="id1")
    told(world, "з")
    number = ids_of(world)
    with world.db.read() as session:
        around = queries.around(session, list(number.values()))
        others = queries.by_author(session, number["а"], limit=10)
        (row,) = queries.these(session, Filter(), [number["а"]])
        same = Filter(author=row.who, sources=(row.source_id,), voices_only=False)
        listed = queries.mentions(session, same, limit=10)
        assert queries.count(session, same) == 3
        nobody = queries.by_author(session, number["з"], limit=10)
    counts = {key: around[own].by_author for key, own in number.items()}
    assert counts == {"а": 2, "б": 2, "в": 2, "г": 0, "д": 1, "е": 1, "ж": 0, "з": 0}
    assert around[number["а"]].signed_by_id
    assert not around[number["д"]].signed_by_id
    assert [row.text for row in others] == ["б", "в"]
    assert {row.text for row in listed} == {"а", "б", "в"}
    assert nobody == ()


def order_of(world: World, order: Order, where: Filter = EVERYTHING) -> Sequence[str]:
    with world.db.read() as session:
        rows = queries.mentions(session, where, limit=100, order=order)
        pages = [
            queries.listed(session, where, limit=2, offset=place, order=order)
            for place in range(0, len(rows) + 1, 2)
        ]
    assert [number for page in pages for number in page] == [row.id for row in rows]
    return [row.text for row in rows]


def test_mentions_come_in_the_order_asked_for(world: World) -> None:
    marks = [
        ("плохо", Tone.NEGATIVE, 2.0, {"views": 5}),
        ("так себе", Tone.MIXED, 3.0, {"likes": 40, "comments": 3}),
        ("ничего", Tone.NEUTRAL, None, {}),
        ("хорошо", Tone.POSITIVE, 5.0, {"views": 900, "likes": 1}),
    ]
    for (text, tone, rating, numbers), hours in zip(marks, (2, 0, 3, 1), strict=True):
        moment = NOW - timedelta(hours=hours)
        mention = said(text, published_at=moment, rating=rating, **numbers)
        tell(world, mention, judged(tone))
    assert order_of(world, Order.NEWEST) == ["так себе", "хорошо", "плохо", "ничего"]
    assert order_of(world, Order.OLDEST) == ["ничего", "плохо", "хорошо", "так себе"]
    assert order_of(world, Order.NEGATIVE) == ["плохо", "так себе", "ничего", "хорошо"]
    assert order_of(world, Order.UNSURE)[0] == "так себе"
    assert order_of(world, Order.REACH) == ["хорошо", "так себе", "плохо", "ничего"]
    assert order_of(world, Order.RATING) == ["плохо", "так себе", "хорошо", "ничего"]


@pytest.mark.parametrize("order", list(Order))
def test_every_order_holds_every_mention_of_the_filter(world: World, order: Order) -> None:
    fill(world, 60)
    told(world, "а", "б", "в", city="Уфа", place="Мира, 1")
    told(world, "г", city="Уфа")
    filters = [
        EVERYTHING,
        Filter(brands=(world.brands["moroshka"],)),
        Filter(touchpoints=("delivery",), tones=("negative",)),
        Filter(text="хлеб", lemmas="хлеб"),
        Filter(brands=(world.brands["moroshka"],), intents=("churn",)),
        Filter(brands=(world.brands["moroshka"],), intents=("churn", "effort")),
        Filter(brands=(world.brands["moroshka"],), facets=((Facet.CITY, "Уфа"),)),
        Filter(brands=(world.brands["moroshka"],), facets=TWO_FACETS, intents=("warn",)),
    ]
    for where in filters:
        texts = order_of(world, order, where)
        assert sorted(texts) == sorted(order_of(world, Order.NEWEST, where))
        with world.db.read() as session:
            assert queries.count(session, where) == len(texts)


def test_a_list_ends_at_its_bound(world: World) -> None:
    fill(world, 30)
    with world.db.read() as session:
        assert queries.listed(session, EVERYTHING, limit=10, offset=MOST_LISTED) == ()
        last = queries.listed(session, EVERYTHING, limit=10, offset=MOST_LISTED - 1)
        assert last == ()
        assert len(queries.listed(session, EVERYTHING, limit=100)) == 30


def test_facets_offer_what_the_database_knows(world: World) -> None:
    told(world, "а", "б", city="Казань")
    told(world, "в", city="Уфа", place="Мира, 1")
    tell(world, said("г", city="Омск", published_at=NOW - timedelta(days=90)), judged())
    lately = Filter(day_from=(NOW - timedelta(days=7)).date())
    with world.db.read() as session:
        assert queries.known_facets(session) == (Facet.PLACE, Facet.CITY)
        found = queries.facet_values(session, lately, Facet.CITY, limit=10)
        assert found == (("Казань", 2), ("Уфа", 1))
        assert len(queries.facet_values(session, Filter(), Facet.CITY, limit=2)) == 2
        ambar = Filter(brands=(world.brands["ambar"],))
        assert queries.facet_values(session, ambar, Facet.CITY, limit=10) == ()
