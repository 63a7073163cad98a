"""Fine-tuning of the encoder and all heads at once; resumable, seeded, logged."""

import logging
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from transformers import BertConfig, BertModel

from nlp.encode import NO_SEGMENT, UNKNOWN, load_tokenizer, pad
from nlp.network import KINDS, OPINIONS, TONES, Network
from nlp.training import data
from nlp.training.config import LAYERS, Config
from nlp.training.metrics import best_threshold, macro_f1

log = logging.getLogger(__name__)

_GRID = [cut / 20 for cut in range(4, 19)]


@dataclass(frozen=True, slots=True)
class Batch:
    """Tensors of one step; ``known`` marks rows with kind, intents and opinions."""

    ids: Tensor
    segment: Tensor
    tone: Tensor
    known: Tensor
    kind: Tensor
    intents: Tensor
    opinions: Tensor


def collate(rows: Sequence[data.Example], device: torch.device) -> Batch:
    """Pad ``rows`` into tensors on ``device``."""
    ids, segment = pad([row.window for row in rows])
    count = max(row.window.count for row in rows)
    opinions = np.zeros((len(rows), count, OPINIONS), np.float32)
    for number, row in enumerate(rows):
        if row.opinions is not None:
            opinions[number, : len(row.opinions)] = row.opinions
    blank = np.zeros(5, np.float32)
    arrays = (
        ids,
        segment,
        np.stack([row.tone for row in rows]),
        np.array([row.kind is not None for row in rows]),
        np.array([row.kind or 0 for row in rows]),
        np.stack([blank if row.intents is None else row.intents for row in rows]),
        opinions,
    )
    return Batch(*(torch.from_numpy(array).to(device) for array in arrays))


def start(base: Path, config: Config) -> Network:
    """A network with ``config.layers`` layers of the base and fresh heads."""
    torch.manual_seed(config.seed)
    full = BertModel.from_pretrained(base, add_pooling_layer=False)
    kept = LAYERS[config.layers]
    # Dropout inside the layers costs a quarter of a CPU step; hidden tokens do its work instead.
    shape = BertConfig.from_pretrained(
        base,
        num_hidden_layers=len(kept),
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        attn_implementation="eager",
    )
    network = Network(shape, config.dropout)
    network.encoder.embeddings.load_state_dict(full.embeddings.state_dict())
    for own, old in enumerate(kept):
        network.encoder.encoder.layer[own].load_state_dict(full.encoder.layer[old].state_dict())
    network.encoder.embeddings.requires_grad_(False)
    # Opinions are rare: start from their prior, not from one half.
    torch.nn.init.constant_(network.opinion.bias, -4.0)
    return network


def loss(network: Network, batch: Batch, config: Config) -> Tensor:
    """The weighted sum of the tasks' losses on one batch."""
    count = int(batch.opinions.shape[1])
    document, parts = network(batch.ids, batch.segment, count)
    document, parts = document.float(), parts.float()
    tone, kind, intents = document.split([TONES, KINDS, document.shape[1] - TONES - KINDS], 1)
    total = config.tone_weight * _soft(tone, batch.tone, config.label_smoothing)
    known = batch.known
    if not known.any():
        return total
    spoken = functional.binary_cross_entropy_with_logits(
        intents[known], batch.intents[known], pos_weight=torch.tensor(2.0), reduction="none"
    )
    total = total + config.kind_weight * functional.cross_entropy(kind[known], batch.kind[known])
    total = total + config.intent_weight * spoken.sum(1).mean()
    return total + config.opinion_weight * _opinion_loss(parts, batch, config)


def _soft(logits: Tensor, target: Tensor, smoothing: float) -> Tensor:
    smooth = target * (1 - smoothing) + smoothing / target.shape[1]
    return -(smooth * functional.log_softmax(logits, 1)).sum(1).mean()


def _opinion_loss(parts: Tensor, batch: Batch, config: Config) -> Tensor:
    """Summed over the 57 outputs (a mean would drown it), averaged over labelled segments."""
    numbers = torch.arange(parts.shape[1], device=parts.device)
    last = batch.segment.amax(1, keepdim=True)
    real = (numbers <= last) & (last != NO_SEGMENT) & batch.known[:, None]
    gold = batch.opinions[real]
    missed = functional.binary_cross_entropy_with_logits(
        parts[real][:, :OPINIONS],
        gold,
        pos_weight=torch.tensor(config.positive_weight),
        reduction="none",
    )
    # A segment's opinions also say its tone, so that the tone head can be asked about segments.
    signs = gold.reshape(len(gold), -1, TONES).sum(1)
    said = signs.sum(1) > 0
    tone = signs[said] / signs[said].sum(1, keepdim=True)
    extra = _soft(parts[real][said][:, OPINIONS:], tone, 0.02) if said.any() else 0.0
    return missed.sum(1).mean() + 0.5 * extra


