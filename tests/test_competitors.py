"""Our brand beside competitors: who is compared, shares, verdicts, words, and their queries."""

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from world import MOSCOW, NOW, OURS, World, fill, found, judged, said, tell

from insights import competitor_words, competitors
from insights.changes import FEW
from insights.competitors import Line, Parties, Verdict
from insights.words import Mood
from nlp.analysis import Analysis
from nlp.labels import Kind, Tone, Touchpoint
from storage import commands, queries
from storage.crawls import BrandDeclaration
from storage.database import Database
from storage.filters import Filter
from storage.queries import BrandRow, Duel, Figures, OpinionCount, Preferred, Tones

WE = BrandRow(1, "we", "Морошка", False, 10)
A = BrandRow(2, "a", "Амбар", True, 10)
B = BrandRow(3, "b", "Купец", True, 10)
BOTH = Parties(WE, (A, B))
DAY = NOW.astimezone(MOSCOW).date()

counts = st.integers(0, 400)
tones = st.builds(Tones, counts, counts, counts, counts)


def about(**by_touchpoint: Tones) -> tuple[OpinionCount, ...]:
    return tuple(OpinionCount(name, own) for name, own in by_touchpoint.items())


def one_line(*own: Tones, who: Parties = BOTH) -> Line:
    opinions = {brand: about(delivery=own) for brand, own in zip(who.ids, own, strict=False)}
    (line,) = competitors.touchpoint_lines(opinions, who)
    return line


# Who


def test_our_brand_is_the_first_own_one_of_the_filter() -> None:
    other = BrandRow(9, "other", "Другой", False, 5)
    silent = BrandRow(8, "silent", "Молчун", False, 0)
    brands = (silent, WE, A, other)
    assert competitors.parties(brands, Filter()) == Parties(WE, (A,))
    assert competitors.parties(brands, Filter(brands=(A.id, other.id, WE.id))) == Parties(
        other, (A,)
    )
    assert competitors.parties(brands, Filter(brands=(A.id,))) == Parties(WE, (A,))
    assert competitors.parties((silent, A), Filter()) == Parties(silent, (A,))


def test_nobody_is_compared_without_both_sides() -> None:
    unnamed = BrandRow(7, "", "", False, 99)
    assert competitors.parties((WE, unnamed), Filter()) is None
    assert competitors.parties((unnamed, A), Filter()) is None
    assert competitors.parties((), Filter()) is None


# Share of voice


@given(st.dictionaries(st.integers(1, 6), st.integers(0, 10**6)))
def test_shares_of_voice_add_up(mentions: dict[int, int]) -> None:
    shares = competitors.share_of_voice(mentions)
    if sum(mentions.values()) == 0:
        assert shares == {}
        return
    assert sum(own.value for own in shares.values()) == pytest.approx(1)
    assert all(own.n == sum(mentions.values()) for own in shares.values())


@given(
    st.dictionaries(st.integers(0, 400), st.dictionaries(st.sampled_from((1, 2, 3)), counts)),
    st.integers(1, 300),
)
def test_voice_over_time_counts_every_day_of_the_period_once(
    by_offset: dict[int, dict[int, int]], length: int
) -> None:
    start = date(2025, 2, 20)
    end = start + timedelta(days=length - 1)
    by_day = {start + timedelta(days=offset - 50): own for offset, own in by_offset.items()}
    points = competitors.voice_over_time(by_day, (1, 2, 3), start, end)
    assert (points[0].start, points[-1].end) == (start, end)
    days = [(point.end - point.start).days + 1 for point in points]
    assert sum(days) == length
    for brand in (1, 2, 3):
        expected = sum(own.get(brand, 0) for day, own in by_day.items() if start <= day <= end)
        assert sum(point.mentions[brand] for point in points) == expected
    for point in points:
        if sum(point.mentions.values()):
            assert sum(own.value for own in point.shares.values()) == pytest.approx(1)


def test_few_mentions_are_told_in_longer_buckets() -> None:
    end = DAY
    start = end - timedelta(days=27)
    quiet = {start + timedelta(days=n): {1: 1} for n in range(28)}
    busy = {day: {1: FEW} for day in quiet}
    assert len(competitors.voice_over_time(busy, (1,), start, end)) == 28
    assert len(competitors.voice_over_time(quiet, (1,), start, end)) <= 5


