"""The sums behind the pages, ours from the roll-ups beside DuckDB's from the rows.

DuckDB gets the same rows (``mention_brand`` and ``opinion``) in its own columns, in memory, with
two threads; reading them in is not counted. Both sides must give the same figures.
"""

import sqlite3
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
from stories import NOW, ZONE

from storage import queries
from storage.database import Database
from storage.filters import Filter

_ROWS = (
    "mention_id, brand_id, source_id, day, coalesce(tone, '') AS tone, coalesce(kind, '') AS kind, "
    "rating, nps, churn, will_return, recommend, warn, effort, is_repeat"
)
_INTENTS = "sum(churn), sum(will_return), sum(recommend), sum(warn), sum(effort)"
_TODAY = NOW.astimezone(ZONE).date()


def compare(configs: Mapping[int, Path], runs: int) -> None:
    """Print milliseconds of each sum for each filter and size."""
    for size, config in configs.items():
        file = config.parent / "otklik.db"
        ours, theirs = Database(str(file)), _loaded(file)
        with ours.read() as session:
            names = queries.catalog(session).names
        base = Filter(brands=(names.brands["moroshka"],))
        chosen = replace(base, sources=(names.sources["maps"],), touchpoints=("delivery",))
        weeks = {"day_from": _TODAY - timedelta(days=27), "day_to": _TODAY}
        filters = {
            "4 недели": replace(base, **weeks),
            "всё": base,
            "источник + тема": replace(chosen, **weeks),
            "источник + тема, всё": chosen,
        }
        print(f"\n{size:,} mentions, ms{'':22}{'ours':>10}{'DuckDB':>10}")
        for told, where in filters.items():
            for name, (read, ask) in _SUMS.items():
                here, mine = _timed(lambda: _ours(ours, read, where), runs)  # noqa: B023
                there, peers = _timed(lambda: ask(theirs, where), runs)  # noqa: B023
                if mine != peers:
                    raise SystemExit(f"{told}, {name}: {mine} here, {peers} in DuckDB")
                print(f"{told:22} {name:20}{here:10.1f}{there:10.1f}")
        theirs.close()
        ours.dispose()


def _loaded(file: Path) -> duckdb.DuckDBPyConnection:
    """A DuckDB in memory with the rows of our file."""
    database = duckdb.connect()
    database.execute("SET threads = 2")
    with sqlite3.connect(file) as rows:
        mentions = pd.read_sql(f"SELECT {_ROWS} FROM mention_brand", rows)
        opinions = pd.read_sql(
            "SELECT mention_id, brand_id, source_id, day, touchpoint, tone FROM opinion", rows
        )
    for name, frame in (("mentions", mentions), ("opinions", opinions)):
        database.register("frame", frame)
        database.execute(
            f"CREATE TABLE {name} AS SELECT * REPLACE (CAST(day AS DATE) AS day) FROM frame"
        )
        database.unregister("frame")
    return database


def _timed(work: Callable[[], Any], runs: int) -> tuple[float, Any]:
    """Milliseconds (median, after one run to warm up) and the answer."""
    answer, seconds = work(), []
    for _ in range(runs):
        started = time.perf_counter()
        answer = work()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds) * 1000, answer


def _ours(db: Database, read: Callable[[Any, Filter], Any], where: Filter) -> Any:
    with db.read() as session:
        return read(session, where)


def _conditions(where: Filter, row: str = "") -> str:
    """What a row of mentions must meet."""
    found = [f"{row}brand_id = {where.brands[0]}"]
    if where.day_from:
        found.append(f"{row}day BETWEEN '{where.day_from}' AND '{where.day_to}'")
    if where.sources:
        found.append(f"{row}source_id = {where.sources[0]}")
    return " AND ".join(found)


_VOICES = "NOT m.is_repeat AND m.kind NOT IN ('promo', 'other')"


def _about(where: Filter) -> str:
    return f" AND o.touchpoint = '{where.touchpoints[0]}'" if where.touchpoints else ""


def _mentions(where: Filter) -> str:
    """FROM and WHERE of the mentions of a filter."""
    spoken = ""
    if where.touchpoints:
        spoken = (
            " AND EXISTS (FROM opinions o WHERE o.mention_id = m.mention_id "
            f"AND o.brand_id = m.brand_id{_about(where)})"
        )
    return f"FROM mentions m WHERE {_conditions(where, 'm.')} AND {_VOICES}{spoken}"


def _opinions(where: Filter) -> str:
    """FROM and WHERE of the opinions of a filter."""
    return (
        "FROM opinions o JOIN mentions m USING (mention_id, brand_id) "
        f"WHERE {_conditions(where, 'o.')} AND {_VOICES}{_about(where)}"
    )


def _rows_of(where: Filter) -> tuple[str, str]:
    """What is counted by tone, and whose tone: opinions where a touchpoint is chosen."""
    return (_opinions(where), "o") if where.touchpoints else (_mentions(where), "m")


def _figures(database: duckdb.DuckDBPyConnection, where: Filter) -> tuple[int, ...]:
    rows = database.execute(
        f"SELECT m.tone, m.rating, count(*), {_INTENTS} {_mentions(where)} GROUP BY ALL"
    ).fetchall()
    if where.touchpoints:
        database.execute(f"SELECT o.tone, count(*) {_opinions(where)} GROUP BY ALL").fetchall()
    return (sum(row[2] for row in rows), *(sum(row[3 + place] for row in rows) for place in (0, 4)))


def _by(column: str) -> Callable[[duckdb.DuckDBPyConnection, Filter], int]:
    def ask(database: duckdb.DuckDBPyConnection, where: Filter) -> int:
        source, row = _rows_of(where)
        rows = database.execute(
            f"SELECT {row}.{column}, {row}.tone, count(*) {source} AND {row}.tone <> '' "
            "GROUP BY ALL"
        ).fetchall()
        return sum(n for _, _, n in rows)

    return ask


def _touchpoints(database: duckdb.DuckDBPyConnection, where: Filter) -> int:
    rows = database.execute(
        f"SELECT o.touchpoint, o.tone, count(*) {_opinions(where)} GROUP BY ALL"
    ).fetchall()
    return sum(n for _, _, n in rows)


def _our_figures(session: Any, where: Filter) -> tuple[int, ...]:
    found = queries.figures(session, where)
    return (found.mentions, found.intents["churn"], found.intents["effort"])  # type: ignore[index]


_SUMS: dict[str, tuple[Callable[[Any, Filter], Any], Callable[[Any, Filter], Any]]] = {
    "figures": (_our_figures, _figures),
    "by day": (
        lambda session, where: sum(x.n for x in queries.tones_by_day(session, where).values()),
        _by("day"),
    ),
    "by source": (
        lambda session, where: sum(x.n for x in queries.tones_by_source(session, where).values()),
        _by("source_id"),
    ),
    "by touchpoint": (
        lambda session, where: sum(x.tones.n for x in queries.opinion_counts(session, where)),
        _touchpoints,
    ),
}
