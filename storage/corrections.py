"""The read side of training: what humans corrected, and texts that they did not."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nlp.labels import Kind, Tone, Touchpoint
from storage import tables as t
from storage.commands import CorrectedOpinion


@dataclass(frozen=True, slots=True)
class Corrected:
    """A text with what a human set; None where nothing was set and the model holds."""

    text: str
    tone: Tone | None
    kind: Kind | None
    opinions: tuple[CorrectedOpinion, ...] | None


def corrected(session: Session, version: str) -> list[Corrected]:
    """The corrections that hold: of the present text, not undone, the latest of each mention.

    In the order of their making, the newest last. A tone or a kind that only confirms the answer
    of the model ``version`` is None: that model has nothing to learn there.
    """
    mention, correction, answer = t.mention.c, t.correction.c, t.analysis.c
    rows = session.execute(
        sa.select(
            mention.id,
            mention.text,
            sa.func.nullif(correction.tone, answer.tone).label("tone"),
            sa.func.nullif(correction.kind, answer.kind).label("kind"),
            correction.opinions,
        )
        .join(t.correction, _holds())
        .outerjoin(t.analysis, sa.and_(_answers(), answer.model_version == version))
        .where(mention.deleted_at.is_(None))
        .order_by(correction.id)
    )
    latest: dict[int, Any] = {}
    for row in rows:
        latest.pop(row.id, None)
        latest[row.id] = row
    return [
        Corrected(
            row.text,
            Tone(row.tone) if row.tone else None,
            Kind(row.kind) if row.kind else None,
            None if row.opinions is None else tuple(map(_opinion, row.opinions)),
        )
        for row in latest.values()
    ]


def uncorrected(session: Session, limit: int) -> list[str]:
    """Up to ``limit`` texts that nobody corrected, always the same ones of the same texts."""
    mention = t.mention.c
    found = session.scalars(
        sa.select(mention.text)
        .where(mention.deleted_at.is_(None), ~sa.exists().where(_holds()))
        # A hash is as good as a random number, and needs no second look at the table.
        .order_by(mention.content_hash, mention.id)
        .limit(limit)
    )
    return list(found)


def _holds() -> sa.ColumnElement[bool]:
    correction = t.correction.c
    return sa.and_(
        correction.mention_id == t.mention.c.id,
        correction.content_hash == t.mention.c.content_hash,
        correction.undone_at.is_(None),
    )


def _answers() -> sa.ColumnElement[bool]:
    return sa.and_(
        t.analysis.c.mention_id == t.mention.c.id,
        t.analysis.c.content_hash == t.mention.c.content_hash,
    )


def _opinion(stored: dict[str, Any]) -> CorrectedOpinion:
    return CorrectedOpinion(
        Touchpoint(stored["touchpoint"]),
        Tone(stored["tone"]),
        stored["start"],
        stored["end"],
    )
