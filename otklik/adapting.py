"""`otklik train`: corrections made in the app adapt the heads of the embedded model.

Only what answers better on corrections it never saw is used; the rest of the model, and all of it
where nothing is better, stays as it is.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nlp import calibration
from nlp.analyser import WEIGHTS, embedded_version, load
from nlp.analysis import Opinion, Result
from nlp.backends import physical_cores
from nlp.labels import MODEL_TONES
from nlp.lesson import FIELDS, Count, Lesson, is_held_out, merged
from nlp.text import clean, segments
from nlp.verdict import Verdict, judge
from otklik import weights
from otklik.config import Config
from otklik.house import House
from storage import corrections
from storage.corrections import Corrected

if TYPE_CHECKING:
    from nlp.adapt import Head

#: So many texts that nobody corrected are asked for.
_ANCHORS = 1500

#: Shows how far a step is: its name and the number of its parts, if that is known.
Progress = Callable[[str, int | None], AbstractContextManager[Callable[[int], None]]]


@dataclass(frozen=True, slots=True)
class Adapted:
    """How a training ended.

    ``counts`` are what each field had to learn from; ``verdicts`` stand for the fields that had
    enough, ``used`` names those whose new head is in use. ``model`` is the version in use
    afterwards.
    """

    counts: Mapping[str, Count]
    verdicts: Mapping[str, Verdict]
    used: tuple[str, ...]
    model: str


@dataclass(frozen=True, slots=True)
class _Material:
    """What there is to learn from (``taught``, ``kept``) and to be examined by.

    A corrected text is an anchor of the fields that the human left alone.
    """

    taught: Sequence[Lesson]
    examined: Sequence[Lesson]
    kept: Sequence[str]
    watched: Sequence[str]

    def count(self, field: str) -> Count:
        taught, examined = (
            sum(lesson.speaks_of(field) for lesson in part) for part in (self.taught, self.examined)
        )
        texts = map(len, (self.taught, self.examined, self.kept, self.watched))
        return Count(taught, examined, sum(texts) - taught - examined)


def adapt(house: House, progress: Progress) -> Adapted:
    """Teach the heads, compare, and use what is better; the caller holds the right to train."""
    material = _material(house)
    config = house.config
    # With a model of one's own for tone, the embedded one is never asked about it.
    fields = [field for field in FIELDS if not (field == "tone" and config.nlp.model)]
    counts = {field: material.count(field) for field in fields}
    ready = [field for field, count in counts.items() if count.enough]
    verdicts: dict[str, Verdict] = {}
    used: tuple[str, ...] = ()
    if ready:
        heads = _taught(config, material, ready, progress)
        verdicts, used = _chosen(config, material, heads, progress)
    return Adapted(counts, verdicts, used, weights.version_of(config))


def _material(house: House) -> _Material:
    with house.db.read() as session:
        found = corrections.corrected(session, embedded_version())
        others = corrections.uncorrected(session, _ANCHORS)
    lessons = [lesson for lesson in merged(map(_lesson, found)) if _has_words(lesson.text)]
    # The same words may stand uncorrected elsewhere: there they would teach the contrary.
    spoken = {lesson.text for lesson in lessons}
    anchors = [text for text in dict.fromkeys(others) if text not in spoken and _has_words(text)]
    return _Material(
        [lesson for lesson in lessons if not is_held_out(lesson.text)],
        [lesson for lesson in lessons if is_held_out(lesson.text)],
        [text for text in anchors if not is_held_out(text)],
        [text for text in anchors if is_held_out(text)],
    )


def _lesson(row: Corrected) -> Lesson:
    if row.opinions is None:
        return Lesson(row.text, row.tone, row.kind)
    opinions = tuple(
        Opinion(each.touchpoint, each.tone, 1.0, each.start, each.end)
        for each in row.opinions
        if each.tone in MODEL_TONES
    )
    return Lesson(row.text, row.tone, row.kind, opinions)


def _has_words(text: str) -> bool:
    """Whether the model is asked about the text at all."""
    return bool(segments(clean(text)))


def _taught(
    config: Config, material: _Material, fields: Sequence[str], progress: Progress
) -> dict[str, "Head"]:
    """The refined head of each field."""
    from nlp.adapt import read_head, refine  # torch: only where there is something to learn
    from nlp.vectors import embed

    texts = [lesson.text for lesson in material.taught] + list(material.kept)
    with progress("Чтение текстов", len(texts)) as advance:
        vectors = embed(WEIGHTS, texts, config.nlp.threads or physical_cores(), advance)
    taught = list(zip(vectors, material.taught, strict=False))
    kept = vectors[len(taught) :]
    settings = calibration.read(WEIGHTS / "model.json")
    heads = {}
    with progress("Обучение", len(fields)) as advance:
        for field in fields:
            lessons = [pair for pair in taught if pair[1].speaks_of(field)]
            anchors = [vector for vector, lesson in taught if not lesson.speaks_of(field)] + kept
            heads[field] = refine(field, read_head(WEIGHTS, field), lessons, anchors, settings)
            advance(1)
    return heads


def _chosen(
    config: Config, material: _Material, heads: Mapping[str, "Head"], progress: Progress
) -> tuple[dict[str, Verdict], tuple[str, ...]]:
    """The verdict on each head, and the fields whose heads are in use from now on.

    Heads depend on each other (``mixed`` is a tone that follows from opinions), so what is
    adopted was examined together.
    """
    from nlp.adapt import write_heads

    texts = [lesson.text for lesson in material.examined] + list(material.watched)
    verdicts: dict[str, Verdict] = {}
    left = dict(heads)
    with progress("Проверка", None) as advance:
        shipped = _answers(config, WEIGHTS, texts, advance)
        now = weights.path_of(config)
        used = shipped if now == WEIGHTS else _answers(config, now, texts, advance)
        while left:
            with weights.candidate(config) as folder:
                write_heads(folder, left)
                new = _answers(config, folder, texts, advance)
                verdicts |= {field: _verdict(field, material, shipped, used, new) for field in left}
                better = {field: head for field, head in left.items() if verdicts[field].better}
                if len(better) == len(left):
                    weights.adopt(config, folder)
                    break
            left = better
    return verdicts, tuple(left)


def _answers(
    config: Config, folder: Path, texts: Sequence[str], on_progress: Callable[[int], None]
) -> list[Result]:
    """The answers that the house would get from these weights."""
    analyser = load(backend=config.nlp.backend, threads=config.nlp.threads, weights=folder)
    results = []
    for result in analyser.analyse(texts):
        results.append(result)
        on_progress(1)
    return results


def _verdict(
    field: str,
    material: _Material,
    shipped: Sequence[Result],
    used: Sequence[Result],
    new: Sequence[Result],
) -> Verdict:
    """``shipped``, ``used`` and ``new`` answer to the examined texts, then to the watched ones."""
    lessons = material.examined
    asked = [number for number, lesson in enumerate(lessons) if lesson.speaks_of(field)]
    answers = enumerate(zip(shipped, used, new, strict=True))
    return judge(
        field,
        [lessons[number] for number in asked],
        [used[number] for number in asked],
        [new[number] for number in asked],
        [each for number, each in answers if number not in asked],
    )
