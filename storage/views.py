"""The write side of saved views: a filter and its page under a name of one's own."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage import tables as t
from storage.errors import NotFound, StorageError
from storage.rows import fit, fit_json

LONGEST_NAME = 60
_MOST_VIEWS = 200
_view = t.saved_view.c


@dataclass(frozen=True, slots=True)
class DeletedView:
    """All that :func:`restore_view` needs to bring a view back."""

    name: str
    page: str
    params: dict[str, list[str]]
    created_at: datetime


def save_view(
    session: Session,
    name: str,
    *,
    page: str,
    params: Mapping[str, Sequence[str]],
    now: datetime,
) -> int:
    """Keep a link (page and query parameters) under a name; its id.

    Raises StorageError in words where the name is empty, too long or taken, or there are too many.
    """
    known = session.scalar(sa.select(sa.func.count()).select_from(t.saved_view)) or 0
    if known >= _MOST_VIEWS:
        raise StorageError(f"Закладок уже {known}: удалите лишние.")
    row = {
        "name": _good_name(session, name),
        "page": page,
        "params": fit_json(params),
        "created_at": now,
    }
    result = session.execute(sa.insert(t.saved_view).values(row).returning(_view.id))
    return int(result.scalar_one())


def rename_view(session: Session, view_id: int, name: str) -> None:
    """Give a saved view another name; raises StorageError where that cannot be."""
    good = _good_name(session, name, but=view_id)
    statement = sa.update(t.saved_view).where(_view.id == view_id).values(name=good)
    if not session.execute(statement.returning(_view.id)).first():
        raise _no_view()


def delete_view(session: Session, view_id: int) -> DeletedView:
    """Forget a saved view; what is returned brings it back."""
    columns = (_view.name, _view.page, _view.params, _view.created_at)
    statement = sa.delete(t.saved_view).where(_view.id == view_id).returning(*columns)
    row = session.execute(statement).first()
    if row is None:
        raise _no_view()
    return DeletedView(**row._mapping)


def restore_view(session: Session, view: DeletedView) -> None:
    """Undo :func:`delete_view`; raises StorageError where the name is taken by now."""
    row = asdict(view) | {"name": _good_name(session, view.name)}
    session.execute(sa.insert(t.saved_view).values(row))


def _good_name(session: Session, name: str, but: int | None = None) -> str:
    """The name without spare spaces. Two that differ in case alone would be taken for one."""
    name = " ".join(fit(name).split())
    if not name:
        raise StorageError("Назовите закладку: по имени её потом можно найти.")
    if len(name) > LONGEST_NAME:
        raise StorageError(f"Имя длиннее {LONGEST_NAME} знаков: сократите его.")
    taken = session.execute(sa.select(_view.id, _view.name))
    if any(other.casefold() == name.casefold() and number != but for number, other in taken):
        raise StorageError(f"Закладка «{name}» уже есть: выберите другое имя.")
    return name


def _no_view() -> NotFound:
    return NotFound("Этой закладки больше нет: её удалили в другом окне.")
