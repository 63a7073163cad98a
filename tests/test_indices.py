"""The list of indices: one of each, counted as its definition says, with an interval."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights import indices, stats
from insights.indices import INDICES, Index, Scale
from nlp.labels import Intent
from storage.filters import Filter
from storage.queries import Figures, Heard, Nps, Tones

WORKED = Figures(
    mentions=44,
    unread=4,
    tones=Tones(20, 4, 10, 6),
    ratings=(1, 0, 1, 1, 1),
    intents={
        Intent.CHURN: 8, Intent.RETURN: 4, Intent.RECOMMEND: 10, Intent.WARN: 2, Intent.EFFORT: 6,
    },
    nps=Nps(5, 3, 2),
    heard=Heard(40, 0.25, 0.125),
)  # fmt: skip


def test_each_index_is_counted_as_defined() -> None:
    expected = {
        "net": (-0.25, 40),
        "negative": (0.5, 40),
        "csat": (0.5, 4),
        "nps": (0.3, 10),
        "nps_signal": (0.2, 40),
        "effort": (0.15, 40),
        "churn": (0.2, 40),
        "retention": (0.1, 40),
        "peak_end": (0.25, 40),
        "plain_mean": (0.125, 40),
    }
    told = {index.code: index.of(WORKED) for index in INDICES}
    assert {code: (round(e.value, 9), e.n) for code, e in told.items() if e} == expected


def test_what_nothing_tells_of_has_no_index() -> None:
    assert [index.of(Figures()) for index in INDICES] == [None] * len(INDICES)
    unread = Figures(mentions=9, unread=9)
    assert [index.of(unread) for index in INDICES] == [None] * len(INDICES)
    no_survey = Figures(mentions=9, tones=Tones(9), intents={Intent.RECOMMEND: 9})
    assert indices.NPS.of(no_survey) is None


counts = st.integers(0, 300)


@st.composite
def figures(draw: st.DrawFn) -> Figures:
    tones = Tones(*(draw(counts) for _ in range(4)))
    share = st.integers(0, tones.n)
    means = st.floats(-1, 1)
    return Figures(
        mentions=tones.n,
        tones=tones,
        ratings=tuple(draw(counts) for _ in range(5)),
        intents={intent: draw(share) for intent in Intent},
        nps=Nps(draw(counts), draw(counts), draw(counts)),
        heard=Heard(draw(share), draw(means), draw(means)),
    )


@given(figures(), st.sampled_from(INDICES))
def test_every_index_lies_in_its_interval_and_on_its_scale(found: Figures, index: Index) -> None:
    shown, strict = index.of(found), index.of(found, stats.quantile(50))
    if shown is None or strict is None:
        assert shown is strict is None
        return
    lowest = 0 if index.scale is Scale.SHARE else -1
    assert lowest <= shown.low <= shown.value <= shown.high <= 1
    assert strict.low <= shown.low + 1e-12
    assert shown.high <= strict.high + 1e-12
    assert shown.high > shown.low


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=60))
def test_a_bounded_mean_is_at_least_as_uncertain_as_its_values_make_it(
    values: list[float],
) -> None:
    n = len(values)
    mean = sum(values) / n
    deviation = (sum((value - mean) ** 2 for value in values) / n / n) ** 0.5
    found = stats.bounded_mean(mean, n)
    assert found is not None
    # The score interval is centred nearer to the middle; its half is what is compared.
    assert (found.high - found.low) / 2 * (1 + stats.Z95**2 / n) >= stats.Z95 * deviation - 1e-9


def test_the_mean_of_several_is_surer_than_each() -> None:
    parts = [stats.share(30, 100), stats.share(60, 100)]
    mean = stats.mean_of([part for part in parts if part])
    assert mean is not None
    assert (round(mean.value, 9), mean.n) == (0.45, 200)
    assert all(mean.high - mean.low < part.high - part.low for part in parts if part)
    assert stats.mean_of([]) is None


def test_more_comparisons_ask_for_more() -> None:
    assert stats.quantile(1) == pytest.approx(stats.Z95, abs=1e-5)
    assert stats.quantile(0) == stats.quantile(1)
    assert stats.quantile(50) == pytest.approx(3.2905, abs=1e-3)  # two-sided 0.001


def test_values_are_shown_on_their_scale() -> None:
    assert indices.NET.told(-0.125) == "−12"
    assert indices.CSAT.told(0.415) == "42\u202f%"
    assert indices.NET.told_change(8) == "+8"
    assert indices.CSAT.told_change(-8) == "−8\u00a0п.п."
    net = indices.NET.of(Figures(mentions=9, tones=Tones(2, 3, 4)))
    assert net is not None
    assert indices.NET.interval(net).count("…") == 1


def test_an_index_of_tones_counts_opinions_where_touchpoints_are_chosen() -> None:
    about = Filter(touchpoints=("delivery",))
    assert indices.NET.counts(about) != indices.NET.counts(Filter())
    assert indices.CHURN.counts(about) == indices.CHURN.counts(Filter())


def test_codes_and_names_are_unique_and_none_calls_texts_nps() -> None:
    assert len({index.code for index in INDICES}) == len({index.name for index in INDICES})
    assert len({index.code for index in INDICES}) == len(INDICES)
    assert [index.name for index in INDICES if index.name == "NPS"] == ["NPS"]
    assert all(index.definition.endswith(".") for index in INDICES)
