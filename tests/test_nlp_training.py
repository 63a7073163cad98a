"""The training chain on toy sizes: what it reads, what it packs, how it goes on."""

import gzip
import json
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from nlp import agreement, packed, quality
from nlp.analyser import WEIGHTS, embedded_version
from nlp.backends import onnx_backend, torch_backend
from nlp.calibration import Calibration, WrongWeights, read
from nlp.encode import EOS, PAD, Window, encode, load_tokenizer, marked, pad, windows
from nlp.labels import Tone, Touchpoint
from nlp.training import augment, card, data, evaluate, losses, metrics
from nlp.training.config import Config, Stage

ROW = {
    "id": "1",
    "source": "syn_test",
    "text": "Персонал милый. Но очередь на час!",
    "tone": "mixed",
    "kind": "review",
    "intents": ["effort"],
    "touchpoints": [
        ["staff", "positive", "Персонал милый"],
        ["speed", "negative", "очередь на час"],
    ],
}


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return load_tokenizer(WEIGHTS / "tokenizer.json")


def test_labels_become_targets(tokenizer: Tokenizer) -> None:
    (example,) = data.examples([ROW], tokenizer, 200)
    assert example.opinions is not None
    staff, speed = (list(Touchpoint).index(Touchpoint(code)) for code in ("staff", "speed"))
    assert set(zip(*map(list, np.nonzero(example.opinions)), strict=True)) == {
        (0, 3 * staff + 2),
        (1, 3 * speed),
    }
    assert example.mixed
    assert example.intents is not None
    assert example.intents.tolist() == [0, 0, 0, 0, 1]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({"label": "negative", "stars": ""}, (1, 0, 0)),
        ({"label": "speech", "stars": ""}, None),
        ({"tone": "neutral"}, (0, 1, 0)),
    ],
)
def test_tone_targets(row: data.Row, expected: tuple[float, float, float] | None) -> None:
    assert data.tone_target(row) == expected


def test_three_stars_are_not_neutral() -> None:
    soft = data.tone_target({"label": "neutral", "stars": "3"})
    assert soft is not None
    assert soft[0] > soft[1]


def test_windows_hold_every_token_once(tokenizer: Tokenizer) -> None:
    (encoded,) = encode(tokenizer, ["Слово за слово. " * 40 + "а" * 3 + "бесконечность" * 60])
    cut = list(windows(encoded, 30))
    tokens = np.concatenate([window.ids[1:-1] for window in cut])
    assert tokens.tolist() == np.concatenate(encoded.pieces).tolist()
    assert max(len(window.ids) for window in cut) <= 32
    assert cut[-1].first + cut[-1].count == len(encoded.spans)
    ids, segment = pad(cut)
    assert (segment[ids == PAD] == -1).all()
    assert (segment[ids == EOS] == -1).all()


def test_metrics() -> None:
    assert metrics.macro_f1(np.array([0, 1, 2]), np.array([0, 1, 2])) == 1
    assert agreement.pair_f1([{1, 2}, set()], [{1}, {3}]) == pytest.approx(0.5)
    assert agreement.f1(0, 3, 2) == 0
    found = metrics.polar_f1(np.array([0, 1, 2]), np.array([0, 0, 2]))
    assert found == pytest.approx((2 / 3 + 1) / 2)
    low, high = metrics.interval(lambda sample: float(sample.mean()), 50)
    assert low < 24.5 < high
    sure = np.array([[0.9, 0.1], [0.9, 0.1]], np.float32)
    assert metrics.calibration_error(sure, np.array([0, 1])) == pytest.approx(0.4)
    assert metrics.best_threshold(sure[:, 0], np.array([True, True]), [0.5, 0.95])[0] == 0.5


def test_settings_of_other_labels_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    Calibration(layers=2, heads=12).write(path)
    assert read(path) == Calibration(layers=2, heads=12)
    content = json.loads(path.read_text())
    content["labels"]["kinds"].reverse()
    path.write_text(json.dumps(content))
    with pytest.raises(WrongWeights, match="меток"):
        read(path)


