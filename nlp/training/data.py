"""The training data: corpora read into one shape, split by text, cut into batches."""

import csv
import gzip
import hashlib
import json
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from nlp.encode import Encoded, Spans, Window, encode, marked, windows
from nlp.labels import MODEL_TONES, Intent, Kind, Touchpoint
from nlp.training.augment import spoiled
from nlp.training.config import STAR_TARGETS, Config

Row = dict[str, Any]
Floats = NDArray[np.float32]

TONE_CODES = [str(tone) for tone in MODEL_TONES]
#: The classes of RuSentiTweet: two of them are no tone.
TWEET_CODES = [*TONE_CODES, "speech", "skip"]
#: Texts written for this project, as training data.
INVENTED = Path(__file__).parent / "invented"
_KINDS, _INTENTS, _TOUCHPOINTS = list(Kind), list(Intent), list(Touchpoint)
_MIXED = (0.48, 0.04, 0.48)


@dataclass(frozen=True, slots=True)
class Example:
    """A text with what is known of it; None where a corpus does not say.

    ``tone`` 3 probabilities, ``tweet`` 5, ``kind`` an index, ``intents`` 5 of 0/1, ``opinions``
    segments × 57 of 0/1 for the first window, ``target`` 3 probabilities of the tone towards
    the mention that the window marks. ``taught`` is what a teacher says of the same window.
    """

    source: str
    text: str
    window: Window
    cuts: Spans = field(default_factory=list)
    tone: Floats | None = None
    tweet: Floats | None = None
    kind: int | None = None
    intents: Floats | None = None
    opinions: Floats | None = None
    target: Floats | None = None
    pointed: bool = False
    taught: tuple[Floats, Floats] | None = None

    @property
    def mixed(self) -> bool:
        """Whether the label is «mixed»: both poles alike, and hardly neutral."""
        return self.tone is not None and bool(self.tone[0] == self.tone[2] > self.tone[1])


@dataclass(slots=True)
class Split:
    """Training and held-out examples; ``train`` is by source, to be sampled by quota."""

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


def invented() -> list[Row]:
    """The project's own labelled texts; their source is ``syn_`` and the name of the file.

    Raises FileNotFoundError where the files are missing: without them nothing is the same.
    """
    files = sorted(INVENTED.glob("*.jsonl"))
    if not files:
        raise FileNotFoundError(f"no invented texts in {INVENTED}")
    return [{**row, "source": f"syn_{path.stem}"} for path in files for row in read_jsonl(path)]


def all_texts(folder: Path) -> list[str]:
    """The texts of the data folder that the vocabulary must cover."""
    rows = read_jsonl(folder / "touchpoints_train.jsonl")
    rows += read_csv(folder / "tone_train.csv.gz") + read_csv(folder / "unlabelled.csv.gz")
    return [row["text"] for row in rows]


def key(text: str) -> str:
    """What two copies of a text share, also when one of them breaks off."""
    return "".join(char for char in text.lower() if char.isalnum())[:60]


def _held_out(text: str, share: float) -> bool:
    digest = hashlib.blake2b(key(text).encode("utf-8", "replace"), digest_size=4).digest()
    return int.from_bytes(digest, "big") < share * 2**32


def calibrates(row: "Example") -> bool:
    """Which half of the held-out texts settings are fitted on; the other half is measured on."""
    digest = hashlib.blake2b(key(row.text).encode("utf-8", "replace"), digest_size=4).digest()
    return digest[-1] % 2 == 0


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
    """Rows of any corpus as examples, read as whole texts; rows without words are left out."""
    for row, encoded in zip(rows, encode(tokenizer, [row["text"] for row in rows]), strict=True):
        window = next(windows(encoded, limit), None)
        if window is None:
            continue
        tone, source = tone_target(row), row["source"]
        example = Example(
            source,
            row["text"],
            window,
            encoded.spans,
            tone=None if tone is None else np.array(tone, np.float32),
            tweet=_one_hot(row["label"], TWEET_CODES) if source == "rusentitweet" else None,
        )
        if "touchpoints" in row:
            said = [float(intent in row["intents"]) for intent in _INTENTS]
            example = replace(
                example,
                kind=_KINDS.index(Kind(row["kind"])),
                intents=np.array(said, np.float32),
                opinions=opinion_targets(row, encoded, window.count),
            )
        yield example


def pointed(rows: Sequence[Row], tokenizer: Tokenizer, limit: int) -> Iterator[Example]:
    """Rows that know the tone towards a mention, as examples with the mention marked."""
    for row in rows:
        spans = [(int(row["start"]), int(row["start"]) + len(row["target"]))]
        window = marked(tokenizer, row["text"], spans, limit)
        target = _one_hot(row["label"], TONE_CODES)
        source = f"targets_{row['source']}"
        yield Example(source, row["text"], window, spans, target=target, pointed=True)


