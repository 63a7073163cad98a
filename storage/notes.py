"""The write side of notes on a brand's pains: what is being done about a touchpoint."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nlp.labels import Touchpoint
from storage import tables as t
from storage.errors import NotFound, StorageError
from storage.rows import fit

#: Characters of a note.
LONGEST_NOTE = 2000


class NoteStatus(StrEnum):
    """How far a pain is on its way to be mended; without any note it is new."""

    NEW = "new"
    WORKING = "working"
    FIXED = "fixed"
    ACCEPTED = "accepted"


def set_note(
    session: Session,
    brand_id: int,
    touchpoint: str,
    status: NoteStatus,
    *,
    note: str = "",
    day: date,
    today: date,
    now: datetime,
) -> None:
    """Let this hold of the brand's touchpoint since ``day``; what held before stays as history.

    Nothing is written where it holds already. Raises NotFound without such a brand, StorageError
    for a touchpoint that there is not, a day to come and a note that is too long.
    """
    _check(session, brand_id, touchpoint)
    note = fit(note).strip()
    if len(note) > LONGEST_NOTE:
        raise StorageError(f"Заметка длиннее {LONGEST_NOTE} знаков ({len(note)}): сократите её.")
    if day > today:
        raise StorageError("Этот день ещё не наступил: выберите сегодняшний или прошедший.")
    row = {"status": str(status), "note": note, "day": day}
    held = _held(session, brand_id, touchpoint)
    if held and all(getattr(held, name) == value for name, value in row.items()):
        return
    row |= {"brand_id": brand_id, "touchpoint": touchpoint, "created_at": now}
    t.insert_all(session, t.touchpoint_note, [row])


def undo_note(session: Session, brand_id: int, touchpoint: str, *, now: datetime) -> None:
    """Take back the latest note on the brand's touchpoint; the one before it holds again."""
    _check(session, brand_id, touchpoint)
    held = _held(session, brand_id, touchpoint)
    if held is None:
        raise NotFound("Отменять нечего: заметок об этом нет.")
    t.update_all(session, t.touchpoint_note, [{"id": held.id, "undone_at": now}])


def _check(session: Session, brand_id: int, touchpoint: str) -> None:
    if touchpoint not in frozenset(Touchpoint):
        raise StorageError(f"Точки контакта «{touchpoint}» нет.")
    if session.scalar(sa.select(t.brand.c.id).where(t.brand.c.id == brand_id)) is None:
        raise NotFound(f"Бренда {brand_id} нет в базе данных.")


def _held(session: Session, brand_id: int, touchpoint: str) -> Any:
    note = t.touchpoint_note.c
    return session.execute(
        sa.select(note.id, note.status, note.note, note.day)
        .where(note.brand_id == brand_id, note.touchpoint == touchpoint, note.undone_at.is_(None))
        .order_by(note.id.desc())
        .limit(1)
    ).first()
