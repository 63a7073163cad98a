"""The training chain on toy sizes: what it reads, what it packs, how it goes on."""

import gzip
import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from nlp import packed
from nlp.analyser import WEIGHTS
from nlp.backends import onnx_backend, torch_backend
from nlp.calibration import Calibration, WrongWeights, read
from nlp.encode import EOS, PAD, Window, encode, load_tokenizer, pad, windows
from nlp.labels import Touchpoint
from nlp.training import data, metrics
from nlp.training.config import Config

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
    assert example.tone[0] == example.tone[2] > example.tone[1]
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
    assert metrics.pair_f1([{1, 2}, set()], [{1}, {3}]) == pytest.approx(0.5)
    assert metrics.f1(0, 3, 2) == 0
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
    from nlp.training import graph, ranges, train

    network = train.start(toy_base, Config(layers=3))
    state = {name: value.numpy() for name, value in network.state_dict().items()}
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


def write_corpora(folder: Path) -> None:
    """A data folder of a few invented rows."""
    folder.mkdir()
    rows = [{**ROW, "text": f"{ROW['text']} Визит {n}"} for n in range(30)]
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    (folder / "touchpoints_train.jsonl").write_text(lines, encoding="utf-8")
    (folder / "touchpoints_dev.jsonl").write_text(lines.split("\n")[0], encoding="utf-8")
    text = "source,genre,label,stars,text\n" + "".join(
        f"ozon,review,positive,5,Отличный товар номер {n}\n" for n in range(20)
    )
    (folder / "rusentitweet_test.csv").write_text(text.split("\n")[0], encoding="utf-8")
    with gzip.open(folder / "tone_train.csv.gz", "wt", encoding="utf-8") as file:
        file.write(text)


def test_yardsticks_are_never_trained_on(tmp_path: Path, tokenizer: Tokenizer) -> None:
    write_corpora(tmp_path / "data")
    split = data.load(tmp_path / "data", tokenizer, Config(dev_share=0.0))
    texts = [example.text for rows in split.train.values() for example in rows]
    assert f"{ROW['text']} Визит 0" not in texts
    assert len(texts) == 29 + 20
    rows = data.one_pass(split, random.Random(1))
    cut = list(data.batches(rows, 200, random.Random(1)))
    assert sorted(e.text for batch in cut for e in batch) == sorted(texts)


def test_training_goes_on_from_its_checkpoint(toy_base: Path, tmp_path: Path) -> None:
    from nlp.training import train

    write_corpora(tmp_path / "data")
    config = Config(layers=3, passes=2, batch_tokens=400, checkpoint_every=2, dev_share=0.2)
    whole = train.train(tmp_path / "data", toy_base, tmp_path / "one", config)
    train.train(tmp_path / "data", toy_base, tmp_path / "two", replace(config, passes=1))
    resumed = train.train(tmp_path / "data", toy_base, tmp_path / "two", config)
    assert whole.exists()
    assert resumed.exists()
