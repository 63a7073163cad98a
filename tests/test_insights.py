"""Shares, intervals, changes, buckets, and the words for them."""

from datetime import UTC, date, datetime, timedelta
from statistics import NormalDist

import pytest

from insights import changes, russian, stats, trends, words
from insights.changes import KeyFigures, Measure, Move
from insights.stats import Change, Estimate
from insights.trends import Bucket
from insights.words import Mood
from nlp.labels import Intent, Tone
from storage.queries import Figures, OpinionCount, SourceRow, Tones


def test_wilson_interval_as_published() -> None:
    # Newcombe (1998), Stat. Med. 17: 857–872, table I: 81 of 263 and 15 of 148.
    for k, n, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605)):
        share = stats.share(k, n)
        assert share is not None
        assert (share.low, share.high) == pytest.approx((low, high), abs=5e-4)


def test_difference_interval_as_published() -> None:
    # Newcombe (1998), Stat. Med. 17: 873–890, table II, method 10: 56/70 − 48/80.
    change = stats.change(stats.share(56, 70), stats.share(48, 80))
    assert change is not None
    assert change.value == pytest.approx(0.2)
    assert (change.low, change.high) == pytest.approx((0.0524, 0.3339), abs=5e-4)
    assert change.significant


def test_quantiles_are_what_they_claim() -> None:
    assert pytest.approx(NormalDist().inv_cdf(0.975), abs=1e-5) == stats.Z95
    assert pytest.approx(NormalDist().inv_cdf(1 - 0.003 / 2), abs=1e-5) == stats.Z_MANY


@pytest.mark.parametrize(
    "tones",
    [Tones(1), Tones(positive=1), Tones(0, 5, 0, 3), Tones(3, 2, 9, 1), Tones(0, 0, 5000)],
)
def test_net_sentiment_lies_in_its_interval(tones: Tones) -> None:
    net = stats.net_sentiment(tones)
    assert net is not None
    assert -1 <= net.low <= net.value <= net.high <= 1
    assert net.value == pytest.approx((tones.positive - tones.negative) / tones.n)
    assert net.high - net.low > 0


def test_nothing_counted_is_no_figure() -> None:
    assert stats.share(0, 0) is None
    assert stats.net_sentiment(Tones()) is None
    assert stats.csat((0, 0, 0, 0, 0)) is None
    assert stats.mean_rating((0, 0, 0, 0, 0)) is None
    assert stats.nps(0, 0, 0) is None
    assert stats.change(None, stats.share(1, 2)) is None


def test_indices() -> None:
    csat, nps = stats.csat((1, 0, 1, 1, 1)), stats.nps(5, 3, 2)
    assert csat is not None
    assert nps is not None
    assert (csat.value, csat.n, nps.value, nps.n) == (0.5, 4, pytest.approx(0.3), 10)
    assert stats.mean_rating((1, 0, 0, 0, 1)) == 3


@pytest.mark.parametrize(
    ("days", "bucket"),
    [(1, Bucket.DAY), (42, Bucket.DAY), (43, Bucket.WEEK), (731, Bucket.WEEK), (732, Bucket.MONTH)],
)
def test_buckets_suit_the_span(days: int, bucket: Bucket) -> None:
    assert trends.bucket_for(days) is bucket


@pytest.mark.parametrize("length", [1, 30, 100, 400, 1500])
def test_a_trend_covers_every_day_once_and_keeps_gaps(length: int) -> None:
    start = date(2024, 2, 27)
    end = date.fromordinal(start.toordinal() + length - 1)
    by_day = {start: Tones(1), end: Tones(positive=2), date(2000, 1, 1): Tones(99)}
    points = trends.trend(by_day, start, end)
    days = [
        number
        for point in points
        for number in range(point.start.toordinal(), point.end.toordinal() + 1)
    ]
    assert days == list(range(start.toordinal(), end.toordinal() + 1))
    total = sum((point.tones for point in points), Tones())
    assert total == (Tones(positive=2) if start == end else Tones(1, 0, 2))
    assert all(point.net is None for point in points if point.tones.n == 0)


