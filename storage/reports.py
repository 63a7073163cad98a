"""The write side of reports: asked for, built by a job, sent when they are there, kept for long.

A report and the job that builds it are written together. What becomes of the job is taken over by
:func:`settle`, however the job ended, so that no report waits for a worker that died.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage import jobs, outbox
from storage import tables as t
from storage.errors import NotFound, StorageError
from storage.rows import fit, fit_json

#: What a report can be built as.
FORMATS = ("pdf", "html", "xlsx")
#: The kind of the job that builds a report, and of the delivery that sends it.
KIND = "report"
#: When a plan's report that failed is tried again; after that it waits for somebody's word.
_PAUSES = (timedelta(minutes=5), timedelta(hours=1), timedelta(hours=6))
_report, _job = t.report.c, t.job.c


@dataclass(frozen=True, slots=True)
class ReportOrder:
    """A report that is asked for: of a brand and days, in formats, for channels by their names."""

    brand_id: int
    day_from: date
    day_to: date
    formats: Sequence[str]
    channels: Sequence[str] = ()
    plan_id: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """A report that was built: its title, its files (format -> name and bytes), and what it was
    built with (zone, journey, model), to be built so again."""

    title: str
    files: Mapping[str, Mapping[str, Any]]
    built_with: Mapping[str, Any]


def order_report(session: Session, order: ReportOrder, *, now: datetime) -> int:
    """Have a report built by the worker; its id. One that waits already is not asked for twice.

    Raises StorageError for no format or an unknown one, NotFound for a brand that is not there.
    """
    row = _row(session, order, now) | {"state": "queued"}
    for known in session.execute(
        sa.select(_report.id, _report.params).where(
            _report.state == "queued",
            _report.deleted_at.is_(None),
            *(_report[name] == row[name] for name in ("brand_id", "day_from", "day_to")),
            _report.plan_id.is_not_distinct_from(order.plan_id),
        )
    ):
        if known.params == row["params"]:
            return int(known.id)
    report_id = session.scalars(sa.insert(t.report).values(row).returning(_report.id)).one()
    _enqueue(session, int(report_id), now)
    return int(report_id)


def record_report(session: Session, order: ReportOrder, *, now: datetime) -> int:
    """The id of a report that is being built right here; :func:`finish_report` follows."""
    row = _row(session, order, now) | {"state": "queued"}
    return int(session.scalars(sa.insert(t.report).values(row).returning(_report.id)).one())


def rebuild_report(session: Session, report_id: int, *, now: datetime) -> None:
    """Have a report built once more by its stored parameters; its files stay until then."""
    if _known(session, report_id).state != "queued":
        session.execute(_change(report_id).values(attempts=0))
        _enqueue(session, report_id, now)


def cancel_report(session: Session, report_id: int, *, now: datetime) -> None:
    """Have a report built no more; one whose files are there is as it was before."""
    known = _known(session, report_id)
    if known.state != "queued":
        return
    if known.job_id is not None:
        jobs.cancel_job(session, known.job_id, now=now)
    state = "done" if known.files else "cancelled"
    session.execute(_change(report_id).values(state=state, message="", finished_at=now))


def delete_report(session: Session, report_id: int, *, now: datetime) -> None:
    """Take a report out of the history; :func:`restore_report` brings it back."""
    cancel_report(session, report_id, now=now)
    session.execute(_change(report_id).values(deleted_at=now, retry_at=None))


def restore_report(session: Session, report_id: int) -> None:
    """Undo :func:`delete_report`; files that went meanwhile can be built again."""
    restored = session.execute(_change(report_id).values(deleted_at=None).returning(_report.id))
    if restored.first() is None:
        raise _no_report(report_id)


def send_report(
    session: Session, report_id: int, channels: Sequence[str], *, now: datetime
) -> None:
    """Send a report that is built to these channels (once more, where it went there already)."""
    known = _known(session, report_id)
    if not known.files:
        raise StorageError("Отчёт ещё не собран: отправить можно готовый.")
    for channel in channels:
        _tell(session, known.id, channel, known.params, now, suffix=f":{now.isoformat()}")


def finish_report(session: Session, report_id: int, outcome: Outcome, *, now: datetime) -> None:
    """The report is built and goes to its channels, each once however often it is built."""
    known = _known(session, report_id)
    params = known.params | fit_json(outcome.built_with) | {"title": fit(outcome.title)}
    session.execute(
        _change(report_id).values(
            state="done",
            message="",
            params=params,
            files=fit_json(outcome.files),
            finished_at=now,
            retry_at=None,
        )
    )
    for channel in params["channels"]:
        _tell(session, report_id, channel, params, now)


def delivery_key(report_id: int, channel: str) -> str:
    """The key of the delivery by which a report goes to a channel when it is built."""
    return f"{KIND}:{report_id}:{channel}"


def settle(session: Session, *, now: datetime) -> None:
    """Take over how jobs of reports ended; have a plan's failed report tried again in its time."""
    ended = session.execute(
        sa.select(_report.id, _report.plan_id, _report.attempts, _job.message)
        .outerjoin(t.job, _job.id == _report.job_id)
        .where(
            _report.state == "queued",
            _report.job_id.is_not(None),
            sa.or_(_job.id.is_(None), _job.state.not_in(("queued", "running"))),
        )
    ).all()
    for row in ended:
        again = row.plan_id is not None and row.attempts < len(_PAUSES)
        session.execute(
            _change(row.id).values(
                state="failed",
                message=row.message or "Отчёт не был собран.",
                attempts=row.attempts + 1,
                finished_at=now,
                retry_at=now + _PAUSES[row.attempts] if again else None,
            )
        )
    waiting = sa.and_(_report.state == "failed", _report.retry_at <= now)
    for report_id in session.scalars(sa.select(_report.id).where(waiting)).all():
        _enqueue(session, report_id, now)


