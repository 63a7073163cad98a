"""The quality gate: floors that the shipped weights hold on texts they never saw.

Two sets of the project's own: ``eval/syn_dev.jsonl``, invented and labelled by the taxonomy, and
``eval/challenge.jsonl``, written by hand to be hard. ``eval/floors.json`` is their history.
"""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from nlp.analyser import Analyser
from nlp.training import data, floors, gate
from nlp.training.floors import Entry, Measured, ReasonNeeded

HISTORY = floors.read(gate.FLOORS)
LAST = HISTORY[-1]
#: Digest of the first entry: a history that is started anew shows here.
BEGINNING = "fb5783b9e9ca5fed361aad9081aeb8b5b08c6e7f00c96b8d95a27588f009c7fc"
RERUN = "run python -m nlp.training.gate"
ROOT = Path(__file__).parent.parent


def git(*words: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(["git", *words], capture_output=True, text=True, cwd=ROOT)
    except FileNotFoundError:
        return subprocess.CompletedProcess(words, 1, "", "git is not installed")


@pytest.fixture(scope="module")
def figures(analyser: Analyser) -> dict[str, Measured]:
    return gate.measure(analyser)


def test_the_history_is_sound() -> None:
    assert floors.problems(HISTORY) == []
    assert HISTORY[0].digest() == BEGINNING


def test_no_committed_entry_is_gone(tmp_path: Path) -> None:
    name = gate.FLOORS.relative_to(ROOT).as_posix()
    log = git("log", "--diff-filter=AM", "--format=%H", "--", name)
    if log.returncode:
        pytest.skip("no git history here")
    for commit in log.stdout.split():
        old = tmp_path / commit
        old.write_text(git("show", f"{commit}:{name}").stdout, encoding="utf-8")
        known = floors.read(old)
        assert HISTORY[: len(known)] == known, f"an entry of {commit} was taken away or edited"


def test_these_sets_were_measured() -> None:
    assert LAST.evaluations == gate.evaluations(), f"an evaluation set changed: {RERUN}"


def test_these_weights_were_measured(analyser: Analyser) -> None:
    assert LAST.weights == analyser.version, f"the weights changed: {RERUN}"


def test_every_figure_has_its_floor(figures: dict[str, Measured]) -> None:
    assert figures.keys() == LAST.floors.keys() == LAST.figures.keys()


@pytest.mark.parametrize("name", LAST.floors)
def test_floor(figures: dict[str, Measured], name: str) -> None:
    found = figures[name]
    assert found.value >= LAST.floors[name]
    assert found.value == pytest.approx(LAST.figures[name].value, abs=found.slack), RERUN


@pytest.mark.parametrize("path", [gate.LABELLED, gate.CHALLENGE], ids=lambda path: path.stem)
def test_no_text_was_trained_on(path: Path) -> None:
    texts = [data.key(row["text"]) for row in data.read_jsonl(path) if data.key(row["text"])]
    assert len(set(texts)) == len(texts)
    assert not set(texts) & {data.key(row["text"]) for row in data.invented()}


SETS = {"one": "digest"}
START = floors.follow(None, "first", SETS, {"one/a": Measured(0.8, 100)}, None)


def after(value: float, reason: str | None = None) -> Entry:
    return floors.follow(START, "second", SETS, {"one/a": Measured(value, 100)}, reason)


def test_floors_rise_with_the_figures_and_stay_when_these_sag() -> None:
    assert START.floors == {"one/a": 0.78}
    assert after(0.9).floors == {"one/a": 0.88}
    assert after(0.79).floors == {"one/a": 0.78}


def test_a_lower_floor_needs_a_reason() -> None:
    with pytest.raises(ReasonNeeded, match=r"one/a fell to 0\.7"):
        after(0.7)
    lowered = after(0.7, "half the size, as decided")
    assert lowered.floors == {"one/a": 0.68}
    assert floors.problems([START, lowered]) == []


@pytest.mark.parametrize(
    ("sets", "measured", "loss"),
    [
        ({"one": "other"}, {"one/a": Measured(0.9, 100)}, "set one changed"),
        ({}, {"one/a": Measured(0.9, 100)}, "set one changed or gone"),
        (SETS, {"one/b": Measured(0.9, 100)}, "one/a is measured no more"),
    ],
)
def test_so_does_whatever_cannot_be_compared(
    sets: dict[str, str], measured: dict[str, Measured], loss: str
) -> None:
    with pytest.raises(ReasonNeeded, match=loss):
        floors.follow(START, "second", sets, measured, None)


@pytest.mark.parametrize(
    ("first", "second", "problem"),
    [
        (START, replace(after(0.9), floors={"one/a": 0.5}), "do not follow"),
        (START, replace(after(0.7, "why"), reason=None), "no reason given"),
        (replace(START, floors={"one/a": 0.1}), after(0.9), "do not follow"),
        (replace(START, weights="renamed"), after(0.9), "was edited"),
    ],
)
def test_a_history_edited_by_hand_is_found_out(first: Entry, second: Entry, problem: str) -> None:
    assert any(problem in found for found in floors.problems([first, second]))


def test_recording(tmp_path: Path, figures: dict[str, Measured]) -> None:
    path = tmp_path / "floors.json"
    first = gate.record(path, "first", figures, None)
    assert gate.record(path, "first", figures, None) == first
    assert floors.read(path) == [first]
    worse = {name: replace(found, value=0.0) for name, found in figures.items()}
    with pytest.raises(ReasonNeeded):
        gate.record(path, "second", worse, None)
    second = gate.record(path, "second", worse, "to see the floors fall")
    assert floors.read(path) == [first, second]
    path.write_text(path.read_text(encoding="utf-8").replace('"first"', '"fist"'), encoding="utf-8")
    with pytest.raises(ValueError, match="was edited"):
        gate.record(path, "third", figures, None)
