"""«Сбор»: every source with its state in words, and what an analyst can do about it."""

import streamlit as st

from views import (
    collecting_actions,
    collecting_form,
    collecting_list,
    collecting_source,
    collecting_state,
    style,
    url,
)


def draw() -> None:
    """The page: one source, the form of a new one, or the list, as the URL says."""
    now = collecting_state.read()
    name = url.asked(collecting_state.OPEN)
    is_adding = bool(url.asked(collecting_state.ADD))
    if name or is_adding:
        collecting_actions.leave_list()
    if is_adding:
        collecting_form.draw(now)
    elif name and (source := now.source(name)):
        collecting_source.draw(now, source)
    else:
        if name:
            st.warning(f"Источника «{style.plain(name[:100])}» нет.", icon=":material/link_off:")
        collecting_list.draw(now)


if __name__ == "__main__":
    draw()
