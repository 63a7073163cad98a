"""Marketplaces, review sites, help desks and sitemaps: limits, refusals and what comes next."""

import base64
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from memory import NOW, MemoryStore
from pydantic import ValidationError

from collectors import registry, runner
from collectors.base import EPOCH, Context, Deleted, Item
from collectors.errors import NeedsHuman, Transient
from collectors.http import Http
from collectors.outcomes import Outcome, Status
from collectors.politeness import Limits
from collectors.safe_xml import parse_xml

OPTIONS: dict[str, dict[str, Any]] = {
    "wildberries": {"token": "t0ken"},
    "ozon": {"client_id": 7, "api_key": "t0ken"},
    "yandex_market": {"business_id": 7, "api_key": "t0ken"},
    "banki": {"bank": "moroshka", "accept_terms": True},
    "wordpress": {"url": "http://s.test/"},
    "zendesk": {"subdomain": "moroshka", "email": "a@s.test", "token": "t0ken"},
    "sitemap": {"url": "http://s.test/sitemap.xml"},
    "page": {"url": "http://s.test/content/x", "accept_terms": True},
}
Answer = Callable[[httpx.Request], httpx.Response]


class Site:
    """Answers by a function and remembers what it was asked."""

    def __init__(self, answer: Answer, robots: str = "") -> None:
        self.asked: list[httpx.Request] = []
        self._answer = answer
        self._robots = robots

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/robots.txt":
            return httpx.Response(200, text=self._robots)
        self.asked.append(request)
        return self._answer(request)

    @property
    def http(self) -> Http:
        limits = Limits(delay=0, attempts=1)
        return Http(limits, transport=httpx.MockTransport(self), sleep=lambda _: None)


def options(kind: str, **given: Any) -> Any:
    return registry.find(kind).Options.model_validate({**OPTIONS[kind], **given})


def context(kind: str, site: Site, since: datetime = EPOCH, **given: Any) -> Context:
    return Context(
        source="src", options=options(kind, **given), since=since, now=NOW, http=site.http
    )


def read(ctx: Context, kind: str) -> list[list[Item]]:
    return list(registry.find(kind).pages(ctx))


def crawl(kind: str, site: Site, store: MemoryStore, now: datetime = NOW, **given: Any) -> Outcome:
    module = registry.find(kind)
    hourly = timedelta(hours=1)
    return runner.crawl(
        "src", module, options(kind, **given), store, site.http, interval=hourly, now=now
    )


def query(request: httpx.Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(request.url.query.decode()).items()}


# Marketplaces


def wb_review(number: int) -> dict[str, Any]:
    return {"id": f"r{number}", "createdDate": "2026-01-01T00:00:00Z", "productValuation": 5}


def test_wildberries_stops_at_the_cap_of_each_list() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        asked = query(request)
        skip, take = int(asked["skip"]), int(asked["take"])
        assert skip + take <= 10_000
        full = asked.get("isAnswered") == "true"
        found = [wb_review(skip + n) for n in range(take)] if full else []
        return httpx.Response(200, json={"data": {"feedbacks": found}})

    site = Site(answer)
    ctx = context("wildberries", site, questions=False)
    pages = read(ctx, "wildberries")
    assert sum(map(len, pages)) == 10_000
    assert len(site.asked) == 22
    assert "10000" in str(ctx.cap_hit)
    assert all(request.headers["authorization"] == "t0ken" for request in site.asked)
    assert not any("t0ken" in str(request.url) for request in site.asked)


def test_wildberries_lists_that_repeat_each_other_do_not_end_the_crawl() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        archive = request.url.path.endswith("archive")
        skip = int(query(request)["skip"])
        found = [wb_review(n) for n in range(skip, skip + 500)] if archive and skip < 1000 else []
        if query(request).get("isAnswered") == "true":
            found = [wb_review(n) for n in range(500)] if not skip else []
        return httpx.Response(200, json={"data": {"feedbacks": found}})

    store = MemoryStore()
    outcome = crawl("wildberries", Site(answer), store, questions=False)
    assert (outcome.status, outcome.notes, len(store.items)) == (Status.OK, (), 1000)


def test_wildberries_says_why_it_refuses() -> None:
    body = {"data": None, "error": True, "errorText": "нет доступа к категории"}
    site = Site(lambda _: httpx.Response(200, json=body))
    with pytest.raises(NeedsHuman, match="нет доступа к категории"):
        read(context("wildberries", site), "wildberries")


