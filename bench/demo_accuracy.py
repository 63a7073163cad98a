"""How well the model reads a labelled stream: gold labels of a JSONL against its answers.

    python bench/demo_accuracy.py [demo/mentions.jsonl]

Lines hold ``text, tone, kind, intents, touchpoints`` (see TAXONOMY: touchpoints are triples of
code, tone, quote). The demo's gold labels are used here and nowhere else.
"""

import argparse
from pathlib import Path

from nlp.analyser import load
from nlp.training.compare import compare
from nlp.training.data import read_jsonl

_DEMO = Path(__file__).parent.parent / "demo" / "mentions.jsonl"


def main() -> None:
    """Print every figure with the model's version."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stream", nargs="?", type=Path, default=_DEMO)
    analyser = load()
    figures = compare(read_jsonl(parser.parse_args().stream), analyser)
    print(analyser.version)
    for name, value in figures.items():
        print(f"{name:18} {value:.3f}" if isinstance(value, float) else f"{name:18} {value}")


if __name__ == "__main__":
    main()
