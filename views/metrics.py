"""The key figures as tiles: value, change, course; n and interval on hover; a click opens them."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal

import streamlit as st

from insights import trends
from insights.words import Mood
from reports import tiles
from reports.parts import Tile
from storage.filters import Filter
from storage.queries import Figures
from views import opening

_NOISE = "не значимо"
_COLUMNS = 5
_COLOURS: dict[Mood, Literal["green", "red"]] = {Mood.BETTER: "green", Mood.WORSE: "red"}


def draw(
    now: Figures,
    before: Figures | None,
    by_day: Mapping[date, Figures],
    days: tuple[date, date],
    where: Filter,
) -> None:
    """All tiles; an index that nothing tells of (no ratings, no survey) is left out."""
    course = trends.course(by_day, *days)
    volume, *indices = tiles.tiles(now, before, where)
    with st.grid(_COLUMNS, min_column_width=150, gap="small", key="metrics"):
        _volume(volume, by_day, days)
        for tile in indices:
            _draw(tile, course)


def _draw(tile: Tile, course: Sequence[Figures]) -> None:
    index = tile.index
    if index is None:
        raise ValueError("only the volume is no index")
    line = [point.value * 100 for figures in course if (point := index.of(figures))]
    with st.container(key=f"tile_{tile.code}", height="stretch"):
        st.metric(
            tile.name,
            tile.told,
            delta=tile.change or None,
            # Said outright: Streamlit looks for a hyphen, our minus sign is a real one.
            delta_color=_COLOURS.get(tile.mood, "off"),
            delta_arrow=_arrow(tile.measure.points),
            delta_description=_NOISE if tile.change and tile.mood is Mood.SAME else None,
            chart_data=_line(line),
            border=True,
            height="stretch",
        )
        _cover(tile, index.behind if tiles.opens(tile) else None)


def _volume(tile: Tile, by_day: Mapping[date, Figures], days: tuple[date, date]) -> None:
    now, was = tile.measure.now, tile.measure.before
    moved = now.n - was.n if now and was else None
    bars = [
        sum(figures.mentions for day, figures in by_day.items() if first <= day <= last)
        for first, last in trends.spans(*days)
    ]
    with st.container(key="tile_volume", height="stretch"):
        st.metric(
            tile.name,
            tile.told,
            delta=tile.change or None,
            delta_color="off",
            delta_arrow="off" if moved is None else _arrow(moved),
            delta_description=tile.note or None,
            chart_data=_line([float(n) for n in bars]),
            chart_type="bar",
            border=True,
            height="stretch",
        )
        _cover(tile, {})


def _cover(tile: Tile, behind: Mapping[str, Any] | None) -> None:
    """An unseen button all over the tile: on hover it tells, on a click it opens the mentions."""
    if st.button(
        f"Открыть: {tile.name}",
        key=f"open_{tile.code}",
        help=tiles.explained(tile),
        type="tertiary",
        disabled=behind is None,
    ):
        opening.mentions(**behind or {})


def _arrow(change: float) -> Literal["up", "down", "off"]:
    return "up" if change > 0 else "down" if change < 0 else "off"


def _line(values: Sequence[float]) -> Sequence[float] | None:
    """A sparkline needs a few points to tell anything."""
    return values if len(values) >= 3 else None
