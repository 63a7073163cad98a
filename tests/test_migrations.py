"""A database of the version before is opened by this one: all that is in it works on."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command

from otklik.config import load
from otklik.house import House, open_house
from storage import commands, jobs, leases, migrations, queries, rollups
from storage import tables as t
from storage.database import Database
from storage.filters import Filter

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NAME = "Кузьма Прутковский"
LONG = "Курьер опоздал на два часа, половина пакетов порвана, молоко вытекло на хлеб и сахар."
CONFIG = """\
database: {{url: "{url}"}}
brands: [{{code: moroshka, name: Морошка}}]
sources:
  - {{name: reviews, type: feed, url: "https://example.ru/x", every: 90м}}
personal: {personal}
"""
#: Rows as the version with schema 0003 wrote them.
ROWS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("brand", {"code": "moroshka", "name": "Морошка", "aliases": "[]", "competitor": False,
               "enabled": True, "origin": "config"}),
    ("source", {"name": "reviews", "type": "feed", "title": "", "every_minutes": 90,
                "options": '{"url": "https://example.ru/x"}', "enabled": True, "origin": "config"}),
    ("source", {"name": "old", "type": "file", "title": "", "every_minutes": None,
                "options": "{}", "enabled": True, "origin": "import"}),
    ("source_state", {"source_id": 1, "cursor": "2026-02-01 10:00:00", "state": '{"a": 1}',
                      "failures": 2, "next_due": "2026-03-01 10:00:00", "parked": False}),
    ("crawl", {"source_id": 1, "started_at": "2026-02-01 10:00:00",
               "finished_at": "2026-02-01 10:01:00", "status": "later", "new": 2, "changed": 0,
               "unchanged": 0, "deleted": 0, "skipped": 1, "samples": "[]", "notes": "[]",
               "error": "занято", "detail": f"<p>{NAME}</p>"}),
    ("job", {"kind": "crawl", "payload": '{"source": "reviews"}', "state": "queued",
             "message": "", "created_at": "2026-02-01 10:00:00"}),
    ("setting", {"key": "zone", "value": '"Europe/Moscow"'}),
)  # fmt: skip


def mention(number: int, text: str, source: int = 1) -> tuple[str, dict[str, Any]]:
    return "mention", {
        "source_id": source, "external_id": f"m{number}", "content_hash": f"h{number}", "url": "",
        "title": "", "text": text, "lemmas": text.lower(), "author": NAME,
        "published_at": f"2026-01-0{number} 10:00:00", "day": f"2026-01-0{number}",
        "date_known": True, "rating_scale": 5, "raw": f'{{"author": "{NAME}", "n": {number}}}',
        "collected_at": "2026-01-09 10:00:00", "updated_at": "2026-01-09 10:00:00",
    }  # fmt: skip


def counted(number: int, source: int = 1) -> tuple[str, dict[str, Any]]:
    return "mention_brand", {
        "mention_id": number, "brand_id": 2, "source_id": source, "day": f"2026-01-0{number}",
        "tone": "negative", "kind": "complaint", "rating": 0, "churn": False, "will_return": False,
        "recommend": False, "warn": False, "effort": False,
    }  # fmt: skip


def told(number: int) -> tuple[str, dict[str, Any]]:
    return "analysis", {
        "mention_id": number, "content_hash": f"h{number}", "model_version": "v1",
        "tone": "negative", "negative": 0.8, "neutral": 0.1, "positive": 0.1, "kind": "complaint",
        "intents": "[]", "opinions": "[]", "targets": "{}", "unasked": 0,
        "analysed_at": "2026-01-09 10:00:00",
    }  # fmt: skip


MENTIONS = (mention(1, LONG), mention(2, "Коротко"), mention(3, LONG, source=2))
MORE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("mention_revision", {"mention_id": 2, "content_hash": "h0", "title": "", "text": "Было",
                          "replaced_at": "2026-01-05 10:00:00"}),
    ("correction", {"mention_id": 1, "content_hash": "h1", "tone": "mixed",
                    "created_at": "2026-01-09 11:00:00"}),
    ("opinion", {"mention_id": 1, "brand_id": 2, "source_id": 1, "day": "2026-01-01",
                 "touchpoint": "delivery", "tone": "negative", "score": 0.9, "start": 0, "end": 6}),
)  # fmt: skip


@pytest.fixture(params=["sqlite", "postgres"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without any table."""
    if request.param == "sqlite":
        db = Database(str(tmp_path / "old.db"))
    else:
        db = Database(request.getfixturevalue("empty_postgres"))
        with db.write() as session:
            session.execute(sa.text("DROP SCHEMA public CASCADE"))
            session.execute(sa.text("CREATE SCHEMA public"))
    yield db
    db.dispose()


def upgrade(db: Database, revision: str) -> None:
    with db.write() as session:
        command.upgrade(migrations._config(session.connection()), revision)


