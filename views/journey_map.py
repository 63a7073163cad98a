"""The map itself: stages side by side, a button over every cell."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import streamlit as st

from insights import journey
from insights import journey_words as words
from insights.journey import Cell, Column, JourneyMap
from nlp.labels import Tone
from storage.queries import QuoteRow
from views import journey_cells as cells
from views import journey_style, opening, style

#: Where it hurts most and where it delights most a quote is seen at once.
_SORE, _LOVED = 3, 2

#: The best quote of each tone by touchpoint.
Quotes = Mapping[Tone, Mapping[str, tuple[QuoteRow, ...]]]


@dataclass(frozen=True, slots=True)
class Drawn:
    """What is drawn: a map with its quotes, or beside another one, which has a name then.

    ``on_open`` gets the touchpoint whose cell was clicked.
    """

    found: JourneyMap
    quotes: Quotes
    beside: str
    on_open: Callable[[str], None]


def draw(drawn: Drawn) -> None:
    """All stages, then the touchpoints that belong to none."""
    found = drawn.found
    journey_style.inject(len(found.columns))
    ranks = _ranks(found)
    with st.container(key="jm_map"):
        for number, column in enumerate(found.columns, 1):
            # Cells at the right edge open their figures to the left.
            last = "last_" if number == len(found.columns) else ""
            with st.container(key=f"jm_stage_{last}{number}"):
                _head(number, column, drawn.beside)
                for place, cell in enumerate(column.cells):
                    _cell(drawn, cell, f"{number}_{place}", ranks.get(cell.touchpoint, ""))
    if found.outside:
        st.html('<div class="ok-meta">В этот путь не входят, но о них тоже говорят:</div>')
        with st.container(key="jm_outside"):
            for place, cell in enumerate(found.outside):
                _cell(drawn, cell, f"out_{place}", ranks.get(cell.touchpoint, ""))


def _ranks(found: JourneyMap) -> dict[str, str]:
    """What stands out, by touchpoint: where it hurts most and where it delights most."""
    sore = enumerate(journey.sorest(found, _SORE), 1)
    loved = enumerate(journey.loved(found, _LOVED), 1)
    return {cell.touchpoint: f"слабое № {place}" for place, cell in sore} | {
        cell.touchpoint: f"сильное № {place}" for place, cell in loved
    }


def _cell(drawn: Drawn, cell: Cell, place: str, rank: str) -> None:
    """One cell with its button; one without opinions has none."""
    look = style.look()
    with st.container(key=f"jm_cell_{place}"):
        if drawn.beside:
            st.html(cells.pair(cell, look, drawn.beside))
        else:
            quote = _quote(cell, drawn.quotes)
            st.html(cells.cell(cell, drawn.found.most, look, quote, rank))
        if cell.standing.n or cell.standing.there_n:
            st.button(
                cells.label(cell),
                key=f"cell_{place}_{cell.touchpoint}",
                on_click=drawn.on_open,
                args=(cell.touchpoint,),
            )


def _quote(cell: Cell, quotes: Quotes) -> QuoteRow | None:
    """Of the tone that prevails, else of the other one."""
    net = cell.standing.net
    tones = (Tone.NEGATIVE, Tone.POSITIVE)
    prevailing = tones[::-1] if net and net.value > 0 else tones
    found = (quotes.get(tone, {}).get(cell.touchpoint, ()) for tone in prevailing)
    return next((own[0] for own in found if own), None)


def _head(number: int, column: Column, beside: str) -> None:
    """The stage; a click opens the mentions of all its touchpoints."""
    with st.container(key=f"jm_head_{number}"):
        st.html(cells.head(number, column, beside))
        if not column.standing.n:
            return
        told = f"{style.plain(column.stage.name)}: {words.about(column.standing)}. Упоминания этапа"
        if st.button(told, key=f"stage_{number}"):
            touchpoints = tuple(cell.touchpoint for cell in column.cells)
            opening.mentions(touchpoints=touchpoints, tones=(), theme="")
