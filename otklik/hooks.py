"""`otklik hooks`: a small HTTP service that takes events for sources of type ``webhook``.

It only checks the signature and the shape, keeps each event in the source's spool and says so; the
crawl reads them. ``POST /hooks/<source>`` with a JSON object, or a list of them, answers::

    202  all events are on the disk (also those that were there already)
    400  not JSON, or not objects: kept aside with the reason; do not send it again
    401  no signature, a wrong one, or an old one: nothing is kept
    404  no such source       411, 413  no length, too long
    503  the disk refuses, or too many at once: send it again later

It listens on this machine only; a web server in front of it brings TLS.
"""

import hashlib
import hmac
import json
import logging
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import quote, unquote

from collectors import spool
from collectors.base import key_of
from collectors.sources import webhook
from collectors.spool import Event, Spool
from otklik.config import Config
from otklik.crawling import prepare
from otklik.messages import ConfigError, system
from otklik.screen import OK, note

SIGNATURE = "X-Otklik-Signature"  # «sha256=» and 64 hex digits
TIMESTAMP = "X-Otklik-Timestamp"  # Unix seconds; if sent, «<timestamp>.<body>» is what is signed
EVENT_ID = "X-Otklik-Event"  # the sender's id of this event; without it, the event's own, or a hash
PATH = "/hooks/"
ADDRESS = "127.0.0.1"

LONGEST_BODY = 1024 * 1024
LONGEST_LENGTH = 12  # digits of Content-Length, leading zeros among them
MOST_EVENTS = 1000  # in one request
DEEPEST = 100  # levels of objects and lists in an event: what is far deeper overflows the stack
OLDEST = 300  # seconds that the signed moment may be off, either way
SILENCE, LONGEST = 10.0, 30.0  # seconds without a byte; for the whole request
MOST_AT_ONCE = 64  # requests
LEFT_OVER = 16 * LONGEST_BODY  # bytes of a refused body read on, so that the answer is heard

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Hook:
    """A source that takes events."""

    name: str
    options: webhook.Options
    spool: Spool


@dataclass(frozen=True, slots=True)
class Answer:
    """What the sender is told."""

    status: int
    said: Mapping[str, Any]


def serve(config: Config, port: int) -> int:
    """Take events until interrupted; raises ConfigError where nothing can be taken."""
    hooks = hooks_of(config)
    try:
        server = Server(hooks, port)
    except OSError as error:
        raise ConfigError(f"порт {port} не открыть: {system(error)}") from error
    for hook in hooks.values():
        hook.spool.tidy()
        note(f"{hook.name}: http://{ADDRESS}:{server.server_port}{PATH}{quote(hook.name, safe='')}")
    note("Приём событий идёт — остановить: Ctrl+C")
    # shutdown() waits for the loop, which runs in this very thread.
    with suppress(ValueError):
        signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    with server, suppress(KeyboardInterrupt):
        server.serve_forever()
    return OK


def hooks_of(config: Config) -> dict[str, Hook]:
    """The sources of config.yaml that take events, by name; raises ConfigError."""
    hooks = {}
    for source in config.sources:
        if source.type == "webhook" and source.enabled:
            _, options = prepare(config, source)
            assert isinstance(options, webhook.Options)
            folder = spool.folder_of(options.spool, source.name)
            hooks[source.name] = Hook(source.name, options, Spool(folder))
    if not hooks:
        raise ConfigError(f"в {config.path.name} нет включённых источников типа webhook")
    return hooks


def refusal(hook: Hook, headers: Mapping[str, str], body: bytes, now: float) -> str:
    """Why the signature does not hold, in words; empty where it does. ``now`` is Unix seconds."""
    given, stamp = headers.get(SIGNATURE, ""), headers.get(TIMESTAMP, "")
    if not given:
        return f"Нет подписи: нужен заголовок {SIGNATURE}: sha256=…"
    if not stamp and hook.options.require_timestamp:
        return f"Нет времени отправки: нужен заголовок {TIMESTAMP} (секунды Unix)."
    signed = f"{stamp}.".encode() + body if stamp else body
    secret = hook.options.secret.get_secret_value().encode()
    expected = f"sha256={hmac.new(secret, signed, hashlib.sha256).hexdigest()}"
    if not hmac.compare_digest(expected.encode(), given.strip().lower().encode()):
        return "Подпись не подходит: проверьте секрет и то, что подписано тело как есть."
    if stamp and not (stamp.isascii() and stamp.isdigit() and abs(now - int(stamp)) <= OLDEST):
        return f"Время отправки отличается от нашего больше чем на {OLDEST} секунд."
    return ""


