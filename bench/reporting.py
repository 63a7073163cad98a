"""How long a report of 200 000 mentions takes, how large it is, what memory its workbook needs.

    python bench/reporting.py --dir /tmp/bench [--size 1000000] [--mentions 200000]

The database is filled through the real write path (bench/filling.py) into ``--dir`` and used again
next time, also by bench/app.py. The report is that of the latest days of a brand that hold so many
mentions. Each file is made by a process of its own, as a job of the worker makes it: «build» are
the figures, «render» is the file, imports and the start of vl-convert among it. The workbook is
written of a tenth and of half of the mentions, too: its memory must not grow with its rows, but for
the links of a sheet, of which a spreadsheet opens 65 530. Exit code 1 where a bar is missed: the
PDF takes 20 seconds and 3 MB at most, and twice the rows take a tenth more memory at most.
"""

import argparse
import multiprocessing
import resource
import sys
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import filling
from rich.progress import Progress
from stories import ZONE

from nlp.journey import default_journey
from storage import queries
from storage.database import Database
from storage.filters import Filter

BRAND = "moroshka"
PDF_SECONDS, PDF_BYTES, MEMORY = 20.0, 3_000_000, 1.1
_FORMATS = ("pdf", "html", "xlsx")


@dataclass(frozen=True, slots=True)
class Made:
    """A file that was made: seconds, bytes, and the most memory its process had, in bytes."""

    build: float
    render: float
    size: int
    memory: int


def filled(folder: Path, size: int) -> Path:
    """A database with so many mentions, where bench/app.py looks for it."""
    own = folder / (f"{size // 1_000_000}m" if size >= 1_000_000 else f"{size // 1_000}k")
    own.mkdir(parents=True, exist_ok=True)
    db = Database(str(own / "otklik.db"))
    with Progress() as bar:
        task = bar.add_task(own.name, total=size)
        filling.fill(db, size, lambda done: bar.advance(task, done))
    db.dispose()
    return own / "otklik.db"


def latest(file: Path, mentions: int) -> tuple[int, date, date, int]:
    """The brand, the latest days that hold so many of its mentions, and how many there are."""
    db = Database(str(file))
    with db.read() as session:
        brand = next(one.id for one in queries.catalog(session).brands if one.code == BRAND)
        by_day = queries.figures_by_day(session, Filter(brands=(brand,)))
    db.dispose()
    total, last = 0, max(by_day)
    for day in sorted(by_day, reverse=True):
        total += by_day[day].mentions
        if total >= mentions:
            return brand, day, last, total
    raise SystemExit(f"{BRAND} has {total} mentions only: take a larger --size")


def make(form: str, file: Path, brand: int, start: date, end: date, out: Path) -> Made:
    """The report in one format, made by this process from its start."""
    began = time.perf_counter()
    from reports import building, html, pdf, xlsx

    db = Database(str(file))
    with db.read() as session:
        report = building.build(
            session, brand, start, end,
            zone=ZONE, journey=default_journey(), made_at=datetime.now(UTC),
            app="https://otklik.example.ru",
        )  # fmt: skip
        built = time.perf_counter()
        if form == "pdf":
            pdf.render(report, out)
        elif form == "html":
            out.write_text(html.render(report), encoding="utf-8")
        else:
            xlsx.write(report, queries.export(session, report.where), out)
    db.dispose()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return Made(built - began, time.perf_counter() - built, out.stat().st_size, peak)


def alone(form: str, file: Path, brand: int, start: date, end: date, out: Path) -> Made:
    """The same in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(make, (form, file, brand, start, end, out))


def _line(name: str, rows: int, made: Made) -> None:
    print(
        f"{name:6}{rows:10,}{made.build:10.2f} s{made.render:10.2f} s"
        f"{made.size / 1e6:10.2f} MB{made.memory / 2**20:10.0f} MiB"
    )


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description="seconds, size and memory of reports")
    parser.add_argument("--dir", type=Path, required=True)
    parser.add_argument("--size", type=int, default=1_000_000)
    parser.add_argument("--mentions", type=int, default=200_000)
    options = parser.parse_args()
    file = filled(options.dir, options.size)
    brand, start, end, mentions = latest(file, options.mentions)
    print(f"{BRAND}, {start} … {end}: {mentions:,} mentions")
    print(f"{'file':6}{'mentions':>10}{'build':>12}{'render':>12}{'size':>13}{'peak':>14}")
    made = {}
    for form in _FORMATS:
        made[form] = alone(form, file, brand, start, end, options.dir / f"report.{form}")
        _line(form, mentions, made[form])
    for part in (10, 2):
        _, fewer, _, few = latest(file, options.mentions // part)
        small = alone("xlsx", file, brand, fewer, end, options.dir / "report-small.xlsx")
        _line("xlsx", few, small)
    seconds = made["pdf"].build + made["pdf"].render
    growth = made["xlsx"].memory / small.memory
    print(
        f"PDF {seconds:.1f} s (bar {PDF_SECONDS:.0f}), {made['pdf'].size / 1e6:.2f} MB "
        f"(bar {PDF_BYTES / 1e6:.0f}); workbook's memory × {growth:.2f} (bar {MEMORY})"
    )
    if seconds > PDF_SECONDS or made["pdf"].size > PDF_BYTES or growth > MEMORY:
        sys.exit("a bar is missed")


if __name__ == "__main__":
    main()
