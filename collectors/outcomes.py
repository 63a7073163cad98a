"""How a crawl ended, and what storage keeps of a source between crawls."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from collectors.base import Item, Skipped


class Status(StrEnum):
    """How one crawl of one source ended."""

    OK = "ok"
    NOT_MODIFIED = "not_modified"
    LATER = "later"
    NEEDS_HUMAN = "needs_human"
    LAYOUT_CHANGED = "layout_changed"
    BUG = "bug"


@dataclass(slots=True)
class Counts:
    """What one page, or a whole crawl, did to storage."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    deleted: int = 0
    skipped: int = 0

    def add(self, other: "Counts") -> None:
        """Add ``other`` field by field."""
        self.new += other.new
        self.changed += other.changed
        self.unchanged += other.unchanged
        self.deleted += other.deleted
        self.skipped += other.skipped


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What was asked for and what came back, so that gaps are honest.

    ``asked_from`` is the lower bound of the crawl, ``oldest``/``newest`` the dates actually
    returned; ``cap_hit`` names the limit of the source that ended the list early, if any.
    """

    asked_from: datetime | None = None
    oldest: datetime | None = None
    newest: datetime | None = None
    cap_hit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The end of one crawl of one source; written on every path.

    ``error`` is for the user (what happened, what to do), ``detail`` for the developer
    (traceback or kept page body); ``next_due`` is None where the source is parked. ``skipped``
    samples items that were left out (``counts.skipped`` has their number), ``notes`` items that
    were kept although something about them was wrong (a date in the future, a text cut short).
    """

    source: str
    status: Status
    started_at: datetime
    finished_at: datetime
    counts: Counts
    coverage: Coverage = Coverage()
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[Skipped, ...] = ()
    error: str = ""
    detail: str = ""
    next_due: datetime | None = None


@dataclass(slots=True)
class Saved:
    """What storage keeps for a source between runs."""

    cursor: datetime | None = None
    state: dict[str, Any] = field(default_factory=dict)
    failures: int = 0
    next_due: datetime | None = None
    parked: bool = False


class Store(Protocol):
    """What the runner needs of storage; every method is one transaction of its own."""

    def load(self, source: str) -> Saved:
        """The source's cursor, state and schedule; a fresh one for an unknown source."""

    def save_page(self, source: str, items: list[Item]) -> Counts:
        """Upsert one page of items."""

    def save_cursor(self, source: str, cursor: datetime | None, state: Mapping[str, Any]) -> None:
        """Remember how far the source was read; after the items, never before."""

    def save_outcome(self, outcome: Outcome, failures: int) -> None:
        """Keep the outcome and when the source is due again (``next_due`` None parks it)."""
