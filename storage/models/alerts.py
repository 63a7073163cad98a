"""Rules that wake people, the mentions they were not applied to yet, and what fired."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from storage.models.types import Json, UtcDateTime

_WAITS = text("told_at IS NULL")


class AlertRule(SQLModel, table=True):
    """When to wake whom: a filter, a condition over what it leaves, channels and manners.

    ``params`` is the filter as a link has it (codes and names, never ids), ``condition`` and
    ``manners`` are of :mod:`storage.alert_values`; ``channels`` are names of config.yaml. What was
    published before ``since`` (the rule was made, or came to look for something else) is none of
    its business. ``origin`` is config or app, as for sources; ``gone`` rules keep their history.
    """

    __tablename__ = "alert_rule"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    params: dict[str, list[str]] = Field(
        default_factory=dict, sa_column=Column(Json, nullable=False)
    )
    reach: int | None = None
    condition: dict[str, Any] = Field(default_factory=dict, sa_column=Column(Json, nullable=False))
    manners: dict[str, Any] = Field(default_factory=dict, sa_column=Column(Json, nullable=False))
    channels: list[str] = Field(default_factory=list, sa_column=Column(Json, nullable=False))
    enabled: bool = True
    origin: str = "app"
    gone: bool = False
    since: datetime = Field(sa_type=UtcDateTime)


class AlertQueue(SQLModel, table=True):
    """Mentions whose first labels no rule has looked at: written with the labels, taken once."""

    __tablename__ = "alert_queue"

    mention_id: int = Field(primary_key=True, foreign_key="mention.id")


class Alert(SQLModel, table=True):
    """What fired: the rule, the moment, the reason in words, the mentions that made it fire.

    ``key`` is equal for the same cause of the same rule, which fires once for it. ``mention_ids``
    are the most telling of the ``n``. ``params`` is the link that opens the view behind it.
    ``told_at`` is when it went to the outbox as (a part of) ``message``, the beginning of the keys
    of deliveries; it is None while it waits for a digest or for the end of quiet hours or of the
    cooldown, and ``message`` is "" where there was nobody to tell. ``replayed`` ones were found in
    the past by `otklik alerts replay` and never sent.
    """

    __tablename__ = "alert"
    __table_args__ = (
        UniqueConstraint("rule_id", "key"),
        Index("ix_alert_fired", "fired_at"),
        Index("ix_alert_waiting", "rule_id", sqlite_where=_WAITS, postgresql_where=_WAITS),
    )

    id: int | None = Field(default=None, primary_key=True)
    rule_id: int = Field(foreign_key="alert_rule.id")
    key: str
    fired_at: datetime = Field(sa_type=UtcDateTime)
    reason: str
    mention_ids: list[int] = Field(default_factory=list, sa_column=Column(Json, nullable=False))
    n: int = 0
    params: dict[str, list[str]] = Field(
        default_factory=dict, sa_column=Column(Json, nullable=False)
    )
    told_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    message: str = ""
    replayed: bool = False
