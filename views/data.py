"""Cached reads. The key holds the database and its version, so a correction shows at once."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, ParamSpec, TypeVar

import streamlit as st

from storage import queries
from storage.database import Database
from storage.filters import Filter
from storage.queries import Catalog, Figures, MentionRow, OpinionCount, Tones
from views import context

#: A crawl that runs right now writes its outcome at its end: figures are never older than this.
_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything that the overview draws."""

    figures: Figures
    before: Figures | None
    by_day: dict[date, Tones]
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
    """The figures of the filter and of the equal period before."""
    db, version = _state()
    return _overview(db, version, where)


def mentions(where: Filter, *, limit: int, offset: int = 0) -> tuple[MentionRow, ...]:
    """A page of mentions."""
    db, version = _state()
    return _mentions(db, version, where, limit, offset)


def repeats(mention_id: int, *, limit: int) -> tuple[MentionRow, ...]:
    """The others of the mention's group of repeats."""
    db, version = _state()
    return _repeats(db, version, mention_id, limit)


def count(where: Filter) -> int:
    """How many mentions the filter leaves."""
    db, version = _state()
    return _count(db, version, where)


def left_out(where: Filter) -> int:
    """How many more mentions there would be with promo, news and the like."""
    if not where.leaves_out_others:
        return 0
    return count(replace(where, voices_only=False)) - count(where)


def model() -> str | None:
    """The version of the model that labelled the mentions; None before the first analysis."""
    db, version = _state()
    return _model(db, version)


def failed() -> int:
    """Mentions that could not be analysed, in the whole database."""
    db, version = _state()
    return _failed(db, version)


def _state() -> tuple[Database, tuple[Any, ...]]:
    db = context.get().db
    with db.read() as session:
        return db, (str(db.url), *queries.version(session))


_P = ParamSpec("_P")
_T = TypeVar("_T")


def _cached(read: Callable[_P, _T]) -> Callable[_P, _T]:
    """Of the database only its version is part of the key."""
    kept: Callable[_P, _T] = st.cache_data(
        ttl=_SECONDS, max_entries=300, show_spinner="Считаем…", hash_funcs={Database: repr}
    )(read)
    return kept


@_cached
def _basics(db: Database, version: tuple[Any, ...]) -> tuple[Catalog, str | None]:  # noqa: ARG001
    with db.read() as session:
        return queries.catalog(session), queries.setting(session, "today")


@_cached
def _overview(db: Database, version: tuple[Any, ...], where: Filter) -> Overview:  # noqa: ARG001
    earlier = where.previous()
    with db.read() as session:
        figures = queries.figures(session, where)
        volume = queries.mentions_by_source(session, replace(where, voices_only=False))
        return Overview(
            figures=figures,
            before=queries.figures(session, earlier) if earlier else None,
            by_day=queries.tones_by_day(session, where),
            opinions=queries.opinion_counts(session, where),
            opinions_before=queries.opinion_counts(session, earlier) if earlier else (),
            source_mentions=queries.mentions_by_source(session, where),
            source_tones=queries.tones_by_source(session, where),
            left_out=sum(volume.values()) - figures.mentions,
        )


@_cached
def _mentions(
    db: Database,
    version: tuple[Any, ...],  # noqa: ARG001
    where: Filter,
    limit: int,
    offset: int,
) -> tuple[MentionRow, ...]:
    with db.read() as session:
        return queries.mentions(session, where, limit=limit, offset=offset)


@_cached
def _repeats(
    db: Database,
    version: tuple[Any, ...],  # noqa: ARG001
    mention_id: int,
    limit: int,
) -> tuple[MentionRow, ...]:
    with db.read() as session:
        return queries.repeats(session, mention_id, limit=limit)


@_cached
def _count(db: Database, version: tuple[Any, ...], where: Filter) -> int:  # noqa: ARG001
    with db.read() as session:
        return queries.count(session, where)


@_cached
def _failed(db: Database, version: tuple[Any, ...]) -> int:  # noqa: ARG001
    with db.read() as session:
        return queries.failed(session)


@_cached
def _model(db: Database, version: tuple[Any, ...]) -> str | None:  # noqa: ARG001
    with db.read() as session:
        return queries.setting(session, "model")
