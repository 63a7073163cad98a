"""Collect an explicit range of dates; how far the source was read stays as it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from collectors import runner
from collectors.base import Collector, Item, Mention
from collectors.http import Http
from collectors.outcomes import Counts, Outcome, Saved, Store


def backfill(
    name: str,
    collector: Collector,
    options: BaseModel,
    store: Store,
    http: Http,
    *,
    since: datetime,
    until: datetime,
    now: datetime,
) -> Outcome:
    """Store what ``since`` <= its known date < ``until`` (aware); the outcome is only returned.

    Neither cursor nor state is read or written, so that the source's own crawls go on as if
    nothing had been.
    """
    inside = _Range(store, since, until)
    return runner.crawl(name, collector, options, inside, http, interval=None, now=now, since=since)


@dataclass(frozen=True, slots=True)
class _Range:
    """A store that knows nothing of the past and takes only items of the range."""

    inner: Store
    since: datetime
    until: datetime

    def load(self, source: str) -> Saved:  # noqa: ARG002
        """Nothing: see :func:`backfill`."""
        return Saved()

    def save_page(self, source: str, items: list[Item]) -> Counts:
        """Upsert what falls into the range; a deletion has no date and is left to the crawls."""
        inside: list[Item] = [
            item
            for item in items
            if isinstance(item, Mention)
            and item.date_known
            and self.since <= item.published_at < self.until
        ]
        return self.inner.save_page(source, inside) if inside else Counts()

    def save_cursor(self, source: str, cursor: datetime | None, state: Mapping[str, Any]) -> None:
        """Nothing: see :func:`backfill`."""

    def save_outcome(self, outcome: Outcome, failures: int) -> None:
        """Nothing: see :func:`backfill`."""
