"""The message that brings a report: its essence in words, a letter, the key chart, the files."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from otklik import reporting
from otklik.house import House
from otklik.messages import ConfigError
from otklik.outgoing import CannotCompose, Message
from otklik.sending import Refused
from storage import queries
from storage.errors import NotFound


def compose(house: House, payload: Mapping[str, Any]) -> Message:
    """The message of the report ``payload["report"]``; files that vanished are built again.

    Raises CannotCompose where the report was deleted, Refused where it cannot be built just now.
    """
    try:
        with house.db.read() as session:
            report = queries.report(session, int(payload["report"]))
    except NotFound as error:
        raise CannotCompose("Отчёт удалён, отправлять нечего.") from error
    if not reporting.is_whole(house, report):
        report = _again(house, report)
    folder = reporting.folder_of(house, report.id)
    chart = folder / reporting.CHART
    return Message(
        title=report.title,
        text=(folder / reporting.WORDS).read_text(encoding="utf-8"),
        html=(folder / reporting.LETTER).read_text(encoding="utf-8"),
        picture=chart.read_bytes() if chart.is_file() else None,
        files=tuple((file.name, file) for file in reporting.files_of(house, report)),
    )


def _again(house: House, report: queries.ReportRow) -> queries.ReportRow:
    """Build the vanished files by the stored parameters; the report as it is then."""
    now = datetime.now(UTC)
    try:
        with reporting.build(house, reporting.wanted(report), now=now) as built:
            return reporting.keep(house, report.id, built, now=now)
    except ConfigError as error:
        raise Refused(str(error), again=True) from error
