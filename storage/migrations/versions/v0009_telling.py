"""Reports, alerts, what is on its way to people, and how mentions are handled."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Apply; mentions that are stored already make no rule fire."""
    _reports()
    _deliveries()
    _alerts()
    _handling()


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String, nullable=False)


def _json(name: str) -> sa.Column[object]:
    return sa.Column(name, JSON, nullable=False)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False)


def _moment(name: str, *, known: bool = True) -> sa.Column[object]:
    return sa.Column(name, MOMENT, nullable=not known)


def _reports() -> None:
    op.create_table(
        "report_plan",
        _number("id"),
        _text("name"),
        _number("brand_id"),
        _text("period"),
        _json("formats"),
        _text("schedule"),
        _json("channels"),
        _flag("enabled"),
        _text("origin"),
        _flag("gone"),
        _moment("next_due", known=False),
        _moment("created_at"),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name="fk_report_plan_brand_id"),
        sa.PrimaryKeyConstraint("id", name="pk_report_plan"),
        sa.UniqueConstraint("name", name="uq_report_plan_name"),
    )
    op.create_table(
        "report",
        _number("id"),
        _number("brand_id"),
        sa.Column("day_from", sa.Date, nullable=False),
        sa.Column("day_to", sa.Date, nullable=False),
        _json("params"),
        sa.Column("plan_id", sa.Integer),
        sa.Column("job_id", sa.Integer),
        _text("state"),
        _text("message"),
        _number("attempts"),
        _moment("retry_at", known=False),
        _json("files"),
        _moment("created_at"),
        _moment("finished_at", known=False),
        _moment("deleted_at", known=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name="fk_report_brand_id"),
        sa.ForeignKeyConstraint(["plan_id"], ["report_plan.id"], name="fk_report_plan_id"),
        sa.PrimaryKeyConstraint("id", name="pk_report"),
    )
    op.create_index("ix_report_created", "report", ["created_at"])


def _deliveries() -> None:
    op.create_table(
        "delivery",
        _number("id"),
        _text("key"),
        _text("channel"),
        _text("kind"),
        _text("title"),
        _json("payload"),
        _text("message_id"),
        _text("state"),
        _json("parts"),
        _number("attempts"),
        _text("error"),
        _moment("created_at"),
        _moment("due_at"),
        _moment("finished_at", known=False),
        sa.Column("holder", sa.String),
        _moment("until", known=False),
        sa.PrimaryKeyConstraint("id", name="pk_delivery"),
        sa.UniqueConstraint("key", name="uq_delivery_key"),
    )
    op.create_index("ix_delivery_due", "delivery", ["state", "due_at"])


def _alerts() -> None:
    op.create_table(
        "alert_rule",
        _number("id"),
        _text("name"),
        _json("params"),
        sa.Column("reach", sa.Integer),
        _json("condition"),
        _json("manners"),
        _json("channels"),
        _flag("enabled"),
        _text("origin"),
        _flag("gone"),
        _moment("since"),
        sa.PrimaryKeyConstraint("id", name="pk_alert_rule"),
        sa.UniqueConstraint("name", name="uq_alert_rule_name"),
    )
    op.create_table(
        "alert_queue",
        _number("mention_id"),
        sa.ForeignKeyConstraint(["mention_id"], ["mention.id"], name="fk_alert_queue_mention_id"),
        sa.PrimaryKeyConstraint("mention_id", name="pk_alert_queue"),
    )
    op.create_table(
        "alert",
        _number("id"),
        _number("rule_id"),
        _text("key"),
        _moment("fired_at"),
        _text("reason"),
        _json("mention_ids"),
        _number("n"),
        _json("params"),
        _moment("told_at", known=False),
        _text("message"),
        _flag("replayed"),
        sa.ForeignKeyConstraint(["rule_id"], ["alert_rule.id"], name="fk_alert_rule_id"),
        sa.PrimaryKeyConstraint("id", name="pk_alert"),
        sa.UniqueConstraint("rule_id", "key", name="uq_alert_rule_id_key"),
    )
    op.create_index("ix_alert_fired", "alert", ["fired_at"])
    waits = sa.text("told_at IS NULL")
    op.create_index(
        "ix_alert_waiting", "alert", ["rule_id"], sqlite_where=waits, postgresql_where=waits
    )


def _handling() -> None:
    op.create_table(
        "handling",
        _number("id"),
        _number("mention_id"),
        _text("status"),
        _text("assignee"),
        _text("note"),
        _flag("holds"),
        _moment("answered_at", known=False),
        _moment("created_at"),
        _moment("undone_at", known=False),
        sa.ForeignKeyConstraint(["mention_id"], ["mention.id"], name="fk_handling_mention_id"),
        sa.PrimaryKeyConstraint("id", name="pk_handling"),
    )
    op.create_index("ix_handling_mention", "handling", ["mention_id", "id"])
    op.create_index("ix_handling_batch", "handling", ["created_at"])
    undone = sa.text("undone_at IS NOT NULL")
    op.create_index(
        "ix_handling_undone", "handling", ["undone_at"],
        sqlite_where=undone, postgresql_where=undone,
    )  # fmt: skip
    holds: dict[str, Any] = {
        "sqlite_where": sa.text("holds = 1"),
        "postgresql_where": sa.text("holds"),
    }
    status = ["status", "assignee", "mention_id"]
    op.create_index("ix_handling_holds", "handling", ["mention_id"], unique=True, **holds)
    op.create_index("ix_handling_status", "handling", status, **holds)
    told = sa.text("answer_text IS NOT NULL OR answered_at IS NOT NULL")
    answer = ["source_id", "published_at", "id", "answered_at", "date_known"]
    op.create_index(
        "ix_mention_answer", "mention", answer, sqlite_where=told, postgresql_where=told
    )