def take(hook: Hook, sent_id: str, body: bytes, now: datetime) -> Answer:
    """Keep the events of a signed request; raises OSError where the disk refuses."""
    try:
        content = json.loads(body)
        entries = content if isinstance(content, list) else [content]
    except (ValueError, RecursionError):
        return _refused(hook, sent_id, body, now, "Тело запроса — не JSON.")
    if len(entries) > MOST_EVENTS:
        return _refused(hook, sent_id, body, now, f"Больше {MOST_EVENTS} событий в одном запросе.")
    if _is_deeper(entries, DEEPEST + 1):
        return _refused(
            hook, sent_id, body, now, f"В событии больше {DEEPEST} уровней вложенности."
        )
    kept, errors = 0, []
    for number, entry in enumerate(entries):
        own = f"{sent_id}#{number}" if sent_id and len(entries) > 1 else sent_id
        key = own or webhook.event_id(entry, hook.options.fields)
        key = key or key_of(json.dumps(entry, sort_keys=True))
        if isinstance(entry, dict) and entry:
            kept += hook.spool.put(Event(key, now, entry))
        else:
            reason = "Событие — не объект JSON." if entry != {} else "Событие пустое."
            hook.spool.reject(Event(key, now, entry, reason))
            errors.append({"event": number, "error": reason})
    accepted = {"accepted": len(entries) - len(errors), "new": kept}
    return Answer(400, {**accepted, "errors": errors}) if errors else Answer(202, accepted)


def _is_deeper(node: Any, levels: int) -> bool:
    """Whether there are more levels of objects and lists, found level by level."""
    nodes = [node]
    for _ in range(levels):
        inner = [one.values() if isinstance(one, dict) else one for one in nodes]
        nodes = [item for items in inner for item in items if isinstance(item, dict | list)]
        if not nodes:
            return False
    return True


def _refused(hook: Hook, sent_id: str, body: bytes, now: datetime, reason: str) -> Answer:
    text = body.decode("utf-8", "replace")
    hook.spool.reject(Event(sent_id or key_of(text), now, text, reason))
    return Answer(400, {"accepted": 0, "errors": [{"error": reason}]})


class Server(ThreadingHTTPServer):
    """A thread a request, a bounded number of them, each for a bounded time."""

    daemon_threads = True  # a request that was not answered will be sent again
    request_queue_size = 128

    def __init__(self, hooks: Mapping[str, Hook], port: int) -> None:
        self.hooks = hooks
        self._started: dict[socket.socket, float] = {}
        self._lock = threading.Lock()
        super().__init__((ADDRESS, port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Start a thread for the request, if there is room."""
        with self._lock:
            full = len(self._started) >= MOST_AT_ONCE
            if not full:
                self._started[request] = time.monotonic()
        if full:
            with suppress(OSError):
                request.sendall(b"HTTP/1.1 503 Busy\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n")
            self.shutdown_request(request)
        else:
            super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Hang up and make room."""
        with self._lock:
            self._started.pop(request, None)
        super().shutdown_request(request)

    def service_actions(self) -> None:
        """Break off requests that take too long, byte by byte; called twice a second."""
        late = time.monotonic() - LONGEST
        with self._lock:
            overdue = [line for line, started in self._started.items() if started < late]
        for line in overdue:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        """A sender that hung up is no error of ours."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            log.exception("request from %s failed", client_address)


class _Handler(BaseHTTPRequestHandler):
    """One request, one answer, no keep-alive."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "otklik", ""
    timeout = SILENCE
    server: Server

    def do_POST(self) -> None:
        """An event, or several."""
        hook, length = self._hook(), self.headers.get("Content-Length", "")
        if hook is None:
            self._say(Answer(404, {"error": "Такого источника нет."}), unread=True)
        elif not (length.isascii() and length.isdigit()) or "Transfer-Encoding" in self.headers:
            self._say(Answer(411, {"error": "Нужен Content-Length."}), unread=True)
        elif len(length) > LONGEST_LENGTH or int(length) > LONGEST_BODY:
            words = f"Тело больше {LONGEST_BODY >> 10} КиБ: пришлите меньшими частями."
            self._say(Answer(413, {"error": words}), unread=True)
        else:
            body = self.rfile.read(int(length))
            if len(body) == int(length):  # else the sender hung up, and will send it again
                self._say(self._answer(hook, body))

    def _hook(self) -> Hook | None:
        path = self.path.partition("?")[0]
        name = unquote(path.removeprefix(PATH)) if path.startswith(PATH) else ""
        return self.server.hooks.get(name)

    def _answer(self, hook: Hook, body: bytes) -> Answer:
        headers = {name: self.headers.get(name, "") for name in (SIGNATURE, TIMESTAMP)}
        if reason := refusal(hook, headers, body, time.time()):
            note(f"{hook.name}: отказ — {reason}")
            return Answer(401, {"error": reason})
        try:
            answer = take(hook, self.headers.get(EVENT_ID, "").strip(), body, datetime.now(UTC))
        except OSError as error:
            note(f"{hook.name}: событие не записано, {system(error)}: {hook.spool.folder}")
            return Answer(503, {"error": "Событие не записано на диск. Пришлите его позже."})
        note(f"{hook.name}: принято {answer.said['accepted']}, новых {answer.said.get('new', 0)}")
        return answer

    def _say(self, answer: Answer, *, unread: bool = False) -> None:
        body = json.dumps(answer.said, ensure_ascii=False).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        if answer.status == 503:
            self.send_header("Retry-After", "60")
        self.end_headers()
        self.wfile.write(body)
        if unread:
            self._hear_out()

    def _hear_out(self) -> None:
        """Read what the sender still sends: hung up on, it would not see the answer."""
        self.connection.shutdown(socket.SHUT_WR)
        heard = 0
        while heard < LEFT_OVER and (data := self.rfile.read1(64 * 1024)):
            heard += len(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base's name
        """What matters is told in words where it happens."""
