"""The first tables and the brand of mentions that name none."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Apply."""
    _watched()
    _mentions()
    _analyses()
    _rollups()
    _service()
    op.execute(
        "INSERT INTO brand (code, name, aliases, competitor, enabled, origin) "
        "VALUES ('', 'Без бренда', '[]', false, true, 'system')"
    )


def _required(kind: Any, *names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=False) for name in names]


def _optional(kind: Any, *names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind, nullable=True) for name in names]


def _refers(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=f"fk_{table}_{column}")


def _watched() -> None:
    """What is watched, how far it was read and how each crawl ended."""
    op.create_table(
        "brand",
        *_required(sa.Integer, "id"),
        *_required(sa.String, "code", "name"),
        *_required(JSON, "aliases"),
        *_required(sa.Boolean, "competitor", "enabled"),
        *_required(sa.String, "origin"),
        sa.PrimaryKeyConstraint("id", name="pk_brand"),
        sa.UniqueConstraint("code", name="uq_brand_code"),
    )
    op.create_table(
        "source",
        *_required(sa.Integer, "id"),
        *_required(sa.String, "name", "type", "title"),
        *_optional(sa.Integer, "brand_id"),
        *_required(JSON, "options"),
        *_optional(sa.Integer, "every_minutes"),
        *_required(sa.Boolean, "enabled"),
        *_required(sa.String, "origin"),
        _refers("source", "brand_id", "brand"),
        sa.PrimaryKeyConstraint("id", name="pk_source"),
        sa.UniqueConstraint("name", name="uq_source_name"),
    )
    op.create_table(
        "source_state",
        *_required(sa.Integer, "source_id"),
        *_optional(MOMENT, "cursor"),
        *_required(JSON, "state"),
        *_required(sa.Integer, "failures"),
        *_optional(MOMENT, "next_due"),
        *_required(sa.Boolean, "parked"),
        _refers("source_state", "source_id", "source"),
        sa.PrimaryKeyConstraint("source_id", name="pk_source_state"),
    )
    op.create_table(
        "crawl",
        *_required(sa.Integer, "id", "source_id"),
        *_required(MOMENT, "started_at", "finished_at"),
        *_required(sa.String, "status"),
        *_required(sa.Integer, "new", "changed", "unchanged", "deleted", "skipped"),
        *_optional(MOMENT, "asked_from", "oldest", "newest"),
        *_optional(sa.String, "cap_hit"),
        *_required(JSON, "samples", "notes"),
        *_required(sa.String, "error", "detail"),
        _refers("crawl", "source_id", "source"),
        sa.PrimaryKeyConstraint("id", name="pk_crawl"),
    )
    op.create_index("ix_crawl_source_started", "crawl", ["source_id", "started_at"])


