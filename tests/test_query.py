"""The language of brand queries: trees, matching, errors, searches; saved queries and history."""

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice, product, zip_longest
from pathlib import Path

import pytest
from conftest import make_mention
from hypothesis import given, settings
from hypothesis import strategies as st
from test_pipeline import Opener, brands_of_texts, crawl

from otklik import matching
from otklik.brand_queries import BrandDesk
from otklik.brands import Matcher
from otklik.config import load
from otklik.house import House
from otklik.messages import ConfigError
from otklik.query import tree as t
from otklik.query.errors import QueryError
from otklik.query.parsing import parse, remarks
from otklik.query.searches import DIALECTS, search, searches_for
from otklik.spelling import fold, parts, word_forms
from storage import rebuild
from storage.errors import NotFound, StorageError
from views.brand_desk import Applying

# Trees and texts over few words, so that they meet often.

#: Of «карта» every form of which occurs in texts; the others are met as they are.
VOCABULARY = (
    "банк",
    "банка",
    "карта",
    "картой",
    "карты",
    "сбер",
    "сберкарта",
    "bank",
    "24",
    "плата",
)
words = st.builds(
    t.Word, st.sampled_from(("банк", "карта", "сбер", "Bank", "24", "платы")), st.booleans()
)
prefixes = st.builds(t.Word, st.sampled_from(("сбе", "карт", "bank")), prefix=st.just(True))
phrases = st.builds(t.Phrase, st.lists(words | prefixes, min_size=1, max_size=3).map(tuple))
terms = words | prefixes | phrases
options = terms | st.lists(terms, min_size=2, max_size=3).map(t.any_of)
nears = st.integers(2, 3).flatmap(
    lambda n: st.builds(
        t.Near,
        st.tuples(*[options] * n),
        st.tuples(*[st.integers(0, 3)] * (n - 1)),
    )
)
filters = st.sampled_from(
    (t.Author("Иван П"), t.Author("Иван", prefix=True), t.Site("vk.com"), t.Site("vk.com/club1"))
)
trees = st.recursive(
    terms | nears | filters,
    lambda inner: st.one_of(
        st.builds(t.Not, inner),
        st.lists(inner, min_size=2, max_size=3).map(t.all_of),
        st.lists(inner, min_size=2, max_size=3).map(t.any_of),
    ),
    max_leaves=8,
)
texts = st.lists(st.sampled_from(VOCABULARY), max_size=9).map(" ".join)
authors = st.sampled_from(("Иван П.", "иван", "Пётр", ""))
urls = st.sampled_from(
    (
        "https://vk.com/club1?w=2",
        "https://m.vk.com/club12",
        "http://notvk.com/club1",
        "",
        "http://[",
    )
)


class Naive:
    """What a query means, written without a thought of speed."""

    def __init__(self, text: str, author: str, url: str) -> None:
        self.words, self.author, self.url = parts(text), author, url

    def holds(self, tree: t.Tree) -> bool:
        match tree:
            case t.And(branches):
                return all(map(self.holds, branches))
            case t.Or(branches):
                return any(map(self.holds, branches))
            case t.Not(part):
                return not self.holds(part)
            case t.Author(name, prefix):
                ours, theirs = " ".join(parts(name)), " ".join(parts(self.author))
                return theirs.startswith(ours) if prefix else ours == theirs
            case t.Site(address):
                found = re.match(r"https?://(?:www\.)?([^/?#]+)([^?#]*)", self.url)
                host, _, path = address.partition("/")
                return bool(
                    found
                    and f".{found[1]}".endswith(f".{host}")
                    and (not path or f"{found[2]}/".startswith(f"/{path}/"))
                )
        return bool(self.places(tree))

    def places(self, tree: t.Tree) -> list[tuple[int, int]]:
        match tree:
            case t.Word():
                return self.places(t.Phrase((tree,)))
            case t.Phrase(phrase):
                n = len(phrase)
                starts = range(len(self.words) - n + 1)
                return [
                    (i, i + n - 1)
                    for i in starts
                    if all(map(self._is, phrase, self.words[i : i + n]))
                ]
            case t.Or(branches):
                return [place for branch in branches for place in self.places(branch)]
            case t.Near(operands, distances):
                chains = product(*map(self.places, operands))
                return [c[0] for c in chains if all(map(_near, c, c[1:], distances))]
        raise AssertionError(tree)

    @staticmethod
    def _is(word: t.Word, token: str) -> bool:
        (wanted,) = parts(word.text)
        if word.prefix:
            return token.startswith(wanted)
        return token == wanted if word.exact else token in word_forms(wanted)


