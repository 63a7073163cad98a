"""Queries of brands: what config.yaml says and what was set in the app."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply; brands go on being found by their names until they have a query."""
    op.add_column("brand", sa.Column("query", sa.String, nullable=False, server_default=""))
    op.add_column("brand", sa.Column("app_query", sa.String))
