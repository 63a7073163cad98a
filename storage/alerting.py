"""The queue of mentions for alert rules, and the write side of what fired.

A mention joins the queue in the transaction that keeps its first labels, and leaves it in the one
that writes what it made fire and has that told. There is one writer at a time
(:mod:`storage.database`), so each mention is looked at once, by whichever worker comes first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage import tables as t

#: Mentions that rules are applied to in one transaction.
TAKE = 20_000
_alert, _rule, _queue = t.alert.c, t.alert_rule.c, t.alert_queue.c


@dataclass(frozen=True, slots=True)
class NewAlert:
    """What fired; see :class:`storage.models.Alert`."""

    rule_id: int
    key: str
    fired_at: datetime
    reason: str
    mention_ids: Sequence[int]
    n: int
    params: Mapping[str, Sequence[str]]
    told_at: datetime | None = None
    replayed: bool = False


def queue(session: Session, mention_ids: Sequence[int]) -> None:
    """Have rules applied to those that no model has answered for yet; before the answers are kept.

    An edited text, or another model's answer, is no new mention. Without rules nothing is queued.
    """
    works = sa.select(_rule.id).where(_rule.enabled.is_(True), _rule.gone.is_(False)).limit(1)
    if session.execute(works).first() is None:
        return
    answered = t.analysis.c.mention_id
    known = set(session.scalars(sa.select(answered).where(answered.in_(mention_ids))))
    new = [{"mention_id": number} for number in dict.fromkeys(mention_ids) if number not in known]
    if new:
        session.execute(t.insert(session, t.alert_queue).on_conflict_do_nothing(), new)


def batch(session: Session, *, limit: int = TAKE) -> int | None:
    """The last of the next mentions in the queue; None where it is empty."""
    first = sa.select(_queue.mention_id).order_by(_queue.mention_id).limit(limit).subquery()
    last: int | None = session.scalar(sa.select(sa.func.max(first.c.mention_id)))
    return last


def take(session: Session, upto: int) -> int:
    """Let the mentions up to this one leave the queue; how many did."""
    gone = session.execute(sa.delete(t.alert_queue).where(_queue.mention_id <= upto))
    return gone.rowcount  # type: ignore[attr-defined, no-any-return]


def record(session: Session, alerts: Sequence[NewAlert]) -> int:
    """Keep what fired; how many of them were not known by their key."""
    if not alerts:
        return 0
    rows = [
        asdict(alert)
        | {"mention_ids": list(alert.mention_ids), "message": ""}
        | {"params": {key: list(values) for key, values in alert.params.items()}}
        for alert in alerts
    ]
    last = session.scalar(sa.select(sa.func.max(_alert.id))) or 0
    session.execute(t.insert(session, t.alert).on_conflict_do_nothing(), rows)
    written = sa.select(sa.func.count()).where(_alert.id > last)
    return session.scalar(written) or 0


def told(session: Session, alert_ids: Sequence[int], message: str, *, now: datetime) -> None:
    """Remember that these went to the outbox as ``message``, or to nobody ("")."""
    for chunk in t.in_chunks(alert_ids):
        statement = sa.update(t.alert).where(_alert.id.in_(chunk))
        session.execute(statement.values(told_at=now, message=message))


def give_up(session: Session, rule_id: int, *, now: datetime) -> None:
    """Tell no more what a rule has not told yet."""
    waits = sa.and_(_alert.rule_id == rule_id, _alert.told_at.is_(None))
    session.execute(sa.update(t.alert).where(waits).values(told_at=now))


def forget_replay(session: Session, rule_ids: Sequence[int]) -> None:
    """Drop what an earlier replay recorded of these rules."""
    session.execute(
        sa.delete(t.alert).where(_alert.replayed.is_(True), _alert.rule_id.in_(rule_ids))
    )
