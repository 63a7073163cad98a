"""What broken and hostile sites answer: recorded pages gone wrong in all ways we thought of."""

import copy
import json
import math
import random
import re
from dataclasses import dataclass, field
from typing import Any

import httpx
from recorded import Case

SCRIPT = "<script>alert(1)</script>"
IMAGE = '<img src="x" onerror="alert(1)">'
MOST_REQUESTS = 1000  # of a crawl of a few recorded pages

#: What may stand in JSON where something else is expected.
VALUES: list[Any] = [
    *(None, True, False, [], {}, [[]], [None], {"": None}, {"items": {}}),
    *(0, -1, 2**31, 2**63, 10**30, 10**400, -(10**400), 0.5, -0.0, 1e308, math.inf, math.nan),
    *(
        "",
        " ",
        "\0",
        "\ud800",
        "\udfff\ud800",
        "\u202e",
        "-",
        "--5",
        "٣",
        "1e5",
        "9" * 19,
        "я" * 9000,
    ),
    *(
        "NaN",
        "2026-13-45",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
        "-62135596801",
    ),
    *(
        "file:///etc/passwd",
        "http://127.0.0.1/",
        "http://[::1",
        "//x",
        "http://\0/",
        "javascript:x",
    ),
    *(
        SCRIPT,
        IMAGE,
        "&lt;b&gt;",
        "<" * 3000,
        "&#0;&#xd800;",
        "]]>",
        "%",
        "%s{0}",
        "../../../etc/passwd",
    ),
]
#: What may stand anywhere in a page.
SCRAPS = [
    *("\0", "<", ">", "]]>", "<![CDATA[", "<!--", "-->", "<?", "&", "&#0;", "&#xD800;", "&nosuch;"),
    *("\ufeff", "\ufffe", "\u2028", "\x1b[2J", "'", '"', "{", "}", "[", "\\", "\\ud800", "{page}"),
    *(
        SCRIPT,
        IMAGE,
        "</html>",
        "<base href='file:///'>",
        "<meta charset='utf-7'>",
        "<svg/onload=x>",
    ),
    *("<div>" * 3000, "</div>" * 50, "<table>" * 300, "[" * 2000, '{"a":' * 2000, "9" * 5000),
]
CODINGS = (
    "utf-16",
    "utf-16-le",
    "utf-32",
    "cp1251",
    "koi8-r",
    "cp866",
    "utf-7",
    "utf-8-sig",
    "cp037",
)
_PART = re.compile(rb"""(?:="|='|>)([^<>"']{1,4000})(?=["'<])""")
STATUSES = (
    200,
    201,
    204,
    206,
    301,
    304,
    400,
    401,
    403,
    404,
    410,
    418,
    420,
    429,
    451,
    500,
    503,
    507,
)
TYPES = (
    *("", "text/html", "application/json", "text/xml; charset=utf-16", "text/html; charset=\x80"),
    *(
        "application/xml; charset=nosuch",
        "text/plain; charset=idna",
        "x; charset=base64",
        "multipart/x",
    ),
)


def spoilt(body: bytes, chance: random.Random) -> bytes:
    """``body`` gone wrong once to four times."""
    for _ in range(chance.randint(1, 4)):
        ways = [_cut, _flipped, _without, _doubled, _littered, _littered, _recoded]
        if body.lstrip()[:1] in (b"{", b"[", b")"):
            ways += [_other_values] * 14
        elif b"<" in body:
            ways += [_other_parts] * 14
        body = chance.choice(ways)(body, chance)
    return body


def _place(body: bytes, chance: random.Random) -> int:
    return chance.randint(0, len(body))


def _cut(body: bytes, chance: random.Random) -> bytes:
    return body[: _place(body, chance)]


def _flipped(body: bytes, chance: random.Random) -> bytes:
    spoilt_body = bytearray(body)
    for _ in range(chance.randint(1, 20) if body else 0):
        spoilt_body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
    return bytes(spoilt_body)


def _without(body: bytes, chance: random.Random) -> bytes:
    start = _place(body, chance)
    return body[:start] + body[start + chance.randint(1, 400) :]


def _doubled(body: bytes, chance: random.Random) -> bytes:
    start = _place(body, chance)
    return body[:start] + body[max(0, start - chance.randint(1, 2000)) :]


def _littered(body: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.randint(1, 3)):
        at = _place(body, chance)
        body = body[:at] + chance.choice(SCRAPS).encode("utf-8", "surrogatepass") + body[at:]
    return body


def _recoded(body: bytes, chance: random.Random) -> bytes:
    return body.decode("utf-8", "replace").encode(chance.choice(CODINGS), "replace")


def _other_values(body: bytes, chance: random.Random) -> bytes:
    """JSON with other values in some places, also in the JSON that its strings hold."""
    text = body.decode("utf-8", "replace")
    prefix = ")]}'" if text.startswith(")]}'") else ""
    try:
        tree = json.loads(text.removeprefix(prefix))
    except (ValueError, RecursionError):
        return body
    for _ in range(chance.randint(1, 3)):
        _replace(tree, chance)
    return (prefix + json.dumps(tree)).encode()


def _other_parts(body: bytes, chance: random.Random) -> bytes:
    """Markup with other attributes and other texts in some places."""
    parts = list(_PART.finditer(body))
    if not parts:
        return body
    part = chance.choice(parts)
    words = [value for value in VALUES if isinstance(value, str)]
    other = chance.choice(words).encode("utf-8", "surrogatepass")
    return body[: part.start(1)] + other + body[part.end(1) :]


def _replace(tree: Any, chance: random.Random) -> None:
    """Walk down from the root; put something else where the walk ends."""
    node = tree
    while isinstance(node, dict | list) and node:
        keys = list(node) if isinstance(node, dict) else range(len(node))
        key = chance.choice(keys)
        inner = node[key]
        if isinstance(inner, str) and inner[:1] in ("[", "{") and chance.random() < 0.8:
            node[key] = _other_values(inner.encode("utf-8", "replace"), chance).decode()
            return
        if not isinstance(inner, dict | list) or not inner or chance.random() < 0.15:
            node[key] = copy.deepcopy(chance.choice([*VALUES, [inner], {"x": inner}, str(inner)]))
            if chance.random() < 0.1:
                del node[key]
            return
        node = inner


@dataclass
class HostileCase(Case):
    """A recorded case whose answers are spoilt; what was not recorded gets another's answer."""

    chance: random.Random = field(default_factory=random.Random)
    requests: int = 0
    told_last: httpx.Response | None = None

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        assert self.requests <= MOST_REQUESTS, "it asks without end"
        good = super().answer(request)
        if good.status_code == 404 and self.told_last and self.chance.random() < 0.5:
            good = self.told_last
        self.told_last = good
        if self.chance.random() < 0.3:
            return good
        status, headers = good.status_code, dict(good.headers)
        if self.chance.random() < 0.05:
            status = self.chance.choice(STATUSES)
        if self.chance.random() < 0.1:
            headers["content-type"] = self.chance.choice(TYPES)
        headers.pop("content-length", None)
        body = spoilt(good.content, self.chance)
        raw = [(name.encode(), value.encode("utf-8")) for name, value in headers.items()]
        return httpx.Response(status, headers=raw, content=body)
