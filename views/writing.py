"""What a click writes: one transaction for each, and what hindered it told on the page."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from storage.errors import StorageError
from views import context, style


def do(place: str, command: Callable[..., Any], *arguments: Any, **named: Any) -> bool:
    """Call a command in a transaction of its own; False where it refused.

    :func:`tell_error` of the same ``place`` (a key of the session) tells why.
    """
    try:
        with context.get().db.write() as session:
            command(session, *arguments, **named)
    except StorageError as error:
        st.session_state[place] = str(error)
        return False
    return True


def tell_error(place: str) -> None:
    """The error of the last click, once."""
    message: str | None = st.session_state.pop(place, None)
    if message:
        st.error(style.plain(message), icon=":material/error:")
