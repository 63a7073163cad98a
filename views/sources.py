"""How each source is collected: a gap in collecting must not look like silence of customers."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from insights import russian as ru
from insights.changes import SourceLine
from storage.queries import SourceRow
from views import context

#: Outcomes as :class:`collectors.base.Status` stores them: a sign, words, and whether it is fine.
_OUTCOMES = {
    "ok": ("✓", "собран", True),
    "not_modified": ("✓", "ничего нового", True),
    "later": ("…", "повторим позже", False),
    "needs_human": ("!", "нужно вмешательство", False),
    "layout_changed": ("!", "сайт изменился", False),
    "bug": ("!", "ошибка программы", False),
}


def draw(lines: Sequence[SourceLine]) -> None:
    """What is wrong, in plain sight; everything else one click away."""
    troubled = [line.source for line in lines if line.source.enabled and not _is_fine(line.source)]
    for source in troubled:
        st.html(f'<div class="ok-trouble"><b>{escape(source.label)}</b>: {_state(source)}</div>')
    with st.expander("Все источники и как они собираются", icon=":material/sync:"):
        head = (
            "<tr><th>Источник</th><th class='num'>Упоминаний</th>"
            "<th class='num'>Индекс</th><th>Последний сбор</th></tr>"
        )
        body = "".join(_line(line) for line in lines)
        st.html(f'<div class="ok-wide"><table class="ok-table">{head}{body}</table></div>')


def _line(line: SourceLine) -> str:
    net = line.net
    index = "—"
    if net:
        hint = f"интервал 95 %: {ru.index(net.low)} … {ru.index(net.high)}, n = {net.n}"
        index = f'<span title="{hint}">{ru.index(net.value)}</span>'
    return (
        f"<tr><td>{escape(line.source.label)}</td>"
        f'<td class="num">{ru.number(line.mentions)}</td><td class="num">{index}</td>'
        f"<td>{_state(line.source)}</td></tr>"
    )


def _state(source: SourceRow) -> str:
    crawl = source.crawl
    if crawl is None:
        return "ещё не собирался" if source.enabled else "выключен"
    sign, said, _ = _OUTCOMES.get(crawl.status, ("!", crawl.status, False))
    when = ru.moment(crawl.finished_at.astimezone(context.get().zone))
    parts = [f"{sign} {said}, {when}", f"новых {ru.number(crawl.new)}"]
    if crawl.skipped:
        parts.append(f"пропущено {ru.number(crawl.skipped)}")
    if crawl.cap_hit:
        parts.append(f"источник отдал не всё: {crawl.cap_hit}")
    if source.parked:
        parts.append("сбор остановлен")
    if not source.enabled:
        parts.append("выключен")
    if crawl.error:
        parts.append(crawl.error[:300])
    return escape(" · ".join(parts))


def _is_fine(source: SourceRow) -> bool:
    if source.crawl is None:
        return True
    return _OUTCOMES.get(source.crawl.status, ("", "", False))[2] and not source.crawl.cap_hit
