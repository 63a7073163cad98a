"""`otklik hooks` over real HTTP: signatures, doubles, a full disk, kills, slow senders."""

import hashlib
import hmac
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from memory import MemoryStore

from collectors import backfill, runner, spool
from collectors.base import Mention
from collectors.http import Http
from collectors.outcomes import Outcome, Status
from collectors.sources import webhook
from otklik import hooks
from otklik.config import load
from otklik.messages import ConfigError

CLIENT = httpx.Client(timeout=60)  # one for all: each would read the certificates anew
SECRET = "ключ-опроса"
SOURCE = "Опрос после покупки"
ANSWER = {"id": "a1", "answers": {"comment": "Ждал заказ две недели.", "nps": 3}}
CONFIG = f"""
sources:
  - name: {SOURCE}
    type: webhook
    secret: ${{HOOK_SECRET}}
    fields: {{text: answers.comment, nps: answers.nps}}
  - name: strict
    type: webhook
    secret: other
    require_timestamp: true
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    (tmp_path / "config.yaml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    server = hooks.Server(hooks.hooks_of(load(folder / "config.yaml")), 0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hooks/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def url(folder: Path) -> Iterator[str]:
    with serving(folder) as address:
        yield address


def signature(body: bytes, secret: str = SECRET, stamp: int | None = None) -> dict[str, str]:
    signed = body if stamp is None else f"{stamp}.".encode() + body
    found = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    headers = {hooks.SIGNATURE: f"sha256={found}"}
    return headers if stamp is None else {**headers, hooks.TIMESTAMP: str(stamp)}


def send(url: str, content: Any, name: str = SOURCE, **headers: str) -> httpx.Response:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    sent = {**signature(body), **{k.replace("_", "-"): v for k, v in headers.items()}}
    return CLIENT.post(url + name, content=body, headers=sent)


def folder_of(folder: Path, name: str = SOURCE) -> spool.Spool:
    return spool.Spool(spool.folder_of(folder / "var" / "hooks", name))


def crawl(folder: Path, store: MemoryStore, **options: Any) -> Outcome:
    source = load(folder / "config.yaml").sources[0]
    given = {**load(folder / "config.yaml").options_of(source), **options}
    read = webhook.Options.model_validate(given, context={"folder": folder})
    now = datetime.now(UTC)
    return runner.crawl(SOURCE, webhook, read, store, Http(), interval=timedelta(hours=1), now=now)


def test_an_event_travels_to_a_mention(folder: Path, url: str) -> None:
    answer = send(url, ANSWER)
    assert (answer.status_code, answer.json()) == (202, {"accepted": 1, "new": 1})
    store = MemoryStore()
    outcome = crawl(folder, store)
    assert (outcome.status, outcome.counts.new, outcome.error) == (Status.OK, 1, "")
    found = store.items["a1"]
    assert (found.text, found.nps) == ("Ждал заказ две недели.", 3)
    assert abs(datetime.now(UTC) - found.published_at) < timedelta(minutes=5)
    assert len(folder_of(folder).waiting()) == 1, "kept until storage says that it has it"
    assert crawl(folder, store).counts.new == 0
    assert folder_of(folder).waiting() == []


@pytest.mark.parametrize(
    ("headers", "says"),
    [
        ({hooks.SIGNATURE: ""}, "Нет подписи"),
        ({hooks.SIGNATURE: "sha256=" + "0" * 64}, "не подходит"),
        ({hooks.SIGNATURE: "подпись".encode()}, "не подходит"),
        (signature(b"another body"), "не подходит"),
        (signature(json.dumps(ANSWER).encode(), "other"), "не подходит"),
    ],
)
def test_who_cannot_sign_is_refused(
    folder: Path, url: str, headers: dict[str, Any], says: str
) -> None:
    answer = CLIENT.post(url + SOURCE, content=json.dumps(ANSWER).encode(), headers=headers)
    assert answer.status_code == 401
    assert says in answer.json()["error"]
    assert not folder_of(folder).folder.exists(), "strangers must not fill the disk"


@pytest.mark.parametrize(("shift", "status"), [(0, 202), (-200, 202), (-400, 401), (400, 401)])
def test_a_signed_moment_must_be_of_now(url: str, shift: int, status: int) -> None:
    body = json.dumps(ANSWER).encode()
    headers = signature(body, stamp=int(time.time()) + shift)
    assert CLIENT.post(url + SOURCE, content=body, headers=headers).status_code == status


def test_the_moment_is_part_of_what_is_signed(url: str) -> None:
    body = json.dumps(ANSWER).encode()
    old = signature(body, stamp=int(time.time()) - 4000)
    renewed = {**old, hooks.TIMESTAMP: str(int(time.time()))}
    assert CLIENT.post(url + SOURCE, content=body, headers=renewed).status_code == 401
    stripped = {hooks.SIGNATURE: old[hooks.SIGNATURE]}
    assert CLIENT.post(url + SOURCE, content=body, headers=stripped).status_code == 401
    unstamped = CLIENT.post(url + "strict", content=body, headers=signature(body, "other"))
    assert unstamped.status_code == 401
    assert hooks.TIMESTAMP in unstamped.json()["error"]
    stamped = signature(body, "other", stamp=int(time.time()))
    assert CLIENT.post(url + "strict", content=body, headers=stamped).status_code == 202


@pytest.mark.parametrize("levels", [101, 900, 20_000])
def test_an_event_too_deep_for_the_stack_is_refused_in_words(
    folder: Path, url: str, levels: int
) -> None:
    body = b'{"id": 1, "a": ' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"
    answer = CLIENT.post(url + SOURCE, content=body, headers=signature(body))
    assert answer.status_code == 400
    assert folder_of(folder).waiting() == []
    assert len(folder_of(folder).rejected()) == 1
    fine = b'{"id": 1, "text": "' + "Хорошо".encode() + b'", "a": ' + b"[" * 99 + b"]" * 99 + b"}"
    assert CLIENT.post(url + SOURCE, content=fine, headers=signature(fine)).status_code == 202
    assert crawl(folder, MemoryStore(), fields={}).counts.new == 1


def test_a_doubled_event_is_one(folder: Path, url: str) -> None:
    first, second = send(url, ANSWER), send(url, ANSWER)
    assert (first.json()["new"], second.json()["new"]) == (1, 0)
    assert len(folder_of(folder).waiting()) == 1
    store = MemoryStore()
    crawl(folder, store)
    send(url, ANSWER)  # redelivered after it was read
    crawl(folder, store)
    assert (len(store.items), store.writes) == (1, 1)


def test_ids_come_from_the_header_the_event_or_its_content(folder: Path, url: str) -> None:
    nameless = {"answers": {"comment": "Хорошо"}}
    send(url, nameless, X_Otklik_Event="e1")
    send(url, nameless, X_Otklik_Event="e2")
    send(url, {**nameless, "id": 77})
    send(url, nameless)
    send(url, nameless)
    send(url, [nameless, {"answers": {"comment": "Плохо"}}], X_Otklik_Event="list")
    store = MemoryStore()
    crawl(folder, store)
    assert set(store.items) >= {"e1", "e2", "77", "list#0", "list#1"}
    assert len(store.items) == 6


def test_an_edited_answer_replaces_the_first(folder: Path, url: str) -> None:
    send(url, ANSWER)
    send(url, {**ANSWER, "answers": {"comment": "Привезли, спасибо.", "nps": 8}})
    send(url, ANSWER)  # the first again, as its sender never heard our answer
    store = MemoryStore()
    outcome = crawl(folder, store)
    assert store.items["a1"].text == "Привезли, спасибо."
    assert (outcome.counts.new, outcome.counts.skipped) == (1, 0)


def test_many_at_once(folder: Path, url: str) -> None:
    def one(number: int) -> int:
        return send(
            url, {"id": number % 20, "answers": {"comment": f"№ {number % 20}"}}
        ).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(one, range(60))) == {202}
    store = MemoryStore()
    assert crawl(folder, store).counts.new == 20


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{", "не JSON"),
        (b"\xff\xfe\x00", "не JSON"),
        (b"[" * 100_000, "не JSON"),
        (b'"text"', "не объект JSON"),
        (b"{}", "пустое"),
        (json.dumps([{"id": 1}] * 1001).encode(), "Больше 1000"),
    ],
)
def test_a_bad_event_is_refused_in_words_and_kept(
    folder: Path, url: str, body: bytes, says: str
) -> None:
    answer = send(url, body)
    assert answer.status_code == 400
    assert says in json.dumps(answer.json(), ensure_ascii=False)
    (kept,) = folder_of(folder).rejected()
    assert says in spool.load(kept).reason
    store = MemoryStore()
    outcome = crawl(folder, store)
    assert (outcome.status, outcome.counts.skipped) == (Status.OK, 1)
    assert says in outcome.skipped[0].reason
    assert crawl(folder, store).counts.skipped == 0, "told once"
    assert kept.exists()


def test_good_events_beside_a_bad_one_are_taken(folder: Path, url: str) -> None:
    answer = send(url, [ANSWER, 5])
    assert (answer.status_code, answer.json()["accepted"]) == (400, 1)
    assert answer.json()["errors"] == [{"event": 1, "error": "Событие — не объект JSON."}]
    assert crawl(folder, MemoryStore()).counts.new == 1


def test_an_event_without_words_is_kept_aside(folder: Path, url: str) -> None:
    send(url, [ANSWER, {"id": "opened", "state": "opened"}])
    outcome = crawl(folder, MemoryStore())
    assert (outcome.counts.new, outcome.counts.skipped) == (1, 1)
    (aside,) = folder_of(folder).rejected()
    assert spool.load(aside).id == "opened"


def test_a_wrong_mapping_loses_nothing(folder: Path, url: str) -> None:
    send(url, [{"id": n, "answers": {"comment": f"Ответ {n}"}} for n in range(3)])
    store = MemoryStore()
    outcome = crawl(folder, store, fields={"text": "answers.words"})
    assert outcome.status is Status.NEEDS_HUMAN
    assert "fields" in outcome.error
    assert crawl(folder, store).counts.new == 3


def test_a_crawl_of_a_range_leaves_the_others_waiting(folder: Path, url: str) -> None:
    send(url, ANSWER)
    store, now = MemoryStore(), datetime.now(UTC)
    given = {"secret": "x", "fields": {"text": "answers.comment"}}
    options = webhook.Options.model_validate(given, context={"folder": folder})
    backfill.backfill(
        SOURCE,
        webhook,
        options,
        store,
        Http(),
        since=now - timedelta(days=9),
        until=now - timedelta(days=8),
        now=now,
    )
    assert store.items == {}
    assert crawl(folder, store).counts.new == 1


def test_a_store_that_fails_loses_nothing(folder: Path, url: str) -> None:
    send(url, ANSWER)

    def fail(step: str) -> None:
        if step in failing:
            raise OSError(step)

    store, failing = MemoryStore(fail=fail), ["save_page"]
    crawl(folder, store)
    failing = ["save_cursor"]
    crawl(folder, store)
    failing = []
    crawl(folder, store)
    assert (list(store.items), store.writes) == (["a1"], 1)


def test_other_addresses_and_sizes_are_refused(url: str) -> None:
    assert send(url, ANSWER, name="нет такого").status_code == 404
    assert CLIENT.post(url.replace("/hooks/", "/else/"), content=b"{}").status_code == 404
    large = b'{"text": "' + b"x" * hooks.LONGEST_BODY + b'"}'
    assert send(url, large).status_code == 413
    chunked = CLIENT.post(url + SOURCE, content=iter([b"{}"]))
    assert chunked.status_code == 411
    assert send(url, ANSWER).status_code == 202


@pytest.mark.parametrize("length", [f"{'0' * 12}9999999999", "9" * 5000])
def test_no_way_of_writing_a_length_gets_past_the_limit(url: str, length: str) -> None:
    with connected(url) as line:
        line.sendall(head(length))
        line.shutdown(socket.SHUT_WR)
        assert line.recv(100).startswith(b"HTTP/1.1 413")


def test_a_lying_length_takes_nothing(folder: Path, url: str) -> None:
    with connected(url) as line:
        line.sendall(head(length=1000) + b'{"id": 1')
        line.shutdown(socket.SHUT_WR)
        assert line.recv(100) == b""
    assert not folder_of(folder).folder.exists()


def connected(url: str) -> socket.socket:
    parts = httpx.URL(url)
    assert parts.port
    return socket.create_connection((parts.host, parts.port), timeout=20)


def head(length: int | str) -> bytes:
    return f"POST /hooks/strict HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n".encode()


def drip(line: socket.socket) -> None:
    line.sendall(head(length=1000))
    while True:
        line.sendall(b" ")
        time.sleep(0.05)


def silence(line: socket.socket) -> None:
    line.sendall(b"POST /hooks/strict HTTP/1.1\r\nHost:")
    assert line.recv(100) == b""
    raise ConnectionError


@pytest.mark.parametrize("behave", [drip, silence])
def test_a_slow_sender_is_hung_up_on(
    url: str, monkeypatch: pytest.MonkeyPatch, behave: Callable[[socket.socket], None]
) -> None:
    monkeypatch.setattr(hooks, "LONGEST", 0.4)
    monkeypatch.setattr(hooks._Handler, "timeout", 0.4)
    started = time.monotonic()
    with connected(url) as line, pytest.raises(ConnectionError):
        behave(line)
    assert time.monotonic() - started < 10
    monkeypatch.undo()
    assert send(url, ANSWER).status_code == 202


def test_too_many_at_once_are_told_to_come_later(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hooks, "MOST_AT_ONCE", 2)
    idle = [connected(url) for _ in range(2)]
    for line in idle:
        line.sendall(b"POST ")
    time.sleep(0.3)
    answer = connected(url)
    assert answer.recv(100).startswith(b"HTTP/1.1 503")
    for line in (*idle, answer):
        line.close()
    wait_for(lambda: send(url, ANSWER).status_code == 202)


def wait_for(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            if done():
                return
        except httpx.TransportError:
            pass
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_disk_that_refuses_is_no_202(folder: Path, url: str) -> None:
    where = folder_of(folder).folder
    where.parent.mkdir(parents=True)
    where.write_text("a file where the folder should be")
    answer = send(url, ANSWER)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    where.unlink()
    assert send(url, ANSWER).status_code == 202
    assert crawl(folder, MemoryStore()).counts.new == 1


@contextmanager
def process(folder: Path, quota: int | None = None) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """`otklik hooks` as its user starts it; ``quota`` is the largest file it may write, bytes."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        if quota is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (quota, quota))

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "otklik.cli", "hooks", "--port", str(port)]
    command += ["--config", str(folder / "config.yaml")]
    with subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        preexec_fn=limit,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONIOENCODING": "utf-8"},
    ) as service:
        assert service.stderr
        said = service.stderr.readline()
        try:
            yield said.split("http://", 1)[1].split("/", 1)[0], service
        finally:
            service.kill()


