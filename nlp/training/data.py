"""The training data: corpora read into one shape, split by text, cut into batches."""

import csv
import gzip
import hashlib
import json
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from nlp.encode import Encoded, Window, encode, windows
from nlp.labels import MODEL_TONES, Intent, Kind, Touchpoint
from nlp.training.config import STAR_TARGETS, TONE_QUOTA, Config

Row = dict[str, Any]
Floats = NDArray[np.float32]

TONE_CODES = [str(tone) for tone in MODEL_TONES]
_KINDS, _INTENTS, _TOUCHPOINTS = list(Kind), list(Intent), list(Touchpoint)
_MIXED = (0.48, 0.04, 0.48)


@dataclass(frozen=True, slots=True)
class Example:
    """A text with what is known of it; None where a corpus does not say.

    ``tone`` 3 probabilities, ``kind`` an index, ``intents`` 5 of 0/1, ``opinions`` segments × 57
    of 0/1 for the first window.
    """

    source: str
    text: str
    window: Window
    tone: Floats
    kind: int | None = None
    intents: Floats | None = None
    opinions: Floats | None = None

    @property
    def mixed(self) -> bool:
        """Whether the label is «mixed»: both poles alike, and hardly neutral."""
        return bool(self.tone[0] == self.tone[2] > self.tone[1])


@dataclass(slots=True)
class Split:
    """Training and held-out examples; ``train`` is by corpus, to be sampled by quota."""

    train: dict[str, list[Example]] = field(default_factory=lambda: defaultdict(list))
    dev: list[Example] = field(default_factory=list)


def read_csv(path: Path) -> list[Row]:
    """Rows of a CSV file, gzipped or not."""
    csv.field_size_limit(10_000_000)
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def read_jsonl(path: Path) -> list[Row]:
    """Objects of a JSON lines file."""
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def all_texts(folder: Path) -> list[str]:
    """Every training text of the data folder: what the vocabulary must cover."""
    rows = read_jsonl(folder / "touchpoints_train.jsonl")
    rows += read_csv(folder / "tone_train.csv.gz") + read_csv(folder / "unlabelled.csv.gz")
    return [row["text"] for row in rows]


def key(text: str) -> str:
    """What two copies of a text share, also when one of them breaks off."""
    return "".join(char for char in text.lower() if char.isalnum())[:60]


def _held_out(text: str, share: float) -> bool:
    digest = hashlib.blake2b(key(text).encode("utf-8", "replace"), digest_size=4).digest()
    return int.from_bytes(digest, "big") < share * 2**32


def tone_target(row: Row) -> tuple[float, float, float] | None:
    """Probabilities of the three tones; None for labels that are no tone (speech, skip)."""
    if row.get("stars"):
        return STAR_TARGETS[int(float(row["stars"]))]
    label = row.get("label") or row.get("tone")
    if label == "mixed":
        return _MIXED
    if label not in TONE_CODES:
        return None
    negative, neutral, positive = (float(label == code) for code in TONE_CODES)
    return negative, neutral, positive


def opinion_targets(row: Row, encoded: Encoded, count: int) -> Floats:
    """Segments × 57: 1 where the quote of a labelled opinion lies (mostly) in the segment."""
    targets = np.zeros((count, len(Touchpoint) * len(TONE_CODES)), np.float32)
    for code, tone, quote in row["touchpoints"]:
        start = row["text"].find(quote)
        if start < 0 or tone not in TONE_CODES:
            continue
        overlaps = [
            min(start + len(quote), stop) - max(start, begin) for begin, stop in encoded.spans
        ]
        column = 3 * _TOUCHPOINTS.index(Touchpoint(code)) + TONE_CODES.index(tone)
        for number, overlap in enumerate(overlaps[:count]):
            if overlap > 0 and (overlap == max(overlaps) or overlap >= 0.4 * len(quote)):
                targets[number, column] = 1
    return targets


def examples(rows: Sequence[Row], tokenizer: Tokenizer, limit: int) -> Iterator[Example]:
    """Rows of either corpus as examples; rows without tone or without words are left out."""
    for row, encoded in zip(rows, encode(tokenizer, [row["text"] for row in rows]), strict=True):
        tone = tone_target(row)
        window = next(windows(encoded, limit), None)
        if tone is None or window is None:
            continue
        source, text, target = row["source"], row["text"], np.array(tone, np.float32)
        if "touchpoints" not in row:
            yield Example(source, text, window, target)
            continue
        said = [float(intent in row["intents"]) for intent in _INTENTS]
        yield Example(
            source,
            text,
            window,
            target,
            kind=_KINDS.index(Kind(row["kind"])),
            intents=np.array(said, np.float32),
            opinions=opinion_targets(row, encoded, window.count),
        )


def load(folder: Path, tokenizer: Tokenizer, config: Config) -> Split:
    """Both corpora, split by text: a text that occurs twice is never on both sides.

    Texts of the yardsticks (``touchpoints_dev``, ``rusentitweet_test``) are left out altogether.
    """
    yardsticks = read_jsonl(folder / "touchpoints_dev.jsonl")
    yardsticks += read_csv(folder / "rusentitweet_test.csv")
    banned = {key(row["text"]) for row in yardsticks}
    labelled = read_jsonl(folder / "touchpoints_train.jsonl")
    toned = read_csv(folder / "tone_train.csv.gz")
    split = Split()
    for name, rows in (("labelled", labelled), ("", toned)):
        fresh = [row for row in rows if key(row["text"]) not in banned]
        for example in examples(fresh, tokenizer, config.max_tokens):
            if _held_out(example.text, config.dev_share):
                split.dev.append(example)
            else:
                split.train[name or example.source].append(example)
    return split


def one_pass(split: Split, random_: random.Random) -> list[Example]:
    """The examples of one pass: all labelled texts and a fresh sample of each tone corpus."""
    chosen: list[Example] = []
    for source, rows in split.train.items():
        chosen += random_.sample(rows, min(TONE_QUOTA.get(source, len(rows)), len(rows)))
    return chosen


def batches(
    rows: Iterable[Example], tokens: int, random_: random.Random
) -> Iterator[list[Example]]:
    """Batches of about ``tokens`` padded tokens, texts of like length together, shuffled."""
    ordered = sorted(rows, key=lambda e: len(e.window.ids) + random_.uniform(-4, 4))
    cut: list[list[Example]] = [[]]
    for example in ordered:
        if (len(cut[-1]) + 1) * (len(example.window.ids) + 4) > tokens:
            cut.append([])
        cut[-1].append(example)
    random_.shuffle(cut)
    return iter([batch for batch in cut if batch])
