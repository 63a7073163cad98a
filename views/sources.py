"""How each source is collected: a gap in collecting must not look like silence of customers."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from insights import collecting_words as words
from insights import russian as ru
from insights.changes import SourceLine
from storage.queries import SourceNow
from views import collecting_state
from views.collecting_state import SHOW, TROUBLED, Now

#: Troubled sources that are told one by one.
_SHOWN = 5


def draw(lines: Sequence[SourceLine]) -> None:
    """What is wrong, in plain sight and a click from its mending; the rest one click away."""
    now = collecting_state.read()
    _troubles(now)
    with st.expander("Все источники и как они собираются", icon=":material/sync:"):
        states = {source.id: source for source in now.sources}
        head = (
            "<tr><th>Источник</th><th class='num'>Упоминаний</th>"
            "<th class='num'>Индекс</th><th>Как собирается</th></tr>"
        )
        body = "".join(_line(line, states.get(line.source.id), now) for line in lines)
        st.html(f'<div class="ok-wide"><table class="ok-table">{head}{body}</table></div>')


def _troubles(now: Now) -> None:
    troubled = [source for source in now.sources if words.is_troubled(source)]
    for source in troubled[:_SHOWN]:
        told = escape(_state(source, now))
        st.html(f'<div class="ok-trouble"><b>{escape(source.label)}</b>: {told}</div>')
    if troubled:
        more = len(troubled) - _SHOWN
        st.page_link(
            "views/collecting.py",
            label=f"Ещё {ru.counted(more, ru.SOURCE)} с неполадками" if more > 0 else "Разобраться",
            icon=":material/sync:",
            query_params={SHOW: TROUBLED},
        )


def _line(line: SourceLine, source: SourceNow | None, now: Now) -> str:
    net = line.net
    index = "—"
    if net:
        hint = f"интервал 95 %: {ru.index(net.low)} … {ru.index(net.high)}, n = {net.n}"
        index = f'<span title="{hint}">{ru.index(net.value)}</span>'
    return (
        f"<tr><td>{escape(line.source.label)}</td>"
        f'<td class="num">{ru.number(line.mentions)}</td><td class="num">{index}</td>'
        f"<td>{escape(_state(source, now)) if source else ''}</td></tr>"
    )


def _state(source: SourceNow, now: Now) -> str:
    coming = words.coming(source, now.at, has_worker=now.has_worker)
    return " · ".join([words.last(source, now.at), coming, *filter(None, words.advice(source))])
