"""The write side of report plans: who says them, when they are due, each turn taken once.

As everywhere, one transaction looks, decides and writes: two workers never take the same turn.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from collectors.schedules import parse, parse_cron
from storage import tables as t
from storage.errors import NotFound, StorageError
from storage.reports import FORMATS
from storage.rows import fit

LONGEST_PLAN_NAME = 60
#: What each report of a plan can be of: the last whole one before its turn.
PERIODS = ("week", "month", "quarter")
_plan = t.report_plan.c


@dataclass(frozen=True, slots=True)
class PlanDeclaration:
    """A plan as config.yaml or a form tells it; ``schedule`` is a cron expression."""

    name: str
    brand_code: str
    period: str
    schedule: str
    formats: Sequence[str] = FORMATS
    channels: Sequence[str] = ()
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Turn:
    """A plan and what is to be built for it, for the turn that came at ``due_at`` (aware)."""

    plan_id: int
    brand_id: int
    period: str
    formats: Sequence[str]
    channels: Sequence[str]
    due_at: datetime


def sync_plans(session: Session, plans: Iterable[PlanDeclaration], *, now: datetime) -> None:
    """Make plans follow config.yaml, which wins over the app; what left it is planned no more."""
    declared = [_row(session, plan) for plan in plans]
    names = [row["name"] for row in declared]
    session.execute(
        sa.update(t.report_plan)
        .where(_plan.origin == "config", _plan.name.not_in(names))
        .values(gone=True)
    )
    for row in declared:
        known = _named(session, row["name"])
        if known is None:
            _insert(session, row, "config", now)
        else:
            _overwrite(session, known, row | {"origin": "config"})


def add_plan(session: Session, plan: PlanDeclaration, *, now: datetime) -> int:
    """Plan reports; the plan's id. Raises StorageError in words for what cannot be."""
    row = _row(session, plan)
    known = _named(session, row["name"])
    if known is None:
        return _insert(session, row, "app", now)
    if not known.gone or known.origin != "app":
        raise StorageError(f"План «{row['name']}» уже есть: выберите другое имя.")
    _overwrite(session, known, row)
    return int(known.id)


def change_plan(session: Session, plan_id: int, plan: PlanDeclaration) -> None:
    """Plan otherwise from now on; raises as :func:`add_plan` does."""
    known, row = _of_app(session, plan_id), _row(session, plan)
    namesake = _named(session, row["name"])
    if namesake is not None and namesake.id != plan_id:
        raise StorageError(f"План «{row['name']}» уже есть: выберите другое имя.")
    _overwrite(session, known, row)


def enable_plan(session: Session, plan_id: int, *, enabled: bool) -> None:
    """Let a plan of the app go on, or rest: turns that come meanwhile are not made up."""
    _of_app(session, plan_id)
    session.execute(_change(plan_id).values(enabled=enabled, next_due=None))


def remove_plan(session: Session, plan_id: int) -> None:
    """Plan no more; the reports that were built stay. :func:`restore_plan` takes it back."""
    _of_app(session, plan_id)
    session.execute(_change(plan_id).values(gone=True, next_due=None))


def restore_plan(session: Session, plan_id: int) -> None:
    """Undo :func:`remove_plan`."""
    _of_app(session, plan_id)
    session.execute(_change(plan_id).values(gone=False))


def take_turns(session: Session, *, zone: ZoneInfo, now: datetime) -> list[Turn]:
    """The turns that have come, which are taken by this: the next call will not give them again.

    Of several that were missed only the latest is made up. A turn that lies ahead follows the
    schedule and the zone as they are now, also where the clock went back.
    """
    taken = []
    rows = session.execute(
        sa.select(t.report_plan).where(_plan.enabled, _plan.gone.is_(False)).order_by(_plan.id)
    )
    for row in rows.all():
        schedule = parse(row.schedule)
        if row.next_due is not None and row.next_due <= now:
            latest = max(row.next_due, schedule.before(now, zone))
            taken.append(_turn(row, latest))
        upcoming = schedule.after(now, zone)
        if row.next_due != upcoming:
            session.execute(_change(row.id).values(next_due=upcoming))
    return taken


def _row(session: Session, plan: PlanDeclaration) -> dict[str, Any]:
    """The plan as it is stored; raises StorageError in words for what cannot be."""
    name = " ".join(fit(plan.name).split())
    if not 0 < len(name) <= LONGEST_PLAN_NAME:
        raise StorageError(f"Назовите план: от 1 до {LONGEST_PLAN_NAME} знаков.")
    brand_id = session.scalar(sa.select(t.brand.c.id).where(t.brand.c.code == plan.brand_code))
    if brand_id is None:
        raise NotFound(f"План «{name}»: бренд «{plan.brand_code}» не описан.")
    if plan.period not in PERIODS:
        raise StorageError(f"План «{name}»: период бывает {', '.join(PERIODS)}.")
    formats = [one for one in FORMATS if one in plan.formats]
    if not formats or len(formats) < len(set(plan.formats)):
        raise StorageError(f"План «{name}»: форматы бывают {', '.join(FORMATS)}.")
    try:
        schedule = parse_cron(plan.schedule)
    except ValueError as error:
        raise StorageError(f"План «{name}»: {error}.") from error
    return {
        "name": name,
        "brand_id": int(brand_id),
        "period": plan.period,
        "schedule": schedule.text,
        "formats": formats,
        "channels": list(dict.fromkeys(fit(one) for one in plan.channels)),
        "enabled": plan.enabled,
        "gone": False,
    }


def _insert(session: Session, row: Mapping[str, Any], origin: str, now: datetime) -> int:
    values = {**row, "origin": origin, "created_at": now}
    return int(session.scalars(sa.insert(t.report_plan).values(values).returning(_plan.id)).one())


def _overwrite(session: Session, known: Any, row: Mapping[str, Any]) -> None:
    """Let the plan be as ``row``; a turn that waits stays unless its schedule is another one."""
    changed = {name: value for name, value in row.items() if getattr(known, name) != value}
    if {"schedule", "enabled", "gone"} & changed.keys():
        changed["next_due"] = None
    if changed:
        session.execute(_change(known.id).values(changed))


def _named(session: Session, name: str) -> Any:
    """The plan of this name, whatever the case of its letters; gone ones, too."""
    rows = session.execute(sa.select(t.report_plan)).all()
    return next((row for row in rows if row.name.casefold() == name.casefold()), None)


def _turn(row: Any, due_at: datetime) -> Turn:
    return Turn(row.id, row.brand_id, row.period, row.formats, row.channels, due_at)


def _known(session: Session, plan_id: int) -> Any:
    known = session.execute(sa.select(t.report_plan).where(_plan.id == plan_id)).first()
    if known is None:
        raise NotFound(f"Плана {plan_id} нет в базе данных.")
    return known


def _of_app(session: Session, plan_id: int) -> Any:
    known = _known(session, plan_id)
    if known.origin == "config":
        raise StorageError("Этот план описан в config.yaml: измените его там.")
    return known


def _change(plan_id: int) -> sa.Update:
    return sa.update(t.report_plan).where(_plan.id == plan_id)
