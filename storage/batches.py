"""One correction of many mentions, taken back as one.

The corrections of a batch are made at one moment, its key: a killed worker that does its batch
again changes only what is left to change, and an undo finds them all.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nlp.labels import Kind, Tone, Touchpoint
from storage import tables as t
from storage.labelling import holding_corrections, relabel


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of each mention; None lets it be. ``without`` is no longer spoken of."""

    tone: Tone | None = None
    kind: Kind | None = None
    without: Touchpoint | None = None


def correct_many(
    session: Session, mention_ids: Iterable[int], change: Change, *, at: datetime
) -> int:
    """Let a human's labels hold for each mention that they change; how many these are.

    ``at`` is the key of the batch. Mentions that are gone by now are passed over.
    """
    changed = 0
    for chunk in t.in_chunks(mention_ids):
        rows = _corrections(session, chunk, change, at)
        t.insert_all(session, t.correction, rows)
        relabel(session, [row["mention_id"] for row in rows])
        changed += len(rows)
    return changed


def undo_batch(session: Session, *, at: datetime, now: datetime, limit: int) -> int:
    """Take back corrections of a batch, at most ``limit`` of them; how many were left to undo.

    What was corrected by hand since then stays as it was corrected.
    """
    correction = t.correction.c
    rows = session.execute(
        sa.select(correction.id, correction.mention_id)
        .where(correction.created_at == at, correction.undone_at.is_(None))
        .limit(limit)
    ).all()
    t.update_all(session, t.correction, [{"id": row.id, "undone_at": now} for row in rows])
    relabel(session, [row.mention_id for row in rows])
    return len(rows)


def _corrections(
    session: Session, mention_ids: Sequence[int], change: Change, at: datetime
) -> list[dict[str, Any]]:
    """The rows of those that the change would change, on top of what a human set before."""
    mention = t.mention.c
    found = session.execute(
        sa.select(mention.id, mention.content_hash)
        .where(mention.id.in_(mention_ids), mention.deleted_at.is_(None))
        .order_by(mention.id)
    ).all()
    labels = _labels(session, mention_ids)
    opinions = _opinions(session, mention_ids) if change.without else {}
    earlier = holding_corrections(session, mention_ids)
    rows = []
    for row in found:
        own = labels.get(row.id, set())
        kept = _kept(opinions.get(row.id, []), change.without)
        changes = (
            change.tone is not None and any(tone != change.tone for tone, _ in own),
            change.kind is not None and any(kind != change.kind for _, kind in own),
            kept is not None,
        )
        if not any(changes):
            continue
        former = earlier.get(row.id)
        rows.append(
            {
                "mention_id": row.id,
                "content_hash": row.content_hash,
                "tone": str(change.tone) if changes[0] else former and former.tone,
                "kind": str(change.kind) if changes[1] else former and former.kind,
                "opinions": kept if changes[2] else former and former.opinions,
                "created_at": at,
            }
        )
    return rows


def _labels(session: Session, ids: Sequence[int]) -> dict[int, set[tuple[str | None, str | None]]]:
    """Tone and kind of each mention, towards each of its brands."""
    row = t.mention_brand.c
    found = defaultdict(set)
    for number, tone, kind in session.execute(
        sa.select(row.mention_id, row.tone, row.kind).where(row.mention_id.in_(ids))
    ):
        found[number].add((tone, kind))
    return found


def _opinions(session: Session, ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """The opinions of each mention as a correction has them, one for several brands once."""
    opinion = t.opinion.c
    columns = (opinion.touchpoint, opinion.tone, opinion.start, opinion.end)
    rows = session.execute(
        sa.select(opinion.mention_id, *columns)
        .where(opinion.mention_id.in_(ids))
        .order_by(opinion.mention_id, opinion.start, opinion.end, opinion.id)
    )
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        said = {column.name: getattr(row, column.name) for column in columns}
        if said not in found[row.mention_id]:
            found[row.mention_id].append(said)
    return found


def _kept(
    opinions: Sequence[dict[str, Any]], without: Touchpoint | None
) -> list[dict[str, Any]] | None:
    """What is left without the touchpoint; None where it was not spoken of."""
    kept = [said for said in opinions if said["touchpoint"] != without]
    return kept if len(kept) < len(opinions) else None
