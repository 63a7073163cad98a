"""Answering in plain Russian: statuses, times, and the sentence on top of the page."""

from datetime import timedelta

from insights import russian as ru
from insights.answering import Answering, Known
from insights.stats import Median
from storage.filters import Status

STATUS_NAMES = {
    Status.NEW: "новое",
    Status.WORKING: "в работе",
    Status.ANSWERED: "отвечено",
    Status.IGNORED: "не требует ответа",
}
#: A sign for each, readable without its colour.
STATUS_SIGNS = {
    Status.NEW: "○",
    Status.WORKING: "◐",
    Status.ANSWERED: "✓",
    Status.IGNORED: "–",
}
NOBODY = "ни на кого не назначено"
KNOWN_NAMES = {
    Known.SOURCE: "ответ показывает источник",
    Known.STATUS: "по статусам команды",
    Known.BOTH: "показывает источник и статусы",
    Known.NOTHING: "неизвестно",
}
_DAY = 24 * 60


def status_label(status: str) -> str:
    """«✓ отвечено»."""
    return f"{STATUS_SIGNS[Status(status)]} {STATUS_NAMES[Status(status)]}"


def lasting(minutes: float) -> str:
    """«5 ч 10 мин»; whole days from a week on."""
    days = round(minutes / _DAY)
    if days >= 7:
        return f"{ru.number(days)}{ru.NBSP}дн."
    return ru.lasting(timedelta(minutes=round(minutes)))


def interval(wait: Median) -> str:
    """«от 3 ч до 7 ч»; what is missing where there are too few."""
    if wait.low is None or wait.high is None:
        return "мало для интервала"
    return f"от{ru.NBSP}{lasting(wait.low)} до{ru.NBSP}{lasting(wait.high)}"


def headline(found: Answering) -> str:
    """What is said first."""
    total = found.total
    if not found.sources:
        return "За этот период никто не ждёт ответа: упоминаний нет"
    if not found.known_ids:
        return "Об ответах компании здесь пока ничего не известно"
    if total.share is None:
        return "За этот период никто не ждёт ответа"
    told = f"Отвечено на{ru.NBSP}{ru.percent(total.share.value)} упоминаний"
    told += f" ({ru.number(total.answered)} из{ru.NBSP}{ru.number(total.n)})"
    if total.wait:
        told += f", обычно за{ru.NBSP}{lasting(total.wait.value)}"
    return told


def left_out(found: Answering) -> str:
    """Answers that no time is counted of, and why; empty where all are."""
    total, parts = found.total, []
    if total.undated:
        parts.append(f"у{ru.NBSP}{ru.number(total.undated)} нет даты")
    if total.early:
        parts.append(f"{ru.number(total.early)} раньше самого упоминания (его правили позже)")
    return f"Во времени ответа не учтены: {', '.join(parts)}." if parts else ""
