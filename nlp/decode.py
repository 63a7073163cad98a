"""Logits to answers: probabilities, thresholds, one opinion per touchpoint and tone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlp.analysis import Analysis, Opinion
from nlp.calibration import Calibration
from nlp.encode import UNKNOWN, Encoded
from nlp.labels import MODEL_TONES, Intent, Kind, Tone, Touchpoint

Floats = NDArray[np.float32]

_TONES, _KINDS = len(MODEL_TONES), len(Kind)
_KIND_LIST, _INTENT_LIST, _TOUCHPOINT_LIST = list(Kind), list(Intent), list(Touchpoint)
OPINIONS = len(Touchpoint) * _TONES
#: Outputs per document and per segment.
DOCUMENT = _TONES + _KINDS + len(Intent)
SEGMENT = OPINIONS + _TONES + OPINIONS
_NEGATIVE, _NEUTRAL, _POSITIVE = range(3)

#: The answer for a text that says nothing the model can read: nothing is judged.
SILENCE = Analysis(Tone.NEUTRAL, (0.0, 1.0, 0.0), Kind.OTHER)


@dataclass(frozen=True, slots=True)
class Scores:
    """Logits of several texts: ``document`` texts × 16, ``parts`` one segments × 117 a text.

    Of a segment: its opinions (57), its tone (3), and the opinions of the window it stands in
    (57), which see a hint that a sentence alone does not give away.
    """

    document: Floats
    parts: Sequence[Floats]


def softmax(logits: Floats) -> Floats:
    """Probabilities along the last axis."""
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray(powers / powers.sum(-1, keepdims=True), np.float32)


def sigmoid(logits: Floats) -> Floats:
    """Probability of each logit alone."""
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -60, 60))), np.float32)


def tone_probabilities(logits: Floats, calibration: Calibration) -> Floats:
    """Tone logits of texts or segments (× 3) as calibrated probabilities."""
    bias = np.array(calibration.tone_bias, np.float32)
    return softmax(logits[:, :_TONES] / calibration.temperature + bias)


def target_probabilities(logits: Floats, calibration: Calibration) -> Floats:
    """Logits of the tone towards targets (× 3) as calibrated probabilities."""
    bias = np.array(calibration.target_bias, np.float32)
    return softmax(logits / calibration.target_temperature + bias)


def opinion_probabilities(parts: Floats, calibration: Calibration) -> Floats:
    """Segments × touchpoints × 3, calibrated."""
    own, around = parts[:, :OPINIONS], parts[:, OPINIONS + _TONES :]
    logits = own * calibration.opinion_slope + around * calibration.opinion_text_slope
    logits += np.float32(calibration.opinion_shift)
    return sigmoid(logits).reshape(len(parts), -1, _TONES)


def analyses(
    texts: Sequence[Encoded], scores: Scores, tones: Floats, calibration: Calibration
) -> Iterator[Analysis]:
    """One Analysis per text; ``tones`` are the document probabilities, texts × 3."""
    kinds = scores.document[:, _TONES : _TONES + _KINDS].argmax(1)
    intents = sigmoid(scores.document[:, _TONES + _KINDS :]) >= calibration.intent_thresholds
    for number, encoded in enumerate(texts):
        if not encoded.spans or _foreign(encoded):
            yield SILENCE
            continue
        parts = scores.parts[number]
        opinions = _opinions(encoded, parts, calibration)
        signs = tone_probabilities(parts[:, OPINIONS : OPINIONS + _TONES], calibration)
        course = signs[:, _POSITIVE] - signs[:, _NEGATIVE]
        negative, neutral, positive = map(float, tones[number])
        yield Analysis(
            tone=_tone(tones[number], opinions, calibration),
            tone_scores=(negative, neutral, positive),
            kind=_KIND_LIST[kinds[number]],
            intents=tuple(_INTENT_LIST[i] for i in np.flatnonzero(intents[number])),
            opinions=opinions,
            peak=float(course[np.abs(course).argmax()]),
            end=float(course[-1]),
            mean=float(course.mean()),
        )


def _foreign(encoded: Encoded) -> bool:
    """Whether a third of the tokens are unknown: a script that the vocabulary lacks."""
    unknown = sum(int((piece == UNKNOWN).sum()) for piece in encoded.pieces)
    return 3 * unknown >= sum(map(len, encoded.pieces))


def _opinions(encoded: Encoded, parts: Floats, calibration: Calibration) -> tuple[Opinion, ...]:
    """The best segment of each (touchpoint, tone) above its threshold, in order of the text."""
    chances = opinion_probabilities(parts, calibration)
    tone = chances.argmax(2)  # one segment judges a touchpoint one way
    peak = chances.max(2)
    best: dict[tuple[int, int], tuple[float, int]] = {}
    for row, touchpoint in np.argwhere(peak >= calibration.opinion_thresholds):
        pair = (int(touchpoint), int(tone[row, touchpoint]))
        found = (float(peak[row, touchpoint]), -int(row))  # of equals, the first
        best[pair] = max(best.get(pair, found), found)
    opinions = [
        Opinion(_TOUCHPOINT_LIST[point], MODEL_TONES[sign], score, *encoded.spans[-row])
        for (point, sign), (score, row) in best.items()
    ]
    return tuple(sorted(opinions, key=lambda opinion: (opinion.start, -opinion.score)))


def _tone(chances: Floats, opinions: Sequence[Opinion], calibration: Calibration) -> Tone:
    weight = {Tone.NEGATIVE: 0.0, Tone.NEUTRAL: 0.0, Tone.POSITIVE: 0.0}
    for opinion in opinions:
        weight[opinion.tone] += opinion.score
    weaker = min(weight[Tone.NEGATIVE], weight[Tone.POSITIVE])
    total = weight[Tone.NEGATIVE] + weight[Tone.POSITIVE]
    if (
        total > 0
        and weaker / total >= calibration.mixed_share
        and min(chances[_NEGATIVE], chances[_POSITIVE]) >= calibration.mixed_tone
    ):
        return Tone.MIXED
    return MODEL_TONES[int(chances.argmax())]
