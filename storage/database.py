"""The engine and the session scopes: the only place that begins, commits and translates errors.

One writer at a time on both databases: SQLite's BEGIN IMMEDIATE, on PostgreSQL an advisory lock
held for the transaction. So a transaction may read, decide and write without meeting another
writer half-way, roll-ups need no row locks, and nothing can deadlock. Transactions are short
(a page of items, a batch of analyses) and hold no network calls.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel import Session

from storage.errors import LOCKED, BadUrl, Locked, Unreachable, place_of, translated

#: How long a writer waits for another one before it gives up.
WAIT_SECONDS = 30.0

#: An SQLite connection learns only when it is opened what :meth:`Database.tune` has found.
_RECYCLE_SECONDS = 3600

_PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "analysis_limit=1000")

#: Any constant of ours: the name of «the right to write» among PostgreSQL's advisory locks.
_WRITER_LOCK = 0x07711C


class Database:
    """A database by URL: ``sqlite:///folder/file.db``, a plain path, or ``postgresql://…``."""

    def __init__(self, url: str) -> None:
        self.url = _parsed(url)
        self._engine = _engine(self.url)
        # Threads queue here: the databases' own locks are for other processes, and cost more.
        self._turn = threading.Lock()
        # The same pool; the option tells the «begin» hook to take the right to write at once.
        self._writer = self._engine.execution_options(writer=True)

    def __repr__(self) -> str:
        return f"Database({place_of(self.url)})"

    @property
    def is_sqlite(self) -> bool:
        """SQLite or else PostgreSQL."""
        return self.url.get_backend_name() == "sqlite"

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that commits at the end of the block and rolls back on any error."""
        if not self._turn.acquire(timeout=WAIT_SECONDS):
            raise Locked(LOCKED)
        try:
            with self._errors(), Session(self._writer) as session, session.begin():
                session.connection()
                yield session
        finally:
            self._turn.release()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One consistent view of the data; what is written in the block is thrown away."""
        with self._errors(), Session(self._engine) as session:
            yield session

    @contextmanager
    def alone(self, task: str) -> Iterator[bool]:
        """Whether no other process is at ``task`` on this database; held until the block ends.

        The right ends with the process, however that ends.
        """
        if self.is_sqlite:
            lock = FileLock(f"{self.url.database}.{task}.lock", blocking=False)
            try:
                with lock:
                    yield True
            except Timeout:
                yield False
            return
        name = {"name": f"otklik.{task}"}
        with self._errors(), self._engine.connect() as connection:
            got = connection.execute(text("SELECT pg_try_advisory_lock(hashtext(:name))"), name)
            free = bool(got.scalar())
            connection.commit()  # the lock is the connection's; a transaction must not wait with it
            try:
                yield free
            finally:
                if free:
                    connection.execute(text("SELECT pg_advisory_unlock(hashtext(:name))"), name)

    def migrate(self) -> None:
        """Bring the schema up to this version of the program; quick where it already is."""
        from storage.migrations import upgrade  # alembic is heavy and only needed here

        with self._errors():
            upgrade(self._writer)

    def tune(self) -> None:
        """Tell SQLite how the rows are spread; PostgreSQL looks by itself.

        Not knowing that, it takes a brand for as good a key as a mention's number. A sample of each
        index is looked at, so it is quick in a large file, too.
        """
        if self.is_sqlite:
            with self.write() as session:
                session.connection().exec_driver_sql("ANALYZE")

    def compact(self) -> None:
        """Write an SQLite file anew, without freed pages and without a log of changes.

        Raises Locked where others read or write for longer than the time of waiting.
        """
        with self._turn, self._errors():
            connection = self._engine.raw_connection()
            try:
                connection.cursor().execute("VACUUM")
                busy, *_ = connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            except sqlite3.Error as error:
                raise DBAPIError("VACUUM", None, error) from error
            finally:
                connection.close()
        if busy:  # a reader holds on to the former state, and the pragma says so by an answer only
            raise Locked(LOCKED)

    def dispose(self) -> None:
        """Close the pooled connections."""
        self._engine.dispose()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            ours = translated(error, self.url)
            if ours is None:
                raise
            raise ours from error


def _parsed(url: str) -> URL:
    """The URL with the driver we ship; a text without a scheme is the path of an SQLite file."""
    if "://" not in url:
        return URL.create("sqlite", database=url)
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # The parser's own message could repeat a part of the password.
        raise BadUrl(
            "database.url не читается. Примеры: sqlite:///data/otklik.db или "
            "postgresql://user:${DB_PASSWORD}@host/otklik (особые знаки пароля — в виде %40)."
        ) from None
    scheme = parsed.drivername.partition("+")[0]
    if scheme == "sqlite":
        return parsed.set(drivername="sqlite")
    if scheme in {"postgresql", "postgres"}:
        return parsed.set(drivername="postgresql+psycopg")
    raise BadUrl(f"database.url: «{scheme}» не поддерживается, есть sqlite и postgresql.")


def _engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        engine = create_engine(
            url,
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args={"connect_timeout": 10, "options": "-c timezone=utc"},
        )
        event.listen(engine, "begin", _begin_postgres)
        return engine
    _make_folder(url)
    engine = create_engine(
        url,
        pool_recycle=_RECYCLE_SECONDS,
        hide_parameters=True,
        connect_args={"timeout": WAIT_SECONDS},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_folder(url: URL) -> None:
    if not url.database or url.database == ":memory:":
        raise BadUrl("database.url: укажите путь к файлу, например sqlite:///data/otklik.db.")
    try:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unreachable(
            f"Папка для базы данных {place_of(url)} не создаётся: {error.strerror}"
        ) from error


def _prepare_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    # The driver would begin transactions by itself, too late and not IMMEDIATE.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if _is_writer(connection) else "BEGIN")


def _begin_postgres(connection: Connection) -> None:
    if not _is_writer(connection):
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {WAIT_SECONDS * 1000:.0f}")
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _WRITER_LOCK})


def _is_writer(connection: Connection) -> Any:
    return connection.get_execution_options().get("writer")
