"""Cached reads. The key holds the database and its version, so a correction shows at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import FunctionType
from typing import Any, Concatenate, ParamSpec, TypeVar

import streamlit as st
from sqlmodel import Session

from insights import findings
from storage import queries
from storage.database import Database
from storage.filters import Filter
from storage.queries import Catalog, Figures, OpinionCount, Tones
from views import context

#: A crawl that runs right now writes its outcome at its end: figures are never older than this.
_SECONDS = 30

_P = ParamSpec("_P")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything that the overview draws of a filter whose days are ``start`` … ``end``.

    ``by_day`` are the days of the period; ``tones`` and ``touchpoints`` (opinions by touchpoint)
    go back as far as :mod:`insights.findings` asks.
    """

    start: date
    end: date
    figures: Figures
    before: Figures | None
    by_day: dict[date, Figures]
    tones: dict[date, Tones]
    touchpoints: dict[date, dict[str, Tones]]
    opinions: tuple[OpinionCount, ...]
    opinions_before: tuple[OpinionCount, ...]
    source_mentions: dict[int, int]
    source_tones: dict[int, Tones]
    left_out: int


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
    db, version = _state()
    known = basics()
    start = where.day_from or known.catalog.first_day or known.today
    end = max(start, where.day_to or known.catalog.last_day or known.today)
    return _overview(db, version, where, start, end)


def ask(query: Callable[Concatenate[Session, _P], _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
    """The answer of a function of :mod:`storage.queries`, which takes the session first.

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
def _overview(
    db: Database,
    version: tuple[Any, ...],  # noqa: ARG001
    where: Filter,
    start: date,
    end: date,
) -> Overview:
    earlier = where.previous()
    history = replace(where, day_from=findings.known_from(start, end), day_to=end)
    with db.read() as session:
        by_day = queries.figures_by_day(session, where)
        tones = queries.tones_by_day(session, history)
        own = sum((tones[day] for day in tones if start <= day <= end), Tones())
        figures = replace(sum(by_day.values(), Figures()), tones=own)
        volume = queries.mentions_by_source(session, replace(where, voices_only=False))
        return Overview(
            start=start,
            end=end,
            figures=figures,
            before=queries.figures(session, earlier) if earlier else None,
            by_day=by_day,
            tones=tones,
            touchpoints=queries.opinions_by_day(session, history),
            opinions=queries.opinion_counts(session, where),
            opinions_before=queries.opinion_counts(session, earlier) if earlier else (),
            source_mentions=queries.mentions_by_source(session, where),
            source_tones=queries.tones_by_source(session, where),
            left_out=sum(volume.values()) - figures.mentions,
        )


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
