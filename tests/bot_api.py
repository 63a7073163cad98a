"""A server on the loopback that answers as Telegram's Bot API does, and can be told not to."""

import email
import email.policy
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from post_office import free_port

TOKEN = "123456789:AAfake-token_of_nobody-0123456789abcde"


@dataclass
class Call:
    """One request: the method of the API, its fields, the files by their field's name."""

    method: str
    fields: dict[str, str]
    files: dict[str, tuple[str, bytes]]


@dataclass
class BotApi:
    """``taken`` are the calls answered with «ok»; ``answers`` come before that, one for each call.

    An answer is (status, body); a number alone is how many seconds nothing is said. After
    ``dies_after`` calls that were taken nobody listens here any more.
    """

    port: int = field(default_factory=free_port)
    taken: list[Call] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)
    dies_after: int | None = None
    asked: int = 0

    @property
    def url(self) -> str:
        """Where the API is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def methods(self) -> list[str]:
        """What was asked for and done."""
        return [call.method for call in self.taken]


@contextmanager
def opened(api: BotApi) -> Iterator[BotApi]:
    """The API at work."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            api.asked += 1
            answer = api.answers.pop(0) if api.answers else None
            if isinstance(answer, int | float):
                time.sleep(answer)
                return
            if answer is None and not self.path.startswith(f"/bot{TOKEN}/"):
                answer = (401, {"ok": False, "error_code": 401, "description": "Unauthorized"})
            if answer is None:
                call = _call(self.path, self.headers["Content-Type"], body)
                api.taken.append(call)
                if api.dies_after is not None and len(api.taken) >= api.dies_after:
                    server.socket.close()  # from here on connections are refused
                answer = (200, {"ok": True, "result": {"message_id": len(api.taken)}})
            status, told = answer
            said = told if isinstance(told, bytes) else json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", api.port), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()


def _call(path: str, kind: str, body: bytes) -> Call:
    fields, files = dict[str, str](), dict[str, tuple[str, bytes]]()
    if kind.startswith("application/x-www-form-urlencoded"):
        fields = {name: values[0] for name, values in parse_qs(body.decode()).items()}
    else:
        head = f"Content-Type: {kind}\r\n\r\n".encode()
        message = email.message_from_bytes(head + body, policy=email.policy.HTTP)
        for part in message.iter_parts():  # type: ignore[attr-defined]
            name = part.get_param("name", header="content-disposition")
            content = part.get_payload(decode=True)
            if filename := part.get_filename():
                files[name] = (filename, content)
            else:
                fields[name] = content.decode()
    return Call(path.rpartition("/")[2], fields, files)
