"""Items per second from feeds into SQL, against a Scrapy spider with an SQLite pipeline.

    python bench/crawl.py [--rounds 3] [--peer PYTHON] [--feeds 300] [--items 50] [--hosts 50]

A server in a process of its own has the feeds; each side reads all of them in one process of its
own and stores every entry once. Ours is the worker itself (`otklik schedule`) whose sources are all
due: leases, robots.txt, outcomes, brands, lemmas, hashes of authors, groups of repeats, daily sums,
full-text search and all; only the model is kept from it. The peer (bench/crawl_scrapy.py) is run by
PYTHON, an interpreter that has Scrapy, in two sorts: «plain» stores what a feed says and nothing
that follows from it, «same» what our table of mentions has. All obey robots.txt and have no delay
between requests. In every round another side goes first; all must store the same entries. Times are
from the first request to the last commit; those of the processor tell more where the machine is
busy.

Then, with politeness on: two workers at once on the same database, several feeds of each host, and
from the server's log the least time between two requests to one host.
"""

import argparse
import json
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sites import Sites, serving

from otklik.config import load
from otklik.house import House, open_house
from otklik.schedule import Scheduler
from storage import tables as t

_POLL = 0.1
_FACTS = "external_id, url, title, substr(published_at, 1, 19)"


def write_config(folder: Path, sites: Sites, *, delay: float, workers: int) -> Path:
    """A house over these feeds, with three brands that are looked for in every entry."""
    config = {
        "http": {
            "delay": delay,
            "workers": workers,
            "allow_private": sorted({feed.host for feed in sites.feeds}),
        },
        "brands": [
            {"code": code, "name": name}
            for code, name in (("moroshka", "Морошка"), ("ambar24", "Амбар 24"), ("kupec", "Купец"))
        ],
        "sources": [
            {"name": str(feed.number), "type": "feed", "url": sites.url(feed), "every": "1д"}
            for feed in sites.feeds
        ],
    }
    file = folder / "config.yaml"
    file.write_text(json.dumps(config, ensure_ascii=False), encoding="utf-8")
    return file


def outcomes(house: House) -> int:
    """How many crawls have ended."""
    with house.db.read() as session:
        return int(session.scalar(sa.select(sa.func.count()).select_from(t.crawl)) or 0)


def work(config: Path) -> dict[str, float]:
    """Be a worker until every source has its outcome; seconds of the wall and the processor."""
    house = open_house(load(config))
    scheduler = Scheduler(house)
    thread = threading.Thread(target=scheduler.run)
    started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    with house.db.alone("analyse"):  # as if another process were at that
        thread.start()
        while outcomes(house) < len(house.config.sources):
            time.sleep(_POLL)
    after = resource.getrusage(resource.RUSAGE_SELF)
    seconds = time.perf_counter() - started
    scheduler.stop()
    thread.join()
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": seconds, "cpu": cpu}


def worker(config: Path, name: str = "worker") -> "subprocess.Popen[str]":
    """A process that does :func:`work`; what it remarks lies beside the config."""
    words = [sys.executable, __file__, "--work", str(config)]
    with config.with_name(f"{name}.log").open("w", encoding="utf-8") as log:
        return subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=log, text=True, cwd=config.parent
        )


def told_by(process: "subprocess.Popen[str]", config: Path, name: str = "worker") -> Any:
    """What a worker found."""
    answer = process.communicate()[0]
    if process.returncode:
        sys.exit(config.with_name(f"{name}.log").read_text(encoding="utf-8")[-3000:])
    return json.loads(answer)


def ours(folder: Path, sites: Sites, workers: int) -> tuple[dict[str, float], set[Any]]:
    """Otklik's times, and what it stored."""
    config = write_config(folder, sites, delay=0, workers=workers)
    open_house(load(config)).db.dispose()  # the schema is not part of the crawl
    answer = told_by(worker(config), config)
    query = f"select (select name from source where id = source_id), {_FACTS} from mention"
    with sqlite3.connect(folder / "otklik.db") as db:
        return answer, set(db.execute(query))