def test_ozon_without_the_subscription() -> None:
    site = Site(lambda _: httpx.Response(403, json={"code": 7, "message": "forbidden"}))
    with pytest.raises(NeedsHuman, match="Premium Plus"):
        read(context("ozon", site), "ozon")
    assert site.asked[0].headers["client-id"] == "7"
    assert site.asked[0].headers["api-key"] == "t0ken"


def test_yandex_market_windows_touch_and_never_pass_half_a_year() -> None:
    site = Site(lambda _: httpx.Response(200, json={"result": {"feedbacks": [], "paging": {}}}))
    read(context("yandex_market", site), "yandex_market")
    windows = [
        [datetime.fromisoformat(written) for written in json.loads(request.content).values()]
        for request in site.asked
    ]
    assert windows[0][0] == NOW - timedelta(days=720, seconds=1)
    assert windows[-1][1] == NOW
    assert all(end - begin < timedelta(days=181) for begin, end in windows)
    # Both ends are open: a review of the very second between two windows must be in one of them.
    assert all(later[0] < earlier[1] for earlier, later in pairwise(windows))
    site.asked.clear()
    read(context("yandex_market", site, since=NOW - timedelta(days=5)), "yandex_market")
    assert len(site.asked) == 1


def test_yandex_market_says_too_many_in_its_own_way() -> None:
    site = Site(lambda _: httpx.Response(420, headers={"retry-after": "1800"}))
    with pytest.raises(Transient) as later:
        read(context("yandex_market", site), "yandex_market")
    assert later.value.retry_after == timedelta(minutes=30)


# Sites


def test_unofficial_sources_want_their_terms_accepted() -> None:
    for kind, given in (("banki", {}), ("page", {"preset": "otzovik"})):
        for accepted in (False, None, "no"):
            with pytest.raises(ValidationError, match="accept_terms"):
                options(kind, **given, accept_terms=accepted)
    with pytest.raises(ValidationError, match="preset"):
        options("page", preset="another")


def test_banki_stays_out_where_robots_txt_says_so() -> None:
    site = Site(lambda _: httpx.Response(200), "User-agent: *\nDisallow: /services/responses/list")
    with pytest.raises(NeedsHuman, match=r"robots\.txt"):
        read(context("banki", site), "banki")
    assert site.asked == []


@pytest.mark.parametrize("kind", ["banki", "wordpress", "page", "sitemap"])
def test_a_captcha_ends_the_crawl(kind: str) -> None:
    site = Site(lambda _: httpx.Response(507))
    with pytest.raises(NeedsHuman, match="капч"):
        read(context(kind, site), kind)
    assert len(site.asked) == 1


def test_a_closed_wordpress_points_to_its_feed() -> None:
    site = Site(lambda _: httpx.Response(401, json={"code": "rest_cannot_read"}))
    with pytest.raises(NeedsHuman, match="comments/feed"):
        read(context("wordpress", site), "wordpress")


def test_wordpress_without_a_count_of_pages_reads_to_the_first_that_is_not_full() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        number = int(query(request)["page"])
        found = [
            {"id": number * 1000 + n, "date_gmt": NOW.isoformat(), "content": {"rendered": "да"}}
            for n in range(100 if number < 3 else 5)
        ]
        return httpx.Response(200, json=found)

    site = Site(answer)
    assert sum(map(len, read(context("wordpress", site), "wordpress"))) == 205
    assert len(site.asked) == 3


def test_wordpress_comments_deleted_meanwhile_end_the_list() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if query(request)["page"] == "2":
            return httpx.Response(400, json={"code": "rest_comment_invalid_page_number"})
        found = [{"id": 1, "date_gmt": NOW.isoformat(), "content": {"rendered": "да"}}]
        return httpx.Response(200, json=found, headers={"X-WP-TotalPages": "2"})

    assert len(read(context("wordpress", Site(answer)), "wordpress")) == 1
    with pytest.raises(NeedsHuman):
        read(context("wordpress", Site(lambda _: httpx.Response(400))), "wordpress")


def test_a_preset_gives_way_to_what_the_user_writes() -> None:
    url = "http://s.test/reviews/x/{page}/"
    given = options("page", preset="otzovik", url=url, selectors={"item": ".own"}, start=3)
    assert (given.url, given.selectors.item, given.start) == (url, ".own", 3)
    plain = options("page", preset="irecommend", url="http://s.test/content/x?new=50")
    assert (plain.url, plain.start) == ("http://s.test/content/x?page={page}", 0)


