"""Cached reads. The key holds the database and its version, so a correction shows at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import FunctionType
from typing import Any, Concatenate, ParamSpec, TypeVar

import streamlit as st
from sqlmodel import Session

import reports.overview
from reports.overview import Overview
from storage import queries
from storage.database import Database
from storage.filters import Filter
from storage.queries import Catalog
from views import context

#: A crawl that runs right now writes its outcome at its end: figures are never older than this.
_SECONDS = 30

_P = ParamSpec("_P")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Basics:
    """What the filter bar needs; ``today`` is the demo's where the database says so."""

    catalog: Catalog
    today: date


def basics() -> Basics:
    """Brands, sources, days, and the day that is today."""
    db, version = _state()
    catalog, pinned = _basics(db, version)
    today = date.fromisoformat(pinned) if pinned else context.get().clock()
    return Basics(catalog, today)


def overview(where: Filter) -> Overview:
    """The figures of the filter and of the equal period before; an open period ends where the
    mentions do."""
    known = basics()
    start = where.day_from or known.catalog.first_day or known.today
    end = max(start, where.day_to or known.catalog.last_day or known.today)
    return ask(reports.overview.read, where, start, end)


def ask(query: Callable[Concatenate[Session, _P], _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """The answer of a function that reads: it takes the session first (:mod:`storage.queries`).

    For what changes with mentions, labels and crawls; what people write in the app itself (notes,
    views) is read without a cache.
    """
    db, version = _state()
    answer: _T = _ask(db, version, query, args, kwargs)
    return answer


def count(where: Filter) -> int:
    """How many mentions the filter leaves."""
    return ask(queries.count, where)


def left_out(where: Filter) -> int:
    """How many more mentions there would be with promo, news and the like."""
    if not where.leaves_out_others:
        return 0
    return count(replace(where, voices_only=False)) - count(where)


def model() -> str | None:
    """The version of the model that labelled the mentions; None before the first analysis."""
    version: str | None = ask(queries.setting, "model")
    return version


def _state() -> tuple[Database, tuple[Any, ...]]:
    db = context.get().db
    with db.read() as session:
        return db, (str(db.url), *queries.version(session))


def _name(function: FunctionType) -> str:
    return f"{function.__module__}.{function.__qualname__}"


def _cached(read: Callable[_P, _T]) -> Callable[_P, _T]:
    """Of the database only its version is part of the key."""
    kept: Callable[_P, _T] = st.cache_data(
        ttl=_SECONDS,
        max_entries=500,
        show_spinner="Считаем…",
        hash_funcs={Database: repr, FunctionType: _name},
    )(read)
    return kept


@_cached
def _basics(db: Database, version: tuple[Any, ...]) -> tuple[Catalog, str | None]:  # noqa: ARG001
    with db.read() as session:
        return queries.catalog(session), queries.setting(session, "today")


@_cached
def _ask(
    db: Database,
    version: tuple[Any, ...],  # noqa: ARG001
    query: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
) -> Any:
    with db.read() as session:
        return query(session, *args, **kwargs)
