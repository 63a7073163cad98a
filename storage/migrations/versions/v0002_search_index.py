"""The full-text index over ``mention.lemmas``."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_FORGET = (
    "INSERT INTO mention_fts (mention_fts, rowid, lemmas) VALUES ('delete', old.id, old.lemmas);"
)
_LEARN = "INSERT INTO mention_fts (rowid, lemmas) VALUES (new.id, new.lemmas);"


def upgrade() -> None:
    """Apply."""
    if op.get_bind().dialect.name == "sqlite":
        _for_sqlite()
    else:
        # A query must use the very same expression to be served by the index.
        op.execute(
            "CREATE INDEX ix_mention_lemmas ON mention USING gin (to_tsvector('simple', lemmas))"
        )


def _for_sqlite() -> None:
    """An index that keeps no copy of the text; triggers make it follow the mentions."""
    op.execute(
        "CREATE VIRTUAL TABLE mention_fts USING fts5("
        "lemmas, content='mention', content_rowid='id', tokenize='unicode61 remove_diacritics 0')"
    )
    for name, event, actions in (
        ("insert", "INSERT", _LEARN),
        ("delete", "DELETE", _FORGET),
        ("update", "UPDATE OF lemmas", _FORGET + _LEARN),
    ):
        op.execute(
            f"CREATE TRIGGER mention_fts_{name} AFTER {event} ON mention BEGIN {actions} END"
        )
    op.execute("INSERT INTO mention_fts (mention_fts) VALUES ('rebuild')")