def _mentions() -> None:
    """What people wrote."""
    op.create_table(
        "mention",
        *_required(sa.Integer, "id", "source_id"),
        *_required(sa.String, "external_id", "content_hash", "url", "title", "text", "lemmas"),
        *_optional(sa.String, "author"),
        *_required(MOMENT, "published_at"),
        *_required(sa.Date, "day"),
        *_required(sa.Boolean, "date_known"),
        *_optional(sa.Float, "rating"),
        *_required(sa.Integer, "rating_scale"),
        *_optional(sa.Integer, "nps"),
        *_optional(sa.String, "parent_id"),
        *_optional(sa.BigInteger, "likes", "comments", "reposts", "views"),
        *_optional(sa.String, "company", "place", "product", "answer_text"),
        *_optional(MOMENT, "answered_at"),
        *_required(JSON, "raw"),
        *_required(MOMENT, "collected_at", "updated_at"),
        *_optional(MOMENT, "deleted_at"),
        _refers("mention", "source_id", "source"),
        sa.PrimaryKeyConstraint("id", name="pk_mention"),
        sa.UniqueConstraint("source_id", "external_id", name="uq_mention_source_id_external_id"),
    )
    op.create_index("ix_mention_published", "mention", ["published_at", "id"])
    op.create_table(
        "mention_revision",
        *_required(sa.Integer, "id", "mention_id"),
        *_required(sa.String, "content_hash", "title", "text"),
        *_optional(sa.Float, "rating"),
        *_optional(sa.String, "answer_text"),
        *_required(MOMENT, "replaced_at"),
        _refers("mention_revision", "mention_id", "mention"),
        sa.PrimaryKeyConstraint("id", name="pk_mention_revision"),
    )
    op.create_index("ix_mention_revision_mention", "mention_revision", ["mention_id"])
    op.create_table(
        "mention_brand",
        *_required(sa.Integer, "mention_id", "brand_id", "source_id"),
        *_required(sa.Date, "day"),
        *_optional(sa.String, "tone", "target_tone", "kind"),
        *_required(sa.Integer, "rating"),
        *_optional(sa.Integer, "nps"),
        *_required(sa.Boolean, "churn", "will_return", "recommend", "warn", "effort"),
        _refers("mention_brand", "brand_id", "brand"),
        _refers("mention_brand", "mention_id", "mention"),
        _refers("mention_brand", "source_id", "source"),
        sa.PrimaryKeyConstraint("mention_id", "brand_id", name="pk_mention_brand"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_mention_brand_day", "mention_brand", ["brand_id", "day", "mention_id"])
    op.create_index(
        "ix_mention_brand_tone", "mention_brand", ["brand_id", "tone", "day", "mention_id"]
    )


def _analyses() -> None:
    """What the model and humans say of it."""
    op.create_table(
        "analysis",
        *_required(sa.Integer, "id", "mention_id"),
        *_required(sa.String, "content_hash", "model_version"),
        *_optional(sa.String, "tone"),
        *_optional(sa.Float, "negative", "neutral", "positive"),
        *_optional(sa.String, "kind"),
        *_required(JSON, "intents", "opinions"),
        *_optional(sa.Float, "peak", "last", "mean"),
        *_optional(sa.String, "error"),
        *_required(MOMENT, "analysed_at"),
        _refers("analysis", "mention_id", "mention"),
        sa.PrimaryKeyConstraint("id", name="pk_analysis"),
        sa.UniqueConstraint(
            "mention_id",
            "content_hash",
            "model_version",
            name="uq_analysis_mention_id_content_hash_model_version",
        ),
    )
    op.create_table(
        "opinion",
        *_required(sa.Integer, "id", "mention_id", "brand_id", "source_id"),
        *_required(sa.Date, "day"),
        *_required(sa.String, "touchpoint", "tone"),
        *_optional(sa.Float, "score"),
        *_required(sa.Integer, "start", "end"),
        _refers("opinion", "brand_id", "brand"),
        _refers("opinion", "mention_id", "mention"),
        _refers("opinion", "source_id", "source"),
        sa.PrimaryKeyConstraint("id", name="pk_opinion"),
    )
    op.create_index("ix_opinion_mention", "opinion", ["mention_id"])
    op.create_index(
        "ix_opinion_touchpoint", "opinion", ["brand_id", "touchpoint", "day", "mention_id"]
    )
    op.create_table(
        "correction",
        *_required(sa.Integer, "id", "mention_id"),
        *_required(sa.String, "content_hash"),
        *_optional(sa.String, "tone", "kind"),
        *_optional(JSON, "opinions"),
        *_required(MOMENT, "created_at"),
        *_optional(MOMENT, "undone_at"),
        _refers("correction", "mention_id", "mention"),
        sa.PrimaryKeyConstraint("id", name="pk_correction"),
    )
    op.create_index("ix_correction_mention", "correction", ["mention_id"])


def _rollups() -> None:
    """Daily sums."""
    op.create_table(
        "mention_daily",
        *_required(sa.Integer, "brand_id"),
        *_required(sa.Date, "day"),
        *_required(sa.Integer, "source_id"),
        *_required(sa.String, "tone", "kind"),
        *_required(
            sa.Integer,
            "rating",
            "n",
            "churn",
            "will_return",
            "recommend",
            "warn",
            "effort",
            "promoters",
            "passives",
            "detractors",
        ),
        _refers("mention_daily", "brand_id", "brand"),
        _refers("mention_daily", "source_id", "source"),
        sa.PrimaryKeyConstraint(
            "brand_id", "day", "source_id", "tone", "kind", "rating", name="pk_mention_daily"
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_mention_daily_empty",
        "mention_daily",
        ["n"],
        sqlite_where=sa.text("n = 0"),
        postgresql_where=sa.text("n = 0"),
    )
    op.create_table(
        "opinion_daily",
        *_required(sa.Integer, "brand_id"),
        *_required(sa.Date, "day"),
        *_required(sa.Integer, "source_id"),
        *_required(sa.String, "touchpoint", "tone"),
        *_required(sa.Integer, "rating"),
        *_required(sa.Boolean, "voice"),
        *_required(sa.Integer, "n"),
        _refers("opinion_daily", "brand_id", "brand"),
        _refers("opinion_daily", "source_id", "source"),
        sa.PrimaryKeyConstraint(
            "brand_id",
            "day",
            "source_id",
            "touchpoint",
            "tone",
            "rating",
            "voice",
            name="pk_opinion_daily",
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_opinion_daily_empty",
        "opinion_daily",
        ["n"],
        sqlite_where=sa.text("n = 0"),
        postgresql_where=sa.text("n = 0"),
    )


def _service() -> None:
    """What is asked of the worker; facts about this database."""
    op.create_table(
        "job",
        *_required(sa.Integer, "id"),
        *_required(sa.String, "kind"),
        *_required(JSON, "payload"),
        *_required(sa.String, "state", "message"),
        *_required(MOMENT, "created_at"),
        *_optional(MOMENT, "started_at", "finished_at"),
        sa.PrimaryKeyConstraint("id", name="pk_job"),
    )
    op.create_index("ix_job_state", "job", ["state", "id"])
    op.create_table(
        "setting",
        *_required(sa.String, "key"),
        *_optional(JSON, "value"),
        sa.PrimaryKeyConstraint("key", name="pk_setting"),
    )
