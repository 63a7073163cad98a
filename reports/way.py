"""The journey of a report: the map beside the period before, and its cells as rows."""

from collections.abc import Sequence

from insights import journey, journey_words
from insights import russian as ru
from insights.journey import Cell, Side
from nlp.journey import Stage
from reports.frame import Frame
from reports.overview import Overview
from reports.parts import Journey, JourneyRow

_OUTSIDE = "Вне пути"


def way(frame: Frame, found: Overview, stages: Sequence[Stage]) -> Journey:
    """The customer's way, as «Путь клиента» shows it."""
    before = found.counted_before
    there = Side(found.opinions_before, before[1]) if before else None
    drawn = journey.journey_map(stages, Side(found.opinions, found.figures.analysed), there)
    rows = [
        _row(frame, column.stage.name, cell) for column in drawn.columns for cell in column.cells
    ]
    rows += [_row(frame, _OUTSIDE, cell) for cell in drawn.outside]
    return Journey(journey_words.story(drawn), drawn, tuple(rows))


def _row(frame: Frame, stage: str, cell: Cell) -> JourneyRow:
    standing = cell.standing
    net, moved = standing.net, standing.moved
    return JourneyRow(
        stage=stage,
        name=journey_words.name(cell.touchpoint),
        told=ru.index(net.value) if net else "—",
        interval=journey_words.interval(standing),
        n=ru.counted(standing.n, ru.OPINION) if standing.n else "мнений нет",
        moved=f"{'▲' if moved > 0 else '▼'}{ru.NBSP}{abs(moved)}" if moved else "",
        cell=cell,
        link=frame.link(touchpoints=(cell.touchpoint,)) if standing.n else "",
    )
