"""Sources of every sort of misbehaviour at once, and two workers that must share a host's patience.

The bench does the first with 2 000 sources and the second beside a measurement.
"""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest
from feeds import publishing

from collectors.http import Http
from collectors.politeness import Limits

BENCH = Path(__file__).parent.parent / "bench"
Ended = subprocess.CompletedProcess[str]
BENCHES = {
    "soak.py": "--sources 60 --hosts 10 --items 10 --workers 8 --bad 0.25 --hasty",
    "crawl.py": "--rounds 0",
}


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Ended]:
    """The benches, run side by side."""
    folder = tmp_path_factory.mktemp("benches")

    def run(script: str) -> Ended:
        return subprocess.run(
            [sys.executable, BENCH / script, *BENCHES[script].split()],
            capture_output=True,
            text=True,
            check=False,
            cwd=folder,
        )

    with ThreadPoolExecutor(len(BENCHES)) as pool:
        return dict(zip(BENCHES, pool.map(run, BENCHES), strict=True))


def told(ended: Ended) -> str:
    """What a bench printed; it must have found all as it must be."""
    assert ended.returncode == 0, ended.stdout + ended.stderr[-3000:]
    return ended.stdout


def test_misbehaving_sources_cost_the_others_nothing(ended: dict[str, Ended]) -> None:
    printed = told(ended["soak.py"])
    assert "450 items stored" in printed
    assert "all as it must be" in printed


def test_two_workers_keep_the_delay_of_a_host(ended: dict[str, Ended]) -> None:
    assert "kept" in told(ended["crawl.py"])


def test_threads_at_one_host_keep_its_delay() -> None:
    door = Http(Limits(delay=0.1, allow_private=True))
    with publishing(delay=0.02) as site, ThreadPoolExecutor(6) as pool:
        list(pool.map(door.get, [f"{site.url}/{n}" for n in range(12)]))
        began = sorted(visit.began for visit in site.visits)
    assert len(began) == 12
    assert min(b - a for a, b in pairwise(began)) >= 0.1
