"""App stores and maps: signatures, tokens that run out, limits and lists that lead astray."""

import base64
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from keys import ec_key, on_one_line, pem, rsa_key
from memory import NOW, MemoryStore
from pydantic import ValidationError
from recorded import Case, cases

from collectors import registry, runner
from collectors.base import EPOCH, Context, Item
from collectors.errors import LayoutChanged, NeedsHuman, Transient
from collectors.http import Http
from collectors.outcomes import Status
from collectors.politeness import Limits

LATER = NOW + timedelta(hours=5)  # the wall clock: the run began long ago
KINDS = (
    *("appstore", "appstore_connect", "googleplay", "googleplay_web", "rustore"),
    *("twogis", "google_business"),
)
ACCOUNT = {"client_email": "otklik@moroshka.test", "private_key": pem(rsa_key())}
OPTIONS: dict[str, dict[str, Any]] = {
    "appstore": {"app_id": 15},
    "appstore_connect": {"app_id": 15, "issuer_id": "iss", "key_id": "kid", "key": pem(ec_key())},
    "googleplay": {"package": "ru.app", "key": json.dumps(ACCOUNT)},
    "googleplay_web": {"package": "ru.app", "accept_terms": True, "max_pages": 3},
    "rustore": {"package": "ru.app", "key_id": "84", "key": pem(rsa_key())},
    "twogis": {"key": "partner-key", "branches": {7001: "Лесная"}},
    "google_business": {
        "account": 1,
        "locations": {2: "Лесная"},
        "client_id": "c",
        "client_secret": "s3",
        "refresh_token": "r3",
    },
}
Answer = Callable[[httpx.Request], httpx.Response]


def context(kind: str, answer: Answer, since: datetime = EPOCH, **options: Any) -> Context:
    given = registry.find(kind).Options.model_validate({**OPTIONS[kind], **options})
    http = Http(
        Limits(delay=0, attempts=1),
        transport=httpx.MockTransport(answer),
        sleep=lambda _: None,
        now=lambda: LATER,
    )
    return Context(source="src", options=given, since=since, now=NOW, http=http)


def read(ctx: Context, kind: str) -> list[list[Item]]:
    return list(registry.find(kind).pages(ctx))


def tokens_and(answer: Answer) -> Answer:
    """``answer``, and a token for whoever asks for one."""

    def all_of_it(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/robots.txt":
            return httpx.Response(404)
        if request.url.host == "oauth2.googleapis.com":
            return httpx.Response(200, json={"access_token": "short"})
        if request.url.path == "/public/auth/":
            return httpx.Response(200, json={"code": "OK", "body": {"jwe": "short"}})
        return answer(request)

    return all_of_it


def empty(kind: str) -> Any:
    return {
        "appstore_connect": {"data": [], "links": {}},
        "googleplay": {},
        "rustore": {"code": "OK", "body": {"content": [], "last": True}},
        "google_business": {},
    }[kind]


def claims_of(token: str, key: Any, audience: str) -> dict[str, Any]:
    """The claims of a token, its signature checked; its times are those of the wall clock."""
    checks = {"verify_exp": False, "verify_iat": False}
    kinds = ["ES256", "RS256"]
    found: dict[str, Any] = jwt.decode(
        token, key.public_key(), algorithms=kinds, audience=audience, options=checks
    )
    assert datetime.fromtimestamp(found["iat"], UTC) == LATER
    return found


@pytest.mark.parametrize("written", [pem(ec_key()), on_one_line(ec_key())], ids=["pem", ".env"])
def test_app_store_connect_signs_with_es256(written: str) -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["authorization"].removeprefix("Bearer "))
        return httpx.Response(200, json=empty("appstore_connect"))

    assert read(context("appstore_connect", answer, key=written), "appstore_connect") == []
    claims = claims_of(seen[0], ec_key(), "appstoreconnect-v1")
    assert claims["iss"] == "iss"
    assert claims["exp"] - claims["iat"] <= 20 * 60
    assert jwt.get_unverified_header(seen[0]) == {"alg": "ES256", "kid": "kid", "typ": "JWT"}


def test_google_play_signs_with_rs256_and_sends_the_token() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return tokens_and(lambda _: httpx.Response(200, json={}))(request)

    # In .env the line ends of the key inside the JSON may have become real ones.
    spoilt = json.dumps(ACCOUNT).replace("\\n", "\n")
    assert read(context("googleplay", answer, key=spoilt), "googleplay") == []
    form = parse_qs(asked[0].content.decode())
    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    claims = claims_of(form["assertion"][0], rsa_key(), "https://oauth2.googleapis.com/token")
    assert claims["iss"] == "otklik@moroshka.test"
    assert claims["scope"].endswith("/androidpublisher")
    assert asked[1].headers["authorization"] == "Bearer short"