@pytest.fixture
def toy_base(tmp_path: Path) -> Path:
    """A random 12-layer base of width 24 with the shipped tokenizer."""
    from transformers import BertConfig, BertModel

    config = BertConfig(
        vocab_size=Tokenizer.from_file(str(WEIGHTS / "tokenizer.json")).get_vocab_size(),
        hidden_size=24,
        num_hidden_layers=12,
        num_attention_heads=12,
        intermediate_size=96,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(tmp_path / "base")
    (tmp_path / "base" / "tokenizer.json").write_bytes((WEIGHTS / "tokenizer.json").read_bytes())
    return tmp_path / "base"


def test_both_backends_read_the_packed_weights_alike(toy_base: Path, tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx", reason="the training extra is not installed")
    from nlp.training import graph, ranges, trainee

    network = trainee.from_base(toy_base, 3, 0.0)
    shipped = trainee.shipped(network.state_dict())
    state = {name: value.numpy() for name, value in shipped.items()}
    file = tmp_path / "model.safetensors"
    packed.save(state, file)
    back = packed.load(file)
    assert packed.layer_count(back) == 3
    for name, value in back.items():
        if "token_type" not in name and "position" not in name:
            assert np.abs(value - state[name]).max() <= np.abs(state[name]).max() / 120 + 1e-6
    ids = np.random.default_rng(0).integers(4, 1000, (3, 9))
    segment = np.array([[-1, 0, 0, 0, 1, 1, 2, 2, -1]] * 3)
    ids[1, 6:], segment[1, 6:] = PAD, -1
    seen = [Window(row, part, 0, 3) for row, part in zip(ids, segment, strict=True)]
    scales = ranges.measure(network.eval(), seen)
    onnx.save(graph.build(file, 3, 12, scales), tmp_path / "model.onnx")
    fast = onnx_backend(tmp_path, 1)(ids, segment)
    exact = torch_backend(back, Calibration(layers=3, heads=12), None)(ids, segment)
    for ours, theirs in zip(fast, exact, strict=True):
        assert ours.shape == theirs.shape
        assert np.abs(ours - theirs).max() < 0.1


@pytest.fixture
def corpora(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of a few invented rows, and a file of invented texts."""
    folder = tmp_path / "data"
    folder.mkdir()
    rows = [{**ROW, "text": f"{ROW['text']} Визит {n}"} for n in range(30)]
    (folder / "touchpoints_train.jsonl").write_text(_lines(rows), encoding="utf-8")
    (folder / "touchpoints_dev.jsonl").write_text(_lines(rows[:1]), encoding="utf-8")
    named = {**ROW, "text": "«Амбар» хуже", "touchpoints": [], "targets": [["Амбар", "negative"]]}
    (tmp_path / "invented").mkdir()
    (tmp_path / "invented" / "brands.jsonl").write_text(_lines([named]), encoding="utf-8")
    monkeypatch.setattr(data, "INVENTED", tmp_path / "invented")
    toned = [f"ozon,review,positive,5,Отличный товар номер {n}" for n in range(20)]
    tweets = [f"rusentitweet,tweet,speech,,С праздником номер {n}" for n in range(5)]
    head = "source,genre,label,stars,text"
    (folder / "rusentitweet_test.csv").write_text(head, encoding="utf-8")
    _zipped(folder / "tone_train.csv.gz", [head, *toned, *tweets])
    _zipped(folder / "unlabelled.csv.gz", ["source,text", "lamoda,Платье как платье"])
    aimed = "sentirueval2015,Хвалю Амбар от души,Амбар,6,positive"
    _zipped(folder / "targets_train.csv.gz", ["source,text,target,start,label", aimed])
    return folder


def _lines(rows: list[data.Row]) -> str:
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)


def _zipped(path: Path, lines: list[str]) -> None:
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write("\n".join(lines))


def test_yardsticks_are_never_trained_on(corpora: Path, tokenizer: Tokenizer) -> None:
    split = data.load(corpora, tokenizer, Config(dev_share=0.0))
    texts = [example.text for rows in split.train.values() for example in rows]
    assert f"{ROW['text']} Визит 0" not in texts
    assert len(texts) == 29 + 20 + 5 + 1 + 2  # the text of a named brand, and both brands
    rows = data.one_pass(split, {}, random.Random(1))
    cut = list(data.batches(rows, 200, random.Random(1)))
    assert sorted(e.text for batch in cut for e in batch) == sorted(texts)
    assert len(data.one_pass(split, {"ozon": 3}, random.Random(1))) == len(texts) - 17


def test_a_corpus_can_be_left_out(corpora: Path, tokenizer: Tokenizer) -> None:
    split = data.load(corpora, tokenizer, Config(dev_share=0.0), without=("ozon",))
    assert "ozon" not in split.train
    assert "rusentitweet" in split.train


def test_what_has_no_tone_teaches_none(corpora: Path, tokenizer: Tokenizer) -> None:
    split = data.load(corpora, tokenizer, Config(dev_share=0.0))
    greeting = split.train["rusentitweet"][0]
    assert greeting.tone is None
    assert greeting.tweet is not None
    assert greeting.tweet.tolist() == [0, 0, 0, 1, 0]
    (named,) = split.train["targets_syn_brands"]
    assert named.target is not None
    assert named.target.tolist() == [1, 0, 0]


def test_a_target_is_marked(tokenizer: Tokenizer) -> None:
    text = "Вчера «Амбар» обманул, а Морошка помогла. " * 40
    start = text.rindex("Морошка")
    window = marked(tokenizer, text, [(start, start + 7)], 60)
    inside = window.ids[window.segment == 0].tolist()
    assert inside[0] == inside[-1] == EOS
    assert tokenizer.decode(inside[1:-1]).strip() == "морошка"
    assert len(window.ids) == 62


@given(st.text(alphabet="абвгдеёжз АБВ.,!?—«»", max_size=80), st.integers(0, 99))
def test_spoiled_texts_keep_their_length(text: str, seed: int) -> None:
    assert len(augment.spoiled(text, random.Random(seed))) == len(text)


def test_spoiled_texts_keep_their_labels(corpora: Path, tokenizer: Tokenizer) -> None:
    split = data.load(corpora, tokenizer, Config(dev_share=0.0))
    config = Config(spoiled_share=1.0, max_tokens=60)
    long = {**ROW, "text": " ".join(f"{ROW['text']} Визит {n}." for n in range(30))}
    cut = list(data.examples([long] * 20, tokenizer, config.max_tokens))
    rows = [*split.train["labelled"], *split.train["targets_syn_brands"], *cut]
    worn = data.spoil(rows, tokenizer, config, random.Random(0))
    assert any((a.window.ids.shape != b.window.ids.shape) for a, b in zip(rows, worn, strict=True))
    for before, after in zip(rows, worn, strict=True):
        assert after.window.count == before.window.count
        assert after.opinions is before.opinions


def test_training_goes_on_from_its_checkpoint(
    corpora: Path,
    toy_base: Path,
    tmp_path: Path,
    tokenizer: Tokenizer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    from nlp.training import train, trainee

    # Chance inside a step is not part of a checkpoint: without it both ways must end alike.
    config = Config(batch_tokens=400, checkpoint_every=2, dev_share=0.2, token_dropout=0.0)
    split = data.load(corpora, tokenizer, config)
    stage = Stage("toy", 3, 2, {}, 1e-4, 1e-3)
    step, taken = train.Run.step, 0

    def cut_off(run: train.Run, batch: losses.Batch) -> float:
        nonlocal taken
        taken += 1
        if taken == 4:
            raise KeyboardInterrupt
        return step(run, batch)

    def run(name: str) -> torch.Tensor:
        torch.manual_seed(1)
        network = trainee.from_base(toy_base, 3, 0.0)
        train.train(network, split, tokenizer, tmp_path / name, stage, config)
        return network.tone.bias.detach()

    whole = run("whole")
    monkeypatch.setattr(train.Run, "step", cut_off)
    with pytest.raises(KeyboardInterrupt):
        run("cut")
    with caplog.at_level("INFO"):
        resumed = run("cut")
    assert "resumed at step 2" in caplog.text
    torch.testing.assert_close(resumed, whole)


def test_a_student_learns_what_its_teacher_says(
    corpora: Path, toy_base: Path, tmp_path: Path, tokenizer: Tokenizer
) -> None:
    from nlp.training import distill, train, trainee

    config = Config(batch_tokens=400, dev_share=0.0, spoiled_share=0.0, token_dropout=0.0)
    split = distill.pool(data.load(corpora, tokenizer, config), {"ozon": 2}, config)
    assert len(split.train["ozon"]) == 2 * config.taught_passes
    teacher = trainee.from_base(toy_base, 12, 0.0)
    split = distill.taught(split, teacher, config, tmp_path / "taught.npz")
    again = distill.taught(split, teacher, config, tmp_path / "taught.npz")
    rows = [row for own in split.train.values() for row in own]
    for row, same in zip(rows, (r for own in again.train.values() for r in own), strict=True):
        assert row.taught is not None
        assert same.taught is not None
        assert np.array_equal(row.taught[0], same.taught[0])
        assert len(row.taught[1]) == row.window.count
    student = trainee.from_teacher(teacher, toy_base, 3, 0.0)
    batch = losses.collate(rows, torch.device("cpu"))
    before = losses.loss(student, batch, config, 0.0).item()
    stage = Stage("toy", 3, 30, {}, 3e-3, 3e-3, hard_weight=0.0)
    train.train(student, split, tokenizer, tmp_path / "student", stage, config)
    assert losses.loss(student.eval(), batch, config, 0.0).item() < before


def test_the_card_tells_figures_of_the_present_weights_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluate, "FILE", tmp_path / "evaluation.json")
    gold, sure = np.array([0, 1, 2] * 9), np.eye(3, dtype=np.float32)
    weak, strong = (evaluate.tone_figures(gold, sure[guess]) for guess in (gold * 0, gold))
    part = {"gold": 4, "found": 2, "hit": 1, "f1": 1 / 3, "interval": (0.1, 0.5)}
    marks = dict.fromkeys(("n", *card.FIGURES), 0.25) | {
        "intervals": {"kind_accuracy": (0.2, 0.3)},
        "tone_f1": {"mixed": part},
        "touchpoints": {"price": part},
        "reliability": [{"low": 0.9, "high": 0.95, "n": 4, "hit": 3, "certainty": 0.925}],
    }
    live = {
        "tone": {"rusentne2023": weak},
        "targets": {"rusentne2023": strong},
        "rusentitweet_test": weak,
        "touchpoints_dev": marks,
        "demo": marks,
        "stability": {"опечатка": 0.125},
        "mistakes": [{"text": "a|b", "gold": "позитив", "found": "негатив"}],
        "train_rows": {"ozon": 5, "unlabelled_lamoda": 7, "targets_syn_brands": 9},
    }
    evaluate.write("live", live)
    evaluate.write("recorded", {"teacher, float32": {**live, "tone": {"rusentne2023": strong}}})
    told = (tmp_path / "CARD.md").read_text(encoding="utf-8")
    assert embedded_version() in told
    assert "0.250 [0.200–0.300]" in told
    assert "| mixed | 4 | 0.333 [0.100–0.500] | 4 |" in told
    assert "| demo | 0.90–0.95 | 4 | 0.925 | 0.750 |" in told
    assert "a\\|b" in told
    assert told.count("| rusentne2023 | 27 | 1.000") == 3  # two targets, the teacher's tone
    monkeypatch.setattr(evaluate, "embedded_version", lambda: "otklik-1-another")
    evaluate.write("live", live)
    assert set(evaluate.read()) == {"live"}
    assert "teacher" not in (tmp_path / "CARD.md").read_text(encoding="utf-8")


def test_the_app_tells_the_quality_of_the_shipped_weights() -> None:
    found = quality.read()
    assert found.version == embedded_version()
    for part in (found.customers, found.demo):
        for figure in (part.tone, part.kind, part.opinions, part.evidence):
            assert 0 < figure.low <= figure.value <= figure.high < 1
        right = sum(part.confusion[tone][tone] for tone in Tone)
        assert right / part.texts == pytest.approx(part.tone.value, abs=1e-4)
        assert sum(own.hit for own in part.sources.values()) == right
        assert sum(own.hit for own in part.reliability) == right
        for tone, tally in part.tones.items():
            assert tally.gold == sum(part.confusion[tone].values())
            assert tally.found == sum(row[tone] for row in part.confusion.values())
    assert found.agreement["tone_accuracy"] > found.customers.tone.value
