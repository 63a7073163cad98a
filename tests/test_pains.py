"""Pains and strengths by their weight, over time, beside others, by part: pure functions."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights import beside, breakdown, courses, pain_words, pains
from insights.changes import FEW
from insights.pains import FEW_OPINIONS, Side
from insights.stats import share
from insights.words import Mood
from nlp.labels import Tone, Touchpoint
from storage.queries import OpinionCount, Tones

DAY = date(2026, 3, 1)
tones = st.builds(Tones, *[st.integers(0, 300)] * 3)


def count(touchpoint: str, negative: int, pain: float, churn: int = 0) -> OpinionCount:
    return OpinionCount(touchpoint, Tones(negative=negative), churn=churn, pain=pain)


@st.composite
def counted(draw: st.DrawFn) -> tuple[tuple[OpinionCount, ...], int]:
    """Opinions as they can be: nobody's weight is above the number of opinions."""
    counts = []
    for touchpoint in draw(st.sets(st.sampled_from(list(Touchpoint)))):
        own = draw(tones)
        pain = draw(st.floats(0, 1)) * own.negative
        joy = draw(st.floats(0, 1)) * own.positive
        churn = draw(st.integers(0, own.negative))
        counts.append(OpinionCount(touchpoint, own, churn=churn, pain=pain, joy=joy))
    most = max((max(one.pain, one.joy) for one in counts), default=0)
    return tuple(counts), draw(st.integers(int(most), 1000)) + 1


# Ranking


def test_the_impact_is_what_the_index_would_gain() -> None:
    """Ten mentions: two negative about delivery alone, one about delivery and price."""
    found = pains.pain_points(([count("delivery", 3, 2.5), count("price", 1, 0.5)], 10))
    assert [(one.touchpoint, one.opinions) for one in found] == [("delivery", 3), ("price", 1)]
    assert [one.impact.value for one in found] == pytest.approx([0.25, 0.05])
    # The index was −30 (three negative of ten); without its pains it is 0.
    assert sum(one.impact.value for one in found) == pytest.approx(0.3)


@given(counted(), counted())
def test_what_weighs_more_comes_first_and_no_figure_leaves_its_interval(
    now: tuple[tuple[OpinionCount, ...], int], before: tuple[tuple[OpinionCount, ...], int]
) -> None:
    for side, rank in ((Side.PAIN, pains.pain_points), (Side.JOY, pains.strengths)):
        found = rank(now, before)
        told = {one.touchpoint for one in now[0] if getattr(one.tones, side.tone)}
        assert {one.touchpoint for one in found} == told
        weights = [one.impact.value for one in found]
        assert weights == sorted(weights, reverse=True)
        for one in found:
            assert 0 <= one.impact.low <= one.impact.value <= one.impact.high <= 1
            assert not (one.grows and one.shrinks)
            assert (one.churn is None) == (side is Side.JOY)


def test_the_interval_is_as_wide_as_that_of_whole_mentions() -> None:
    """Parts of mentions vary no more than whole ones, so the interval of a share is honest."""
    (half,) = pains.pain_points(([count("delivery", 40, 20.0)], 200))
    whole = share(20, 200)
    assert whole
    assert (half.impact.low, half.impact.high) == (whole.low, whole.high)


def test_nothing_is_ranked_without_mentions() -> None:
    assert pains.pain_points(([], 0)) == ()
    assert pains.pain_points(([count("delivery", 0, 0.0)], 10)) == ()


def test_growth_is_told_only_beyond_chance_and_of_enough_mentions() -> None:
    def grown(now: tuple[int, int], before: tuple[int, int]) -> pains.Weighed:
        (one,) = pains.pain_points(
            ([count("delivery", *[now[0]] * 2)], now[1]),
            ([count("delivery", *[before[0]] * 2)], before[1]),
        )
        return one

    assert grown((60, 200), (10, 200)).grows
    assert grown((10, 200), (60, 200)).shrinks
    same = grown((12, 200), (10, 200))
    assert same.growth
    assert not same.grows
    assert not same.shrinks
    assert grown((FEW, FEW), (0, FEW - 1)).growth is None


def test_what_was_not_there_before_was_nothing_before() -> None:
    (one,) = pains.pain_points(([count("delivery", 50, 50.0)], 100), ((), 100))
    assert one.opinions_before == 0
    assert one.grows
    (alone,) = pains.pain_points(([count("delivery", 50, 50.0)], 100))
    assert alone.opinions_before is None
    assert alone.impact_before is None


