"""Recorded pages of ``tests/pages``: one JSON file a case, its answers and expected mentions."""

import json
import re
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import keys
import own_places
from memory import NOW

from collectors import registry
from collectors.base import EPOCH, Collector, Context, Item, Mention
from collectors.http import Http
from collectors.politeness import Limits

PAGES = Path(__file__).parent / "pages"
DEFAULTS = {name: f.default for name, f in Mention.__dataclass_fields__.items()}


@dataclass
class Case:
    """A source's options and the answers it gets; anything else it asks for is noted."""

    kind: str
    name: str
    asked: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    headers: list[httpx.Headers] = field(default_factory=list)
    is_broken: bool = False

    def fresh(self) -> "Case":
        """The same case, with nothing asked yet."""
        return Case(self.kind, self.name)

    @property
    def folder(self) -> Path:
        return PAGES / self.kind

    @cached_property
    def told(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads((self.folder / f"{self.name}.json").read_text("utf-8"))
        return loaded

    @property
    def expected_file(self) -> Path:
        return self.folder / f"{self.name}.expected.json"

    @property
    def collector(self) -> Collector:
        return registry.find(self.kind)

    def pages(self, since: datetime = EPOCH) -> list[list[Item]]:
        """All pages as the collector gives them."""
        return list(self.collector.pages(self.context(since)))

    def mentions(self) -> list[Mention]:
        return [item for page in self.pages() for item in page if isinstance(item, Mention)]

    def context(self, since: datetime = EPOCH) -> Context:
        given = keys.filled(self.told["options"])
        if "path" in given:
            given["path"] = self.told["broken"]["file"] if self.is_broken else given["path"]
        if self.is_broken:
            given |= self.told["broken"].get("options", {})
        if "mail" in self.told:
            letters = self.folder / self.told["mail"]
            given |= own_places.mailbox(letters, self.told["options"]["folder"])
        if "spool" in given:
            given["spool"] = own_places.spool(self.folder / given["spool"])
        options = self.collector.Options.model_validate(given, context={"folder": self.folder})
        http = Http(
            Limits(delay=0, allow_private=("127.0.0.1",)),
            transport=httpx.MockTransport(self.answer),
            sleep=lambda _: None,
        )
        return Context(source="src", options=options, since=since, now=NOW, http=http)

    def knows(self, request: httpx.Request) -> bool:
        """Whether there is a recording that answers the request."""
        return self._key(_asked(request)) in self.told.get("responses", {})

    def answer(self, request: httpx.Request) -> httpx.Response:
        url = _asked(request)
        if request.url.path == "/robots.txt":
            return httpx.Response(404)
        key = self._key(url)
        self.asked.append(key)
        self.headers.append(request.headers)
        told = self.told["broken"] if self.is_broken else self.told["responses"].get(key)
        if told is None:
            self.unknown.append(url)
            return httpx.Response(404)
        body = (self.folder / told["file"]).read_bytes() if "file" in told else b""
        headers = {"content-type": told.get("content_type", "text/html; charset=utf-8")}
        headers |= told.get("headers", {})
        return httpx.Response(told.get("status", 200), headers=headers, content=body)

    def _key(self, url: str) -> str:
        """The recording that answers ``url``: ``*`` in its key is what each run makes anew."""
        matching = (
            key
            for key in self.told.get("responses", {})
            if "*" in key and re.fullmatch(re.escape(key).replace(r"\*", r"[\w:.%+/=-]+"), url)
        )
        return max(matching, key=len, default=url)  # the one that says most of it


def _asked(request: httpx.Request) -> str:
    """A request as the recordings name it."""
    url = str(request.url)
    return url if request.method == "GET" else f"{request.method} {url} {request.content.decode()}"


def shown(mention: Mention) -> dict[str, Any]:
    """A mention as JSON, without what is as by default."""
    fields = {k: v for k, v in asdict(mention).items() if k == "date_known" or v != DEFAULTS[k]}
    for name in ("published_at", "answered_at"):
        if name in fields:
            fields[name] = fields[name].isoformat()
    return fields


def cases() -> list[Case]:
    """Every recorded case."""
    files = (f for f in sorted(PAGES.glob("*/*.json")) if not f.name.endswith(".expected.json"))
    return [Case(file.parent.name, file.stem) for file in files]