def drop_files(session: Session, *, deleted_before: datetime) -> list[int]:
    """Forget the files of reports deleted until a moment; the ids of those reports.

    The reports themselves stay, as what was sent refers to them.
    """
    old = sa.select(_report.id, _report.files).where(_report.deleted_at < deleted_before)
    gone = [int(row.id) for row in session.execute(old) if row.files]
    for report_id in gone:
        session.execute(_change(report_id).values(files={}))
    return gone


def _row(session: Session, order: ReportOrder, now: datetime) -> dict[str, Any]:
    wrong = [one for one in order.formats if one not in FORMATS]
    if wrong or not order.formats:
        raise StorageError(f"Форматы отчёта: {', '.join(FORMATS)}. Выберите хотя бы один.")
    is_known = sa.select(t.brand.c.id).where(t.brand.c.id == order.brand_id)
    if session.execute(is_known).first() is None:
        raise NotFound(f"Бренда {order.brand_id} нет в базе данных.")
    params = {
        "formats": [one for one in FORMATS if one in order.formats],
        "channels": list(dict.fromkeys(fit(one) for one in order.channels)),
    }
    return {
        "brand_id": order.brand_id,
        "day_from": order.day_from,
        "day_to": order.day_to,
        "params": params,
        "plan_id": order.plan_id,
        "message": "",
        "attempts": 0,
        "files": {},
        "created_at": now,
    }


def _enqueue(session: Session, report_id: int, now: datetime) -> None:
    job_id = jobs.enqueue_job(session, KIND, {"report": report_id}, now=now)
    session.execute(
        _change(report_id).values(state="queued", job_id=job_id, message="", retry_at=None)
    )


def _tell(
    session: Session,
    report_id: int,
    channel: str,
    params: Mapping[str, Any],
    now: datetime,
    suffix: str = "",
) -> None:
    outbox.enqueue(
        session,
        key=delivery_key(report_id, channel) + suffix,
        channel=channel,
        kind=KIND,
        title=params["title"],
        payload={"report": report_id},
        now=now,
    )


def _change(report_id: int) -> sa.Update:
    return sa.update(t.report).where(_report.id == report_id)


def _known(session: Session, report_id: int) -> Any:
    known = session.execute(
        sa.select(t.report).where(_report.id == report_id, _report.deleted_at.is_(None))
    ).first()
    if known is None:
        raise _no_report(report_id)
    return known


def _no_report(report_id: int) -> NotFound:
    return NotFound(f"Отчёта {report_id} больше нет: его удалили.")
