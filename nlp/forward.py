"""Texts to logits: windows sorted by length, cut into batches by tokens, put together again."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from tokenizers import Tokenizer

from nlp.backends import Backend
from nlp.decode import DOCUMENT, OPINIONS, SEGMENT, Floats, Scores
from nlp.encode import Encoded, Window, encode, marked, pad, windows
from nlp.labels import MODEL_TONES

#: Tokens of one window; the model has 512 positions but was trained on texts up to this length.
WINDOW = 254
#: Padded tokens in one forward pass.
BATCH_TOKENS = 2048

Owned = tuple[int, Window]

#: Outputs of a segment alone; the backend's last ones are about a marked target.
_OWN = OPINIONS + len(MODEL_TONES)


class Model:
    """Tokenizer and backend together; ``batch_tokens`` padded tokens make one forward pass."""

    def __init__(
        self, tokenizer: Tokenizer, backend: Backend, batch_tokens: int = BATCH_TOKENS
    ) -> None:
        self._tokenizer, self._backend = tokenizer, backend
        self._batch_tokens = batch_tokens

    def read(self, texts: Sequence[str]) -> tuple[list[Encoded], Scores]:
        """Segments and logits of each text; long texts are read whole, by windows.

        The document logits of a long text are its windows' mean, weighted by their length. A
        text without segments keeps zero document logits.
        """
        encoded = encode(self._tokenizer, texts)
        cut = [(own, part) for own, text in enumerate(encoded) for part in windows(text, WINDOW)]
        cut.sort(key=lambda pair: len(pair[1].ids))
        document = np.zeros((len(texts), DOCUMENT), np.float32)
        length = np.zeros((len(texts), 1), np.float32)
        parts = [np.full((len(text.spans), SEGMENT), -np.inf, np.float32) for text in encoded]
        for batch in batches(cut, self._batch_tokens):
            whole, segment = self._backend(*pad([window for _, window in batch]))
            for row, (owner, window) in enumerate(batch):
                document[owner] += whole[row, :DOCUMENT] * len(window.ids)
                length[owner] += len(window.ids)
                # A sentence longer than a window says what its strongest piece says.
                own = parts[owner][window.first : window.first + window.count]
                said, around = segment[row, : window.count, :_OWN], whole[row, DOCUMENT:]
                np.maximum(own[:, :_OWN], said, out=own[:, :_OWN])
                np.maximum(own[:, _OWN:], around, out=own[:, _OWN:])
        document /= np.maximum(length, 1)
        return encoded, Scores(document, parts)

    def towards(self, asked: Sequence[tuple[str, Sequence[tuple[int, int]]]]) -> Floats:
        """Logits (texts × 3) of the tone towards the target at the given mentions of each text."""
        logits = np.zeros((len(asked), len(MODEL_TONES)), np.float32)
        # Training marks one mention of several; so the first one stands for all.
        cut = [
            (own, marked(self._tokenizer, text, mentions[:1], WINDOW))
            for own, (text, mentions) in enumerate(asked)
        ]
        cut.sort(key=lambda pair: len(pair[1].ids))
        for batch in batches(cut, self._batch_tokens):
            _, segment = self._backend(*pad([window for _, window in batch]))
            logits[[number for number, _ in batch]] = segment[:, 0, _OWN:]
        return logits


def batches(cut: Sequence[Owned], tokens: int = BATCH_TOKENS) -> Iterator[Sequence[Owned]]:
    """Windows in the order of their length, in runs of at most ``tokens`` padded tokens."""
    edges = [0]
    for number, (_, window) in enumerate(cut):
        size = (number + 1 - edges[-1]) * len(window.ids)
        if size > tokens and number > edges[-1]:
            edges.append(number)
    if cut:
        for start, stop in pairwise([*edges, len(cut)]):
            yield cut[start:stop]
