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
        self.target = nn.Linear(width, TONES)
        self.dropout = nn.Dropout(dropout)

    def pooled(self, ids: Tensor, segment: Tensor, count: int) -> tuple[Tensor, Tensor]:
        """Mean vectors of windows (B × H) and of their segments (B × count × H)."""
        real = (ids != PAD).long()
        hidden = self.encoder(input_ids=ids, attention_mask=real).last_hidden_state
        numbers = torch.arange(count, device=ids.device)
        whole = _mean(hidden, real.unsqueeze(1)).squeeze(1)
        parts = _mean(hidden, segment.unsqueeze(1) == numbers[:, None])
        return self.dropout(whole), self.dropout(parts)

    def heads(self, whole: Tensor, parts: Tensor) -> tuple[Tensor, Tensor]:
        """Logits from the vectors of :meth:`pooled`, as :meth:`forward` returns them."""
        document = [head(whole) for head in (self.tone, self.kind, self.intent, self.opinion)]
        segment = [head(parts) for head in (self.opinion, self.tone, self.target)]
        return torch.cat(document, -1), torch.cat(segment, -1)

    def forward(self, ids: Tensor, segment: Tensor, count: int) -> tuple[Tensor, Tensor]:
        """Logits of windows and of their segments.

        ``ids`` and ``segment`` are B × T, ``count`` is the largest number of segments in a
        window. Returns B × 73 (tone 3, kind 8, intents 5, opinions 57) and B × count × 63
        (opinions 57, tone 3, tone towards a marked target 3); rows of segments that a window
        lacks are meaningless.
        """
        return self.heads(*self.pooled(ids, segment, count))


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