def test_the_service_keeps_what_it_acknowledged(folder: Path) -> None:
    with process(folder) as (address, service):
        assert send(f"http://{address}/hooks/", ANSWER).status_code == 202
        service.kill()
        service.wait()
    store = MemoryStore()
    assert crawl(folder, store).counts.new == 1
    with process(folder) as (address, service):
        send(f"http://{address}/hooks/", ANSWER)
        service.terminate()
        assert service.wait(30) == 0
    crawl(folder, store)
    assert store.writes == 1


def test_killed_at_any_moment_it_loses_nothing_acknowledged(folder: Path) -> None:
    heard: list[str] = []

    def sender(address: str, first: int) -> None:
        for number in range(first, first + 500):
            try:
                answer = send(f"http://{address}/hooks/", {"id": number, "text": f"№ {number}"})
            except httpx.TransportError:
                return
            if answer.status_code == 202:
                heard.append(str(number))

    with process(folder) as (address, service):
        threads = [threading.Thread(target=sender, args=(address, n * 1000)) for n in range(3)]
        for thread in threads:
            thread.start()
        wait_for(lambda: len(heard) > 20)
        service.kill()
        for thread in threads:
            thread.join()
    store = MemoryStore()
    outcome = crawl(folder, store, fields={})
    assert outcome.status is Status.OK
    assert set(heard) <= set(store.items)