# Verdicts


@given(tones, tones)
def test_a_comparison_seen_from_the_other_side_is_its_mirror(ours: Tones, theirs: Tones) -> None:
    if not ours.n or not theirs.n:
        return
    mirrored = Parties(replace(A, competitor=False), (replace(WE, competitor=True),))
    here = one_line(ours, theirs, who=Parties(WE, (A,))).against_mean
    there = one_line(theirs, ours, who=mirrored).against_mean
    opposite = {Verdict.AHEAD: Verdict.BEHIND, Verdict.BEHIND: Verdict.AHEAD}
    assert there.verdict is opposite.get(here.verdict, here.verdict)
    assert here.difference
    assert there.difference
    assert here.difference.value == pytest.approx(-there.difference.value)
    assert here.difference.low == pytest.approx(-there.difference.high)


@given(tones, tones, tones)
def test_no_winner_is_named_where_intervals_overlap_or_data_are_few(
    ours: Tones, first: Tones, second: Tones
) -> None:
    given_ = {1: ours, 2: first, 3: second}
    opinions = {brand: about(delivery=own) for brand, own in given_.items() if own.n}
    lines = competitors.touchpoint_lines(opinions, BOTH)
    for contrast in (c for line in lines for c in (line.against_mean, *line.against.values())):
        if contrast.verdict not in (Verdict.AHEAD, Verdict.BEHIND):
            continue
        assert contrast.ours
        assert contrast.theirs
        assert min(contrast.ours.n, contrast.theirs.n) >= 10
        if contrast.verdict is Verdict.AHEAD:
            assert contrast.ours.low > contrast.theirs.high
        else:
            assert contrast.ours.high < contrast.theirs.low


def test_chance_alone_names_a_winner_on_about_one_page_of_twenty() -> None:
    random = Random(7)
    named = 0
    for _ in range(300):
        opinions = {
            brand: tuple(
                OpinionCount(str(point), Tones(negative, 60 - negative - positive, positive))
                for point in Touchpoint
                for negative, positive in [_two_of(random, 60)]
            )
            for brand in BOTH.ids
        }
        lines = competitors.touchpoint_lines(opinions, BOTH)
        named += any(line.verdict in (Verdict.AHEAD, Verdict.BEHIND) for line in lines)
    assert named / 300 <= 0.05 + 2 * (0.05 * 0.95 / 300) ** 0.5


def _two_of(random: Random, n: int) -> tuple[int, int]:
    drawn = Counter(random.choice((-1, 0, 1)) for _ in range(n))
    return drawn[-1], drawn[1]


def test_a_true_difference_is_found() -> None:
    line = one_line(Tones(90, 5, 5), Tones(20, 10, 70), Tones(60, 20, 20))
    assert line.verdict is Verdict.BEHIND
    told = line.standing(Verdict.BEHIND)
    assert told
    assert told.brands == (A.id,)  # from whom we differ most
    assert one_line(Tones(2, 3, 95), Tones(20, 10, 70), Tones(60, 20, 20)).verdict is Verdict.AHEAD


def test_better_than_one_and_worse_than_another_is_both() -> None:
    line = one_line(Tones(50, 0, 50), Tones(95, 0, 5), Tones(5, 0, 95))
    assert line.standing(Verdict.AHEAD) == line.against[A.id]
    assert line.standing(Verdict.BEHIND) == line.against[B.id]
    assert line.against_mean.verdict is Verdict.EVEN


def test_the_mean_weighs_competitors_alike_and_leaves_out_those_of_few() -> None:
    line = one_line(Tones(0, 50, 0), Tones(900, 0, 100), Tones(0, 0, 20))
    assert line.against_mean.theirs
    assert line.against_mean.theirs.value == pytest.approx((-0.8 + 1.0) / 2)
    small = one_line(Tones(0, 50, 0), Tones(900, 0, 100), Tones(0, 0, 9))
    assert small.against_mean.brands == (A.id,)
    assert small.against[B.id].verdict is Verdict.UNKNOWN
    assert small.by_brand[B.id].n == 9