def test_key_figures_stand_beside_those_before() -> None:
    now = Figures(40, 4, Tones(20, 4, 10, 2), (1, 0, 0, 0, 3), {Intent.CHURN: 9})
    figures = changes.key_figures(now, Figures(30, 0, Tones(3, 7, 20)))
    assert (figures.mentions, figures.mentions_before, figures.unread) == (40, 30, 4)
    assert figures.net.now is not None
    assert figures.net.now.value == pytest.approx(-10 / 36)
    assert figures.churn.now == stats.share(9, 36)
    assert figures.negative.change is not None
    assert figures.negative.change.significant
    alone = changes.key_figures(now, None)
    assert alone.mentions_before is None
    assert alone.net.change is None


def test_moves_are_beyond_chance_and_largest_first() -> None:
    now = [
        OpinionCount("delivery", Tones(60)),
        OpinionCount("staff", Tones(11)),
        OpinionCount("price", Tones(30)),
    ]
    before = [OpinionCount("delivery", Tones(12)), OpinionCount("staff", Tones(9))]
    found = changes.moves((now, 200), (before, 200), Tone.NEGATIVE)
    assert [move.touchpoint for move in found] == ["delivery", "price"]
    assert (found[0].now, found[0].before) == (60, 12)
    assert changes.moves((now, 10), (before, 200), Tone.NEGATIVE) == ()


def test_silent_sources_stay_in_the_table() -> None:
    rows = [SourceRow(n, f"s{n}", "", "feed", 0, False, None, None) for n in (1, 2)]
    lines = changes.source_table(rows, {2: 7}, {2: Tones(3, 0, 4)})
    assert [(line.source.name, line.mentions) for line in lines] == [("s2", 7), ("s1", 0)]
    assert lines[1].net is None


def told(now: Tones, before: Tones | None, *pains: Move, days: bool = True) -> words.Headline:
    earlier = Figures(before.n, 0, before) if before else None
    figures = changes.key_figures(Figures(now.n, 0, now), earlier)
    return words.headline(figures, pains, (), comparable=days)


def test_a_significant_fall_names_its_cause() -> None:
    delivery = Move("delivery", 43, 12, Change(0.15, 0.1, 0.2))
    headline = told(Tones(50, 20, 30), Tones(20, 30, 50), delivery)
    assert headline.mood is Mood.WORSE
    assert headline.text == (
        "Негатив вырос на 30\u00a0п.п. — до 50\u202f%, заметнее всего — «Доставка и выдача». "
        "Сейчас индекс −20, был +30."
    )
    assert headline.reasons == ("Доставка и выдача: 43\u00a0негативных мнения, было 12",)


def test_shown_figures_add_up() -> None:
    # −11,9 and +7,5 are 19,4 apart, but shown as −12 and +8.
    for now, before in ((-0.119, 0.075), (-0.124, 0.066), (-0.115, 0.074), (0.0, 0.006)):
        measure = Measure(Estimate(now, -1, 1, 9), Estimate(before, -1, 1, 9))
        shown = [int(russian.index(value).replace("−", "-")) for value in (now, before)]
        assert measure.points == shown[0] - shown[1]


def test_a_headline_adds_up() -> None:
    # Negative 25,5 % -> 45,4 %: 19,9 points, told between the shown 26 % and 45 %.
    headline = told(Tones(454, 300, 246), Tones(255, 300, 445))
    assert "на 19\u00a0п.п. — до 45\u202f%" in headline.text


def test_a_change_too_small_to_be_shown_is_no_news() -> None:
    many = 10**6
    headline = told(Tones(many, 0, many + 8_000), Tones(many, 0, many))
    assert headline.mood is Mood.SAME


def test_chance_is_not_told_as_news() -> None:
    headline = told(Tones(22, 30, 48), Tones(20, 30, 50))
    assert headline.mood is Mood.SAME
    assert "без заметных изменений" in headline.text


def test_a_rise_without_less_negative_speaks_of_the_index() -> None:
    headline = told(Tones(20, 5, 75), Tones(20, 40, 40))
    assert headline.mood is Mood.BETTER
    assert headline.text.startswith("Индекс тональности вырос на 35\u00a0пунктов.")


