"""The contract of collecting: what a collector yields, receives and may raise.

A collector is a module in ``collectors/sources/`` (found by walking the package) with

* ``Options``: a pydantic model (``extra="forbid"``) of its part of config.yaml;
* ``ABOUT``: what it is, in words, and what its API allows;
* ``ORDER``: how the site lists items, which decides when the cursor may move;
* ``LOOKBACK``: at least the site's date step plus its longest moderation delay;
* ``pages(ctx)``: yields lists of :class:`Mention` or :class:`Deleted`, a page at a time.

It never sleeps, retries, writes SQL or logs items: that is the runner's and the HTTP door's. A page
is given whole, items older than ``ctx.since`` too (they cost a hash comparison); a list is read on
until all dated items of a page are older. An empty first page means «there were cards here and now
there are none»; a source that itself says «nothing at the moment» yields no page at all.

The errors it may raise are in :mod:`collectors.errors`.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeVar

from pydantic import BaseModel

from collectors.errors import SkipItem

if TYPE_CHECKING:
    from collectors.http import Http

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # lower bound of a source that was never read
Card = TypeVar("Card")
Own = TypeVar("Own", bound=BaseModel, covariant=True)
Order = Literal["newest_first", "oldest_first", "unordered"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """One review, post, comment or survey answer, as its source tells it.

    ``source`` is the configured source's name and, with ``external_id`` (the site's own id, or
    :func:`key_of` where it gives none), the natural key. ``published_at`` is aware, UTC;
    ``date_known`` is False where the source gave no date and the time of import was taken.
    ``rating`` is on the scale 1…``rating_scale``; ``nps`` is an answer 0…10 to the
    recommendation question of a survey. ``company`` is whom the source says the mention is
    about, ``place`` the branch or outlet, ``app_version`` the release that is judged.
    ``author_id`` is the site's own id of the author; ``repost_of`` tells (by its id at the site)
    what this is a repost of. ``raw`` is kept for later re-reading and must be JSON.
    """

    source: str
    external_id: str
    text: str
    published_at: datetime
    date_known: bool = True
    url: str = ""
    title: str = ""
    author: str | None = None
    author_id: str | None = None
    rating: float | None = None
    rating_scale: int = 5
    nps: int | None = None
    parent_id: str | None = None
    repost_of: str | None = None
    likes: int | None = None
    comments: int | None = None
    reposts: int | None = None
    views: int | None = None
    company: str | None = None
    place: str | None = None
    product: str | None = None
    city: str | None = None
    app_version: str | None = None
    answer_text: str | None = None
    answered_at: datetime | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)

    @property
    def content_hash(self) -> str:
        """16 hex digits over what a reader would call the content; ids and counters stay out."""
        return key_of(self.text, self.title, self.rating, self.answer_text)


@dataclass(frozen=True, slots=True)
class Deleted:
    """The source says that an item is gone."""

    external_id: str


Item = Mention | Deleted


def dates_of(page: Iterable[Item]) -> list[datetime]:
    """The dates of a page's mentions, as far as the site gave them."""
    return [m.published_at for m in page if isinstance(m, Mention) and m.date_known]


