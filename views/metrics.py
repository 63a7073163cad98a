"""The row of key figures: value, change, and on hover n, interval and definition."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import streamlit as st

from insights import russian as ru
from insights import stats
from insights.changes import KeyFigures, Measure
from insights.stats import Estimate
from insights.trends import Point
from storage.filters import Filter
from storage.queries import Figures

_NOISE = "не значимо"


@dataclass(frozen=True, slots=True)
class _Tile:
    label: str
    measure: Measure
    index: bool
    unit: ru.Forms
    definition: str
    more_is_better: bool = True
    line: tuple[float, ...] = ()


def draw(counts: Figures, figures: KeyFigures, points: Sequence[Point], where: Filter) -> None:
    """All tiles; a figure that nothing tells of (no ratings) is left out."""
    tiles = [*_tone_tiles(figures, points, where), *_other_tiles(counts, figures)]
    told = [(tile, tile.measure.now) for tile in tiles if tile.measure.now]
    with st.grid(len(told) + 1, min_column_width=150, gap="small", key="metrics"):
        _volume(figures, points)
        for tile, now in told:
            _metric(tile, now)


def _tone_tiles(figures: KeyFigures, points: Sequence[Point], where: Filter) -> list[_Tile]:
    unit, units = ("мнений", ru.OPINION) if where.touchpoints else ("упоминаний", ru.MENTION)
    return [
        _Tile(
            "Индекс тональности",
            figures.net,
            True,
            units,
            f"Доля позитивных минус доля негативных {unit}, от −100 до +100.",
            line=tuple(point.net.value * 100 for point in points if point.net),
        ),
        _Tile(
            "Негатив",
            figures.negative,
            False,
            units,
            f"Доля негативных среди проанализированных {unit}.",
            more_is_better=False,
            line=tuple(
                point.tones.negative / point.tones.n * 100 for point in points if point.tones.n
            ),
        ),
    ]


def _other_tiles(counts: Figures, figures: KeyFigures) -> list[_Tile]:
    return [
        _Tile(
            "CSAT",
            figures.csat,
            False,
            ru.RATING,
            "Доля оценок 4 и 5 среди упоминаний с оценкой." + _mean(counts),
        ),
        _Tile(
            "Собираются уйти",
            figures.churn,
            False,
            ru.MENTION,
            "Доля упоминаний, авторы которых уходят или больше не придут.",
            more_is_better=False,
        ),
        _Tile(
            "NPS",
            figures.nps,
            True,
            ru.ANSWER,
            "По ответам опроса: доля оценок 9–10 минус доля 0–6, от −100 до +100.",
        ),
    ]


def _volume(figures: KeyFigures, points: Sequence[Point]) -> None:
    before = figures.mentions_before
    delta = None if before is None else ru.number(figures.mentions - before, sign=True)
    st.metric(
        "Упоминания",
        ru.number(figures.mentions),
        delta=delta,
        delta_color="off",
        delta_arrow=_arrow(figures.mentions - before) if before is not None else "off",
        delta_description=None if before is None else f"было {ru.number(before)}",
        help="Сколько раз о бренде написали: клиенты, без рекламы и новостей, "
        "если фильтр не говорит иного. Текст о двух брендах считается для каждого из них.",
        chart_data=_line([float(point.tones.n) for point in points]),
        chart_type="bar",
        border=True,
        height="stretch",
    )


def _metric(tile: _Tile, now: Estimate) -> None:
    change = tile.measure.change
    value = ru.index(now.value) if tile.index else ru.percent(now.value)
    moved = tile.measure.points
    certain = bool(change and change.significant and moved)
    # Said outright: Streamlit looks for a hyphen, our minus sign is a real one.
    good = (moved > 0) == tile.more_is_better
    st.metric(
        tile.label,
        value,
        delta=_difference(tile) if change else None,
        delta_color="off" if not certain else "green" if good else "red",
        delta_arrow=_arrow(moved),
        delta_description=_NOISE if change and not certain else None,
        help=_help(tile, now),
        chart_data=_line(tile.line),
        border=True,
        height="stretch",
    )


def _difference(tile: _Tile) -> str:
    moved = tile.measure.points
    return ru.number(moved, sign=True) if tile.index else ru.points(moved)


def _help(tile: _Tile, now: Estimate) -> str:
    show = ru.index if tile.index else ru.percent
    text = f"{tile.definition}\n\nn = {ru.counted(now.n, tile.unit)}."
    text += f" Интервал 95 %: {show(now.low)} … {show(now.high)}."
    if tile.measure.change and not tile.measure.change.significant:
        text += " Изменение — в пределах погрешности."
    before = tile.measure.before
    if before:
        text += f"\n\nВ прошлом периоде: {show(before.value)} ({ru.counted(before.n, tile.unit)})."
    return text


def _mean(counts: Figures) -> str:
    mean = stats.mean_rating(counts.ratings)
    return f" Средняя оценка {ru.number(mean, 1)} из 5." if mean else ""


def _arrow(change: float) -> Literal["up", "down", "off"]:
    return "up" if change > 0 else "down" if change < 0 else "off"


def _line(values: Sequence[float]) -> Sequence[float] | None:
    """A sparkline needs a few points to tell anything."""
    return values if len(values) >= 3 else None
