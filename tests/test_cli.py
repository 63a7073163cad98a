"""The command line as its user meets it: whole processes, real files, the embedded model."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from typer.testing import CliRunner

from otklik.cli import app, main

ROOT = Path(__file__).parent.parent


def otklik(
    *words: str, cwd: Path, text: str | None = None, code: int = 0
) -> subprocess.CompletedProcess[str]:
    """Run the command; demands its exit code and that no traceback reaches the screen."""
    result = subprocess.run(
        [sys.executable, "-m", "otklik.cli", *words],
        cwd=cwd,
        input=text,
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": str(cwd)},
        check=False,
    )
    assert result.returncode == code, result.stdout + result.stderr
    assert "Traceback" not in result.stdout + result.stderr
    return result


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of one's own with a few real-looking reviews imported and analysed."""
    folder = tmp_path_factory.mktemp("house")
    otklik("init", "--brand", "Лавка «Уют»", cwd=folder)
    (folder / "reviews.csv").write_text(REVIEWS, encoding="utf-8")
    otklik("import", "reviews.csv", cwd=folder)
    otklik("analyse", cwd=folder)
    return folder


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as `otklik init` leaves it, to be copied."""
    folder = tmp_path_factory.mktemp("begun")
    otklik("init", cwd=folder)
    return folder


@pytest.fixture
def fresh(begun: Path, tmp_path: Path) -> Path:
    """A folder of one's own after `otklik init`."""
    shutil.copytree(begun, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture(scope="module")
def exported(house: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The files that the house exports, by form."""
    folder = tmp_path_factory.mktemp("exported")
    files = {form: folder / f"out.{form}" for form in ("jsonl", "csv", "xlsx")}
    for form, file in files.items():
        otklik("export", "--format", form, "--out", str(file), cwd=house)
    return files


REVIEWS = """Текст отзыва;Дата;Оценка;Компания
"Ужасная доставка: курьер опоздал на три часа
и нахамил по телефону.";2026-03-01;1;Лавка Уют
Отличный магазин, вежливый персонал;5 марта 2026;5;Лавка Уют
Отличный магазин, вежливый персонал;5 марта 2026;5;Лавка Уют
Не хватает тёплых вещей;вчера;;Соседи
"""


def status(folder: Path) -> dict[str, object]:
    """What `otklik status --json` says, without a process of its own."""
    told = CliRunner().invoke(app, ["status", "--json", "--config", str(folder / "config.yaml")])
    assert told.exit_code == 0, told.output
    return json.loads(told.stdout)


def test_a_file_travels_to_labels(house: Path) -> None:
    figures = json.loads(otklik("status", "--json", cwd=house).stdout)
    assert {key: figures[key] for key in ("mentions", "analysed", "pending", "failed")} == {
        "mentions": 4,
        "analysed": 4,
        "pending": 0,
        "failed": 0,
    }
    assert figures["sources"][0]["name"] == "reviews"


def test_a_second_import_stores_nothing_new(house: Path) -> None:
    before = status(house)["mentions"]
    again = json.loads(otklik("import", "reviews.csv", "--json", cwd=house).stdout)
    assert (again["new"], again["unchanged"]) == (0, 4)
    assert status(house)["mentions"] == before


def test_a_file_that_is_no_table_leaves_nothing_behind(fresh: Path) -> None:
    (fresh / "photo.csv").write_bytes(bytes(range(256)) * 200)
    told = otklik("import", "photo.csv", cwd=fresh, code=1)
    assert "не таблица" in told.stderr
    assert status(fresh)["sources"] == []


@pytest.mark.parametrize("form", ["jsonl", "csv", "xlsx"])
def test_export_reads_back_by_import(exported: dict[str, Path], fresh: Path, form: str) -> None:
    otklik("import", str(exported[form]), "--source", "again", cwd=fresh)
    assert status(fresh)["mentions"] == 4


def test_repeats_of_an_export_are_no_reposts_of_an_import(
    house: Path, exported: dict[str, Path]
) -> None:
    """A group is found anew by who imports; its size is not what a site says of reposts."""
    for form in ("jsonl", "csv"):
        file = str(exported[form])
        shown = json.loads(otklik("import", file, "--dry-run", "--json", cwd=house).stdout)
        columns = {"repeats", "is_repeat"} if form == "jsonl" else {"Повторов", "Это повтор"}
        assert columns <= set(shown["unmapped"])


def test_dry_run_tells_what_is_understood_and_stores_nothing(fresh: Path) -> None:
    (fresh / "reviews.csv").write_text(REVIEWS, encoding="cp1251")
    shown = otklik("import", "reviews.csv", "--dry-run", cwd=fresh)
    assert "cp1251" in shown.stdout + shown.stderr
    assert status(fresh)["mentions"] == 0


def test_broken_rows_are_listed_and_their_neighbours_stay(fresh: Path) -> None:
    rows = ['{"text": "хорошо", "id": 1}', "{broken", '{"text": "", "id": 3}', '{"text": "ок"}']
    (fresh / "rows.jsonl").write_text("\n".join(rows), encoding="utf-8")
    shown = otklik("import", "rows.jsonl", cwd=fresh)
    assert "2" in shown.stderr
    assert status(fresh)["mentions"] == 2


def test_classify_answers_every_line_in_order(tmp_path: Path) -> None:
    lines = [
        json.dumps({"id": 1, "text": "Курьер нахамил, еда холодная"}, ensure_ascii=False),
        "not json",
        json.dumps({"id": 3}),
        json.dumps({"id": 4, "text": ""}),
        json.dumps({"id": 5, "text": "😀 Прекрасный вежливый персонал!"}, ensure_ascii=False),
        json.dumps({"id": 6, "text": "\ud800 half a pair"}),
        '{"id": NaN, "text": "x"}',
    ]
    result = otklik("classify", "-", cwd=tmp_path, text="\n".join(lines) + "\n", code=1)
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(answers) == len(lines)
    assert [answer.get("id") for answer in answers] == [1, None, 3, 4, 5, 6, None]
    assert "error" in answers[1]
    assert "error" in answers[2]
    assert answers[0]["tone"] == "negative"
    assert answers[4]["tone"] == "positive"
    assert abs(sum(answers[0]["tone_scores"].values()) - 1) < 0.01
    for answer in answers:
        for opinion in answer.get("opinions", ()):
            start, end = opinion["start"], opinion["end"]
            assert answer["text"][start:end] == opinion["quote"] != ""


def test_classify_tells_the_tone_towards_a_target(tmp_path: Path) -> None:
    text = "Ушёл из Морошки в Ambar24: в морошке грубят"
    asked = ["Морошка", "moroshka", "Амбар24", "Купец", "!!!", "", None, 5, ["Морошка"]]
    lines = [json.dumps({"text": text, "target": target}) for target in asked]
    result = otklik("classify", cwd=tmp_path, text="\n".join([*lines, '{"text": "x"}']), code=1)
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    towards = [answer.get("target_tone", "no key") for answer in answers]
    tones = {"negative", "neutral", "positive"}
    assert set(towards[:3]) <= tones
    # Null where the text does not name the target, no key where none is asked about.
    assert towards[3:] == [None, None, *["no key"] * 5]
    assert ["target" in answer.get("error", "") for answer in answers[7:]] == [True, True, False]
    assert answers[0]["tone"] == answers[5]["tone"]


def test_classify_plain(tmp_path: Path) -> None:
    result = otklik("classify", "--plain", cwd=tmp_path, text="Хорошо\nПлохо\n")
    assert [json.loads(line)["text"] for line in result.stdout.splitlines()] == ["Хорошо", "Плохо"]


def test_crawl_of_a_misconfigured_source_is_an_outcome(fresh: Path) -> None:
    config = fresh / "config.yaml"
    text = config.read_text(encoding="utf-8").replace(
        "sources: []",
        "sources:\n  - {name: a, type: feed, ulr: 'https://x.ru'}\n"
        "  - {name: b, type: feed, url: 'https://x.ru/${NO_SUCH_KEY}'}\n"
        "  - {name: c, type: fead}",
    )
    config.write_text(text, encoding="utf-8")
    shown = otklik("crawl", cwd=fresh, code=1).stderr
    assert "sources[0].ulr" in shown
    assert "«url»" in shown
    assert "NO_SUCH_KEY" in shown
    assert "feed" in shown
    assert [s["last_outcome"]["status"] for s in status(fresh)["sources"]] == ["needs_human"] * 3  # type: ignore[attr-defined]
    otklik("check", cwd=fresh, code=1)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("import", "missing.csv"), "missing.csv"),
        (("crawl", "nobody"), "nobody"),
        (("import", "config.yaml", "--brand", "zzz"), "zzz"),
        (("import", "config.yaml", "--column", "text"), "поле=столбец"),
        (("export", "--format", "doc"), "jsonl"),
        (("classify", "missing.txt"), "missing.txt"),
        (("nonsense",), "nonsense"),
        (("init",), "уже есть"),
    ],
)
def test_wrong_use_is_told_in_words(
    house: Path,
    words: tuple[str, ...],
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(house)
    monkeypatch.setattr(sys, "argv", ["otklik", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code in {1, 2}
    told = capsys.readouterr().err
    assert says in told
    assert "Traceback" not in told


def test_a_model_that_is_not_there_is_told(fresh: Path) -> None:
    with (fresh / "config.yaml").open("a", encoding="utf-8") as config:
        config.write("nlp: {model: no-such-folder/no-such-model}\n")
    shown = otklik("analyse", cwd=fresh, code=2).stderr
    assert "nlp.model" in shown
    assert "no-such-model" in shown


@pytest.mark.parametrize("words", [(), ("--headless",)])
def test_serve_answers_on_a_fresh_machine(house: Path, words: tuple[str, ...]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "otklik.cli", "serve", "--port", str(port), *words],
        cwd=house,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": str(house)},
    )
    try:
        assert answers(f"http://localhost:{port}/_stcore/health", server)
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)


def answers(url: str, server: subprocess.Popen[bytes]) -> bool:
    """Whether the address answers before the server gives up or a minute has passed."""
    deadline = time.monotonic() + 60
    while server.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            time.sleep(0.2)
    return False


def test_help_answers_at_once(tmp_path: Path) -> None:
    started = time.monotonic()
    shown = otklik("--help", cwd=tmp_path).stdout
    assert "classify" in shown
    # The bar is one second; a busy machine gets some more before this means a heavy import.
    assert time.monotonic() - started < 5


def test_the_demo_is_analysed_to_the_last_mention(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_bytes((ROOT / "config.yaml").read_bytes())
    otklik("demo", "--no-serve", cwd=tmp_path)
    figures = status(tmp_path)
    assert figures["mentions"] == 1250
    assert figures["analysed"] == 1250
    assert figures["pending"] == 0
    otklik("demo", "--no-serve", cwd=tmp_path)
    assert status(tmp_path)["mentions"] == 1250