def key_of(*parts: object) -> str:
    """16 hex digits that identify ``parts`` (for items whose site gives no id, and for hashes)."""
    body = json.dumps([None if part is None else str(part) for part in parts], ensure_ascii=False)
    return hashlib.sha256(body.encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A remark on an item: where it stood (row, id or address) and what was wrong with it."""

    where: str
    reason: str


SAMPLES = 1000  # remarks kept of each sort: a million broken rows must not fill the memory


@dataclass(slots=True)
class Context(Generic[Own]):
    """What a collector may use.

    ``since`` is the closed lower bound, fixed for the run; ``now`` the run's start (aware,
    UTC); ``state`` a small JSON dict the source may keep between runs (page tokens, …), saved
    together with the cursor. ``place`` is where in its list a pass that was broken off goes on, ""
    for the beginning; a collector whose site may say «come later» sets it after every page, see
    :mod:`collectors.passes`. ``skipped`` and ``notes`` hold the first ``SAMPLES`` remarks,
    ``left_out`` and ``unreadable`` count them all. ``places`` (external id -> where it stood) is
    for a source whose ids tell a reader nothing.
    """

    source: str
    options: Own
    since: datetime
    now: datetime
    http: "Http"
    state: dict[str, Any] = field(default_factory=dict)
    place: str = ""
    skipped: list[Skipped] = field(default_factory=list)
    notes: list[Skipped] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)
    left_out: int = 0
    unreadable: int = 0
    cap_hit: str | None = None

    def skip(self, where: str, reason: str) -> None:
        """Leave out an item that the collector cannot read; half a page of them is a new layout."""
        self.unreadable += 1
        self.reject(where, reason)

    def reject(self, where: str, reason: str) -> None:
        """Leave out an item that is itself at fault (a broken row, an empty review)."""
        self.left_out += 1
        if len(self.skipped) < SAMPLES:
            self.skipped.append(Skipped(where, reason))

    def note(self, where: str, reason: str) -> None:
        """Remark on an item that is kept."""
        if len(self.notes) < SAMPLES:
            self.notes.append(Skipped(where, reason))

    def capped(self, limit: str) -> None:
        """Say that the source's limit, not the end of its list, stopped the crawl."""
        self.cap_hit = limit

    def page_numbers(self, most: int) -> Iterator[int]:
        """0, 1, 2, … for a list that the site lets be read on; the option ``max_pages`` ends it."""
        yield from range(most)
        self.capped(f"прочитано страниц: {most} (max_pages)")

    def all_older(self, moments: Iterable[datetime]) -> bool:
        """True where all dates of a page are older than asked for; a pinned old one is not all."""
        newest = max(moments, default=None)
        return newest is not None and newest < self.since

    def given(self, page: list[Item]) -> Iterator[list[Item]]:
        """The page, unless nothing stood on it: an empty first one means another thing."""
        if page or self.unreadable:
            yield page

    def worded(self, page: Iterable[Item]) -> list[Item]:
        """The page without what says nothing: a picture, a video or a sticker alone."""
        kept: list[Item] = []
        for item in page:
            if isinstance(item, Deleted) or item.text or item.title or item.rating is not None:
                kept.append(item)
            else:
                self.reject(item.external_id, "Без слов: только картинка, видео или стикер.")
        return kept

    def readable(self, cards: Iterable[Card], parse: Callable[[Card], Item]) -> list[Item]:
        """Parse the cards of a page; one that raises :class:`SkipItem` is left out."""
        items: list[Item] = []
        for number, card in enumerate(cards, 1):
            try:
                items.append(parse(card))
            except SkipItem as error:
                self.skip(error.sample or f"элемент {number}", str(error))
        return items


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """Calls that an API allows to one key.

    ``per_second`` on average; ``per_day`` counted from midnight in ``zone``, where ``day_of`` is
    given only for sources that set this option: their method alone has the limit. Sources that have
    the same value in the option ``by`` share it.
    """

    by: str
    per_second: float | None = None
    per_day: int | None = None
    day_of: str | None = None
    zone: str = "UTC"


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """A source type in words (Russian, a line each), for the app and for README's table.

    ``auth`` says what the user must obtain, ``limits`` what the site allows and how far back it
    reaches, ``caveats`` what to expect otherwise. ``unofficial`` types use a door that the site
    may close, or whose terms the user must have read: their options ask for ``accept_terms``.
    """

    title: str
    auth: str
    limits: str
    caveats: str
    quota: Quota | None = None
    unofficial: bool = False


class Collector(Protocol):
    """The shape of a module in ``collectors/sources/``."""

    ABOUT: About
    ORDER: Order
    LOOKBACK: timedelta

    @property
    def Options(self) -> type[BaseModel]:  # noqa: N802  a class of the module
        """The model of the source's part of config.yaml."""

    def pages(self, ctx: Context[Any], /) -> Iterator[list[Item]]:
        """Items a page at a time; see the module's text."""
