"""What the worker does about reports: builds those asked for, orders those of plans in time."""

from datetime import datetime, timedelta

from sqlmodel import Session

from insights.periods import Unit, last_whole
from otklik import reporting
from otklik.house import House
from otklik.tasks import Task
from storage import queries, report_plans, reports
from storage.errors import NotFound, OperationalError
from storage.report_plans import Turn
from storage.reports import ReportOrder

#: Files of a deleted report stay so long: till then nobody has to build it again to have it back.
_KEEP_DELETED = timedelta(days=7)


def build(task: Task) -> tuple[bool, str]:
    """Build a report, put its files in place and have it sent; (whether it went well, words).

    Cut off, it begins anew. Raises Stopped where it was cancelled or the worker ends.
    """
    house, clock = task.house, task.keeper.clock
    report_id = int(task.asked["report"])

    def progress(step: str, done: int, total: int) -> None:
        task.result.update(step=step, done=done, total=total)
        task.go_on()

    try:
        with house.db.read() as session:
            report = queries.report(session, report_id)
        if report.state == "done":  # its worker died just after
            return True, "Отчёт собран."
        wanted, now = reporting.wanted(report), clock()
        with (
            reporting.build(house, wanted, now=now, progress=progress) as built,
            task.step() as session,
        ):
            reporting.place(house, report_id, built)
            reports.finish_report(session, report_id, built.outcome, now=clock())
    except (NotFound, OperationalError) as error:
        return False, str(error)
    return True, "Отчёт собран."


def look(house: House, now: datetime) -> None:
    """Take the turns of plans that have come, and what became of the jobs of reports."""
    with house.db.read() as session:
        if not queries.has_reports_to_do(session):
            return
    with house.db.write() as session:
        reports.settle(session, now=now)
        for turn in report_plans.take_turns(session, zone=house.zone, now=now):
            order(house, session, turn, now=now)


def order(house: House, session: Session, turn: Turn, *, now: datetime) -> int:
    """Have the report of a plan's turn built: of the last whole period before that turn."""
    day = reporting.today(house, session, turn.due_at)
    period = last_whole(Unit(turn.period), day)
    return reports.order_report(
        session,
        ReportOrder(
            turn.brand_id,
            period.start,
            period.end,
            turn.formats,
            turn.channels,
            turn.plan_id,
        ),
        now=now,
    )


def drop_files(house: House, *, now: datetime) -> None:
    """Remove the files of reports that were deleted long enough ago."""
    with house.db.write() as session:
        gone = reports.drop_files(session, deleted_before=now - _KEEP_DELETED)
    for report_id in gone:
        reporting.drop_files(house, report_id)
