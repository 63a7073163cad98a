"""«Упоминания»: the very texts behind every figure, searched, read, corrected, taken away."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import streamlit as st

from insights import russian as ru
from storage import queries
from storage.filters import UNREAD, Filter
from storage.queries import MOST_LISTED, MentionRow, Order
from views import (
    cards,
    context,
    correction,
    data,
    download,
    mention_around,
    mention_batch,
    mention_bulk,
    mention_picks,
    mention_status,
    mention_triage,
    opening,
    state,
)

_PER_PAGE = 20

_ORDERS = {
    Order.NEWEST: "Сначала новые",
    Order.OLDEST: "Сначала старые",
    Order.NEGATIVE: "Сначала самые негативные",
    Order.UNSURE: "Сначала те, где модель не уверена",
    Order.REACH: "Сначала те, что увидели больше людей",
    Order.RATING: "Сначала с низкой оценкой",
}
_LIST, _MARK, _ONE = "Список", "Несколько", "По одному"
_MODES = {
    _LIST: ":material/view_list:",
    _MARK: ":material/check_box:",
    _ONE: ":material/keyboard:",
}
_MODE = "mentions_mode"

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
    order = Order(state.own(opening.ORDER, Order.NEWEST, frozenset(Order)))
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.title(ru.counted(total, ru.MENTION).capitalize(), anchor=False, width="stretch")
        download.draw(where, total)
    _left_out(where)
    correction.tell_errors()
    mention_batch.draw()
    if total == 0:
        _nothing(where)
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="list_bar"):
        mode = _mode()
        _orders(order)
    if mode == _ONE:
        mention_triage.draw(where, total, order, context.get().zone)
    else:
        _page(where, total, order, is_marking=mode == _MARK)


def _mode() -> str:
    chosen = st.segmented_control(
        "Как смотреть",
        list(_MODES),
        format_func=lambda mode: f"{_MODES[mode]} {mode}",
        default=_LIST,
        required=True,
        label_visibility="collapsed",
        key=_MODE,
        on_change=mention_triage.forget,
    )
    return chosen or _LIST


def _orders(order: Order) -> None:
    name = f"mentions_{opening.ORDER}"
    st.session_state[name] = order

    def written() -> None:
        state.keep(
            opening.ORDER,
            None if st.session_state[name] == Order.NEWEST else st.session_state[name],
        )
        st.session_state[state.PAGE] = 1

    st.selectbox(
        "Порядок",
        list(Order),
        format_func=_ORDERS.__getitem__,
        label_visibility="collapsed",
        width=330,
        key=name,
        on_change=written,
    )


def _page(where: Filter, total: int, order: Order, *, is_marking: bool) -> None:
    pages = (min(total, MOST_LISTED) + _PER_PAGE - 1) // _PER_PAGE
    page = min(st.session_state.get(state.PAGE, 1), pages)
    rows = data.ask(
        queries.mentions, where, limit=_PER_PAGE, offset=(page - 1) * _PER_PAGE, order=order
    )
    if total > MOST_LISTED:
        _too_many(total, order)
    if is_marking:
        mention_bulk.draw(where, rows, total, order)
    _cards(rows, context.get().zone, is_marking=is_marking)
    if pages > 1:
        _paging(page, pages)


def _cards(rows: Sequence[MentionRow], zone: ZoneInfo, *, is_marking: bool) -> None:
    around = data.ask(queries.around, [row.id for row in rows])
    for row in rows:
        with st.container(border=True, key=f"mention_{row.id}", gap="xsmall"):
            if is_marking:
                mention_picks.box(row)
            st.html(cards.card(row, zone))
            mention_around.draw(row, around[row.id], zone)
            _actions(row)


def _actions(row: MentionRow) -> None:
    """What can be done with a mention, or the form where it is being corrected."""
    if correction.is_edited(row.id):
        correction.form(row)
        return
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", key=f"actions_{row.id}"
    ):
        mention_status.menu(row)
        correction.buttons(row)


def _too_many(total: int, order: Order) -> None:
    listed, all_of_them = ru.number(MOST_LISTED), ru.counted(total, ru.OF_MENTION)
    if order is Order.OLDEST:
        told = f"Показаны {listed} самых старых из {all_of_them}."
    elif order is Order.NEWEST:
        told = f"Показаны {listed} самых новых из {all_of_them}."
    else:
        told = f"Упорядочены {listed} самых новых из {all_of_them}."
    st.caption(f"{told} Чтобы увидеть другие, сузьте период или добавьте фильтр.")


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