def test_less_is_better_where_the_index_says_so() -> None:
    figures = {
        WE.id: Figures(mentions=400, tones=Tones(40, 320, 40)),
        A.id: Figures(mentions=400, tones=Tones(200, 0, 200)),
    }
    table = {index.code: line for index, line in competitors.index_lines(figures, BOTH.only(A.id))}
    assert table["net"].verdict is Verdict.EVEN
    assert table["negative"].verdict is Verdict.AHEAD
    assert "csat" not in table


def test_touchpoints_are_read_from_where_we_lose_to_where_we_win() -> None:
    opinions = {
        WE.id: about(
            price=Tones(90, 0, 10), staff=Tones(5, 0, 95), quality=Tones(50, 0, 50), speed=Tones(1)
        ),
        A.id: about(
            price=Tones(10, 0, 90), staff=Tones(95, 0, 5), quality=Tones(50, 0, 50), speed=Tones(1)
        ),
    }
    lines = competitors.touchpoint_lines(opinions, BOTH)
    assert [line.key for line in lines] == ["price", "quality", "staff", "speed"]
    assert [line.verdict for line in lines] == [
        Verdict.BEHIND, Verdict.EVEN, Verdict.AHEAD, Verdict.UNKNOWN,
    ]  # fmt: skip


def test_a_source_of_ours_without_counterpart_is_lonely() -> None:
    by_source = {1: {1: 5, 2: 5}, 2: {1: 5}, 3: {1: 5}, 4: {1: 5}, 5: {2: 9}, 6: {2: 3}}
    types = {1: "page", 2: "page", 3: "file", 4: "imap", 5: "file", 6: "telegram"}
    assert competitors.lonely_sources(by_source, types, BOTH) == (3, 4)


# Words


def standing(ours: Tones, *theirs: Tones, lines: tuple[Line, ...] = ()) -> str:
    told = _standing(ours, *theirs, lines=lines)
    return told.text.replace("\u202f", " ")


def _standing(
    ours: Tones, *theirs: Tones, lines: tuple[Line, ...] = ()
) -> competitor_words.Standing:
    who = BOTH if len(theirs) > 1 else BOTH.only(A.id)
    every = dict(zip(who.ids, (ours, *theirs), strict=True))
    figures = {brand: Figures(mentions=own.n, tones=own) for brand, own in every.items()}
    voice = competitors.share_of_voice({brand: own.n for brand, own in every.items()})
    table = competitors.index_lines(figures, who)
    net = next((line for index, line in table if index.code == "net"), None)
    return competitor_words.standing(who, voice, net, lines)


def test_where_we_stand_is_told_in_words() -> None:
    assert standing(Tones(90, 0, 10), Tones(10, 0, 90)) == (
        "Морошка: 50 % упоминаний всех сравниваемых брендов, индекс тональности −80 против +80 "
        "у «Амбар»: хуже."
    )
    told = standing(Tones(50, 0, 50), Tones(95, 0, 5), Tones(5, 0, 95))
    assert told.endswith("хуже, чем у «Купец» (+90); лучше, чем у «Амбар» (−90).")
    assert standing(Tones(50, 0, 50), Tones(48, 0, 52)).endswith("различия не видно.")
    assert standing(Tones(9), Tones(5, 0, 95)).endswith("данных мало для выводов.")
    assert "слишком мало" in standing(Tones(50, 0, 50), Tones(3))
    assert "упоминаний нет" in standing(Tones(), Tones(30))
    assert _standing(Tones(90, 0, 10), Tones(10, 0, 90)).mood is Mood.WORSE
    assert _standing(Tones(50, 0, 50), Tones(95, 0, 5), Tones(5, 0, 95)).mood is Mood.SAME


def test_touchpoints_that_stand_out_are_named_with_their_counts() -> None:
    line = one_line(Tones(90, 5, 5), Tones(20, 10, 70), Tones(60, 20, 20))
    told = _standing(Tones(50, 0, 50), Tones(50, 0, 50), Tones(50, 0, 50), lines=(line,))
    assert told.reasons == (
        "Проигрываем: Доставка и выдача −85 против +50 у «Амбар» (100 и 100\u00a0мнений)",
    )
    even = one_line(Tones(50, 0, 50), Tones(50, 0, 50), Tones(50, 0, 50))
    assert (
        "различий за пределами погрешности не видно"
        in _standing(Tones(50, 0, 50), Tones(50, 0, 50), lines=(even,)).reasons[0]
    )


# Queries


