"""What is on its way to people outside, and how it ended."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from storage.models import Delivery


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A message to one channel; ``state`` goes waiting -> sent | failed | cancelled.

    ``error`` tells in words why the last attempt did not go through; a waiting one is tried next at
    ``due_at``. ``parts`` is how many of its parts the channel has taken.
    """

    id: int
    key: str
    channel: str
    kind: str
    title: str
    state: str
    error: str
    attempts: int
    parts: int
    created_at: datetime
    due_at: datetime
    finished_at: datetime | None


def deliveries(
    session: Session,
    *,
    keys: Collection[str] | None = None,
    kinds: Collection[str] | None = None,
    limit: int = 50,
) -> tuple[DeliveryRow, ...]:
    """The latest deliveries, newest first; None chooses all."""
    query = select(Delivery).order_by(col(Delivery.id).desc()).limit(limit)
    for column, chosen in ((Delivery.key, keys), (Delivery.kind, kinds)):
        if chosen is not None:
            query = query.where(col(column).in_(chosen))
    return tuple(_row(found) for found in session.scalars(query))


def _row(found: Delivery) -> DeliveryRow:
    same = [name for name in DeliveryRow.__slots__ if name != "parts"]
    return DeliveryRow(parts=len(found.parts), **{name: getattr(found, name) for name in same})