def _near(one: tuple[int, int], other: tuple[int, int], distance: int) -> bool:
    return 0 <= max(one[0], other[0]) - min(one[1], other[1]) - 1 <= distance


def found(query: str | t.Tree, text: str, author: str = "", url: str = "", *names: str) -> bool:
    tree = parse(query) if isinstance(query, str) else query
    return Matcher({1: names}, {1: tree}).find(text, author=author, url=url) == [1]


def refusal(query: str) -> QueryError | None:
    try:
        parse(query)
    except QueryError as error:
        return error
    return None


def shown(query: str, text: str, *names: str) -> list[str]:
    places = Matcher({1: names}, {1: parse(query)}).hits(1, text)
    return [text[start:end] for start, end in places]


@settings(deadline=None)
@given(trees)
def test_the_text_of_a_tree_parses_to_the_tree(tree: t.Tree) -> None:
    text = t.to_text(tree)
    error = refusal(text)
    if error is None:
        assert parse(text) == tree
    else:
        assert error.what.startswith("этому подходит почти любой текст")


@settings(deadline=None, max_examples=400)
@given(trees, texts, authors, urls)
def test_a_query_matches_what_it_means(tree: t.Tree, text: str, author: str, url: str) -> None:
    assert found(tree, text, author, url) == Naive(text, author, url).holds(tree)


@settings(deadline=None)
@given(st.lists(trees, max_size=6), texts)
def test_queries_do_not_disturb_each_other(asked: list[t.Tree], text: str) -> None:
    matcher = Matcher(dict.fromkeys(range(len(asked)), ()), dict(enumerate(asked)))
    alone = [number for number, tree in enumerate(asked) if found(tree, text)]
    assert sorted(matcher.find(text)) == alone


PIECES = (
    '"',
    "«",
    "»",
    "(",
    ")",
    " ",
    "/3",
    "OR",
    "НЕ",
    "=",
    "*",
    "сбер,",
    "author:",
    "site:vk.com",
)


@settings(deadline=None)
@given(st.text(max_size=300) | st.lists(st.sampled_from(PIECES)).map(" ".join))
def test_any_text_is_parsed_or_refused_in_words(query: str) -> None:
    error = refusal(query)
    if error is None:
        tree = parse(query)
        assert parse(t.to_text(tree)) == tree
        searches_for(tree)
        found(tree, query)
    else:
        assert 0 <= error.at <= len(query)
        assert error.what
        assert error.pointer.endswith("^")
        parse(error.example)


@settings(deadline=None)
@given(st.text(), trees)
def test_any_text_is_matched(text: str, tree: t.Tree) -> None:
    matcher = Matcher({1: ["Морошка"]}, {1: tree})
    matcher.find(text, author=text, url=text)
    for start, end in (*matcher.hits(1, text), *matcher.places(text).get(1, ())):
        assert 0 <= start < end <= len(text)


def test_the_worst_query_and_text_take_their_time_but_end() -> None:
    chain = " /50 ".join(["(а OR б OR в)"] * 10)
    started = time.process_time()
    assert found(chain, "а б в " * 30_000)
    assert time.process_time() - started < 20  # 1.5 s; a product of places would take for ever


