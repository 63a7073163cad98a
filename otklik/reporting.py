"""Reports as files: built beside, put in place when all are whole, found again or built again.

``var/reports/<id>/`` holds the files of a report and what a message about it needs (its body and
its key chart). Whatever of it vanished is built again from the parameters that are stored.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from sqlmodel import Session

from insights.periods import Period
from nlp.journey import Stage
from nlp.labels import Touchpoint
from otklik.house import House
from otklik.messages import ConfigError, system
from storage import queries, reports, settings
from storage.reports import Outcome

#: What a message about a report is made of: letter, plain text, key chart.
LETTER, WORDS, CHART = "mail.html", "mail.txt", "chart.png"
#: How the folder of a report that is being built begins, and when one was left by a killed process.
_UNFINISHED, _LEFT_AFTER = ".part-", timedelta(days=1)
#: Steps in the user's words.
_STEPS = {"pdf": "PDF", "html": "HTML", "xlsx": "XLSX"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be built. ``built_with`` is what it was built with before, if it was."""

    brand_id: int
    brand_code: str
    period: Period
    formats: tuple[str, ...]
    built_with: Mapping[str, Any] = field(default_factory=dict)


#: Told before each step: its name, how many are done, of how many.
Progress = Callable[[str, int, int], None]


def wanted(report: queries.ReportRow) -> Wanted:
    """What is to be built for a report of the history, as it was before."""
    period = Period(report.start, report.end)
    params = report.params
    return Wanted(report.brand_id, report.brand_code, period, report.formats, params)


@dataclass(frozen=True, slots=True)
class Built:
    """A report whose files lie whole in a folder of their own; see :func:`place`."""

    folder: Path
    outcome: Outcome


def today(house: House, session: Session, now: datetime) -> date:
    """The day of ``now``, or the demo's where the database says so."""
    pinned = settings.get(session, "today")
    return date.fromisoformat(pinned) if pinned else now.astimezone(house.zone).date()


@contextmanager
def build(
    house: House, wanted: Wanted, *, now: datetime, progress: Progress = lambda *_: None
) -> Iterator[Built]:
    """Build a report into a folder that goes with the block; :func:`place` keeps what is in it.

    Raises ConfigError in words where it cannot be written; nothing half-way stays.
    """
    with _unfinished(house, now) as folder:
        yield Built(folder, _written(house, wanted, folder, now, progress))


def place(house: House, report_id: int, built: Built) -> None:
    """Put the files where those of the report lie; each is replaced at once or stays.

    What was built before and is no part of it now (a chart of mentions that were erased) goes.
    """
    target = folder_of(house, report_id)
    with _told_of_disk(target):
        target.mkdir(exist_ok=True)
        before = {file.name for file in target.iterdir()}
        for file in built.folder.iterdir():
            file.replace(target / file.name)
            before.discard(file.name)
        for name in before:
            (target / name).unlink(missing_ok=True)


def keep(house: House, report_id: int, built: Built, *, now: datetime) -> queries.ReportRow:
    """The report with its files in place; it goes to its channels, unless it did before."""
    with house.db.write() as session:
        place(house, report_id, built)
        reports.finish_report(session, report_id, built.outcome, now=now)
        return queries.report(session, report_id)


def folder_of(house: House, report_id: int) -> Path:
    """Where the files of a report lie, or lay."""
    return house.config.reports_folder / str(report_id)


def files_of(house: House, report: queries.ReportRow) -> list[Path]:
    """The report's files that are still there, in the order of its formats."""
    names = [told.name for told in report.files.values()]
    return [file for name in names if (file := folder_of(house, report.id) / name).is_file()]


def is_whole(house: House, report: queries.ReportRow) -> bool:
    """Whether everything that a message about the report needs is there."""
    folder = folder_of(house, report.id)
    named = (LETTER, WORDS, *(told.name for told in report.files.values()))
    return bool(report.files) and all((folder / name).is_file() for name in named)


def drop_files(house: House, report_id: int) -> None:
    """Remove what lies there of a report."""
    shutil.rmtree(folder_of(house, report_id), ignore_errors=True)


