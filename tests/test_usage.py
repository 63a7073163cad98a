"""What the command line says to a mistyped command, in the user's words."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from server import serving
from typer.testing import CliRunner

from otklik.cli import app
from otklik.config import load
from otklik.house import open_house
from otklik.messages import ConfigError
from storage import queries

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("inti", "Нет команды «inti». Может быть, init?"),
        ("отчёт", "Нет команды «отчёт»."),
        ("crawl --form 2026-01-01", "Нет параметра --form. Может быть, --from"),
        ("crawl x --from 01.01.2026", "--from пишется как 2026-01-31."),
        ("init --brand", "После --brand нужно значение."),
        ("check --json=1", "После --json значения не бывает."),
        ("init a b", "Лишнее в команде: b."),
        ("forget", "Не хватает: author."),
        ("serve --port восемь", "После --port нужно целое число."),
        ("hooks --port 99999", "--port: недопустимое число, граница — 65535."),
    ],
)
def test_wrong_use(words: str, told: str) -> None:
    result = CliRunner().invoke(app, words.split())
    assert result.exit_code == 2
    assert told in result.stderr
    assert "--help" in result.stderr or words.startswith(("init --", "check --"))


def test_no_command_is_a_call_for_help() -> None:
    result = CliRunner().invoke(app, [])
    assert result.exit_code == 2
    assert "Команды" in result.stdout
    assert "Нет команды" not in result.output


#: The same command where the tests themselves run with Ctrl+C ignored, as background jobs do.
INTERRUPTIBLE = """
import signal
import socket
signal.signal(signal.SIGINT, signal.default_int_handler)
from otklik.cli import main
main()
"""


def test_an_interrupted_crawl_says_that_nothing_is_lost(tmp_path: Path) -> None:
    with serving() as server:
        source = f"{{name: a, type: feed, url: '{server.url}/silent'}}"
        config = f"http: {{allow_private: [127.0.0.1]}}\nsources: [{source}]"
        (tmp_path / "config.yaml").write_text(config, encoding="utf-8")
        crawl = subprocess.Popen(
            [sys.executable, "-c", INTERRUPTIBLE, "crawl"],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            deadline = time.monotonic() + 120
            while not server.times["/silent"] and time.monotonic() < deadline:
                time.sleep(0.02)
            crawl.send_signal(signal.SIGINT)
            _, said = crawl.communicate(timeout=60)
        finally:
            crawl.kill()
    assert crawl.returncode == 130
    assert "Прервано. Сделанное сохранено" in said
    assert "Traceback" not in said


def test_a_port_that_is_taken_is_told(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("brands: []", encoding="utf-8")
    config = str(tmp_path / "config.yaml")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        words = ["serve", "--headless", "--port", str(port), "-c", config]
        with pytest.raises(ConfigError, match=f"порт {port} занят"):
            CliRunner().invoke(app, words, catch_exceptions=False)


@pytest.mark.parametrize("words", ["export --out .", "import .", "import нет.csv"])
def test_what_is_no_file_is_told(words: str, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("brands: []", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"нужен файл|нет"):
        CliRunner().invoke(
            app, [*words.split(), "-c", str(tmp_path / "config.yaml")], catch_exceptions=False
        )
    with open_house(load(tmp_path / "config.yaml")).db.read() as session:
        assert queries.status(session, "any")["sources"] == []
