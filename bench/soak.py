"""Thousands of sources due at once, a tenth of them misbehaving, through the worker itself.

    python bench/soak.py [--sources 2000] [--hosts 200] [--items 20] [--hasty]

A server in a process of its own has the feeds (bench/sites.py): silent ones, such as drip, are
busy (429 with Retry-After in both forms, 420), down, cut off, compressed wrongly, without an end,
redirected in circles, gone, garbage, pages and nothing at all; of the good ones some lie about
their charset or have moved. The worker of `otklik schedule` crawls them all, then all once more;
analysis is kept from it, as if another process were at that. Exit code 1
unless every item of every good feed is stored once, every source has the outcome that it deserves
and its next turn no sooner than it was asked for, nothing is held at the end, the worker ends at
once when told, and memory stays flat: the second round adds less than a tenth.

``--hasty`` is for tests: answers are given up after seconds, not after a minute.
"""

import argparse
import json
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from crawl import outcomes, write_config
from sites import BAD, GOOD, LATER, Sites, serving

from collectors.http import Http
from collectors.politeness import Limits
from otklik.config import Config, load
from otklik.house import House, open_house
from otklik.schedule import Scheduler
from storage import tables as t

_POLL = 0.25
#: Longer than any answer may take with all its repetitions.
_PATIENCE = timedelta(minutes=20)
_FLAT = 1.1


class Hasty(Scheduler):
    """A worker that waits for answers a second or two."""

    def _door(self, config: Config) -> Http:
        limits = Limits(
            delay=0,
            read=1,
            total=2,
            attempts=2,
            max_wait=1,
            max_body=2**20,
            allow_private=config.http.allow_private,
        )
        return Http(limits, sleep=self._sleep)


def memory() -> float:
    """What this process holds, MB (Linux)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1e6


@contextmanager
def working(house: House, kind: type[Scheduler]) -> Iterator[None]:
    """A worker for the length of the block, which must end at once."""
    scheduler = kind(house)
    thread = threading.Thread(target=scheduler.run)
    thread.start()
    yield
    started = time.monotonic()
    scheduler.stop()
    thread.join()
    print(f"the worker ended in {time.monotonic() - started:.1f} s")
    left = [one.name for one in threading.enumerate() if one.name.startswith("crawl")]
    assert not left, left


def wait_for(house: House, count: int) -> list[float]:
    """Until so many outcomes are there; what memory was like meanwhile."""
    started, seen = time.monotonic(), []
    while (done := outcomes(house)) < count:
        seen.append(memory())
        if time.monotonic() - started > _PATIENCE.total_seconds():
            raise TimeoutError(f"only {done} of {count} crawls have ended")
        time.sleep(_POLL)
    return [*seen, memory()]


def due_again(house: House) -> None:
    """Let the turn of every source come; those that wait for a person get their chance."""
    with house.db.write() as session:
        session.execute(sa.update(t.source_state).values(next_due=None, parked=False))


def facts(house: House) -> dict[str, Any]:
    """What is stored, by source; how crawls ended; what is still held."""
    mention, source, crawl, state = t.mention.c, t.source.c, t.crawl.c, t.source_state.c
    with house.db.read() as session:
        stored = session.execute(
            sa.select(source.name, sa.func.count(), sa.func.count(mention.external_id.distinct()))
            .join(t.mention, mention.source_id == source.id)
            .group_by(source.name)
        )
        ended = session.execute(
            sa.select(source.name, crawl.status, crawl.started_at, state.next_due, state.parked)
            .join(t.crawl, crawl.source_id == source.id)
            .join(t.source_state, state.source_id == source.id)
            .order_by(crawl.id)
        )
        held = sa.select(sa.func.count()).where(t.source_lease.c.holder.is_not(None))
        return {
            "stored": {name: (n, different) for name, n, different in stored},
            "ended": [tuple(row) for row in ended],
            "held": session.scalar(held),
        }


def faults(sites: Sites, found: dict[str, Any], rounds: int) -> list[str]:
    """What is not as it must be."""
    wrong = [f"{found['held']} sources are still held"] if found["held"] else []
    times = Counter(row[0] for row in found["ended"])
    latest: dict[str, tuple[str, datetime, datetime | None, bool]] = {
        name: tuple(row) for name, *row in found["ended"]
    }
    for feed in sites.feeds:
        name, where = str(feed.number), f"feed {feed.number} ({feed.kind})"
        if times[name] != rounds:
            wrong.append(f"{where}: {times[name]} outcomes instead of {rounds}")
            continue
        status, started, due, parked = latest[name]
        if status != ("ok" if feed.kind in GOOD else BAD[feed.kind]):
            wrong.append(f"{where}: {status}")
        if found["stored"].get(name, (0, 0)) != (feed.items, feed.items):
            wrong.append(f"{where}: {found['stored'].get(name)} stored instead of {feed.items}")
        if parked != (status == "needs_human"):
            wrong.append(f"{where}: parked is {parked}")
        if feed.kind.startswith("busy") and not (due and due - started > LATER - _PATIENCE):
            wrong.append(f"{where}: comes again at {due}, asked not to before two hours")
    return wrong


def soak(options: argparse.Namespace, folder: Path) -> list[str]:
    """Two rounds over all sources; what is not as it must be."""
    shape = {"hosts": options.hosts, "count": options.sources, "items": options.items}
    with serving(folder, **shape, bad=options.bad) as sites:
        house = open_house(load(write_config(folder, sites, delay=0, workers=options.workers)))
        started = time.monotonic()
        kind = Hasty if options.hasty else Scheduler
        with house.db.alone("analyse"), working(house, kind):
            first = wait_for(house, options.sources)
            seconds = time.monotonic() - started
            due_again(house)
            second = wait_for(house, 2 * options.sources)
        found = facts(house)
        house.db.dispose()
    kinds = Counter(feed.kind for feed in sites.feeds)
    bad = sum(kinds[kind] for kind in BAD)
    print(f"{options.sources} sources on {options.hosts} hosts, {bad} misbehave: {dict(kinds)}")
    print(f"outcomes of both rounds: {dict(Counter(row[1] for row in found['ended']))}")
    items = sum(n for n, _ in found["stored"].values())
    print(f"{items} items stored; first round {seconds:.0f} s")
    warm = first[len(first) // 2 :]
    print(
        f"memory: {first[0]:.0f} MB at the start, {max(warm):.0f} MB in the first round's second "
        f"half, {max(second):.0f} MB in the second round, {second[-1]:.0f} MB at its end"
    )
    wrong = faults(sites, found, rounds=2)
    if second[-1] > _FLAT * max(warm):
        wrong.append("memory grows")
    return wrong


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser(description="thousands of sources, some of which misbehave")
    parser.add_argument("--sources", type=int, default=2000)
    parser.add_argument("--hosts", type=int, default=200)
    parser.add_argument("--items", type=int, default=20)
    parser.add_argument("--bad", type=float, default=0.1, help="the share that misbehaves")
    parser.add_argument("--workers", type=int, default=32)
    parser.add_argument("--hasty", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        wrong = soak(options, Path(name))
    print(json.dumps(wrong[:20], ensure_ascii=False, indent=1) if wrong else "all as it must be")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
