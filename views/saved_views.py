"""Saved views («закладки»): what is looked at under a name, to come back to with one click."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from storage import commands, queries
from storage.commands import DeletedView
from storage.errors import StorageError
from storage.filters import Filter
from storage.queries import ViewRow
from views import context, state, style
from views.alert_state import NEW, RULE
from views.data import Basics
from views.filter_words import PERIODS, period_label

_RENAMED = "renamed_view"
_DELETED = "deleted_view"
_PROBLEM = "saved_views_problem"
_NAME = "new_view_name"


def draw(basics: Basics, where: Filter, page: st.Page, pages: Sequence[st.Page]) -> None:
    """The popover of views that open one of ``pages``; ``page`` is the one that is open."""
    with context.get().db.read() as session:
        views = queries.saved_views(session)
    with st.popover("Закладки", icon=":material/bookmark:"):
        _tell()
        if not views:
            st.caption("Сохраните фильтры под именем, чтобы возвращаться к ним одним нажатием.")
        for view in views:
            _view(basics, view, pages)
        _save(basics, where, page)


def _view(basics: Basics, view: ViewRow, pages: Sequence[st.Page]) -> None:
    if st.session_state.get(_RENAMED) == view.id:
        _rename(view)
        return
    found = next((page for page in pages if page.url_path == view.page), pages[0])
    with st.container(
        horizontal=True,
        horizontal_alignment="distribute",
        vertical_alignment="center",
        key=f"saved_{view.id}",
    ):
        opened = st.button(
            style.plain(view.name),
            key=f"view_{view.id}",
            type="tertiary",
            icon=found.icon,
            help=f"Открыть: {found.title}",
        )
        with st.container(horizontal=True, width="content", gap="small"):
            st.button(
                "Переименовать", key=f"rename_view_{view.id}", type="tertiary",
                icon=":material/edit:", on_click=_begin, args=(view.id,),
            )  # fmt: skip
            st.button(
                "Удалить", key=f"delete_view_{view.id}", type="tertiary",
                icon=":material/delete:", on_click=_delete, args=(view.id,),
            )  # fmt: skip
    if opened:
        state.look_at(basics, view.params)
        wanted = state.params(basics, state.current(basics))
        st.switch_page(found, query_params=wanted)


def _rename(view: ViewRow) -> None:
    name = f"view_name_{view.id}"

    def written() -> None:
        if _written(lambda session: commands.rename_view(session, view.id, st.session_state[name])):
            st.session_state.pop(_RENAMED, None)

    st.text_input(
        "Новое имя (Enter — сохранить)",
        view.name,
        key=name,
        max_chars=commands.LONGEST_NAME,
        on_change=written,
    )
    st.button("Оставить как было", key=f"keep_view_{view.id}", type="tertiary", on_click=_leave)


def _save(basics: Basics, where: Filter, page: st.Page) -> None:
    st.text_input(
        "Сохранить то, что сейчас открыто",
        key=_NAME,
        max_chars=commands.LONGEST_NAME,
        placeholder="например, «Доставка, негатив»",
    )
    moves = where.day_to == basics.today and where.days in PERIODS
    if moves:
        period = f"{PERIODS[where.days or 0]} до сегодня, сдвигается вместе с датой"
    else:
        period = period_label(where)
    st.caption(style.plain(f"{page.title}; период — {period}"))
    params = state.params(basics, where, moving=moves)

    def saved() -> None:
        now, name = datetime.now(UTC), st.session_state[_NAME]

        def write(session: Any) -> None:
            commands.save_view(session, name, page=page.url_path, params=params, now=now)

        if _written(write):
            st.session_state[_NAME] = ""
            st.toast("Закладка сохранена", icon=":material/bookmark_added:")

    with st.container(horizontal=True, gap="small"):
        st.button("Сохранить", key="save_view", type="primary", on_click=saved)
        if st.button(
            "Сообщать о таком",
            key="alert_view",
            icon=":material/notifications:",
            help="Правило оповещения с этими фильтрами",
        ):
            st.switch_page("views/alerts.py", query_params={**params, RULE: NEW})


def _tell() -> None:
    """What went wrong, and the way back from a deletion."""
    problem = st.session_state.pop(_PROBLEM, None)
    if problem:
        st.error(style.plain(problem), icon=":material/error:")
    deleted: DeletedView | None = st.session_state.get(_DELETED)
    if deleted:
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.caption(f"Закладка «{style.plain(deleted.name)}» удалена.")
            st.button("Вернуть", key="restore_view", icon=":material/undo:", on_click=_restore)


def _begin(view_id: int) -> None:
    st.session_state[_RENAMED] = view_id


def _leave() -> None:
    st.session_state.pop(_RENAMED, None)


def _delete(view_id: int) -> None:
    def write(session: Any) -> None:
        st.session_state[_DELETED] = commands.delete_view(session, view_id)

    _written(write)


def _restore() -> None:
    deleted: DeletedView = st.session_state[_DELETED]
    if _written(lambda session: commands.restore_view(session, deleted)):
        st.session_state.pop(_DELETED)


def _written(write: Callable[[Any], None]) -> bool:
    """Whether it could be written; what hindered it is told."""
    try:
        with context.get().db.write() as session:
            write(session)
    except StorageError as error:
        st.session_state[_PROBLEM] = str(error)
        return False
    return True
