"""Texts in, analyses out: the one door to the model.

>>> analyser = load()
>>> for result in analyser.analyse(["Курьер опоздал на два часа"]): ...
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from nlp import backends, calibration, decode, packed, targets
from nlp.analysis import Analysis, Failure, Query, Result
from nlp.calibration import Calibration, WrongWeights
from nlp.encode import load_tokenizer
from nlp.forward import Model
from nlp.hub import HubTone, ModelUnavailable, UnknownLabels
from nlp.labels import MODEL_TONES, Tone

__all__ = ["Analyser", "ModelUnavailable", "UnknownLabels", "WrongWeights", "load"]

ToneModel = Callable[[Sequence[str]], decode.Floats]

WEIGHTS = Path(__file__).parent / "weights"

#: How many texts (or characters, whichever is reached first) are looked at together: enough to
#: sort by length, little enough that a stream needs no more memory than a short list.
_CHUNK_TEXTS, _CHUNK_CHARACTERS = 512, 400_000


class Analyser:
    """A loaded model. It keeps no state between calls and may be shared by threads.

    ``version`` is short and changes whenever answers may change.
    """

    def __init__(
        self,
        model: Model,
        settings: Calibration,
        version: str,
        tone: ToneModel | None = None,
    ) -> None:
        self.version = version
        self._model, self._settings, self._tone = model, settings, tone

    def analyse(self, queries: Iterable[str | Query]) -> Iterator[Result]:
        """One result for each query, in order, reading ``queries`` only a little ahead.

        Nothing stops the stream: what cannot be analysed becomes a Failure with its reason. A
        text without letters gets neutral / other; long texts are read whole. Only a query with
        a target that its text names gets a ``target_tone``.
        """
        for chunk in _chunks(queries):
            yield from self._chunk(chunk)

    def _chunk(self, queries: Sequence[str | Query]) -> list[Result]:
        results: list[Result] = [decode.SILENCE] * len(queries)
        asked: dict[int, Query] = {}
        for number, given in enumerate(queries):
            query = given if isinstance(given, Query) else Query(given)
            text: object = query.text
            if not isinstance(text, str):  # callers read JSON: anything may stand there
                results[number] = Failure(f"ожидался текст, а пришло {type(text).__name__}")
            else:
                asked[number] = query
        for number, result in zip(asked, self._together(list(asked.values())), strict=True):
            results[number] = result
        return results

    def _together(self, queries: list[Query]) -> Sequence[Result]:
        """All at once; if that fails, each alone, so that only the culprit is lost."""
        try:
            return self._answer(queries)
        except Exception as error:  # whatever a backend raises is this text's failure, not ours
            if len(queries) > 1:
                return [result for query in queries for result in self._together([query])]
            return [Failure(f"модель не справилась с текстом: {type(error).__name__}: {error}")]

    def _answer(self, queries: list[Query]) -> list[Analysis]:
        if not queries:
            return []
        # A text that is asked about several targets is read once.
        texts = list(dict.fromkeys(query.text for query in queries))
        answers = dict(zip(texts, self._read(texts), strict=True))
        found = [answers[query.text] for query in queries]
        for number, tone in self._towards(queries).items():
            found[number] = replace(found[number], target_tone=tone)
        return found

    def _towards(self, queries: Sequence[Query]) -> dict[int, Tone]:
        """The tone towards the target, by the number of each query that names one."""
        mentions = {
            number: query.mentions or targets.find(query.target, query.text)
            for number, query in enumerate(queries)
            if query.target
        }
        named = {number: spans for number, spans in mentions.items() if spans}
        logits = self._model.towards([(queries[n].text, spans) for n, spans in named.items()])
        chances = decode.target_probabilities(logits, self._settings)
        return {n: MODEL_TONES[best] for n, best in zip(named, chances.argmax(1), strict=True)}

    def _read(self, texts: list[str]) -> list[Analysis]:
        encoded, scores = self._model.read(texts)
        tones = (
            self._tone(texts)
            if self._tone
            else decode.tone_probabilities(scores.document, self._settings)
        )
        return list(decode.analyses(encoded, scores, tones, self._settings))


def _chunks(queries: Iterable[str | Query]) -> Iterator[list[str | Query]]:
    chunk: list[str | Query] = []
    size = 0
    for query in queries:
        chunk.append(query)
        text = query.text if isinstance(query, Query) else query
        size += len(text) if isinstance(text, str) else 0
        if len(chunk) >= _CHUNK_TEXTS or size >= _CHUNK_CHARACTERS:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def embedded_version(weights: Path = WEIGHTS) -> str:
    """``otklik-1-`` and a digest of the weights and of the settings beside them."""
    digest = hashlib.sha256()
    for name in ("model.safetensors", "model.onnx", "model.json", "tokenizer.json"):
        with (weights / name).open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return f"otklik-1-{digest.hexdigest()[:8]}"


def load(
    model: str | None = None,
    *,
    backend: Literal["onnx", "torch"] = "onnx",
    labels: Mapping[str, str] | None = None,
    threads: int | None = None,
    weights: Path = WEIGHTS,
) -> Analyser:
    """Load a model.

    ``model`` None is the embedded one; a hub name or a folder is a transformers
    sequence-classification model that decides the tone instead, its label names mapped by
    ``labels`` (``{"LABEL_0": "negative", …}``); kind, intents and opinions always come from the
    embedded weights. ``backend`` runs those: int8 by ONNX Runtime, or torch. ``threads`` is
    the number of CPU threads, physical cores by default.

    Raises ModelUnavailable (not loadable), UnknownLabels (labels need a mapping), WrongWeights.
    """
    settings = calibration.read(weights / "model.json")
    version, tone = embedded_version(weights), None
    if model is not None:
        tone = HubTone(model, labels)
        version = f"{version}+{tone.version}"
    run = (
        backends.onnx_backend(weights, threads)
        if backend == "onnx"
        else backends.torch_backend(packed.load(weights / "model.safetensors"), settings, threads)
    )
    reader = Model(load_tokenizer(weights / "tokenizer.json"), run)
    return Analyser(reader, settings, version, tone)
