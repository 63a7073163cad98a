"""A site whose reviews come late, are edited and deleted, and crawls of it that die at any step."""

import os
import random
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import httpx
import sqlalchemy as sa

from collectors import runner
from collectors.base import Collector, Context, Deleted, Item, Mention, Order, Quota, dates_of
from collectors.http import Http
from collectors.options import SourceOptions
from collectors.outcomes import Counts, Outcome, Saved
from collectors.politeness import Limits
from collectors.quotas import Quotas
from storage.crawls import SqlStore
from storage.database import Database
from storage.quotas import SqlLedger

URL = "https://site.test/reviews"
LOOKBACK = timedelta(days=2)
PAGE = 3
ZONE = ZoneInfo("UTC")


@dataclass
class Review:
    """One review at the site; ``version`` counts its edits."""

    number: int
    published: datetime
    version: int = 0
    is_gone: bool = False

    @property
    def key(self) -> str:
        return f"r{self.number}"

    @property
    def text(self) -> str:
        """Words that no other review or version has, so that none counts as a repeat."""
        chance = random.Random(f"{self.number} {self.version}")
        return " ".join(f"слово{chance.randrange(10**6)}" for _ in range(8))


class Options(SourceOptions):
    """A key, because a quota is a key's."""

    key: str


@dataclass
class Site:
    """A list of reviews, ``PAGE`` at a time, and a collector for it.

    ``most_pages`` is the collector's cap, ``per_day`` what the key may ask; ``keeps_place`` tells
    whether the collector says where it stands.
    """

    name: str
    order: Order
    keeps_place: bool = True
    most_pages: int = 1000
    per_day: int | None = None
    reviews: list[Review] = field(default_factory=list)

    def answer(self, request: httpx.Request) -> httpx.Response:
        """The page that begins after the review that the request names."""
        asked = request.url.params
        listed = self._listed(float(asked["since"]))
        places = [place for place, _ in listed]
        start = sum(place <= asked["after"] for place in places) if asked["after"] else 0
        page = listed[start : start + PAGE]
        told = [
            {"id": r.key, "text": r.text, "date": r.published.timestamp(), "gone": r.is_gone}
            for _, r in page
        ]
        is_last = start + PAGE >= len(listed)
        after = page[-1][0] if page else ""
        return httpx.Response(200, json={"items": told, "last": is_last, "after": after})

    def _listed(self, since: float) -> list[tuple[str, Review]]:
        """What the list holds, each with its place in it: places grow along the list."""
        found = []
        for review in self.reviews:
            seconds = int(review.published.timestamp())
            number = f"{review.number:06}"
            if self.order == "newest_first":
                found.append((f"{10**11 - seconds:012}-{number}", review))
            elif self.order == "unordered":
                found.append((f"{random.Random(review.number).random():.12f}-{number}", review))
            elif seconds >= since:
                found.append((f"{seconds:012}-{number}", review))
        return sorted(found, key=lambda one: one[0])

    def pages(self, ctx: Context) -> Iterator[list[Item]]:
        """The collector: as far back as asked for, and as far as the cap lets it."""
        after = ctx.place
        for _ in range(self.most_pages):
            asked = {"after": after, "since": str(int(ctx.since.timestamp()))}
            told = ctx.http.ask(URL, params=asked).json
            page: list[Item] = [
                Deleted(one["id"])
                if one["gone"]
                else Mention(
                    source=ctx.source,
                    external_id=one["id"],
                    text=one["text"],
                    published_at=datetime.fromtimestamp(one["date"], UTC),
                )
                for one in told["items"]
            ]
            if page:
                yield page
            read = self.order == "newest_first" and ctx.all_older(dates_of(page))
            if told["last"] or read:
                return
            after = told["after"]
            if self.keeps_place:
                ctx.place = after
        ctx.capped(f"прочитано страниц: {self.most_pages}")

    @property
    def collector(self) -> Collector:
        module = SimpleNamespace(
            Options=Options, ORDER=self.order, LOOKBACK=LOOKBACK, pages=self.pages
        )
        return cast(Collector, module)


class Death(BaseException):
    """The process ends here, for all that the code under test can tell."""


@dataclass(eq=False)
class Steps:
    """Counts the steps of a crawl and ends it at the one that was chosen (0: none)."""

    dies_at: int
    die: Callable[[], None]
    taken: int = 0

    def __call__(self, *_: Any) -> None:
        self.taken += 1
        if self.taken == self.dies_at:
            self.die()


@dataclass
class Mortal:
    """The real store, with a step before and after each call of it."""

    inner: SqlStore
    step: Steps

    def load(self, source: str) -> Saved:
        return self._around(self.inner.load, source)

    def save_page(self, source: str, items: list[Item]) -> Counts:
        return self._around(self.inner.save_page, source, items)

    def save_cursor(self, source: str, cursor: datetime | None, state: Mapping[str, Any]) -> None:
        self._around(self.inner.save_cursor, source, cursor, state)

    def save_outcome(self, outcome: Outcome, failures: int) -> None:
        self._around(self.inner.save_outcome, outcome, failures)

    def _around(self, call: Callable[..., Any], *given: Any) -> Any:
        self.step()
        answer = call(*given)
        self.step()
        return answer


def store_of(db: Database, lemmas_of: Callable[[str], str] = str) -> SqlStore:
    """The real store for a source that has a brand, so that texts are not searched for brands."""
    return SqlStore(db, ZONE, lambda _: lambda _: (), lemmas_of)


def crawl(database: str, site: Site, now: datetime, step: Steps) -> None:
    """One crawl as a process of its own would make it, dying at a step of the network (before and
    after an answer), of the store (before, within, at the commit of and after each transaction).
    """

    def answer(request: httpx.Request) -> httpx.Response:
        step()
        told = site.answer(request)
        step()
        return told

    def lemmas(text: str) -> str:
        step()
        return text

    db = Database(database)
    sa.event.listen(db._engine, "commit", step)
    try:
        http = Http(Limits(delay=0), transport=httpx.MockTransport(answer), now=lambda: now)
        options = Options(key=site.name)
        quota = Quota(by="key", per_day=site.per_day)
        meter = Quotas(SqlLedger(db), ZONE).meter("moving", quota, options)
        store = store_of(db, lemmas)
        runner.crawl(
            site.name,
            site.collector,
            options,
            Mortal(store, step),
            http.metered(meter),
            interval=timedelta(hours=1),
            now=now,
            clock=lambda: now,
        )
    finally:
        db.dispose()


def crawl_and_raise(database: str, site: Site, now: datetime, dies_at: int) -> None:
    """A crawl that an exception nobody catches ends at a step."""

    def die() -> None:
        raise Death

    with suppress(Death):
        crawl(database, site, now, Steps(dies_at, die))


def crawl_and_kill(database: str, site: Site, now: datetime, dies_at: int) -> None:
    """A crawl whose process gets a kill -9 at a step; to be called in a process of its own."""
    crawl(database, site, now, Steps(dies_at, lambda: os.kill(os.getpid(), signal.SIGKILL)))
