"""Periods of reports: what people write, what is meant, and what makes no sense."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.periods import Period, Unit, last_whole, parse

TODAY = date(2026, 11, 22)  # a Sunday
DAYS = st.dates(date(1990, 1, 1), date(2100, 12, 31))
LATER = st.dates(date(1992, 1, 1), date(2100, 12, 31))


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026-09-01..2026-09-29", date(2026, 9, 1), date(2026, 9, 29)),
        (" 2026-09-01 ", date(2026, 9, 1), date(2026, 9, 1)),
        ("2026-W17", date(2026, 4, 20), date(2026, 4, 26)),
        ("2026-w1", date(2025, 12, 29), date(2026, 1, 4)),
        ("2020-W53", date(2020, 12, 28), date(2021, 1, 3)),
        ("2026-09", date(2026, 9, 1), date(2026, 9, 30)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2026-Q3", date(2026, 7, 1), date(2026, 9, 30)),
        ("2025-q4", date(2025, 10, 1), date(2025, 12, 31)),
        ("неделя", date(2026, 11, 9), date(2026, 11, 15)),
        ("Week", date(2026, 11, 9), date(2026, 11, 15)),
        ("месяц", date(2026, 10, 1), date(2026, 10, 31)),
        ("month", date(2026, 10, 1), date(2026, 10, 31)),
        ("Квартал", date(2026, 7, 1), date(2026, 9, 30)),
        ("quarter", date(2026, 7, 1), date(2026, 9, 30)),
        # What is not over yet ends today.
        ("2026-11", date(2026, 11, 1), TODAY),
        ("2026-Q4", date(2026, 10, 1), TODAY),
        ("2026-11-20..2027-01-31", date(2026, 11, 20), TODAY),
    ],
)
def test_what_people_write(text: str, start: date, end: date) -> None:
    assert parse(text, TODAY) == Period(start, end)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "2026-W17"),
        ("вчера", "2026-09-01..2026-09-30"),
        ("2026", "2026-Q3"),
        ("2026-13", "не понят"),
        ("2026-Q5", "не понят"),
        ("2026-Q0", "не понят"),
        ("2025-W53", "не понят"),  # 2025 has 52 weeks
        ("2026-02-30..2026-03-01", "не понят"),
        ("٢٠٢٦-٠٩", "не понят"),
        ("9999-12", "не понят"),
        ("2026-09-30..2026-09-01", "раньше начала"),
        ("2026-12", "ещё не начался: сегодня 2026-11-22"),
        ("2026-11-23..2026-11-30", "ещё не начался"),
        ("1812-09-07", "раньше 1990"),
    ],
)
def test_what_makes_no_sense_is_told(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says.replace(".", r"\.")):
        parse(text, TODAY)


@given(DAYS, st.integers(0, 400))
def test_any_days_come_back_from_their_code(start: date, more: int) -> None:
    period = Period(start, start + timedelta(days=more))
    assert parse(period.code, period.end) == period


@given(LATER, st.sampled_from(Unit))
def test_the_last_whole_one_ended_before_today_and_today_is_in_the_next(
    today: date, unit: Unit
) -> None:
    last = last_whole(unit, today)
    assert last.end < today
    assert last.unit == unit
    assert parse(last.code, today) == last
    assert last_whole(unit, last.end + timedelta(days=1)) == last  # on the first day after it
    following = last_whole(unit, today + timedelta(days=95))
    assert following.start > last.end


@given(LATER, st.sampled_from(Unit))
def test_whole_ones_follow_each_other_without_a_gap(today: date, unit: Unit) -> None:
    last = last_whole(unit, today)
    assert last_whole(unit, last.start).end == last.start - timedelta(days=1)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("2026-W17", "17-я неделя 2026 года"),
        ("2026-09", "сентябрь 2026 года"),
        ("2026-Q3", "3-й квартал 2026 года"),
        ("2026-09-02..2026-09-30", ""),
    ],
)
def test_a_whole_one_has_a_name(text: str, name: str) -> None:
    assert parse(text, TODAY).name == name


def test_days_that_are_a_whole_one_are_that_one() -> None:
    assert parse("2026-09-01..2026-09-30", TODAY).code == "2026-09"
    assert parse("2026-07-01..2026-09-30", TODAY).code == "2026-Q3"
    assert parse("2026-04-20..2026-04-26", TODAY).code == "2026-W17"
