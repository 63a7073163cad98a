"""Fine-tuning of the encoder and all heads at once; resumable, seeded, logged."""

import itertools
import logging
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import BertConfig, BertModel

from nlp.encode import NO_SEGMENT, UNKNOWN, load_tokenizer
from nlp.network import KINDS, OPINIONS, TONES, Network
from nlp.training import data
from nlp.training.config import LAYERS, Config
from nlp.training.losses import Batch, collate, loss
from nlp.training.metrics import best_threshold, macro_f1

log = logging.getLogger(__name__)

_GRID = [cut / 20 for cut in range(4, 19)]
_LOG_EVERY = 50


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


@torch.no_grad()
def assess(network: Network, rows: Sequence[data.Example], config: Config) -> str:
    """A line for the log: tone macro-F1 (labelled, other), kind accuracy, opinion F1."""
    network.eval()
    tones, kinds, chances, gold = [], [], [], []
    for chosen in data.batches(rows, config.batch_tokens * 2, random.Random(0)):
        batch = collate(chosen, next(network.parameters()).device)
        with _autocast(batch.ids.device):
            document, parts = network(batch.ids, batch.segment, int(batch.opinions.shape[1]))
        known = batch.known
        guess = document[:, :TONES].argmax(1)
        tones.append(torch.stack([batch.tone.argmax(1), guess, known.long()]).cpu())
        right = document[:, TONES : TONES + KINDS].argmax(1) == batch.kind
        kinds.append(right[known].cpu())
        seen = parts[..., :OPINIONS].float().sigmoid() * batch.real()[..., None]
        chances.append(seen.amax(1)[known].cpu())
        gold.append(batch.opinions.amax(1)[known].cpu())
    network.train()
    said = torch.cat(gold).numpy().ravel() > 0
    cut, pairs = best_threshold(torch.cat(chances).numpy().ravel(), said, _GRID)
    told, guessed, labelled = torch.cat(tones, 1).numpy()
    ours, other = (macro_f1(told[labelled == k], guessed[labelled == k]) for k in (1, 0))
    right_kinds = float(torch.cat(kinds).float().mean())
    return f"tone {ours:.3f} {other:.3f} kind {right_kinds:.3f} pairs {pairs:.3f} at {cut}"


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
            state = torch.load(path, weights_only=True, map_location="cpu")
            for name, part in self._parts().items():
                part.load_state_dict(state[name])
            self.done = state["done"]
            log.info("resumed at step %d", self.done)


def _order(split: data.Split, config: Config) -> Iterator[tuple[int, list[data.Example]]]:
    """(pass, batch) in the order that the seed fixes, so that a resumed run can skip."""
    for number in range(config.passes):
        chance = random.Random(config.seed + number)
        for rows in data.batches(data.one_pass(split, chance), config.batch_tokens, chance):
            yield number, rows


def train(folder: Path, base: Path, work: Path, config: Config) -> Path:
    """Train on the data of ``folder`` from ``base``; checkpoint and ``network.pt`` in ``work``."""
    work.mkdir(parents=True, exist_ok=True)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    split = data.load(folder, load_tokenizer(base / "tokenizer.json"), config)
    steps = sum(1 for _ in _order(split, config))
    run = Run(start(base, config).to(device), work, config, steps)
    run.resume()
    run.network.train()
    total, last = 0.0, 0
    for number, rows in itertools.islice(_order(split, config), run.done, None):
        if number != last:
            log.info("pass %d: %s", number, assess(run.network, split.dev, config))
            last = number
        total += run.step(collate(rows, device))
        if run.done % _LOG_EVERY == 0:
            log.info("step %d of %d, loss %.3f", run.done, steps, total / _LOG_EVERY)
            total = 0.0
        if run.done % config.checkpoint_every == 0:
            run.save()
    log.info("trained: %s", assess(run.network, split.dev, config))
    torch.save(run.network.state_dict(), work / "network.pt")
    return work / "network.pt"
