"""The weights file: int8 matrices with a scale per output, shared by both backends.

``model.safetensors`` holds each large matrix as inputs × outputs int8 (embeddings: rows × width)
beside its float32 ``.scale``. The ONNX graph points into the file; the torch backend and the
training read it through this module. Weights stay within 7 bits: processors without VNNI add
pairs of products in 16 bits, and full int8 would overflow there without a word.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

Array = NDArray[np.float32]
State = dict[str, Array]

LIMIT = 63
HEADS = ("tone", "kind", "intent", "opinion", "target")
_LAYER = "encoder.encoder.layer"
_EMBEDDINGS = "encoder.embeddings"
_NORMS = {
    "out.norm": "attention.output.LayerNorm",
    "down.norm": "output.LayerNorm",
}
_MATRICES = {
    "out": "attention.output.dense",
    "up": "intermediate.dense",
    "down": "output.dense",
}
_QKV = ("query", "key", "value")


def _quantise(matrix: Array, limit: int, axis: int) -> tuple[NDArray[np.int8], Array]:
    """``matrix`` / scale rounded to −limit…limit, one scale along the other axis."""
    scale = np.abs(matrix).max(axis=axis, keepdims=True) / limit
    scale = np.where(scale == 0, 1, scale).astype(np.float32)
    return np.rint(matrix / scale).astype(np.int8), scale


def layer_count(names: State) -> int:
    """Number of layers of a state, by its names."""
    return 1 + max(int(name.split(".")[3]) for name in names if name.startswith(_LAYER))


def save(state: State, path: Path) -> None:
    """Write a network's state (torch names, float32 arrays) to ``path``."""
    file: dict[str, NDArray[np.int8] | Array] = {}

    def matrix(name: str, weight: Array, bias: Array) -> None:
        values, scale = _quantise(np.ascontiguousarray(weight.T), LIMIT, 0)
        file.update({f"{name}.weight": values, f"{name}.weight.scale": scale.reshape(-1)})
        file[f"{name}.bias"] = bias

    words = state[f"{_EMBEDDINGS}.word_embeddings.weight"]
    file["words"], file["words.scale"] = _quantise(words, 127, 1)
    # There is one token type only: its row is part of every position.
    types = state[f"{_EMBEDDINGS}.token_type_embeddings.weight"][0]
    file["positions"] = state[f"{_EMBEDDINGS}.position_embeddings.weight"] + types
    for end in ("weight", "bias"):
        file[f"embeddings.norm.{end}"] = state[f"{_EMBEDDINGS}.LayerNorm.{end}"]
    for number in range(layer_count(state)):
        old, new = f"{_LAYER}.{number}", f"layer.{number}"
        weight, bias = (
            np.concatenate([state[f"{old}.attention.self.{part}.{end}"] for part in _QKV])
            for end in ("weight", "bias")
        )
        matrix(f"{new}.qkv", weight, bias)
        for short, name in _MATRICES.items():
            matrix(f"{new}.{short}", state[f"{old}.{name}.weight"], state[f"{old}.{name}.bias"])
        for short, name in _NORMS.items():
            for end in ("weight", "bias"):
                file[f"{new}.{short}.{end}"] = state[f"{old}.{name}.{end}"]
    for head in HEADS:
        file[f"{head}.weight"] = np.ascontiguousarray(state[f"{head}.weight"].T)
        file[f"{head}.bias"] = state[f"{head}.bias"]
    save_file(file, path)


def load(path: Path) -> State:
    """The state written by :func:`save`, dequantised, under the network's torch names."""
    file = load_file(path)
    state: State = {}

    def matrix(name: str) -> tuple[Array, Array]:
        weight = file[f"{name}.weight"] * file[f"{name}.weight.scale"]
        return np.ascontiguousarray(weight.T), file[f"{name}.bias"]

    state[f"{_EMBEDDINGS}.word_embeddings.weight"] = file["words"] * file["words.scale"]
    state[f"{_EMBEDDINGS}.position_embeddings.weight"] = file["positions"]
    for end in ("weight", "bias"):
        state[f"{_EMBEDDINGS}.LayerNorm.{end}"] = file[f"embeddings.norm.{end}"]
    layers = {int(name.split(".")[1]) for name in file if name.startswith("layer.")}
    for number in sorted(layers):
        old, new = f"{_LAYER}.{number}", f"layer.{number}"
        weight, bias = matrix(f"{new}.qkv")
        for part, w, b in zip(_QKV, np.split(weight, 3), np.split(bias, 3), strict=True):
            state[f"{old}.attention.self.{part}.weight"] = w
            state[f"{old}.attention.self.{part}.bias"] = b
        for short, name in _MATRICES.items():
            state[f"{old}.{name}.weight"], state[f"{old}.{name}.bias"] = matrix(f"{new}.{short}")
        for short, name in _NORMS.items():
            for end in ("weight", "bias"):
                state[f"{old}.{name}.{end}"] = file[f"{new}.{short}.{end}"]
    for head in HEADS:
        state[f"{head}.weight"] = np.ascontiguousarray(file[f"{head}.weight"].T)
        state[f"{head}.bias"] = file[f"{head}.bias"]
    types = np.zeros((2, file["positions"].shape[1]), np.float32)
    return state | {f"{_EMBEDDINGS}.token_type_embeddings.weight": types}
