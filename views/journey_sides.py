"""What the journey page is asked: which journey, beside whom or when. Both stand in the link."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

import streamlit as st

from insights import russian as ru
from insights.journey import Side
from nlp.journey import Journey, default_journey, journeys
from storage import queries
from storage.filters import Filter
from storage.queries import BrandRow
from views import context, data, state, style
from views.data import Basics

_JOURNEY = "journey"
_BESIDE = "beside"
_OWN = "own"
#: 52 weeks: as many of each weekday.
_YEAR = timedelta(days=364)


@dataclass(frozen=True, slots=True)
class Beside:
    """The other side of a comparison: a competitor, or this brand at another time.

    ``name`` is what it is called beside ours, ``label`` what is chosen.
    """

    name: str
    label: str
    where: Filter
    is_period: bool


def choose_journey() -> Journey:
    """The journey that is looked at; config.yaml's own comes first."""
    known = {journey.code: journey for journey in _journeys()}
    first = next(iter(known))

    def written() -> None:
        code = st.session_state["journey_choice"]
        state.keep(_JOURNEY, None if code == first else code)

    st.session_state["journey_choice"] = state.own(_JOURNEY, first, known)
    code = st.selectbox(
        "Этапы пути",
        list(known),
        format_func=lambda code: style.plain(known[code].name),
        key="journey_choice",
        on_change=written,
    )
    return known[code or first]


def choose_beside(basics: Basics, where: Filter) -> Beside | None:
    """The other side that was chosen; None where the map stands alone."""
    known = _others(basics, where)

    def written() -> None:
        state.keep(_BESIDE, st.session_state["journey_beside"] or None)

    st.session_state["journey_beside"] = state.own(_BESIDE, "", known)
    code = st.selectbox(
        "Сравнить рядом",
        ["", *known],
        format_func=lambda code: known[code].label if code else "не сравнивать",
        key="journey_beside",
        on_change=written,
        help=None if known else "Выберите период или, если брендов несколько, бренд в фильтре.",
    )
    return known.get(code or "")


def whole(where: Filter) -> Filter:
    """The filter without what the map shows itself: touchpoints, tones and themes."""
    return replace(where, touchpoints=(), tones=(), theme="")


def side(where: Filter, only: tuple[str, ...]) -> Side:
    """Opinions (about ``only`` these touchpoints, if any), and all mentions that were analysed."""
    analysed = data.ask(queries.figures, where).analysed
    return Side(data.ask(queries.opinion_counts, replace(where, touchpoints=only)), analysed)


def _journeys() -> tuple[Journey, ...]:
    own = context.get().journey
    shipped = journeys()
    if own == default_journey():
        return shipped
    return (Journey(_OWN, "Свой путь из config.yaml", own), *shipped)


def _others(basics: Basics, where: Filter) -> Mapping[str, Beside]:
    """What there is to compare with, by its code in the link."""
    return _periods(basics, where) | _brands(basics, where)


def _brands(basics: Basics, where: Filter) -> dict[str, Beside]:
    # All brands together hold the other one, too: only a chosen side can be compared.
    if not where.brands:
        return {}
    return {
        f"brand-{brand.code}": _brand(brand, where)
        for brand in basics.catalog.brands
        if brand.code and brand.mentions and brand.id not in where.brands
    }


def _brand(brand: BrandRow, where: Filter) -> Beside:
    name = style.plain(brand.name)
    return Beside(brand.name, f"с «{name}»", replace(where, brands=(brand.id,)), is_period=False)


def _periods(basics: Basics, where: Filter) -> dict[str, Beside]:
    previous = where.previous()
    if previous is None or where.day_from is None or where.day_to is None:
        return {}
    found = {"previous": ("с предыдущим периодом", previous)}
    if (before := previous.previous()) is not None:
        found["earlier"] = ("с тем, что до него", before)
    year_ago = replace(where, day_from=where.day_from - _YEAR, day_to=where.day_to - _YEAR)
    found["year"] = ("с тем же год назад", year_ago)
    first = basics.catalog.first_day
    return {
        code: _period(lead, earlier, basics.today)
        for code, (lead, earlier) in found.items()
        if first and earlier.day_to and earlier.day_to >= first
    }


def _period(lead: str, where: Filter, today: date) -> Beside:
    start, end = where.day_from or today, where.day_to or today
    days = ru.short_days(start, end, today)
    return Beside(days, f"{lead}: {days}", where, is_period=True)
