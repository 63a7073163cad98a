"""kill -9 in the middle of import and of analysis, then rerun: nothing lost, nothing doubled.

    python bench/kill.py FILE [--times 20] [--seed 1]

Runs `otklik import` and `otklik analyse` on FILE undisturbed, then again on another database
while killing the process at random moments of its run, and compares what is stored at the end:
every mention with its labels, every opinion, both roll-ups. Exit code 1 where they differ.
"""

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

#: What must be equal; keys are natural, so that row ids may differ.
FACTS = {
    "mentions": """select m.external_id, m.content_hash, m.day, b.code, mb.tone,
        mb.target_tone, mb.kind
        from mention m join mention_brand mb on mb.mention_id = m.id
        join brand b on b.id = mb.brand_id order by 1, 4""",
    "analyses": "select count(*), count(distinct mention_id) from analysis",
    "opinions": """select m.external_id, o.touchpoint, o.tone, o.start, o."end"
        from opinion o join mention m on m.id = o.mention_id order by 1, 2, 3, 4, 5""",
    "revisions": "select count(*) from mention_revision",
    "mention roll-up": """select b.code, d.day, d.tone, d.kind, d.rating, d.n, d.churn
        from mention_daily d join brand b on b.id = d.brand_id order by 1, 2, 3, 4, 5""",
    "opinion roll-up": """select b.code, d.day, d.touchpoint, d.tone, d.rating, d.voice, d.n
        from opinion_daily d join brand b on b.id = d.brand_id order by 1, 2, 3, 4, 5, 6""",
}


def command(folder: Path, *words: str) -> list[str]:
    """The same `otklik` that this interpreter has."""
    return [sys.executable, "-m", "otklik.cli", *words, "--config", str(folder / "config.yaml")]


def run(folder: Path, *words: str) -> float:
    """Run to the end; seconds."""
    started = time.monotonic()
    subprocess.run(command(folder, *words), check=True, capture_output=True, cwd=folder)
    return time.monotonic() - started


def killed(folder: Path, after: float, *words: str) -> bool:
    """Start, kill -9 after so many seconds; False where it had ended by itself."""
    process = subprocess.Popen(
        command(folder, *words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder
    )
    try:
        process.wait(after)
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        return True
    return False


def new_house(parent: Path, name: str) -> Path:
    """A fresh folder with its own config and database."""
    folder = parent / name
    subprocess.run(
        [sys.executable, "-m", "otklik.cli", "init", str(folder)], check=True, capture_output=True
    )
    return folder


def facts(folder: Path) -> dict[str, tuple[int, str]]:
    """Rows and digest of everything that must be equal."""
    with sqlite3.connect(folder / "otklik.db") as db:
        rows = {name: db.execute(query).fetchall() for name, query in FACTS.items()}
    return {
        name: (len(found), hashlib.sha256(json.dumps(found).encode()).hexdigest()[:12])
        for name, found in rows.items()
    }


def disturb(folder: Path, seconds: float, times: int, *words: str) -> int:
    """Kill the step ``times`` times while it runs; how often it came to its end before.

    One that came to its end starts over from where it began, so that every kill hits work.
    """
    start = folder.with_name("start")
    shutil.rmtree(start, ignore_errors=True)
    shutil.copytree(folder, start)
    hits = ends = 0
    while hits < times:
        if killed(folder, random.uniform(0.1, seconds), *words):
            hits += 1
        else:
            ends += 1
            shutil.rmtree(folder)
            shutil.copytree(start, folder)
    return ends


def main() -> int:
    """Compare a disturbed run with an undisturbed one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    random.seed(arguments.seed)
    file = str(arguments.file.absolute())
    with tempfile.TemporaryDirectory() as temporary:
        calm, shaken = (new_house(Path(temporary), name) for name in ("calm", "shaken"))
        for words in (("import", file, "--source", "reviews"), ("analyse",)):
            seconds = run(calm, *words)
            ends = disturb(shaken, seconds, arguments.times, *words)
            run(shaken, *words)
            print(
                f"{words[0]}: {seconds:.1f} s undisturbed; killed {arguments.times} times, "
                f"came to its end {ends} times in between",
                flush=True,
            )
        expected, found = facts(calm), facts(shaken)
    for name in FACTS:
        verdict = "same" if expected[name] == found[name] else f"DIFFERENT: {expected[name]}"
        print(f"{name}: {found[name][0]} rows, digest {found[name][1]}: {verdict}")
    return int(expected != found)


if __name__ == "__main__":
    sys.exit(main())
