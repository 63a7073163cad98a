"""The day's calls of every key, counted where a restart does not forget them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from storage import tables as t
from storage.database import Database

#: A day that ends later than this after the present one was begun by a wrong clock.
_LEAP = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class SqlLedger:
    """The collecting layer's ``Ledger``: one transaction a call, so one caller at a time."""

    db: Database

    def spend(self, key: str, per_day: int, resets_at: datetime) -> bool:
        """Count one call of the day that ends at ``resets_at``; False where none is left."""
        with self.db.write() as session:
            known = session.execute(
                sa.select(t.quota_use.c.used, t.quota_use.c.resets_at).where(
                    t.quota_use.c.key == key
                )
            ).first()
            # A clock that went back does not begin the day anew; an end that no day can have, left
            # by a clock that had leapt ahead, does not close the key for years.
            same_day = known is not None and resets_at <= known.resets_at <= resets_at + _LEAP
            used = known.used if known is not None and same_day else 0
            if used >= per_day:
                return False
            ends = known.resets_at if known is not None and same_day else resets_at
            row = {"key": key, "used": used + 1, "per_day": per_day, "resets_at": ends}
            t.upsert(session, t.quota_use, [row])
            return True