def test_few_opinions_look_uncertain() -> None:
    few, enough, alone = pains.pain_points(
        (
            [
                count("delivery", FEW_OPINIONS - 1, 30.0),
                count("price", FEW_OPINIONS, 20.0),
                count("staff", 1, 1.0),
            ],
            FEW * 10,
        )
    )
    assert (few.is_uncertain, enough.is_uncertain, alone.is_uncertain) == (True, False, True)


# Over time


@given(
    st.dictionaries(st.integers(-60, 400), st.integers(0, 9)),
    st.dictionaries(st.integers(-60, 400), st.integers(0, 30)),
    st.integers(1, 300),
)
def test_every_opinion_of_the_period_stands_in_one_bucket(
    opinions: dict[int, int], mentions: dict[int, int], length: int
) -> None:
    last = DAY + timedelta(length - 1)
    by_day, n_by_day = (
        {DAY + timedelta(offset): n for offset, n in counts.items()}
        for counts in (opinions, mentions)
    )
    steps = courses.course(by_day, n_by_day, DAY, last)
    assert (steps[0].start, steps[-1].end) == (DAY, last)
    within = range(length)
    assert sum(step.count for step in steps) == sum(n for d, n in opinions.items() if d in within)
    assert sum(step.n for step in steps) == sum(n for d, n in mentions.items() if d in within)


@given(st.dictionaries(st.integers(0, 90), st.integers(1, 50), min_size=1), st.integers(1, 400))
def test_the_latest_days_hold_no_more_than_was_asked_for(
    by_offset: dict[int, int], most: int
) -> None:
    by_day = {DAY + timedelta(offset): n for offset, n in by_offset.items()}
    first = courses.latest(by_day, most)
    if first is None:
        assert sum(by_day.values()) <= most or len(by_day) == 1
        return
    since = [n for day, n in by_day.items() if day >= first]
    assert sum(since) <= most or len(since) == 1
    earlier = [day for day in by_day if day < first]
    assert sum(since) + by_day[max(earlier)] > most


def test_a_fix_is_read_against_its_day() -> None:
    fixed = DAY + timedelta(30)
    mentions = {DAY + timedelta(n): 20 for n in range(60)}
    before = {DAY + timedelta(n): 6 for n in range(30)}
    after = {fixed + timedelta(n): 1 for n in range(1, 30)}
    found = courses.around(fixed, before | {fixed: 20} | after, mentions, today=DAY + timedelta(59))
    assert found
    assert (found.before.days, found.before.count, found.before.share.n) == (28, 168, 560)
    assert (found.after.days, found.after.count, found.after.share.n) == (28, 28, 560)
    assert found.change.high < 0
    mood, told = pain_words.around(found, Tone.NEGATIVE)
    assert mood == "better"
    assert "168 жалоб на 560 упоминаний (30,0" in told.replace("\u00a0", " ")
    assert pain_words.around(found, Tone.POSITIVE)[0] == "worse"


def test_nothing_is_concluded_from_the_first_day_after_a_fix() -> None:
    mentions = {DAY - timedelta(n): 50 for n in range(40)}
    assert courses.around(DAY, mentions, mentions, today=DAY) is None
    assert pain_words.around(None, Tone.NEGATIVE)[0] == "unknown"


def test_a_fix_without_effect_is_told_so() -> None:
    days = [DAY + timedelta(n) for n in range(-28, 29)]
    found = courses.around(DAY, dict.fromkeys(days, 1), dict.fromkeys(days, 10), today=days[-1])
    mood, told = pain_words.around(found, Tone.NEGATIVE)
    assert mood == "same"
    assert "может быть случайной" in told


# Beside others


def test_the_same_people_are_compared_within_a_tone() -> None:
    """Who complains of delivery complains of packaging, and praises as others do."""
    told = {"packaging": Tones(negative=40), "price": Tones(negative=20, positive=10)}
    counts = [
        OpinionCount("delivery", Tones(negative=100)),
        OpinionCount("packaging", Tones(negative=60, positive=50)),
        OpinionCount("price", Tones(negative=300, positive=60)),
    ]
    first, *rest = beside.others(told, counts, "delivery")
    assert (first.touchpoint, first.tone, first.is_more) == ("packaging", Tone.NEGATIVE, True)
    assert (first.count, first.own.n) == (40, 60)
    assert first.usual
    assert (first.usual.value, first.usual.n) == (20 / 300, 300)
    assert first.lift == pytest.approx(10)
    assert all(one.touchpoint != "delivery" for one in rest)
    assert "намного чаще" in pain_words.other(first)


