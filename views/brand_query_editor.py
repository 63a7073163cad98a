"""A brand's query being written: what is wrong with it, what it would do, and saving it."""

import re
from dataclasses import dataclass
from html import escape

import streamlit as st

from storage.errors import StorageError
from storage.queries import BrandQuery
from views import brand_preview, query_help, style
from views.brand_desk import BrandDesk, Preview, Problem, Search

_DRAFT = "brand_draft"
#: What is marked at the place of an error: a word, else one character.
_PIECE = re.compile(r"\w+|\S")
#: Characters of a long query shown on either side of an error.
_AROUND = 200


@dataclass(slots=True)
class _Draft:
    """What is being written for a ``brand``, as that was when it was looked at last.

    It outlives a change of the page. ``preview`` is of the query ``tried``.
    """

    brand: BrandQuery
    text: str
    tried: str = ""
    preview: Preview | None = None


def is_open(brand: BrandQuery) -> bool:
    """Whether this brand's query is being written."""
    draft: _Draft | None = st.session_state.get(_DRAFT)
    return draft is not None and draft.brand.id == brand.id and brand.watched


def open_for(brand: BrandQuery) -> None:
    """Begin with the query that holds; another brand's that was being written is dropped."""
    st.session_state[_DRAFT] = _Draft(brand, brand.query)
    st.session_state.pop(_key(brand), None)


def draw(desk: BrandDesk, brand: BrandQuery) -> None:
    """The editor."""
    draft: _Draft = st.session_state[_DRAFT]
    st.session_state.setdefault(_key(brand), draft.text)
    draft.text = st.text_area(
        "Запрос",
        key=_key(brand),
        height=110,
        placeholder="Пусто — бренд ищется по названию и его вариантам",
    ).strip()
    problem = desk.problem(draft.text)
    if problem:
        st.html(_problem(draft.text, problem))
    else:
        _remarks(desk, draft.text)
    with st.container(horizontal=True, gap="small", key=f"editing_{brand.id}"):
        tried = st.button(
            "Предпросмотр", key=f"try_query_{brand.code}", icon=":material/visibility:"
        )
        saved = st.button("Сохранить", key=f"save_query_{brand.code}", type="primary")
        st.button("Закрыть", key=f"close_query_{brand.code}", type="tertiary", on_click=_close)
    query_help.draw()
    if problem:
        return
    if saved:
        _save(desk, draft)
    if tried:
        _try(desk, draft)
    if draft.preview and draft.tried == draft.text:
        brand_preview.draw(draft.preview)
    _searches(desk.searches(draft.text))


def _key(brand: BrandQuery) -> str:
    return f"query_{brand.code}"


def _close() -> None:
    st.session_state.pop(_DRAFT, None)


def _problem(query: str, problem: Problem) -> str:
    """The query with the place marked, what is wrong there, what to do."""
    found = _PIECE.match(query, problem.at)
    end = found.end() if found else problem.at
    left, right = max(0, problem.at - _AROUND), end + _AROUND
    shown = (
        f"{'…' if left else ''}{escape(query[left : problem.at])}"
        f"<mark>{escape(query[problem.at : end]) or '&nbsp;'}</mark>"
        f"{escape(query[end:right])}{'…' if right < len(query) else ''}"
    )
    line = query.count("\n", 0, problem.at) + 1
    place = f"знак {problem.at - query.rfind(chr(10), 0, problem.at)}"
    where = f"Строка {line}, {place}" if "\n" in query else place.capitalize()
    return (
        f'<div class="ok-negative"><pre class="ok-query">{shown}</pre>'
        f'<p class="ok-problem"><b>{where}:</b> {escape(problem.what)}. '
        f"{escape(problem.todo)}. Например: <code>{escape(problem.example)}</code></p></div>"
    )


def _remarks(desk: BrandDesk, query: str) -> None:
    for remark in desk.remarks(query):
        st.caption(f":material/info: {style.plain(remark)}")


def _save(desk: BrandDesk, draft: _Draft) -> None:
    if draft.text == draft.brand.query:
        st.info("Запрос такой же, какой действует: сохранять нечего.", icon=":material/info:")
        return
    try:
        desk.save(draft.brand, draft.text)
    except StorageError as error:
        st.error(f"{style.plain(str(error))} Ваш текст остался в поле: сохраните ещё раз, чтобы "
                 "заменить.", icon=":material/error:")  # fmt: skip
        draft.brand = next(brand for brand in desk.brands() if brand.id == draft.brand.id)
        return
    _close()
    st.toast("Запрос сохранён", icon=":material/check:")
    st.rerun()


def _try(desk: BrandDesk, draft: _Draft) -> None:
    with st.spinner("Примеряем запрос к собранным упоминаниям…"):
        draft.preview = desk.preview(draft.brand.code, draft.text)
    draft.tried = draft.text


def _searches(searches: tuple[Search, ...]) -> None:
    """What the sources would be asked; each source is asked what its own settings say."""
    if not searches:
        return
    with st.expander("Чем искать это на площадках", icon=":material/travel_explore:"):
        st.caption(
            "Площадки понимают меньше, чем этот язык. Впишите строку в `query` источника: он "
            "принесёт с запасом, а лишнее отсеет запрос бренда."
        )
        tabs = st.tabs([search.title for search in searches])
        for tab, search in zip(tabs, searches, strict=True):
            with tab:
                if search.strings:
                    st.code("\n".join(search.strings), language=None, wrap_lines=True)
                else:
                    st.caption("Этого площадка искать не может.")
                if search.left_out:
                    st.caption("Оговорки:")
                    st.markdown("\n".join(f"- {style.plain(told)}" for told in search.left_out))
