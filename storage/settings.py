"""Facts about this database, kept in it: the zone its days are in, the model that holds, …"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage import tables as t

#: The IANA name of the zone that days are counted in.
ZONE = "zone"
#: The version of the model whose answers hold.
MODEL = "model"


def get(session: Session, key: str, default: Any = None) -> Any:
    """The value of ``key``, or ``default`` where it was never put."""
    row = session.execute(sa.select(t.setting.c.value).where(t.setting.c.key == key)).first()
    return default if row is None else row.value


def put(session: Session, key: str, value: Any) -> None:
    """Keep a JSON value under ``key``."""
    t.upsert(session, t.setting, [{"key": key, "value": value}])