def drop_all(house: House) -> None:
    """Remove the files of all reports: they may quote somebody who shall be forgotten."""
    for folder in house.config.reports_folder.glob("[0-9]*"):
        shutil.rmtree(folder, ignore_errors=True)


def drop_older(house: House, day: date) -> None:
    """Remove the files of reports that tell of days before this one, which are kept no longer."""
    with house.db.read() as session:
        old = queries.reports_before(session, day)
    for report_id in old:
        drop_files(house, report_id)


def export(built: Built, out: Path) -> list[Path]:
    """Copy the files of a report into a folder of the user's; each is whole there or not at all."""
    copied = []
    with _told_of_disk(out):
        for told in built.outcome.files.values():
            target = out / str(told["name"])
            beside = target.with_name(f"{_UNFINISHED}{target.name}")
            try:
                shutil.copyfile(built.folder / target.name, beside)
                copied.append(beside.replace(target))
            finally:
                beside.unlink(missing_ok=True)
    return copied


def make_folder(out: Path) -> None:
    """Make sure that something can be written there; raises ConfigError before work is done."""
    if out.is_file():
        raise ConfigError(f"«{out}» — файл, а нужна папка: --out отчёты")
    with _told_of_disk(out):
        out.mkdir(parents=True, exist_ok=True)
        trial = out / f"{_UNFINISHED}{os.getpid()}"
        trial.touch()
        trial.unlink()


def _written(
    house: House, wanted: Wanted, folder: Path, now: datetime, progress: Progress
) -> Outcome:
    from reports import building, html, pdf, pictures, xlsx  # they bring typst and a browser engine

    total = len(wanted.formats) + 2
    progress("Показатели", 0, total)
    journey = _journey(wanted.built_with) or house.config.journey
    name = f"otklik-{wanted.brand_code}-{wanted.period.code.replace('..', '_')}"
    with house.db.read() as session:
        report = building.build(
            session,
            wanted.brand_id,
            wanted.period.start,
            wanted.period.end,
            zone=house.zone,
            journey=journey,
            made_at=now,
            app=house.config.app_url,
        )
        writers: dict[str, Callable[[Path], object]] = {
            "pdf": lambda file: pdf.render(report, file),
            "html": lambda file: file.write_text(html.render(report), encoding="utf-8"),
            "xlsx": lambda file: xlsx.write(report, queries.export(session, report.where), file),
        }
        files = {}
        for done, form in enumerate(wanted.formats, 1):
            progress(_STEPS[form], done, total)
            file = folder / f"{name}.{form}"
            writers[form](file)
            files[form] = {"name": file.name, "bytes": file.stat().st_size}
        progress("Письмо", total - 1, total)
        (folder / LETTER).write_text(html.mail_body(report), encoding="utf-8")
        (folder / WORDS).write_text(html.plain(report), encoding="utf-8")
        if chart := pictures.key_picture(report):
            (folder / CHART).write_bytes(chart)
    used = {
        "zone": str(house.zone),
        "model": report.model,
        "journey": [asdict(stage) for stage in journey],
    }
    return Outcome(f"{report.title}, {report.period.words}", files, used)


def _journey(built_with: Mapping[str, Any]) -> tuple[Stage, ...]:
    """The stages that the report was built by before."""
    return tuple(
        Stage(stage["code"], stage["name"], tuple(map(Touchpoint, stage["touchpoints"])))
        for stage in built_with.get("journey", ())
    )


@contextmanager
def _unfinished(house: House, now: datetime) -> Iterator[Path]:
    """A folder for work under way; those that killed processes left are removed after a while."""
    parent = house.config.reports_folder
    with _told_of_disk(parent):
        parent.mkdir(parents=True, exist_ok=True)
        for left in parent.glob(f"{_UNFINISHED}*"):
            if left.stat().st_mtime < (now - _LEFT_AFTER).timestamp():
                shutil.rmtree(left, ignore_errors=True)
        folder = Path(mkdtemp(prefix=_UNFINISHED, dir=parent))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _told_of_disk(where: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigError(f"отчёт не записан в «{where}»: {system(error)}") from error
