"""The message of an alert: why it came, in whose words, and the way to all of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any
from urllib.parse import urlencode, urlsplit

from sqlmodel import Session

from insights import alert_words as words
from insights import russian as ru
from nlp.labels import TONE_NAMES, Tone
from otklik.house import House
from otklik.outgoing import CannotCompose, Message
from storage import queries
from storage.filters import from_params
from storage.queries import AlertRow, QuoteRow

#: Alerts that are told one by one; quotes of one that comes alone, and of one among several.
_MOST_ALERTS, _QUOTES, _FEWER_QUOTES = 10, 3, 1
_PAGE = """<!doctype html>
<html lang="ru"><head><meta charset="utf-8"><title>{title}</title></head>
<body style="margin:0;padding:16px;background:#ffffff;color:#1c2b33;font:16px/1.5 Arial,sans-serif">
<div style="max-width:640px;margin:0 auto"><h1 style="font-size:20px;margin:0 0 12px">{title}</h1>
{blocks}{rest}</div></body></html>
"""
_BLOCK = """<div style="border-left:4px solid #0e7c7b;padding:2px 0 2px 14px;margin:0 0 20px">
<p style="margin:0;font-size:17px"><b>{reason}</b></p>
<p style="margin:2px 0 8px;color:#5b6b73;font-size:14px">{when}</p>
{quotes}<p style="margin:0"><a href="{link}" style="color:#0e7c7b">Открыть в Отклике</a></p></div>
"""
_QUOTE = """<p style="margin:0 0 2px">{before}<b style="background:#f6e3d7">{proof}</b>{after}</p>
<p style="margin:0 0 10px;color:#5b6b73;font-size:14px">{origin}</p>
"""


@dataclass(frozen=True, slots=True)
class _Told:
    """An alert with its quotes and the address of the view behind it."""

    alert: AlertRow
    quotes: Sequence[QuoteRow]
    link: str
    when: str


def compose(house: House, payload: Mapping[str, Any]) -> Message:
    """The message of the alerts that ``payload`` names; raises CannotCompose where none is left."""
    with house.db.read() as session:
        alerts = queries.these_alerts(session, payload["alerts"])
        if not alerts:
            raise CannotCompose("Оповещений, о которых это сообщение, больше нет.")
        told = _told(house, session, alerts)
    n = int(payload["of"])
    title = str(payload["rule"])
    if n > 1:
        title += f": {ru.counted(n, words.ALERT)}"
    rest = n - len(told)
    link = _address(house, "alerts", {"show": ["history"]})
    more = f"И ещё {ru.counted(rest, words.ALERT)}: {link}" if rest else ""
    return Message(title, _text(told, more), _html(title, told, more))


def _told(house: House, session: Session, alerts: Sequence[AlertRow]) -> list[_Told]:
    known, now = queries.names(session), datetime.now(UTC).astimezone(house.zone)
    most = _QUOTES if len(alerts) == 1 else _FEWER_QUOTES
    told = []
    for alert in alerts[-_MOST_ALERTS:]:
        where, _ = from_params(alert.params, known, now.date())
        quotes = queries.evidence(session, where, alert.mention_ids)
        chosen = [quotes[number] for number in alert.mention_ids if number in quotes][:most]
        link = _address(house, "mentions", alert.params)
        told.append(_Told(alert, chosen, link, ru.moment(alert.fired_at.astimezone(house.zone))))
    return told


def _address(house: House, page: str, params: Mapping[str, Sequence[str]]) -> str:
    asked = urlencode(params, doseq=True)
    return f"{house.config.app_url}/{page}" + (f"?{asked}" if asked else "")


def _text(told: Sequence[_Told], more: str) -> str:
    blocks = []
    for one in told:
        lines = [one.alert.reason]
        for quote in one.quotes:
            link = f" — {quote.url}" if _is_link(quote.url) else ""
            lines.append(f"«{quote.text}» — {_origin(quote)}{link}")
        blocks.append("\n".join([*lines, f"Открыть в Отклике: {one.link}"]))
    return "\n\n".join([*blocks, *([more] if more else [])])


def _html(title: str, told: Sequence[_Told], more: str) -> str:
    blocks = [
        _BLOCK.format(
            reason=escape(one.alert.reason),
            when=escape(one.when),
            quotes="".join(_html_quote(quote) for quote in one.quotes),
            link=escape(one.link),
        )
        for one in told
    ]
    rest = f"<p>{escape(more)}</p>" if more else ""
    return _PAGE.format(title=escape(title), blocks="".join(blocks), rest=rest)


def _html_quote(quote: QuoteRow) -> str:
    before, proof, after = (
        escape(part)
        for part in (
            quote.text[: quote.start],
            quote.text[quote.start : quote.end],
            quote.text[quote.end :],
        )
    )
    origin = escape(_origin(quote))
    if _is_link(quote.url):
        origin += f' · <a href="{escape(quote.url)}" style="color:#0e7c7b">источник</a>'
    return _QUOTE.format(before=before, proof=proof, after=after, origin=origin)


def _origin(quote: QuoteRow) -> str:
    """«Карты, 1 ★, 12 марта 2026, негатив»."""
    parts = [quote.source]
    if quote.rating is not None:
        given = ru.number(quote.rating, 0 if quote.rating == int(quote.rating) else 1)
        parts.append(
            f"{given} ★" if quote.rating_scale == 5 else f"{given} из {quote.rating_scale}"
        )
    return ", ".join([*parts, ru.day(quote.day), TONE_NAMES[Tone(quote.tone)]])


def _is_link(url: str) -> bool:
    return urlsplit(url).scheme in {"http", "https"}