@torch.no_grad()
def assess(network: Network, rows: Sequence[data.Example], config: Config) -> str:
    """A line for the log: tone macro-F1 (labelled, other), kind accuracy, opinion F1."""
    network.eval()
    gold, guess, kinds, seen, scores = [], [], [], [], []
    for chosen in data.batches(rows, config.batch_tokens * 2, random.Random(0)):
        batch = collate(chosen, next(network.parameters()).device)
        with _autocast(batch.ids.device):
            document, parts = network(batch.ids, batch.segment, int(batch.opinions.shape[1]))
        document, known = document.float().cpu(), batch.known.cpu()
        gold += batch.tone.argmax(1).tolist()
        guess += document[:, :TONES].argmax(1).tolist()
        seen += known.tolist()
        right = document[:, TONES : TONES + KINDS].argmax(1) == batch.kind.cpu()
        kinds += right[known].tolist()
        best = (
            parts.float()
            .sigmoid()[..., :OPINIONS]
            .masked_fill(
                torch.arange(parts.shape[1])[:, None] > batch.segment.amax(1)[:, None, None], 0
            )
        )
        scores.append((best.amax(1)[known], batch.opinions.amax(1)[known]))
    network.train()
    right_pairs = best_threshold(
        torch.cat([s for s, _ in scores]).numpy().ravel(),
        torch.cat([g for _, g in scores]).numpy().ravel() > 0,
        _GRID,
    )
    told, said, labelled = np.array(gold), np.array(guess), np.array(seen)
    return (
        f"tone {macro_f1(told[labelled], said[labelled]):.3f} "
        f"{macro_f1(told[~labelled], said[~labelled]):.3f} kind {np.mean(kinds):.3f} "
        f"pairs {right_pairs[1]:.3f} at {right_pairs[0]}"
    )


def _autocast(device: torch.device) -> torch.autocast:
    return torch.autocast(device.type, torch.bfloat16)


class Run:
    """One training run: its optimiser, its schedule and its checkpoint in ``folder``."""

    def __init__(self, network: Network, folder: Path, config: Config, steps: int) -> None:
        self.network, self.folder, self.config = network, folder, config
        heads = [p for n, p in network.named_parameters() if not n.startswith("encoder")]
        body = [p for p in network.encoder.parameters() if p.requires_grad]
        self.optimiser = torch.optim.AdamW(
            [
                {"params": body, "lr": config.encoder_rate},
                {"params": heads, "lr": config.head_rate},
            ],
            weight_decay=config.weight_decay,
            fused=True,
        )
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimiser,
            lambda step: min(step / config.warmup, max(0.0, 1 - step / steps)) if step else 1e-3,
        )
        self.done = 0

    def step(self, batch: Batch) -> float:
        """One optimiser step; the loss."""
        hidden = torch.rand(batch.ids.shape, device=batch.ids.device) < self.config.token_dropout
        batch.ids[hidden & (batch.segment != NO_SEGMENT)] = UNKNOWN
        with _autocast(batch.ids.device):
            value = loss(self.network, batch, self.config)
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
            state = torch.load(path, weights_only=True)
            for name, part in self._parts().items():
                part.load_state_dict(state[name])
            self.done = state["done"]
            log.info("resumed at step %d", self.done)


def train(folder: Path, base: Path, work: Path, config: Config) -> Path:
    """Train on the data of ``folder`` from ``base``; checkpoint and ``network.pt`` in ``work``."""
    work.mkdir(parents=True, exist_ok=True)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    split = data.load(folder, load_tokenizer(base / "tokenizer.json"), config)
    first = list(
        data.batches(data.one_pass(split, random.Random(0)), config.batch_tokens, random.Random(0))
    )
    run = Run(start(base, config).to(device), work, config, len(first) * config.passes)
    run.resume()
    run.network.train()
    seen, since, total = 0, time.monotonic(), 0.0
    for number in range(config.passes):
        order = random.Random(config.seed + number)
        for rows in data.batches(data.one_pass(split, order), config.batch_tokens, order):
            seen += 1
            if seen <= run.done:
                continue
            total += run.step(collate(rows, device))
            if run.done % 50 == 0:
                log.info(
                    "pass %d step %d/%d loss %.3f %.0f s",
                    number,
                    run.done,
                    len(first) * config.passes,
                    total / 50,
                    time.monotonic() - since,
                )
                total = 0.0
            if run.done % config.checkpoint_every == 0:
                run.save()
        if seen >= run.done:
            log.info("pass %d: %s", number, assess(run.network, split.dev, config))
    torch.save(run.network.state_dict(), work / "network.pt")
    return work / "network.pt"
