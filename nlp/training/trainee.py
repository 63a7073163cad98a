"""The network under training: one head more than what ships, and where it starts from."""

from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from nlp.network import INTENTS, KINDS, OPINIONS, TONES, Network
from nlp.training.config import LAYERS
from nlp.training.data import TWEET_CODES

#: Outputs per document and per segment.
DOCUMENT = TONES + KINDS + INTENTS + OPINIONS + len(TWEET_CODES)
PARTS = OPINIONS + 2 * TONES


class Trainee(Network):
    """A network that also learns the classes of RuSentiTweet, the public yardstick."""

    def __init__(self, config: BertConfig, dropout: float = 0.0) -> None:
        super().__init__(config, dropout)
        self.tweet = nn.Linear(config.hidden_size, len(TWEET_CODES))
        # Opinions are rare: start from their prior, not from one half.
        nn.init.constant_(self.opinion.bias, -4.0)

    def everything(self, ids: Tensor, segment: Tensor, count: int) -> tuple[Tensor, Tensor]:
        """As ``forward``, with the five logits of the extra head behind the document's others."""
        whole, parts = self.pooled(ids, segment, count)
        document, segments = self.heads(whole, parts)
        return torch.cat([document, self.tweet(whole)], -1), segments


def shipped(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """What of a trainee's state ships."""
    return {name: value for name, value in state.items() if not name.startswith("tweet.")}


def blank(base: Path, layers: int, dropout: float) -> Trainee:
    """A trainee with the shape of the base encoder at ``base``, its embeddings frozen."""
    # Dropout inside the layers costs a quarter of a CPU step; hidden tokens do its work instead.
    shape = BertConfig.from_pretrained(
        base,
        num_hidden_layers=layers,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        attn_implementation="eager",
    )
    network = Trainee(shape, dropout)
    network.encoder.embeddings.requires_grad_(False)
    return network


def from_base(base: Path, layers: int, dropout: float) -> Trainee:
    """``layers`` layers of the base encoder, fresh heads."""
    network = blank(base, layers, dropout)
    full = BertModel.from_pretrained(base, add_pooling_layer=False)
    network.encoder.embeddings.load_state_dict(full.embeddings.state_dict())
    for own, old in enumerate(LAYERS[layers]):
        network.encoder.encoder.layer[own].load_state_dict(full.encoder.layer[old].state_dict())
    return network


def from_teacher(teacher: Trainee, base: Path, layers: int, dropout: float) -> Trainee:
    """``layers`` layers of a trained network of twelve, and all its heads."""
    network = blank(base, layers, dropout)
    state = {
        name: value
        for name, value in teacher.state_dict().items()
        if not name.startswith("encoder.encoder.")
    }
    network.load_state_dict(state, strict=False)
    for own, old in enumerate(LAYERS[layers]):
        network.encoder.encoder.layer[own].load_state_dict(
            teacher.encoder.encoder.layer[old].state_dict()
        )
    return network


def load(path: Path, base: Path, layers: int, dropout: float) -> Trainee:
    """A trainee saved as a state file."""
    network = blank(base, layers, dropout)
    network.load_state_dict(torch.load(path, weights_only=True, map_location="cpu"))
    return network
