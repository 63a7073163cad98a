"""What was planted in the demo is found by nobody's telling, in texts the model never saw."""

import random
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from demo_stream import Demo

from nlp.labels import NOT_A_VOICE, Tone
from storage import queries, rollups
from storage import tables as t
from storage.database import Database
from storage.filters import Filter

#: How many of the first lines of a ranking somebody reads.
TOP = 3


@dataclass(frozen=True, slots=True)
class Event:
    """What happened to «Морошка» on days ``first`` … ``last``, and where it shows.

    ``recall`` is how much of the gold opinions the model finds at least: nicknames of things
    («ягоды» for points) cost it most.
    """

    name: str
    first: int
    last: int
    touchpoint: str
    tone: Tone
    recall: float


EVENTS = (
    Event("the app crashes at payment: week 9", 56, 62, "payment", Tone.NEGATIVE, 0.8),
    Event("no couriers: weeks 15 to 18", 98, 125, "delivery", Tone.NEGATIVE, 0.45),
    Event("prices rise: from week 20 on", 133, 160, "price", Tone.NEGATIVE, 0.6),
    Event("the new bonus programme is loved", 150, 165, "loyalty_program", Tone.POSITIVE, 0.2),
)
each_event = pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)


def period(demo: Demo, db: Database, event: Event) -> Filter:
    """What a user looks at: our brand in the days of the event."""
    with db.read() as session:
        own = queries.catalog(session).names.brands["moroshka"]
    return Filter(brands=(own,), day_from=demo.day(event.first), day_to=demo.day(event.last))


def points(db: Database, where: Filter, tone: Tone) -> dict[str, float]:
    """Points of net sentiment that each touchpoint costs (or brings)."""
    with db.read() as session:
        n = queries.figures(session, where).tones.n
        counts = queries.opinion_counts(session, where)
    name = "pain" if tone == Tone.NEGATIVE else "joy"
    return {count.touchpoint: 100 * getattr(count, name) / n for count in counts}


def is_found(demo: Demo, db: Database, event: Event) -> bool:
    """Whether the touchpoint is among the top of the period and grew more than any other."""
    where = period(demo, db, event)
    before = where.previous()
    assert before is not None
    now, then = (points(db, span, event.tone) for span in (where, before))
    growth = {touchpoint: value - then.get(touchpoint, 0) for touchpoint, value in now.items()}
    top = sorted(now, key=lambda touchpoint: -now[touchpoint])[:TOP]
    return event.touchpoint in top and event.touchpoint == max(growth, key=growth.__getitem__)


@each_event
def test_what_happened_is_among_the_top_and_grew_most(demo: Demo, event: Event) -> None:
    assert is_found(demo, demo.house.db, event)


@each_event
def test_counts_agree_with_the_gold_labels_as_far_as_the_model_reads(
    demo: Demo, event: Event
) -> None:
    gold = sum(
        any((code, tone) == (event.touchpoint, event.tone) for code, tone, _ in line["touchpoints"])
        for line in demo.gold
        if line["brand"] == "moroshka"
        and event.first <= line["day"] <= event.last
        and line["kind"] not in NOT_A_VOICE
    )
    with demo.house.db.read() as session:
        counts = queries.opinion_counts(session, period(demo, demo.house.db, event))
    (read,) = (c.tones for c in counts if c.touchpoint == event.touchpoint)
    assert event.recall * gold <= getattr(read, event.tone) <= 1.15 * gold


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nothing_is_found_where_days_mean_nothing(demo: Demo, tmp_path: Path, seed: int) -> None:
    """The same mentions with their days dealt out anew: the tests above can fail."""
    db = dealt_out_anew(demo, tmp_path / "shuffled.db", seed)
    assert sum(is_found(demo, db, event) for event in EVENTS) <= 1
    db.dispose()


def dealt_out_anew(demo: Demo, file: Path, seed: int) -> Database:
    """A copy of the demo in which every mention got the day of some other one."""
    db = demo.copied(file)
    with db.write() as session:
        rows = session.execute(sa.select(t.mention.c.id, t.mention.c.day)).all()
        days: list[date] = [row.day for row in rows]
        random.Random(seed).shuffle(days)
        moved = [{"of": row.id, "to": day} for row, day in zip(rows, days, strict=True)]
        for table, key in (
            (t.mention, "id"),
            (t.mention_brand, "mention_id"),
            (t.opinion, "mention_id"),
        ):
            session.execute(
                sa.update(table)
                .where(table.c[key] == sa.bindparam("of"))
                .values(day=sa.bindparam("to")),
                moved,
            )
        rollups.recount(session)
    return db