@pytest.mark.parametrize(
    ("query", "yes", "no"),
    [
        ("банк", "Пошёл в БАНК, потом в банки", "банановый"),
        ("=банк", "банк", "банке"),
        ("шел", "она шла, он шёл", "щель"),
        ("стали", "стать лучше", "стальной"),
        ("сталь", "из стали", "он стал лучше"),
        ("сбер*", "сберкнижка", "собес"),
        ('"кредитная карта"', "кредитной карты", "карта кредитная"),
        ("банк /1 комиссия", "комиссия в банке", "комиссия во всяком банке"),
        ("банк /0 банк", "банк-банк", "банк"),
        ("карта НЕ (сим OR игральная)", "дебетовая карта", "сим-карта"),
        ("карта И банк", "карты банка", "карты"),
        ("bank ИЛИ банк", "Bank", "6анк"),
        ("Mopoшка", "морошка", "moposhka"),
        ("банк", "б\u00adанк и ба\u0301нк", "б анк"),
        ("Амбар24", "амбаре-24", "амбар 25"),
        ('"sms-ка"', "sms ка", "ка sms"),
    ],
)
def test_examples(query: str, yes: str, no: str) -> None:
    assert (found(query, yes), found(query, no)) == (True, False)


def test_forms_agree_with_the_lemmas_of_texts() -> None:
    """Widening the query finds what lemmatising the text by all readings would find."""
    from pymorphy3 import MorphAnalyzer

    morph = MorphAnalyzer(lang="ru")
    path = Path(__file__).parent.parent / "demo" / "mentions.jsonl"
    tokens = sorted(set(parts(path.read_text(encoding="utf-8")[:60_000])))
    for query in ("касса", "вкусный", "купить", "дорого", "цена", "молоко", "быстро", "дорогой"):
        expected = {
            token
            for token in tokens
            if any(
                reading.is_known and fold(reading.normal_form) == query
                for reading in morph.parse(token)
            )
        }
        assert expected, query
        assert expected <= word_forms(query), query


# A brand's own names


def test_names_are_found_in_a_query_in_all_their_spellings() -> None:
    names = ("Морошка", "Купец и Ко")
    query = '(морошку OR "Купец и Ко") NOT ягода'
    for text in ("moroshka", "в Морошке", "Купца и Ко", "kupec i ko"):
        assert found(query, text, "", "", *names), text
    assert not found(query, "moroshka — это ягода", "", "", *names)
    assert not found(query, "moroshka")  # another brand's query knows no such name
    assert not found("=морошка", "moroshka", "", "", *names)
    assert found('"сеть морошка"', "сети Moroshka", "", "", *names)


def test_a_query_decides_instead_of_the_names() -> None:
    brands = {1: ["Морошка"], 2: ["Амбар"]}
    matcher = Matcher(brands, {1: parse("морошка магазин")})
    assert matcher.find("Амбар лучше, чем магазин Морошка") == [2, 1]
    assert matcher.find("Морошка созрела, амбар полон") == [2]
    assert matcher.named("Морошка созрела") == [1]


def test_places_are_names_or_else_the_words_of_the_query() -> None:
    matcher = Matcher({1: ["Морошка"]}, {1: parse("(сеть /2 ягодный) OR (морошка магазин)")})
    text = "Сеть с ягодным названием. Магазин хорош"
    assert [text[slice(*p)] for p in matcher.places(text)[1]] == ["Сеть", "ягодным"]
    assert matcher.places("Магазин Морошки")[1] == ((8, 15),)
    assert matcher.places("погода") == {}


def test_hits_are_the_words_by_which_a_text_was_found() -> None:
    query = '("сбер банк" OR втб карта) /3 (плата OR сбор) NOT вакансия'
    with pytest.raises(QueryError):
        parse(query)
    query = "(сбербанк OR втб) /3 (плата OR сбор) NOT вакансия"
    text = "Сбербанк ввёл плату; ВТБ далеко от всего этого, сборы потом, потом и очень потом плата"
    assert shown(query, text) == ["Сбербанк", "плату", "ВТБ"]


# Errors


