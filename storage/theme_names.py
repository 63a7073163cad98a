"""What users make of themes: their own names, and several that are one. All of it can be undone."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage import tables as t
from storage.errors import NotFound, StorageError
from storage.rows import fit

_theme = t.theme.c
#: Characters of a name.
LONGEST_THEME_NAME = 80


def rename_theme(session: Session, key: str, name: str | None) -> str | None:
    """Call a theme so; None or "" lets its own title show again. Returns the former name."""
    wanted = " ".join(fit(name or "").split())
    if len(wanted) > LONGEST_THEME_NAME:
        raise StorageError(f"Название темы — не длиннее {LONGEST_THEME_NAME} знаков.")
    theme = _of(session, key)
    session.execute(sa.update(t.theme).where(_theme.id == theme.id).values(name=wanted or None))
    former: str | None = theme.name
    return former


def merge_theme(session: Session, key: str, into: str) -> tuple[str, ...]:
    """Count a theme for another one; so do those that were merged into it.

    Returns the keys that moved, for :func:`unmerge_theme`.
    """
    theme, target = _of(session, key), _of(session, into)
    if theme.id == target.id or target.merged_into == theme.id:
        raise StorageError("Тему нельзя объединить с ней самой.")
    if (theme.touchpoint, theme.tone) != (target.touchpoint, target.tone):
        raise StorageError("Объединить можно темы одной точки контакта и одного тона.")
    moving = session.execute(
        sa.select(_theme.id, _theme.key)
        .where(sa.or_(_theme.id == theme.id, _theme.merged_into == theme.id))
        .order_by(_theme.id != theme.id, _theme.id)
    ).all()
    session.execute(
        sa.update(t.theme)
        .where(_theme.id.in_([row.id for row in moving]))
        .values(merged_into=target.merged_into or target.id)
    )
    return tuple(row.key for row in moving)


def unmerge_theme(session: Session, keys: Sequence[str]) -> None:
    """Undo :func:`merge_theme`: the first key stands alone again, the others belong to it."""
    first, *others = (_of(session, key) for key in keys)
    session.execute(sa.update(t.theme).where(_theme.id == first.id).values(merged_into=None))
    if others:
        ids = [theme.id for theme in others]
        session.execute(sa.update(t.theme).where(_theme.id.in_(ids)).values(merged_into=first.id))


def _of(session: Session, key: str) -> Any:
    found = session.execute(sa.select(t.theme).where(_theme.key == key)).first()
    if found is None:
        raise NotFound("Этой темы больше нет: обновите страницу.")
    return found
