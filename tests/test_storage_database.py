"""The database itself: scopes, errors in words, migrations, two processes at once."""

import multiprocessing
import sqlite3
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from conftest import Clock, make_mention
from shop import MOSCOW, Shop, make_analysis, rematch_all
from sqlmodel import Session

from collectors.outcomes import Counts, Outcome, Status
from nlp.labels import Tone
from storage import (
    commands,
    crawls,
    database,
    jobs,
    labelling,
    leases,
    mentions,
    migrations,
    rollups,
    settings,
)
from storage import tables as t
from storage.crawls import SqlStore
from storage.database import Database
from storage.errors import (
    BadUrl,
    Corrupt,
    DiskFull,
    Locked,
    NewerSchema,
    Unreachable,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def put(db: Database, key: str, value: Any = 1) -> None:
    with db.write() as session:
        settings.put(session, key, value)


def get(db: Database, key: str) -> Any:
    with db.read() as session:
        return settings.get(session, key)


# Scopes


def test_write_commits_at_the_end_and_only_there(db: Database) -> None:
    put(db, "kept")

    def fail_after_writing() -> None:
        with db.write() as session:
            settings.put(session, "lost", 1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_writing()
    assert get(db, "kept") == 1
    assert get(db, "lost") is None


def test_read_sees_one_state_and_keeps_nothing(db: Database) -> None:
    put(db, "x", 1)
    with db.read() as session:
        assert settings.get(session, "x") == 1
        put(db, "x", 2)
        assert settings.get(session, "x") == 1
    assert get(db, "x") == 2


def test_writers_wait_for_each_other(db: Database) -> None:
    """Reading, deciding and writing meets no other writer half-way."""
    put(db, "sum", 0)

    def add_ten() -> None:
        for _ in range(10):
            with db.write() as session:
                settings.put(session, "sum", settings.get(session, "sum") + 1)

    threads = [threading.Thread(target=add_ten) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert get(db, "sum") == 40


def test_sqlite_pragmas(empty_sqlite: str) -> None:
    db = Database(empty_sqlite)
    with db.read() as session:
        values = [
            session.scalar(sa.text(f"PRAGMA {name}"))
            for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
        ]
    assert values == ["wal", 1, 1, 30_000]
    db.dispose()


# Errors in words


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "WAIT_SECONDS", 0.05)


WRITES: dict[str, Callable[[Session], Any]] = {
    "upsert": lambda session: mentions.upsert(
        session,
        1,
        [make_mention()],
        brands_of=lambda _: (),
        lemmas_of=str,
        zone=MOSCOW,
        now=NOW,
    ),
    "save_analyses": lambda session: mentions.save_analyses(
        session,
        [(mentions.Pending(1, "x", ""), make_analysis())],
        model_version="v",
        now=NOW,
    ),
    "rematch": lambda session: rematch_all(session, lambda _: ()),
    "rezone": lambda session: mentions.rezone(session, MOSCOW),
    "relabel": lambda session: labelling.relabel(session, [1]),
    "use_model": lambda session: labelling.use_model(session, "v"),
    "recount": rollups.recount,
    "correct": lambda session: commands.correct(session, 1, tone=Tone.POSITIVE, now=NOW),
    "undo_correction": lambda session: commands.undo_correction(session, 1, now=NOW),
    "enqueue_job": lambda session: commands.enqueue_job(session, "crawl", {}, now=NOW),
    "claim_job": lambda session: jobs.claim_job(session, holder="a", now=NOW, until=NOW),
    "finish_job": lambda session: jobs.finish_job(session, 1, "a", ok=True, now=NOW),
    "pause": lambda session: commands.pause(session, 1),
    "plan": lambda session: leases.plan(session, zone=MOSCOW, now=NOW),
    "sync_catalog": lambda session: crawls.sync_catalog(session, [], []),
    "ensure_brand": lambda session: crawls.ensure_brand(session, "x", "X", "app"),
    "ensure_source": lambda session: crawls.ensure_source(
        session, crawls.SourceDeclaration("x", "file"), "import"
    ),
    "put": lambda session: settings.put(session, "x", 1),
}


@pytest.fixture
def locked(impatient: None, db_url: str) -> Iterator[Database]:
    """A database in which somebody else writes and does not end."""
    holder, db = Database(db_url), Database(db_url)
    with holder.write() as session:
        settings.put(session, "held", 1)
        yield db
    db.dispose()
    holder.dispose()


def test_every_write_tells_that_the_database_is_locked(locked: Database) -> None:
    def run(write: Callable[[Session], Any]) -> None:
        with locked.write() as session:
            write(session)

    for write in WRITES.values():
        with pytest.raises(Locked, match="занята другим процессом"):
            run(write)


def test_the_store_of_the_runner_tells_it_too(locked: Database) -> None:
    store = SqlStore(locked, zone=MOSCOW, brands_now=lambda _: lambda _: (), lemmas_of=str)
    outcome = Outcome(
        source="x", status=Status.OK, started_at=NOW, finished_at=NOW, counts=Counts()
    )
    assert store.load("x").cursor is None
    for call in (
        lambda: store.save_page("x", [make_mention()]),
        lambda: store.save_cursor("x", NOW, {}),
        lambda: store.save_outcome(outcome, 0),
    ):
        with pytest.raises(Locked):
            call()


def test_a_full_disk(empty_sqlite: str) -> None:
    db = Database(empty_sqlite)
    with db.read() as session:
        pages = session.scalar(sa.text("PRAGMA page_count"))
        session.execute(sa.text(f"PRAGMA max_page_count = {pages}"))
    with pytest.raises(DiskFull, match="кончилось место"):
        put(db, "large", "x" * 1_000_000)
    assert get(db, "large") is None
    db.dispose()


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    path.write_text("это заметки, а не база данных\n" * 100)
    with pytest.raises(Corrupt, match=r"notes\.db"):
        Database(str(path)).migrate()


def test_a_damaged_file(empty_sqlite: str) -> None:
    size = Path(empty_sqlite).stat().st_size
    with Path(empty_sqlite).open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))
    db = Database(empty_sqlite)
    with pytest.raises(Corrupt, match="повреждён"):
        put(db, "x")
    db.dispose()


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unreachable, match="Папка"):
        Database(str(tmp_path / "file" / "otklik.db"))


