"""Notes on the pains of a brand, as they are shown."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlmodel import Session, col

from storage.models import TouchpointNote
from storage.notes import NoteStatus


@dataclass(frozen=True, slots=True)
class NoteRow:
    """What was noted about a touchpoint; ``undone`` where it was taken back.

    ``day`` is since when it is so, ``created_at`` when it was written.
    """

    touchpoint: str
    status: NoteStatus
    note: str
    day: date
    created_at: datetime
    undone: bool


def notes(session: Session, brand_id: int) -> tuple[NoteRow, ...]:
    """All notes on the brand's touchpoints, the latest first, those taken back too."""
    rows = session.scalars(
        select(TouchpointNote)
        .where(col(TouchpointNote.brand_id) == brand_id)
        .order_by(col(TouchpointNote.id).desc())
    )
    return tuple(
        NoteRow(
            row.touchpoint,
            NoteStatus(row.status),
            row.note,
            row.day,
            row.created_at,
            row.undone_at is not None,
        )
        for row in rows
    )


def holding(rows: Iterable[NoteRow]) -> dict[str, NoteRow]:
    """By touchpoint, what holds: the latest note that was not taken back."""
    found: dict[str, NoteRow] = {}
    for row in rows:
        if not row.undone:
            found.setdefault(row.touchpoint, row)
    return found
