"""The worker's look at alerts: what came since, and what may be told by now."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime

from otklik import alerting
from otklik.house import House
from otklik.screen import note
from storage.errors import StorageError

#: Seconds between two looks: how late a digest, or a mention of another process, may be.
_LOOK = 10.0

log = logging.getLogger(__name__)


class Watchman:
    """Looks in a thread of its own; what fails is told and tried again, and stops nothing else."""

    def __init__(
        self, clock: Callable[[], datetime], elapsed: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock, self._elapsed = clock, elapsed
        self._pool = ThreadPoolExecutor(1, "alerts")
        self._running: Future[None] | None = None
        self._not_before = elapsed()

    def look(self, house: House) -> None:
        """Begin where it is time."""
        if self._elapsed() < self._not_before or (self._running and not self._running.done()):
            return
        self._not_before = self._elapsed() + _LOOK
        self._running = self._pool.submit(self._do, house)

    def finish(self) -> None:
        """Wait for what runs."""
        self._pool.shutdown(cancel_futures=True)

    def _do(self, house: House) -> None:
        try:
            alerting.evaluate(house, self._clock())
        except StorageError as error:
            note(f"Оповещения не проверены, скоро будет ещё попытка. {error}")
        except Exception:
            log.exception("alerts failed")
