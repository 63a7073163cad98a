"""Every size and rate of the training chain, in one place."""

from dataclasses import dataclass

#: Sources of ``tone_train`` and how many of their rows one pass over the data takes.
TONE_QUOTA = {
    "sentirueval2015_banks": 800,
    "sentirueval2015_telecom": 800,
    "rusentitweet": 1500,
    "rusentne2023": 300,
    "otzovik_bank": 800,
    "books": 200,
    "kinopoisk": 100,
    "ozon": 500,
    "ozon_long": 100,
    "maps_dealer": 150,
}

#: Star corpora: probability of negative, neutral, positive by stars. Three stars is seldom
#: «neutral» and four is not plain praise.
STAR_TARGETS = {
    1: (0.96, 0.03, 0.01),
    2: (0.85, 0.10, 0.05),
    3: (0.45, 0.30, 0.25),
    4: (0.08, 0.17, 0.75),
    5: (0.01, 0.03, 0.96),
}

#: Base layers by number of layers kept: evenly spaced, the last always among them.
LAYERS = {
    12: tuple(range(12)),
    6: (1, 3, 5, 7, 9, 11),
    4: (2, 5, 8, 11),
    3: (3, 7, 11),
}


@dataclass(frozen=True)
class Config:
    """Sizes and rates; times are in optimiser steps, lengths in tokens."""

    seed: int = 7
    layers: int = 6
    dev_share: float = 0.06
    max_tokens: int = 256
    batch_tokens: int = 2400
    passes: int = 9
    encoder_rate: float = 1.2e-4
    head_rate: float = 4e-3
    weight_decay: float = 0.01
    warmup: int = 150
    positive_weight: float = 4.0
    intent_positive_weight: float = 2.0
    dropout: float = 0.15
    token_dropout: float = 0.06
    label_smoothing: float = 0.02
    tone_weight: float = 1.0
    kind_weight: float = 0.6
    intent_weight: float = 0.5
    opinion_weight: float = 1.0
    checkpoint_every: int = 400
