"""A store in memory with the semantics of the real one, and a site that a list is read from."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

from pydantic import BaseModel

from collectors.base import Collector, Context, Deleted, Item, Mention, Order
from collectors.outcomes import Counts, Outcome, Saved

NOW = datetime(2026, 1, 10, 12, tzinfo=UTC)


class NoOptions(BaseModel):
    """A collector without options."""


@dataclass
class MemoryStore:
    """Keeps what the runner hands over; ``fail`` is called before each write."""

    items: dict[str, Mention] = field(default_factory=dict)
    saved: Saved = field(default_factory=Saved)
    outcomes: list[Outcome] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    writes: int = 0
    fail: Callable[[str], None] = lambda _: None

    def load(self, source: str) -> Saved:
        self.fail("load")
        return replace(self.saved, state=dict(self.saved.state))

    def save_page(self, source: str, items: list[Item]) -> Counts:
        self.fail("save_page")
        self.log.append("page")
        counts = Counts()
        for item in items:
            known = self.items.get(item.external_id)
            if isinstance(item, Deleted):
                counts.deleted += self.items.pop(item.external_id, None) is not None
            elif known is None:
                counts.new += 1
                self.items[item.external_id] = item
            elif known.content_hash == item.content_hash:
                counts.unchanged += 1
            else:
                counts.changed += 1
                self.items[item.external_id] = item
        self.writes += counts.new + counts.changed
        return counts

    def save_cursor(self, source: str, cursor: datetime | None, state: Mapping[str, Any]) -> None:
        self.fail("save_cursor")
        self.log.append("cursor")
        self.saved.cursor, self.saved.state = cursor, dict(state)

    def save_outcome(self, outcome: Outcome, failures: int) -> None:
        self.fail("save_outcome")
        self.log.append("outcome")
        self.outcomes.append(outcome)
        self.saved.failures, self.saved.next_due = failures, outcome.next_due


def mention(number: int, *, day: float = 0.0, **fields: Any) -> Mention:
    """Review ``number``, written ``day`` days before NOW."""
    standard: dict[str, Any] = {
        "source": "?",
        "external_id": str(number),
        "text": f"отзыв {number}",
        "published_at": NOW - timedelta(days=day),
    }
    return Mention(**{**standard, **fields})


def collector(
    pages: Callable[[Context], Iterator[list[Item]]],
    order: Order = "newest_first",
    lookback: timedelta = timedelta(days=2),
) -> Collector:
    """A collector made of a function."""
    module = SimpleNamespace(Options=NoOptions, ORDER=order, LOOKBACK=lookback, pages=pages)
    return cast(Collector, module)


def listing(*pages: list[Item] | Exception) -> Callable[[Context], Iterator[list[Item]]]:
    """Pages as given; an exception among them is raised in its turn."""

    def read(_: Context) -> Iterator[list[Item]]:
        for page in pages:
            if isinstance(page, Exception):
                raise page
            yield page

    return read
