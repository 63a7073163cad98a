"""The tables of the models as SQLAlchemy Core sees them, and how to write many rows at once.

Batches go through Core: an ORM object per row costs several times the insert itself.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlmodel import SQLModel

import storage.models  # noqa: F401  (fills the metadata)

_tables = SQLModel.metadata.tables

analysis = _tables["analysis"]
brand = _tables["brand"]
correction = _tables["correction"]
crawl = _tables["crawl"]
job = _tables["job"]
mention = _tables["mention"]
mention_brand = _tables["mention_brand"]
mention_daily = _tables["mention_daily"]
mention_revision = _tables["mention_revision"]
opinion = _tables["opinion"]
opinion_daily = _tables["opinion_daily"]
setting = _tables["setting"]
source = _tables["source"]
source_state = _tables["source_state"]

Rows = Sequence[dict[str, Any]]
Value = TypeVar("Value")

#: Ids in one IN (…): well under SQLite's limit of variables, one page of items.
CHUNK = 500


def insert(session: Session, table: sa.Table) -> postgresql.Insert:
    """An INSERT that may carry ON CONFLICT; both dialects spell it with the same methods."""
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table)
    statement: Any = sqlite.insert(table)
    return statement  # type: ignore[no-any-return]


def upsert(session: Session, table: sa.Table, rows: Rows) -> None:
    """Insert rows by primary key or overwrite the columns they name; all name the same ones."""
    if not rows:
        return
    statement = insert(session, table)
    key = [column.name for column in table.primary_key]
    changed = {name: statement.excluded[name] for name in rows[0] if name not in key}
    session.execute(statement.on_conflict_do_update(index_elements=key, set_=changed), rows)


def insert_all(session: Session, table: sa.Table, rows: Rows) -> None:
    """Insert the rows in one batch."""
    if rows:
        session.execute(sa.insert(table), rows)


def update_all(session: Session, table: sa.Table, rows: Rows) -> None:
    """Update rows by primary key; all name the same columns."""
    if not rows:
        return
    key = [column.name for column in table.primary_key]
    matches = [table.c[name] == sa.bindparam(f"key_{name}") for name in key]
    values: dict[str, Any] = {name: sa.bindparam(name) for name in rows[0] if name not in key}
    session.execute(
        sa.update(table).where(*matches).values(values),
        [{f"key_{name}" if name in key else name: row[name] for name in row} for row in rows],
    )


def in_chunks(values: Iterable[Value], size: int = CHUNK) -> Iterator[list[Value]]:
    """``values`` in lists of at most ``size``."""
    rest = iter(values)
    while chunk := list(islice(rest, size)):
        yield chunk
