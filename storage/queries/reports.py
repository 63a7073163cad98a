"""The history of reports, with what is being built, and the plans that ask for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from collectors.schedules import parse
from storage.errors import NotFound
from storage.models import Brand, Job, Report, ReportPlan


@dataclass(frozen=True, slots=True)
class ReportFile:
    """A file of a report: its name in the report's folder and its size."""

    name: str
    bytes: int


@dataclass(frozen=True, slots=True)
class ReportRow:
    """A report; ``state`` is queued (``running`` once somebody builds it), done, failed, cancelled.

    ``title`` and ``model`` are empty before it was first built; ``plan`` is the name of the plan
    that asked for it, else empty. ``files`` by format are those of the last time it was built, also
    where the next time failed. ``progress`` is {"step", "done", "total"} while it is being built;
    ``retry_at`` when it is tried again by itself.
    """

    id: int
    brand_id: int
    brand_code: str
    brand: str
    start: date
    end: date
    title: str
    formats: tuple[str, ...]
    channels: tuple[str, ...]
    model: str
    plan: str
    plan_id: int | None
    state: str
    message: str
    files: Mapping[str, ReportFile]
    progress: Mapping[str, Any]
    created_at: datetime
    finished_at: datetime | None
    retry_at: datetime | None
    params: Mapping[str, Any]

    @property
    def is_open(self) -> bool:
        """Whether it is being built, or waits for that."""
        return self.state in {"queued", "running"}


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A plan; ``words`` is its schedule for the user, ``last`` the latest report of it.

    ``period`` is week, month or quarter; ``origin`` config or app. ``next_due`` is None where it
    rests, or before a worker first looked at it.
    """

    id: int
    name: str
    brand_id: int
    brand_code: str
    brand: str
    period: str
    formats: tuple[str, ...]
    schedule: str
    words: str
    channels: tuple[str, ...]
    enabled: bool
    origin: str
    next_due: datetime | None
    last: ReportRow | None


def reports(session: Session, *, limit: int, offset: int = 0) -> tuple[ReportRow, ...]:
    """The history without what was deleted, newest first."""
    query = _query().where(col(Report.deleted_at).is_(None))
    newest = query.order_by(col(Report.id).desc()).limit(limit).offset(offset)
    return tuple(_report(row) for row in session.execute(newest))


def count_reports(session: Session) -> int:
    """How many reports the history holds."""
    known = select(func.count()).select_from(Report).where(col(Report.deleted_at).is_(None))
    return session.scalar(known) or 0


def open_reports(session: Session) -> tuple[ReportRow, ...]:
    """Reports that are being built or wait for it, oldest first."""
    waiting = _query().where(col(Report.state) == "queued", col(Report.deleted_at).is_(None))
    return tuple(_report(row) for row in session.execute(waiting.order_by(col(Report.id))))


def reports_before(session: Session, day: date) -> tuple[int, ...]:
    """Ids of the reports that tell of days before this one, the deleted ones, too."""
    return tuple(session.scalars(select(col(Report.id)).where(col(Report.day_from) < day)))


def has_reports_to_do(session: Session) -> bool:
    """Whether a worker has anything to see to: reports on their way or tried again, plans."""
    waiting = sa.or_(col(Report.state) == "queued", col(Report.retry_at).is_not(None))
    planned = col(ReportPlan.gone).is_(False)
    found = session.execute(select(sa.exists().where(waiting), sa.exists().where(planned))).one()
    return any(found)


def report(session: Session, report_id: int) -> ReportRow:
    """A report by its id; raises NotFound where it is not there or was deleted."""
    query = _query().where(col(Report.id) == report_id, col(Report.deleted_at).is_(None))
    found = session.execute(query).first()
    if found is None:
        raise NotFound(f"Отчёта {report_id} нет: его удалили, или ссылка неверна.")
    return _report(found)


def plans(session: Session) -> tuple[PlanRow, ...]:
    """Plans that hold, by name."""
    query = (
        select(ReportPlan, Brand)
        .join(Brand, col(Brand.id) == col(ReportPlan.brand_id))
        .where(col(ReportPlan.gone).is_(False))
        .order_by(col(ReportPlan.name))
    )
    latest = (
        select(func.max(col(Report.id)))
        .where(col(Report.plan_id).is_not(None), col(Report.deleted_at).is_(None))
        .group_by(col(Report.plan_id))
    )
    lasts = session.execute(_query().where(col(Report.id).in_(latest)))
    built = {row[0].plan_id: row for row in lasts}
    return tuple(
        _plan(plan, brand, built.get(plan.id)) for plan, brand in session.execute(query).all()
    )


def _query() -> Any:
    return (
        select(Report, Brand, ReportPlan, Job)
        .join(Brand, col(Brand.id) == col(Report.brand_id))
        .outerjoin(ReportPlan, col(ReportPlan.id) == col(Report.plan_id))
        .outerjoin(Job, col(Job.id) == col(Report.job_id))
    )


def _report(row: Sequence[Any]) -> ReportRow:
    known, brand, plan, job = row
    is_running = known.state == "queued" and job is not None and job.state == "running"
    return ReportRow(
        id=known.id,
        brand_id=brand.id,
        brand_code=brand.code,
        brand=brand.name,
        start=known.day_from,
        end=known.day_to,
        title=known.params.get("title", ""),
        formats=tuple(known.params["formats"]),
        channels=tuple(known.params["channels"]),
        model=known.params.get("model", ""),
        plan=plan.name if plan else "",
        plan_id=known.plan_id,
        state="running" if is_running else known.state,
        message=known.message,
        files={form: ReportFile(**told) for form, told in known.files.items()},
        progress=job.result if is_running else {},
        created_at=known.created_at,
        finished_at=known.finished_at,
        retry_at=known.retry_at,
        params=known.params,
    )


def _plan(plan: ReportPlan, brand: Brand, last: Sequence[Any] | None) -> PlanRow:
    return PlanRow(
        id=plan.id or 0,
        name=plan.name,
        brand_id=plan.brand_id,
        brand_code=brand.code,
        brand=brand.name,
        period=plan.period,
        formats=tuple(plan.formats),
        schedule=plan.schedule,
        words=parse(plan.schedule).words,
        channels=tuple(plan.channels),
        enabled=plan.enabled,
        origin=plan.origin,
        next_due=plan.next_due,
        last=_report(last) if last else None,
    )
