"""What a teacher says of the texts that its student will read."""

import hashlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from nlp.encode import window_of
from nlp.network import OPINIONS
from nlp.training import data
from nlp.training.config import Config
from nlp.training.losses import collate
from nlp.training.trainee import Trainee

Answers = list[tuple[data.Floats, data.Floats]]


def pool(split: data.Split, quotas: Mapping[str, int], config: Config) -> data.Split:
    """``split`` with no more of each source than the passes of a student may take."""
    chance = random.Random(config.seed)
    found = data.Split(dev=split.dev)
    for source, rows in sorted(split.train.items()):
        most = config.taught_passes * quotas.get(source, len(rows))
        found.train[source] = chance.sample(rows, min(most, len(rows)))
    return found


def answers(teacher: Trainee, rows: Sequence[data.Example], config: Config) -> Answers:
    """The teacher's logits of each row's window: document (78) and segments × 63, float16.

    The opinions of a segment are the mean of what it says among the others and of what it says
    alone: among the others it knows too much of them to tell where an opinion stands.
    """
    found = _logits(teacher, rows, config)
    several = [row for row in rows if row.window.count > 1]
    alone = iter(_logits(teacher, [part for row in several for part in _apart(row)], config))
    for row, (_, parts) in zip(rows, found, strict=True):
        if row.window.count > 1:
            for part in parts[:, :OPINIONS]:
                _, own = next(alone)
                part += (own[0, :OPINIONS] - part) / 2
    return found


def _apart(row: data.Example) -> list[data.Example]:
    """Each segment of a row's window as a text of its own."""
    window = row.window
    pieces = [window.ids[window.segment == number] for number in range(window.count)]
    return [data.Example(row.source, "", window_of([piece], 0)) for piece in pieces]


@torch.no_grad()
def _logits(teacher: Trainee, rows: Sequence[data.Example], config: Config) -> Answers:
    teacher.eval()
    device = next(teacher.parameters()).device
    found: dict[int, tuple[data.Floats, data.Floats]] = {}
    for chosen in data.batches(rows, 2 * config.batch_tokens, random.Random(0)):
        batch = collate(chosen, device)
        with torch.autocast(device.type, torch.bfloat16):
            out = teacher.everything(batch.ids, batch.segment, int(batch.opinions.shape[1]))
        document, parts = (each.half().cpu().numpy() for each in out)
        for number, row in enumerate(chosen):
            own = parts[number, : row.window.count].copy()
            found[id(row)] = document[number].copy(), own
    return [found[id(row)] for row in rows]


def taught(split: data.Split, teacher: Trainee, config: Config, path: Path) -> data.Split:
    """``split`` with the teacher's answers on every training row.

    They are kept beside ``path``, under a digest of the texts.
    """
    rows = [row for own in split.train.values() for row in own]
    digest = hashlib.sha256("\0".join(row.text for row in rows).encode("utf-8", "replace"))
    path = path.with_stem(f"{path.stem}-{digest.hexdigest()[:12]}")
    if not path.exists():
        _save(answers(teacher, rows, config), path)
    with np.load(path) as saved:
        parts = np.split(saved["parts"], saved["ends"][:-1])
        lessons = iter(zip(saved["document"], parts, strict=True))
    found = data.Split(dev=split.dev)
    for source, own in split.train.items():
        found.train[source] = [replace(row, taught=next(lessons)) for row in own]
    return found


def _save(given: Answers, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial.npz")
    np.savez(
        partial,
        document=np.stack([document for document, _ in given]),
        parts=np.concatenate([parts for _, parts in given]),
        ends=np.cumsum([len(parts) for _, parts in given]),
    )
    partial.replace(path)
