"""What this process holds: sources it crawls, jobs it does, messages it sends; kept alive by a
heartbeat."""

import logging
import os
import secrets
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from collectors.base import Item
from collectors.outcomes import Counts, Outcome, Saved
from storage import jobs, leases, outbox, settings
from storage.crawls import SqlStore
from storage.database import Database
from storage.errors import LeaseLost, StorageError
from storage.jobs import ClaimedJob
from storage.leases import LEAP, SILENCE, Lease, Refused
from storage.outbox import ClaimedDelivery

#: Heartbeats in the time after which a silent holder is taken for dead.
_BEATS = 12

log = logging.getLogger(__name__)


class Stopped(BaseException):
    """A crawl must end now and leave no outcome, as if its process had died: it is done again.

    No Exception: whoever handles what may go wrong in a crawl shall let it pass.
    """


@dataclass(slots=True)
class Hold:
    """A source that is ours to crawl at its site; ``progress`` is shown while it runs."""

    lease: Lease
    site: str = ""
    progress: dict[str, Any] = field(default_factory=dict)
    lost: bool = False


class Keeper:
    """Claims and gives back for one process; ``stop`` ends all that it holds.

    With ``is_worker`` its heartbeat also tells that somebody crawls on schedule. ``clock`` is
    aware; ``silence`` is how long a lease outlives its holder's last heartbeat.
    """

    def __init__(
        self,
        db: Database,
        *,
        is_worker: bool = False,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        silence: timedelta = SILENCE,
    ) -> None:
        self.holder = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self.stop = threading.Event()
        self.clock = clock
        self._db = db
        self._is_worker = is_worker
        self._silence = silence
        self._holds: dict[int, Hold] = {}
        self._results: dict[int, dict[str, Any]] = {}
        self._lost_jobs: frozenset[int] = frozenset()
        self._deliveries: set[int] = set()
        self._rests: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def claim(
        self,
        source: str,
        *,
        site: str = "",
        quota: str | None = None,
        only_due: bool = False,
        progress: dict[str, Any] | None = None,
    ) -> Hold | Refused:
        """Take the source, or tell why not; see :func:`storage.leases.claim`."""
        now = self.clock()
        with self._db.write() as session:
            lease = leases.claim(
                session,
                source,
                holder=self.holder,
                site=site,
                quota=quota,
                now=now,
                until=now + self._silence,
                only_due=only_due,
                rested=self._rests.get(site),
            )
        if isinstance(lease, Refused):
            return lease
        hold = Hold(lease, site, {} if progress is None else progress)
        with self._lock:
            self._holds[lease.source_id] = hold
        return hold

    def release(self, hold: Hold, *, rest: timedelta = timedelta(0)) -> None:
        """Give the source back; for so long no other process shall come to its site.

        This one may: its own door knows when it was there last.
        """
        until = self.clock() + min(rest, LEAP)  # a longer one is taken for a clock's mistake
        with self._lock:
            self._holds.pop(hold.lease.source_id, None)
            if rest:
                self._rests[hold.site] = until
        with self._db.write() as session:
            leases.release(session, hold.lease, rest=until)

    def claim_job(self) -> tuple[ClaimedJob, dict[str, Any]] | None:
        """The next job and where to put what is known of its result while it runs."""
        now = self.clock()
        with self._db.write() as session:
            job = jobs.claim_job(session, holder=self.holder, now=now, until=now + self._silence)
        if job is None:
            return None
        result: dict[str, Any] = {}
        with self._lock:
            self._results[job.id] = result
        return job, result

    def finish_job(self, job: ClaimedJob, *, ok: bool, message: str) -> None:
        """Tell how the job ended; its result is what was put there."""
        with self._lock:
            result = self._results.pop(job.id, {})
        with self._db.write() as session:
            jobs.finish_job(
                session,
                job.id,
                self.holder,
                ok=ok,
                message=message,
                result=result,
                now=self.clock(),
            )

    def put_back(self, job: ClaimedJob) -> None:
        """Leave the job to be done later, by whomever."""
        with self._lock:
            self._results.pop(job.id, None)
        with self._db.write() as session:
            jobs.put_back(session, job.id, self.holder)

    def has_lost(self, job_id: int) -> bool:
        """Whether the job was cancelled, or taken for dead and given to another worker."""
        return job_id in self._lost_jobs

    def claim_delivery(self) -> ClaimedDelivery | None:
        """The next message to send; see :func:`storage.outbox.claim`."""
        now = self.clock()
        with self._db.read() as session:
            if not outbox.has_due(session, now=now):
                return None
        with self._db.write() as session:
            claimed = outbox.claim(session, holder=self.holder, now=now, until=now + self._silence)
        if claimed:
            with self._lock:
                self._deliveries.add(claimed.id)
        return claimed

    def drop_delivery(self, delivery: ClaimedDelivery) -> None:
        """Prolong the right to send it no longer, however it ended."""
        with self._lock:
            self._deliveries.discard(delivery.id)

    def beat(self) -> None:
        """Prolong all that is held, show how far it is, and note what was lost."""
        now = self.clock()
        until = now + self._silence
        with self._lock:
            holds = dict(self._holds)
            results = {job_id: dict(result) for job_id, result in self._results.items()}
            deliveries = sorted(self._deliveries)
        progress = {source_id: dict(hold.progress) for source_id, hold in holds.items()}
        with self._db.write() as session:
            held = leases.renew(session, self.holder, progress, until=until)
            jobs_held = jobs.renew_jobs(session, self.holder, results, until=until)
            outbox.renew(session, self.holder, deliveries, until=until)
            if self._is_worker:
                sign = {"holder": self.holder, "at": now.isoformat()}
                settings.put(session, settings.WORKER, sign)
        for source_id, hold in holds.items():
            hold.lost = source_id not in held
        self._lost_jobs = frozenset(results.keys() - jobs_held)

    @contextmanager
    def beating(self) -> Iterator["Keeper"]:
        """A heartbeat in the background while the block runs."""
        ended = threading.Event()
        thread = threading.Thread(target=self._beat_until, args=(ended,), daemon=True)
        self.beat()
        thread.start()
        try:
            yield self
        finally:
            ended.set()
            thread.join()
            if self._is_worker:
                self._say_goodbye()

    def _beat_until(self, ended: threading.Event) -> None:
        while not ended.wait(self._silence.total_seconds() / _BEATS):
            try:
                self.beat()
            except StorageError as error:  # the next one may go through; leases outlive some
                log.warning("heartbeat failed: %s", error)
            except Exception:  # without a heart all that is held would be lost
                log.exception("heartbeat failed")

    def _say_goodbye(self) -> None:
        # Where the database refuses, the silence will tell.
        with suppress(StorageError), self._db.write() as session:
            sign = settings.get(session, settings.WORKER)
            if sign and sign["holder"] == self.holder:
                settings.drop(session, settings.WORKER)