@pytest.fixture
def world(db: Database) -> World:
    return found(db, OURS, *(BrandDeclaration(code, code, competitor=True) for code in "ab"))


def test_days_and_sources_by_brand_equal_a_recount(db: Database) -> None:
    world = fill(found(db), 300)
    where = Filter(day_from=DAY - timedelta(days=60), day_to=DAY)
    days: Counter[tuple[date, int]] = Counter()
    sources: Counter[tuple[int, int]] = Counter()
    for mention, result in world.told:
        day = mention.published_at.astimezone(MOSCOW).date()
        kind = result.kind if isinstance(result, Analysis) else None
        if day < DAY - timedelta(days=60) or kind in (Kind.PROMO, Kind.OTHER):
            continue
        brand = world.brands[mention.company or ""]
        days[day, brand] += 1
        sources[world.sources[mention.source], brand] += 1
    with db.read() as session:
        by_day = queries.mentions_by_day_and_brand(session, where)
        by_source = queries.mentions_by_source_and_brand(session, where)
        by_row = queries.mentions_by_day_and_brand(
            session, replace(where, text="магазин", lemmas="магазин")
        )
    assert {(day, brand): n for day, own in by_day.items() for brand, n in own.items()} == days
    assert {(s, b): n for s, own in by_source.items() for b, n in own.items()} == sources
    assert by_row == by_day


def duel(
    world: World, name: str, ours: Tone, theirs: Tone, rival: str = "a", **more: object
) -> None:
    towards = {"moroshka": ours, rival: theirs}
    kind = more.pop("kind", Kind.REVIEW)
    assert isinstance(kind, Kind)
    tell(world, said(name, **more), judged(Tone.MIXED, kind), "moroshka", rival, towards=towards)


def test_duels_count_who_comes_off_better(world: World) -> None:
    duel(world, "мы лучше", Tone.POSITIVE, Tone.NEGATIVE)
    duel(world, "чуть лучше", Tone.NEUTRAL, Tone.NEGATIVE)
    duel(world, "они лучше", Tone.NEGATIVE, Tone.NEUTRAL)
    duel(world, "оба хороши", Tone.POSITIVE, Tone.POSITIVE)
    duel(world, "другой", Tone.NEGATIVE, Tone.POSITIVE, rival="b")
    duel(world, "реклама", Tone.POSITIVE, Tone.NEGATIVE, kind=Kind.PROMO)
    duel(world, "давно", Tone.POSITIVE, Tone.NEGATIVE, published_at=NOW - timedelta(days=90))
    tell(world, said("только мы"), judged(Tone.POSITIVE))
    tell(world, said("только они"), judged(Tone.POSITIVE), "a")
    tell(world, said("не прочитано"), None, "moroshka", "a")
    ours, a, b = (world.brands[code] for code in ("moroshka", "a", "b"))
    where = Filter(brands=(ours, a, b), day_from=DAY - timedelta(days=27), day_to=DAY)
    with world.db.read() as session:
        named = queries.duels(session, where, ours, (a, b))
        assert named == (Duel(a, 2, 1, 1), Duel(b, 0, 0, 1))
        assert queries.duels(session, Filter(), ours, (b,)) == (Duel(b, 0, 0, 1),)
        assert queries.duels(session, Filter(), ours, (a,)) == (Duel(a, 3, 1, 1),)
        rows = queries.duel_mentions(session, where, ours, a, Preferred.OURS, limit=9)
        assert [row.text for row in rows] == ["чуть лучше", "мы лучше"]
        assert [row.tone for row in rows] == [Tone.NEUTRAL, Tone.POSITIVE]
        (latest,) = queries.duel_mentions(session, where, ours, a, Preferred.OURS, limit=1)
        assert latest == rows[0]


def test_a_tone_set_by_a_human_holds_for_both_sides(world: World) -> None:
    duel(world, "мы лучше", Tone.POSITIVE, Tone.NEGATIVE)
    ours, a = world.brands["moroshka"], world.brands["a"]
    with world.db.read() as session:
        (row,) = queries.mentions(session, Filter(), limit=1)
    with world.db.write() as session:
        commands.correct(session, row.id, tone=Tone.NEGATIVE, now=NOW)
    with world.db.read() as session:
        assert queries.duels(session, Filter(), ours, (a,)) == (Duel(a, 0, 1, 0),)