@pytest.mark.parametrize(
    ("query", "at", "says"),
    [
        ("", 0, "запрос пуст"),
        ("сбер, втб", 4, "запятой"),
        ("(сбер OR втб", 0, "скобка не закрыта"),
        ("(сбер) втб)", 10, "ничего не закрывает"),
        ("сбер OR", 7, "после OR ничего нет"),
        ("сбер OR OR втб", 8, "после OR ожидалось"),
        ("И сбер", 0, "в начале ожидалось"),
        ("сбер ()", 6, "после ( ожидалось"),
        ('сбер "карта', 5, "кавычка не закрыта"),
        ("сбер -карта", 5, "минуса"),
        ("сб*", 0, "меньше 3 букв"),
        ("сбер*банк", 4, "звёздочка"),
        ("24/7", 2, "ожидалось число"),
        ("банк /99 карта", 5, "больше 50 слов"),
        ("банк /3 (карта плата)", 9, "варианты в скобках"),
        ("title:сбер", 5, "двоеточие"),
        ("site:сбер", 0, "не адрес"),
        ("=сбер*", 0, "вместе не бывают"),
        ("NOT сбер", 0, "почти любой текст"),
        ("сбер OR NOT втб", 8, "почти любой текст"),
        ("сбер\nOR втб,\nкарта", 11, "запятой"),
        ("а " * 301, 0, "больше 300 слов"),
        ("а" * 5000, 4000, "длиннее 4000"),
        ("НЕ " * 30 + "сбер", 30, "вложенность"),
        ("(" * 3000, 3000, "ничего нет"),
    ],
)
def test_errors_point_at_the_place(query: str, at: int, says: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(query)
    assert says in caught.value.what
    assert caught.value.at == at
    parse(caught.value.example)


def test_an_error_shows_the_line_and_the_place() -> None:
    with pytest.raises(QueryError) as caught:
        parse("сбер OR\nсбербанк, втб")
    assert str(caught.value) == (
        "запятой в запросе не бывает\n"
        "    сбербанк, втб\n"
        "            ^\n"
        "Варианты пишутся через OR. Например: сбер OR сбербанк"
    )


def test_a_lower_case_operator_is_remarked() -> None:
    assert len(remarks("сбер or втб")) == len(remarks('сбер или "или"')) == 1
    assert remarks('сбер OR "or"') == ()


def test_the_config_tells_where_a_query_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("brands:\n  - code: a\n    name: А\n    query: (сбер OR\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert str(caught.value).startswith("config.yaml, строка 4: brands[0].query — после OR")
    assert "            ^" in str(caught.value)


# Searches


def strings(query: str) -> dict[str, tuple[str, ...]]:
    return {found.dialect: found.strings for found in searches_for(parse(query))}


def test_each_source_is_asked_in_its_own_words() -> None:
    assert strings('(сбер OR "=сбер =банк") карта NOT вакансия site:vk.com') == {
        "vk": ("сбер карта -вакансия", '"сбер банк" карта -вакансия'),
        "youtube": ('сбер|"сбер банк" карта -вакансия',),
        "mastodon": ("сбер карта -вакансия", '"сбер банк" карта -вакансия'),
        "bluesky": ("сбер карта", '"сбер банк" карта'),
        "hackernews": ("сбер карта -вакансия", '"сбер банк" карта -вакансия'),
        "google": ('(сбер OR "сбер банк") карта site:vk.com -вакансия',),
    }


def test_what_a_source_cannot_say_is_told() -> None:
    told = search(parse("банк /3 карт* NOT (а б) автор:иван"), "vk")
    assert told.strings == ("банк",)
    assert told.left_out == (
        "расстояние между словами",
        "начало слова: карт*",
        "исключение: NOT (а AND б)",
        "автор",
    )
    assert search(parse("author:иван"), "vk").strings == ()
    assert "сбер" in search(parse("сбер*"), "vk").strings


exact_words = st.builds(t.Word, st.sampled_from("абвгде"), exact=st.just(True))
exact_trees = st.recursive(
    exact_words
    | st.builds(t.Phrase, st.lists(exact_words, min_size=1, max_size=2).map(tuple))
    | st.builds(t.Near, st.tuples(exact_words, exact_words), st.tuples(st.integers(0, 2))),
    lambda inner: st.one_of(
        st.builds(t.Not, inner),
        st.lists(inner, min_size=2, max_size=4).map(t.all_of),
        st.lists(inner, min_size=2, max_size=4).map(t.any_of),
    ),
    max_leaves=12,
)


def understood(string: str, text: str) -> bool:
    """What a source makes of a search: here all of them, but for Google's brackets."""
    for term in re.findall(r'-?(?:"[^"]*"|[^\s"])+', string):
        said = [option.strip('"') for option in term.removeprefix("-").split("|")]
        if any(f" {option} " in f" {text} " for option in said) == term.startswith("-"):
            return False
    return True


@settings(deadline=None, max_examples=300)
@given(exact_trees, st.lists(st.sampled_from("абвгде"), max_size=6).map(" ".join))
def test_searches_never_miss_what_the_query_wants(tree: t.Tree, text: str) -> None:
    if refusal(t.to_text(tree)) or not Naive(text, "", "").holds(tree):
        return
    for name in set(DIALECTS) - {"google"}:
        asked = search(tree, name)
        missing = any(thing.startswith("не ищется вовсе") for thing in asked.left_out)
        assert missing or any(understood(string, text) for string in asked.strings), asked


# Stored mentions

ROWS = """text;date;author;url
В магазине Морошка свежий хлеб;2026-03-01;Анна;https://vk.com/a
Морошка в лесу созрела;2026-03-02;Пётр;https://vk.com/b
Погода в магазине Moroshka;2026-03-03;Анна;
Дождь;2026-03-04;Пётр;
"""
CONFIG = """
personal: {store_authors: true}
brands:
  - {code: moroshka, name: Морошка}
  - {code: ambar24, name: Амбар24, competitor: true}
sources:
  - {name: rows, type: file, path: rows.csv}
"""
WITH_QUERY = CONFIG.replace("name: Морошка}", 'name: Морошка, query: "морошка магазин"}')
NOBODY = {""}
OURS = {"moroshka"}


def save(house: House, query: str | None, code: str = "moroshka") -> None:
    desk = BrandDesk(house.db)
    desk.save(next(brand for brand in desk.brands() if brand.code == code), query)


def apply(house: House) -> None:
    for _ in matching.rematch(house.db, house.brands):
        pass


@pytest.fixture
def opened(tmp_path: Path, db_url: str) -> Iterator[Opener]:
    opener = Opener(tmp_path, db_url)
    yield opener
    for house in opener.houses:
        house.db.dispose()


def test_a_query_of_the_config_reaches_what_is_stored(opened: Opener) -> None:
    house = opened(CONFIG, ROWS)
    crawl(house)
    by_name = {"В": OURS, "Морошка": OURS, "Погода": OURS, "Дождь": NOBODY}
    assert brands_of_texts(house) == by_name
    assert brands_of_texts(opened(WITH_QUERY, ROWS)) == by_name | {"Морошка": NOBODY}
    assert brands_of_texts(opened(CONFIG, ROWS)) == by_name


def test_a_query_decides_about_what_comes(opened: Opener) -> None:
    house = opened(WITH_QUERY, ROWS)
    crawl(house)
    assert brands_of_texts(house)["Морошка"] == NOBODY


def test_a_query_set_in_the_app_beats_the_config_until_it_is_taken_back(opened: Opener) -> None:
    house = opened(WITH_QUERY, ROWS)
    crawl(house)
    desk = BrandDesk(house.db)
    save(house, " дождь OR автор:пётр ")
    assert desk.applying() == Applying(0, 4, asked=True, has_worker=False, failed="")
    (step,) = matching.rematch(house.db, house.brands)
    assert (step.done, step.total, step.moved) == (4, 4, 4)
    assert desk.applying() is None
    theirs = {"В": NOBODY, "Морошка": OURS, "Погода": NOBODY, "Дождь": OURS}
    assert brands_of_texts(house) == theirs
    assert brands_of_texts(opened(CONFIG, ROWS)) == theirs
    (brand, _) = desk.brands()
    assert (brand.query, brand.of_config) == ("дождь OR автор:пётр", "")
    save(house, "")  # names decide, whatever the config says
    assert brands_of_texts(opened(WITH_QUERY, ROWS))["Морошка"] == OURS
    save(house, None)
    assert brands_of_texts(opened(WITH_QUERY, ROWS))["Морошка"] == NOBODY


def test_a_house_that_is_open_learns_of_a_new_query(opened: Opener) -> None:
    house = opened(CONFIG, ROWS)
    save(house, "дождь")
    crawl(house)
    assert brands_of_texts(house)["Дождь"] == OURS


def test_a_preview_tells_what_saving_would_do(opened: Opener) -> None:
    house = opened(CONFIG, ROWS)
    crawl(house)
    seen = BrandDesk(house.db).preview("moroshka", "дождь OR (морошка магазин)")
    assert (seen.looked_at, seen.stored, seen.named) == (4, 4, 0)
    assert (seen.matching, seen.gained, seen.lost) == (3, 1, 1)

    def told(samples: tuple[object, ...]) -> list[list[str]]:
        return [[s.text[a:b] for a, b in s.hits] for s in samples]  # type: ignore[attr-defined]

    assert told(seen.gained_samples) == [["Дождь"]]
    assert told(seen.kept_samples) == [["магазине", "Moroshka"], ["магазине", "Морошка"]]
    assert told(seen.lost_samples) == [["Морошка"]]
    assert seen.lost_samples[0].source == "rows"
    assert brands_of_texts(house)["Дождь"] == NOBODY  # nothing was saved


def test_a_preview_agrees_with_what_saving_does(opened: Opener) -> None:
    house = opened(CONFIG, ROWS + "Хорошо;2026-03-05;Анна;\n")
    crawl(house)
    desk = BrandDesk(house.db)
    for query in ("магазин", "site:vk.com", "NOT NOT дождь", "автор:анна", "морош*", ""):
        seen = desk.preview("moroshka", query)
        save(house, query)
        apply(house)
        assert seen.matching == sum(
            "moroshka" in codes for codes in brands_of_texts(house).values()
        )
        again = desk.preview("moroshka", query)
        assert (again.matching, again.gained, again.lost) == (seen.matching, 0, 0)


def test_a_preview_leaves_out_sources_of_one_brand_and_companies(opened: Opener) -> None:
    rows = "text;date;company\nДождь;2026-03-01;Амбар24\nСнег и дождь;2026-03-02;\n"
    house = opened(CONFIG, rows)
    crawl(house)
    desk = BrandDesk(house.db)
    for code, named in (("moroshka", 0), ("ambar24", 1)):
        seen = desk.preview(code, "дождь")
        assert (seen.matching, seen.gained, seen.lost, seen.named) == (1, 1, 0, named)
    own = opened(CONFIG.replace("path:", "brand: ambar24, path:"), rows)
    assert BrandDesk(own.db).preview("moroshka", "дождь").stored == 0


def test_what_cannot_be_used_is_told_in_words(opened: Opener) -> None:
    desk = BrandDesk(opened(CONFIG, ROWS).db)
    problem = desk.problem("сбер,")
    assert problem is not None
    assert (problem.at, problem.example) == (4, "сбер OR сбербанк")
    assert desk.problem("") is None
    with pytest.raises(StorageError, match="запятой"):
        desk.save(desk.brands()[0], "сбер,")
    assert desk.brands()[0].of_app is None
    with pytest.raises(NotFound):
        desk.save(replace(desk.brands()[0], code="nobody"), "сбер")
    with pytest.raises(NotFound):
        desk.undo(desk.brands()[0])
    with pytest.raises(NotFound):
        desk.preview("nobody", "сбер")


def test_a_rematch_that_is_cut_off_goes_on(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuild, "_BATCH", 1)
    house = opened(CONFIG, ROWS)
    crawl(house)
    save(house, "дождь")
    steps = matching.rematch(house.db)
    assert [next(steps).done, next(steps).done] == [1, 2]
    steps.close()  # type: ignore[attr-defined]
    with house.db.read() as session:
        assert matching.progress(session) == matching.Step(2, 4, 2)
    half = {"В": NOBODY, "Морошка": NOBODY, "Погода": OURS, "Дождь": NOBODY}
    assert brands_of_texts(house) == half
    rest = list(matching.rematch(house.db))
    assert [(step.done, step.total, step.moved) for step in rest] == [(3, 4, 3), (4, 4, 4)]
    assert brands_of_texts(house) == dict.fromkeys(half, NOBODY) | {"Дождь": OURS}
    assert list(matching.rematch(house.db)) == []


def test_two_that_apply_share_the_work_and_follow_what_is_saved_meanwhile(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuild, "_BATCH", 1)
    house = opened(CONFIG, ROWS)
    crawl(house)
    save(house, "дождь")
    one, other = matching.rematch(house.db), matching.rematch(house.db)
    assert [next(one).done, next(other).done] == [1, 2]
    save(house, "погода")
    turns = (step for pair in zip_longest(one, other) for step in pair if step)
    assert [step.done for step in islice(turns, 20)] == [1, 2, 3, 4]
    assert BrandDesk(house.db).applying() is None
    expected = {"В": NOBODY, "Морошка": NOBODY, "Погода": OURS, "Дождь": NOBODY}
    assert brands_of_texts(house) == expected


def test_a_crawl_that_outlasts_a_query_stores_by_the_new_one(opened: Opener) -> None:
    house = opened(CONFIG, ROWS)
    store = house.store()
    store.save_page("rows", [make_mention(source="rows", text="Морошка цветёт")])
    save(house, "дождь")
    apply(house)
    store.save_page("rows", [make_mention(source="rows", text="Морошкой пахнет")])
    store.save_page("rows", [make_mention(source="rows", text="Дождь")])
    expected = {"Морошка": NOBODY, "Морошкой": NOBODY, "Дождь": OURS}
    assert brands_of_texts(house) == expected


def test_a_company_that_another_process_imported_is_known(opened: Opener) -> None:
    house, importer = opened(CONFIG, ROWS), opened(CONFIG, ROWS)
    grom = make_mention(source="rows", text="Гром", company="Гроза")
    importer.import_store(lambda _: None).save_page("rows", [grom])
    house.store().save_page("rows", [make_mention(source="rows", text="Шум", company="Гроза")])
    assert brands_of_texts(house) == {"Гром": {"groza"}, "Шум": {"groza"}}


def test_a_save_and_its_undo_hold_for_what_the_user_saw(opened: Opener) -> None:
    house = opened(WITH_QUERY, ROWS)
    desk = BrandDesk(house.db)
    seen = desk.brands()[0]
    assert desk.before(seen) is None
    save(house, "погода")
    for late in (lambda: desk.save(seen, "снег"), lambda: desk.undo(seen)):
        with pytest.raises(StorageError, match="теперь это «погода»"):
            late()
    save(house, "снег")
    before = desk.before(desk.brands()[0])
    assert before is not None
    assert before.query == "погода"
    desk.undo(desk.brands()[0])
    assert desk.brands()[0] == before
    save(house, None)
    desk.undo(desk.brands()[0])
    assert desk.brands()[0] == before


def test_authors_whose_names_are_not_stored_are_nobody(opened: Opener) -> None:
    hidden = CONFIG.replace("true", "false", 1)
    house = opened(hidden, ROWS)
    crawl(house)
    desk = BrandDesk(house.db)
    for query in ("автор:пётр", "автор:hmac*"):
        assert desk.preview("moroshka", query).matching == 0
        assert "имена авторов не хранятся" in desk.remarks(query)[0]
    assert desk.preview("moroshka", "хлеб NOT автор:анна").matching == 1
    opened(CONFIG.replace("true", "[rows]", 1), ROWS)
    assert "только у источников rows" in desk.remarks("автор:пётр")[0]
    assert desk.remarks("сбер «автор:»") == ()
    opened(CONFIG, ROWS)
    assert desk.remarks("автор:пётр") == ()


def test_an_imported_company_may_have_a_query(opened: Opener) -> None:
    from otklik import transfer

    house = opened(CONFIG, ROWS)
    crawl(house)
    (opened.folder / "more.csv").write_text("text;company\nШум;Гроза\n", encoding="utf-8")
    options = transfer.options_for(house, opened.folder / "more.csv", "more", {})
    transfer.import_file(house, options, "more", None, lambda _: None)
    desk = BrandDesk(house.db)
    assert desk.applying() is None  # a new company alone moves nothing
    assert desk.preview("groza", "").named == 1
    save(house, "дождь", "groza")
    apply(house)
    assert brands_of_texts(house)["Дождь"] == {"groza"}
    assert brands_of_texts(house)["Шум"] == {"groza"}


def test_the_fingerprint_is_of_what_decides(opened: Opener) -> None:
    house = opened(CONFIG, ROWS)
    with house.db.read() as session:
        assert matching.load(session, house.brands) is house.brands
        assert matching.progress(session) is None
