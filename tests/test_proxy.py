"""The door behind a proxy: where it lets through, where not, and whose fault it was."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from replay import Proxy, Replayed, replaying
from server import serving

from collectors import network
from collectors.errors import NeedsHuman, Transient
from collectors.http import Http
from collectors.politeness import Limits
from otklik.config import load
from otklik.crawling import door
from otklik.messages import ConfigError

PLAIN, SECURE = "http://forum.test/rss", "https://t.me/s/moroshka_ryadom"


@pytest.fixture
def proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    cases = [Replayed("feed", "rss"), Replayed("telegram", "channel")]
    with replaying(cases, tmp_path) as made:
        monkeypatch.setenv("SSL_CERT_FILE", str(made.authority))
        yield made


def behind(proxy: Proxy, login: str = "", **limits: object) -> Http:
    """A door that believes nothing of names: each would lead into the own network."""
    given = {"delay": 0, "attempts": 1, "allow_private": ("127.0.0.1",), **limits}
    url = f"http://{login}127.0.0.1:{proxy.server_port}"

    def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.1"] if host == "127.0.0.1" else ["10.0.0.1"]

    return Http(Limits(proxy=url, **given), sleep=lambda _: None, resolver=resolve)  # type: ignore[arg-type]


@pytest.mark.parametrize("url", [PLAIN, SECURE])
def test_names_are_looked_up_by_the_proxy(proxy: Proxy, url: str) -> None:
    assert behind(proxy).get(url).status == 200
    assert proxy.unknown == []


def test_the_login_goes_to_the_proxy_alone(proxy: Proxy) -> None:
    behind(proxy, "otklik:s%2Fp@").get(SECURE)
    assert set(proxy.logins) == {"Basic b3RrbGlrOnMvcA=="}
    asked = [header for case in proxy.cases for header in case.headers]
    assert asked
    assert not any("proxy-authorization" in header for header in asked)


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.2", "127.1", "0x7f000001", "2130706433", "10.0.0.7", "169.254.169.254"),
        *("[::1]", "[::ffff:10.0.0.7]", "localhost", "LOCALHOST.", "router", "box.local"),
        *("metadata.google.internal", "printer.home.arpa", "a.localhost"),
        *("%31%32%37.0.0.1", "127.0.0.1%2e", "1.2.3.4.5"),
    ],
)
def test_inner_hosts_are_not_asked_for(proxy: Proxy, host: str) -> None:
    for scheme in ("http", "https"):
        with pytest.raises(NeedsHuman, match="allow_private"):
            behind(proxy).ask(f"{scheme}://{host}/rss")
    assert (proxy.unknown, proxy.logins) == ([], [])


def test_hosts_of_the_own_network_are_asked_directly(proxy: Proxy) -> None:
    with serving() as server:
        assert behind(proxy).get(f"{server.url}/ok").status == 200
    assert (proxy.unknown, proxy.logins) == ([], [])


def test_a_redirect_into_the_own_network_is_not_followed(proxy: Proxy) -> None:
    assert not network.is_public_name("10.0.0.7")
    told = proxy.cases[0].told["responses"]["http://forum.test/rss"]
    told |= {"status": 302, "headers": {"location": "http://10.0.0.7/secret"}}
    with pytest.raises(NeedsHuman, match=r"10\.0\.0\.7"):
        behind(proxy).get(PLAIN)
    assert proxy.unknown == []


def test_a_proxy_inside_the_own_network_must_be_named(proxy: Proxy) -> None:
    for url in (PLAIN, SECURE):
        with pytest.raises(NeedsHuman, match=r"127\.0\.0\.1.*allow_private"):
            behind(proxy, allow_private=()).ask(url)


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        (407, NeedsHuman, "http.proxy"),
        (403, NeedsHuman, "Прокси не пускает"),
        (503, Transient, "Прокси не соединил"),
    ],
)
def test_what_a_proxy_refuses(
    proxy: Proxy, status: int, error: type[Exception], words: str
) -> None:
    proxy.refuses = status
    with pytest.raises(error, match=words) as refused:
        behind(proxy, "otklik:hush@").ask(SECURE)
    assert "hush" not in str(refused.value)


def test_a_plain_request_that_the_proxy_wants_a_login_for(proxy: Proxy) -> None:
    proxy.status = 407
    with pytest.raises(NeedsHuman, match=r"http\.proxy"):
        behind(proxy).ask(PLAIN)


def test_a_proxy_that_is_down_is_named(proxy: Proxy) -> None:
    http = behind(proxy)
    proxy.shutdown()
    proxy.server_close()
    for url in (PLAIN, SECURE):
        with pytest.raises(Transient, match="через прокси"):
            http.ask(url)


def test_an_authority_that_nobody_named_is_not_believed(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(Transient, match="certificate verify failed"):
        behind(proxy).ask(SECURE)
    assert os.environ.get("SSL_CERT_FILE") is None


@pytest.mark.parametrize(
    "url", ["proxy:3128", "socks5://proxy:1080", "http://", "http://proxy:99999", "http://a/b"]
)
def test_an_address_that_is_no_proxy(tmp_path: Path, url: str) -> None:
    (tmp_path / "config.yaml").write_text(f"http: {{proxy: '{url}'}}", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"http\.proxy пишется"):
        door(load(tmp_path / "config.yaml"))
