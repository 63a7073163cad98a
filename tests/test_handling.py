"""Answering: steps set and taken back, figures against a plain recount, filters, what is erased."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from io import BytesIO
from math import comb
from random import Random
from statistics import median as plain_median
from typing import Any

import pytest
import sqlalchemy as sa
from conftest import Clock
from hypothesis import given
from hypothesis import strategies as st
from world import MOSCOW, NOW, SOURCES, World, found, judged, said, tell, tell_all

from collectors.base import Deleted
from insights import answer_words, stats
from insights.answering import Known, answering, over_time, waiting
from nlp.analysis import Opinion
from nlp.labels import NOT_A_VOICE, Kind, Tone, Touchpoint
from reports.rows import HEADER, mention_cells, write_csv
from storage import commands, erasing, mentions, queries
from storage import tables as t
from storage.commands import Status, Step
from storage.database import Database
from storage.errors import NotFound, StorageError
from storage.filters import Facet, Filter
from storage.personal import Personal
from storage.queries import AnswerCount, AnswerSources, Handled, Order, Waits

EVERYTHING = Filter(voices_only=False, repeats=True)
PEOPLE = ("", "Анна", "Борис")


@pytest.fixture
def world(db: Database) -> World:
    return found(db)


@pytest.fixture
def one(world: World) -> int:
    """The only mention, written an hour ago."""
    tell(world, said(published_at=NOW - timedelta(hours=1)), judged())
    with world.db.read() as session:
        return int(session.scalars(sa.select(t.mention.c.id)).one())


def handle(world: World, *ids: int, at: datetime, **what: Any) -> int:
    with world.db.write() as session:
        return commands.handle(session, ids, Step(**what), at=at)


def held(world: World, number: int) -> Handled:
    with world.db.read() as session:
        return queries.these(session, EVERYTHING, [number])[0].handled


# Steps


def test_steps_build_on_each_other_and_are_taken_back(world: World, one: int, clock: Clock) -> None:
    assert held(world, one) == Handled()
    assert handle(world, one, at=clock.tick(), status=Status.WORKING, assignee="  Анна  П. ") == 1
    first = clock.tick()
    assert handle(world, one, at=first, status=Status.ANSWERED, note=" позвонили\x00 ") == 1
    assert held(world, one) == Handled(
        Status.ANSWERED,
        "Анна П.",
        "позвонили\ufffd",
        False,
        first,
        first - NOW + timedelta(hours=1),
    )
    handle(world, one, at=clock.tick(), status=Status.WORKING)
    handle(world, one, at=clock.tick(), status=Status.ANSWERED)
    assert held(world, one).answered_at == first  # the first answer is the first
    for expected in (Status.WORKING, Status.ANSWERED, Status.WORKING, Status.NEW):
        with world.db.write() as session:
            commands.undo_handling(session, one, now=clock.tick())
        assert held(world, one).status is expected
    assert held(world, one) == Handled()
    with pytest.raises(NotFound, match="Отменять нечего"), world.db.write() as session:
        commands.undo_handling(session, one, now=clock.tick())
    with world.db.read() as session:
        steps = queries.handling_steps(session, one)
    assert [step.undone for step in steps] == [True] * 4


def test_what_holds_already_makes_no_step(world: World, one: int, clock: Clock) -> None:
    assert handle(world, one, at=clock.tick(), status=Status.NEW, assignee="-", note=" ") == 0
    assert handle(world, one, 99, at=clock.tick(), assignee="Анна") == 1
    assert handle(world, one, at=clock.tick(), assignee="Анна") == 0
    assert handle(world, at=clock.tick(), assignee="Анна") == 0


@pytest.mark.parametrize("what", [{"assignee": "я" * 61}, {"note": "я" * 2001}])
def test_what_is_too_long_is_told(world: World, one: int, clock: Clock, what: Any) -> None:
    with pytest.raises(StorageError, match="сократите"):
        handle(world, one, at=clock.tick(), **what)
    assert held(world, one) == Handled()


def test_a_batch_is_taken_back_as_one_and_later_steps_stay(world: World, clock: Clock) -> None:
    tell_all(world, [(said(f"Отзыв {n}", external_id=str(n)), judged()) for n in range(1200)])
    with world.db.read() as session:
        ids = list(session.scalars(sa.select(t.mention.c.id).order_by(t.mention.c.id)))
    handle(world, ids[0], at=clock.tick(), status=Status.WORKING, note="своя")
    batch = clock.tick()
    assert handle(world, *ids, at=batch, status=Status.ANSWERED, assignee="Анна") == 1200
    handle(world, ids[1], at=clock.tick(), note="потом")
    with world.db.write() as session:
        assert commands.undo_handled(session, at=batch, now=clock.tick()) == 1200
    assert held(world, ids[0]) == Handled(Status.WORKING, "", "своя")
    later = held(world, ids[1])  # what was said later still holds, but nobody answered at first
    assert (later.status, later.assignee, later.note) == (Status.ANSWERED, "Анна", "потом")
    assert later.answered_at is not None
    assert later.answered_at > batch
    assert held(world, ids[2]) == Handled()
    with world.db.write() as session:
        assert commands.undo_handled(session, at=batch, now=clock.tick()) == 0


def test_an_answer_of_the_source_outranks_what_was_set(world: World, clock: Clock) -> None:
    answered = NOW - timedelta(minutes=30)
    mention = said(
        answer_text="Разберёмся", answered_at=answered, published_at=NOW - timedelta(hours=1)
    )
    tell(world, mention, judged())
    (number,) = ids(world)
    assert handle(world, number, at=clock.tick(), status=Status.WORKING) == 0
    assert handle(world, number, at=clock.tick(), status=Status.IGNORED, assignee="Анна") == 1
    shown = held(world, number)
    assert (shown.status, shown.assignee, shown.told) == (Status.ANSWERED, "Анна", True)
    assert (shown.answered_at, shown.wait) == (answered, timedelta(minutes=30))


def ids(world: World) -> list[int]:
    with world.db.read() as session:
        return list(session.scalars(sa.select(t.mention.c.id).order_by(t.mention.c.id)))


def test_a_mention_deleted_at_its_source_counts_nowhere_and_is_not_handled(
    world: World, one: int, clock: Clock
) -> None:
    handle(world, one, at=clock.tick(), status=Status.WORKING, assignee="Анна")
    with world.db.write() as session:
        key = session.scalars(sa.select(t.mention.c.external_id)).one()
        mentions.upsert(
            session, world.sources["maps"], [Deleted(key)], brands_of=lambda _: [],
            lemmas_of=str, zone=MOSCOW, now=NOW,
        )  # fmt: skip
    assert handle(world, one, at=clock.tick(), status=Status.ANSWERED) == 0
    with world.db.read() as session:
        assert queries.answer_counts(session, Filter()) == ()
        assert queries.answers_by_assignee(session, Filter()) == {}


# Figures


def lived(world: World, n: int, seed: int) -> None:
    """Mentions of all sorts, some answered at their source, some handled by the team."""
    random = Random(seed)
    told = []
    for number in range(n):
        published = NOW - timedelta(minutes=random.randrange(60 * 24 * 30))
        known = random.random() < 0.5 and (number % 3)  # one source tells nothing
        wait = timedelta(seconds=random.randrange(-3600, 400_000))
        mention = said(
            f"Отзыв {number}. Курьер опоздал.",
            source=list(SOURCES)[number % 3],
            external_id=f"{number}",
            published_at=published,
            date_known=random.random() < 0.9,
            rating=random.choice([None, 1.0, 5.0]),
            city=random.choice([None, "Тула"]),
            answer_text="Разберёмся" if known and random.random() < 0.8 else None,
            answered_at=published + wait if known and random.random() < 0.6 else None,
            company=random.choice(["moroshka", "moroshka", "ambar"]),
        )
        tone = random.choice([Tone.NEGATIVE, Tone.POSITIVE])
        kind = random.choice([Kind.COMPLAINT, Kind.PRAISE, Kind.PROMO])
        opinion = Opinion(random.choice(list(Touchpoint)[:3]), tone, 0.9, 0, 5)
        told.append((mention, judged(tone, kind, opinion)))
    tell_all(world, told)
    numbers = ids(world)
    for step in range(n):
        handle(
            world,
            *random.sample(numbers, 3),
            at=NOW + timedelta(minutes=step),
            status=random.choice([None, *Status]),
            assignee=random.choice([None, *PEOPLE]),
        )


def facts(world: World, where: Filter) -> Iterator[Any]:
    """Every row that counts, with the mention, its status, its assignee and its minutes."""
    with world.db.read() as session:
        rows = session.execute(
            sa.select(t.mention_brand, t.mention)
            .join(t.mention, t.mention.c.id == t.mention_brand.c.mention_id)
            .where(t.mention_brand.c.is_repeat.is_(sa.false()))
        ).all()
        steps = session.execute(sa.select(t.handling).order_by(t.handling.c.id)).all()
    latest = {step.mention_id: step for step in steps if step.undone_at is None}
    first: dict[int, datetime] = {}
    for step in steps:
        if step.status == "answered" and step.undone_at is None:
            first.setdefault(step.mention_id, step.created_at)
    for row in rows:
        if (
            (where.brands and row.brand_id not in where.brands)
            or (where.day_from and row.day < where.day_from)
            or (where.day_to and row.day > where.day_to)
            or (where.tones and row.tone not in where.tones)
            or (where.facets and row.city != "Тула")
            or (where.before and row.published_at >= where.before)
            or (where.voices_only and row.kind in NOT_A_VOICE)
        ):
            continue
        step = latest.get(row.mention_id)
        told = row.answer_text is not None or row.answered_at is not None
        status = "answered" if told else step.status if step else "new"
        at = row.answered_at or first.get(row.mention_id)
        minutes = None
        if at and row.date_known:
            seconds = int(at.timestamp()) - int(row.published_at.timestamp())
            minutes = -1 if seconds < 0 else seconds // 60
        yield row, status, step.assignee if step else "", minutes


def cases(world: World) -> list[Filter]:
    own, day = (world.brands["moroshka"],), NOW.date()
    return [
        Filter(),
        Filter(brands=own),
        Filter(brands=own, day_from=day - timedelta(days=9), day_to=day - timedelta(days=2)),
        Filter(brands=own, tones=("negative",), voices_only=False),
        Filter(brands=own, before=NOW - timedelta(days=3, minutes=7)),
        Filter(day_to=day - timedelta(days=4), before=NOW - timedelta(days=1)),
        Filter(
            brands=own, day_from=day - timedelta(days=3), before=NOW - timedelta(days=1, hours=3)
        ),
    ]


@pytest.mark.parametrize("seed", [1, 2])
def test_figures_are_those_of_a_plain_recount(world: World, seed: int) -> None:
    lived(world, 150, seed)
    for where in cases(world):
        told = list(facts(world, where))
        with world.db.read() as session:
            counts = queries.answer_counts(session, where)
            waits = queries.answer_waits(session, where)
            people = queries.answers_by_assignee(session, where)
        for status in Status:
            expected = Counter((r.source_id, r.day) for r, own, *_ in told if own == status)
            given = {(c.source_id, c.day): c.of([status]) for c in counts}
            assert {key: n for key, n in given.items() if n} == expected, (where, status)
        for source_id in world.sources.values():
            minutes = [m for r, own, _, m in told if own == "answered" and r.source_id == source_id]
            dated = Counter(m for m in minutes if m is not None and m >= 0)
            expected_waits = Waits(
                tuple(sorted(dated.items())), minutes.count(None), minutes.count(-1)
            )
            assert waits.get(source_id, Waits()) == expected_waits, where
        named = Counter((name, own) for _, own, name, _ in told if name)
        assert {(name, str(s)): n for name, own in people.items() for s, n in own.items()} == named


@pytest.mark.parametrize(
    "statuses",
    [
        ("new",),
        ("new", "working"),
        ("answered",),
        ("working",),
        ("working", "ignored"),
        ("answered", "new"),
        tuple(Status),
    ],
)
def test_a_status_opens_the_mentions_that_it_counts(
    world: World, statuses: tuple[str, ...]
) -> None:
    lived(world, 90, 3)
    tula = ((Facet.CITY, "Тула"),)
    for where in (*cases(world), replace(cases(world)[1], facets=tula)):
        expected = {r.mention_id for r, own, *_ in facts(world, where) if own in statuses}
        chosen = replace(where, statuses=statuses)
        with world.db.read() as session:
            assert queries.count(session, chosen) == len(expected), where
            assert set(queries.listed(session, chosen, limit=1000)) == expected, where
            oldest = queries.listed(session, chosen, limit=1000, order=Order.OLDEST)
            assert set(oldest) == expected
            assert queries.figures(session, chosen).mentions == len(
                [1 for _, own, *_ in facts(world, where) if own in statuses]
            )


@pytest.mark.parametrize("names", [("Анна",), ("Анна", "Борис"), ("",), ("", "Анна"), ("нет",)])
def test_mentions_of_an_assignee(world: World, names: tuple[str, ...]) -> None:
    lived(world, 60, 4)
    expected = {r.mention_id for r, _, name, _ in facts(world, Filter()) if name in names}
    with world.db.read() as session:
        where = Filter(assignees=names)
        assert set(queries.listed(session, where, limit=1000)) == expected
        assert queries.count(session, where) == len(expected)
        assert queries.assignees(session) == ("Анна", "Борис")


def test_a_text_about_two_brands_counts_for_each(world: World, clock: Clock) -> None:
    tell(world, said(), judged(), "moroshka", "ambar")
    handle(world, *ids(world), at=clock.tick(), status=Status.ANSWERED, assignee="Анна")
    with world.db.read() as session:
        (count,) = queries.answer_counts(session, Filter())
        assert (count.n, count.answered) == (2, 2)
        assert queries.answers_by_assignee(session, Filter()) == {"Анна": {Status.ANSWERED: 2}}
        assert queries.count(session, Filter(statuses=("answered",))) == 1


def test_opinions_bound_the_figures_like_all_others(world: World) -> None:
    lived(world, 90, 5)
    where = Filter(touchpoints=(next(iter(Touchpoint)),))
    with world.db.read() as session:
        counts = queries.answer_counts(session, where)
        assert sum(c.n for c in counts) == queries.count(session, where)
        answered = replace(where, statuses=("answered",))
        assert sum(c.answered for c in counts) == queries.count(session, answered)


# Definitions


def count_of(source: int, n: int, **parts: int) -> AnswerCount:
    return AnswerCount(source, NOW.date(), n, **parts)


def test_unknown_is_no_zero() -> None:
    counts = [count_of(1, 10, answered=4, ignored=2), count_of(2, 30), count_of(3, 5, working=1)]
    waits = {1: Waits(((5, 1), (10, 1), (60, 1)), undated=1), 2: Waits()}
    sources = AnswerSources(frozenset({1}), frozenset({3}))
    found = answering(counts, waits, sources)
    known = {one.source_id: one.known for one in found.sources}
    assert known == {1: Known.SOURCE, 2: Known.NOTHING, 3: Known.STATUS}
    assert [one.source_id for one in found.sources] == [1, 3, 2]
    assert (found.total.n, found.total.answered, found.unknown) == (13, 4, 30)
    assert found.total.wait is not None
    assert (found.total.wait.value, found.total.wait.low, found.total.undated) == (10, None, 1)
    assert waiting(counts, sources) == 9
    assert sum(step.n for step in over_time(counts, sources, NOW.date(), NOW.date())) == 13
    assert "известно" in answer_words.headline(
        answering([count_of(2, 30)], {}, AnswerSources(frozenset(), frozenset()))
    )
    assert "31 %".replace(" ", "\u202f") in answer_words.headline(found)


@given(st.integers(1, 60))
def test_the_interval_of_the_median_is_the_tightest_that_holds(n: int) -> None:
    """Of all pairs of ranks from both ends the closest that keeps 95 %, counted exactly."""
    found = stats.median([(float(value), 1) for value in range(1, n + 1)])
    assert found is not None
    assert found.value == plain_median(range(1, n + 1))

    def missed(rank: int) -> Fraction:
        return 2 * sum(Fraction(comb(n, k), 2**n) for k in range(rank))

    holding = [rank for rank in range(1, n // 2 + 1) if missed(rank) <= Fraction(5, 100)]
    if holding:
        assert (found.low, found.high) == (max(holding), n + 1 - max(holding))
    else:
        assert (found.low, found.high) == (None, None)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=2000))
def test_the_median_of_counts_is_that_of_values(values: list[int]) -> None:
    found = stats.median(sorted(Counter(map(float, values)).items()))
    assert found is not None
    assert (found.value, found.n) == (plain_median(values), len(values))
    if found.low is not None and found.high is not None:
        assert found.low <= found.value <= found.high


# What else carries it


def test_a_file_tells_how_far_it_is(world: World, one: int) -> None:
    handle(world, one, at=NOW, status=Status.ANSWERED, assignee="=1+1")
    with world.db.read() as session:
        (row,) = queries.export(session, Filter(statuses=("answered",)))
    cells = dict(zip(HEADER, mention_cells(row, MOSCOW), strict=True))
    assert cells["Статус"] == "отвечено"
    assert cells["Кто отвечает"] == "=1+1"
    assert cells["Дата ответа"] == NOW.astimezone(MOSCOW).replace(tzinfo=None)
    assert cells["Часов до ответа"] == 1.0
    out = BytesIO()
    write_csv([row], out, MOSCOW)
    assert "'=1+1" in out.getvalue().decode("utf-8-sig")


def test_an_author_who_is_erased_is_named_by_no_step(world: World, clock: Clock) -> None:
    name = "Кузьма Прутковский"
    tell(world, said("Раз", author=name, author_id="kuzma-1803"), judged())
    tell(world, said("Два", author="Анна"), judged())
    first, second = ids(world)
    handle(world, first, at=clock.tick(), status=Status.ANSWERED, note="звонили")
    handle(world, second, at=clock.tick(), status=Status.WORKING, assignee=name, note="мой сосед")
    handle(world, second, at=clock.tick(), assignee="Вера", note=f"это друг {name.upper()}!")
    personal = Personal(key=lambda: b"k" * 32, stores=True)
    with world.db.write() as session:
        forgotten = erasing.forget(session, name, personal, now=datetime.now(UTC))
    assert forgotten.counts["handling"] == 1
    assert forgotten.counts["desk"] == 2
    shown = held(world, second)
    assert (shown.status, shown.assignee) == (Status.WORKING, "Вера")
    with world.db.read() as session:
        rows = session.execute(sa.select(t.handling)).all()
    assert {row.mention_id for row in rows} == {second}
    assert "прутковский" not in str(rows).casefold()
    assert "мой сосед" in str(rows)
