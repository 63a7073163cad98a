"""Reports, plans and deliveries in words: state, period, what went wrong and what to do."""

from collections.abc import Sequence
from datetime import datetime

from insights import russian as ru
from insights.periods import Period, Unit
from storage.queries import PlanRow, ReportRow

FORMATS = {"pdf": "PDF", "html": "HTML", "xlsx": "Excel"}
MIMES = {
    "pdf": "application/pdf",
    "html": "text/html",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_STATES = {
    "queued": ("»", "neutral", "в очереди"),
    "running": ("▸", "busy", "собирается"),
    "done": ("✓", "positive", "готов"),
    "failed": ("!", "negative", "не собран"),
    "cancelled": ("×", "unread", "остановлен"),
}
#: The last whole ones.
LAST_WHOLE = {"week": "прошлая неделя", "month": "прошлый месяц", "quarter": "прошлый квартал"}
_OF_PERIOD = {
    "week": "за прошлую неделю",
    "month": "за прошлый месяц",
    "quarter": "за прошлый квартал",
}
_KIB, _MIB = 1024, 1024 * 1024


def state(report: ReportRow) -> tuple[str, str, str]:
    """A sign, the class of its colour, and the state in words."""
    return _STATES[report.state]


def period(report: ReportRow) -> str:
    """«17-я неделя 2026 года, 20–26 апреля 2026», «сентябрь 2026 года», or the days alone."""
    found = Period(report.start, report.end)
    days = ru.days(found.start, found.end)
    if found.unit is Unit.WEEK:  # nobody knows weeks by their numbers
        return f"{found.name}, {days}"
    return found.name or days


def facts(report: ReportRow, now: datetime) -> list[str]:
    """By whom it was asked for, when it was made, for whom."""
    made = report.finished_at if report.state == "done" else report.created_at
    verb = "собран" if report.state == "done" else "заказан"
    told = [f"{verb} {ru.near((made or report.created_at).astimezone(now.tzinfo), now)}"]
    if report.plan:
        told.append(f"по плану «{report.plan}»")
    if report.is_open:
        told.append(formats(report.formats))
    return told


def trouble(report: ReportRow, now: datetime) -> str:
    """Why it was not built, and what comes next; empty where all is well."""
    if report.state != "failed":
        return ""
    if report.retry_at is None:
        return report.message
    again = ru.near(report.retry_at.astimezone(now.tzinfo), now)
    return f"{report.message} Следующая попытка — {again}."


def progress(report: ReportRow) -> tuple[float, str]:
    """How much of it is done (0…1), and the step in words."""
    told = report.progress
    if not told:
        return 0.0, "ждёт своей очереди" if report.state == "queued" else "начинается"
    return told["done"] / max(1, told["total"]), str(told["step"])


def formats(chosen: Sequence[str]) -> str:
    """«PDF, HTML, Excel»."""
    return ", ".join(FORMATS[one] for one in chosen)


def size(count: int) -> str:
    """«240 КБ», «2,4 МБ»."""
    if count < _MIB:
        return f"{ru.number(max(1, count / _KIB))}{ru.NBSP}КБ"
    return f"{ru.number(count / _MIB, 1)}{ru.NBSP}МБ"


def plan(row: PlanRow) -> str:
    """«по понедельникам в 09:00 · за прошлую неделю · PDF, HTML · в marketing»."""
    to = f"в {', '.join(row.channels)}" if row.channels else "никуда не отправляется"
    return " · ".join([row.words, _OF_PERIOD[row.period], formats(row.formats), to])


def coming(row: PlanRow, now: datetime, *, has_worker: bool) -> str:
    """When the next report comes."""
    if not row.enabled:
        return "на паузе" if row.origin == "app" else "выключен в config.yaml"
    if row.next_due is None:
        return "назначаем время" if has_worker else "время назначит работник, когда заработает"
    if row.next_due <= now:
        return "пора: сейчас начнётся" if has_worker else "пора: ждёт работника"
    return f"следующий — {ru.near(row.next_due.astimezone(now.tzinfo), now)}"
