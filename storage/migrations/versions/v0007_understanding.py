"""What touchpoints weigh, peak and end, certainty, places and products, themes, notes, views."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
MOMENT = sa.DateTime(timezone=True)

#: A mention's point goes in equal parts to the touchpoints it is negative (positive) about.
WEIGH = """
UPDATE opinion SET weight = 2520 / (
    SELECT count(DISTINCT other.touchpoint) FROM opinion AS other
    WHERE other.mention_id = opinion.mention_id AND other.brand_id = opinion.brand_id
      AND other.tone = opinion.tone)
WHERE tone IN ('negative', 'positive')
  AND id = (
    SELECT min(other.id) FROM opinion AS other
    WHERE other.mention_id = opinion.mention_id AND other.brand_id = opinion.brand_id
      AND other.tone = opinion.tone AND other.touchpoint = opinion.touchpoint)
  AND EXISTS (
    SELECT 1 FROM mention_brand AS own
    WHERE own.mention_id = opinion.mention_id AND own.brand_id = opinion.brand_id
      AND own.tone IN (opinion.tone, 'mixed'))
"""
#: Of the newest answer for the present text; a tone set by a human has no certainty.
HEARD = """
UPDATE mention_brand SET (certainty, peak_end, plain_mean) = (
    SELECT CASE
        WHEN mention_brand.tone <> answer.tone THEN NULL
        WHEN EXISTS (
            SELECT 1 FROM correction
            WHERE correction.mention_id = mention.id AND correction.undone_at IS NULL
              AND correction.content_hash = mention.content_hash AND correction.tone IS NOT NULL)
        THEN NULL
        WHEN answer.negative >= answer.neutral AND answer.negative >= answer.positive
        THEN CAST(round(answer.negative * 1000) AS INTEGER)
        WHEN answer.neutral >= answer.positive THEN CAST(round(answer.neutral * 1000) AS INTEGER)
        ELSE CAST(round(answer.positive * 1000) AS INTEGER) END,
      CAST(round((answer.peak + answer.last) * 500) AS INTEGER),
      CAST(round(answer.mean * 1000) AS INTEGER)
    FROM mention JOIN analysis AS answer
      ON answer.mention_id = mention.id AND answer.content_hash = mention.content_hash
    WHERE mention.id = mention_brand.mention_id AND answer.error IS NULL
    ORDER BY answer.analysed_at DESC, answer.id DESC LIMIT 1)
WHERE tone IS NOT NULL
"""
OPINIONS = """
INSERT INTO opinion_daily
    (brand_id, day, source_id, touchpoint, tone, rating, voice, n, weight, churn)
SELECT opinion.brand_id, opinion.day, opinion.source_id, opinion.touchpoint, opinion.tone,
    own.rating, coalesce(own.kind, '') NOT IN ('promo', 'other') AS voice, count(*),
    sum(opinion.weight), sum(CASE WHEN own.churn THEN 1 ELSE 0 END)
FROM opinion JOIN mention_brand AS own
  ON own.mention_id = opinion.mention_id AND own.brand_id = opinion.brand_id
WHERE NOT own.is_repeat
GROUP BY opinion.brand_id, opinion.day, opinion.source_id, opinion.touchpoint, opinion.tone,
    own.rating, coalesce(own.kind, '') NOT IN ('promo', 'other')
"""
MENTIONS = """
INSERT INTO mention_daily
    (brand_id, day, source_id, tone, kind, rating, n, churn, will_return, recommend, warn, effort,
     promoters, passives, detractors, heard, peak_end, plain_mean)
SELECT brand_id, day, source_id, coalesce(tone, ''), coalesce(kind, ''), rating, count(*),
    sum(CASE WHEN churn THEN 1 ELSE 0 END), sum(CASE WHEN will_return THEN 1 ELSE 0 END),
    sum(CASE WHEN recommend THEN 1 ELSE 0 END), sum(CASE WHEN warn THEN 1 ELSE 0 END),
    sum(CASE WHEN effort THEN 1 ELSE 0 END),
    sum(CASE WHEN nps BETWEEN 9 AND 10 THEN 1 ELSE 0 END),
    sum(CASE WHEN nps BETWEEN 7 AND 8 THEN 1 ELSE 0 END),
    sum(CASE WHEN nps BETWEEN 0 AND 6 THEN 1 ELSE 0 END),
    count(peak_end), coalesce(sum(peak_end), 0), coalesce(sum(plain_mean), 0)
