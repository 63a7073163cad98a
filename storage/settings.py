"""Facts about this database, kept in it: the zone its days are in, the model that holds, …"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage import tables as t

#: The IANA name of the zone that days are counted in.
ZONE = "zone"
#: The version of the model whose answers hold.
MODEL = "model"
#: Whose authors are stored by name (true, false or names of sources), as was last seen to.
AUTHORS = "authors"
#: A fingerprint of the key that authors' hashes are made with.
AUTHOR_KEY = "author_key"
#: Erased rows may still lie in freed pages (:func:`storage.erasing.scrub`); one value an erasure.
UNSCRUBBED = "unscrubbed"
#: [{"path", "at"}] of files that mentions were exported to.
EXPORTS = "exports"
#: When the worker last erased what is too old to keep (ISO 8601).
PRUNED = "pruned"
#: The version of :mod:`storage.likeness` that stored mentions were grouped by.
GROUPED = "grouped"
#: Fingerprint of the names, queries and sources by which stored mentions got their brands.
MATCHED = "matched_by"
#: {"holder", "at"}: who crawls on schedule, and its last sign of life (ISO 8601).
WORKER = "worker"
#: The version of the encoder whose vectors themes are made of.
THEMES = "themes_by"


def get(session: Session, key: str, default: Any = None) -> Any:
    """The value of ``key``, or ``default`` where it was never put."""
    row = session.execute(sa.select(t.setting.c.value).where(t.setting.c.key == key)).first()
    return default if row is None else row.value


def put(session: Session, key: str, value: Any) -> None:
    """Keep a JSON value under ``key``."""
    t.upsert(session, t.setting, [{"key": key, "value": value}])


def drop(session: Session, key: str) -> None:
    """Forget ``key``."""
    session.execute(sa.delete(t.setting).where(t.setting.c.key == key))
