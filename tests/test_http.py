"""The door to the network against a real server that misbehaves, and its rules one by one."""

import ast
import gzip
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from server import RUSSIAN, Server, serving

from collectors import bodies, network
from collectors.answers import Response, retry_after, wait_asked
from collectors.errors import CollectError, LayoutChanged, NeedsHuman, NotModified, Transient
from collectors.http import Http
from collectors.politeness import Limits, Slots
from collectors.secrets import hide_secrets

NOW = datetime(2026, 1, 10, 12, tzinfo=UTC)
PUBLIC = "93.184.216.34"


@pytest.fixture(scope="module")
def shared_server() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture
def server(shared_server: Server) -> Server:
    shared_server.asked.clear()
    shared_server.times.clear()
    shared_server.bodies.clear()
    shared_server.robots = (404, b"")
    return shared_server


class Door:
    """An Http that never really sleeps, and the waits it asked for."""

    def __init__(self, **limits: Any) -> None:
        self.waits: list[float] = []
        given = {"delay": 0, "allow_private": ["127.0.0.1"], "connect": 5, "read": 5, "total": 10}
        self.http = Http(
            Limits(**{**given, **limits}), sleep=self.waits.append, resolver=self.resolve
        )

    def resolve(self, host: str, port: int) -> list[str]:
        return ["10.1.2.3"] if host == "other.test" else network.resolve(host, port)


def test_the_door_is_the_only_one() -> None:
    folder = Path(network.__file__).parent
    openers = {"httpx", "urllib.request", "http.client", "requests", "socket", "httpcore"}
    found: dict[str, set[str]] = {}
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in openers.intersection(names):
                found.setdefault(name, set()).add(file.name)
    assert found == {
        "httpx": {"http.py", "transport.py"},
        "httpcore": {"network.py", "transport.py"},
        "socket": {"network.py", "imap_client.py"},  # the door to mailboxes
    }


def test_reads_a_page_and_says_who_it_is(server: Server) -> None:
    answer = Door(contact="ops@example.com").http.get(f"{server.url}/ok?token=x#top")
    assert (answer.status, answer.text) == (200, RUSSIAN)
    headers = dict(server.asked)["/ok"]
    assert headers["User-Agent"] == "OtklikBot/0.1 (+ops@example.com)"
    assert headers["Accept-Encoding"] == "gzip, deflate"


def test_a_long_retry_after_is_scheduled_not_slept(server: Server) -> None:
    door = Door()
    with pytest.raises(Transient) as seconds:
        door.http.get(f"{server.url}/busy_seconds")
    assert seconds.value.retry_after == timedelta(hours=2)
    with pytest.raises(Transient) as date:
        door.http.get(f"{server.url}/busy_date")
    assert date.value.retry_after is not None
    assert timedelta(hours=2, minutes=59) < date.value.retry_after <= timedelta(hours=3)
    assert door.waits == []
    assert server.times["/busy_seconds"] == 1


def test_short_waits_are_slept_and_the_answer_comes(server: Server) -> None:
    door = Door()
    assert door.http.get(f"{server.url}/flaky").status == 200
    assert server.times["/flaky"] == 3
    assert len(door.waits) == 2
    assert door.http.get(f"{server.url}/busy_briefly").status == 200
    assert door.waits[2] == 2


