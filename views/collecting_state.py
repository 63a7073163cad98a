"""What «Сбор» shows: collecting as it is at this moment, and what of it the URL asks for."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from insights.collecting_words import is_troubled
from storage import queries
from storage.queries import JobRow, SourceNow, State
from views import context, data

#: Parts of the URL: the source that is open, the form, and what the list shows.
OPEN, ADD, SHOW, FIND = "open", "add", "show", "find"

#: How often, in seconds, the page looks at what runs, and whether a worker has come.
_LIVELY, _LONELY = 2, 10


@dataclass(frozen=True, slots=True)
class Now:
    """Read anew in every run: of it only ``mentions`` (by source) are cached, until a crawl ends.

    ``at`` is in the zone of the screen; ``jobs`` are open ones that name a source.
    """

    at: datetime
    sources: tuple[SourceNow, ...]
    jobs: tuple[JobRow, ...]
    mentions: Mapping[int, int]
    has_worker: bool

    @property
    def is_busy(self) -> bool:
        """Whether something runs or is about to."""
        if any(source.state is State.RUNNING for source in self.sources):
            return True
        waits = bool(self.jobs) or any(source.state is State.DUE for source in self.sources)
        return self.has_worker and waits

    @property
    def look_every(self) -> int | None:
        """In how many seconds to look again; None where nothing is going to happen soon."""
        if self.is_busy:
            return _LIVELY
        return None if self.has_worker else _LONELY

    @property
    def shape(self) -> tuple[Any, ...]:
        """Changes whenever more than the progress of what runs does."""
        states = [(s.id, s.state, s.enabled, s.crawl and s.crawl.id) for s in self.sources]
        return (self.has_worker, states, [(job.id, job.state) for job in self.jobs])

    def of(self, source: SourceNow) -> "Now":
        """The same of one source only."""
        jobs = [job for job in self.jobs if job.payload.get("source") == source.name]
        return replace(self, sources=(source,), jobs=tuple(jobs))

    def source(self, name: str) -> SourceNow | None:
        """The source of this name."""
        return next((source for source in self.sources if source.name == name), None)

    def counts(self) -> Counter[str]:
        """How many sources are in each state, and how many want a look."""
        counts = Counter(str(source.state) for source in self.sources)
        counts[TROUBLED] = sum(map(is_troubled, self.sources))
        return counts


#: What the list can show beside each state.
TROUBLED = "troubled"


def read() -> Now:
    """Collecting at this moment."""
    wired, at = context.get(), datetime.now(UTC)
    catalog = data.basics().catalog
    with wired.db.read() as session:
        return Now(
            at=at.astimezone(wired.zone),
            sources=queries.sources_now(session, now=at),
            jobs=tuple(job for job in queries.open_jobs(session) if "source" in job.payload),
            mentions={row.id: row.mentions for row in catalog.sources},
            has_worker=queries.worker_is_alive(session, now=at),
        )
