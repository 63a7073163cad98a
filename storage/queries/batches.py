"""What of a batch of corrections holds."""

from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import Session, col

from storage.models import Correction


def in_batch(session: Session, at: datetime) -> int:
    """How many corrections of the batch with this key are not undone."""
    held = select(func.count()).where(
        col(Correction.created_at) == at, col(Correction.undone_at).is_(None)
    )
    return int(session.execute(held).scalar_one())