@dataclass(frozen=True, slots=True)
class HeldStore:
    """Storage for a crawl of a held source: counts what is done, ends where it must.

    See :class:`collectors.outcomes.Store`. Raises Stopped.
    """

    inner: SqlStore
    hold: Hold
    stop: threading.Event

    def load(self, source: str) -> Saved:
        """See the class."""
        return self.inner.load(source)

    def save_page(self, source: str, items: list[Item]) -> Counts:
        """See the class."""
        with self._held():
            counts = self.inner.save_page(source, items)
        done = {"pages": 1, "new": counts.new, "changed": counts.changed}
        for name, n in (done | {"unchanged": counts.unchanged}).items():
            self.hold.progress[name] = self.hold.progress.get(name, 0) + n
        return counts

    def save_cursor(self, source: str, cursor: datetime | None, state: Mapping[str, Any]) -> None:
        """See the class."""
        with self._held():
            self.inner.save_cursor(source, cursor, state)

    def save_outcome(self, outcome: Outcome, failures: int) -> None:
        """See the class."""
        with self._held():
            self.inner.save_outcome(outcome, failures)

    @contextmanager
    def _held(self) -> Iterator[None]:
        if self.stop.is_set() or self.hold.lost:
            raise Stopped
        try:
            yield
        except LeaseLost as error:
            raise Stopped from error