def test_retries_end(server: Server) -> None:
    with pytest.raises(Transient, match="500"):
        Door().http.get(f"{server.url}/down")
    assert server.times["/down"] == 3


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("unauthorized", 401, "ключ"),
        ("forbidden", 403, "закрыт"),
        ("nothing", 404, "не найден"),
        ("gone", 410, "удалён"),
        ("captcha", 507, "капчу"),
    ],
)
def test_what_a_person_must_look_at(server: Server, path: str, status: int, words: str) -> None:
    with pytest.raises(NeedsHuman, match=words) as refused:
        Door().http.get(f"{server.url}/{path}")
    assert refused.value.status == status
    assert server.times[f"/{path}"] == 1


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("silent", "не отвечает вовремя"),
        ("dropped", "Соединение"),
        ("partial", "Соединение"),
        ("drip", "не отвечает вовремя"),
        ("drip_headers", "не отвечает вовремя"),
    ],
)
def test_broken_answers_come_again_later(server: Server, path: str, words: str) -> None:
    with pytest.raises(Transient, match=words):
        Door(attempts=1, read=0.4, total=0.5).http.get(f"{server.url}/{path}")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("truncated_gzip", "оборвался"),
        ("broken_gzip", "повреждён"),
        ("double_bomb", "неизвестным способом"),
    ],
)
def test_bodies_that_cannot_be_decoded_come_again_later(
    server: Server, path: str, words: str
) -> None:
    with pytest.raises(Transient, match=words):
        Door(attempts=1).http.get(f"{server.url}/{path}")


@pytest.mark.parametrize("path", ["bomb", "endless"])
def test_bodies_are_bounded(server: Server, path: str) -> None:
    with pytest.raises(NeedsHuman, match="976 КиБ, чтение прервано"):
        Door(max_body=1_000_000).http.get(f"{server.url}/{path}")


def test_gzip_members_are_joined(server: Server) -> None:
    assert Door().http.get(f"{server.url}/good_gzip").body == b"first second"


@pytest.mark.parametrize("path", ["lying_charset", "meta_charset", "wrong_latin"])
def test_charsets(server: Server, path: str) -> None:
    assert RUSSIAN in Door().http.get(f"{server.url}/{path}").text


def test_conditional_get(server: Server) -> None:
    state: dict[str, Any] = {}
    http = Door().http.for_crawl(state)
    url = f"{server.url}/conditional"
    assert http.get(url, conditional=True).body == b"body"
    assert state[url] == {"etag": '"v1"', "last-modified": "Mon, 05 Jan 2026 10:00:00 GMT"}
    with pytest.raises(NotModified):
        http.get(url, conditional=True)
    assert http.get(url).status == 200
    http.forget(url)
    assert http.get(url, conditional=True).status == 200


def test_another_source_has_its_own_validators(server: Server) -> None:
    door = Door().http
    door.for_crawl({}).get(f"{server.url}/conditional", conditional=True)
    assert door.for_crawl({}).get(f"{server.url}/conditional", conditional=True).status == 200


def test_redirects_are_followed(server: Server) -> None:
    assert Door().http.get(f"{server.url}/moved").url == f"{server.url}/ok?from=moved"


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("loop", "Слишком много"),
        ("to_private", "внутреннюю сеть"),
        ("to_metadata", "внутреннюю сеть"),
        ("to_other", "внутреннюю сеть"),
        ("to_file", "http://"),
        ("to_captcha", "капчу"),
    ],
)
def test_redirects_are_checked_anew(server: Server, path: str, words: str) -> None:
    with pytest.raises(NeedsHuman, match=words):
        Door().http.get(f"{server.url}/{path}")


