"""What is saved beside the weights: label lists, temperatures, thresholds (``model.json``)."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nlp.labels import MODEL_TONES, Intent, Kind, Touchpoint

#: The outputs' meaning, in order; saved with the weights and compared on loading.
LABELS = {
    "tones": [str(tone) for tone in MODEL_TONES],
    "kinds": [str(kind) for kind in Kind],
    "intents": [str(intent) for intent in Intent],
    "touchpoints": [str(touchpoint) for touchpoint in Touchpoint],
}


class WrongWeights(ValueError):
    """The weights were made for other labels than this code has."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """How logits become answers.

    ``temperature`` divides the tone logits, then ``tone_bias`` is added: the corpora are more
    negative than customers are. The tone towards a target has a temperature and a bias of its
    own. An opinion with the logit x in its segment and y in the window around has the
    probability sigmoid(``opinion_slope``·x + ``opinion_text_slope``·y + ``opinion_shift``);
    opinions and intents count from their thresholds (probabilities) on. A text is mixed when
    its less likely pole has at least ``mixed_tone`` and the opinions of the weaker sign at
    least the share ``mixed_share`` of all.
    """

    layers: int
    heads: int
    temperature: float = 1.0
    tone_bias: tuple[float, ...] = (0.0, 0.0, 0.0)
    target_temperature: float = 1.0
    target_bias: tuple[float, ...] = (0.0, 0.0, 0.0)
    opinion_slope: float = 0.5
    opinion_text_slope: float = 0.5
    opinion_shift: float = 0.0
    opinion_thresholds: tuple[float, ...] = (0.5,) * len(Touchpoint)
    intent_thresholds: tuple[float, ...] = (0.5,) * len(Intent)
    mixed_tone: float = 0.25
    mixed_share: float = 0.3

    def write(self, path: Path) -> None:
        """Save with the label lists."""
        content = {"labels": LABELS, **asdict(self)}
        path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read(path: Path) -> Calibration:
    """Load ``model.json``; WrongWeights when its labels are not this code's."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if content.pop("labels") != LABELS:
        raise WrongWeights(f"{path}: веса обучены для других меток, чем знает эта версия Отклика")
    for name in ("tone_bias", "target_bias", "opinion_thresholds", "intent_thresholds"):
        content[name] = tuple(content[name])
    return Calibration(**content)
