"""What «Отчёты» shows: reports and plans as they are at this moment, and what the URL asks for."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import streamlit as st

from storage import queries
from storage.queries import DeliveryRow, PlanRow, ReportRow
from views import context, url

#: Parts of the URL: the section, the report or the plan that is open, and what the form is filled
#: with.
SHOW, OPEN, PLAN = "show", "open", "plan"
BRAND, FROM, TO = "brand", "from", "to"
#: The plan that is not there yet.
NEW = "new"

PER_PAGE = 10
#: How often, in seconds, the page looks at what is being built, and whether a worker has come.
_LIVELY, _LONELY = 2, 10
#: Deliveries looked at: more than the reports of a page have.
_MOST_DELIVERIES = 300


@dataclass(frozen=True, slots=True)
class Now:
    """Read anew in every run; ``at`` is in the zone of the screen.

    ``reports`` are those of the page ``page`` of the history, ``known`` how many there are in all;
    ``open`` those that are being built or wait for it. ``deliveries`` by report, newest first.
    """

    at: datetime
    reports: tuple[ReportRow, ...]
    known: int
    page: int
    open: tuple[ReportRow, ...]
    plans: tuple[PlanRow, ...]
    deliveries: dict[int, tuple[DeliveryRow, ...]]
    has_worker: bool

    @property
    def pages(self) -> int:
        """Pages of the history."""
        return max(1, -(-self.known // PER_PAGE))

    @property
    def is_sending(self) -> bool:
        """Whether some report is on its way to somebody."""
        waiting = (d for told in self.deliveries.values() for d in told if d.state == "waiting")
        return any(delivery.due_at <= self.at for delivery in waiting)

    @property
    def is_planning(self) -> bool:
        """Whether some plan has not been given its first turn."""
        return any(plan.enabled and plan.next_due is None for plan in self.plans)

    @property
    def look_every(self) -> int | None:
        """In how many seconds to look again; None where nothing is going to happen soon."""
        if self.has_worker:
            is_moving = self.open or self.is_sending or self.is_planning
            return _LIVELY if is_moving else None
        return _LONELY if self.open else None

    @property
    def shape(self) -> tuple[Any, ...]:
        """Changes whenever more than the progress of what is built does."""
        sent = [(d.id, d.state, d.error) for told in self.deliveries.values() for d in told]
        states = [(report.id, report.state) for report in (*self.reports, *self.open)]
        turns = [(plan.id, plan.next_due) for plan in self.plans]
        return (self.has_worker, self.known, states, sent, turns)


def read() -> Now:
    """Reports at this moment."""
    wired, at = context.get(), datetime.now(UTC)
    with wired.db.read() as session:
        known = queries.count_reports(session)
        page = min(url.number(url.PAGE) or 1, max(1, -(-known // PER_PAGE)))
        sent = queries.deliveries(session, kinds=["report"], limit=_MOST_DELIVERIES)
        return Now(
            at=at.astimezone(wired.zone),
            reports=queries.reports(session, limit=PER_PAGE, offset=(page - 1) * PER_PAGE),
            known=known,
            page=page,
            open=queries.open_reports(session),
            plans=queries.plans(session),
            deliveries=_by_report(sent),
            has_worker=queries.worker_is_alive(session, now=at),
        )


def file_of(report: ReportRow, form: str) -> Path | None:
    """Where the report's file of this format lies; None where there is none (any more)."""
    told = report.files.get(form)
    return None if told is None else _existing(report, told.name)


def letter_of(report: ReportRow) -> Path | None:
    """The letter that brings the report."""
    return _existing(report, "mail.html")


def watch(now: Now, draw: Callable[[Now], None]) -> None:
    """Draw what ``now`` holds, and anew every few seconds while something is being built or sent.

    As soon as more than progress has changed the whole page is drawn anew.
    """
    shape, own = now.shape, iter([now])

    def look() -> None:
        current = next(own, None) or read()
        if current.shape != shape:
            st.rerun()
        draw(current)

    st.fragment(look, run_every=now.look_every)()


def _existing(report: ReportRow, name: str) -> Path | None:
    file = context.get().reports / str(report.id) / Path(name).name
    return file if file.is_file() else None


def _by_report(sent: tuple[DeliveryRow, ...]) -> dict[int, tuple[DeliveryRow, ...]]:
    found: dict[int, tuple[DeliveryRow, ...]] = {}
    for delivery in sent:
        number = delivery.key.split(":")[1]
        found[int(number)] = (*found.get(int(number), ()), delivery)
    return found
