"""The network in torch: the encoder and its heads. Used for training and by the torch backend."""

import torch
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from nlp.encode import PAD
from nlp.labels import MODEL_TONES, Intent, Kind, Touchpoint
from nlp.packed import State, layer_count

TONES, KINDS, INTENTS = len(MODEL_TONES), len(Kind), len(Intent)
#: Touchpoint-major: output 3·t + s is touchpoint t with tone s.
OPINIONS = len(Touchpoint) * TONES


class Network(nn.Module):
    """Token vectors pooled twice: over the text for the document heads, over each segment."""

    def __init__(self, config: BertConfig, dropout: float = 0.0) -> None:
        super().__init__()
        self.encoder = BertModel(config, add_pooling_layer=False)
        width = config.hidden_size
        self.tone = nn.Linear(width, TONES)
        self.kind = nn.Linear(width, KINDS)
        self.intent = nn.Linear(width, INTENTS)
        self.opinion = nn.Linear(width, OPINIONS)
        self.dropout = nn.Dropout(dropout)

    def forward(self, ids: Tensor, segment: Tensor, count: int) -> tuple[Tensor, Tensor]:
        """Logits of windows and of their segments.

        ``ids`` and ``segment`` are B × T, ``count`` is the largest number of segments in a
        window. Returns B × 16 (tone 3, kind 8, intents 5) and B × count × 60 (opinions 57, tone
        3); rows of segments that a window lacks are meaningless.
        """
        real = (ids != PAD).long()
        hidden = self.encoder(input_ids=ids, attention_mask=real).last_hidden_state
        whole = _mean(hidden, real.unsqueeze(1))
        numbers = torch.arange(count, device=ids.device)
        parts = _mean(hidden, segment.unsqueeze(1) == numbers[:, None])
        whole, parts = self.dropout(whole), self.dropout(parts)
        document = torch.cat([self.tone(whole), self.kind(whole), self.intent(whole)], -1)
        return document.squeeze(1), torch.cat([self.opinion(parts), self.tone(parts)], -1)


def restore(state: State, heads: int) -> Network:
    """The network of a state (see :mod:`nlp.packed`), ready to answer."""
    words = state["encoder.embeddings.word_embeddings.weight"]
    config = BertConfig(
        vocab_size=words.shape[0],
        hidden_size=words.shape[1],
        num_hidden_layers=layer_count(state),
        num_attention_heads=heads,
        intermediate_size=4 * words.shape[1],
    )
    network = Network(config)
    network.load_state_dict({name: torch.from_numpy(value) for name, value in state.items()})
    return network.eval()


def _mean(hidden: Tensor, member: Tensor) -> Tensor:
    """Mean of B × T × H over the tokens of each group of ``member`` (B × G × T)."""
    weights = member.to(hidden.dtype)
    return weights @ hidden / weights.sum(-1, keepdim=True).clamp(min=1)
