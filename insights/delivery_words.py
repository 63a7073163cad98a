"""Deliveries in words: a report or an alert on its way to a channel."""

from collections.abc import Mapping
from datetime import datetime

from insights import russian as ru
from storage.queries import DeliveryRow

_LOOKS = {
    "waiting": ("»", "neutral"),
    "sent": ("✓", "positive"),
    "failed": ("!", "negative"),
    "cancelled": ("×", "unread"),
}
_REPORT = {
    "waiting": "отправляется",
    "sent": "отправлен",
    "failed": "не отправлен",
    "cancelled": "отправка отменена",
    "again": "ещё попытка",
}
_ALERT = _REPORT | {
    "sent": "отправлено",
    "failed": "не отправлено",
    "again": "не прошло, ещё попытка",
}


def of_report(delivery: DeliveryRow, now: datetime) -> tuple[str, str, str]:
    """A sign, the class of its colour, and «marketing: отправлен сегодня в 09:01»."""
    return _sending(delivery, now, _REPORT)


def of_alert(delivery: DeliveryRow, now: datetime) -> tuple[str, str, str]:
    """The same of an alert: «crisis: отправлено сегодня в 09:01»."""
    return _sending(delivery, now, _ALERT)


def _sending(
    delivery: DeliveryRow, now: datetime, words: Mapping[str, str]
) -> tuple[str, str, str]:
    look, told = _LOOKS[delivery.state], words[delivery.state]
    if delivery.state == "sent" and delivery.finished_at:
        told += f" {ru.near(delivery.finished_at.astimezone(now.tzinfo), now)}"
    elif delivery.state == "waiting" and delivery.attempts and delivery.due_at > now:
        look = ("…", "mixed")
        told = f"{words['again']} {ru.near(delivery.due_at.astimezone(now.tzinfo), now)}"
    return *look, f"{delivery.channel}: {told}"
