"""A process that dies at any moment loses and doubles nothing (the bench does it 20 times)."""

import subprocess
import sys
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from demo import exports, stream

ROOT = Path(__file__).parent.parent


def test_kill_in_the_middle_then_rerun(tmp_path: Path) -> None:
    exports.write(tmp_path, stream.entries(date(2026, 11, 1), ZoneInfo("Europe/Moscow")))
    result = subprocess.run(
        [sys.executable, ROOT / "bench" / "kill.py", tmp_path / "maps.csv", "--times", "3"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "mentions: 326 rows" in result.stdout