@given(st.dictionaries(st.sampled_from(list(Touchpoint)), tones), counted())
def test_whatever_is_said_beside_is_told_once(
    told: dict[str, Tones], counts: tuple[tuple[OpinionCount, ...], int]
) -> None:
    found = beside.others(told, counts[0], "delivery")
    keys = [(one.touchpoint, one.tone) for one in found]
    assert len(keys) == len(set(keys))
    assert len(keys) == sum(bool(own.negative) + bool(own.positive) for own in told.values())
    for one in found:
        assert pain_words.other(one)
        if one.is_more:
            assert one.usual
            assert one.own.value > one.usual.value


# By part


def test_a_branch_is_worse_only_beyond_chance() -> None:
    totals = {"Ленина, 1": 200, "Мира, 2": 300, "Лесная, 3": 15}
    found = breakdown.parts({"Ленина, 1": 60, "Мира, 2": 15, "Лесная, 3": 12}, totals)
    assert [part.value for part in found] == ["Ленина, 1", "Мира, 2", "Лесная, 3"]
    worst, best, unknown = found
    assert worst.is_higher
    assert best.is_lower
    assert unknown.is_uncertain
    assert unknown.difference is None
    even = breakdown.parts({"a": 10, "b": 12}, {"a": 100, "b": 100})
    assert not any(part.is_higher or part.is_lower for part in even)


@given(
    st.dictionaries(st.text(max_size=5), st.integers(0, 500)),
    st.dictionaries(st.text(max_size=5), st.integers(0, 500)),
)
def test_any_values_are_compared_with_the_rest(
    counts: dict[str, int], totals: dict[str, int]
) -> None:
    found = breakdown.parts(counts, totals)
    assert {part.value for part in found} == {value for value, n in totals.items() if n}
    for part in found:
        assert part.share.low <= part.share.value <= part.share.high
        assert not (part.is_higher and part.is_lower)
        assert not (part.is_uncertain and part.difference)
    breakdown.jump(counts, totals)


def test_many_values_are_not_worse_by_chance() -> None:
    """Two hundred branches alike: a plain 95 % interval would find about ten."""
    totals = {str(n): 100 for n in range(200)}
    counts = {str(n): 10 + (n % 9) for n in range(200)}
    assert not any(part.is_higher for part in breakdown.parts(counts, totals))


def test_the_version_since_which_it_hurts() -> None:
    totals = {"5.1": 200, "5.2": 80, "4.9": 300, "5.10": 100, "beta": 50}
    found = breakdown.jump({"5.1": 6, "4.9": 10, "5.2": 30, "5.10": 35, "beta": 50}, totals)
    assert found
    assert (found.version, found.is_over) == ("5.2", False)
    assert (found.own.n, found.earlier.n) == (80, 500)
    told = pain_words.jump(found).replace("\u00a0", " ").replace("\u202f", " ")
    assert told.startswith("С версии 5.2 ругают в 38 % (n = 80) упоминаний, до неё — в 3 %")
    over = breakdown.jump({"5.1": 6, "4.9": 10, "5.2": 30, "5.10": 2}, totals)
    assert over
    assert over.is_over
    assert pain_words.jump(over).startswith("В версии 5.2")


@pytest.mark.parametrize("totals", [{}, {"5.1": 500}, {"а": 500, "б": 500}, {"1": 500, "2": 500}])
def test_no_version_is_blamed_without_a_jump(totals: dict[str, int]) -> None:
    assert breakdown.jump(dict.fromkeys(totals, 20), totals) is None


# In words


def test_the_page_in_one_sentence() -> None:
    def said(now: tuple[int, int], before: tuple[int, int] | None) -> tuple[Mood, str]:
        earlier = ([count("price", *[before[0]] * 2)], before[1]) if before else None
        ranked = pains.pain_points(([count("price", *[now[0]] * 2)], now[1]), earlier)
        told = pain_words.headline(ranked, Side.PAIN)
        return told.mood, told.text.replace("\u00a0", " ")

    mood, text = said((42, 1000), (5, 1000))
    assert mood is Mood.WORSE
    assert "«Цена и условия»: 4,2 пункта индекса тональности, и это больше" in text
    assert said((42, 1000), None)[0] is Mood.UNKNOWN
    assert "Данных мало" in said((3, 1000), None)[1]
    assert "нет" in pain_words.headline((), Side.JOY).text
