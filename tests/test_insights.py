"""Shares, intervals, changes, buckets, and the words for them."""

from datetime import UTC, date, datetime, timedelta
from statistics import NormalDist

import pytest

from insights import changes, russian, stats, trends, words
from insights.anomalies import Expected
from insights.changes import Measure
from insights.findings import Finding
from insights.stats import Estimate
from insights.trends import Bucket
from insights.words import Mood
from nlp.labels import Intent, Tone
from storage.queries import Figures, Heard, Nps, OpinionCount, SourceRow, Tones


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


@pytest.mark.parametrize("length", [1, 5, 28, 42, 100])
def test_a_course_is_of_weeks_whatever_the_bucket(length: int) -> None:
    start = date(2024, 2, 27)
    end = start + timedelta(days=length - 1)
    by_day = {
        start + timedelta(days=number): Figures(
            2, 1, Tones(1), (0, 0, 0, 0, 1), {Intent.CHURN: 1}, Nps(1, 1, 0), Heard(1, number, 0)
        )
        for number in range(length)
    }
    course = trends.course(by_day, start, end)
    assert len(course) == len(trends.spans(start, end))
    assert course[-1].mentions == 2 * min(length, 7)
    for figures in course:
        n = figures.analysed
        assert (figures.mentions, figures.unread, figures.tones.negative) == (2 * n, n, n)
        assert figures.intents == {Intent.CHURN: n}
        assert (figures.ratings[4], figures.nps) == (n, Nps(n, n, 0))
        assert figures.heard.n == n
    last = course[-1].heard
    assert last.peak_end == pytest.approx(length - 1 - (last.n - 1) / 2)


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


def finding(**fields: object) -> Finding:
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


FALL = finding(count=8, excess=-58.0, usual=None, before=((66, 210), (8, 150)))
PRAISE = finding(touchpoint="loyalty_program", tone=Tone.POSITIVE)
FEWER = finding(
    touchpoint="staff", tone=Tone.POSITIVE, excess=-9.0, usual=None, before=((30, 100), (5, 100))
)


def told(
    now: Tones, before: Tones | None, *found: Finding, days: bool = True, unread: int = 0
) -> words.Headline:
    net = Measure(stats.net_sentiment(now), stats.net_sentiment(before) if before else None)
    negative = [stats.share(t.negative, t.n) if t else None for t in (now, before)]
    return words.headline(net, Measure(*negative), found, unread=unread, comparable=days)


def test_a_significant_fall_names_its_cause() -> None:
    headline = told(Tones(50, 20, 30), Tones(20, 30, 50), PRAISE, finding())
    assert headline.mood is Mood.WORSE
    assert headline.text == (
        "Негатив вырос на 30\u00a0п.п. — до 50\u202f% из-за доставки: "
        "43\u00a0жалобы вместо обычных 12±5."
    )


def test_a_significant_rise_names_what_became_rarer() -> None:
    headline = told(Tones(20, 30, 50), Tones(50, 20, 30), finding(), FALL)
    assert headline.mood is Mood.BETTER
    assert headline.text == (
        "Негатив снизился на 30\u00a0п.п. — до 20\u202f%, заметнее всего — «Доставка и выдача»: "
        "жалоб 5\u202f%, было 31\u202f%."
    )


def test_praise_may_be_the_cause() -> None:
    better = told(Tones(20, 5, 75), Tones(20, 40, 40), finding(), PRAISE)
    assert better.text == (
        "Индекс тональности вырос на 35\u00a0пунктов благодаря бонусам: "
        "43\u00a0похвалы вместо обычных 12±5."
    )
    worse = told(Tones(20, 40, 40), Tones(20, 5, 75), FEWER)
    assert worse.mood is Mood.WORSE
    assert worse.text.endswith("заметнее всего — «Персонал»: похвал 5\u202f%, было 30\u202f%.")


def test_without_a_change_the_greatest_finding_is_told() -> None:
    headline = told(Tones(22, 30, 48), Tones(20, 30, 50), finding())
    assert headline.mood is Mood.SAME
    assert headline.text.replace("\u00a0", " ") == (
        "Индекс тональности +26 — заметно не изменился (был +30). Главное — "
        "доставка и выдача: 43 жалобы вместо обычных 12±5, с 3 по 9 марта."
    )
    rare = finding(excess=-9.0, usual=None, before=((30, 300), (1, 300)))
    assert told(Tones(22, 30, 48), Tones(20, 30, 50), rare).text.endswith(
        "Главное — доставка и выдача: жалоб меньше 1\u202f%, было 10\u202f%."
    )
    alone = told(Tones(22, 30, 48), None, finding())
    assert alone.mood is Mood.WORSE
    assert told(Tones(22, 30, 48), None, PRAISE, days=False).mood is Mood.BETTER


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
    assert headline.text == "Индекс тональности +26 — заметно не изменился (был +30)."


@pytest.mark.parametrize(
    ("now", "before", "days", "words_in"),
    [
        (Tones(), None, True, "упоминаний нет"),
        (Tones(1, 1, 1), Tones(30, 30, 30), True, "Данных мало"),
        (Tones(9, 9, 9), None, False, "за всё время."),
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
    assert told(Tones(), None, unread=12).text == "12\u00a0упоминаний ещё не проанализировано."


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
    assert russian.span(date(2026, 3, 3), date(2026, 3, 9), year=2026) == (
        "с\u00a03 по\u00a09\u00a0марта"
    )
    assert russian.span(date(2025, 12, 3), date(2025, 12, 9), year=2026) == (
        "с\u00a03 по\u00a09\u00a0декабря\u00a02025"
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
