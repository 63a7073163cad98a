"""The key figures as tiles: value, change, course; n and interval on hover; a click opens them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import streamlit as st

from insights import russian as ru
from insights import stats, trends
from insights.changes import Measure
from insights.indices import CSAT, INDICES, NPS, PEAK_END, PLAIN_MEAN, Index
from insights.stats import Estimate
from storage.filters import Filter
from storage.queries import Figures
from views import opening

_NOISE = "не значимо"
_COLUMNS = 5

_VOLUME = (
    "Сколько раз о бренде написали: клиенты, без рекламы и новостей, если фильтр не говорит иного. "
    "Текст о двух брендах считается для каждого из них."
)


@dataclass(frozen=True, slots=True)
class _Tile:
    index: Index
    measure: Measure
    now: Estimate
    line: tuple[float, ...]
    help: str


def draw(
    now: Figures,
    before: Figures | None,
    by_day: Mapping[date, Figures],
    days: tuple[date, date],
    where: Filter,
) -> None:
    """All tiles; an index that nothing tells of (no ratings, no survey) is left out."""
    course = trends.course(by_day, *days)
    tiles = [
        tile
        for index in INDICES
        # The plain mean is told beside «peak and end», which it explains.
        if index is not PLAIN_MEAN and (tile := _tile(index, now, before, course, where))
    ]
    with st.grid(_COLUMNS, min_column_width=150, gap="small", key="metrics"):
        _volume(now, before, by_day, days)
        for tile in tiles:
            _draw(tile)


def _tile(
    index: Index, now: Figures, before: Figures | None, course: Sequence[Figures], where: Filter
) -> _Tile | None:
    value = index.of(now)
    if value is None:
        return None
    measure = Measure(value, index.of(before) if before else None)
    line = tuple(point.value * 100 for figures in course if (point := index.of(figures)))
    return _Tile(index, measure, value, line, _help(index, measure, now, where))


def _draw(tile: _Tile) -> None:
    change, moved = tile.measure.change, tile.measure.points
    certain = bool(change and change.significant and moved)
    # Said outright: Streamlit looks for a hyphen, our minus sign is a real one.
    good = (moved > 0) == tile.index.more_is_better
    with st.container(key=f"tile_{tile.index.code}", height="stretch"):
        st.metric(
            tile.index.name,
            tile.index.told(tile.now.value),
            delta=tile.index.told_change(moved) if change else None,
            delta_color="off" if not certain else "green" if good else "red",
            delta_arrow=_arrow(moved),
            delta_description=_NOISE if change and not certain else None,
            chart_data=_line(tile.line),
            border=True,
            height="stretch",
        )
        # No part of a filter asks for survey answers.
        behind = None if tile.index is NPS else tile.index.behind
        _cover(tile.index.code, tile.index.name, tile.help, behind)


def _volume(
    now: Figures,
    before: Figures | None,
    by_day: Mapping[date, Figures],
    days: tuple[date, date],
) -> None:
    was = before.mentions if before else 0
    moved = now.mentions - was if was else None
    bars = [
        sum(figures.mentions for day, figures in by_day.items() if first <= day <= last)
        for first, last in trends.spans(*days)
    ]
    with st.container(key="tile_volume", height="stretch"):
        st.metric(
            "Упоминания",
            ru.number(now.mentions),
            delta=None if moved is None else ru.number(moved, sign=True),
            delta_color="off",
            delta_arrow="off" if moved is None else _arrow(moved),
            delta_description=f"было {ru.number(was)}" if was else None,
            chart_data=_line([float(n) for n in bars]),
            chart_type="bar",
            border=True,
            height="stretch",
        )
        _cover("volume", "Упоминания", _VOLUME, {})


def _cover(code: str, name: str, told: str, behind: Mapping[str, Any] | None) -> None:
    """An unseen button all over the tile: on hover it tells, on a click it opens the mentions."""
    if st.button(
        f"Открыть: {name}",
        key=f"open_{code}",
        help=told,
        type="tertiary",
        disabled=behind is None,
    ):
        opening.mentions(**behind or {})


def _help(index: Index, measure: Measure, now: Figures, where: Filter) -> str:
    unit = index.counts(where)
    value, before = measure.now, measure.before
    text = index.definition + _beside(index, now)
    if value:
        text += f"\n\nn = {ru.counted(value.n, unit)}. Интервал 95 %: {index.interval(value)}."
    if measure.change and not measure.change.significant:
        text += " Изменение — в пределах погрешности."
    if before:
        told = f"{index.told(before.value)} ({ru.counted(before.n, unit)})"
        text += f"\n\nВ прошлом периоде: {told}."
    return text


def _beside(index: Index, now: Figures) -> str:
    """What is read beside an index."""
    if index is CSAT and (mean := stats.mean_rating(now.ratings)):
        return f" Средняя оценка {ru.number(mean, 1)} из 5."
    if index is PEAK_END and (plain := PLAIN_MEAN.of(now)):
        return f" {PLAIN_MEAN.name}: {PLAIN_MEAN.told(plain.value)}."
    return ""


def _arrow(change: float) -> Literal["up", "down", "off"]:
    return "up" if change > 0 else "down" if change < 0 else "off"


def _line(values: Sequence[float]) -> Sequence[float] | None:
    """A sparkline needs a few points to tell anything."""
    return values if len(values) >= 3 else None
