"""The one filter of a session: kept apart from widgets, written into the URL of every page.

Streamlit clears the query parameters when the page changes and forgets widgets that are not
drawn, so neither can hold the filter. The session does; a new session takes it from its link,
and the browser's Back and Forward bring an earlier link back.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from storage.filters import Filter, Problem, from_params, speaks_of_a_filter, to_params
from views import context
from views.data import Basics

_FILTER = "filter"
_OWN = "own_of_pages"
_PROBLEMS = "filter_problems"
PAGE = "mentions_page"

#: What pages keep for themselves stands in the URL under this prefix, apart from the filter.
_PREFIX = "v-"

#: The period of the first view: four weeks hold four of each weekday.
_DEFAULT_DAYS = 28


def current(basics: Basics) -> Filter:
    """The filter of this run, with the lemmas of its text; the URL is brought in step."""
    if _FILTER not in st.session_state or _came_by_history():
        look_at(basics, _url())
    where: Filter = st.session_state[_FILTER]
    wanted = params(basics, where)
    if _url() != wanted:
        st.query_params.from_dict(wanted)
    return where


def set_filter(where: Filter) -> None:
    """Look at something else from now on, beginning with the first page of mentions."""
    lemmas = context.get().lemmas(where.text) if where.text else ""
    st.session_state[_FILTER] = replace(where, lemmas=lemmas)
    st.session_state[PAGE] = 1
    st.session_state.pop(_PROBLEMS, None)


def change(**parts: Any) -> Filter:
    """Change some parts of the filter; what it is now."""
    set_filter(replace(st.session_state[_FILTER], **parts))
    changed: Filter = st.session_state[_FILTER]
    return changed


def params(basics: Basics, where: Filter, *, moving: bool = False) -> dict[str, list[str]]:
    """The query parameters of a link to ``where``, with what pages keep for themselves.

    With ``moving`` a period that ends today does so whenever the link is opened.
    """
    own = {_PREFIX + key: [value] for key, value in _kept().items()}
    return to_params(where, basics.catalog.names, basics.today if moving else None) | own


def own(key: str, default: str, allowed: Collection[str]) -> str:
    """What a page keeps under ``key`` (a chosen journey, a selected pain…), shared by its link.

    ``default`` where nothing is kept, or nothing that is ``allowed``.
    """
    value = _kept().get(key, default)
    return value if value in allowed else default


def keep(key: str, value: str | None) -> None:
    """Keep a page's own choice; None forgets it."""
    kept = {name: known for name, known in _kept().items() if name != key}
    st.session_state[_OWN] = kept if value is None else kept | {key: value}


def problems() -> tuple[Problem, ...]:
    """What in the link was not understood; told until the filter is changed."""
    found: tuple[Problem, ...] = st.session_state.get(_PROBLEMS, ())
    return found


def default(basics: Basics) -> Filter:
    """Our own brands in the last four weeks; all time where nothing was written lately."""
    catalog, today = basics.catalog, basics.today
    own = [b.id for b in catalog.brands if not b.competitor and b.code and b.mentions]
    brands = tuple(own) if any(b.competitor for b in catalog.brands) else ()
    start = today - timedelta(days=_DEFAULT_DAYS - 1)
    if catalog.last_day is None or start <= catalog.last_day:
        return Filter(brands=brands, day_from=start, day_to=today)
    return Filter(brands=brands)


def look_at(basics: Basics, given: Mapping[str, Sequence[str]]) -> None:
    """Look at what the query parameters of a link stand for."""
    st.session_state[_OWN] = {
        key.removeprefix(_PREFIX): values[0]
        for key, values in given.items()
        if key.startswith(_PREFIX) and values
    }
    given = {key: values for key, values in given.items() if not key.startswith(_PREFIX)}
    where, misread = from_params(given, basics.catalog.names, basics.today)
    set_filter(where if speaks_of_a_filter(given) else default(basics))
    st.session_state[_PROBLEMS] = misread


def _kept() -> dict[str, str]:
    kept: dict[str, str] = st.session_state.get(_OWN, {})
    return kept


def _url() -> dict[str, list[str]]:
    return {key: st.query_params.get_all(key) for key in st.query_params}


def _came_by_history() -> bool:
    """Whether Back or Forward led here: only then the URL outranks the session.

    Else a URL that differs is an older one, sent before the browser took our change.
    """
    run = get_script_run_ctx()
    return bool(run and run.is_history_navigation and speaks_of_a_filter(_url()))