def fill(db: Database) -> None:
    """What the version with schema 0003 left behind, its sums included."""
    upgrade(db, "0003")
    everything = [*ROWS, *MENTIONS]
    everything += [counted(1), counted(2), counted(3, 2), *map(told, (1, 2, 3)), *MORE]
    with db.write() as session:
        for table, row in everything:
            names = ", ".join(f'"{name}"' for name in row)
            marks = ", ".join(f":{name}" for name in row)
            statement = f'INSERT INTO "{table}" ({names}) VALUES ({marks})'
            session.execute(sa.text(statement), row)


def opened(db: Database, folder: Path, personal: str = "{}") -> House:
    url = db.url.render_as_string(hide_password=False) if not db.is_sqlite else "old.db"
    file = folder / "config.yaml"
    file.write_text(CONFIG.format(url=url, personal=personal), encoding="utf-8")
    return open_house(load(file), db)


def rows(db: Database, table: sa.Table) -> list[Any]:
    with db.read() as session:
        return list(session.execute(sa.select(table).order_by(*table.primary_key)).all())


def test_a_database_of_the_version_before_works_on(empty: Database, tmp_path: Path) -> None:
    fill(empty)
    house = opened(empty, tmp_path, "{store_authors: true}")
    sources = {row.name: row for row in rows(empty, t.source)}
    assert (sources["reviews"].schedule, sources["old"].schedule) == ("90м", None)
    assert [row.author for row in rows(empty, t.mention)] == [NAME] * 3
    # The third repeats the first; it was never known before.
    assert [row.group_id for row in rows(empty, t.mention)] == [1, None, 1]
    assert rows(empty, t.mention)[0].language == "ru"
    assert [row.is_repeat for row in rows(empty, t.mention_brand)] == [False, False, True]
    tables = (
        t.mention_daily, t.opinion_daily, t.facet_daily, t.tone_daily, t.mention_total,
        t.touchpoint_daily,
    )  # fmt: skip
    sums = [rows(empty, table) for table in tables]
    with empty.write() as session:
        rollups.recount(session)
    assert sums == [rows(empty, table) for table in tables]
    with empty.read() as session:
        found = queries.mentions(session, Filter(repeats=True, voices_only=False), limit=9)
        (crawl,) = queries.history(session, sources["reviews"].id)
        state = {one.name: one for one in queries.sources_now(session, now=NOW)}["reviews"]
    assert [row.repeats for row in found] == [1, 0, 1]
    assert (found[2].text_tone, found[2].corrected) == ("mixed", True)
    assert (crawl.error, state.failures, state.words) == ("занято", 2, "раз в 90 мин")
    # What was asked of the worker and what is due are there for it.
    with empty.write() as session:
        assert [turn.name for turn in leases.due(session, now=NOW)] == ["reviews"]
        job = jobs.claim_job(session, holder="a", now=NOW, until=NOW)
        assert job is not None
        commands.undo_correction(session, 1, now=NOW)
    assert job.payload == {"source": "reviews"}
    assert house.store().load("reviews").state == {"a": 1}


def test_names_of_the_version_before_become_hashes(empty: Database, tmp_path: Path) -> None:
    fill(empty)
    house = opened(empty, tmp_path)
    hashed = house.personal.hash_of(NAME)
    assert [row.author for row in rows(empty, t.mention)] == [hashed] * 3
    assert [row.raw for row in rows(empty, t.mention)] == [{"n": 1}, {"n": 2}, {"n": 3}]
    assert rows(empty, t.crawl)[0].detail == ""
    if empty.is_sqlite:
        empty.dispose()
        assert NAME.encode() not in (tmp_path / "old.db").read_bytes()


def shape(db: Database) -> dict[str, Any]:
    """Tables with columns, keys, references and indexes, whatever the order of their making."""
    inspector = sa.inspect(db._engine)
    found = {}
    for name in inspector.get_table_names():
        if name.startswith(("mention_fts", "alembic")):
            continue
        found[name] = {
            "columns": {
                one["name"]: (str(one["type"]), one["nullable"])
                for one in inspector.get_columns(name)
            },
            "key": inspector.get_pk_constraint(name)["constrained_columns"],
            "refers": sorted(
                (one["constrained_columns"], one["referred_table"])
                for one in inspector.get_foreign_keys(name)
            ),
            "unique": sorted(one["column_names"] for one in inspector.get_unique_constraints(name)),
            "indexes": {
                one["name"]: one["column_names"]
                for one in inspector.get_indexes(name)
                if not (one["name"] or "").startswith("ix_mention_lemmas")
                and not one.get("duplicates_constraint")
            },
        }
    return found


def test_step_by_step_the_schema_is_that_of_the_models(empty: Database) -> None:
    fill(empty)
    empty.migrate()
    migrated = shape(empty)
    with empty.write() as session:
        t.mention.metadata.drop_all(session.connection())
    with empty.write() as session:
        t.mention.metadata.create_all(session.connection())
    assert migrated == shape(empty)