def test_rustore_signs_key_id_and_moment(tmp_path: Path) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return tokens_and(lambda _: httpx.Response(200, json=empty("rustore")))(request)

    bare = "".join(pem(rsa_key()).splitlines()[1:-1])  # as the console shows it
    (tmp_path / "key.txt").write_text(f"{bare}\n", encoding="utf-8")
    given = {**OPTIONS["rustore"], "key_file": "key.txt"}
    del given["key"]
    ctx = context("rustore", answer)
    ctx.options = registry.find("rustore").Options.model_validate(
        given, context={"folder": tmp_path}
    )
    assert read(ctx, "rustore") == []
    sent = json.loads(asked[0].content)
    assert sent["keyId"] == "84"
    assert sent["timestamp"] == "2026-01-10T20:00:00.000+03:00"
    rsa_key().public_key().verify(
        base64.b64decode(sent["signature"]),
        f"84{sent['timestamp']}".encode(),
        padding.PKCS1v15(),
        hashes.SHA512(),
    )
    assert asked[1].headers["public-token"] == "short"


@pytest.mark.parametrize("kind", ["appstore_connect", "googleplay", "rustore", "google_business"])
def test_a_token_that_runs_out_is_got_anew_and_a_refused_one_needs_a_human(kind: str) -> None:
    pages = max((list_answers(case) for case in cases() if case.kind == kind), key=len)
    refusals = [False, True, False, False]

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/feedback"):
            return httpx.Response(404)
        if refusals.pop(0):
            return httpx.Response(401)
        return httpx.Response(200, content=pages.pop(0))

    assert len(read(context(kind, tokens_and(answer)), kind)) == 2
    assert refusals == [False]
    with pytest.raises(NeedsHuman, match="401"):
        read(context(kind, tokens_and(lambda _: httpx.Response(401))), kind)


def list_answers(case: Case) -> list[bytes]:
    """The recorded list, page by page, without what gets a token and RuStore's answers."""
    told = [
        answer
        for url, answer in case.told["responses"].items()
        if "POST" not in url and "/feedback" not in url
    ]
    return [(case.folder / answer["file"]).read_bytes() for answer in told]


@pytest.mark.parametrize("kind", ["appstore_connect", "googleplay", "rustore", "google_business"])
@pytest.mark.parametrize("body", ["<html>", "[]", '{"other": 1}', '{"code": "OK", "body": 1}'])
def test_a_list_of_another_shape_behind_a_good_token(kind: str, body: str) -> None:
    answer = tokens_and(lambda _: httpx.Response(200, text=body))
    with pytest.raises(LayoutChanged):
        read(context(kind, answer), kind)


@pytest.mark.parametrize("kind", ["googleplay", "google_business"])
def test_what_google_says_of_a_bad_grant_is_shown(kind: str) -> None:
    told = {"error": "invalid_grant", "error_description": "Token has been revoked."}
    with pytest.raises(NeedsHuman, match="revoked"):
        read(context(kind, lambda _: httpx.Response(400, json=told)), kind)


@pytest.mark.parametrize("status", [200, 400])
def test_what_rustore_says_of_a_bad_signature_is_shown(status: int) -> None:
    told = {"code": "ERROR", "message": "Range timestamp not valid", "body": None}
    with pytest.raises(NeedsHuman, match="Range timestamp"):
        read(context("rustore", lambda _: httpx.Response(status, json=told)), "rustore")


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("appstore_connect", "не ключ"),
        ("appstore_connect", pem(rsa_key())),
        ("appstore_connect", pem(ec.generate_private_key(ec.SECP384R1()))),
        ("rustore", pem(ec_key())),
        ("googleplay", "{}"),
        ("googleplay", "не JSON"),
        ("googleplay", json.dumps({**ACCOUNT, "private_key": "нет"})),
    ],
)
def test_a_wrong_key_needs_a_human_and_is_not_shown(kind: str, key: str) -> None:
    with pytest.raises(NeedsHuman) as told:
        read(context(kind, lambda _: httpx.Response(500), key=key), kind)
    assert key not in str(told.value)


def test_one_key_is_given_in_one_way(tmp_path: Path) -> None:
    both = {**OPTIONS["rustore"], "key_file": "key.pem"}
    none = {name: value for name, value in OPTIONS["rustore"].items() if name != "key"}
    for given in (both, none):
        with pytest.raises(ValidationError, match="key_file"):
            registry.find("rustore").Options.model_validate(given)
    lost = {**none, "key_file": str(tmp_path / "no.pem")}
    ctx = context("rustore", lambda _: httpx.Response(500))
    ctx.options = registry.find("rustore").Options.model_validate(lost)
    with pytest.raises(NeedsHuman, match=r"no\.pem"):
        read(ctx, "rustore")


def test_the_unofficial_door_asks_for_consent() -> None:
    for given in ({"package": "ru.app"}, {"package": "ru.app", "accept_terms": False}):
        with pytest.raises(ValidationError, match="accept_terms"):
            registry.find("googleplay_web").Options.model_validate(given)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_kept_between_runs_and_no_key_is_shown(kind: str) -> None:
    for case in cases():
        if case.kind == kind:
            ctx = case.context()
            list(case.collector.pages(ctx))
            assert ctx.state == {}
    ctx, store = context(kind, lambda _: httpx.Response(403)), MemoryStore()
    outcome = runner.crawl(
        "src",
        registry.find(kind),
        ctx.options,
        store,
        ctx.http,
        interval=timedelta(hours=1),
        now=NOW,
    )
    assert outcome.status is Status.NEEDS_HUMAN
    for secret in ("partner-key", "=s3", "=r3", "PRIVATE KEY"):
        assert secret not in outcome.error + outcome.detail


