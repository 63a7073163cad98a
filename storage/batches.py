"""One correction of many mentions, taken back as one.

The corrections of a batch are made at one moment, its key: a killed worker that does its batch
again changes only what is left to change, and an undo finds them all.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nlp.labels import Kind, Tone, Touchpoint
from storage import tables as t
from storage.labelling import holding_corrections, relabel

#: What a correction may set.
_FIELDS = ("tone", "kind", "opinions")


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
    for number, content_hash in found:
        changed = _changed(labels.get(number, set()), opinions.get(number, []), change)
        if changed:
            former = earlier.get(number)
            kept = {name: former and getattr(former, name) for name in _FIELDS}
            row = {"mention_id": number, "content_hash": content_hash, "created_at": at}
            rows.append(row | kept | changed)
    return rows


def _changed(
    labels: Set[tuple[str | None, str | None]],
    opinions: Sequence[dict[str, Any]],
    change: Change,
) -> dict[str, Any]:
    """What of a correction the change fills anew."""
    changed: dict[str, Any] = {}
    if change.tone is not None and any(tone != change.tone for tone, _ in labels):
        changed["tone"] = str(change.tone)
    if change.kind is not None and any(kind != change.kind for _, kind in labels):
        changed["kind"] = str(change.kind)
    kept = [said for said in opinions if said["touchpoint"] != change.without]
    if len(kept) < len(opinions):
        changed["opinions"] = kept
    return changed


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
