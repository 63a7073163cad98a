"""Every size and rate of the training chain, in one place."""

from collections.abc import Mapping
from dataclasses import dataclass, field

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

#: Rows that one pass takes of each source, where that is not all of them. The first stage sees
#: almost everything once; the later ones all labelled texts and a fresh sample of the corpora.
_BROAD = {
    "sentirueval2015_banks": 3000,
    "sentirueval2015_telecom": 3000,
    "books": 700,
    "kinopoisk": 600,
}
_LATER = {
    "sentirueval2015_banks": 3000,
    "sentirueval2015_telecom": 3000,
    "targets_sentirueval2015": 6000,
    "rusentne2023": 300,
    "otzovik_bank": 800,
    "books": 200,
    "kinopoisk": 150,
    "ozon": 500,
    "ozon_long": 100,
    "maps_dealer": 200,
}
#: Texts without labels in one pass of a student: the teacher says what they mean.
_UNLABELLED = {
    "unlabelled_lamoda": 2500,
    "unlabelled_bank_long": 700,
    "unlabelled_clothes": 700,
    "unlabelled_books": 100,
}


@dataclass(frozen=True)
class Stage:
    """One training run: what it takes per pass, how often and how fast."""

    name: str
    layers: int
    passes: int
    quotas: Mapping[str, int] = field(hash=False)
    encoder_rate: float
    head_rate: float
    #: Weight of the labels beside a teacher's answers.
    hard_weight: float = 1.0


CORPORA = Stage("corpora", 12, 1, _BROAD, 1e-4, 3e-3)
TEACHER = Stage("teacher", 12, 7, _LATER, 8e-5, 3e-3)
STUDENT = Stage("student", 6, 9, _LATER | _UNLABELLED, 1.5e-4, 2e-3, hard_weight=0.5)
#: Students of several depths under one short recipe, mostly labelled texts: quality against speed.
_BRIEF = dict.fromkeys(_LATER | _UNLABELLED, 300) | {
    "rusentitweet": 1000,
    "targets_rusentne2023": 500,
}
CURVE = tuple(
    Stage(f"curve_{layers}", layers, 1, _BRIEF, 1.5e-4, 2e-3, hard_weight=0.5)
    for layers in (6, 4, 3)
)
#: How a model without one source is trained, to see what it is worth on texts from elsewhere.
LEFT_OUT = Stage("left_out", 6, 2, _LATER, 1.2e-4, 3e-3)
#: The public yardstick: the encoder of a stage, refined on RuSentiTweet alone.
TWEETS = Stage("tweets", 12, 3, {}, 8e-5, 1e-3)


@dataclass(frozen=True)
class Config:
    """What all stages share; lengths are in tokens, times in optimiser steps."""

    seed: int = 7
    dev_share: float = 0.06
    max_tokens: int = 256
    batch_tokens: int = 2400
    weight_decay: float = 0.01
    warmup: int = 100
    positive_weight: float = 4.0
    intent_positive_weight: float = 2.0
    dropout: float = 0.1
    token_dropout: float = 0.05
    spoiled_share: float = 0.4
    label_smoothing: float = 0.02
    tone_weight: float = 1.0
    kind_weight: float = 0.6
    intent_weight: float = 0.5
    opinion_weight: float = 1.0
    text_opinion_weight: float = 0.5
    target_weight: float = 1.0
    tweet_weight: float = 0.7
    soft_temperature: float = 2.0
    #: How many passes' worth of each source a teacher reads for its student.
    taught_passes: int = 2
    checkpoint_every: int = 200
    #: Held-out rows of one source that the log looks at after each pass.
    watched: int = 250
