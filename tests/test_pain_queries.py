"""What «Боли» reads and writes, on both databases: notes, other opinions, places, ratings."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from world import MOSCOW, NOW, World, fill, found, judged, said, tell

from nlp.analysis import Opinion
from nlp.labels import NOT_A_VOICE, Kind, Tone, Touchpoint
from storage import commands, queries
from storage import tables as t
from storage.commands import NoteStatus
from storage.database import Database
from storage.errors import NotFound, StorageError
from storage.filters import Facet, Filter
from storage.queries import NoteRow, Tones

TODAY = NOW.astimezone(MOSCOW).date()


@pytest.fixture
def world(db: Database) -> World:
    return found(db)


def noted(
    world: World, status: NoteStatus, note: str = "", day: date = TODAY, brand: str = "moroshka"
) -> None:
    with world.db.write() as session:
        commands.set_note(
            session,
            world.brands[brand],
            "delivery",
            status,
            note=note,
            day=day,
            today=TODAY,
            now=NOW,
        )


def undone(world: World) -> None:
    with world.db.write() as session:
        commands.undo_note(session, world.brands["moroshka"], "delivery", now=NOW)


def notes_of(world: World, brand: str = "moroshka") -> tuple[NoteRow, ...]:
    with world.db.read() as session:
        return queries.notes(session, world.brands[brand])


# Notes


def test_the_latest_note_holds_and_is_taken_back(world: World) -> None:
    noted(world, NoteStatus.WORKING, " ищем курьеров ", TODAY - timedelta(5))
    noted(world, NoteStatus.FIXED)
    held = queries.holding(notes_of(world))["delivery"]
    assert (held.status, held.day, held.note) == (NoteStatus.FIXED, TODAY, "")
    undone(world)
    held = queries.holding(notes_of(world))["delivery"]
    assert (held.status, held.note) == (NoteStatus.WORKING, "ищем курьеров")
    undone(world)
    assert queries.holding(notes_of(world)) == {}
    assert [note.undone for note in notes_of(world)] == [True, True]
    with pytest.raises(NotFound, match="Отменять нечего"):
        undone(world)


def test_notes_belong_to_a_brand(world: World) -> None:
    noted(world, NoteStatus.FIXED, brand="ambar")
    assert notes_of(world) == ()
    assert len(notes_of(world, "ambar")) == 1


def test_the_same_note_is_not_written_twice(world: World) -> None:
    noted(world, NoteStatus.FIXED, "готово")
    noted(world, NoteStatus.FIXED, "готово")
    assert len(notes_of(world)) == 1
    noted(world, NoteStatus.FIXED, "готово", TODAY - timedelta(1))
    assert len(notes_of(world)) == 2


def test_what_cannot_be_noted_is_told_and_writes_nothing(world: World) -> None:
    with pytest.raises(StorageError, match="ещё не наступил"):
        noted(world, NoteStatus.FIXED, day=TODAY + timedelta(1))
    with pytest.raises(StorageError, match="сократите"):
        noted(world, NoteStatus.FIXED, "я" * (commands.LONGEST_NOTE + 1))
    with world.db.write() as session, pytest.raises(StorageError, match="Точки контакта"):
        commands.set_note(
            session, world.brands["ambar"], "магия", NoteStatus.NEW, day=TODAY, today=TODAY, now=NOW
        )
    with world.db.write() as session, pytest.raises(NotFound, match="Бренда 999"):
        commands.set_note(session, 999, "delivery", NoteStatus.NEW, day=TODAY, today=TODAY, now=NOW)
    assert notes_of(world) == ()


def test_any_text_can_be_noted(world: World) -> None:
    noted(world, NoteStatus.WORKING, "<b>'; DROP TABLE mention; --\x00\ud800 🙂")
    assert notes_of(world)[0].note == "<b>'; DROP TABLE mention; --\ufffd\ufffd 🙂"


# Other opinions, places, ratings


def test_other_opinions_and_places_equal_a_count_by_hand(world: World) -> None:
    fill(world, 400)
    own, seen = world.brands["moroshka"], 0
    for touchpoint in ("delivery", "price"):
        for days in (20 * 7, 28):
            where = Filter(
                brands=(own,),
                day_from=TODAY - timedelta(days=days),
                day_to=TODAY,
                touchpoints=(touchpoint,),
                tones=("negative",),
            )
            with world.db.read() as session:
                beside = queries.beside(session, where)
                told = queries.told_in(session, where)
                ratings = queries.opinions_by_rating(session, where)
            expected = _by_hand(world, where)
            assert (beside, told, ratings) == expected
            seen += len(beside)
    assert seen


def test_one_mention_counts_once_however_often_it_says_so(world: World) -> None:
    opinions = [
        Opinion(Touchpoint.DELIVERY, Tone.NEGATIVE, 0.9, 0, 6),
        Opinion(Touchpoint.DELIVERY, Tone.NEGATIVE, 0.9, 7, 14),
        Opinion(Touchpoint.PRICE, Tone.NEGATIVE, 0.9, 0, 6),
        Opinion(Touchpoint.PRICE, Tone.NEGATIVE, 0.9, 7, 14),
        Opinion(Touchpoint.PRICE, Tone.POSITIVE, 0.9, 7, 14),
    ]
    tell(
        world,
        said(place="Лесная, 8", app_version="5.2"),
        judged(Tone.NEGATIVE, Kind.COMPLAINT, *opinions),
    )
    where = Filter(touchpoints=("delivery",), tones=("negative",))
    with world.db.read() as session:
        assert queries.beside(session, where) == {"price": Tones(negative=1, positive=1)}
        told = queries.told_in(session, where)
        assert queries.beside(session, replace(where, tones=("positive",))) == {}
    assert told[Facet.PLACE] == {"Лесная, 8": 1}
    assert told[Facet.VERSION] == {"5.2": 1}
    assert told[Facet.CITY] == {}


def test_the_index_of_opinions_is_walked(world: World) -> None:
    """Not all mentions of the period: the look-up begins at the opinions of the touchpoint."""
    if not world.db.is_sqlite:
        pytest.skip("PostgreSQL plans by what a table holds")
    fill(world, 50)
    seen: list[Any] = []
    where = Filter(
        brands=(world.brands["moroshka"],),
        day_from=TODAY - timedelta(28),
        day_to=TODAY,
        touchpoints=("delivery",),
        tones=("negative",),
    )
    with world.db.read() as session:
        bind = session.connection()
        sa.event.listen(
            bind, "before_cursor_execute", lambda *args: seen.append((args[2], args[3]))
        )
        queries.beside(session, where)
        queries.told_in(session, where)
        for sql, parameters in seen.copy():
            plan = bind.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters).all()
            steps = [str(row[-1]) for row in plan]
            assert any("ix_opinion_touchpoint" in step for step in steps), steps
            assert not any(step.startswith("SCAN mention") for step in steps), steps


def _by_hand(
    world: World, where: Filter
) -> tuple[dict[str, Tones], dict[Facet, dict[str, int]], dict[int, Tones]]:
    with world.db.read() as session:
        rows = {
            row.mention_id: row
            for row in session.execute(sa.select(t.mention_brand))
            if row.brand_id in where.brands
            and where.day_from <= row.day <= where.day_to
            and row.kind not in [str(kind) for kind in NOT_A_VOICE]
            and not row.is_repeat
        }
        mentions = {row.id: row for row in session.execute(sa.select(t.mention))}
        opinions = [row for row in session.execute(sa.select(t.opinion)) if row.mention_id in rows]
    about = [o for o in opinions if o.touchpoint in where.touchpoints and o.tone in where.tones]
    tellers = {opinion.mention_id for opinion in about}
    pairs = {
        (opinion.mention_id, opinion.touchpoint, opinion.tone)
        for opinion in opinions
        if opinion.mention_id in tellers and opinion.touchpoint not in where.touchpoints
    }
    beside: dict[str, Counter[str]] = {}
    for _, touchpoint, tone in pairs:
        beside.setdefault(touchpoint, Counter())[tone] += 1
    told = {
        facet: dict(Counter(v for n in tellers if (v := getattr(mentions[n], facet))))
        for facet in Facet
    }
    ratings = Counter(rows[opinion.mention_id].rating for opinion in about)
    return (
        {touchpoint: Tones(**own) for touchpoint, own in beside.items()},
        told,
        {star: Tones(negative=n) for star, n in sorted(ratings.items())},
    )