def test_a_list_in_another_order_is_read_to_its_end() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        number = int(query(request)["page"])
        card = (
            f'<li><div class="created">0{number + 1}.01.2020</div><div class="reviewTitle">'
            f'<a href="/content/{number}">Старый отзыв</a></div></li>'
        )
        body = f'<ul class="list-comments">{card}</ul>'
        return httpx.Response(200, html=body) if number < 3 else httpx.Response(404)

    site = Site(answer)
    pages = read(context("page", site, since=NOW, preset="irecommend"), "page")
    assert [[item.external_id for item in page] for page in pages] == [
        [f"http://s.test/content/{n}"] for n in range(3)
    ]


# Zendesk


def ticket(number: int, **fields: Any) -> dict[str, Any]:
    created = "2025-12-01T10:00:00Z"
    return {"id": number, "created_at": created, "description": f"письмо {number}", **fields}


def desk(request: httpx.Request) -> httpx.Response:
    """Two pages of tickets, then nothing new; one page of ratings."""
    asked = query(request)
    if "satisfaction" in request.url.path:
        return httpx.Response(200, json={"satisfaction_ratings": [], "meta": {"has_more": False}})
    number = int(asked.get("cursor", "0"))
    tickets = [ticket(number)] if number < 2 else []
    body = {"tickets": tickets, "after_cursor": str(number + 1), "end_of_stream": number >= 1}
    return httpx.Response(200, json=body)


def test_zendesk_goes_on_where_the_last_export_ended() -> None:
    store, site = MemoryStore(), Site(desk)
    for _ in range(2):
        assert crawl("zendesk", site, store).status is Status.OK
    cursors = [query(request).get("cursor") for request in site.asked]
    assert cursors == [None, "1", "2"]
    assert query(site.asked[0])["start_time"] == "946684800"
    login = base64.b64decode(site.asked[0].headers["authorization"].split()[1]).decode()
    assert login == "a@s.test/token:t0ken"


def test_zendesk_broken_off_repeats_neither_tickets_nor_loses_ratings() -> None:
    def breaking(request: httpx.Request) -> httpx.Response:
        return httpx.Response(503) if query(request).get("cursor") else desk(request)

    store, site = MemoryStore(), Site(desk)
    assert crawl("zendesk", Site(breaking), store, ratings=True).status is Status.LATER
    assert store.saved.cursor
    assert crawl("zendesk", site, store, ratings=True).status is Status.OK
    tickets, ratings = site.asked
    assert query(tickets)["cursor"] == "1"
    assert query(ratings)["start_time"] == "946684800"
    crawl("zendesk", site, store, ratings=True)
    week = int((NOW - timedelta(days=7)).timestamp())
    assert query(site.asked[-1])["start_time"] == str(week)


def test_zendesk_never_asks_for_what_has_not_settled() -> None:
    site = Site(desk)
    read(context("zendesk", site, since=NOW + timedelta(days=1)), "zendesk")
    assert int(query(site.asked[0])["start_time"]) == int(NOW.timestamp()) - 60


def test_zendesk_tells_of_deleted_tickets() -> None:
    body = {"tickets": [ticket(5, status="deleted")], "end_of_stream": True}
    site = Site(lambda _: httpx.Response(200, json=body))
    assert read(context("zendesk", site), "zendesk") == [[Deleted("5")]]


# Sitemaps


def sitemap(*lines: tuple[str, str]) -> str:
    urls = (
        f"<url><loc>http://s.test{path}</loc>"
        + (f"<lastmod>{date}</lastmod>" if date else "")
        + "</url>"
        for path, date in lines
    )
    return f"<urlset>{''.join(urls)}</urlset>"


def review_of(path: str) -> str:
    review = {"@type": "Review", "reviewBody": f"отзыв {path}", "author": "Яна"}
    return f'<script type="application/ld+json">{json.dumps(review)}</script>'


class Shop:
    """A site with a sitemap whose pages hold a review each."""

    def __init__(self, *lines: tuple[str, str]) -> None:
        self.lines = lines
        self.wrong: dict[str, int] = {}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/sitemap.xml":
            return httpx.Response(200, text=sitemap(*self.lines))
        if path in self.wrong:
            return httpx.Response(self.wrong[path])
        if request.headers.get("if-none-match") == path:
            return httpx.Response(304)
        return httpx.Response(200, html=review_of(path), headers={"etag": path})


