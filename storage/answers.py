"""The queue of texts that wait for a model, and the model's answers.

The query is the queue: pending is what has no answer for (mention, content hash, model version),
so an edited text or a new model becomes pending by itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nlp.analysis import Failure, Opinion, Result
from storage import rows
from storage import tables as t
from storage.labelling import relabel

_NO_ANSWER: dict[str, Any] = {
    **dict.fromkeys(("tone", "kind", "negative", "neutral", "positive", "peak", "last", "mean")),
    "intents": [],
    "opinions": [],
}


@dataclass(frozen=True, slots=True)
class Pending:
    """A text that waits for the model."""

    mention_id: int
    content_hash: str
    text: str


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
    )
    return [Pending(*row) for row in found]


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
    )
    return sa.and_(mention.deleted_at.is_(None), ~answered)


def save_analyses(
    session: Session,
    results: Iterable[tuple[Pending, Result]],
    *,
    model_version: str,
    now: datetime,
) -> None:
    """Keep the model's answers and let them hold; saving one twice changes nothing.

    The answer for a text that was edited meanwhile is kept, but the mention stays pending.
    """
    answers = list(results)
    for chunk in t.in_chunks(answers):
        values = [
            _answer(asked, result) | {"model_version": model_version, "analysed_at": now}
            for asked, result in chunk
        ]
        session.execute(t.insert(session, t.analysis).on_conflict_do_nothing(), values)
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


def _opinion(opinion: Opinion) -> dict[str, Any]:
    # dataclasses.asdict copies deeply, which took a quarter of the time of saving.
    return {
        "touchpoint": str(opinion.touchpoint),
        "tone": str(opinion.tone),
        "score": opinion.score,
        "start": opinion.start,
        "end": opinion.end,
    }