@pytest.mark.parametrize(
    ("now", "before", "days", "words_in"),
    [
        (Tones(), None, True, "упоминаний нет"),
        (Tones(1, 1, 1), Tones(30, 30, 30), True, "Данных мало"),
        (Tones(9, 9, 9), None, False, "выберите период"),
        (Tones(9, 9, 9), Tones(), True, "упоминаний нет"),
    ],
)
def test_what_cannot_be_told_is_said(
    now: Tones, before: Tones | None, days: bool, words_in: str
) -> None:
    headline = told(now, before, days=days)
    assert headline.mood is Mood.UNKNOWN
    assert words_in in headline.text


def test_unread_only_is_said() -> None:
    nothing = Measure(None, None)
    figures = KeyFigures(12, None, 12, nothing, nothing, nothing, nothing, nothing)
    headline = words.headline(figures, (), (), comparable=True)
    assert headline.text == "12\u00a0упоминаний ещё не проанализировано."


def test_a_measure_without_past_has_no_change() -> None:
    assert Measure(Estimate(0.5, 0.4, 0.6, 10), None).change is None


@pytest.mark.parametrize(
    ("n", "form"),
    [(0, "й"), (1, "е"), (2, "я"), (5, "й"), (11, "й"), (12, "й"), (21, "е"), (22, "я"),
     (101, "е"), (111, "й"), (114, "й"), (1004, "я")],
)  # fmt: skip
def test_plurals(n: int, form: str) -> None:
    assert russian.plural(n, russian.MENTION) == f"упоминани{form}"


def test_numbers_and_dates() -> None:
    assert russian.number(1234567) == "1\u202f234\u202f567"
    assert russian.number(-3.75, 1) == "−3,8"
    assert russian.number(8, sign=True) == "+8"
    assert russian.number(-0.4, sign=True) == "0"
    assert russian.percent(0.415) == "42\u202f%"
    assert russian.points(-8) == "−8\u00a0п.п."
    assert russian.points(8, sign=False) == "8\u00a0п.п."
    assert russian.index(-0.125) == "−12"
    assert russian.day(date(2026, 3, 12)) == "12\u00a0марта\u00a02026"
    assert russian.days(date(2026, 3, 1), date(2026, 3, 7)) == "1–7\u00a0марта\u00a02026"
    assert russian.days(date(2026, 3, 7), date(2026, 3, 7)) == "7\u00a0марта\u00a02026"
    assert russian.days(date(2025, 12, 30), date(2026, 1, 2)) == (
        "30\u00a0декабря\u00a02025 – 2\u00a0января\u00a02026"
    )
    today = date(2026, 5, 1)
    assert russian.short_days(date(2026, 2, 28), date(2026, 3, 6), today) == (
        "28\u00a0фев – 6\u00a0мар"
    )
    assert "2025" in russian.short_days(date(2025, 2, 28), date(2026, 3, 6), today)
    assert russian.moment(datetime(2026, 3, 12, 9, 5)) == "12\u00a0марта\u00a02026, 09:05"  # noqa: DTZ001


def test_moments_near_and_lengths_of_time_are_told_as_people_do() -> None:
    now = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert russian.near(now, now) == "сегодня в\u00a023:30"
    assert russian.near(now + timedelta(hours=1), now) == "завтра в\u00a000:30"
    assert russian.near(now - timedelta(days=1), now) == "вчера в\u00a023:30"
    assert russian.near(now - timedelta(days=9), now) == "22\u00a0декабря в\u00a023:30"
    assert russian.near(now + timedelta(days=9), now) == "9\u00a0января\u00a02027 в\u00a023:30"
    lengths = {-5: "0 с", 59: "59 с", 60: "1 мин", 7265: "2 ч 1 мин", 86400 * 3 + 3600: "3 дн. 1 ч"}
    for seconds, told in lengths.items():
        assert russian.lasting(timedelta(seconds=seconds)).replace("\u00a0", " ") == told
