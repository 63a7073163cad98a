"""From a figure to what is behind it: charts whose marks are clicked, pages opened by a filter."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from reports import charts
from views import data, state

#: What «Упоминания» keeps in its link: the order of the list.
ORDER = "order"


def chart(drawn: Any, key: str, alt: str) -> Mapping[str, Any] | None:
    """Draw a chart; the fields of the mark that was clicked, if any.

    ``alt`` tells those who do not see it what it shows.
    """
    event: Any = st.altair_chart(
        drawn, width="stretch", key=f"chart_{key}", on_select="rerun", theme=None, alt=alt
    )
    picked = event["selection"].get(charts.PICK) or [None]
    chosen: Mapping[str, Any] | None = picked[0]
    return chosen


def mentions(**parts: Any) -> None:
    """Go to the mentions behind a figure: the filter with these parts changed."""
    page("views/mentions.py", **parts)


def page(path: str, **parts: Any) -> None:
    """Go to a page (``views/pains.py``), the filter with these parts changed."""
    # The address of the page that is left stays as it was: Back shall lead to what was seen there.
    where = state.change(**parts)
    st.switch_page(path, query_params=state.params(data.basics(), where))