def test_a_missing_folder_is_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "б 20" / "otklik.db"
    db = Database(f"sqlite:///{path}")
    db.migrate()
    put(db, "x")
    db.dispose()
    assert path.exists()


def test_a_server_that_does_not_answer() -> None:
    db = Database("postgresql://otklik:hidden-word@127.0.0.1:9/otklik")
    with pytest.raises(Unreachable) as caught:
        db.migrate()
    assert "127.0.0.1:9" in str(caught.value)
    assert "hidden-word" not in f"{caught.value}{caught.value.__cause__}{db!r}"


def test_a_database_that_is_not_there(postgres_url: str) -> None:
    db = Database(postgres_url.format(name="nowhere"))
    with pytest.raises(Unreachable, match="nowhere"), db.read() as session:
        settings.get(session, "x")


@pytest.mark.parametrize(
    "url",
    [
        "mysql://root:hidden-word@host/db",
        "postgresql://user:hidden-word@host:port/db",
        "sqlite://",
        "sqlite:///:memory:",
        "",
    ],
)
def test_an_url_that_cannot_be_used(url: str) -> None:
    with pytest.raises(BadUrl, match=r"database\.url") as caught:
        Database(url)
    assert "hidden-word" not in str(caught.value)


# Migrations


def test_migrated_schema_is_that_of_the_models(db: Database) -> None:
    with db.read() as session:
        context = MigrationContext.configure(
            session.connection(),
            opts={"include_name": lambda name, *_: not (name or "").startswith(OWN_INDEX)},
        )
        differences = compare_metadata(context, t.mention.metadata)
    assert differences == []


OWN_INDEX = ("mention_fts", "ix_mention_lemmas", "alembic_version")


def test_migrating_again_does_nothing_and_needs_no_lock(locked: Database) -> None:
    locked.migrate()


def test_a_newer_schema_is_left_alone(db: Database) -> None:
    with db.write() as session:
        session.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NewerSchema, match="Обновите программу"):
        db.migrate()


def _migrate(path: str) -> None:
    db = Database(path)
    db.migrate()
    put(db, "x")
    db.dispose()


