"""More of what sources tell, the language, groups of repeats, and whom not to store again."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Apply; languages and groups of stored mentions follow when the program starts."""
    for name in ("author_id", "repost_of", "city", "app_version"):
        op.add_column("mention", sa.Column(name, sa.String))
    op.add_column("mention", sa.Column("language", sa.String, nullable=False, server_default=""))
    op.add_column("mention", sa.Column("text_key", sa.BigInteger))
    op.add_column("mention", sa.Column("group_id", sa.Integer))
    for name in ("repost_of", "text_key", "group_id"):
        known = sa.text(f"{name} IS NOT NULL")
        op.create_index(
            f"ix_mention_{name}", "mention", [name], sqlite_where=known, postgresql_where=known
        )
    op.add_column(
        "mention_brand", sa.Column("language", sa.String, nullable=False, server_default="")
    )
    op.add_column(
        "mention_brand",
        sa.Column("is_repeat", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "text_band",
        sa.Column("band", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("text_key", sa.BigInteger, nullable=False, autoincrement=False),
        sa.PrimaryKeyConstraint("band", "text_key", name="pk_text_band"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "erasure",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("author", sa.String),
        sa.Column("source_id", sa.Integer),
        sa.Column("counts", JSON, nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name="fk_erasure_source_id"),
        sa.PrimaryKeyConstraint("id", name="pk_erasure"),
    )
    op.create_index("ix_erasure_author", "erasure", ["author"])
