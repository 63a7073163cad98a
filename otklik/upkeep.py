"""What the worker sees to once a day: mentions that are too old to keep, and other leftovers.

That it was done stands in the database, so neither a restart nor a second worker does it again.
"""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta

from otklik import personal, report_jobs
from otklik.house import House
from otklik.leases import Stopped
from otklik.messages import ConfigError
from otklik.screen import note
from storage import erasing, settings
from storage.errors import StorageError

_EVERY = timedelta(days=1)
#: Seconds between two looks at whether it is time; after a failure, too.
_LOOK = 3600.0
#: Seconds for which the clock must have gone evenly. What is erased by a clock that leapt ahead is
#: erased for good; after a start it may not have been put right yet.
_STEADY = 600.0
#: Seconds that a clock which goes evenly may be off between two looks.
_OFF = 60.0

log = logging.getLogger(__name__)


class Upkeep:
    """Runs in a thread of its own; what fails is told and tried again, and stops nothing else.

    ``clock`` is the time of day (aware), ``elapsed`` seconds that no one puts back.
    """

    def __init__(
        self,
        stop: threading.Event,
        clock: Callable[[], datetime],
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stop = stop
        self._clock = clock
        self._elapsed = elapsed
        self._pool = ThreadPoolExecutor(1, "upkeep")
        self._running: Future[None] | None = None
        self._lead = self._reckoned()
        self._not_before = elapsed() + _STEADY

    def look(self, house: House) -> None:
        """Begin where it is time."""
        lead = self._reckoned()
        if abs(lead - self._lead) > _OFF:
            self._not_before = self._elapsed() + _STEADY
        self._lead = lead
        if self._elapsed() < self._not_before or (self._running and not self._running.done()):
            return
        self._not_before = self._elapsed() + _LOOK
        self._running = self._pool.submit(self._do, house)

    def finish(self) -> None:
        """Wait for what runs."""
        self._pool.shutdown(cancel_futures=True)

    def _reckoned(self) -> float:
        return self._clock().timestamp() - self._elapsed()

    def _do(self, house: House) -> None:
        try:
            with house.db.alone("upkeep") as free:
                if free and self._is_time(house):
                    self._prune(house)
                if free:
                    erasing.scrub(house.db)
        except Stopped:
            return
        except (ConfigError, StorageError) as error:
            note(f"Ежедневная чистка не закончена, через час будет ещё попытка. {error}")
        except Exception:
            log.exception("upkeep failed")

    def _is_time(self, house: House) -> bool:
        with house.db.read() as session:
            done = settings.get(session, settings.PRUNED)
        # Done in the time to come: by a clock that has been put back.
        return done is None or abs(self._clock() - datetime.fromisoformat(done)) >= _EVERY

    def _prune(self, house: House) -> None:
        now = self._clock()
        report_jobs.drop_files(house, now=now)
        erased = personal.prune(house, now=now, on_progress=self._go_on)
        with house.db.write() as session:
            settings.put(session, settings.PRUNED, now.isoformat())
        if erased:
            note(personal.told(house, erased))

    def _go_on(self, _: int) -> None:
        if self._stop.is_set():
            raise Stopped
