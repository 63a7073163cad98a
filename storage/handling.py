"""The write side of answering: how far the team is with a mention, who is at it, what they noted.

Each change is a step (:class:`storage.models.Handling`), so that it can be taken back; the steps
made at one moment are a batch and are taken back as one. Where the source itself tells an answer
of the company, that is the status, and no step sets another.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage import tables as t
from storage.columns import Status as Status
from storage.errors import NotFound, StorageError
from storage.notes import LONGEST_NOTE
from storage.rows import fit

#: Characters of an assignee's name.
LONGEST_ASSIGNEE = 60
#: What stands for «nobody» in a link is no name.
_NOBODY = "-"

_handling, _mention = t.handling.c, t.mention.c
_STATE = ("status", "assignee", "note")


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of a mention's handling; None lets it be, an empty name assigns nobody."""

    status: Status | None = None
    assignee: str | None = None
    note: str | None = None


def handle(session: Session, mention_ids: Iterable[int], step: Step, *, at: datetime) -> int:
    """Let this hold of the mentions; of how many it did not hold before.

    ``at`` is the key of the batch. Mentions that are gone by now are passed over; the status of
    those whose source tells an answer stays. Raises StorageError for a name or a note that is too
    long.
    """
    step = _checked(step)
    return sum(_handle(session, chunk, step, at) for chunk in t.in_chunks(mention_ids))


def undo_handling(session: Session, mention_id: int, *, now: datetime) -> None:
    """Take back the latest step of a mention; the one before it holds again."""
    held = _held(session, [mention_id]).get(mention_id)
    if held is None:
        raise NotFound("Отменять нечего: статус этого упоминания не меняли.")
    _take_back(session, [held], now)


def undo_handled(session: Session, *, at: datetime, now: datetime) -> int:
    """Take back the steps of a batch; of how many mentions. Later steps stay as they are."""
    rows = session.execute(
        sa.select(_handling.id, _handling.mention_id).where(
            _handling.created_at == at, _handling.undone_at.is_(None)
        )
    ).all()
    for chunk in t.in_chunks(rows):
        _take_back(session, chunk, now)
    return len(rows)


def _checked(step: Step) -> Step:
    assignee, note = step.assignee, step.note
    if assignee is not None:
        assignee = " ".join(fit(assignee).split())
        assignee = "" if assignee == _NOBODY else assignee
        if len(assignee) > LONGEST_ASSIGNEE:
            raise StorageError(f"Имя длиннее {LONGEST_ASSIGNEE} знаков: сократите его.")
    if note is not None:
        note = fit(note).strip()
        if len(note) > LONGEST_NOTE:
            told = f"Заметка длиннее {LONGEST_NOTE} знаков ({len(note)}): сократите её."
            raise StorageError(told)
    return Step(step.status, assignee, note)


def _handle(session: Session, mention_ids: Sequence[int], step: Step, at: datetime) -> int:
    told = sa.or_(_mention.answer_text.is_not(None), _mention.answered_at.is_not(None))
    found = session.execute(
        sa.select(_mention.id, told.label("told"))
        .where(_mention.id.in_(mention_ids), _mention.deleted_at.is_(None))
        .order_by(_mention.id)
    ).all()
    held = _held(session, mention_ids)
    made = [
        row
        for number, is_answered in found
        if (row := _made(number, held.get(number), step, at, is_answered=is_answered))
    ]
    former = [held[row["mention_id"]].id for row in made if row["mention_id"] in held]
    t.update_all(session, t.handling, [{"id": one, "holds": False} for one in former])
    t.insert_all(session, t.handling, made)
    return len(made)


def _made(
    mention_id: int, former: Any, step: Step, at: datetime, *, is_answered: bool
) -> dict[str, Any] | None:
    """The row of a step; None where all of it holds already."""
    held = {name: getattr(former, name) for name in _STATE} if former else _NOTHING
    status = held["status"] if step.status is None or is_answered else str(step.status)
    wanted = {
        "status": status,
        "assignee": held["assignee"] if step.assignee is None else step.assignee,
        "note": held["note"] if step.note is None else step.note,
    }
    if wanted == held:
        return None
    first = former.answered_at if former else None
    if first is None and status == Status.ANSWERED:
        first = at
    row = {"mention_id": mention_id, "holds": True, "answered_at": first, "created_at": at}
    return row | wanted


_NOTHING = {"status": str(Status.NEW), "assignee": "", "note": ""}


def _held(session: Session, mention_ids: Collection[int]) -> dict[int, Any]:
    columns = (_handling.id, _handling.mention_id, _handling.answered_at)
    rows = session.execute(
        sa.select(*columns, *(_handling[name] for name in _STATE)).where(
            _handling.mention_id.in_(mention_ids), _handling.holds
        )
    )
    return {row.mention_id: row for row in rows}


def _take_back(session: Session, rows: Sequence[Any], now: datetime) -> None:
    """Undo these steps; of each mention the latest one left holds, answered when the first one left
    said so."""
    undone = [{"id": row.id, "undone_at": now, "holds": False} for row in rows]
    t.update_all(session, t.handling, undone)
    left = session.execute(
        sa.select(_handling.id, _handling.mention_id, _handling.status, _handling.created_at)
        .where(
            _handling.mention_id.in_([row.mention_id for row in rows]),
            _handling.undone_at.is_(None),
        )
        .order_by(_handling.mention_id, _handling.id)
    ).all()
    last = {row.mention_id: row.id for row in left}
    answered: dict[int, datetime] = {}
    for row in left:
        if row.status == Status.ANSWERED:
            answered.setdefault(row.mention_id, row.created_at)
    holding = [
        {"id": number, "holds": True, "answered_at": answered.get(mention_id)}
        for mention_id, number in last.items()
    ]
    t.update_all(session, t.handling, holding)