def test_two_processes_migrate_at_once(tmp_path: Path) -> None:
    path = str(tmp_path / "otklik.db")
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=_migrate, args=(path,)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM brand").fetchone() == (1,)
    connection.close()


@pytest.fixture(params=["sqlite", "postgres"])
def unmigrated(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        db = Database(str(tmp_path / "old.db"))
    else:
        db = Database(request.getfixturevalue("empty_postgres"))
        with db.write() as session:
            session.execute(sa.text("DROP SCHEMA public CASCADE"))
            session.execute(sa.text("CREATE SCHEMA public"))
    yield db
    db.dispose()


def test_the_oldest_schema_migrates_with_its_data(unmigrated: Database) -> None:
    """Rows are put in by SQL as the oldest version knew it; today's code must work on them."""
    oldest = ScriptDirectory.from_config(migrations._config()).get_base()
    with unmigrated.write() as session:
        command.upgrade(migrations._config(session.connection()), oldest)
        for statement in OLDEST_DATA:
            session.execute(sa.text(statement))
    unmigrated.migrate()
    shop = Shop(unmigrated, Clock())
    assert [waiting.text for waiting in shop.queue()] == ["старый отзыв", "о двух брендах"]
    assert shop.found("старый") == [1]
    sums = shop.rows(t.mention_daily)
    with shop.db.write() as session:
        rollups.recount(session)
    assert sums == shop.rows(t.mention_daily)
    shop.analyse(make_analysis())
    # The answer that the old version kept holds; only what it could not be asked was missing.
    assert [row.tone for row in shop.rows(t.mention_brand)] == ["negative", "mixed", "mixed"]


OLDEST_DATA = (
    "INSERT INTO brand (code, name, aliases, competitor, enabled, origin) "
    "VALUES ('moroshka', 'Морошка', '[]', false, true, 'config')",
    "INSERT INTO source (name, type, title, options, enabled, origin) "
    "VALUES ('reviews', 'feed', '', '{}', true, 'config')",
    "INSERT INTO mention (source_id, external_id, content_hash, url, title, text, lemmas, "
    "published_at, day, date_known, rating_scale, raw, collected_at, updated_at) VALUES "
    "(1, 'a', 'h', '', '', 'старый отзыв', 'старый отзыв', '2026-01-01 10:00:00', '2026-01-01', "
    "true, 5, '{}', '2026-01-01 10:00:00', '2026-01-01 10:00:00'), "
    "(1, 'b', 'g', '', '', 'о двух брендах', '', '2026-01-01 10:00:00', '2026-01-01', "
    "true, 5, '{}', '2026-01-01 10:00:00', '2026-01-01 10:00:00')",
    "INSERT INTO mention_brand (mention_id, brand_id, source_id, day, tone, kind, rating, churn, "
    "will_return, recommend, warn, effort) "
    "VALUES (1, 1, 1, '2026-01-01', NULL, NULL, 0, false, false, false, false, false), "
    "(2, 1, 1, '2026-01-01', 'mixed', 'review', 0, false, false, false, false, false), "
    "(2, 2, 1, '2026-01-01', 'mixed', 'review', 0, false, false, false, false, false)",
    "INSERT INTO analysis (mention_id, content_hash, model_version, tone, kind, intents, "
    "opinions, analysed_at) "
    "VALUES (2, 'g', 'v1', 'mixed', 'review', '[]', '[]', '2026-01-01 10:00:00')",
    "INSERT INTO mention_daily (brand_id, day, source_id, tone, kind, rating, n, churn, "
    "will_return, recommend, warn, effort, promoters, passives, detractors) "
    "VALUES (1, '2026-01-01', 1, '', '', 0, 1, 0, 0, 0, 0, 0, 0, 0, 0), "
    "(1, '2026-01-01', 1, 'mixed', 'review', 0, 1, 0, 0, 0, 0, 0, 0, 0, 0), "
    "(2, '2026-01-01', 1, 'mixed', 'review', 0, 1, 0, 0, 0, 0, 0, 0, 0, 0)",
)


def test_one_at_a_time_at_a_task(db: Database, db_url: str) -> None:
    other = Database(db_url)
    with db.alone("analyse") as first, other.alone("analyse") as second:
        assert (first, second) == (True, False)
        with other.alone("crawl") as another_task:
            assert another_task
    with other.alone("analyse") as later:
        assert later
    other.dispose()
