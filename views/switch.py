"""A choice of a page that its link shares."""

from collections.abc import Mapping

import streamlit as st

from views import state


def switch(label: str, options: Mapping[str, str], *, key: str) -> str:
    """One of ``options`` (code -> name), the first at first; kept under ``key``."""
    widget = f"switch_{key}"

    def keep() -> None:
        state.keep(key, st.session_state[widget])

    chosen = state.own(key, next(iter(options)), options)
    # The session says what is chosen: a link or a button elsewhere may have changed it.
    st.session_state[widget] = chosen
    st.segmented_control(
        label,
        list(options),
        format_func=options.__getitem__,
        required=True,
        label_visibility="collapsed",
        key=widget,
        on_change=keep,
    )
    return chosen