def theirs(
    folder: Path, sites: Sites, workers: int, python: str, *, same: bool
) -> tuple[dict[str, float], set[Any]]:
    """Scrapy's times, and what it stored."""
    database = str(folder / f"scrapy-{same}.db")
    feeds = [(str(feed.number), sites.url(feed)) for feed in sites.feeds]
    told = {"database": database, "feeds": feeds, "workers": workers, "same": same}
    script = str(Path(__file__).with_name("crawl_scrapy.py"))
    result = subprocess.run(
        [python, script], input=json.dumps(told), capture_output=True, text=True, check=True
    )
    with sqlite3.connect(database) as db:
        return json.loads(result.stdout), set(db.execute(f"select source, {_FACTS} from mention"))


def compare(options: argparse.Namespace) -> None:
    """All sides, round after round."""
    n, peer = options.workers, options.peer
    sides: dict[str, Callable[[Path, Sites], tuple[dict[str, float], set[Any]]]] = {
        "otklik": lambda folder, sites: ours(folder, sites, n),
        "scrapy plain": lambda folder, sites: theirs(folder, sites, n, peer, same=False),
        "scrapy same": lambda folder, sites: theirs(folder, sites, n, peer, same=True),
    }
    found: dict[str, list[dict[str, float]]] = {name: [] for name in sides}
    for number in range(options.rounds):
        with tempfile.TemporaryDirectory() as name:
            folder, stored = Path(name), {}
            shape = {"hosts": options.hosts, "count": options.feeds, "items": options.items}
            with serving(folder, **shape) as sites:
                order = deque(sides)
                order.rotate(number)
                for side in order:
                    times, stored[side] = sides[side](folder, sites)
                    found[side].append({key: len(stored[side]) / times[key] for key in times})
            assert len(stored["otklik"]) == sum(feed.items for feed in sites.feeds)
            assert all(entries == stored["otklik"] for entries in stored.values()), "they disagree"
    count = len(stored["otklik"])
    print(
        f"{count} entries of {options.feeds} feeds on {options.hosts} hosts, on each side the same"
    )
    for key, words in (("seconds", "wall time"), ("cpu", "time of the processor")):
        for side, rates in found.items():
            ratios = [a[key] / b[key] for a, b in zip(found["otklik"], rates, strict=True)]
            print(
                f"{words}: {side} {statistics.median(one[key] for one in rates):,.0f}/s, ours is "
                f"{statistics.median(ratios):.2f}× of it ({min(ratios):.2f} to {max(ratios):.2f})"
            )


def politeness(delay: float) -> bool:
    """Two workers on one database; whether no host was asked more often than it may be."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with serving(folder, hosts=5, count=30, items=5, delay=0.05) as sites:
            config = write_config(folder, sites, delay=delay, workers=8)
            open_house(load(config)).db.dispose()
            started = time.monotonic()
            both = {name: worker(config, name) for name in ("one", "two")}
            for name, process in both.items():
                told_by(process, config, name)
            seconds = time.monotonic() - started
            closest = sites.closest()
    kept = closest >= delay
    print(
        f"politeness: 30 feeds on 5 hosts by two workers in {seconds:.0f} s, a delay of {delay} s: "
        f"two requests to one host at least {closest:.3f} s apart: {'kept' if kept else 'BROKEN'}"
    )
    return kept


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser(description="feeds into SQL, against Scrapy")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peer", default=sys.executable, help="an interpreter that has Scrapy")
    parser.add_argument("--feeds", type=int, default=300)
    parser.add_argument("--items", type=int, default=50)
    parser.add_argument("--hosts", type=int, default=50)
    parser.add_argument("--workers", type=int, default=16, help="crawls at once, of both sides")
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        print(json.dumps(work(options.work)))
        return 0
    if options.rounds:
        compare(options)
    return 0 if politeness(0.5) else 1


if __name__ == "__main__":
    sys.exit(main())
