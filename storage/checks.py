"""The write side of judging the model: random checks that were drawn, trainings that ended."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage import tables as t
from storage.errors import StorageError


def start_spot_check(
    session: Session,
    mention_ids: Sequence[int],
    *,
    population: int,
    model_version: str,
    params: Mapping[str, Sequence[str]],
    now: datetime,
) -> int:
    """Keep a draw of :func:`storage.queries.draw`, to be judged one by one; its id."""
    if not mention_ids:
        raise StorageError("Проверять нечего: по этим фильтрам нет разобранных упоминаний.")
    row = {
        "created_at": now,
        "model_version": model_version,
        "params": {key: list(values) for key, values in params.items()},
        "population": population,
        "mention_ids": list(mention_ids),
    }
    result = session.execute(sa.insert(t.spot_check).values(row).returning(t.spot_check.c.id))
    return int(result.scalar_one())


def record_training(
    session: Session, kind: str, *, model_version: str, result: Mapping[str, Any], now: datetime
) -> None:
    """Note how a training («train») or a return to former weights («restore») ended."""
    row = {"at": now, "kind": kind, "model_version": model_version, "result": dict(result)}
    session.execute(sa.insert(t.training).values(row))