FROM mention_brand WHERE NOT is_repeat
GROUP BY brand_id, day, source_id, coalesce(tone, ''), coalesce(kind, ''), rating
"""
FACETS = """
INSERT INTO facet_daily (brand_id, facet, day, value, source_id, tone, kind, rating, n)
SELECT own.brand_id, '{name}', own.day, substr(mention.{name}, 1, 200), own.source_id,
    coalesce(own.tone, ''), coalesce(own.kind, ''), own.rating, count(*)
FROM mention_brand AS own JOIN mention ON mention.id = own.mention_id
WHERE mention.{name} <> '' AND NOT own.is_repeat
GROUP BY own.brand_id, own.day, substr(mention.{name}, 1, 200), own.source_id,
    coalesce(own.tone, ''), coalesce(own.kind, ''), own.rating
"""


def upgrade() -> None:
    """Apply; the sums are made anew, themes are found when the worker next runs."""
    _numbers("opinion", "weight")
    for name in ("certainty", "peak_end", "plain_mean"):
        op.add_column("mention_brand", sa.Column(name, sa.Integer))
    _numbers("mention_daily", "heard", "peak_end", "plain_mean")
    _numbers("opinion_daily", "weight", "churn")
    _facet_table()
    _theme_tables()
    _desk_tables()
    _check_tables()
    for statement in (
        WEIGH,
        HEARD,
        "DELETE FROM opinion_daily",
        OPINIONS,
        "DELETE FROM mention_daily",
        MENTIONS,
        *(FACETS.format(name=name) for name in ("place", "product", "city", "app_version")),
    ):
        op.execute(statement)
    op.create_index(
        "ix_mention_brand_certainty",
        "mention_brand",
        ["brand_id", "certainty", "day", "mention_id"],
    )
    told = sa.text("target_tone IS NOT NULL")
    op.create_index(
        "ix_mention_brand_target",
        "mention_brand",
        ["brand_id", "day", "mention_id"],
        sqlite_where=told,
        postgresql_where=told,
    )
    for name in ("parent_id", "author_id", "author"):
        known = sa.text(f"{name} IS NOT NULL")
        op.create_index(
            f"ix_mention_{name}", "mention", [name], sqlite_where=known, postgresql_where=known
        )


def _numbers(table: str, *names: str) -> None:
    for name in names:
        op.add_column(table, sa.Column(name, sa.Integer, nullable=False, server_default="0"))


def _facet_table() -> None:
    key = ("brand_id", "facet", "day", "value", "source_id", "tone", "kind", "rating")
    kinds: dict[str, Any] = {
        "brand_id": sa.Integer,
        "day": sa.Date,
        "source_id": sa.Integer,
        "rating": sa.Integer,
    }
    op.create_table(
        "facet_daily",
        *(sa.Column(name, kinds.get(name, sa.String), nullable=False) for name in key),
        sa.Column("n", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name="fk_facet_daily_brand_id"),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name="fk_facet_daily_source_id"),
        sa.PrimaryKeyConstraint(*key, name="pk_facet_daily"),
        sqlite_with_rowid=False,
    )
    empty = sa.text("n = 0")
    op.create_index(
        "ix_facet_daily_empty", "facet_daily", ["n"], sqlite_where=empty, postgresql_where=empty
    )


def _theme_tables() -> None:
    op.create_table(
        "theme",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("key", sa.String, nullable=False),
        sa.Column("touchpoint", sa.String, nullable=False),
        sa.Column("tone", sa.String, nullable=False),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("name", sa.String),
        sa.Column("centre", sa.LargeBinary, nullable=False),
        sa.Column("words", JSON, nullable=False),
        sa.Column("merged_into", sa.Integer),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["merged_into"], ["theme.id"], name="fk_theme_merged_into"),
        sa.PrimaryKeyConstraint("id", name="pk_theme"),
        sa.UniqueConstraint("key", name="uq_theme_key"),
    )
    op.create_index("ix_theme_touchpoint", "theme", ["touchpoint", "tone"])
    op.create_table(
        "theme_ground",
        sa.Column("touchpoint", sa.String, nullable=False),
        sa.Column("tone", sa.String, nullable=False),
        sa.Column("n", sa.Integer, nullable=False),
        sa.Column("total", sa.LargeBinary, nullable=False),
        sa.Column("words", JSON, nullable=False),
        sa.PrimaryKeyConstraint("touchpoint", "tone", name="pk_theme_ground"),
    )
    _theme_marks()
    _theme_sums()


def _theme_marks() -> None:
    key = ("mention_id", "touchpoint", "tone", "start")
    op.create_table(
        "theme_mark",
        sa.Column("mention_id", sa.Integer, nullable=False),
        sa.Column("touchpoint", sa.String, nullable=False),
        sa.Column("tone", sa.String, nullable=False),
        sa.Column("start", sa.Integer, nullable=False),
        sa.Column("theme_id", sa.Integer),
        sa.Column("closeness", sa.Integer, nullable=False),
        sa.Column("tried", sa.Boolean, nullable=False),
        sa.Column("vector", sa.LargeBinary),
        sa.ForeignKeyConstraint(["mention_id"], ["mention.id"], name="fk_theme_mark_mention_id"),
        sa.ForeignKeyConstraint(["theme_id"], ["theme.id"], name="fk_theme_mark_theme_id"),
        sa.PrimaryKeyConstraint(*key, name="pk_theme_mark"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_theme_mark_theme", "theme_mark", ["theme_id", "closeness"])
    left = sa.text("theme_id IS NULL")
    op.create_index(
        "ix_theme_mark_left",
        "theme_mark",
        ["touchpoint", "tone", "mention_id", "tried"],
        sqlite_where=left,
        postgresql_where=left,
    )


def _theme_sums() -> None:
    key = ("theme_id", "brand_id", "day", "source_id", "rating", "voice")
    kinds: dict[str, Any] = {"day": sa.Date, "voice": sa.Boolean}
    op.create_table(
        "theme_daily",
        *(sa.Column(name, kinds.get(name, sa.Integer), nullable=False) for name in key),
        sa.Column("n", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name="fk_theme_daily_brand_id"),
        sa.ForeignKeyConstraint(["theme_id"], ["theme.id"], name="fk_theme_daily_theme_id"),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name="fk_theme_daily_source_id"),
        sa.PrimaryKeyConstraint(*key, name="pk_theme_daily"),
        sqlite_with_rowid=False,
    )
    empty = sa.text("n = 0")
    op.create_index(
        "ix_theme_daily_empty", "theme_daily", ["n"], sqlite_where=empty, postgresql_where=empty
    )


def _desk_tables() -> None:
    op.create_table(
        "touchpoint_note",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("brand_id", sa.Integer, nullable=False),
        sa.Column("touchpoint", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("note", sa.String, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("undone_at", MOMENT),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.id"], name="fk_touchpoint_note_brand_id"),
        sa.PrimaryKeyConstraint("id", name="pk_touchpoint_note"),
    )
    op.create_index("ix_touchpoint_note_brand", "touchpoint_note", ["brand_id", "touchpoint"])
    op.create_table(
        "saved_view",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("page", sa.String, nullable=False),
        sa.Column("params", JSON, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_saved_view"),
        sa.UniqueConstraint("name", name="uq_saved_view_name"),
    )


def _check_tables() -> None:
    op.create_table(
        "spot_check",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("model_version", sa.String, nullable=False),
        sa.Column("params", JSON, nullable=False),
        sa.Column("population", sa.Integer, nullable=False),
        sa.Column("mention_ids", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_spot_check"),
    )
    op.create_table(
        "training",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("model_version", sa.String, nullable=False),
        sa.Column("result", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_training"),
    )
