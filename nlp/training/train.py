"""One stage of training: all heads at once; resumable, seeded, logged."""

import itertools
import logging
import random
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from nlp.encode import NO_SEGMENT, UNKNOWN
from nlp.network import INTENTS, KINDS, OPINIONS, TONES
from nlp.training import data
from nlp.training.config import Config, Stage
from nlp.training.losses import Batch, collate, loss
from nlp.training.metrics import best_threshold, macro_f1
from nlp.training.trainee import Trainee

log = logging.getLogger(__name__)

_GRID = [cut / 20 for cut in range(4, 19)]
_LOG_EVERY = 50


@torch.no_grad()
def assess(network: Trainee, rows: Sequence[data.Example], config: Config) -> str:
    """A line for the log: macro-F1 of tones, kind accuracy, F1 of opinions."""
    if not rows:
        return "nothing is held out"
    network.eval()
    found: dict[str, list[torch.Tensor]] = defaultdict(list)
    for chosen in data.batches(rows, config.batch_tokens * 2, random.Random(0)):
        batch = collate(chosen, next(network.parameters()).device)
        with _autocast(batch.ids.device):
            answer = network.everything(batch.ids, batch.segment, int(batch.opinions.shape[1]))
        document, parts = (out.float() for out in answer)
        known = batch.known
        ends = list(itertools.accumulate((TONES, KINDS, INTENTS, OPINIONS)))
        logits = {
            "customers": (document[:, : ends[0]], batch.tone * known[:, None]),
            "corpora": (document[:, : ends[0]], batch.tone * ~known[:, None]),
            "tweets": (document[:, ends[3] :], batch.tweet),
            "targets": (parts[:, 0, OPINIONS + TONES :], batch.target),
            "kinds": (document[:, ends[0] : ends[1]], batch.kind),
        }
        for name, (guess, gold) in logits.items():
            told = gold.sum(1) > 0
            found[name].append(torch.stack([gold.argmax(1), guess.argmax(1)])[:, told].cpu())
        found["said"].append(batch.opinions.amax(1)[known].cpu().ravel())
        real = parts[..., :OPINIONS].masked_fill(~batch.real()[..., None], -99).amax(1)
        both = (real + document[:, ends[2] : ends[3]]) / 2
        found["chance"].append(both.sigmoid()[known].cpu().ravel())
    network.train()
    words = []
    for name in ("customers", "corpora", "tweets", "targets", "kinds"):
        gold, guess = torch.cat(found[name], 1).numpy()
        words.append(f"{name} {macro_f1(gold, guess):.3f}" if len(gold) else f"{name} –")
    said, chance = (torch.cat(found[name]).numpy() for name in ("said", "chance"))
    cut, pairs = best_threshold(chance, said > 0, _GRID)
    return f"{', '.join(words)}, pairs {pairs:.3f} at {cut}"


def device() -> torch.device:
    """A GPU where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _autocast(where: torch.device) -> torch.autocast:
    return torch.autocast(where.type, torch.bfloat16)


def watched(rows: Sequence[data.Example], most: int) -> list[data.Example]:
    """Up to ``most`` rows of each source."""
    seen: dict[str, int] = defaultdict(int)
    chosen = []
    for row in rows:
        seen[row.source] += 1
        if seen[row.source] <= most:
            chosen.append(row)
    return chosen


class Run:
    """A stage under way: its optimiser, its schedule and its checkpoint in ``folder``."""

    def __init__(
        self, network: Trainee, folder: Path, stage: Stage, config: Config, steps: int
    ) -> None:
        self.network, self.folder, self.stage, self.config = network, folder, stage, config
        heads = [p for n, p in network.named_parameters() if not n.startswith("encoder")]
        body = [p for p in network.encoder.parameters() if p.requires_grad]
        groups = [
            {"params": body, "lr": stage.encoder_rate},
            {"params": heads, "lr": stage.head_rate},
        ]
        self.optimiser = torch.optim.AdamW(groups, weight_decay=config.weight_decay, fused=True)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimiser,
            lambda step: min((step + 1) / config.warmup, max(0.0, 1 - step / steps)),
        )
        self.done = 0

    def step(self, batch: Batch) -> float:
        """One optimiser step; the loss."""
        hidden = torch.rand(batch.ids.shape, device=batch.ids.device) < self.config.token_dropout
        # A marked target stays: it is what is asked about.
        aside = (batch.segment == NO_SEGMENT) & (batch.ids > UNKNOWN)
        words = torch.where(batch.pointed[:, None], aside, batch.segment != NO_SEGMENT)
        batch.ids[hidden & words] = UNKNOWN
        with _autocast(batch.ids.device):
            value = loss(self.network, batch, self.config, self.stage.hard_weight)
        self.optimiser.zero_grad()
        value.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        self.schedule.step()
        self.done += 1
        return float(value.detach())

    def _parts(self) -> dict[str, Any]:
        return {"network": self.network, "optimiser": self.optimiser, "schedule": self.schedule}

    def save(self) -> None:
        """Write the checkpoint; a crash in between leaves the previous one."""
        state = {name: part.state_dict() for name, part in self._parts().items()}
        partial = self.folder / "checkpoint.partial"
        torch.save({**state, "done": self.done}, partial)
        partial.replace(self.folder / "checkpoint.pt")

    def resume(self) -> None:
        """Go on from the checkpoint, if there is one."""
        path = self.folder / "checkpoint.pt"
        if path.exists():
            state = torch.load(path, weights_only=True, map_location="cpu")
            for name, part in self._parts().items():
                part.load_state_dict(state[name])
            self.done = state["done"]
            log.info("resumed at step %d", self.done)


def _order(
    split: data.Split, tokenizer: Tokenizer, stage: Stage, config: Config
) -> Iterator[tuple[int, list[data.Example]]]:
    """(pass, batch) in the order that the seed fixes, so that a resumed run can skip."""
    for number in range(stage.passes):
        chance = random.Random(config.seed + number)
        rows = data.one_pass(split, stage.quotas, chance)
        rows = data.spoil(rows, tokenizer, config, chance)
        for batch in data.batches(rows, config.batch_tokens, chance):
            yield number, batch


def train(
    network: Trainee,
    split: data.Split,
    tokenizer: Tokenizer,
    folder: Path,
    stage: Stage,
    config: Config,
) -> Trainee:
    """Train ``network`` through ``stage``; checkpoint and ``network.pt`` in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(config.seed)
    steps = sum(1 for _ in _order(split, tokenizer, stage, config))
    run = Run(network.to(device()), folder, stage, config, steps)
    run.resume()
    run.network.train()
    held_out = watched(split.dev, config.watched)
    total, last, clock = 0.0, 0, time.monotonic()
    batches = itertools.islice(_order(split, tokenizer, stage, config), run.done, None)
    for number, rows in batches:
        if number != last:
            log.info("%s, pass %d: %s", stage.name, number, assess(network, held_out, config))
            last = number
        total += run.step(collate(rows, device()))
        if run.done % _LOG_EVERY == 0:
            spent = (time.monotonic() - clock) / _LOG_EVERY
            mean = total / _LOG_EVERY
            log.info(
                "%s, step %d of %d, loss %.3f, %.2f s", stage.name, run.done, steps, mean, spent
            )
            total, clock = 0.0, time.monotonic()
        if run.done % config.checkpoint_every == 0:
            run.save()
    log.info("%s, trained: %s", stage.name, assess(network, held_out, config))
    partial = folder / "network.partial"
    torch.save(network.state_dict(), partial)
    partial.replace(folder / "network.pt")
    return network
