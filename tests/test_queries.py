"""Read side: every figure equals a plain recount, by roll-up and by row, on both databases."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from world import MODEL, MOSCOW, NOW, World, crawl, fill, found, judged, said, tell

from collectors.base import Mention
from collectors.outcomes import Status
from nlp.analysis import Analysis, Failure, Opinion, Result
from nlp.labels import Intent, Kind, Tone, Touchpoint
from storage import commands, labelling, mentions, queries
from storage.database import Database
from storage.filters import UNREAD, Facet, Filter, Key, Names, Problem, from_params, to_params
from storage.queries import FacetCount, Figures, OpinionCount, Tones

DAY = NOW.astimezone(MOSCOW).date()


@pytest.fixture
def world(db: Database) -> World:
    return fill(found(db), 300)


def filters(world: World) -> dict[str, Filter]:
    month = Filter(day_from=DAY - timedelta(days=30), day_to=DAY)
    return {
        "everything": Filter(voices_only=False),
        "voices": Filter(),
        "month": month,
        "brand": replace(month, brands=(world.brands["moroshka"],)),
        "source": Filter(sources=(world.sources["vk"], world.sources["maps"])),
        "tones": Filter(tones=(Tone.NEGATIVE, Tone.MIXED)),
        "unread": Filter(tones=(UNREAD,)),
        "kinds": Filter(kinds=(Kind.COMPLAINT, Kind.PROMO), voices_only=False),
        "promo by name": Filter(kinds=(Kind.PROMO,)),
        "rating": Filter(rating=(1, 2)),
        "touchpoint": Filter(touchpoints=(Touchpoint.DELIVERY, Touchpoint.PRICE)),
        "touchpoint tone": Filter(touchpoints=(Touchpoint.DELIVERY,), tones=(Tone.NEGATIVE,)),
        "touchpoint mixed": Filter(touchpoints=(Touchpoint.QUALITY,), tones=(Tone.MIXED,)),
        "touchpoint kind": Filter(touchpoints=(Touchpoint.STAFF,), kinds=(Kind.PRAISE,)),
        "intents": Filter(intents=(Intent.CHURN, Intent.EFFORT)),
        "places": Filter(facets=((Facet.PLACE, "Лесная, 8"), (Facet.PLACE, "Мира, 15"))),
        "product in a city": Filter(facets=((Facet.PRODUCT, "Сыр"), (Facet.CITY, "Тула"))),
        "touchpoint in a version": Filter(
            touchpoints=(Touchpoint.SITE_APP, Touchpoint.PAYMENT), facets=((Facet.VERSION, "5.2"),)
        ),
    }


def chosen(world: World, where: Filter) -> list[tuple[Mention, Result | None]]:
    """The filter by its definition, over what was written."""
    return [(m, r) for m, r in world.told if _fits(world, where, m, r)]


def _fits(world: World, where: Filter, mention: Mention, result: Result | None) -> bool:
    answer = result if isinstance(result, Analysis) else None
    day = mention.published_at.astimezone(MOSCOW).date()
    tone = answer.tone if answer else UNREAD
    kind = answer.kind if answer else None
    about = _about(where, mention, result)
    return all(
        (
            not where.brands or world.brands[mention.company or ""] in where.brands,
            where.day_from is None or day >= where.day_from,
            where.day_to is None or day <= where.day_to,
            not where.sources or world.sources[mention.source] in where.sources,
            not where.voices_only or where.kinds or kind not in (Kind.PROMO, Kind.OTHER),
            not where.kinds or kind in where.kinds,
            not where.rating
            or (mention.rating and where.rating[0] <= mention.rating <= where.rating[1]),
            not where.tones or where.touchpoints or tone in where.tones,
            not where.touchpoints or about,
            not where.intents or (answer and {*answer.intents} & {*where.intents}),
            all(
                getattr(mention, facet) in [value for own, value in where.facets if own == facet]
                for facet, _ in where.facets
            ),
        )
    )


def _about(where: Filter, mention: Mention, result: Result | None) -> list[Opinion]:
    if not isinstance(result, Analysis):
        return []
    return [
        o
        for o in result.opinions
        if (not where.touchpoints or o.touchpoint in where.touchpoints)
        and (
            not where.touchpoints
            or not where.tones
            or o.tone in where.tones
            or (Tone.MIXED in where.tones and result.tone is Tone.MIXED)
        )
    ]


def tones_of(names: list[Tone]) -> Tones:
    return Tones(**Counter(str(name) for name in names))


@pytest.mark.parametrize("by_row", [False, True], ids=["rollup", "rows"])
def test_figures_equal_a_recount(world: World, by_row: bool) -> None:
    for name, where in filters(world).items():
        try:
            compare(world, where, by_row)
        except AssertionError as error:
            error.add_note(f"filter: {name}")
            raise


def compare(world: World, where: Filter, by_row: bool) -> None:
    expected = chosen(world, where)
    if by_row:
        # All texts hold this word, so nothing changes but the way that is taken.
        where = replace(where, text="магазин", lemmas="магазин")
    with world.db.read() as session:
        found = queries.figures(session, where)
        by_day = queries.tones_by_day(session, where)
        by_source = queries.tones_by_source(session, where)
        volume = queries.mentions_by_source(session, where)
        opinions = queries.opinion_counts(session, where)
        assert queries.count(session, where) == len(expected)
        brands = queries.figures_by_brand(session, where)
        said_of = queries.opinion_counts_by_brand(session, where)
        days = queries.opinions_by_day(session, where)
        values = {facet: queries.breakdown(session, where, facet) for facet in Facet}

    answers = [(m, r) for m, r in expected if isinstance(r, Analysis)]
    about = [(m, o) for m, r in answers for o in _about(where, m, r)]
    judged_ones = about if where.touchpoints else answers
    assert found.mentions == len(expected)
    assert found.unread == len(expected) - len(answers) == found.mentions - found.analysed
    assert found.tones == tones_of([it.tone for _, it in judged_ones])
    assert found.ratings == tuple(sum(m.rating == s for m, _ in expected) for s in range(1, 6))
    assert found.intents == {i: sum(i in r.intents for _, r in answers) for i in Intent}
    assert found.nps.promoters == sum((m.nps or 0) >= 9 for m, _ in expected)
    assert found.nps.detractors == sum(m.nps is not None and m.nps <= 6 for m, _ in expected)
    assert sum(by_day.values(), Tones()) == found.tones == sum(by_source.values(), Tones())
    assert list(by_day) == sorted(by_day)
    day = Counter(m.published_at.astimezone(MOSCOW).date() for m, _ in judged_ones)
    assert {d: tones.n for d, tones in by_day.items()} == dict(day)
    assert volume == dict(Counter(world.sources[m.source] for m, _ in expected))
    everything = Counter((o.touchpoint, o.tone) for _, o in about)
    for count in opinions:
        for tone in (Tone.NEGATIVE, Tone.NEUTRAL, Tone.POSITIVE):
            told = everything[Touchpoint(count.touchpoint), tone]
            assert getattr(count.tones, tone) == told
    assert sum(count.tones.n for count in opinions) == len(about)
    _compare_parts(brands, said_of, opinions, days, found, values, judged_ones)


def _compare_parts(
    brands: dict[int, Figures],
    said_of: dict[int, tuple[OpinionCount, ...]],
    opinions: tuple[OpinionCount, ...],
    days: dict[date, dict[str, Tones]],
    whole: Figures,
    values: dict[Facet, tuple[FacetCount, ...]],
    judged_ones: list[tuple[Mention, Analysis | Opinion]],
) -> None:
    """What is told by brand, by day, by place … makes up the whole."""
    assert sum(own.mentions for own in brands.values()) == whole.mentions
    assert sum((own.tones for own in brands.values()), Tones()) == whole.tones
    assert sum(own.heard.n for own in brands.values()) == whole.heard.n
    for count in opinions:
        parts = [c for own in said_of.values() for c in own if c.touchpoint == count.touchpoint]
        assert sum((part.tones for part in parts), Tones()) == count.tones
        assert sum(part.churn for part in parts) == count.churn <= count.tones.negative
        assert sum(part.pain for part in parts) == pytest.approx(count.pain)
        by_day = [own[count.touchpoint] for own in days.values() if count.touchpoint in own]
        assert sum(by_day, Tones()) == count.tones
    for facet, counts in values.items():
        told = Counter(value for m, _ in judged_ones if (value := getattr(m, facet)))
        assert {count.value: count.tones.n for count in counts} == told


def test_a_negative_mention_gives_each_of_its_touchpoints_an_equal_part(db: Database) -> None:
    world = found(db)
    late = Opinion(Touchpoint.DELIVERY, Tone.NEGATIVE, 0.9, 0, 3)
    rude = Opinion(Touchpoint.STAFF, Tone.NEGATIVE, 0.9, 4, 6)
    tasty = Opinion(Touchpoint.QUALITY, Tone.POSITIVE, 0.9, 7, 9)
    leaves = (Intent.CHURN,)
    tell(world, said("один"), judged(Tone.NEGATIVE, Kind.COMPLAINT, late, intents=leaves))
    tell(world, said("два"), judged(Tone.NEGATIVE, Kind.COMPLAINT, late, late, rude, tasty))
    tell(world, said("три"), judged(Tone.MIXED, Kind.REVIEW, late, tasty))
    tell(world, said("четыре"), judged(Tone.POSITIVE, Kind.PRAISE, rude, tasty))
    with db.read() as session:
        counts = {count.touchpoint: count for count in queries.opinion_counts(session, Filter())}
    delivery, staff, quality = (counts[name] for name in ("delivery", "staff", "quality"))
    assert (delivery.pain, staff.pain, quality.joy) == (2.5, 0.5, 2.0)
    assert (delivery.churn, staff.churn, delivery.joy) == (1, 0, 0)


def test_an_author_is_followed_by_what_is_stored_of_them(db: Database) -> None:
    world = found(db)
    tell(world, said("один", author="автор1"), judged())
    tell(world, said("два", author="автор2"), judged())
    with db.read() as session:
        rows = queries.mentions(session, Filter(author="автор2"), limit=9)
    assert [row.text for row in rows] == ["два"]


def test_pages_are_newest_first_whole_and_without_repeats(world: World) -> None:
    where = Filter(touchpoints=(Touchpoint.DELIVERY, Touchpoint.PRICE))
    expected = sorted((m.published_at for m, _ in chosen(world, where)), reverse=True)
    with world.db.read() as session:
        pages = [queries.mentions(session, where, limit=7, offset=at) for at in range(0, 350, 7)]
        streamed = list(queries.export(session, where))
    rows = [row for page in pages for row in page]
    assert [row.published_at for row in rows] == expected
    assert len({row.id for row in rows}) == len(rows)
    assert [row.id for row in streamed] == [row.id for row in rows]


def test_a_row_tells_all_that_is_known(db: Database) -> None:
    world = found(db)
    text = "Курьер опоздал, но хлеб вкусный."
    opinions = (
        Opinion(Touchpoint.DELIVERY, Tone.NEGATIVE, 0.9, 0, 14),
        Opinion(Touchpoint.QUALITY, Tone.POSITIVE, 0.8, 16, 31),
    )
    answer = judged(Tone.MIXED, Kind.REVIEW, *opinions, intents=(Intent.RETURN,))
    url = "https://example.org/1"
    tell(world, said(text, author="Ира", rating=3.0, url=url), answer, "moroshka", "ambar")
    with db.read() as session:
        (row,) = queries.mentions(session, Filter(), limit=10)
        ours = Filter(brands=(world.brands["ambar"],))
        (other,) = queries.mentions(session, ours, limit=10)
        assert queries.count(session, Filter()) == 1
    assert (row.text, row.author, row.rating, row.url) == (text, "Ира", 3.0, url)
    assert (row.source, row.source_title) == ("maps", "Карты")
    assert (row.tone, row.kind, row.intents) == (Tone.MIXED, Kind.REVIEW, (Intent.RETURN,))
    assert [text[o.start : o.end] for o in row.opinions] == ["Курьер опоздал", "но хлеб вкусный"]
    assert [brand.code for brand in row.brands] == ["moroshka", "ambar"]
    assert [brand.code for brand in other.brands] == ["ambar", "moroshka"]
    assert row.confidence == pytest.approx(0.45)
    assert not row.corrected
    assert row.error is None


def test_a_tone_towards_a_brand_is_told_beside_that_of_the_text(db: Database) -> None:
    world = found(db)
    tell(world, said(), judged(), "moroshka", "ambar", towards={"ambar": Tone.POSITIVE})
    with db.read() as session:
        (row,) = queries.mentions(session, Filter(), limit=10)
        (other,) = queries.mentions(session, Filter(brands=(world.brands["ambar"],)), limit=10)
        counted = queries.figures(session, Filter())
    assert [(brand.code, brand.tone) for brand in row.brands] == [
        ("moroshka", Tone.NEGATIVE),
        ("ambar", Tone.POSITIVE),
    ]
    assert (row.tone, row.text_tone, row.confidence) == (Tone.NEGATIVE, Tone.NEGATIVE, 0.8)
    assert (other.tone, other.text_tone, other.confidence) == (Tone.POSITIVE, Tone.NEGATIVE, None)
    assert (counted.tones.negative, counted.tones.positive) == (1, 1)


def test_correction_and_failure_are_told(db: Database) -> None:
    world = found(db)
    tell(world, said("Один"), judged())
    tell(world, said("Два"), Failure("нет слов"))
    with db.read() as session:
        rows = {row.text: row for row in queries.mentions(session, Filter(), limit=10)}
        assert queries.failed(session) == 1
        before = queries.version(session)
    assert (rows["Два"].tone, rows["Два"].error) == (None, "нет слов")
    with db.write() as session:
        commands.correct(session, rows["Один"].id, tone=Tone.POSITIVE, now=NOW)
    with db.read() as session:
        rows = {row.text: row for row in queries.mentions(session, Filter(), limit=10)}
        after = queries.version(session)
    assert (rows["Один"].tone, rows["Один"].corrected) == (Tone.POSITIVE, True)
    assert rows["Один"].confidence is None
    with db.write() as session:
        commands.undo_correction(session, rows["Один"].id, now=NOW)
    with db.read() as session:
        rows = {row.text: row for row in queries.mentions(session, Filter(), limit=10)}
        assert len({before, after, queries.version(session)}) == 3
    assert (rows["Один"].tone, rows["Один"].corrected) == (Tone.NEGATIVE, False)


def test_what_an_earlier_model_said_outlasts_a_failure_of_the_present_one(db: Database) -> None:
    tell(found(db), said(), judged())
    with db.write() as session:
        failed = [(p, Failure("слишком длинно")) for p in mentions.pending(session, "v2", limit=9)]
        mentions.save_analyses(session, failed, model_version="v2", now=NOW)
        labelling.use_model(session, "v2")
        (row,) = queries.mentions(session, Filter(), limit=10)
    assert (row.tone, row.error, row.confidence) == (Tone.NEGATIVE, None, 0.8)


def test_search_reads_no_syntax_in_words(db: Database) -> None:
    hostile = ['кур"ьер', "курьер AND", "курьер OR хлеб NEAR", "* ^ (", "lemmas:курьер", "-курьер"]
    with db.read() as session:
        for lemmas in hostile:
            assert queries.count(session, Filter(text=lemmas, lemmas=lemmas)) == 0


def test_search_wants_all_words(db: Database) -> None:
    world = found(db)
    tell(world, said("курьер опоздал"), judged())
    tell(world, said("курьер приехал"), judged())
    with db.read() as session:
        for lemmas, n in {"курьер": 2, "опоздал курьер": 1, "курьер хлеб": 0, "": 0}.items():
            assert queries.count(session, Filter(text="x", lemmas=lemmas)) == n


def test_catalog_and_status(world: World) -> None:
    crawl(world, "vk", Status.NEEDS_HUMAN, "robots.txt запрещает")
    with world.db.read() as session:
        catalog = queries.catalog(session)
        status = queries.status(session, MODEL)
    days = [m.published_at.astimezone(MOSCOW).date() for m, _ in world.told]
    assert (catalog.first_day, catalog.last_day) == (min(days), max(days))
    assert [b.code for b in catalog.brands] == ["moroshka", "ambar"]
    assert sum(b.mentions for b in catalog.brands) == 300
    vk = next(source for source in catalog.sources if source.name == "vk")
    assert vk.crawl is not None
    assert (vk.label, vk.parked, vk.crawl.status) == ("ВКонтакте", True, "needs_human")
    assert vk.crawl.cap_hit == "500 последних"
    results = [result for _, result in world.told]
    assert status["mentions"] == 300
    assert status["failed"] == sum(isinstance(r, Failure) for r in results)
    assert status["pending"] == sum(r is None for r in results)
    assert status["analysed"] == sum(isinstance(r, Analysis) for r in results)
    assert {s["name"]: s["mentions"] for s in status["sources"]} == dict(
        Counter(m.source for m, _ in world.told)
    )


def test_a_page_takes_a_fixed_number_of_queries(world: World) -> None:
    counts = []
    for limit in (2, 50):
        statements: list[str] = []

        def listen(*args: object, kept: list[str] = statements) -> None:
            kept.append(str(args[2]))

        with world.db.read() as session:
            engine = session.get_bind()
            sa.event.listen(engine, "before_cursor_execute", listen)
            queries.mentions(session, Filter(), limit=limit)
            sa.event.remove(engine, "before_cursor_execute", listen)
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 8


MOMENT = datetime(2026, 2, 28, 21, 5, tzinfo=UTC)
NAMES_OF = Names({"moroshka": 1, "": 2}, {"ВК, группа": 7})


@pytest.mark.parametrize(
    "where",
    [
        Filter(),
        Filter(brands=(1, 2), day_from=date(2026, 1, 2), day_to=date(2026, 2, 3), sources=(7,)),
        Filter(day_from=date(2026, 1, 2), tones=("negative", UNREAD), kinds=("praise",)),
        Filter(touchpoints=("delivery",), rating=(2, 4), text="a&b=ё", voices_only=False),
        Filter(intents=("churn", "effort"), author="a1b2", theme="delivery-1"),
        Filter(facets=((Facet.PLACE, "Мира, 1"), (Facet.PLACE, "-"), (Facet.VERSION, "5.2"))),
        Filter(statuses=("new", "ignored"), assignees=("", "Анна П."), before=MOMENT),
    ],
)
def test_a_link_brings_the_same_filter(where: Filter) -> None:
    params = to_params(where, NAMES_OF)
    assert params
    assert from_params(params, NAMES_OF, DAY) == (where, ())


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("brand", "нет"), ("source", "x"), ("topic", "love"), ("tone", "happy"), ("kind", "x"),
        ("rating", "0-9"), ("rating", "4-2"), ("rating", "x"), ("from", "вчера"),
        ("from", "0001-01-01"), ("to", "2026-13-01"), ("to", "9999-12-31"), ("period", "28"),
        ("period", "0d"), ("period", "99999d"),
        ("all", "yes"), ("foo", "1"), ("status", "done"), ("before", "2026-02-28"),
        ("before", "0001-01-01T00:00Z"),
    ],
)  # fmt: skip
def test_nonsense_in_a_link_is_left_out_and_told(key: str, value: str) -> None:
    params = {key: [value], "q": ["хлеб"]}
    assert from_params(params, NAMES_OF, DAY) == (Filter(text="хлеб"), (Problem(key, value),))


@pytest.mark.parametrize("key", ["place", "author", "theme", "q", "assignee"])
def test_what_no_database_takes_is_taken_from_no_link(db: Database, key: str) -> None:
    where, problems = from_params({key: ["a\x00\u2028'\ud800"]}, NAMES_OF, DAY)
    assert problems == ()
    with db.read() as session:
        assert queries.count(session, replace(where, lemmas=where.text)) == 0
        assert queries.figures(session, replace(where, lemmas=where.text)).mentions == 0


def test_a_period_may_move_with_today() -> None:
    where = Filter(day_from=DAY - timedelta(days=27), day_to=DAY, text="хлеб")
    params = to_params(where, NAMES_OF, moving_with=DAY)
    assert params == {"period": ["28d"], "q": ["хлеб"]}
    later = DAY + timedelta(days=10)
    moved = replace(where, day_from=later - timedelta(days=27), day_to=later)
    assert from_params(params, NAMES_OF, later) == (moved, ())
    past = replace(where, day_from=DAY - timedelta(days=30), day_to=DAY - timedelta(days=3))
    assert to_params(past, NAMES_OF, moving_with=DAY) == to_params(past, NAMES_OF)
    both = {"period": ["28d"], "from": ["2026-01-01"]}
    assert from_params(both, NAMES_OF, DAY)[0] == Filter(day_from=date(2026, 1, 1))


def test_a_period_that_ends_before_it_begins_is_told() -> None:
    where, problems = from_params({"from": ["2026-02-02"], "to": ["2026-01-01"]}, NAMES_OF, DAY)
    assert where == Filter()
    assert [problem.key for problem in problems] == [Key.FROM, Key.TO]


def test_the_previous_period_is_as_long_and_ends_the_day_before() -> None:
    where = Filter(day_from=date(2026, 3, 1), day_to=date(2026, 3, 7))
    before = where.previous()
    assert before is not None
    assert (before.day_from, before.day_to) == (date(2026, 2, 22), date(2026, 2, 28))
    assert Filter(day_to=date(2026, 3, 7)).previous() is None
