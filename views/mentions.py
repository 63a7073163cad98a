"""«Упоминания»: the very texts behind every figure, searched, read, corrected, taken away."""

from zoneinfo import ZoneInfo

import streamlit as st

from insights import russian as ru
from storage import queries
from storage.filters import UNREAD, Filter
from storage.queries import MentionRow
from views import cards, context, correction, data, download, state

_PER_PAGE = 20

#: Of a group that has many more only so many are shown under the card.
_MOST_REPEATS = 50
_COUNTED_ONCE = "Одинаковые тексты и репосты в цифрах считаются один раз."

_TURNED = "page_was_turned"
#: A turned page begins at its top, as in a book. A constant: no text of a mention is in it.
_TO_THE_TOP = """
<script>document.querySelector('[data-testid="stMain"]')?.scrollTo(0, 0)</script>
"""


def draw() -> None:
    """The page."""
    basics = data.basics()
    where = state.current(basics)
    total = data.count(where)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.title(ru.counted(total, ru.MENTION).capitalize(), anchor=False, width="stretch")
        download.draw(where, total)
    _left_out(where)
    correction.tell_errors()
    if total == 0:
        _nothing(where)
        return
    pages = (total + _PER_PAGE - 1) // _PER_PAGE
    page = min(st.session_state.get(state.PAGE, 1), pages)
    zone = context.get().zone
    offset = (page - 1) * _PER_PAGE
    for row in data.ask(queries.mentions, where, limit=_PER_PAGE, offset=offset):
        with st.container(border=True, key=f"mention_{row.id}", gap="xsmall"):
            st.html(cards.card(row, zone))
            _repeats(row, zone)
            correction.draw(row)
    if pages > 1:
        _paging(page, pages)


def _left_out(where: Filter) -> None:
    """No text is hidden without a word: how many more there are, one click away."""
    more = data.left_out(where)
    if more:
        st.button(
            f"Ещё {ru.number(more)}: реклама, новости и прочее — показать",
            key="show_left_out",
            type="tertiary",
            icon=":material/visibility_off:",
            on_click=state.change,
            kwargs={"voices_only": False},
        )


def _repeats(row: MentionRow, zone: ZoneInfo) -> None:
    """The other texts of the group, read when they are asked for."""
    told = cards.repeats_label(row)
    if not told:
        return
    if not st.toggle(told, key=f"repeats_{row.id}", help=_COUNTED_ONCE):
        return
    for other in data.ask(queries.repeats, row.id, limit=_MOST_REPEATS):
        st.html(cards.brief(other, zone))
    if row.repeats > _MOST_REPEATS:
        st.caption(f"Показаны первые {_MOST_REPEATS}; все – с фильтром «Показывать повторы»")


def _paging(page: int, pages: int) -> None:
    # The key changes with the page: the widget then shows what the session says, not its memory.
    key = f"page_{page}_of_{pages}"
    with st.container(horizontal_alignment="center"):
        st.pagination(pages, default=page, key=key, on_change=_turn, args=(key,))
    if st.session_state.pop(_TURNED, False):
        st.html(_TO_THE_TOP, unsafe_allow_javascript=True)


def _turn(key: str) -> None:
    st.session_state[state.PAGE] = st.session_state[key]
    st.session_state[_TURNED] = True


def _nothing(where: Filter) -> None:
    st.info("По этим фильтрам ничего нет.", icon=":material/search_off:")
    if where.text and not where.lemmas:
        st.markdown("В запросе нет ни одного слова: ищутся слова и числа, знаки — нет.")
    elif where.text:
        st.markdown("Ищутся тексты, где есть **все** слова запроса, в любой форме.")
    if UNREAD in where.tones:
        st.markdown("Всё, что попадает под фильтр, уже проанализировано.")
    st.markdown("Расширьте период или уберите часть фильтров — кнопки над списком.")


if __name__ == "__main__":
    draw()
