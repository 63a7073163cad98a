"""Texts per second: our int8 path against the stock transformers pipeline.

    python bench/classify.py [TEXTS.jsonl] [--count 512]

Same texts, same machine, same threads, one run. The rivals have the sizes of RuBERT-base
(12 layers × 768) and rubert-tiny2 (3 × 312) and random weights: speed does not depend on them.
"""

import argparse
import itertools
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nlp.analyser import WEIGHTS, load
from nlp.backends import physical_cores

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


def main() -> None:
    """Measure ours, then each rival one by one (the pipeline's default) and in batches."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("texts", nargs="?", type=Path, default=_DEMO)
    parser.add_argument("--count", type=int, default=512)
    asked = parser.parse_args()
    with asked.texts.open(encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in itertools.islice(lines, asked.count)]
    analyser = load()
    many = texts * max(1, 4096 // len(texts))
    ours = rate(lambda part: list(analyser.analyse(part)), many)
    average = sum(map(len, texts)) / len(texts)
    print(f"{len(texts)} texts, {average:.0f} characters on average, {physical_cores()} cores")
    print(f"{'otklik, int8':40} {ours:8.1f} texts/s")
    import torch

    torch.set_num_threads(physical_cores())
    for name, shape in _RIVALS.items():
        with tempfile.TemporaryDirectory() as folder:
            pipe = rival(shape, Path(folder))
            for batch in (1, 8, 32):
                found = rate(lambda part: pipe(part, batch_size=batch, truncation=True), texts)  # noqa: B023
                title = f"{name}, batch {batch}{' (default)' if batch == 1 else ''}"
                print(f"{title:40} {found:8.1f} texts/s   ours ×{ours / found:.1f}")


if __name__ == "__main__":
    main()
