"""Mentions that are marked to be changed or taken away together."""

from collections.abc import Iterable

import streamlit as st

from storage.filters import Filter
from storage.queries import MentionRow

_PICKED = "picked_mentions"
_UNDER = "picked_under"


def picked(where: Filter) -> tuple[int, ...]:
    """The ids in the order of marking. Under another filter nobody sees them: none are left."""
    if st.session_state.get(_UNDER) != where:
        st.session_state[_UNDER] = where
        st.session_state[_PICKED] = {}
    return tuple(st.session_state[_PICKED])


def pick(mention_ids: Iterable[int]) -> None:
    """Mark these, too."""
    st.session_state[_PICKED] = st.session_state.get(_PICKED, {}) | dict.fromkeys(mention_ids)


def drop() -> None:
    """Mark none."""
    st.session_state[_PICKED] = {}


def box(row: MentionRow) -> None:
    """The mark of one mention."""
    name = f"pick_{row.id}"
    st.session_state[name] = row.id in st.session_state.get(_PICKED, {})

    def written() -> None:
        known = dict(st.session_state.get(_PICKED, {}))
        known.pop(row.id, None)
        st.session_state[_PICKED] = known | ({row.id: None} if st.session_state[name] else {})

    st.checkbox("Отметить", key=name, on_change=written)
