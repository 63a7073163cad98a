"""The past of a source: crawl by crawl what it brought, what it covered, what went wrong."""

from html import escape

import streamlit as st

from insights import collecting_words as words
from insights import russian as ru
from storage import queries
from storage.queries import CrawlRow, SourceNow
from views import context
from views.collecting_state import Now

_SHOWN = 30
_REMARKS = 10
#: A kept page may be long; this much of it is read on a screen.
_LONGEST = 20_000
_COUNTS = {
    "new": "Новых",
    "changed": "Изменённых",
    "unchanged": "Прежних",
    "deleted": "Удалённых",
    "skipped": "Пропущено",
}


def draw(now: Now, source: SourceNow) -> None:
    """The latest crawls as a table, and below what the last one left to look at."""
    st.subheader("История", anchor=False)
    with context.get().db.read() as session:
        crawls = queries.history(session, source.id, limit=_SHOWN)
    if not crawls:
        st.caption("Сборов ещё не было.")
        return
    told = ["new", *(n for n in _COUNTS if n != "new" and any(getattr(c, n) for c in crawls))]
    head = "".join(f"<th class='num'>{_COUNTS[name]}</th>" for name in told)
    head = f"<th>Начат</th><th>Чем кончился</th>{head}<th>Записи за</th><th>Длился</th>"
    body = "".join(_row(crawl, told, now) for crawl in crawls)
    st.html(f'<div class="ok-wide"><table class="ok-table"><tr>{head}</tr>{body}</table></div>')
    if len(crawls) == _SHOWN:
        st.caption(f"Показаны последние {_SHOWN}.")
    _remarks(crawls[0])
    _detail(crawls)


def _row(crawl: CrawlRow, told: list[str], now: Now) -> str:
    numbers = "".join(f'<td class="num">{ru.number(getattr(crawl, name))}</td>' for name in told)
    row = (
        f"<tr><td>{ru.near(crawl.started_at.astimezone(now.at.tzinfo), now.at)}</td>"
        f"<td>{escape(words.outcome(crawl))}</td>{numbers}"
        f"<td>{escape(words.coverage(crawl, now.at) or '–')}</td>"
        f"<td>{ru.lasting(crawl.finished_at - crawl.started_at)}</td></tr>"
    )
    why = " ".join(filter(None, (crawl.error, words.gap(crawl))))
    if why:
        row += (
            f'<tr class="ok-why"><td colspan="{len(told) + 4}"><div>{escape(why)}</div></td></tr>'
        )
    return row


def _remarks(crawl: CrawlRow) -> None:
    """Items of the latest crawl that were left out, or kept with a remark."""
    for title, remarks in (("Пропущено", crawl.samples), ("Замечания", crawl.notes)):
        if not remarks:
            continue
        with st.expander(f"{title} в последнем сборе"):
            lines = [
                f"<li><b>{escape(remark['where'][:200])}</b>: {escape(remark['reason'])}</li>"
                for remark in remarks[:_REMARKS]
            ]
            st.html(f"<ul>{''.join(lines)}</ul>")
            if len(remarks) > _REMARKS:
                st.caption(f"Показаны первые {_REMARKS} из {ru.number(len(remarks))}.")


def _detail(crawls: tuple[CrawlRow, ...]) -> None:
    """What the latest failure left for a developer, read only when it is asked for."""
    failed = next((crawl for crawl in crawls if crawl.error), None)
    if failed is None or not st.toggle("Подробности последней ошибки для разработчика"):
        return
    with context.get().db.read() as session:
        told = queries.crawl_detail(session, failed.id)
    st.code(told[:_LONGEST] or "Подробностей нет.", language=None, height=300)
