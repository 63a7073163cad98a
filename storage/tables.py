"""The tables of the models as SQLAlchemy Core sees them, and how to write many rows at once.

Batches go through Core: an ORM object per row costs several times the insert itself.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlmodel import SQLModel

import storage.models  # noqa: F401  (fills the metadata)

_tables = SQLModel.metadata.tables

alert = _tables["alert"]
alert_queue = _tables["alert_queue"]
alert_rule = _tables["alert_rule"]
analysis = _tables["analysis"]
brand = _tables["brand"]
correction = _tables["correction"]
crawl = _tables["crawl"]
delivery = _tables["delivery"]
erasure = _tables["erasure"]
facet_daily = _tables["facet_daily"]
handling = _tables["handling"]
job = _tables["job"]
mention = _tables["mention"]
mention_brand = _tables["mention_brand"]
mention_daily = _tables["mention_daily"]
mention_revision = _tables["mention_revision"]
mention_total = _tables["mention_total"]
opinion = _tables["opinion"]
opinion_daily = _tables["opinion_daily"]
quota_use = _tables["quota_use"]
report = _tables["report"]
report_plan = _tables["report_plan"]
saved_view = _tables["saved_view"]
setting = _tables["setting"]
source = _tables["source"]
source_lease = _tables["source_lease"]
source_state = _tables["source_state"]
spot_check = _tables["spot_check"]
text_band = _tables["text_band"]
theme = _tables["theme"]
theme_daily = _tables["theme_daily"]
theme_ground = _tables["theme_ground"]
theme_mark = _tables["theme_mark"]
tone_daily = _tables["tone_daily"]
touchpoint_daily = _tables["touchpoint_daily"]
touchpoint_note = _tables["touchpoint_note"]
training = _tables["training"]

Rows = Sequence[dict[str, Any]]
Value = TypeVar("Value")

#: Ids in one IN (…): well under SQLite's limit of variables, one page of items.
CHUNK = 500


def insert(session: Session, table: sa.Table) -> postgresql.Insert:
    """An INSERT that may carry ON CONFLICT; both dialects spell it with the same methods."""
    return insert_of(session.get_bind().dialect.name, table)


def insert_of(dialect: str, table: sa.Table) -> postgresql.Insert:
    """The same, where only the name of the dialect is known."""
    if dialect == "postgresql":
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
    """Insert the rows, which name the same columns, in one batch.

    A column that no row fills is left out: most sources fill half of a mention's, and every column
    of every row costs.
    """
    if rows:
        filled = [name for name in rows[0] if any(row[name] is not None for row in rows)]
        session.execute(sa.insert(table), [{name: row[name] for name in filled} for row in rows])


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


def one_of(dialect: str, column: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """``column`` is one of the parameter ``values`` (see :func:`listed`), however many there are.

    An IN (…) of thousands of parameters takes longer to spell than to look up.
    """
    if dialect == "postgresql":
        return column == sa.any_(sa.bindparam("values", type_=postgresql.ARRAY(column.type)))
    each = sa.func.json_each(sa.bindparam("values", type_=sa.String)).table_valued("value")
    return column.in_(sa.select(each.c.value))


def listed(session: Session, values: Iterable[Any]) -> Any:
    """Values for :func:`one_of` as this database takes them."""
    is_postgres = session.get_bind().dialect.name == "postgresql"
    return list(values) if is_postgres else json.dumps(list(values))


def insert_pairs(session: Session, table: sa.Table, pairs: Sequence[tuple[int, int]]) -> None:
    """Insert rows of two numbers, as far as they are not there: too many for a dict each."""
    if pairs:
        mark = "%s" if session.get_bind().dialect.name == "postgresql" else "?"
        session.connection().exec_driver_sql(
            f"INSERT INTO {table.name} VALUES ({mark}, {mark}) ON CONFLICT DO NOTHING", pairs
        )


def in_chunks(values: Iterable[Value], size: int = CHUNK) -> Iterator[list[Value]]:
    """``values`` in lists of at most ``size``."""
    rest = iter(values)
    while chunk := list(islice(rest, size)):
        yield chunk
