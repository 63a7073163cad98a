"""Schedules as they are written, what the app says of them, leases, jobs of several workers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Apply."""
    _sources()
    _leases()
    _jobs()


def _sources() -> None:
    """An interval in minutes becomes «90м»; what is gone shows when the config is read."""
    op.add_column("source", sa.Column("schedule", sa.String))
    op.execute(
        "UPDATE source SET schedule = CAST(every_minutes AS VARCHAR) || 'м' "
        "WHERE every_minutes IS NOT NULL"
    )
    with op.batch_alter_table("source") as source:
        source.drop_column("every_minutes")
        source.add_column(sa.Column("gone", sa.Boolean, nullable=False, server_default=sa.false()))
        source.add_column(sa.Column("app_enabled", sa.Boolean))
        source.add_column(sa.Column("app_schedule", sa.String))
    op.add_column("source_state", sa.Column("planned_by", sa.String))


def _leases() -> None:
    op.create_table(
        "source_lease",
        sa.Column("source_id", sa.Integer, nullable=False),
        sa.Column("holder", sa.String),
        sa.Column("since", MOMENT),
        sa.Column("until", MOMENT),
        sa.Column("site", sa.String, nullable=False),
        sa.Column("schedule", sa.String),
        sa.Column("quota", sa.String),
        sa.Column("progress", JSON, nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name="fk_source_lease_source_id"),
        sa.PrimaryKeyConstraint("source_id", name="pk_source_lease"),
    )
    op.create_table(
        "quota_use",
        sa.Column("key", sa.String, nullable=False),
        sa.Column("used", sa.Integer, nullable=False),
        sa.Column("per_day", sa.Integer, nullable=False),
        sa.Column("resets_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_quota_use"),
    )


def _jobs() -> None:
    op.add_column("job", sa.Column("result", JSON, nullable=False, server_default="{}"))
    op.add_column("job", sa.Column("holder", sa.String))
    op.add_column("job", sa.Column("until", MOMENT))
    op.add_column("job", sa.Column("attempts", sa.Integer, nullable=False, server_default="0"))
