"""What the social sources do with refusals, quotas, deletions and caps; lists are recorded."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from memory import NOW
from pydantic import ValidationError
from recorded import Case, cases

from collectors import registry, shapes
from collectors.base import EPOCH, Context, Deleted, Item
from collectors.errors import CollectError, NeedsHuman, QuotaSpent, SkipItem, Transient
from collectors.http import Http
from collectors.options import zone_of
from collectors.politeness import Limits

KINDS = {"bluesky", "hackernews", "mastodon", "telegram", "vk", "youtube"}
HOUR = timedelta(hours=1)


class Site:
    """Answers every request alike and keeps what was asked."""

    def __init__(self, status: int, body: Any, **headers: str) -> None:
        self.status, self.headers = status, headers
        self.body = body if isinstance(body, str) else json.dumps(body)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/robots.txt":
            return httpx.Response(404)
        self.asked.append(request)
        given = self.headers if len(self.asked) == 1 else {}
        status = self.status if len(self.asked) == 1 or not self.headers else 200
        return httpx.Response(status, text=self.body, headers=given)

    def crawl(self, kind: str, **options: Any) -> list[list[Item]]:
        collector = registry.find(kind)
        http = Http(Limits(delay=0), transport=httpx.MockTransport(self), sleep=lambda _: None)
        given = collector.Options.model_validate(options)
        ctx = Context(source="src", options=given, since=EPOCH, now=NOW, http=http)
        return list(collector.pages(ctx))


def crawled(kind: str, name: str, **options: Any) -> tuple[Case, Context, list[Item]]:
    """A recorded case read whole, its options changed by ``options``."""
    case = Case(kind, name)
    case.told["options"] |= options
    ctx = case.context()
    return case, ctx, [item for page in case.collector.pages(ctx) for item in page]


def vk_error(code: int) -> Site:
    return Site(200, {"error": {"error_code": code, "error_msg": "said by VK"}})


@pytest.mark.parametrize(
    ("code", "error", "words", "wait"),
    [
        (5, NeedsHuman, "не принимает ключ", None),
        (14, NeedsHuman, "капчу", None),
        (15, NeedsHuman, "группа открыта", None),
        (100, NeedsHuman, "said by VK", None),
        (6, Transient, "подождать", timedelta(seconds=1)),
        (9, Transient, "подождать", HOUR),
        (10, Transient, "подождать", None),
        (29, QuotaSpent, "завтра", 9 * HOUR),  # 12:00 UTC is 15:00 in Moscow
    ],
)
def test_vk_errors(
    code: int, error: type[CollectError], words: str, wait: timedelta | None
) -> None:
    with pytest.raises(error, match=words) as raised:
        vk_error(code).crawl("vk", token="k", query="морошка")
    assert getattr(raised.value, "retry_after", None) == wait


def test_vk_is_asked_again_where_it_only_was_too_many_a_second() -> None:
    busy = vk_error(6)
    with pytest.raises(Transient):
        busy.crawl("vk", token="k", query="морошка")
    assert len(busy.asked) == Limits().attempts
    spent = vk_error(29)
    with pytest.raises(QuotaSpent):
        spent.crawl("vk", token="k", query="морошка")
    assert len(spent.asked) == 1


def test_vk_wall_tells_deletions_answers_and_closed_comments() -> None:
    _, ctx, items = crawled("vk", "wall")
    assert [item for item in items if isinstance(item, Deleted)] == [Deleted("wall-501_90_r206")]
    assert not {"wall-501_90_r202", "wall-501_90_r207"} & {item.external_id for item in items}
    assert [note.where for note in ctx.notes] == ["wall-501_89"]


def test_vk_search_owns_up_to_its_cap() -> None:
    _, ctx, _ = crawled("vk", "search")
    assert ctx.cap_hit is not None
    assert "8 записей из 1600" in ctx.cap_hit
    assert ctx.left_out == 1  # a picture without words


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"query": "a", "wall": "b"},
        {"query": "a", "topic": 1},
        {"wall": "https://vk.com/b"},
        {"board": -5},
    ],
)
def test_vk_options_name_one_place(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        registry.find("vk").Options.model_validate({"token": "k", **options})


def test_a_closed_discussion_does_not_hide_the_others() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        asked = parse_qs(request.content.decode())
        if request.url.path.endswith("getTopics"):
            topics = [{"id": n, "updated": 1767900000, "title": "Отзывы"} for n in (1, 2)]
            return httpx.Response(200, json={"response": {"items": topics, "count": 2}})
        if asked["topic_id"] == ["1"]:
            return httpx.Response(200, json={"error": {"error_code": 15, "error_msg": "closed"}})
        said = [{"id": 7, "from_id": 5, "date": 1767900000, "text": "Хлеб свежий."}]
        return httpx.Response(200, json={"response": {"items": said, "count": 1}})

    vk = registry.find("vk")
    http = Http(Limits(delay=0), transport=httpx.MockTransport(answer), sleep=lambda _: None)
    options = vk.Options.model_validate({"token": "k", "board": 9})
    ctx = Context(source="src", options=options, since=EPOCH, now=NOW, http=http)
    assert [item.external_id for page in vk.pages(ctx) for item in page] == ["topic-9_2_7"]
    assert [note.where for note in ctx.notes] == ["topic-9_1"]


PLAIN_CARD = (
    '<html><body><div class="tgme_page"><a class="tgme_action_button_new"></a></div></body>'
)


@pytest.mark.parametrize(
    "site",
    [Site(302, PLAIN_CARD, Location="https://t.me/moroshka"), Site(200, PLAIN_CARD)],
    ids=["redirected", "card"],
)
def test_a_telegram_channel_without_preview_needs_a_person(site: Site) -> None:
    with pytest.raises(NeedsHuman, match="нет открытого просмотра"):
        site.crawl("telegram", channel="moroshka")


def test_a_telegram_channel_may_find_nothing() -> None:
    nothing = (
        '<div class="tgme_widget_message_wrap"><div class="tgme_no_messages_found"></div></div>'
    )
    assert Site(200, nothing).crawl("telegram", channel="moroshka", query="чай") == []
    # … but where a channel's whole history is empty, the runner must know.
    empty = '<section class="tgme_channel_history"></section>'
    assert Site(200, empty).crawl("telegram", channel="moroshka") == [[]]


@pytest.mark.parametrize(
    "name", ["moroshka", "@moroshka", "t.me/moroshka", "https://t.me/s/moroshka/"]
)
def test_telegram_channels_are_named_in_any_way(name: str) -> None:
    options = registry.find("telegram").Options.model_validate({"channel": name})
    assert options.model_dump()["channel"] == "moroshka"


@pytest.mark.parametrize(
    ("status", "reason", "error", "words", "wait"),
    [
        (403, "commentsDisabled", NeedsHuman, "отключены", None),
        (403, "quotaExceeded", QuotaSpent, "завтра", 20 * HOUR),  # 4:00 in California
        (403, "rateLimitExceeded", Transient, "подождать", None),
        (400, "processingFailure", Transient, "подождать", None),
        (400, "invalidPageToken", Transient, "забыл", timedelta(minutes=1)),
        (400, "badRequest", NeedsHuman, "ключ", None),
        (403, "accessNotConfigured", NeedsHuman, "включён", None),
        (404, "videoNotFound", NeedsHuman, "не нашёл", None),
    ],
)
def test_youtube_errors(
    status: int, reason: str, error: type[CollectError], words: str, wait: timedelta | None
) -> None:
    site = Site(status, {"error": {"message": "said", "errors": [{"reason": reason}]}})
    with pytest.raises(error, match=words) as raised:
        site.crawl("youtube", key="k", video="mrshk000001")
    assert getattr(raised.value, "retry_after", None) == wait


def test_bluesky_says_how_to_get_in() -> None:
    with pytest.raises(NeedsHuman, match="app_password"):
        Site(403, "<html>Forbidden</html>").crawl("bluesky", query="морошка")


def test_bluesky_logs_in_and_searches_from_home() -> None:
    site = Site(200, {"accessJwt": "jwt", "posts": []})
    site.crawl("bluesky", query="морошка", handle="m.bsky.social", app_password="p")
    session, search = site.asked
    assert json.loads(session.content) == {"identifier": "m.bsky.social", "password": "p"}
    assert search.url.host == "bsky.social"
    assert search.headers["authorization"] == "Bearer jwt"


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("mastodon", {"instance": "https://m.example", "query": "морошка"}),
        ("mastodon", {"instance": "https://m.example", "query": "a", "hashtag": "a", "token": "t"}),
        ("bluesky", {"query": "морошка", "handle": "m.bsky.social"}),
        ("youtube", {"key": "k"}),
        ("youtube", {"key": "k", "channel": "@moroshka"}),
    ],
)
def test_options_that_cannot_work_are_refused(kind: str, options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        registry.find(kind).Options.model_validate(options)


@pytest.mark.parametrize(
    ("kind", "name", "secret"),
    [
        ("vk", "search", "service-key"),
        ("vk", "wall", "service-key"),
        ("youtube", "channel", "api-key"),
        ("mastodon", "search", "user-token"),
    ],
)
def test_keys_stay_out_of_addresses(kind: str, name: str, secret: str) -> None:
    case, _, _ = crawled(kind, name)
    addresses = [key.split(" ")[1] if key.startswith("POST") else key for key in case.asked]
    assert addresses
    assert not any(secret in address for address in addresses)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("vk", "wall"),
        ("telegram", "channel"),
        ("youtube", "channel"),
        ("mastodon", "search"),
        ("bluesky", "search"),
        ("hackernews", "search"),
    ],
)
def test_a_bound_on_pages_is_told(kind: str, name: str) -> None:
    _, ctx, items = crawled(kind, name, max_pages=1)
    assert items
    assert ctx.cap_hit is not None
    assert "max_pages" in ctx.cap_hit


def test_shapes_take_what_sites_write_and_nothing_else() -> None:
    node = {
        "n": "12",
        "b": True,
        "f": 1.5,
        "list": [{"a": 1}, 2],
        "one": {"a": 1},
        "at": "2026-01-09T10:00:00",
    }
    assert (shapes.whole(node, "n"), shapes.whole(node, "b"), shapes.whole(node, "f")) == (
        12,
        None,
        None,
    )
    assert (shapes.text(node, "f"), shapes.text(node, "b"), shapes.text(node, "n", "x")) == (
        "1.5",
        "",
        "",
    )
    assert shapes.nodes(node, "list") == shapes.nodes(node, "one") == [{"a": 1}]
    assert shapes.nodes(node, "n") == []
    assert shapes.moment(node, "at", zone=zone_of("Europe/Moscow")) == datetime(
        2026, 1, 9, 7, tzinfo=UTC
    )
    assert shapes.moment(node, "n") == datetime(1970, 1, 1, 0, 0, 12, tzinfo=UTC)
    with pytest.raises(SkipItem, match="«b»"):
        shapes.moment(node, "b")
    with pytest.raises(SkipItem, match="«one»"):
        shapes.key(node, "one")


ANSWERS = {
    f"{case.kind}-{case.name}": case for case in cases() if case.kind in KINDS - {"telegram"}
}
JUNK: tuple[Any, ...] = (
    None,
    True,
    -1,
    10**30,
    1.5,
    "",
    "9" * 40,
    "<b>",
    [],
    [None],
    [[]],
    {},
    {"id": {}},
)


def places(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of everything inside ``node``."""
    inside = (
        node.items()
        if isinstance(node, dict)
        else enumerate(node)
        if isinstance(node, list)
        else ()
    )
    for key, value in inside:
        yield (*path, key)
        yield from places(value, (*path, key))


@pytest.mark.parametrize("name", ANSWERS)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_junk_anywhere_in_an_answer_is_no_bug(name: str, data: st.DataObject) -> None:
    case = ANSWERS[name].fresh()
    told = data.draw(st.sampled_from(list(case.told["responses"].values())))
    body = (case.folder / told["file"]).read_bytes()
    whole = json.loads(body)
    *path, last = data.draw(st.sampled_from(list(places(whole))))
    node = whole
    for step in path:
        node = node[step]
    node[last] = data.draw(st.sampled_from(JUNK))

    def answer(request: httpx.Request) -> httpx.Response:
        recorded = case.answer(request)
        spoiled = httpx.Response(recorded.status_code, json=whole)
        return spoiled if recorded.content == body else recorded

    ctx = case.context()
    ctx.http = Http(Limits(delay=0), transport=httpx.MockTransport(answer), sleep=lambda _: None)
    try:
        for page in case.collector.pages(ctx):
            assert all(item.external_id for item in page)
    except CollectError as error:
        assert str(error)  # noqa: PT017  an error is one of two fine ends
