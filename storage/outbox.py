"""The outbox: what is to be told to people outside, who is sending it, and how it ended.

A delivery is written in the transaction that decides to tell and is sent after it: what was decided
is told, at least once, and a part that the channel has acknowledged is never sent again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage import tables as t
from storage.errors import NotFound, StorageError
from storage.leases import is_over
from storage.rows import fit

_delivery = t.delivery.c
_WAITS = _delivery.state == "waiting"


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """A delivery that this worker, and no other, shall send; ``parts`` are acknowledged already.

    ``attempts`` counts this one, too.
    """

    id: int
    channel: str
    kind: str
    title: str
    payload: dict[str, Any]
    message_id: str
    parts: tuple[str, ...]
    attempts: int


def enqueue(
    session: Session,
    *,
    key: str,
    channel: str,
    kind: str,
    title: str,
    payload: Mapping[str, Any],
    now: datetime,
) -> int | None:
    """Have a message sent to a channel; the delivery's id.

    None where one with this ``key`` stands here already, however it ended. ``payload`` is what the
    composer of this ``kind`` makes the message of at each attempt; ``title`` is for lists.
    """
    row: dict[str, Any] = {"key": key, "channel": channel, "kind": kind, "title": title}
    # .invalid belongs to nobody (RFC 2606): the id is ours alone, whatever the sender's domain.
    row |= {"message_id": f"<{uuid4().hex}@otklik.invalid>", "state": "waiting", "parts": []}
    row |= {"payload": dict(payload), "attempts": 0, "error": ""}
    row |= {"created_at": now, "due_at": now}
    statement = t.insert(session, t.delivery).values(row).on_conflict_do_nothing()
    return session.execute(statement.returning(_delivery.id)).scalar()


def has_due(session: Session, *, now: datetime) -> bool:
    """Whether there is something to claim."""
    return session.execute(_next(now)).first() is not None


def claim(
    session: Session, *, holder: str, now: datetime, until: datetime
) -> ClaimedDelivery | None:
    """The longest due delivery that nobody is sending; two workers never get the same.

    A channel that something is on its way to is left to it, so that messages come in their order
    and none is asked by two at once.
    """
    found = session.execute(_next(now)).scalar()
    if found is None:
        return None
    row = session.execute(
        sa.update(t.delivery)
        .where(_delivery.id == found)
        .values(holder=holder, until=until, attempts=_delivery.attempts + 1)
        .returning(
            *(_delivery.id, _delivery.channel, _delivery.kind, _delivery.title),
            *(_delivery.payload, _delivery.message_id, _delivery.parts, _delivery.attempts),
        )
    ).one()
    values = row._asdict()
    return ClaimedDelivery(**{**values, "parts": tuple(values["parts"])})


def renew(session: Session, holder: str, ids: Sequence[int], *, until: datetime) -> None:
    """Prolong the holder's right to send these."""
    for delivery_id in ids:
        session.execute(sa.update(t.delivery).where(_held(delivery_id, holder)).values(until=until))


def is_held(session: Session, delivery_id: int, holder: str) -> bool:
    """Whether it is this worker's still: neither cancelled nor given to another."""
    held = sa.select(_delivery.id).where(_held(delivery_id, holder))
    return session.execute(held).first() is not None


def acknowledge(session: Session, delivery_id: int, part: str) -> None:
    """Store that the channel has taken a part: so it was, whoever holds the delivery by now."""
    parts = session.scalar(sa.select(_delivery.parts).where(_delivery.id == delivery_id)) or []
    session.execute(
        sa.update(t.delivery).where(_delivery.id == delivery_id).values(parts=[*parts, part])
    )


def finish(session: Session, delivery_id: int, *, now: datetime) -> None:
    """Tell that all parts were taken, even if somebody has cancelled it meanwhile."""
    values = {"state": "sent", "error": "", "finished_at": now, "holder": None, "until": None}
    session.execute(sa.update(t.delivery).where(_delivery.id == delivery_id).values(values))


def postpone(
    session: Session, delivery_id: int, holder: str, *, error: str, due_at: datetime
) -> None:
    """Try again at ``due_at``; ``error`` tells in words why it did not go this time."""
    session.execute(
        sa.update(t.delivery)
        .where(_held(delivery_id, holder))
        .values(error=fit(error), due_at=due_at, holder=None, until=None)
    )


def put_back(session: Session, delivery_id: int, holder: str) -> None:
    """Leave it to the next worker; this attempt does not count."""
    session.execute(
        sa.update(t.delivery)
        .where(_held(delivery_id, holder))
        .values(attempts=_delivery.attempts - 1, holder=None, until=None)
    )


def fail(session: Session, delivery_id: int, holder: str, *, error: str, now: datetime) -> None:
    """Try no more by ourselves; ``error`` tells in words why and what to do."""
    session.execute(
        sa.update(t.delivery)
        .where(_held(delivery_id, holder))
        .values(state="failed", error=fit(error), finished_at=now, holder=None, until=None)
    )


def retry_delivery(session: Session, delivery_id: int, *, now: datetime) -> None:
    """Have a delivery sent again that failed, was cancelled or waits for its next attempt.

    What the channel has taken stays taken. Raises NotFound, and StorageError for one that was sent.
    """
    _change(
        session,
        delivery_id,
        ("failed", "cancelled", "waiting"),
        "Это сообщение уже отправлено.",
        {"state": "waiting", "attempts": 0, "due_at": now, "finished_at": None},
    )


def cancel_delivery(session: Session, delivery_id: int, *, now: datetime) -> None:
    """Have a delivery sent no more; its worker leaves it before the next part.

    It stays that worker's for as long as its right lasts: were it sent after all, no other may
    begin beside it.

    Raises NotFound, and StorageError for one that was sent.
    """
    _change(
        session,
        delivery_id,
        ("failed", "cancelled", "waiting"),
        "Это сообщение уже отправлено: отменить его нельзя.",
        {"state": "cancelled", "finished_at": now},
    )


def _change(
    session: Session, delivery_id: int, states: Sequence[str], refusal: str, values: dict[str, Any]
) -> None:
    state = session.scalar(sa.select(_delivery.state).where(_delivery.id == delivery_id))
    if state is None:
        raise NotFound(f"Отправки {delivery_id} нет в базе данных.")
    if state not in states:
        raise StorageError(refusal)
    session.execute(sa.update(t.delivery).where(_delivery.id == delivery_id).values(values))


def _next(now: datetime) -> sa.Select[tuple[Any]]:
    """The id of what is to be sent next."""
    other = t.delivery.alias("other")
    is_busy = (
        sa.select(other.c.id)
        .where(
            other.c.state == "waiting",
            other.c.channel == _delivery.channel,
            other.c.holder.is_not(None),
            sa.not_(is_over(other.c.until, now)),
        )
        .exists()
    )
    return (
        sa.select(_delivery.id)
        .where(_WAITS, _delivery.due_at <= now, sa.not_(is_busy))
        .order_by(_delivery.due_at, _delivery.id)
        .limit(1)
    )


def _held(delivery_id: int, holder: str) -> sa.ColumnElement[bool]:
    return sa.and_(_delivery.id == delivery_id, _delivery.holder == holder, _WAITS)
