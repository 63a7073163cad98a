"""What each answer says towards the mention's several brands."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Apply; answers that are stored for mentions of several brands wait for their second half."""
    op.add_column("analysis", sa.Column("targets", JSON, nullable=False, server_default="{}"))
    op.add_column("analysis", sa.Column("unasked", sa.Integer, nullable=False, server_default="0"))
    op.execute(
        "UPDATE analysis SET unasked = (SELECT count(*) FROM mention_brand "
        "WHERE mention_brand.mention_id = analysis.mention_id) "
        "WHERE error IS NULL AND mention_id IN "
        "(SELECT mention_id FROM mention_brand GROUP BY mention_id HAVING count(*) > 1)"
    )
