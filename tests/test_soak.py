"""Sources of every sort of misbehaviour at once, and two workers that must share a host's patience.

The bench does the first with 2 000 sources and the second beside a measurement.
"""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

from feeds import publishing

from collectors.http import Http
from collectors.politeness import Limits

BENCH = Path(__file__).parent.parent / "bench"


def run(folder: Path, script: str, *words: str) -> str:
    """What a bench printed; it must have found all as it must be."""
    result = subprocess.run(
        [sys.executable, BENCH / script, *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    assert result.returncode == 0, result.stdout + result.stderr[-3000:]
    return result.stdout


def test_misbehaving_sources_cost_the_others_nothing(tmp_path: Path) -> None:
    shape = ["--sources", "60", "--hosts", "10", "--items", "10", "--workers", "8"]
    told = run(tmp_path, "soak.py", *shape, "--bad", "0.25", "--hasty")
    assert "450 items stored" in told
    assert "all as it must be" in told


def test_two_workers_keep_the_delay_of_a_host(tmp_path: Path) -> None:
    told = run(tmp_path, "crawl.py", "--rounds", "0")
    assert "kept" in told


def test_threads_at_one_host_keep_its_delay() -> None:
    door = Http(Limits(delay=0.1, allow_private=True))
    with publishing(delay=0.02) as site, ThreadPoolExecutor(6) as pool:
        list(pool.map(door.get, [f"{site.url}/{n}" for n in range(12)]))
        began = sorted(visit.began for visit in site.visits)
    assert len(began) == 12
    assert min(b - a for a, b in pairwise(began)) >= 0.1
