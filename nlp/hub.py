"""Tone by any transformers sequence-classification model, named or lying in a folder."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlp.labels import MODEL_TONES
from nlp.text import readable

Floats = NDArray[np.float32]

#: Spellings of the three tones that need no mapping.
_KNOWN = {
    "negative": "negative",
    "neg": "negative",
    "негатив": "negative",
    "neutral": "neutral",
    "neu": "neutral",
    "нейтрально": "neutral",
    "positive": "positive",
    "pos": "positive",
    "позитив": "positive",
}
_ORDER = [str(tone) for tone in MODEL_TONES]
_BATCH = 32


class ModelUnavailable(RuntimeError):
    """The model named in the config cannot be loaded; the message says why, in Russian."""


class UnknownLabels(ValueError):
    """The model's label names mean nothing to us; the message says what to put into the config."""


class HubTone:
    """Tone probabilities by a foreign model.

    ``version`` names the model and its weights: another model, other weights or another mapping
    of labels give another version.
    """

    def __init__(self, name: str, labels: Mapping[str, str] | None = None) -> None:
        self._tokenizer, self._model = _load(name)
        names = [self._model.config.id2label[i] for i in range(self._model.config.num_labels)]
        self._columns = _columns(name, names, labels or {})
        self.version = f"{Path(name).name}-{_digest(self._model, self._columns)}"
        limits = (self._tokenizer.model_max_length, self._positions(), 512)
        self._limit = min(limit for limit in limits if limit)

    def _positions(self) -> int | None:
        positions: int | None = getattr(self._model.config, "max_position_embeddings", None)
        # RoBERTa numbers its positions from the padding id on: two of them are not for tokens.
        return positions - 2 if positions else None

    def __call__(self, texts: Sequence[str]) -> Floats:
        """Texts × 3 probabilities; a long text is read in windows, averaged by their length."""
        order = sorted(range(len(texts)), key=lambda number: len(texts[number]))
        answers = np.zeros((len(texts), len(_ORDER)), np.float32)
        for start in range(0, len(order), _BATCH):
            chosen = order[start : start + _BATCH]
            answers[chosen] = self._batch([readable(texts[number]) for number in chosen])
        return answers

    def _batch(self, texts: list[str]) -> Floats:
        import torch

        tokens = self._tokenizer(
            texts,
            truncation=True,
            max_length=self._limit,
            return_overflowing_tokens=True,
            padding=True,
            return_tensors="pt",
        )
        owner = tokens.pop("overflow_to_sample_mapping").numpy()
        known = set(self._tokenizer.model_input_names)
        inputs = {name: value for name, value in tokens.items() if name in known}
        sums = np.zeros((len(texts), len(_ORDER)), np.float32)
        for start in range(0, len(owner), _BATCH):
            part = {name: value[start : start + _BATCH] for name, value in inputs.items()}
            moved = {name: value.to(self._model.device) for name, value in part.items()}
            with torch.inference_mode():
                logits = self._model(**moved).logits
            chances = logits.float().softmax(-1).cpu().numpy() @ self._columns
            weight = part["attention_mask"].sum(1, keepdim=True).numpy()
            np.add.at(sums, owner[start : start + _BATCH], chances * weight)
        return np.asarray(sums / sums.sum(1, keepdims=True), np.float32)


def _load(name: str) -> tuple[Any, Any]:
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    loaders: tuple[Callable[..., Any], ...] = (
        AutoTokenizer.from_pretrained,
        AutoModelForSequenceClassification.from_pretrained,
    )
    try:
        local = _is_local(name)
        tokenizer, model = (load(name, local_files_only=local) for load in loaders)
    except Exception as error:  # the hub's client raises a dozen unrelated types
        first = str(error).strip().split("\n")[0]
        raise ModelUnavailable(
            f"модель «{name}» не загрузилась: проверьте nlp.model в config.yaml (имя на хабе или "
            f"путь к папке) и доступ к сети. Подробности: {type(error).__name__}: {first}"
        ) from error
    return tokenizer, model.to("cuda" if torch.cuda.is_available() else "cpu").eval()


def _is_local(name: str) -> bool:
    """Whether the loaders can do without the network; raises where they could only fail.

    One question to the hub comes first: without network the loaders retry for a minute.
    """
    from huggingface_hub import HfApi, try_to_load_from_cache

    if Path(name).is_dir():
        return True
    try:
        HfApi().model_info(name, timeout=10)
    except Exception:
        if isinstance(try_to_load_from_cache(name, "config.json"), str):
            return True
        raise
    return False


def _columns(name: str, names: Sequence[str], labels: Mapping[str, str]) -> Floats:
    """Labels × 3: which tone each label of the model adds to."""
    wanted = {key.lower(): value.lower() for key, value in labels.items()}
    found = [wanted.get(label.lower(), _KNOWN.get(label.lower())) for label in names]
    if any(tone not in _ORDER for tone in found):
        pairs = zip(names, found, strict=True)
        example = ", ".join(f"{label}: {tone or 'neutral'}" for label, tone in pairs)
        raise UnknownLabels(
            f"метки модели «{name}» ({', '.join(names)}) нужно связать с тональностями: добавьте в "
            f"config.yaml nlp.labels, например {{{example}}}; значения: {', '.join(_ORDER)}"
        )
    return np.array([[tone == code for code in _ORDER] for tone in found], np.float32)


def _digest(model: Any, columns: Floats) -> str:
    digest = hashlib.blake2b(columns.tobytes(), digest_size=4)
    for weight in model.state_dict().values():
        digest.update(np.ascontiguousarray(weight.float().cpu().numpy()).data)
    return digest.hexdigest()
