"""Feeds and review pages that are hostile, cut short or not what they say they are."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from memory import NOW, MemoryStore
from pydantic import ValidationError

from collectors import runner
from collectors.http import Http
from collectors.outcomes import Outcome, Status
from collectors.politeness import Limits
from collectors.schema_org import rating_value
from collectors.sources import feed, page

ITEM = "<item><guid>{n}</guid><title>t{n}</title><description>{text}</description></item>"
START, END = '<rss version="2.0"><channel>', "</channel></rss>"
Pages = dict[str, bytes | str] | Callable[[httpx.Request], httpx.Response]


def site(pages: Pages, **headers: str) -> httpx.MockTransport:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/robots.txt":
            return httpx.Response(404)
        if callable(pages):
            return pages(request)
        body = pages.get(str(request.url).removeprefix("http://s.test"))
        if body is None:
            return httpx.Response(404)
        content = body.encode() if isinstance(body, str) else body
        return httpx.Response(200, content=content, headers=headers)

    return httpx.MockTransport(answer)


def crawl(
    module: Any, pages: Pages, store: MemoryStore | None = None, **options: Any
) -> tuple[Outcome, MemoryStore]:
    store = store or MemoryStore()
    http = Http(Limits(delay=0), transport=site(pages), sleep=lambda _: None)
    given = module.Options(**{"url": "http://s.test/a", **options})
    hourly = timedelta(hours=1)
    return runner.crawl("src", module, given, store, http, interval=hourly, now=NOW), store


@pytest.mark.parametrize(
    "body",
    [
        "<!DOCTYPE html><html><body>Вход</body></html>",
        '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><body/></html>',
        "/etc/passwd",
        "http://s.test/other",
        "",
        "{}",
        b"\x00\xff\xfe",
        "<" * 10_000,
    ],
)
def test_what_is_no_feed(body: bytes | str) -> None:
    outcome, store = crawl(feed, {"/a": body})
    assert outcome.status is Status.LAYOUT_CHANGED
    assert store.items == {}


def test_an_empty_feed_is_fine_even_where_entries_used_to_be() -> None:
    _, store = crawl(feed, {"/a": START + ITEM.format(n=1, text="x") + END})
    assert crawl(feed, {"/a": START + END}, store)[0].status is Status.OK


def test_a_feed_that_does_not_reach_back_to_the_last_crawl_says_so() -> None:
    dated = (
        "<item><guid>{n}</guid><title>слово</title><pubDate>{n} Jan 2026 10:00 GMT</pubDate></item>"
    )
    first, store = crawl(feed, {"/a": START + dated.format(n=5) + END})
    assert first.coverage.cap_hit is None  # nothing was known: nothing is missed
    both = START + dated.format(n=6) + dated.format(n=5) + END
    assert crawl(feed, {"/a": both}, store)[0].coverage.cap_hit is None
    gap, _ = crawl(feed, {"/a": START + dated.format(n=8) + END}, store)
    assert "чем чаще сбор" in str(gap.coverage.cap_hit)


def test_a_feed_cut_short_gives_its_whole_entries_and_comes_again() -> None:
    whole = START + "".join(ITEM.format(n=n, text="слово") for n in range(3))

    def cut(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/robots.txt":
            return httpx.Response(404)
        assert "if-none-match" not in request.headers
        body = whole + "<item><guid>9</guid><title>обор"
        return httpx.Response(200, content=body.encode(), headers={"etag": '"1"'})

    outcome, store = crawl(feed, cut)
    assert outcome.status is Status.OK
    assert set(store.items) == {"0", "1", "2"}
    assert "оборвана" in outcome.notes[0].reason
    crawl(feed, cut, store)


@pytest.mark.parametrize(
    "inner", ["&lt;div&gt;" * 10_000 + "дно", "<![CDATA[" + "<div>" * 10_000 + "дно]]>"]
)
def test_deeply_nested_markup_in_a_feed(inner: str) -> None:
    outcome, store = crawl(feed, {"/a": START + ITEM.format(n=1, text=inner) + END})
    assert outcome.status is Status.OK
    assert store.items["1"].text == "t1\nдно"


def test_a_feed_of_ten_thousand_levels() -> None:
    outcome, _ = crawl(feed, {"/a": START + "<a>" * 10_000})
    assert outcome.status in {Status.OK, Status.LAYOUT_CHANGED}


def test_entities_are_not_expanded_without_end_nor_from_files() -> None:
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    file = '<!ENTITY f SYSTEM "file:///etc/passwd">'
    head = f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY e0 "ха">{levels}{file}]>'
    outcome, store = crawl(feed, {"/a": head + START + ITEM.format(n=1, text="&e11;&f;") + END})
    assert outcome.status in {Status.OK, Status.LAYOUT_CHANGED}
    assert all(
        "root:" not in item.text and len(item.text) < 300_000 for item in store.items.values()
    )


def test_an_entry_of_nothing_but_an_entity_is_no_mention() -> None:
    levels = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    head = f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY e0 "ха">{levels}]>'
    bomb = "<item><guid>1</guid><title>&e11;</title></item>"
    others = "".join(ITEM.format(n=n, text="чай &amp; сыр") for n in range(2, 4))
    outcome, store = crawl(feed, {"/a": head + START + bomb + others + END})
    assert outcome.status is Status.OK, outcome.error
    assert [item.text for item in store.items.values()] == ["t2\nчай & сыр", "t3\nчай & сыр"]
    assert [(s.where, "сущность" in s.reason) for s in outcome.skipped] == [("&e11;", True)]


def test_a_feed_in_a_charset_its_header_denies() -> None:
    body = (
        f'<?xml version="1.0" encoding="windows-1251"?>{START}{ITEM.format(n=1, text="ёжик")}{END}'
    )
    outcome, store = crawl(feed, {"/a": body.encode("cp1251")})
    assert outcome.status is Status.OK
    assert store.items["1"].text.endswith("ёжик")


def test_feed_options() -> None:
    for wrong in (
        {"url": "ftp://x"},
        {"url": "http://x", "timezone": "Moscow"},
        {"url": "http://x", "a": 1},
    ):
        with pytest.raises(ValidationError):
            feed.Options(**wrong)


def reviews(*texts: str, **more: Any) -> str:
    nodes = [{"@type": "Review", "reviewBody": text, **more} for text in texts]
    return f'<script type="application/ld+json">{json.dumps(nodes)}</script>'


def card(text: str, when: str = "1 января 2026") -> str:
    return f'<div class="r"><p>{text}</p><i>{when}</i></div>'


CARDS: dict[str, Any] = {"selectors": {"item": ".r", "text": "p", "date": "i"}}


def test_hostile_structured_data_leaves_the_cards() -> None:
    deep = f'<script type="application/ld+json">{"[" * 50_000}</script>'
    outcome, store = crawl(page, {"/a": deep + card("жив")}, **CARDS)
    assert outcome.status is Status.OK
    assert [item.text for item in store.items.values()] == ["жив"]


def test_a_page_of_ten_thousand_levels() -> None:
    nested = '<div itemscope itemprop="x">' * 10_000
    assert crawl(page, {"/a": nested + card("x")}, **CARDS)[0].status is not Status.BUG


def test_cyclic_and_odd_nodes() -> None:
    odd = [
        {"@type": None},
        {"@type": ["Review"], "reviewBody": ["да", "нет"], "author": [{"name": None}]},
    ]
    odd.append(
        {
            "@type": "Review",
            "reviewBody": {"@value": "слово"},
            "reviewRating": [{"ratingValue": {}}],
        }
    )
    body = f'<script type="application/ld+json">{json.dumps(odd)}</script>'
    outcome, store = crawl(page, {"/a": body})
    assert outcome.status is Status.OK
    assert [item.text for item in store.items.values()] == ["да", "слово"]


def test_what_a_review_is_about() -> None:
    review = {"@type": "Review", "reviewBody": "слово", "author": {"@id": "#a"}}
    about = {"@type": "Product", "name": "Чай", "review": [review]}
    nested = {"@type": "WebPage", "name": "Отзывы", "mainEntity": about}
    alone = {**review, "reviewBody": "дело", "itemReviewed": {"@type": "Hotel", "name": "Юг"}}
    body = f'<script type="application/ld+json">{json.dumps([nested, alone])}</script>'
    found = [(m.product, m.company, m.author) for m in crawl(page, {"/a": body})[1].items.values()]
    assert found == [("Чай", None, None), (None, "Юг", None)]


def test_a_page_without_reviews_says_what_was_tried() -> None:
    outcome, _ = crawl(page, {"/a": "<h1>Пусто</h1>"}, **CARDS)
    assert outcome.status is Status.LAYOUT_CHANGED
    assert "«.r»" in outcome.error
    assert "<h1>" in outcome.detail
    assert "задайте selectors" in crawl(page, {"/a": "<h1>Пусто</h1>"})[0].error


CAPTCHA = '<h1>Вы не робот?</h1><div class="smart-captcha"></div>'


def test_a_captcha_in_place_of_reviews_needs_a_person() -> None:
    assert crawl(page, {"/a": CAPTCHA}, **CARDS)[0].status is Status.NEEDS_HUMAN
    following = card("один") + '<a rel="next" href="/b">2</a>'
    outcome, store = crawl(page, {"/a": following, "/b": CAPTCHA}, **CARDS)
    assert outcome.status is Status.NEEDS_HUMAN
    assert len(store.items) == 1
    # A page of a shop with a form for reviews and none yet is none.
    form = "<p>Сыр, хлеб и молоко с доставкой.</p>" * 40 + CAPTCHA
    assert crawl(page, {"/a": following, "/b": form}, **CARDS)[0].status is Status.OK


@pytest.mark.parametrize(
    ("given", "rating"),
    [
        ({"ratingValue": 8, "bestRating": 10, "worstRating": 1}, (8, 10)),
        ({"ratingValue": "4,5", "bestRating": 5, "worstRating": 0}, (4.5, 5)),
        ({"ratingValue": 1, "bestRating": 1, "worstRating": 0}, (5, 5)),  # thumb up
        ({"ratingValue": 0, "bestRating": 1, "worstRating": 0}, (1, 5)),
        ({"ratingValue": -5, "bestRating": 5, "worstRating": -5}, (1, 5)),
        ({"ratingValue": 1, "bestRating": 1, "worstRating": 6}, (5, 5)),  # 1 is the best mark
        ({"ratingValue": 9, "bestRating": 5, "worstRating": -5}, None),
        ({"ratingValue": 1, "bestRating": 1, "worstRating": 1}, None),
        ({"ratingValue": 7}, (7, 10)),
    ],
)
def test_scales_of_structured_data(given: dict[str, Any], rating: tuple[float, int] | None) -> None:
    assert rating_value({"reviewRating": given}) == rating


def test_the_scale_that_a_page_does_not_tell_is_the_sources_own() -> None:
    review = {"@type": "Review", "reviewBody": "слово", "reviewRating": {"ratingValue": 4}}
    body = f'<script type="application/ld+json">{json.dumps(review)}</script>'
    for options, scale in (({}, 5), ({"rating_scale": 10}, 10)):
        _, store = crawl(page, {"/a": body}, **options)
        assert [(m.rating, m.rating_scale) for m in store.items.values()] == [(4, scale)]


def test_half_the_cards_unreadable() -> None:
    outcome, store = crawl(page, {"/a": card("один") + card("") * 2}, **CARDS)
    assert outcome.status is Status.LAYOUT_CHANGED
    assert len(store.items) == 1


def test_paging_by_link_stops_at_loops_and_limits() -> None:
    asked: list[str] = []

    def endless(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        number = int(request.url.params.get("p", 0))
        link = f'<a rel="nofollow next" href="/a?p={(number + 1) % 4}">дальше</a>'
        return httpx.Response(200, content=(reviews(f"отзыв {number}") + link).encode())

    outcome, store = crawl(page, endless)
    assert outcome.status is Status.OK
    assert len(store.items) == 4
    assert outcome.coverage.cap_hit is None
    outcome, store = crawl(page, endless, max_pages=2)
    assert len(store.items) == 2
    assert "max_pages" in str(outcome.coverage.cap_hit)


def test_a_list_that_repeats_its_last_page() -> None:
    def repeating(request: httpx.Request) -> httpx.Response:
        number = min(int(request.url.path.strip("/")), 3)
        return httpx.Response(200, content=reviews(f"отзыв {number}").encode())

    outcome, store = crawl(page, repeating, url="http://s.test/{page}")
    assert len(store.items) == 3
    assert outcome.status is Status.OK


def test_a_missing_first_page_needs_a_person_a_missing_last_one_ends_the_list() -> None:
    assert crawl(page, {}, url="http://s.test/{page}")[0].status is Status.NEEDS_HUMAN
    outcome, store = crawl(
        page, {"/1": reviews("а"), "/2": reviews("б")}, url="http://s.test/{page}"
    )
    assert (outcome.status, len(store.items)) == (Status.OK, 2)


def test_relative_dates_do_not_change_keys() -> None:
    first = crawl(page, {"/a": card("отзыв", "вчера")}, **CARDS)[1]
    later = crawl(page, {"/a": card("отзыв", "2 дня назад")}, **CARDS)[1]
    assert set(first.items) == set(later.items)


def test_the_pages_own_address_is_no_key() -> None:
    body = reviews("а", "б", url="http://s.test/a")
    _, store = crawl(page, {"/a": body})
    assert len(store.items) == 2
    alone = crawl(page, {"/a": reviews("а", url="http://s.test/a")})[1]
    assert set(alone.items) < set(store.items)


def test_page_options() -> None:
    for wrong in (
        {"selectors": {"item": "a["}},
        {"selectors": {}},
        {"max_pages": 0},
        {"next": ">>"},
    ):
        with pytest.raises(ValidationError):
            page.Options(**{"url": "http://x", **wrong})
