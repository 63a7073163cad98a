"""Answers by source and by assignee; each figure opens its mentions."""

from dataclasses import replace
from html import escape
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from insights import answer_words as words
from insights import russian as ru
from insights.answering import Known, SourceAnswers
from insights.changes import FEW
from storage import queries
from storage.filters import Status
from views import answers_state, data
from views.answers_state import WAITING, Now

_HEAD = (
    '<th>Источник</th><th class="num">Ждали ответа</th><th class="num">Отвечено</th>'
    '<th class="num">Время до ответа</th><th class="num">Без ответа</th><th>Откуда известно</th>'
)
_PEOPLE = (
    '<th>Кто отвечает</th><th class="num">Новых</th><th class="num">В работе</th>'
    '<th class="num">Отвечено за период</th>'
)


def sources(now: Now) -> None:
    """A line a source: n, share and median with their intervals, how it is known."""
    labels = {source.id: source.label for source in now.basics.catalog.sources}
    body = "".join(
        f"<tr><td>{escape(labels.get(one.source_id, '?'))}</td>{_cells(now, one)}</tr>"
        for one in now.found.sources
    )
    st.html(_table(_HEAD, body))
    told = "Цифра открывает свои упоминания; под ней — интервал 95 %. "
    told += f"Бледные посчитаны меньше чем по {FEW}."
    if now.found.unknown:
        n = ru.counted(now.found.unknown, ru.MENTION)
        told += f" В общую долю не вошли {n}: в этих источниках об ответах ничего не известно."
    st.caption(told)


def people(now: Now) -> None:
    """Who is at how many mentions now, and how many of the period's they answered."""
    ever = data.ask(queries.answers_by_assignee, replace(now.scope, day_from=None, day_to=None))
    period = data.ask(queries.answers_by_assignee, now.scope)
    if not ever:
        return
    st.subheader("По сотрудникам", anchor=False)
    rows = []
    for name in sorted(ever, key=lambda name: (-ever[name].get(Status.WORKING, 0), name)):
        own: dict[str, Any] = {"assignees": (name,)}
        always = own | {"day_from": None, "day_to": None}
        cells = [
            _linked(now, ever[name].get(status, 0), always | {"statuses": (str(status),)})
            for status in (Status.NEW, Status.WORKING)
        ]
        answered = period.get(name, {}).get(Status.ANSWERED, 0)
        cells.append(_linked(now, answered, own | {"statuses": (str(Status.ANSWERED),)}))
        rows.append(f"<tr><td>{escape(name)}</td>{''.join(cells)}</tr>")
    st.html(_table(_PEOPLE, "".join(rows)))
    st.caption("Новые и в работе — за всё время, отвечено — из написанных за выбранный период.")


def _cells(now: Now, one: SourceAnswers) -> str:
    answers, own = one.answers, {"sources": (one.source_id,)}
    n = _linked(now, answers.n, own | {"statuses": (*WAITING, str(Status.ANSWERED))})
    how = f"<td>{escape(words.KNOWN_NAMES[one.known])}</td>"
    if one.known is Known.NOTHING:
        unknown = '<td class="num" title="Ни ответов, ни статусов здесь не было">неизвестно</td>'
        return f'{n}{unknown}<td class="num">—</td><td class="num">—</td>{how}'
    waiting = _linked(now, answers.unanswered, own | {"statuses": WAITING})
    return f"{n}{_share(now, one)}{_wait(one)}{waiting}{how}"


def _share(now: Now, one: SourceAnswers) -> str:
    share = one.answers.share
    if share is None:
        return '<td class="num">—</td>'
    shown = f"{ru.percent(share.low)} … {ru.percent(share.high)}"
    parts = {"sources": (one.source_id,), "statuses": (str(Status.ANSWERED),)}
    few = " few" if share.n < FEW else ""
    return (
        f'<td class="num{few}">{_anchor(now, ru.percent(share.value), parts)}'
        f'<div class="ok-meta">{shown}</div></td>'
    )


def _wait(one: SourceAnswers) -> str:
    answers = one.answers
    if answers.wait is None:
        told = "ответы без даты" if answers.answered else "—"
        return f'<td class="num">{told}</td>'
    wait = answers.wait
    few = " few" if wait.n < FEW else ""
    shown = f"{words.interval(wait)}, n = {ru.number(wait.n)}"
    return (
        f'<td class="num{few}">{words.lasting(wait.value)}<div class="ok-meta">{shown}</div></td>'
    )


def _linked(now: Now, n: int, parts: dict[str, Any]) -> str:
    told = _anchor(now, ru.number(n), parts) if n else "0"
    return f'<td class="num">{told}</td>'


def _anchor(now: Now, told: str, parts: dict[str, Any]) -> str:
    link = urlencode(answers_state.link(now, **parts), doseq=True)
    return f'<a href="mentions?{escape(link)}" target="_self">{told}</a>'


def _table(head: str, body: str) -> str:
    return (
        f'<div class="ok-wide"><table class="ok-table ok-indices"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )
