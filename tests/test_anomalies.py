"""Surges are found, chance is not, and findings tell what happened in words."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insights import words
from insights.anomalies import HISTORY, Expected, Surge, surges
from insights.changes import standing_out
from insights.findings import Finding, findings, known_from
from insights.usual import WHOLE
from nlp.labels import Tone, Touchpoint
from storage.queries import Tones

START = date(2025, 1, 6)
DAY = timedelta(days=1)
#: Mentions of a quiet day.
QUIET = Tones(negative=3, neutral=4, positive=6)
ByDay = dict[date, dict[str, Tones]]


def day(number: int) -> date:
    return START + number * DAY


def history(
    length: int, of: Mapping[str, Callable[[int], int]], tone: Tone = Tone.NEGATIVE
) -> tuple[dict[date, Tones], ByDay]:
    """Quiet mentions, and opinions of one tone by touchpoint, so many on day number … of each."""
    opinions = {
        day(number): {
            touchpoint: Tones(**{str(tone): count(number)}) for touchpoint, count in of.items()
        }
        for number in range(length)
    }
    tones = {
        own: QUIET + Tones(**{str(tone): sum(getattr(t, tone) for t in by.values())})
        for own, by in opinions.items()
    }
    return tones, opinions


def burst(first: int, last: int, high: int, low: int = 1) -> Callable[[int], int]:
    return lambda number: high if first <= number <= last else low


def found(length: int, of: Mapping[str, Callable[[int], int]], first: int = 0) -> list[Surge]:
    tones, opinions = history(length, of)
    told = surges(tones, opinions, day(first), day(length - 1))
    return [surge for surge in told if surge.touchpoint != WHOLE]


@pytest.mark.parametrize(("first", "last", "high"), [(100, 100, 12), (100, 106, 8), (90, 120, 6)])
def test_a_planted_surge_is_found_with_its_days(first: int, last: int, high: int) -> None:
    (surge,) = found(150, {"delivery": burst(first, last, high), "staff": lambda _: 1})
    assert (surge.touchpoint, surge.tone) == ("delivery", Tone.NEGATIVE)
    assert (surge.start, surge.end) == (day(first), day(last))
    assert surge.began == surge.start
    assert surge.count == high * (last - first + 1)
    assert surge.usual.mean == pytest.approx(last - first + 1, rel=0.1)
    assert surge.strength > 3.5


def test_praise_surges_as_complaints_do() -> None:
    tones, opinions = history(150, {"loyalty_program": burst(100, 110, 7)}, Tone.POSITIVE)
    told = surges(tones, opinions, day(0), day(149))
    assert {(one.touchpoint, one.tone) for one in told} == {
        ("loyalty_program", Tone.POSITIVE),
        (WHOLE, Tone.POSITIVE),
    }


def test_the_brand_as_a_whole_surges_though_no_touchpoint_does() -> None:
    tones = {day(n): Tones(negative=20 if 100 <= n <= 105 else 3, positive=9) for n in range(150)}
    (surge,) = surges(tones, {}, day(0), day(149))
    assert (surge.touchpoint, surge.start, surge.end) == (WHOLE, day(100), day(105))


#: Negative and positive opinions a day about nineteen touchpoints, as in a small chain of shops.
BLAMED = (
    .15, .05, .08, .15, .1, .15, .08, .1, .2, .15, .2, .7, .1, .15, .2, .2, .35, .1, .1,
)  # fmt: skip
PRAISED = (
    .02, .1, .15, .05, .3, .02, .2, .2, .02, .2, .05, .2, 1.4, .1, .1, .15, 1, .2, .15,
)  # fmt: skip
WEEK = (1, 1, 1, 1, 1.1, 1.2, 0.7)
YEARS = 4


@pytest.mark.parametrize("scale", [1, 5, 50])
def test_pure_chance_raises_few_false_alarms_a_year(scale: int) -> None:
    """All nineteen touchpoints and the whole, blamed and praised, watched every day.

    Over 36 years of such days it was 3 a year with few mentions, 5 with more, 4 with many.
    """
    chance = np.random.default_rng(scale)
    tones: dict[date, Tones] = {}
    opinions: ByDay = {}
    for number in range(HISTORY.days + 365 * YEARS):
        much = scale * WEEK[day(number).weekday()]
        tones[day(number)] = Tones(*chance.poisson(np.array([1.2, 0.3, 2.2, 0.6]) * much).tolist())
        pairs = zip(
            chance.poisson(np.array(BLAMED) * much).tolist(),
            chance.poisson(np.array(PRAISED) * much).tolist(),
            strict=True,
        )
        opinions[day(number)] = {
            str(touchpoint): Tones(negative=bad, positive=good)
            for touchpoint, (bad, good) in zip(Touchpoint, pairs, strict=True)
        }
    first = day(HISTORY.days)
    alarms = sum(
        len(surges(tones, opinions, start, start + 364 * DAY))
        for start in (first + 365 * year * DAY for year in range(YEARS))
    )
    assert alarms / YEARS <= 7


def test_days_that_always_spread_wide_are_usual() -> None:
    chance = np.random.default_rng(3)
    # Negative binomial with a variance nine times its mean.
    counts = chance.negative_binomial(0.5, 0.5 / 4.5, size=400).tolist()
    assert len(found(400, {"delivery": lambda number: counts[number]}, first=182)) <= 1
    even = chance.poisson(4, size=400).tolist()
    even[300] = 25
    assert [one.start for one in found(400, {"staff": lambda n: even[n]}, 182)] == [day(300)]


def test_a_weekly_pattern_is_usual_and_a_weekend_on_a_tuesday_is_not() -> None:
    def weekly(number: int) -> int:
        return 30 if number % 7 >= 5 else 4

    assert found(200, {"speed": weekly}) == []
    odd = found(200, {"speed": lambda number: 30 if number == 183 else weekly(number)})
    assert [(one.start, one.end) for one in odd] == [(day(183), day(183))]
    assert odd[0].usual.mean == pytest.approx(4, abs=1.5)


def test_where_more_is_written_of_everything_nothing_stands_out() -> None:
    """A second source was added: three times as much of each thing from that day on."""
    tones, opinions = history(200, {"staff": lambda _: 4, "price": lambda _: 6})
    for number in range(150, 200):
        tones[day(number)] += tones[day(number)] + tones[day(number)]
        for touchpoint, own in opinions[day(number)].items():
            opinions[day(number)][touchpoint] = own + own + own
    assert surges(tones, opinions, day(0), day(199)) == ()


def test_a_level_that_stays_becomes_usual() -> None:
    (surge,) = found(400, {"price": burst(200, 399, 6, low=2)})
    assert surge.start == day(200)
    assert 35 <= (surge.end - surge.start).days <= 120


def test_a_lull_does_not_split_a_surge_but_a_month_does() -> None:
    def twice(gap: int) -> list[Surge]:
        def count(number: int) -> int:
            return 9 if 100 <= number <= 106 or 107 + gap <= number <= 113 + gap else 1

        return found(220, {"payment": count})

    assert len(twice(5)) == 1
    assert len(twice(40)) == 2


def test_a_surge_is_cut_at_the_period_and_remembers_its_beginning() -> None:
    tones, opinions = history(150, {"delivery": burst(100, 120, 8)})
    told = surges(tones, opinions, day(110), day(149))
    (surge,) = [one for one in told if one.touchpoint]
    assert (surge.began, surge.start, surge.end) == (day(100), day(110), day(120))
    assert surge.count == 8 * 11
    assert surges(tones, opinions, day(121), day(149)) == ()


@pytest.mark.parametrize("length", [0, 1, 5, 28])
def test_a_short_history_tells_nothing(length: int) -> None:
    assert found(length, {"delivery": burst(length - 2, length, 50, low=0)}) == []


def test_a_month_is_enough_to_know_what_is_usual() -> None:
    (surge,) = found(40, {"delivery": burst(36, 39, 9)})
    assert surge.start == day(36)


def test_nothing_at_all_is_no_surge() -> None:
    assert surges({}, {}, day(0), day(100)) == ()
    silent = {day(number): Tones() for number in range(200)}
    assert surges(silent, {}, day(0), day(199)) == ()
    assert found(200, {"delivery": lambda _: 0}) == []


def test_what_was_never_heard_before_may_surge() -> None:
    (surge,) = found(200, {"payment": burst(150, 156, 4, low=0)})
    assert surge.usual.mean < 1


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=120),
    st.integers(0, 119),
    st.integers(0, 119),
)
def test_surges_lie_in_the_period_and_count_what_is_there(
    counts: list[int], one: int, other: int
) -> None:
    first, last = sorted((one % len(counts), other % len(counts)))
    tones, opinions = history(len(counts), {"staff": lambda number: counts[number]})
    for surge in surges(tones, opinions, day(first), day(last)):
        assert day(first) <= surge.start <= surge.peak <= surge.end <= day(last)
        assert surge.began <= surge.start
        assert surge.excess > 0
        assert surge.usual.spread > 0
        if surge.touchpoint == "staff" and surge.tone == Tone.NEGATIVE:
            span = range((surge.start - START).days, (surge.end - START).days + 1)
            assert surge.count == sum(counts[number] for number in span)


# Findings.


def test_surges_of_the_same_days_are_one_story() -> None:
    tones, opinions = history(
        200,
        {
            "delivery": burst(150, 170, 9),
            "packaging": burst(152, 168, 5),
            "price": burst(100, 106, 7),
            "staff": lambda _: 1,
        },
    )
    price_last = findings(tones, opinions, day(90), day(199), compared=False)
    assert [(one.touchpoint, one.tone) for one in price_last] == [
        ("delivery", Tone.NEGATIVE),
        ("price", Tone.NEGATIVE),
    ]
    assert [own.touchpoint for own in price_last[0].along] == ["packaging"]
    assert not price_last[0].is_good
    assert not price_last[0].lasts


def test_no_more_than_five_and_bad_news_first() -> None:
    names = [str(touchpoint) for touchpoint in Touchpoint][:8]
    bad = {name: burst(60 + 15 * place, 64 + 15 * place, 9) for place, name in enumerate(names)}
    tones, opinions = history(200, bad)
    good, praised = history(200, bad, Tone.POSITIVE)
    both = {
        own: {name: opinions[own][name] + praised[own][name] for name in names} for own in opinions
    }
    told = findings(
        {own: tones[own] + good[own] for own in tones}, both, day(50), day(199), compared=False
    )
    assert [one.tone for one in told] == [Tone.NEGATIVE] * 3 + [Tone.POSITIVE] * 2
    assert all(one.against for one in told)


def test_what_fell_against_the_period_before_is_good_news() -> None:
    tones, opinions = history(56, {"delivery": burst(0, 27, 6)})
    (one,) = findings(tones, opinions, day(28), day(55))
    assert (one.touchpoint, one.count, one.is_good) == ("delivery", 28, True)
    assert one.before == ((168, 28 * 19), (28, 28 * 14))
    assert words.title(one) == "Доставка и выдача: жалоб 7\u202f%, было 32\u202f%"
    told = words.details(one, year=2025)
    assert told == "28 из 392\u00a0упоминаний, было 168 из 532"
    assert findings(tones, opinions, day(28), day(55), compared=False) == ()


def test_a_change_is_not_told_twice() -> None:
    """A surge already says it."""
    tones, opinions = history(140, {"delivery": burst(112, 139, 8)})
    (one,) = findings(tones, opinions, day(112), day(139))
    assert one.usual is not None
    assert one.lasts


def test_known_from_holds_the_history_and_the_period_before() -> None:
    assert known_from(day(10), day(20)) == day(10) - HISTORY
    assert known_from(day(0), day(364)) == day(-365)


# Words.


def surge(**fields: object) -> Finding:
    standard: dict[str, object] = {
        "touchpoint": "delivery",
        "tone": Tone.NEGATIVE,
        "start": date(2026, 3, 3),
        "end": date(2026, 3, 9),
        "count": 43,
        "excess": 31.0,
        "usual": Expected(11.8, 5.2),
    }
    return Finding(**(standard | fields))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "Доставка и выдача: 43\u00a0жалобы вместо обычных 12±5"),
        (
            {"usual": Expected(0.8, 1.6), "count": 31},
            "Доставка и выдача: 31\u00a0жалоба вместо обычных 0–\u20603",
        ),
        (
            {"touchpoint": "loyalty_program", "tone": Tone.POSITIVE},
            "Бонусы и лояльность: 43\u00a0похвалы вместо обычных 12±5",
        ),
        (
            {"touchpoint": WHOLE},
            "Негатив в целом: 43\u00a0негативных упоминания вместо обычных 12±5",
        ),
    ],
)
def test_a_surge_is_told_beside_what_is_usual(fields: dict[str, object], told: str) -> None:
    assert words.title(surge(**fields)) == told


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "с 3 по 9 марта"),
        ({"lasts": True}, "с 3 марта до конца периода"),
        ({"lasts": True, "began": date(2026, 2, 20)}, "весь период, началось 20 февраля"),
        ({"began": date(2025, 12, 30)}, "с 3 по 9 марта, началось раньше: 30 декабря 2025"),
        ({"end": date(2026, 3, 3)}, "3 марта"),
        ({"start": date(2025, 12, 30)}, "с 30 декабря 2025 по 9 марта 2026"),
    ],
)
def test_when_it_was_is_told(fields: dict[str, object], told: str) -> None:
    assert words.details(surge(**fields), year=2026).replace("\u00a0", " ") == told


def test_details_name_what_belongs_to_it() -> None:
    along = Surge(
        "packaging", Tone.NEGATIVE, date(2026, 3, 3), date(2026, 3, 9), date(2026, 3, 3),
        date(2026, 3, 5), 19, Expected(5.0, 3.0), 4.0,
    )  # fmt: skip
    against = Surge(
        "delivery", Tone.POSITIVE, date(2026, 3, 3), date(2026, 3, 9), date(2026, 3, 3),
        date(2026, 3, 5), 9, Expected(2.0, 3.0), 3.0,
    )  # fmt: skip
    one = surge(along=(along,), against=against)
    told = words.details(one, year=2026, source=words.said_in("Карты", 30, one))
    assert told.replace("\u00a0", " ").replace("\u2060", "") == (
        "с 3 по 9 марта · вместе с этим упаковка и комплектность (19 вместо 5±3) · "
        "но и 9 похвал вместо 0–5 · больше всего — Карты: 30 из 43"
    )


def test_every_touchpoint_can_be_a_cause() -> None:
    assert set(words.CAUSES) == set(Touchpoint)


def test_a_source_stands_out_beyond_its_size() -> None:
    every = {1: Tones(30, 0, 30), 2: Tones(30, 0, 30)}
    assert standing_out({1: Tones(24), 2: Tones(4)}, every, Tone.NEGATIVE) == (1, 24)
    assert standing_out({1: Tones(15), 2: Tones(13)}, every, Tone.NEGATIVE) is None
    # It is that busy.
    big = {1: Tones(90), 2: Tones(10)}
    assert standing_out({1: Tones(24), 2: Tones(3)}, big, Tone.NEGATIVE) is None
    assert standing_out({}, every, Tone.NEGATIVE) is None
    assert standing_out({1: Tones(positive=3)}, every, Tone.NEGATIVE) is None
