"""Saved views: filters and pages that somebody wants to come back to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import Session

from storage.models import SavedView


@dataclass(frozen=True, slots=True)
class ViewRow:
    """A saved view; ``params`` are the query parameters of the link that opens ``page``."""

    id: int
    name: str
    page: str
    params: Mapping[str, Sequence[str]]


def saved_views(session: Session) -> tuple[ViewRow, ...]:
    """All saved views by name."""
    rows = session.scalars(select(SavedView)).all()
    views = [ViewRow(row.id or 0, row.name, row.page, row.params) for row in rows]
    return tuple(sorted(views, key=lambda view: view.name.casefold()))
