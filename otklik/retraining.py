"""Training from corrections and the way back, by whomever asked; how each ended is kept."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from otklik import weights
from otklik.adapting import Adapted, Progress, adapt
from otklik.house import House
from storage import checks


class Busy(Exception):
    """Another process changes the weights right now."""


def train(house: House, progress: Progress) -> Adapted:
    """Adapt the model to the corrections; it is replaced only by a better one. Raises Busy."""
    with house.db.alone("train") as free:
        if not free:
            raise Busy
        adapted = adapt(house, progress)
        _record(house, "train", adapted.model, as_dict(adapted))
    return adapted


def restore(house: House) -> str | None:
    """Go back to the weights before those in use; their version, None if nothing changed.

    Raises Busy.
    """
    with house.db.alone("train") as free:
        if not free:
            raise Busy
        former = weights.version_of(house.config)
        version = weights.restore(house.config)
        if version:
            _record(house, "restore", version, {"switched": True, "former": former})
    return version


def as_dict(adapted: Adapted) -> dict[str, Any]:
    """What was learnt from how many corrections, and why each head is used or not."""
    fields = {
        field: {
            "taught": count.taught,
            "held_out": count.examined,
            "anchors": count.anchors,
            "used": field in adapted.used,
            "verdict": _verdict(adapted, field),
        }
        for field, count in adapted.counts.items()
    }
    return {"switched": bool(adapted.used), "model": adapted.model, "fields": fields}


def _verdict(adapted: Adapted, field: str) -> Mapping[str, Any] | None:
    verdict = adapted.verdicts.get(field)
    return {**asdict(verdict), "doubt": verdict.doubt} if verdict else None


def _record(house: House, kind: str, version: str, result: Mapping[str, Any]) -> None:
    with house.db.write() as session:
        checks.record_training(
            session, kind, model_version=version, result=result, now=datetime.now(UTC)
        )
