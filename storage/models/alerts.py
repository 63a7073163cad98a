"""Rules that wake people, the mentions they were not applied to yet, and what fired."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from storage.models.types import Json, UtcDateTime


class AlertRule(SQLModel, table=True):
    """When to wake whom: a filter, a condition over what it leaves, channels and manners.

    ``params`` is the filter as a link has it (codes and names, never ids); ``condition`` tells its
    kind (each, count, surge, rating) and numbers, ``manners`` cooldown, quiet hours and digest.
    ``channels`` are names of config.yaml. ``origin`` is config or app, as for sources; ``gone``
    rules keep their history.
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
    created_at: datetime = Field(sa_type=UtcDateTime)


class AlertQueue(SQLModel, table=True):
    """Mentions whose first labels no rule has looked at: written with the labels, taken once."""

    __tablename__ = "alert_queue"

    mention_id: int = Field(primary_key=True, foreign_key="mention.id")


class Alert(SQLModel, table=True):
    """What fired: the rule, the moment, the reason in words, the mentions that made it fire.

    ``key`` is equal for the same cause of the same rule, which fires once for it. ``params`` is the
    link that opens the view behind it. ``told_at`` is when it went to the outbox, None while it
    waits for a digest or for the end of quiet hours or of the cooldown.
    """

    __tablename__ = "alert"
    __table_args__ = (
        UniqueConstraint("rule_id", "key"),
        Index("ix_alert_fired", "fired_at"),
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