def test_keys_of_one_site_are_not_carried_to_another() -> None:
    seen: list[httpx.Request] = []

    def site(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if request.url.path == "/robots.txt":
            return httpx.Response(404)
        if request.url.host == "one.test":
            return httpx.Response(302, headers={"location": "http://two.test/"})
        return httpx.Response(200, content=b"ok")

    http = Http(Limits(delay=0), transport=httpx.MockTransport(site))
    http.get("http://one.test/", headers={"Authorization": "Bearer s"})
    sent = {(r.url.host, r.headers.get("authorization")) for r in seen if r.url.path == "/"}
    assert sent == {("one.test", "Bearer s"), ("two.test", None)}


def test_an_api_is_asked_without_robots(server: Server) -> None:
    server.robots = (200, b"User-agent: *\nDisallow: /")
    answer = Door().http.ask(
        f"{server.url}/ok", params={"q": "чай", "page": 2}, headers={"X-Key": "k"}
    )
    assert answer.url == f"{server.url}/ok?q=%D1%87%D0%B0%D0%B9&page=2"
    assert server.times == {"/ok": 1}
    headers = dict(server.asked)["/ok"]
    assert (headers["X-Key"], headers["Accept"]) == ("k", "application/json")


def test_an_api_is_sent_a_body(server: Server) -> None:
    http = Door().http
    http.ask(f"{server.url}/ok", json={"q": "чай", "n": 1})
    http.ask(f"{server.url}/ok", form={"q": "чай", "n": "1"})
    assert server.bodies == ['{"q":"чай","n":1}'.encode(), b"q=%D1%87%D0%B0%D0%B9&n=1"]
    kinds = [headers["Content-Type"] for _, headers in server.asked]
    assert kinds == ["application/json", "application/x-www-form-urlencoded"]


@pytest.mark.parametrize("path", ["moved", "to_other", "to_file", "to_captcha"])
def test_an_api_that_redirects_is_refused_and_the_key_stays(server: Server, path: str) -> None:
    with pytest.raises(NeedsHuman, match="кодом 30") as refused:
        Door().http.ask(f"{server.url}/{path}", headers={"Authorization": "Bearer s"})
    assert refused.value.status in {301, 302}
    assert [asked for asked, _ in server.asked] == [f"/{path}"]


def test_an_api_may_answer_with_a_status_that_its_caller_knows(server: Server) -> None:
    http = Door().http
    assert http.ask(f"{server.url}/forbidden", known={403, 404}).status == 403
    with pytest.raises(NeedsHuman, match="закрыт"):
        http.ask(f"{server.url}/forbidden", known={404})


def test_an_api_that_is_busy_is_asked_again_with_the_same_body(server: Server) -> None:
    door = Door()
    assert door.http.ask(f"{server.url}/busy_briefly", json={"a": 1}).status == 200
    assert server.bodies == [b'{"a":1}'] * 2
    assert door.waits == [2]
    with pytest.raises(Transient, match="429") as busy:
        door.http.ask(f"{server.url}/busy_seconds", known={429})
    assert busy.value.retry_after == timedelta(hours=2)
    assert server.times["/busy_seconds"] == 1


def test_an_answer_that_is_no_json_is_a_changed_layout(server: Server) -> None:
    with pytest.raises(LayoutChanged, match="не JSON") as changed:
        _ = Door().http.ask(f"{server.url}/ok?token=s3cr3t").json
    assert changed.value.body == RUSSIAN
    assert "s3cr3t" not in str(changed.value)


def test_the_loopback_is_refused_unless_named(server: Server) -> None:
    for allowed in (False, [], ["localhost"]):
        with pytest.raises(NeedsHuman, match="allow_private"):
            Door(allow_private=allowed).http.get(f"{server.url}/ok")
    assert server.asked == []
    assert Door(allow_private=True).http.get(f"{server.url}/ok").status == 200


def test_the_checked_address_is_the_one_connected_to(server: Server) -> None:
    answers = [[PUBLIC], ["127.0.0.1"]]
    asked: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return answers[min(len(asked) - 1, 1)]

    limits = Limits(delay=0, connect=0.2, total=0.5, attempts=1)
    http = Http(limits, sleep=lambda _: None, resolver=rebinding)
    with pytest.raises(CollectError):
        http.get(f"http://rebind.test:{server.server_port}/ok")
    with pytest.raises(CollectError):
        http.get(f"http://rebind.test:{server.server_port}/ok")
    assert server.asked == []


INNER = (
    "127.0.0.1 10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254 0.0.0.0 100.64.0.1 224.0.0.1 "
    "240.0.0.1 255.255.255.255 ::1 :: fe80::1 fe80::1%eth0 fc00::1 fec0::1 ff02::1 "
    "::ffff:127.0.0.1 ::ffff:10.0.0.1 ::127.0.0.1 2002:7f00:1:: 2002:0a00:0001:: 64:ff9b::7f00:1 "
    "2001:0:4136:e378:8000:63bf:f5ff:fffe 2001:db8::1 192.0.2.1 198.18.0.1"
)


@pytest.mark.parametrize("address", INNER.split())
def test_addresses_of_inner_networks(address: str) -> None:
    assert not network.is_public(address)


@pytest.mark.parametrize("address", f"{PUBLIC} 8.8.8.8 2606:4700::1111 64:ff9b::808:808".split())
def test_addresses_of_the_open_internet(address: str) -> None:
    assert network.is_public(address)


@pytest.mark.parametrize("url", ["http://2130706433/", "http://0x7f.1/", "http://[::1]/"])
def test_odd_spellings_of_the_loopback(url: str) -> None:
    http = Http(Limits(delay=0, attempts=1), sleep=lambda _: None)
    with pytest.raises(CollectError):
        http.get(url)


@pytest.mark.parametrize(
    "url",
    ["ftp://a/", "file:///etc/passwd", "http://", "nonsense", "https://a.ru/" + "ж" * 30_000],
    ids=lambda url: url[:20],
)
def test_bad_addresses(url: str) -> None:
    with pytest.raises(NeedsHuman):
        Door().http.get(url)


def test_an_unknown_name_is_transient() -> None:
    def nowhere(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    http = Http(Limits(delay=0), sleep=lambda _: None, resolver=nowhere)
    with pytest.raises(Transient, match="DNS"):
        http.get("http://nowhere.test/")


def test_robots_disallow_needs_a_person(server: Server) -> None:
    server.robots = (200, b"User-agent: *\nDisallow: /ok\nAllow: /conditional\n")
    door = Door()
    with pytest.raises(NeedsHuman, match=r"robots\.txt"):
        door.http.get(f"{server.url}/ok")
    assert door.http.get(f"{server.url}/conditional").status == 200
    assert server.times["/robots.txt"] == 1
    with pytest.raises(NeedsHuman, match=r"robots\.txt"):
        door.http.get(f"{server.url}/moved?x")  # allowed itself, its target is not


def test_robots_for_us_by_name(server: Server) -> None:
    server.robots = (200, b"User-agent: *\nDisallow: /\nUser-agent: OtklikBot\nAllow: /\n")
    assert Door().http.get(f"{server.url}/ok").status == 200


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_missing_robots_allows(server: Server, status: int) -> None:
    server.robots = (status, b"User-agent: *\nDisallow: /")
    assert Door().http.get(f"{server.url}/ok").status == 200


@pytest.mark.parametrize("status", [500, 503, 429])
def test_unreachable_robots_waits(server: Server, status: int) -> None:
    server.robots = (status, b"")
    door = Door()
    for _ in range(2):
        with pytest.raises(Transient, match=r"robots\.txt"):
            door.http.get(f"{server.url}/ok")
    assert server.times["/robots.txt"] == 3  # the short retries of one question, then remembered
    assert server.times["/ok"] == 0


def test_robots_are_kept_for_a_day_and_no_longer() -> None:
    clock, asked = [0.0], []

    def site(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return httpx.Response(200, content=b"User-agent: *\nAllow: /")

    http = Http(
        Limits(delay=0),
        transport=httpx.MockTransport(site),
        sleep=lambda _: None,
        clock=lambda: clock[0],
    )
    for moment in (0.0, 86_399.0, 86_401.0):
        clock[0] = moment
        http.get("http://site.test/a")
    assert asked.count("/robots.txt") == 2


def test_crawl_delay_is_honoured_within_reason() -> None:
    def site(request: httpx.Request) -> httpx.Response:
        delay = {"slow.test": 5, "absurd.test": 86_400}[request.url.host]
        return httpx.Response(200, content=f"User-agent: *\nCrawl-delay: {delay}".encode())

    for host, expected in (("slow.test", 5), ("absurd.test", 30)):
        clock = [0.0]
        http = Http(
            Limits(delay=0),
            transport=httpx.MockTransport(site),
            sleep=lambda seconds, clock=clock: clock.__setitem__(0, clock[0] + seconds),  # type: ignore[misc]
            clock=lambda clock=clock: clock[0],  # type: ignore[misc]
        )
        http.get(f"http://{host}/a")
        before = clock[0]
        http.get(f"http://{host}/b")
        assert clock[0] - before == pytest.approx(expected)
        http.get(f"http://{host}/c", pause=7)  # the source's own manners, where they are better
        assert clock[0] - before == pytest.approx(expected + max(expected, 7))


def test_one_host_waits_for_itself_and_not_for_others() -> None:
    waits: list[float] = []
    slots = Slots(2.0, waits.append, lambda: 100.0)
    for host in ("a", "b", "a"):
        with slots.enter(host):
            pass
    assert len(waits) == 1
    assert 2.0 <= waits[0] <= 3.0


def test_one_request_at_a_time_per_host() -> None:
    slots = Slots(0.0, lambda _: None, lambda: 0.0)
    inside, most, lock = [0], [0], threading.Lock()

    def visit() -> None:
        for _ in range(50):
            with slots.enter("host"):
                with lock:
                    inside[0] += 1
                    most[0] = max(most[0], inside[0])
                with lock:
                    inside[0] -= 1

    threads = [threading.Thread(target=visit) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most[0] == 1


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("Sat, 10 Jan 2026 12:10:00 GMT", 600),
        ("Sat, 10 Jan 2026 11:00:00 GMT", 0),
        ("99999999999999999999999", 31 * 86_400),
        ("2.5", 2.5),
        (str(int(NOW.timestamp()) + 40), 40),  # Unix time
        ("2026-01-10T12:05:00.000Z", 300),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("Sat, 99 Jan 2026", None),
    ],
)
def test_retry_after(header: str, seconds: float | None) -> None:
    wait = retry_after(header, NOW)
    assert wait == (None if seconds is None else timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "5", "x-ratelimit-reset": "900"}, 5),
        ({"x-ratelimit-retry": "7", "x-ratelimit-reset": "900"}, 7),  # Wildberries
        ({"x-ratelimit-resource-until": "Sat, 10 Jan 2026 12:01:00 GMT"}, 60),  # Yandex Market
        ({}, None),
    ],
)
def test_the_wait_has_several_names(headers: dict[str, str], seconds: int | None) -> None:
    wait = wait_asked(Response("http://a/", 429, headers, b""), NOW)
    assert wait == (None if seconds is None else timedelta(seconds=seconds))


