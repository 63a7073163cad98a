"""The charts of a pain, drawn for real: whatever names say, they stay labels."""

from datetime import date, timedelta
from html import unescape

import pytest
import vl_convert

from insights import breakdown, courses
from nlp.labels import Tone
from reports.charts import Mark
from reports.charts import pains as charts
from reports.charts.base import Chart
from reports.theme import palette

DAY = date(2026, 3, 1)
HOSTILE = ('"})[0]; alert(1)//', "<script>alert(1)</script>", "\\u0022", "a\u2028b", "__proto__")


def drawn(chart: Chart) -> str:
    """The chart as SVG."""
    return unescape(vl_convert.vegalite_to_svg(chart.to_dict()))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_names_of_strangers_stay_labels(theme: str) -> None:
    totals = {name: 50 + place for place, name in enumerate(HOSTILE)}
    parts = breakdown.parts(dict.fromkeys(HOSTILE, 10), totals)
    svg = drawn(charts.part_bars(parts, {}, Tone.NEGATIVE, palette(theme), usual=0.2))
    for name in HOSTILE[:3]:
        assert name in svg


def test_parts_stand_in_their_order_even_where_names_are_the_same() -> None:
    parts = breakdown.parts({"1": 30, "2": 20, "3": 10}, {"1": 100, "2": 100, "3": 100})
    names = {"1": "Я", "2": "Б", "3": "Б"}
    svg = drawn(charts.part_bars(parts, names, Tone.NEGATIVE, palette("light"), usual=0.2))
    places = [svg.index(f">{label}<") for label in ("▲ Я", "Б", "▽ Б")]
    assert places == sorted(places)
    same = charts.part_bars(
        parts, dict.fromkeys("123", "Б"), Tone.NEGATIVE, palette("light"), usual=0
    )
    assert drawn(same)


def test_a_branch_that_is_worse_says_so_without_its_colour() -> None:
    parts = breakdown.parts({"Лесная, 8": 60, "Мира, 15": 5}, {"Лесная, 8": 100, "Мира, 15": 100})
    names = {"Лесная, 8": "Лесная"}
    svg = drawn(charts.part_bars(parts, names, Tone.NEGATIVE, palette("light"), usual=0.3))
    assert "▲ Лесная" in svg
    assert "▽ Мира, 15" in svg


@pytest.mark.parametrize("shares", [True, False])
@pytest.mark.parametrize("days", [1, 30, 200])
def test_the_course_shows_what_was_noted_within_the_period(*, shares: bool, days: int) -> None:
    by_day = {DAY + timedelta(n): n % 5 for n in range(days)}
    mentions = {DAY + timedelta(n): 0 if n % 7 else 30 for n in range(days)}
    steps = courses.course(by_day, mentions, DAY, DAY + timedelta(days - 1))
    noted = [
        charts.Noted(DAY, "исправлено 1 марта", "<b>"),
        charts.Noted(DAY + timedelta(days - 1), "в работе", "—"),
        charts.Noted(DAY + timedelta(days), "позже", "—"),
    ]
    mark = Mark(1, Tone.NEGATIVE, DAY, DAY, DAY, "всплеск")
    svg = drawn(
        charts.course(
            steps, Tone.NEGATIVE, palette("light"), shares=shares, marks=[mark], noted=noted
        )
    )
    assert "исправлено 1 марта" in svg
    assert "в работе" in svg
    assert "позже" not in svg


def test_a_period_of_silence_is_drawn() -> None:
    steps = courses.course({}, {}, DAY, DAY + timedelta(6))
    for shares in (True, False):
        assert drawn(charts.course(steps, Tone.POSITIVE, palette("dark"), shares=shares))
