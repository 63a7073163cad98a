"""What was planted in the demo is found by nobody's telling, in texts the model never saw."""

import random
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
import streamlit as st
from demo_stream import Demo
from visiting import app_at

from nlp.labels import NOT_A_VOICE, TOUCHPOINT_NAMES, Tone, Touchpoint
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

    what: str
    first: int
    last: int
    touchpoint: Touchpoint
    tone: Tone
    recall: float

    def link(self, demo: Demo) -> dict[str, str]:
        """What opens its days."""
        first, last = demo.day(self.first).isoformat(), demo.day(self.last).isoformat()
        return {"brand": "moroshka", "from": first, "to": last}


EVENTS = (
    Event("the app crashes at payment: week 9", 56, 62, Touchpoint.PAYMENT, Tone.NEGATIVE, 0.8),
    Event("no couriers: weeks 15 to 18", 98, 125, Touchpoint.DELIVERY, Tone.NEGATIVE, 0.45),
    Event("prices rise: from week 20 on", 133, 160, Touchpoint.PRICE, Tone.NEGATIVE, 0.6),
    Event(
        "the new bonus programme is loved", 150, 165, Touchpoint.LOYALTY_PROGRAM, Tone.POSITIVE, 0.2
    ),
)
each_event = pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.what)


@pytest.fixture(autouse=True)
def _looking_at_the_demo(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    look_at(demo.config, monkeypatch)


def look_at(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the app shows from now on."""
    monkeypatch.setenv("OTKLIK_CONFIG", str(config))
    st.cache_data.clear()
    st.cache_resource.clear()


def is_told_by_the_overview(demo: Demo, event: Event) -> bool:
    """Whether «Обзор» names it among what is unusual in its days."""
    words = "похвал" if event.tone == Tone.POSITIVE else "жалоб"
    told = re.compile(f"{TOUCHPOINT_NAMES[event.touchpoint]}: .*{words}.* вместо обычных")
    app = app_at(**event.link(demo))
    found = [b.label for b in app.button if (b.key or "").startswith("open_finding_")]
    return any(told.match(label) for label in found[: 2 * TOP])


def is_told_by_pains(demo: Demo, event: Event) -> bool:
    """Whether «Боли» has it among the first of its days."""
    side = "joy" if event.tone == Tone.POSITIVE else "pain"
    app = app_at(**event.link(demo), **{"v-side": side})
    app.switch_page("views/pains.py").run()
    assert app.segmented_control(key="pain_side").value == side
    ranked = [b.key for b in app.button if (b.key or "").startswith("pain_open_")]
    return f"pain_open_{event.touchpoint}" in ranked[:TOP]


@each_event
def test_the_overview_names_what_happened(demo: Demo, event: Event) -> None:
    assert is_told_by_the_overview(demo, event)


@each_event
def test_pains_rank_it_among_the_first(demo: Demo, event: Event) -> None:
    assert is_told_by_pains(demo, event)


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
        own = queries.catalog(session).names.brands["moroshka"]
        where = Filter((own,), demo.day(event.first), demo.day(event.last))
        counts = queries.opinion_counts(session, where)
    (read,) = (c.tones for c in counts if c.touchpoint == event.touchpoint)
    assert event.recall * gold <= getattr(read, event.tone) <= 1.15 * gold


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_is_told_where_days_mean_nothing(
    demo: Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """The same mentions with their days dealt out anew: what is asserted above can fail."""
    dealt_out_anew(demo, tmp_path / "shuffled.db", seed).dispose()
    config = demo.config.read_text(encoding="utf-8").replace("var/demo.db", "shuffled.db")
    (tmp_path / "config.yaml").write_text(config, encoding="utf-8")
    look_at(tmp_path / "config.yaml", monkeypatch)
    assert not any(is_told_by_the_overview(demo, event) for event in EVENTS)
    assert not all(is_told_by_pains(demo, event) for event in EVENTS)


def dealt_out_anew(demo: Demo, file: Path, seed: int) -> Database:
    """A copy of the demo in which every mention got the day of some other one."""
    db = demo.copied(file)
    with db.write() as session:
        rows = session.execute(sa.select(t.mention.c.id, t.mention.c.day)).all()
        days: list[date] = [row.day for row in rows]
        random.Random(seed).shuffle(days)
        moved = [{"of": row.id, "to": day} for row, day in zip(rows, days, strict=True)]
        owners = {t.mention: "id", t.mention_brand: "mention_id", t.opinion: "mention_id"}
        for table, key in owners.items():
            session.execute(
                sa.update(table)
                .where(table.c[key] == sa.bindparam("of"))
                .values(day=sa.bindparam("to")),
                moved,
            )
        rollups.recount(session)
    return db
