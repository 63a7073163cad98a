"""Repeats and reposts are grouped whatever the order they come in, kept, and counted once."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import naive
import pytest
import sqlalchemy as sa
import streamlit as st_app
from conftest import Clock, make_mention
from histories import run
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from shop import Shop, make_analysis, rematch_all
from streamlit.testing.v1 import AppTest
from world import MOSCOW, NOW, World, found, judged, said, tell

from collectors.base import Deleted, Mention
from collectors.outcomes import Counts
from nlp.analysis import Opinion
from nlp.labels import Kind, Tone, Touchpoint
from storage import crawls, erasing, likeness, mentions, queries, rollups
from storage import settings as facts
from storage import tables as t
from storage.crawls import SourceDeclaration
from storage.database import Database
from storage.filters import Filter
from storage.languages import language_of
from storage.likeness import LONG, alike, bands, words_of
from views.cards import brief, card, repeats_label

ROOT = Path(__file__).parent.parent
TALE = (
    "Заказывали доставку продуктов на дачу, курьер опоздал на два часа и даже не позвонил, "
    "половина пакетов порвана, молоко вытекло на хлеб, деньги возвращать отказались, "
    "поддержка третий день молчит, больше сюда ни ногой и вам не советую"
)


LATE = Opinion(Touchpoint.DELIVERY, Tone.NEGATIVE, 0.9, 0, 3)


def edited(text: str, n: int) -> str:
    """The text with ``n`` other words, far apart."""
    words = text.split()
    for place in range(n):
        words[4 + place * len(words) // max(n, 1)] = f"иначе{place}"
    return " ".join(words)


@pytest.mark.parametrize(
    "other",
    [
        TALE.upper().replace(",", " —"),
        f"{TALE}!!! 😡😡",
        f"{TALE} https://example.ru/otzyv?id=7",
        f"{TALE}. С уважением, Ирина, Тверь",
        f"Отзыв о доставке\n{TALE}",
        edited(TALE, 1),
        edited(TALE, 2),
    ],
)
def test_the_same_but_for_little_is_found(shop: Shop, other: str) -> None:
    shop.put(make_mention(text=TALE), make_mention(text=other))
    first, second = shop.rows()
    assert first.group_id == second.group_id == first.id
    assert [row.is_repeat for row in shop.rows(t.mention_brand)] == [False, True]


def test_another_text_about_the_same_is_no_repeat(shop: Shop) -> None:
    other = (
        "Заказывали доставку продуктов домой, курьер приехал раньше и заранее позвонил, все пакеты "
        "целы, молоко холодное, хлеб мягкий, деньги за замену вернули сразу, поддержка вежливая"
    )
    shop.put(make_mention(text=TALE), make_mention(text=other), make_mention(text=edited(TALE, 6)))
    assert [row.group_id for row in shop.rows()] == [None, None, None]


def test_short_texts_are_joined_within_one_author_only(shop: Shop) -> None:
    def short(**who: Any) -> Mention:
        return make_mention(**{"text": "Всё отлично!", "author_id": "7", **who})

    shop.put(short(author_id=None), short(author_id=None))
    # A name is not a person: shops tell first names only.
    shop.put(*(short(author_id=None, author="Анна") for _ in range(2)))
    shop.put(short(author_id="8"), short(rating=1.0), short(nps=9))
    shop.put(short(product="Чай"), short(product="Кофе"), short(place="Тверская, 1"))
    shop.put(short(text="Спасибо"), short())
    assert {row.group_id for row in shop.rows()} == {None}
    shop.put(short(author="Анна"), short(text="ВСЁ ОТЛИЧНО 👍"))
    assert [row.group_id for row in shop.rows()[-3:]] == [12, 12, 12]
    with shop.db.write() as session:
        shop.source = crawls.ensure_source(session, SourceDeclaration("other", "file"), "import")
    shop.put(short())
    assert shop.rows()[-1].group_id is None


def test_the_same_words_under_another_mark_are_another_opinion(shop: Shop) -> None:
    """Sites and surveys fill in sentences of their own: what differs is the mark."""
    marks = [(None, None), (5.0, None), (1.0, None), (5.0, 10), (None, 0)]
    for text in (TALE, edited(TALE, 1)):
        shop.put(*(make_mention(text=text, rating=rating, nps=nps) for rating, nps in marks))
    shop.put(make_mention(text=TALE, rating=10.0, rating_scale=10))
    assert [row.group_id for row in shop.rows()] == [1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 2]
    assert sum(row.n for row in shop.rows(t.mention_daily)) == len(marks)


def test_an_edited_mark_or_product_moves_a_mention_to_another_group(shop: Shop) -> None:
    shop.put(*(make_mention(external_id=key, text=TALE, rating=5.0) for key in "ab"))
    shop.put(make_mention(external_id="b", text=TALE, rating=4.0))
    assert [row.group_id for row in shop.rows()] == [None, None]
    shop.put(make_mention(external_id="a", text=TALE, rating=4.0))
    assert [row.group_id for row in shop.rows()] == [1, 1]
    short = {"text": "Спасибо", "author_id": "7"}
    shop.put(*(make_mention(external_id=key, product="чай", **short) for key in "cd"))
    shop.put(make_mention(external_id="d", product="кофе", **short))
    assert [row.group_id for row in shop.rows()] == [1, 1, None, None]


def test_the_original_stands_for_its_reposts_even_where_it_comes_late(shop: Shop) -> None:
    late = datetime(2026, 2, 25, tzinfo=UTC)
    shop.put(*(make_mention(repost_of="o", text=f"репост {n}") for n in range(3)))
    assert [row.group_id for row in shop.rows()] == [1, 1, 1]
    shop.put(make_mention(external_id="o", text="исходный", published_at=late))
    assert [row.group_id for row in shop.rows()] == [4, 4, 4, 4]
    assert [row.is_repeat for row in shop.rows(t.mention_brand)] == [True, True, True, False]
    assert [row.n for row in shop.rows(t.mention_daily)] == [1]
    shop.put(Deleted("o"))
    assert [row.group_id for row in shop.rows()] == [1, 1, 1, None]
    assert sum(row.n for row in shop.rows(t.mention_daily)) == 1


def test_ids_of_reposts_mean_the_same_within_one_sort_of_sources(shop: Shop) -> None:
    shop.put(make_mention(external_id="o", text="исходный"))
    for name, sort in (("again", "feed"), ("elsewhere", "file")):
        with shop.db.write() as session:
            shop.source = crawls.ensure_source(session, SourceDeclaration(name, sort), "import")
        shop.put(make_mention(repost_of="o", text=f"репост в {name}"))
    assert [row.group_id for row in shop.rows()] == [1, 1, None]


def test_every_brand_counts_a_group_once(shop: Shop) -> None:
    moroshka, ambar = shop.brands["moroshka"], shop.brands["ambar"]
    for brands in ([moroshka], [moroshka, ambar], [ambar]):
        shop.matched = brands
        shop.put(make_mention(text=TALE))
    repeats = {(r.mention_id, r.brand_id): r.is_repeat for r in shop.rows(t.mention_brand)}
    assert repeats == {
        (1, moroshka): False,
        (2, moroshka): True,
        (2, ambar): False,
        (3, ambar): True,
    }
    shop.matched = [ambar]
    with shop.db.write() as session:
        rematch_all(session, lambda _: [ambar])
    assert [row.is_repeat for row in shop.rows(t.mention_brand)] == [False, True, True]
    assert [row.n for row in shop.rows(t.mention_daily)] == [1]


def test_what_is_erased_leaves_no_band_behind(shop: Shop) -> None:
    shop.put(*(make_mention(text=text) for text in (TALE, TALE, own_story(1))))
    for number in (1, 3):
        with shop.db.write() as session:
            erasing.erase(session, [number])
    assert {row.text_key for row in shop.rows(t.text_band)} == {shop.rows()[0].text_key}


def test_from_ten_words_on_a_text_is_joined_whoever_wrote_it(shop: Shop) -> None:
    for n in (9, 10):
        text = " ".join(TALE.split()[:n])
        shop.put(make_mention(text=text), make_mention(text=text))
    assert [row.group_id for row in shop.rows()] == [None, None, 3, 3]


def test_labels_of_a_repeat_stay_out_of_the_sums(shop: Shop) -> None:
    shop.put(make_mention(text=TALE), make_mention(text=TALE), make_mention(text="Иное."))
    shop.analyse(make_analysis(opinions=[(Touchpoint.DELIVERY, Tone.NEGATIVE)]))
    assert [row.n for row in shop.rows(t.mention_daily)] == [2]
    assert [row.n for row in shop.rows(t.opinion_daily)] == [2]
    assert len(shop.rows(t.opinion)) == 3


def test_an_old_database_is_grouped_when_it_is_opened(shop: Shop) -> None:
    shop.put(make_mention(text=TALE), make_mention(text=edited(TALE, 1)), make_mention(text="The"))
    before = (shop.rows(), shop.rows(t.mention_brand), shop.rows(t.text_band))
    with shop.db.write() as session:  # as v0005 leaves it
        session.execute(sa.update(t.mention).values(group_id=None, text_key=None, language=""))
        session.execute(sa.update(t.mention_brand).values(is_repeat=False, language=""))
        session.execute(sa.delete(t.text_band))
        mentions.regroup(session)
    assert (shop.rows(), shop.rows(t.mention_brand), shop.rows(t.text_band)) == before


# Nodes of the naive model: a few texts that are the same, alike in a chain, short, or their own.
CHAIN = [TALE, edited(TALE, 1), f"{edited(TALE, 1)} и точка, всё, надоело", edited(TALE, 3)]
IDS = st.sampled_from(["a", "b", "c", "d", "e", "f"])
ITEMS = st.builds(
    make_mention,
    external_id=IDS,
    text=st.sampled_from([*CHAIN, *CHAIN, "Всё отлично", "Иной отзыв"]),
    author_id=st.sampled_from([None, "7", "8"]),
    product=st.sampled_from([None, None, "чай"]),
    repost_of=st.sampled_from([None, None, None, "a", "b", "x"]),
    published_at=st.integers(0, 5).map(
        lambda hours: datetime(2026, 2, 20, tzinfo=UTC) + timedelta(hours=hours)
    ),
    rating=st.sampled_from([None, 5.0, 5.0, 1.0]),
    nps=st.sampled_from([None, None, None, 0, 10]),
) | st.builds(Deleted, IDS)


class Groups(RuleBasedStateMachine):
    """Mentions of two sources come, change and go in any order."""

    make_db: Callable[[], Database]

    def __init__(self) -> None:
        super().__init__()
        self.shop = Shop(self.make_db(), Clock())
        with self.shop.db.write() as session:
            other = crawls.ensure_source(session, SourceDeclaration("other", "feed"), "import")
            third = crawls.ensure_source(session, SourceDeclaration("third", "file"), "import")
        self.sources = [self.shop.source, other, third]
        brand = st.sampled_from(sorted(self.shop.brands.values()))
        self.brand_sets = st.lists(brand, unique=True, max_size=2)

    def teardown(self) -> None:
        self.shop.db.dispose()

    @rule(items=st.lists(ITEMS, max_size=4), place=st.integers(0, 2), data=st.data())
    def page(self, items: list[Mention | Deleted], place: int, data: Any) -> None:
        self.shop.source = self.sources[place]
        self.shop.matched = data.draw(self.brand_sets)
        self.shop.put(*items)

    @rule(mention_ids=st.lists(st.integers(1, 9), unique=True, max_size=3))
    def erase(self, mention_ids: list[int]) -> None:
        with self.shop.db.write() as session:
            erasing.erase(session, mention_ids)

    @rule(data=st.data())
    def rematch(self, data: Any) -> None:
        with self.shop.db.write() as session:
            rematch_all(session, lambda _: data.draw(self.brand_sets))

    @invariant()
    def groups_are_those_of_the_definition(self) -> None:
        assert {row.id: row.group_id for row in self.shop.rows()} == naive.groups(self.shop)
        wanted = naive.repeats(self.shop)
        assert {
            (row.mention_id, row.brand_id): row.is_repeat for row in self.shop.rows(t.mention_brand)
        } == wanted
        assert sum(row.n for row in self.shop.rows(t.mention_daily)) == sum(
            not repeat for repeat in wanted.values()
        )

    @invariant()
    def built_anew_all_is_the_same(self) -> None:
        # text_band is left out: former texts of edited mentions stay in it.
        tables = (t.mention, t.mention_brand, t.mention_daily)
        before = [self.shop.rows(table) for table in tables]
        with self.shop.db.write() as session:
            rollups.recount(session)
        assert self.shop.rows(t.mention_daily) == before[2]
        with self.shop.db.write() as session:
            mentions.regroup(session)
        assert [self.shop.rows(table) for table in tables] == before


def test_any_history_gives_the_groups_of_the_definition(emptied: Callable[[], Database]) -> None:
    run(Groups, emptied, examples=24, steps=12)


def test_a_chain_of_the_model_is_what_it_says() -> None:
    """The state machine has something to find: neighbours are alike, the ends are not."""
    words = [words_of(text) for text in CHAIN]
    assert [alike(*pair) for pair in combinations(words, 2)].count(True) not in (0, 6)


WORDS = st.lists(st.sampled_from(list("абвгдежзиклмн")), max_size=40).map(tuple)


@given(told=st.lists(st.tuples(WORDS, st.integers(0, 91)), max_size=6))
def test_bands_are_a_text_s_own_under_its_mark(told: list[tuple[likeness.Words, int]]) -> None:
    texts, marks = [text for text, _ in told], [mark for _, mark in told]
    assert bands(texts, marks) == [bands([text], [mark])[0] for text, mark in told]
    assert [bool(own) for own in bands(texts, marks)] == [len(text) >= LONG for text in texts]
    others = bands(texts, [mark + 1 for mark in marks])
    assert not any(
        set(one) & set(other) for one, other in zip(others, bands(texts, marks), strict=True)
    )


def own_story(number: int) -> str:
    return " ".join(f"{word}{number}" for word in TALE.split())


def test_a_page_without_repeats_costs_few_statements(shop: Shop) -> None:
    statements: list[str] = []
    with shop.db.read() as session:
        engine = session.get_bind()

    def listen(*args: Any) -> None:
        statements.append(str(args[2]))

    sa.event.listen(engine, "before_cursor_execute", listen)
    try:
        counts = []
        for n in (2, 300):
            statements.clear()
            fresh = [make_mention(text=own_story(number)) for number in range(n * 1000, n * 1001)]
            assert shop.put(*fresh) == Counts(new=n)
            counts.append(len(statements))
    finally:
        sa.event.remove(engine, "before_cursor_execute", listen)
    assert {row.group_id for row in shop.rows()} == {None}
    assert counts[0] == counts[1] <= 16


def test_a_template_is_not_compared_with_all_that_filled_it_in(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[Any] = []

    def counted(one: likeness.Words, other: likeness.Words) -> bool:
        compared.append(one)
        return alike(one, other)

    monkeypatch.setattr(likeness, "alike", counted)
    for start in range(0, 200, 50):
        shop.put(*(make_mention(text=f"{TALE} {number}") for number in range(start, start + 50)))
    groups = [row.group_id for row in shop.rows()]
    assert groups.count(groups[0]) > 190
    # A page joins within itself, and meets one text of the group that is stored.
    assert len(compared) < 2 * len(groups)
    compared.clear()
    shop.put(make_mention(external_id="first", text=f"{TALE} {201}"))
    shop.put(make_mention(external_id="first", text="Всё уладили."))
    assert len(compared) < 2 * len(groups)
    assert shop.rows()[-1].group_id is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Всё отлично", "ru"), ("Nokia отстой, купил iPhone", "ru"), ("Дуже смачна їжа", "uk"),
        ("Усё вельмі добра, дзякуй, цікава і смачна ў вас", "be"), ("Өте жақсы дүкен", "kk"),
        ("The food was great and the staff is friendly", "en"), ("ok", ""), ("👍", ""), ("", ""),
        ("10/10", ""), ("Sehr gute Bedienung und schnelle Lieferung", ""),
        ("Магазин «Сільпо» понравился, приду ещё раз обязательно, хорошие цены", "ru"),
    ],
)  # fmt: skip
def test_language(text: str, code: str) -> None:
    assert language_of(text) == code


@pytest.fixture
def world(db: Database) -> World:
    world = found(db)
    late = judged(Tone.NEGATIVE, Kind.COMPLAINT, LATE)
    tell(world, said(TALE, external_id="1", published_at=NOW - timedelta(days=2)), late)
    for number in range(3):
        tell(world, said(TALE, external_id=f"r{number}", source="vk", repost_of="0"), late)
    tell(world, said("The food was great and the staff is kind", external_id="2"), judged())
    return world


def test_lists_leave_repeats_out_unless_asked_and_figures_always(world: World) -> None:
    with world.db.read() as session:
        assert (queries.count(session, Filter()), queries.count(session, Filter(repeats=True))) == (
            2,
            5,
        )
        rows = queries.mentions(session, Filter(), limit=9)
        all_rows = queries.mentions(session, Filter(repeats=True), limit=9)
        for where in (Filter(), Filter(repeats=True), Filter(languages=("ru", "en"))):
            assert queries.figures(session, where).mentions == 2
            assert [one.tones.negative for one in queries.opinion_counts(session, where)] == [1]
        counted = next(row for row in rows if row.repeats)
        others = queries.repeats(session, counted.id, limit=10)
    assert [(row.repeats, row.reposts, row.is_repeat) for row in rows] == [
        (0, 0, False),
        (3, 3, False),
    ]
    assert sum(row.is_repeat for row in all_rows) == len(others) == 3
    assert repeats_label(counted) == "и ещё 3\xa0репоста"
    assert "и ещё 3\xa0репоста" in brief(counted, MOSCOW)
    assert "повтор" not in card(counted, MOSCOW)
    assert "повтор" in card(others[0], MOSCOW)


def test_what_counts_for_one_of_its_brands_is_no_repeat(db: Database) -> None:
    world = found(db)
    brands = [("moroshka",), ("moroshka", "ambar")]
    for number, codes in enumerate(brands):
        tell(world, said(TALE, external_id=f"b{number}"), judged(), *codes)
    moroshka, ambar = (world.brands[code] for code in ("moroshka", "ambar"))
    told = {}
    with world.db.read() as session:
        for asked in ((), (moroshka,), (ambar,)):
            where = Filter(brands=asked, repeats=True)
            rows = queries.mentions(session, where, limit=9)
            told[asked] = {row.external_id: row.is_repeat for row in rows}
            assert queries.count(session, Filter(brands=asked)) == list(told[asked].values()).count(
                False
            )
    assert told == {
        (): {"b0": False, "b1": False},
        (moroshka,): {"b0": False, "b1": True},
        (ambar,): {"b1": False},
    }


def test_languages_are_a_filter(world: World) -> None:
    with world.db.read() as session:
        where = Filter(languages=("en",))
        assert queries.count(session, where) == queries.figures(session, where).mentions == 1
        (row,) = queries.mentions(session, where, limit=9)
    assert row.language == "en"


def test_figures_are_of_customers_unless_asked_otherwise(world: World) -> None:
    advert = said("Скидки на всё до пятницы", external_id="ad")
    tell(world, advert, judged(Tone.NEUTRAL, Kind.PROMO))
    with world.db.read() as session:
        assert queries.figures(session, Filter()).mentions == 2
        assert queries.figures(session, Filter(voices_only=False)).mentions == 3


def test_the_app_shows_repeats_on_demand(
    empty_sqlite: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(f"database:\n  url: {empty_sqlite}\n", encoding="utf-8")
    monkeypatch.setenv("OTKLIK_CONFIG", str(config))
    st_app.cache_data.clear()
    st_app.cache_resource.clear()
    world = found(Database(empty_sqlite))
    tell(world, said(TALE, external_id="1", published_at=NOW - timedelta(days=2)), judged())
    for number in range(2):
        tell(world, said(TALE, external_id=f"r{number}", source="vk", repost_of="0"), judged())
    with world.db.write() as session:
        facts.put(session, "today", NOW.date().isoformat())
    world.db.dispose()
    app = AppTest.from_file(ROOT / "app.py", default_timeout=60)
    app.run().switch_page("views/mentions.py").run()
    assert app.title[0].value.replace("\xa0", " ") == "1 упоминание"
    told = next(toggle for toggle in app.toggle if "репоста" in toggle.label)
    assert told.label == "и ещё 2\xa0репоста"
    shown_before = sum("курьер" in str(html.proto.body) for html in app.html)
    told.set_value(True).run()
    assert sum("курьер" in str(html.proto.body) for html in app.html) == shown_before + 2
    next(toggle for toggle in app.toggle if toggle.label == "Показывать повторы").set_value(True)
    app.run()
    assert not app.exception
    assert app.title[0].value.replace("\xa0", " ") == "3 упоминания"
    assert app.query_params["repeats"] in ("1", ["1"])
    assert any("повтор, в цифрах не учтён" in str(html.proto.body) for html in app.html)