def test_a_full_disk_is_told_and_leaves_no_rubbish(folder: Path) -> None:
    with process(folder, quota=600) as (address, _):
        assert send(f"http://{address}/hooks/", ANSWER).status_code == 202
        long = {"id": "long", "answers": {"comment": "я" * 2000}}
        assert send(f"http://{address}/hooks/", long).status_code == 503
        assert send(f"http://{address}/hooks/", {**ANSWER, "id": "a2"}).status_code == 202
    names = [file.name for file in folder_of(folder).folder.iterdir()]
    assert len(names) == 2
    assert all(name.endswith(".json") for name in names)
    assert crawl(folder, MemoryStore()).counts.new == 2


def test_a_config_without_webhooks_is_told(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("sources: []\n")
    with pytest.raises(ConfigError, match="webhook"):
        hooks.serve(load(tmp_path / "config.yaml"), 0)


def test_a_taken_port_is_told(folder: Path, url: str) -> None:
    port = httpx.URL(url).port
    assert port
    with pytest.raises(ConfigError, match=f"порт {port}"):
        hooks.serve(load(folder / "config.yaml"), port)


def test_paths_fields_and_dates(tmp_path: Path) -> None:
    content = {
        "form": {"id": "f9", "url": "https://forms.example/f9"},
        "answers": [{"value": "Хамят на кассе"}, {"value": "2"}],
        "submitted": "2026-01-05 10:00",
        "author": {"name": "Ольга"},
    }
    fields = {"text": "answers.0.value", "rating": "answers.1.value", "date": "submitted"}
    (found,) = mentions_of(tmp_path, content, {**fields, "title": "no.such.path"})
    assert (found.text, found.rating, found.author) == ("Хамят на кассе", 2.0, "Ольга")
    assert found.published_at == datetime(2026, 1, 5, 7, tzinfo=UTC)
    assert (found.external_id, found.url) == ("e", ""), "the form's id and url are not the answer's"


def mentions_of(folder: Path, content: Any, fields: dict[str, str]) -> list[Mention]:
    options = {"secret": "x", "fields": fields}
    read = webhook.Options.model_validate(options, context={"folder": folder})
    moment = datetime.now(UTC)
    spool.Spool(spool.folder_of(read.spool, "s")).put(spool.Event("e", moment, content))
    store = MemoryStore()
    runner.crawl("s", webhook, read, store, Http(), interval=None, now=moment)
    return list(store.items.values())


def test_source_names_make_safe_folders(tmp_path: Path) -> None:
    names = ["опрос", "a/b", "..", ".", "x" * 100, "А" * 100, "a b", "rejected/../.."]
    folders = {spool.folder_of(tmp_path, name) for name in names}
    assert len(folders) == len(names)
    assert all(folder.parent == tmp_path and len(folder.name) <= 60 for folder in folders)


def test_a_spoilt_file_is_told_and_stays(folder: Path, url: str) -> None:
    send(url, ANSWER)
    spoilt = folder_of(folder).folder / "spoilt.json"
    spoilt.write_text("{")
    outcome = crawl(folder, MemoryStore())
    assert (outcome.counts.new, outcome.counts.skipped) == (1, 1)
    assert spoilt.exists()


def test_unfinished_files_are_tidied_once_stale(folder: Path, url: str) -> None:
    send(url, ANSWER)
    where = folder_of(folder).folder
    for name, age in (("old.part", 7200), ("young.part", 10)):
        (where / name).touch()
        os.utime(where / name, (time.time() - age, time.time() - age))
    folder_of(folder).tidy()
    assert {file.suffix for file in where.iterdir()} == {".json", ".part"}
    assert not (where / "old.part").exists()