def _named(rows: Iterable[Row]) -> Iterator[Row]:
    """The brands that invented texts name, in the shape of ``targets_train``."""
    for row in rows:
        for name, label in row.get("targets", ()):
            yield {
                "source": row["source"],
                "text": row["text"],
                "target": name,
                "start": row["text"].index(name),
                "label": label,
            }


def _one_hot(label: str, codes: Sequence[str]) -> Floats:
    if label not in codes:
        raise ValueError(f"unknown label {label!r}")
    return np.array([float(label == code) for code in codes], np.float32)


def load(folder: Path, tokenizer: Tokenizer, config: Config, without: Sequence[str] = ()) -> Split:
    """All corpora but ``without``, split by text: copies of a text are on one side only.

    Texts of the yardsticks (``touchpoints_dev``, ``rusentitweet_test``) are left out altogether.
    """
    banned = _banned(folder)

    def fresh(rows: Iterable[Row]) -> list[Row]:
        return [r for r in rows if r["source"] not in without and key(r["text"]) not in banned]

    labelled = fresh(read_jsonl(folder / "touchpoints_train.jsonl") + invented())
    toned = fresh(read_csv(folder / "tone_train.csv.gz"))
    aimed = fresh(chain(read_csv(folder / "targets_train.csv.gz"), _named(labelled)))
    limit = config.max_tokens
    split = Split()
    for example in chain(
        examples([*labelled, *toned], tokenizer, limit), pointed(aimed, tokenizer, limit)
    ):
        if _held_out(example.text, config.dev_share):
            split.dev.append(example)
        else:
            name = "labelled" if example.opinions is not None else example.source
            split.train[name].append(example)
    return split


def _banned(folder: Path) -> set[str]:
    """Keys of the texts that nothing may be trained on."""
    yardsticks = read_jsonl(folder / "touchpoints_dev.jsonl")
    yardsticks += read_csv(folder / "rusentitweet_test.csv")
    return {key(row["text"]) for row in yardsticks}


def unlabelled(folder: Path, tokenizer: Tokenizer, config: Config, most: int) -> list[Example]:
    """Up to ``most`` texts of each source that nobody labelled, never one that is held out."""
    banned = _banned(folder)
    sources: dict[str, list[Row]] = defaultdict(list)
    for row in read_csv(folder / "unlabelled.csv.gz"):
        if key(row["text"]) not in banned and not _held_out(row["text"], config.dev_share):
            sources[row["source"]].append({**row, "source": f"unlabelled_{row['source']}"})
    chance = random.Random(config.seed)
    rows = [r for own in sources.values() for r in chance.sample(own, min(most, len(own)))]
    return list(examples(rows, tokenizer, config.max_tokens))


def one_pass(split: Split, quotas: Mapping[str, int], chance: random.Random) -> list[Example]:
    """The examples of one pass: a fresh sample of each source by its quota, else all of it."""
    chosen: list[Example] = []
    for source, rows in split.train.items():
        chosen += chance.sample(rows, min(quotas.get(source, len(rows)), len(rows)))
    return chosen


def spoil(
    rows: Sequence[Example], tokenizer: Tokenizer, config: Config, chance: random.Random
) -> list[Example]:
    """``rows`` with a share of their texts spoiled (see :mod:`nlp.training.augment`)."""
    return [
        _spoiled(row, tokenizer, config, chance) if chance.random() < config.spoiled_share else row
        for row in rows
    ]


def _spoiled(row: Example, tokenizer: Tokenizer, config: Config, chance: random.Random) -> Example:
    text = spoiled(row.text, chance)
    if row.pointed:
        return replace(row, window=marked(tokenizer, text, row.cuts, config.max_tokens))
    # Spoiled words have other lengths in tokens: only what stays the same window is spoiled.
    (encoded,) = encode(tokenizer, [text], [row.cuts[: row.window.count]])
    window = next(windows(encoded, config.max_tokens))
    return replace(row, window=window) if window.count == row.window.count else row


def batches(rows: Iterable[Example], tokens: int, chance: random.Random) -> Iterator[list[Example]]:
    """Batches of about ``tokens`` padded tokens, texts of like length together, shuffled."""
    ordered = sorted(rows, key=lambda e: len(e.window.ids) + chance.uniform(-4, 4))
    cut: list[list[Example]] = [[]]
    for example in ordered:
        if (len(cut[-1]) + 1) * (len(example.window.ids) + 4) > tokens:
            cut.append([])
        cut[-1].append(example)
    chance.shuffle(cut)
    return iter([batch for batch in cut if batch])
