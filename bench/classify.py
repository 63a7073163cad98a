"""Texts per second: our int8 path against the stock transformers pipeline.

    python bench/classify.py [TEXTS.jsonl] [--count 512]

Same texts, same machine, same threads, one run. The rivals have the sizes of RuBERT-base
(12 layers × 768) and rubert-tiny2 (3 × 312) and random weights: speed does not depend on them.
Also said: the time to load the model, the share of this machine's own int8 matrix product that
the model reaches (needs the training extra), and the memory peak before the rivals are loaded.
"""

import argparse
import itertools
import json
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from nlp import calibration
from nlp.analyser import WEIGHTS, load
from nlp.backends import physical_cores
from nlp.encode import encode, load_tokenizer, windows

#: Passes of ours over the texts: one alone is too short to be timed well.
_TIMES = 5
_DEMO = Path(__file__).parent.parent / "demo" / "mentions.jsonl"
_RIVALS = {
    "RuBERT-base (12×768)": {
        "vocab_size": 119_547,
        "hidden_size": 768,
        "num_hidden_layers": 12,
        "num_attention_heads": 12,
        "intermediate_size": 3072,
    },
    "rubert-tiny2 (3×312)": {
        "vocab_size": 83_828,
        "hidden_size": 312,
        "num_hidden_layers": 3,
        "num_attention_heads": 12,
        "intermediate_size": 600,
    },
}


def rival(shape: dict[str, int], folder: Path) -> Any:
    """A text-classification pipeline with random weights of this shape, our tokenizer."""
    from transformers import (
        BertConfig,
        BertForSequenceClassification,
        PreTrainedTokenizerFast,
        pipeline,
    )

    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(WEIGHTS / "tokenizer.json"),
        pad_token="<pad>",
        unk_token="<unk>",
        model_max_length=512,
    )
    model = BertForSequenceClassification(BertConfig(**shape, num_labels=3))
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return pipeline("text-classification", model=str(folder), tokenizer=tokenizer, device="cpu")


def rate(work: Callable[[list[str]], object], texts: list[str]) -> float:
    """Texts per second, after a warm-up."""
    work(texts[:32])
    started = time.perf_counter()
    work(texts)
    return len(texts) / (time.perf_counter() - started)


def peak_products(rows: int = 2048, width: int = 1536, outputs: int = 1536) -> float:
    """Multiply-adds per second of one large int8 matrix product, best of ten."""
    import onnx
    import onnxruntime
    from onnx import TensorProto, helper

    chance = np.random.default_rng(0)
    weight = chance.integers(-63, 63, (width, outputs), dtype=np.int8)
    body = helper.make_graph(
        [helper.make_node("MatMulInteger", ["a", "b", "zero"], ["c"])],
        "product",
        [helper.make_tensor_value_info("a", TensorProto.UINT8, [rows, width])],
        [helper.make_tensor_value_info("c", TensorProto.INT32, [rows, outputs])],
        [
            onnx.numpy_helper.from_array(weight, "b"),
            onnx.numpy_helper.from_array(np.array(128, np.uint8), "zero"),
        ],
    )
    model = helper.make_model(body, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = physical_cores()
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    values = {"a": chance.integers(0, 255, (rows, width), dtype=np.uint8)}
    best = min(_seconds(lambda: session.run(None, values)) for _ in range(10))
    return rows * width * outputs / best


def own_products(texts: list[str]) -> float:
    """Multiply-adds of the int8 products that one pass over ``texts`` takes, without padding."""
    read = encode(load_tokenizer(WEIGHTS / "tokenizer.json"), texts)
    tokens = sum(len(window.ids) for text in read for window in windows(text, 254))
    layers, width = calibration.read(WEIGHTS / "model.json").layers, 384
    return float(tokens * layers * 12 * width**2)


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main() -> None:
    """Measure ours, then each rival one by one (the pipeline's default) and in batches."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("texts", nargs="?", type=Path, default=_DEMO)
    parser.add_argument("--count", type=int, default=512)
    asked = parser.parse_args()
    with asked.texts.open(encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in itertools.islice(lines, asked.count)]
    started = time.perf_counter()
    analyser = load()
    loaded = time.perf_counter() - started
    # Call by call: within one call a text that stands there twice would be read once.
    ours = _TIMES * rate(lambda part: [list(analyser.analyse(part)) for _ in range(_TIMES)], texts)
    average = sum(map(len, texts)) / len(texts)
    print(f"{len(texts)} texts, {average:.0f} characters on average, {physical_cores()} cores")
    print(f"{'otklik, int8':40} {ours:8.1f} texts/s")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"loaded in {loaded:.2f} s, memory peak {memory:.0f} MB")
    try:
        share = ours * own_products(texts) / len(texts) / peak_products()
        print(f"{share:.0%} of this machine's int8 matrix product")
    except ImportError:
        print("share of the int8 peak: not measured, the training extra is not installed")
    import torch

    torch.set_num_threads(physical_cores())
    for name, shape in _RIVALS.items():
        with tempfile.TemporaryDirectory() as folder:
            pipe = rival(shape, Path(folder))
            for batch in (1, 8, 16, 32, 64):
                found = rate(lambda part: pipe(part, batch_size=batch, truncation=True), texts)  # noqa: B023
                title = f"{name}, batch {batch}{' (default)' if batch == 1 else ''}"
                print(f"{title:40} {found:8.1f} texts/s   ours ×{ours / found:.1f}")


if __name__ == "__main__":
    main()
