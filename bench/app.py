"""How long each page of the app takes over 10 000, 100 000 and 1 000 000 mentions.

    python bench/app.py --dir /tmp/bench [--sizes 10000 1000000] [--runs 5] [--pages Обзор]
                        [--slow 50] [--paint] [--duckdb]

The databases are filled through the real write path (bench/filling.py) into ``--dir`` and used
again next time; each has a config.yaml, so the app can be looked at over it. Every page of the
navigation is measured (bench/pages.py says what is timed) over the last four weeks (the default),
over everything, and with a source and a touchpoint chosen; so is what opens within a page, a pain
or a cell; a text search has its own line. Sizes take turns, so that what else the machine does
falls on all of them. ``--slow`` shows queries that take so many milliseconds, with SQLite's plan.
``--paint`` measures the first paint after start beside a bare Streamlit page (bench/paint.py),
``--duckdb`` the same sums in DuckDB over the same rows (bench/duck.py; ``pip install duckdb``).
"""

import argparse
import sqlite3
import statistics
import sys
import warnings
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import filling
import pages
from rich.progress import Progress

from storage.database import Database

BAR_SECONDS = 1.0
BAR_RATIO = 1.5

_ALL = {"brand": "moroshka", "period": "all"}
_WEEKS = {"brand": "moroshka", "from": "2026-06-03", "to": "2026-06-30"}
_CHOSEN = {"source": "maps", "topic": "delivery"}
VIEWS: dict[str, Mapping[str, Any]] = {
    "4 недели": {},
    "всё": _ALL,
    "источник + тема": _WEEKS | _CHOSEN,
    "источник + тема, всё": _ALL | _CHOSEN,
    "поиск": _WEEKS | {"q": "курьер подводит"},
    "поиск, всё": _ALL | {"q": "курьер подводит"},
}
#: What is opened within a page, by its title.
OPENED: Mapping[str, dict[str, Mapping[str, Any]]] = {
    "Боли": {
        "боль": _WEEKS | {"v-pain": "delivery"},
        "боль, всё": _ALL | {"v-pain": "delivery"},
        "радость, всё": _ALL | {"v-pain": "quality", "v-side": "joy"},
    },
    "Путь клиента": {
        "клетка": _WEEKS | {"v-cell": "delivery"},
        "клетка, всё": _ALL | {"v-cell": "delivery"},
        "рядом с другим, всё": _ALL | {"v-beside": "ambar"},
    },
    "Качество": {"проверка": _WEEKS | {"v-part": "check"}},
}
#: Has its own figure: the bars of pages are not for it.
SEARCHES = ("поиск", "поиск, всё")

Found = dict[tuple[str, str], dict[int, list[pages.Run]]]


def label(size: int) -> str:
    """10k, 100k, 1m."""
    return f"{size // 1_000_000}m" if size >= 1_000_000 else f"{size // 1_000}k"


def filled(folder: Path, size: int) -> Path:
    """The config.yaml of a database with so many mentions; filled where it is not yet."""
    own = folder / label(size)
    own.mkdir(parents=True, exist_ok=True)
    db = Database(str(own / "otklik.db"))
    with Progress() as bar:
        task = bar.add_task(label(size), total=None)
        filling.fill(db, size, lambda done: bar.advance(task, done))
    db.dispose()
    return filling.config(own)


def measure(configs: Mapping[int, Path], runs: int, chosen: Sequence[str]) -> Found:
    """All runs by page and view, by size; the first round only warms up."""
    found: Found = defaultdict(lambda: defaultdict(list))
    unfiltered: set[str] = set()
    for turn in range(runs + 1):
        for size, config in configs.items():
            pages.use(config)
            for page in pages.pages():
                if chosen and page.title not in chosen:
                    continue
                pages.run(page, {})  # wires what the page needs of this database
                for view, link in (VIEWS | OPENED.get(page.title, {})).items():
                    if link and page.title in unfiltered:
                        continue
                    run = pages.run(page, link)
                    if not link and "brand" not in run.link and "period" not in run.link:
                        unfiltered.add(page.title)
                    if run.exceptions:
                        raise SystemExit(f"{page.title}, {view}, {label(size)}: {run.exceptions}")
                    if turn:
                        found[page.title, view][size].append(run)
        print(f"round {turn} of {runs}", file=sys.stderr)
    return found


def table(found: Found, sizes: Sequence[int]) -> None:
    """Medians: seconds by the clock (of the processor), queries and their milliseconds."""
    heads = "".join(f"{label(size):>14}{'queries':>16}" for size in sizes)
    print(f"\n{'page':14}{'filter':22}{heads}{'ratio':>8}")
    for (title, view), by_size in found.items():
        cells, medians = "", []
        for size in sizes:
            ran = by_size[size]
            seconds = statistics.median(run.seconds for run in ran)
            cpu = statistics.median(run.cpu for run in ran)
            sql = statistics.median(run.sql for run in ran) * 1000
            medians.append((seconds, cpu))
            cells += f"{seconds:7.2f} ({cpu:.2f}){len(ran[0].statements):6}, {sql:5.0f} ms"
        ratio = medians[-1][1] / medians[0][1]
        missed = medians[-1][0] > BAR_SECONDS or (len(sizes) > 1 and ratio > BAR_RATIO)
        note = "" if view in SEARCHES or not missed else "  MISSED"
        print(f"{title:14}{view:22}{cells}{ratio:8.2f}{note}")
    print(
        "Seconds by the clock (of the processor); the ratio is the processor's, the largest "
        f"to the smallest. Bars: {BAR_SECONDS:.0f} s, {BAR_RATIO} times."
    )


def slow(found: Found, size: int, config: Path, milliseconds: float) -> None:
    """The queries of the largest database that take longest, with their plans."""
    database = sqlite3.connect(config.parent / "otklik.db")
    for (title, view), by_size in found.items():
        for statement in by_size[size][-1].statements:
            if statement.seconds * 1000 < milliseconds:
                continue
            print(f"\n{title}, {view}: {statement.seconds * 1000:.0f} ms\n{statement.sql}")
            print(f"  {statement.parameters}")
            explained = database.execute(
                f"EXPLAIN QUERY PLAN {statement.sql}", statement.parameters
            )
            for _, _, _, step in explained:
                print(f"    {step}")
    database.close()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="speed of the app's pages")
    parser.add_argument("--dir", type=Path, required=True)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--pages", nargs="+", default=[])
    parser.add_argument("--slow", type=float)
    parser.add_argument("--paint", action="store_true")
    parser.add_argument("--duckdb", action="store_true")
    return parser.parse_args()


def main() -> None:
    """See the module."""
    warnings.simplefilter("ignore")
    options = _options()
    sizes = sorted(options.sizes)
    configs = {size: filled(options.dir, size) for size in sizes}
    pages.prepare()
    found = measure(configs, options.runs, options.pages)
    table(found, sizes)
    if options.slow is not None:
        slow(found, sizes[-1], configs[sizes[-1]], options.slow)
    if options.paint:
        import paint

        paint.compare(configs, options.runs)
    if options.duckdb:
        import duck

        duck.compare(configs, options.runs)


if __name__ == "__main__":
    main()