def paths(site: Site) -> list[str]:
    found = [request.url.path for request in site.asked if request.url.path != "/sitemap.xml"]
    site.asked.clear()
    return found


def test_a_large_site_is_read_in_several_crawls_and_then_only_what_changed() -> None:
    old = "2025-11-01"
    shop = Shop(("/a", old), ("/b", ""), ("/c", old), ("/d", old), ("/e", old))
    site, store = Site(shop), MemoryStore()
    first = crawl("sitemap", site, store, max_pages=2)
    assert (paths(site), len(store.items)) == (["/a", "/b"], 2)
    assert "осталось 3" in str(first.coverage.cap_hit)
    later = NOW + timedelta(hours=1)
    crawl("sitemap", site, store, later, max_pages=2)
    assert paths(site) == ["/c", "/d"]
    crawl("sitemap", site, store, later + timedelta(hours=1), max_pages=2)
    assert paths(site) == ["/e", "/b"]  # /b tells no date: it is asked for again, and is the same
    shop.lines = (("/a", "2026-01-11"), *shop.lines[1:])
    last = crawl("sitemap", site, store, NOW + timedelta(days=2), max_pages=2)
    assert (paths(site), last.status, last.coverage.cap_hit) == (["/a", "/b"], Status.OK, None)
    assert store.writes == len(store.items) == 5


def test_one_broken_page_does_not_hide_the_rest_but_three_in_a_row_are_the_site() -> None:
    shop = Shop(*((f"/{n}", "") for n in range(5)))
    shop.wrong = {"/0": 500, "/1": 404, "/3": 503}
    site, store = Site(shop), MemoryStore()
    outcome = crawl("sitemap", site, store)
    assert (outcome.status, len(store.items), len(outcome.notes)) == (Status.OK, 2, 3)
    shop.wrong = {f"/{n}": 500 for n in range(5)}
    site.asked.clear()
    assert crawl("sitemap", site, MemoryStore()).status is Status.LATER
    assert len(paths(site)) == 3


def test_a_sitemap_leads_to_its_own_site_only() -> None:
    body = sitemap(("/a", "")).replace(
        "</urlset>",
        "<url><loc>http://other.test/b</loc></url><url><loc>file:///etc</loc></url>"
        "<url><loc>http://[x/c</loc></url></urlset>",
    )
    site = Site(
        lambda r: httpx.Response(200, text=body if r.url.path == "/sitemap.xml" else review_of("a"))
    )
    read(context("sitemap", site), "sitemap")
    assert paths(site) == ["/a"]
    with pytest.raises(NeedsHuman, match="tovar"):
        read(context("sitemap", site, pages="*/tovar/*"), "sitemap")


def test_pages_without_any_review_are_a_changed_layout() -> None:
    shop = Site(
        lambda r: httpx.Response(200, text=sitemap(("/a", "")) if "sitemap" in r.url.path else "x")
    )
    assert crawl("sitemap", shop, MemoryStore()).status is Status.LAYOUT_CHANGED


# XML from strangers

BOMB = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))


@pytest.mark.parametrize(
    "body",
    [
        f'<!DOCTYPE a [<!ENTITY e0 "xxxxxxxxxx">{BOMB}]><a>&e11;</a>'.encode(),
        f'<!DOCTYPE a [<!ENTITY e0 "xxxxxxxxxx">{BOMB}]><a>&e11;</a>'.encode("utf-16"),
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>',
        b'<!DOCTYPE a SYSTEM "http://127.0.0.1/x.dtd"><a/>',
        b'<!DOCTYPE a [<!ENTITY % p SYSTEM "http://127.0.0.1/p">%p;]><a/>',
        b"<a>" * 100_000,
        b"<a>&undefined;</a>",
        b'<?xml version="1.0" encoding="none"?><a/>',
        b"<a><b></a>",
        b"\x00\xff",
        b"",
    ],
)
def test_hostile_xml_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  the parser has words of its own
        parse_xml(body)


def test_honest_xml_is_read() -> None:
    body = '<?xml version="1.0" encoding="windows-1251"?><а>чай &amp; сахар</а>'
    root = parse_xml(body.encode("cp1251"))
    assert (root.tag, root.text) == ("а", "чай & сахар")
