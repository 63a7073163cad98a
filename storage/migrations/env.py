"""Alembic's entry: runs the versions inside the transaction that the caller has begun.

There is no alembic.ini. The program migrates by itself when it starts; a developer who changed
``storage/models`` writes the next version with ``python -m storage.migrations "what changes"``,
reads it through and adds what autogeneration cannot see (data, the search index).
"""

from typing import Any

from alembic import context
from sqlmodel import SQLModel

import storage.models  # noqa: F401  (fills the metadata)


def is_ours(name: str | None, *_: Any) -> bool:
    """Leave the search index (on SQLite a table with shadow tables) to hand-written versions."""
    return not (name or "").startswith(("mention_fts", "ix_mention_lemmas"))


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    include_name=is_ours,
    # SQLite changes tables by rebuilding them.
    render_as_batch=True,
    # On SQLite too: a half-made schema must not stay behind.
    transactional_ddl=True,
)
context.run_migrations()
