"""A page's own parts of the URL, and turning the pages of a list by one of them."""

from collections.abc import Callable

import streamlit as st

#: The page of a list.
PAGE = "page"


def asked(part: str) -> str:
    """A part of the URL; empty where it is not there."""
    value: str = st.query_params.get(part, "")
    return value


def number(part: str) -> int | None:
    """A part of the URL that is a number from one on; None where it is none."""
    value = asked(part)
    is_number = value.isascii() and value.isdecimal() and len(value) < 10
    return int(value) or None if is_number else None


def go(**parts: str) -> None:
    """Change parts of the URL; an empty one is taken away."""
    for part, value in parts.items():
        if value:
            st.query_params[part] = value
        else:
            st.query_params.pop(part, None)


def paging(name: str, page: int, pages: int, *, leave: Callable[[], None] | None = None) -> None:
    """Turn the pages of the list ``name``; ``leave`` is called before."""
    # The key changes with the page: the widget then shows what the URL says, not its memory.
    key = f"{name}_{page}_of_{pages}"

    def turn() -> None:
        if leave:
            leave()
        go(**{PAGE: str(st.session_state[key])})

    with st.container(horizontal_alignment="center"):
        st.pagination(pages, default=page, key=key, on_change=turn)
