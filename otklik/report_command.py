"""What `otklik report` does: the same report as the worker builds, right now and in sight."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlmodel import Session

from insights import periods
from insights import russian as ru
from insights.periods import Period
from otklik import channels, personal, reporting
from otklik.delivering import Courier
from otklik.house import House
from otklik.leases import Keeper
from otklik.messages import ConfigError
from otklik.reporting import Progress, Wanted
from otklik.screen import NOT_ALL, OK, note, progress
from otklik.telling import print_json
from storage import queries, reports
from storage.queries import DeliveryRow
from storage.reports import FORMATS, ReportOrder

#: Seconds for which a report waits for its first attempt to be sent, and between two looks.
_PATIENCE, _LOOK = 60.0, 0.2


@dataclass(frozen=True, slots=True)
class Asked:
    """The command's options as they were written."""

    brand: str
    period: str
    formats: str
    out: Path | None
    channels: tuple[str, ...]


def report(house: House, asked: Asked, *, as_json: bool) -> int:
    """Build the report, tell where its files are, send it; the exit code."""
    now = datetime.now(UTC)
    wanted, day = _wanted(house, asked, now)
    for name in asked.channels:
        channels.find(house.config, name)
    if asked.out:
        reporting.make_folder(asked.out)
    if not as_json and wanted.period.end == day:
        note(f"Период ещё не кончился: отчёт по сегодняшний день, {ru.day(day)}.")
    with (
        _shown(len(wanted.formats)) as show,
        reporting.build(house, wanted, now=now, progress=show) as built,
    ):
        copied = reporting.export(built, asked.out) if asked.out else []
        row = _recorded(house, wanted, built, asked.channels, now)
    for file in copied:
        personal.remember_export(house, file, now)
    files = copied or reporting.files_of(house, row)
    sent = _sent(house, row.id, asked.channels)
    if as_json:
        print_json(_as_dict(row, files, sent))
    else:
        _tell(row, files, sent)
    return OK if all(delivery.state == "sent" for delivery in sent) else NOT_ALL


def _wanted(house: House, asked: Asked, now: datetime) -> tuple[Wanted, date]:
    """What is asked for, and the day that is today; raises ConfigError in words."""
    formats = tuple(dict.fromkeys(one.strip().lower() for one in asked.formats.split(",")))
    for one in formats:
        if one not in FORMATS:
            raise ConfigError(f"--format {one}: бывает {', '.join(FORMATS)}")
    with house.db.read() as session:
        day = reporting.today(house, session, now)
        brand_id = _brand_id(session, asked.brand)
    try:
        period = periods.parse(asked.period, day)
    except ValueError as error:
        raise ConfigError(f"--period: {error}") from error
    return Wanted(brand_id, asked.brand, period, formats), day


def _brand_id(session: Session, code: str) -> int:
    brands = [brand for brand in queries.catalog(session).brands if brand.code]
    for brand in brands:
        if brand.code == code:
            return brand.id
    have = ", ".join(f"{brand.code} ({brand.name})" for brand in brands) or "ни одного"
    raise ConfigError(f"нет бренда «{code}»; есть: {have}")


def _recorded(
    house: House,
    wanted: Wanted,
    built: reporting.Built,
    to: Sequence[str],
    now: datetime,
) -> queries.ReportRow:
    """The report in the history, its files in place, on its way to the channels."""
    period: Period = wanted.period
    order = ReportOrder(wanted.brand_id, period.start, period.end, wanted.formats, to)
    with house.db.write() as session:
        report_id = reports.record_report(session, order, now=now)
        reporting.place(house, report_id, built)
        reports.finish_report(session, report_id, built.outcome, now=now)
        return queries.report(session, report_id)


def _sent(house: House, report_id: int, to: Sequence[str]) -> tuple[DeliveryRow, ...]:
    """Send what waits in the outbox, beside a worker if there is one; what became of our own.

    Each channel sends in the order of the outbox, so others' messages may go before.
    """
    if not to:
        return ()
    keys = [reports.delivery_key(report_id, name) for name in to]
    until = time.monotonic() + _PATIENCE
    keeper = Keeper(house.db)
    with keeper.beating():
        courier = Courier(keeper)
        while time.monotonic() < until and any(not one.attempts for one in _own(house, keys)):
            courier.look(house)
            time.sleep(_LOOK)
        courier.finish()
    return _own(house, keys)


def _own(house: House, keys: Sequence[str]) -> tuple[DeliveryRow, ...]:
    with house.db.read() as session:
        return queries.deliveries(session, keys=keys)


@contextmanager
def _shown(formats: int) -> Iterator[Progress]:
    """A bar of the steps: figures, each format, the letter."""
    with progress("Отчёт", formats + 2) as advance:

        def show(_step: str, done: int, _total: int) -> None:
            if done:
                advance(1)

        yield show
        advance(1)


def _as_dict(
    row: queries.ReportRow, files: Sequence[Path], sent: Sequence[DeliveryRow]
) -> dict[str, Any]:
    return {
        "id": row.id,
        "brand": row.brand_code,
        "from": row.start.isoformat(),
        "to": row.end.isoformat(),
        "period": Period(row.start, row.end).code,
        "model": row.model,
        "files": [str(file) for file in files],
        "sent": [{"channel": d.channel, "state": d.state, "error": d.error} for d in sent],
    }


def _tell(row: queries.ReportRow, files: Sequence[Path], sent: Sequence[DeliveryRow]) -> None:
    """The files, and what is still on its way; how sending went the courier has told."""
    note(row.title)
    for file in files:
        note(f"  {file}")
    for delivery in sent:
        if delivery.state == "waiting":
            note(f"{delivery.channel}: ещё не отправлено, попытку повторит otklik schedule")