def apple_page(number: str) -> dict[str, Any]:
    def label(text: str) -> dict[str, str]:
        return {"label": text}

    entries = [
        {
            "id": label(f"{number}-{n}"),
            "im:rating": label("5"),
            "content": label("Да"),
            "updated": label("2026-01-05T00:00:00-07:00"),
        }
        for n in range(50)
    ]
    return {"feed": {"entry": entries}}


def test_the_app_store_ends_after_five_hundred() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/robots.txt":
            return httpx.Response(404)
        number = re.findall(r"page=(\d+)", request.url.path)[0]
        return httpx.Response(200, json=apple_page(number))

    ctx = context("appstore", answer)
    pages = read(ctx, "appstore")
    assert sum(map(len, pages)) == 500
    assert "500" in str(ctx.cap_hit)


def test_a_feed_that_repeats_its_page_does_not_hide_the_next_country() -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/robots.txt":
            return httpx.Response(404)
        country = request.url.path.split("/")[1]
        asked.append(country)
        return httpx.Response(200, json=apple_page(country))

    pages = read(context("appstore", answer, countries=["ru", "kz"]), "appstore")
    assert len(pages) == 2
    assert asked == ["ru", "ru", "kz", "kz"]


def test_an_atom_form_that_is_none() -> None:
    undated = apple_page("1")
    del undated["feed"]["entry"][0]["updated"]

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/json"):
            return httpx.Response(200, json=undated)
        return httpx.Response(
            404 if request.url.path == "/robots.txt" else 200, text="<!DOCTYPE x>"
        )

    with pytest.raises(LayoutChanged, match="Atom"):
        read(context("appstore", answer), "appstore")


def test_google_play_says_that_it_knows_one_week() -> None:
    answer = tokens_and(lambda _: httpx.Response(200, json={}))
    late, fresh = context("googleplay", answer), context("googleplay", answer, NOW)
    for ctx in (late, fresh):
        read(ctx, "googleplay")
    assert "7 дней" in str(late.cap_hit)
    assert fresh.cap_hit is None


def play_answer(part: list[Any]) -> httpx.Response:
    return httpx.Response(200, text=")]}'\n\n" + json.dumps([part]))


def test_the_unofficial_door_waits_stops_and_notices_changes() -> None:
    busy = play_answer(["wrb.fr", "oCPfdb", None, None, None, [8], "generic"])
    with pytest.raises(Transient):
        read(context("googleplay_web", lambda _: busy), "googleplay_web")
    for part in (["wrb.fr", "oCPfdb", None, None, None, [13]], ["er", "other"], []):
        answer = play_answer(part)
        with pytest.raises(LayoutChanged):
            read(context("googleplay_web", lambda _, a=answer: a), "googleplay_web")  # type: ignore[misc]
    count = iter(range(99))

    def endless(_: httpx.Request) -> httpx.Response:
        number = next(count)
        review = [f"id{number}", ["Кто"], 3, None, "Так себе", [1767900000]]
        payload = json.dumps([[review], [None, f"token{number}"]])
        return play_answer(["wrb.fr", "oCPfdb", payload])

    ctx = context("googleplay_web", endless)
    assert len(read(ctx, "googleplay_web")) == 3
    assert "max_pages" in str(ctx.cap_hit)


@pytest.mark.parametrize("kind", ["twogis", "appstore_connect"])
def test_a_next_page_elsewhere_is_not_asked_for(kind: str) -> None:
    hosts: set[str] = set()

    def answer(request: httpx.Request) -> httpx.Response:
        hosts.add(request.url.host)
        elsewhere = "https://elsewhere.test/next"
        review = {"id": "1", "rating": 5, "date_created": "2026-01-09T00:00:00Z"}
        return httpx.Response(
            200,
            json={
                "reviews": [review],
                "meta": {"next_link": elsewhere},
                "data": [],
                "links": {"next": elsewhere},
            },
        )

    with pytest.raises(LayoutChanged, match="другом сайте"):
        read(context(kind, answer), kind)
    assert "elsewhere.test" not in hosts


@pytest.mark.parametrize(("kind", "requests"), [("twogis", 3), ("google_business", 4)])
def test_old_reviews_that_were_edited_do_not_end_the_list(kind: str, requests: int) -> None:
    case = next(case for case in cases() if case.kind == kind)
    case.pages(since=NOW - timedelta(days=3, hours=18))
    assert len(case.asked) == requests


def test_rustore_stops_early_only_while_dates_are_in_order() -> None:
    pages = {case.name: case for case in cases() if case.kind == "rustore"}
    for case in pages.values():
        case.pages(since=NOW + timedelta(days=1))
    assert len(pages["ordered"].asked) == 3  # the token, one page and the answers
    assert len(pages["mixed"].asked) == 4
