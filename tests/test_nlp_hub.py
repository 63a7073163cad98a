"""A transformers model by name or folder: its tone, our opinions."""

from pathlib import Path

import pytest

from nlp.analyser import Analyser, ModelUnavailable, UnknownLabels, load
from nlp.analysis import Analysis

TEXTS = ["Плохо, обманули", "Хорошо и быстро", "слово " * 1500, "\ud800 лишь буква", ""]
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "плохо", "хорошо", "слово", "и", "быстро", ","]


def make(folder: Path, labels: list[str]) -> Path:
    """A tiny random BERT classifier, as ``save_pretrained`` leaves it."""
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizer

    folder.mkdir()
    (folder / "vocab.txt").write_text("\n".join(WORDS), encoding="utf-8")
    config = BertConfig(
        vocab_size=len(WORDS),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
        num_labels=len(labels),
        id2label=dict(enumerate(labels)),
        label2id={label: number for number, label in enumerate(labels)},
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    BertTokenizer(str(folder / "vocab.txt")).save_pretrained(folder)
    return folder


def test_known_labels_in_any_order(tmp_path: Path, analyser: Analyser) -> None:
    foreign = load(str(make(tmp_path / "foreign", ["POSITIVE", "NEUTRAL", "NEGATIVE"])))
    assert foreign.version.startswith(f"{analyser.version}+foreign-")
    for ours, theirs in zip(analyser.analyse(TEXTS), foreign.analyse(TEXTS), strict=True):
        assert isinstance(ours, Analysis)
        assert isinstance(theirs, Analysis)
        assert sum(theirs.tone_scores) == pytest.approx(1, abs=1e-4)
        assert (theirs.kind, theirs.opinions) == (ours.kind, ours.opinions)


def test_mapped_labels_add_up(tmp_path: Path) -> None:
    folder = str(make(tmp_path / "two", ["LABEL_0", "LABEL_1"]))
    mapped = load(folder, labels={"LABEL_0": "negative", "label_1": "positive"})
    same = load(folder, labels={"LABEL_0": "negative", "LABEL_1": "positive"})
    other = load(folder, labels={"LABEL_0": "positive", "LABEL_1": "negative"})
    assert mapped.version == same.version != other.version
    (result,) = mapped.analyse(["хорошо"])
    (turned,) = other.analyse(["хорошо"])
    assert isinstance(result, Analysis)
    assert isinstance(turned, Analysis)
    assert result.tone_scores[1] == 0
    assert result.tone_scores == pytest.approx(turned.tone_scores[::-1], abs=1e-5)


def test_unknown_labels_say_what_to_configure(tmp_path: Path) -> None:
    folder = str(make(tmp_path / "odd", ["LABEL_0", "LABEL_1", "LABEL_2"]))
    with pytest.raises(UnknownLabels, match=r"nlp\.labels.*LABEL_0"):
        load(folder)
    with pytest.raises(UnknownLabels, match="neutral"):
        load(folder, labels={"LABEL_0": "negative", "LABEL_1": "злой", "LABEL_2": "positive"})


def test_a_model_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    (tmp_path / "empty").mkdir()
    for name in (str(tmp_path / "empty"), str(tmp_path / "missing"), "no-such/model-anywhere"):
        with pytest.raises(ModelUnavailable, match=r"config\.yaml"):
            load(name)
