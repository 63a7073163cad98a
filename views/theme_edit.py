"""A theme's own name, and themes that are one: changed in place, and taken back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import streamlit as st
from sqlmodel import Session

from insights.themes import Line, name
from storage import commands
from storage.errors import StorageError
from storage.queries import ThemeRow
from views import context, style

_EDITED, _DONE, _ERROR = "theme_edited", "theme_done", "theme_error"
_NAME = "theme_name_"
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Done:
    """What was just done to a theme, in words, and how to take it back."""

    key: str
    told: str
    back: Callable[[Session], object]


def button(line: Line) -> None:
    """Opens the form of the theme, or closes it."""
    is_open = st.session_state.get(_EDITED) == line.key
    st.button(
        "Закрыть" if is_open else "Изменить",
        key=f"theme_edit_{line.key}",
        type="tertiary",
        icon=":material/close:" if is_open else ":material/edit:",
        help=None if is_open else "Переименовать тему или объединить её с другой",
        on_click=_edit,
        args=(None if is_open else line.key,),
    )


def tell(prefix: str) -> None:
    """What was done last to a theme with such a key, with the way back; or why it could not be."""
    error = st.session_state.pop(_ERROR, None)
    if error:
        st.error(style.plain(error), icon=":material/error:")
    done: _Done | None = st.session_state.get(_DONE)
    if done is None or not done.key.startswith(prefix):
        return
    with st.container(horizontal=True, vertical_alignment="center", key="theme_done"):
        st.markdown(style.plain(done.told), width="content")
        st.button(
            "Отменить",
            key="theme_undo",
            type="tertiary",
            icon=":material/undo:",
            on_click=_take_back,
            args=(done,),
        )


def draw(line: Line, themes: Sequence[ThemeRow]) -> None:
    """The form, where it is open; ``themes`` are those that stand alone."""
    if st.session_state.get(_EDITED) != line.key:
        return
    with st.container(border=True, key=f"theme_form_{line.key}"):
        _names(line)
        _mergers(line, [theme for theme in themes if theme.key != line.key])
        for theme in line.merged:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(f"Сюда же входит «{style.plain(name(theme))}»", width="content")
                st.button(
                    "Отделить",
                    key=f"theme_part_{theme.key}",
                    type="tertiary",
                    icon=":material/call_split:",
                    on_click=_part,
                    args=(theme, line),
                )


def _names(line: Line) -> None:
    with st.form(f"theme_naming_{line.key}", border=False):
        st.text_input(
            "Название",
            value=line.name,
            max_chars=commands.LONGEST_THEME_NAME,
            help=f"Пустое вернёт прежнее: «{style.plain(line.title)}».",
            key=_NAME + line.key,
        )
        # Enter in the field does the same.
        st.form_submit_button(
            "Сохранить название", icon=":material/check:", on_click=_rename, args=(line,)
        )


def _mergers(line: Line, others: Sequence[ThemeRow]) -> None:
    if not others:
        return
    names = {theme.key: name(theme) for theme in others}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        into = st.selectbox(
            "Это то же самое, что",
            list(names),
            index=None,
            format_func=names.__getitem__,
            placeholder="выберите тему",
            key=f"theme_into_{line.key}",
        )
        st.button(
            "Объединить",
            key=f"theme_merge_{line.key}",
            icon=":material/merge:",
            disabled=into is None,
            on_click=_merge,
            args=(line, into, names.get(into or "", "")),
        )


def _rename(line: Line) -> None:
    text: str = st.session_state[_NAME + line.key]
    wanted = None if text.strip() == line.title else text
    former = _write(lambda session: (commands.rename_theme(session, line.key, wanted),))
    if former is not None:
        told = f"Тема «{line.name}» теперь называется «{text.strip() or line.title}»."
        _tell(line.key, told, lambda s: commands.rename_theme(s, line.key, former[0]))


def _merge(line: Line, into: str, target: str) -> None:
    moved = _write(lambda session: commands.merge_theme(session, line.key, into))
    if moved is not None:
        told = f"Тема «{line.name}» теперь часть темы «{target}»."
        _tell(line.key, told, lambda session: commands.unmerge_theme(session, moved))


def _part(theme: ThemeRow, line: Line) -> None:
    def apart(session: Session) -> bool:
        commands.unmerge_theme(session, [theme.key])
        return True

    if _write(apart):
        told = f"Тема «{name(theme)}» снова отдельно."
        _tell(theme.key, told, lambda session: commands.merge_theme(session, theme.key, line.key))


def _tell(key: str, told: str, back: Callable[[Session], object]) -> None:
    st.session_state[_DONE] = _Done(key, told, back)
    _edit(None)


def _take_back(done: _Done) -> None:
    if _write(lambda session: (done.back(session),)) is not None:
        st.session_state.pop(_DONE, None)


def _write(change: Callable[[Session], _T]) -> _T | None:
    """What the change returned; None where it did not go through, which :func:`tell` explains."""
    try:
        with context.get().db.write() as session:
            return change(session)
    except StorageError as error:
        st.session_state[_ERROR] = str(error)
        return None


def _edit(key: str | None) -> None:
    st.session_state[_EDITED] = key
