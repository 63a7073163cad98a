"""The queue of texts that wait for a model, and the model's answers.

The query is the queue: pending is what has no answer for (mention, content hash, model version),
so an edited text or a new model becomes pending by itself. An answer that was never asked about
one of the mention's several brands (they changed since) is half an answer: it is asked anew.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nlp.analysis import Failure, Opinion, Result
from nlp.labels import Tone
from storage import alerting, rows
from storage import tables as t
from storage.labelling import relabel

_NO_ANSWER: dict[str, Any] = {
    **dict.fromkeys(("tone", "kind", "negative", "neutral", "positive", "peak", "last", "mean")),
    "intents": [],
    "opinions": [],
}


@dataclass(frozen=True, slots=True)
class Pending:
    """A text that waits for the model.

    ``brand_ids`` are the brands to ask about: those of its mention, where it has several.
    """

    mention_id: int
    content_hash: str
    text: str
    brand_ids: tuple[int, ...] = ()


def pending(
    session: Session, model_version: str, *, limit: int, after_id: int = 0
) -> list[Pending]:
    """The next texts in the order of their ids that this model has not answered for."""
    mention = t.mention.c
    found = session.execute(
        sa.select(mention.id, mention.content_hash, mention.text)
        .where(mention.id > after_id, _is_pending(model_version))
        .order_by(mention.id)
        .limit(limit)
    ).all()
    several = _several_brands(session, [row.id for row in found])
    return [Pending(*row, several.get(row.id, ())) for row in found]


def _several_brands(session: Session, mention_ids: Sequence[int]) -> dict[int, tuple[int, ...]]:
    row = t.mention_brand.c
    found: dict[int, list[int]] = defaultdict(list)
    for chunk in t.in_chunks(mention_ids):
        for mention_id, brand_id in session.execute(
            sa.select(row.mention_id, row.brand_id)
            .where(row.mention_id.in_(chunk))
            .order_by(row.mention_id, row.brand_id)
        ):
            found[mention_id].append(brand_id)
    return {number: tuple(brand_ids) for number, brand_ids in found.items() if len(brand_ids) > 1}


def count_pending(session: Session, model_version: str) -> int:
    """How many texts wait for this model."""
    return (
        session.scalar(
            sa.select(sa.func.count()).select_from(t.mention).where(_is_pending(model_version))
        )
        or 0
    )


def _is_pending(model_version: str) -> sa.ColumnElement[bool]:
    mention, analysis = t.mention.c, t.analysis.c
    answered = sa.exists().where(
        analysis.mention_id == mention.id,
        analysis.content_hash == mention.content_hash,
        analysis.model_version == model_version,
        analysis.unasked == 0,
    )
    return sa.and_(mention.deleted_at.is_(None), ~answered)


def save_analyses(
    session: Session,
    results: Iterable[tuple[Pending, Result]],
    *,
    towards: Mapping[tuple[int, int], Tone] | None = None,
    model_version: str,
    now: datetime,
) -> None:
    """Keep the model's answers and let them hold; saving one twice changes nothing.

    ``towards`` is the tone towards the brands that were asked about, by (mention id, brand id);
    a brand left out has none of its own. The answer for a text that was edited meanwhile is kept,
    but the mention stays pending; so it does where it came to other brands meanwhile.
    """
    answers = list(results)
    statement = t.insert(session, t.analysis)
    analysis = t.analysis.c
    statement = statement.on_conflict_do_update(
        index_elements=[analysis.mention_id, analysis.content_hash, analysis.model_version],
        set_={"targets": statement.excluded.targets},
        where=analysis.unasked > 0,  # only half an answer takes anything more
    )
    for chunk in t.in_chunks(answers):
        alerting.queue(session, [asked.mention_id for asked, _ in chunk])
        values = [
            _answer(asked, result)
            | {"targets": _targets(asked, towards or {}), "unasked": 0}
            | {"model_version": model_version, "analysed_at": now}
            for asked, result in chunk
        ]
        session.execute(statement, values)
    relabel(session, [asked.mention_id for asked, _ in answers])


def _answer(asked: Pending, result: Result) -> dict[str, Any]:
    """All columns for either sort of answer, so that one batch takes both."""
    base = {"mention_id": asked.mention_id, "content_hash": asked.content_hash}
    if isinstance(result, Failure):
        return base | _NO_ANSWER | {"error": rows.fit(result.reason)}
    scores = dict(zip(("negative", "neutral", "positive"), result.tone_scores, strict=True))
    return (
        base
        | scores
        | {
            "tone": str(result.tone),
            "kind": str(result.kind),
            "intents": [str(intent) for intent in result.intents],
            "opinions": [_opinion(opinion) for opinion in result.opinions],
            "peak": result.peak,
            "last": result.end,
            "mean": result.mean,
            "error": None,
        }
    )


def _targets(asked: Pending, towards: Mapping[tuple[int, int], Tone]) -> dict[str, str | None]:
    found = {brand_id: towards.get((asked.mention_id, brand_id)) for brand_id in asked.brand_ids}
    return {str(brand_id): tone and str(tone) for brand_id, tone in found.items()}


def _opinion(opinion: Opinion) -> dict[str, Any]:
    # dataclasses.asdict copies deeply, which took a quarter of the time of saving.
    return {
        "touchpoint": str(opinion.touchpoint),
        "tone": str(opinion.tone),
        "score": opinion.score,
        "start": opinion.start,
        "end": opinion.end,
    }
