"""What stands around a mention, read when it is asked for: repeats, its thread, its author."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import streamlit as st

from insights import russian as ru
from storage import queries
from storage.filters import Filter
from storage.queries import Around, MentionRow
from views import cards, data, state

#: Of each sort only so many are shown under the card.
_MOST = 50
_COUNTED_ONCE = "Одинаковые тексты и репосты в цифрах считаются один раз."


def draw(row: MentionRow, around: Around, zone: ZoneInfo) -> None:
    """A toggle for each thing there is to see; what is toggled on is listed below."""
    with st.container(horizontal=True, gap="medium", key=f"around_{row.id}"):
        repeats = _toggle(f"repeats_{row.id}", cards.repeats_label(row), _COUNTED_ONCE)
        thread = _toggle(f"thread_{row.id}", _thread_label(around), _THREAD_HELP)
        author = _toggle(f"author_{row.id}", _author_label(around), _author_help(around))
    if repeats:
        others = data.ask(queries.repeats, row.id, limit=_MOST)
        _list(others, zone)
        if row.repeats > _MOST:
            st.caption(f"Показаны первые {_MOST}; все — с фильтром «Показывать повторы»")
    if thread:
        _thread(row, zone)
    if author:
        _author(row, around, zone)


_THREAD_HELP = "На что это ответ, что ещё на то же ответили и что ответили на это"


def _toggle(key: str, label: str, told: str) -> bool:
    return bool(label) and bool(st.toggle(label, key=key, help=told))


def _thread_label(around: Around) -> str:
    if not around.is_thread:
        return ""
    parts = ["ответ на запись"] if around.answers else []
    if around.siblings:
        parts.append(f"рядом ещё {ru.counted(around.siblings, ru.ANSWER)}")
    if around.replies:
        parts.append(f"на это {ru.counted(around.replies, ru.ANSWER)}")
    return "Ветка: " + ", ".join(parts)


def _author_label(around: Around) -> str:
    if not around.by_author:
        return ""
    whose = "от этого автора" if around.signed_by_id else "с той же подписью"
    return f"ещё {ru.number(around.by_author)} {whose}"


def _author_help(around: Around) -> str:
    if around.signed_by_id:
        return "Другие упоминания этого автора в том же источнике"
    return "Источник называет только имя: так могут подписываться разные люди"


def _thread(row: MentionRow, zone: ZoneInfo) -> None:
    found = data.ask(queries.thread, row.id, limit=_MOST)
    if found.parent:
        st.caption("В ответ на")
        _list([found.parent], zone)
    if found.siblings:
        st.caption("Ответили на то же")
        _list(found.siblings, zone)
    if found.replies:
        st.caption("Ответы на это")
        _list(found.replies, zone)


def _author(row: MentionRow, around: Around, zone: ZoneInfo) -> None:
    _list(data.ask(queries.by_author, row.id, limit=_MOST), zone)
    whole = Filter(author=row.who, sources=(row.source_id,), voices_only=False, repeats=True)
    n = ru.counted(around.by_author + 1, ru.MENTION)
    st.button(
        f"Открыть списком: {n} за всё время",
        key=f"open_author_{row.id}",
        type="tertiary",
        icon=":material/person_search:",
        on_click=state.set_filter,
        args=(whole,),
    )


def _list(rows: Sequence[MentionRow], zone: ZoneInfo) -> None:
    for other in rows:
        st.html(cards.brief(other, zone))