def test_a_body_may_say_later_too(server: Server) -> None:
    door, told = Door(), iter([Transient("busy"), Transient("busy"), None])

    def judge(_: Response) -> None:
        if error := next(told):
            raise error

    assert door.http.ask(f"{server.url}/ok", judge=judge).status == 200
    assert len(door.waits) == 2


def test_secrets_stay_out_of_errors(server: Server) -> None:
    secret = "s3cr3t"
    url = f"{server.url}/down?access_token={secret}&key={secret}&page=2".replace("//", "//u:pw@")
    with pytest.raises(Transient) as shown:
        Door(attempts=1).http.get(url)
    assert secret not in str(shown.value)
    assert "u:pw" not in str(shown.value)
    assert "page=2" in str(shown.value)
    assert hide_secrets("см. http://a/?token=1&x=2 и key=3") == "см. http://a/?token=…&x=2 и key=…"


@given(st.binary(max_size=2000), st.integers(1, 50))
def test_gzip_in_any_pieces(body: bytes, size: int) -> None:
    packed = gzip.compress(body)
    pieces = [packed[n : n + size] for n in range(0, len(packed), size)]
    assert bodies.read_body(pieces, "gzip", 10_000) == body


@given(
    st.binary(max_size=300), st.sampled_from(["", "text/html; charset=bogus", "x; charset=utf-16"])
)
def test_any_bytes_decode(body: bytes, header: str) -> None:
    assert isinstance(bodies.decode(body, header), str)
