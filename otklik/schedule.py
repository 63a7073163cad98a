"""The worker: crawls what is due, does jobs, analyses what came; any number may run at once.

Nothing is remembered here that a crash could lose. Whose turn it is stands in the database, and who
is at it, too (:mod:`storage.leases`); a crawl that was cut off is due still, and crawling again
stores nothing twice.
"""

import logging
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from collectors.http import Http
from collectors.outcomes import Outcome
from otklik import crawling, jobs, pipeline, report_jobs
from otklik.alert_worker import Watchman
from otklik.config import MOST_WORKERS, Config, SourceConfig
from otklik.config_watch import ConfigWatch
from otklik.delivering import Courier
from otklik.house import House
from otklik.leases import Keeper, Stopped
from otklik.messages import ConfigError
from otklik.screen import note
from otklik.telling import tell
from otklik.upkeep import Upkeep
from storage import leases
from storage.errors import StorageError
from storage.jobs import ClaimedJob
from storage.leases import SILENCE, Due, Refused

#: How often the database is asked for turns and jobs.
POLL = timedelta(seconds=2)
#: A turn missed by more than this means that nobody was there to take it.
_LATE = timedelta(minutes=2)
#: Missed turns are spread over a second each, over so long at most.
_LONGEST_SPREAD = timedelta(minutes=5)
#: A source whose turn stays although it was just crawled (the outcome was not stored) rests.
_REST = timedelta(minutes=1)
#: While crawls never end, texts are analysed this often.
_LONGEST_WAIT_FOR_ANALYSIS = timedelta(minutes=5)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Work:
    """What a thread of the pool is at; a job has no ``source``, its own claim guards it."""

    source: str = ""
    site: str = ""


class Scheduler:
    """One worker process; see :meth:`run`. ``clock`` (aware) … ``elapsed`` are given in tests."""

    def __init__(
        self,
        house: House,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        silence: timedelta = SILENCE,
        dice: random.Random | None = None,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self.keeper = Keeper(house.db, is_worker=True, clock=clock, silence=silence)
        self._house = house
        self._config = ConfigWatch(house.config)
        self._clock = clock
        self._dice = dice or random.Random()
        self._wake = threading.Event()
        self._http = self._door(house.config)
        self._pool = ThreadPoolExecutor(MOST_WORKERS, "crawl")  # as many run as the config has
        self._analyst = ThreadPoolExecutor(1, "analyse")
        self._upkeep = Upkeep(self.keeper.stop, clock, elapsed)
        self._courier = Courier(self.keeper)
        self._watchman = Watchman(clock, elapsed)
        self._running: dict[Future[Outcome | Refused | None], _Work] = {}
        self._sources: dict[str, SourceConfig] = {}
        self._turns: list[str] = []
        self._starts: dict[str, datetime] = {}
        self._looked_at: datetime | None = None
        self._analysis: Future[None] | None = None
        self._analysed_at = clock()
        self._has_new = True  # an earlier process may have left some

    def run(self) -> None:
        """Work until :meth:`stop`; what runs then is cut off at its next wait or page."""
        with self.keeper.beating():
            while not self.keeper.stop.is_set():
                try:
                    self.step()
                except StorageError as error:
                    note(str(error))
                    self._wake.wait(POLL.total_seconds())
                except Exception:  # of whatever kind: the sources wait for nobody else
                    log.exception("a step failed")
                    self.keeper.stop.wait(_REST.total_seconds())
                self._wake.wait(POLL.total_seconds())
                self._wake.clear()
            self.finish()

    def stop(self) -> None:
        """Let :meth:`run` come to its end."""
        self.keeper.stop.set()
        self._wake.set()

    def step(self) -> None:
        """Look for turns and jobs, start what may start, analyse where nothing runs."""
        self._reap()
        if self._look_again():
            self._follow_config()
            report_jobs.look(self._house, self._clock())
            self._take_jobs()
            self._find_turns()
            self._courier.look(self._house)
        self._start_turns()
        self._analyse()
        self._watchman.look(self._house)
        self._upkeep.look(self._house)

    def finish(self) -> None:
        """Wait for all that runs."""
        self._pool.shutdown(cancel_futures=True)
        self._analyst.shutdown(cancel_futures=True)
        self._upkeep.finish()
        self._courier.finish()
        self._watchman.finish()
        self._reap()

    # Turns

    def _look_again(self) -> bool:
        now = self._clock()
        since = now - self._looked_at if self._looked_at else POLL
        if timedelta() <= since < POLL:  # less than nothing: the clock went back
            return False
        self._looked_at = now
        return True

    def _find_turns(self) -> None:
        now = self._clock()
        with self._house.db.write() as session:
            leases.plan(session, zone=self._house.zone, now=now)
        with self._house.db.read() as session:
            due = leases.due(session, now=now)
        self._sources = {source.name: source for source in self._house.sources()} if due else {}
        self._starts = self._spread([turn for turn in due if turn.name in self._sources], now)
        self._turns = sorted(self._starts, key=self._starts.__getitem__)

    def _spread(self, due: list[Due], now: datetime) -> dict[str, datetime]:
        """When to begin: missed turns not all at once, one each however many were missed."""
        fresh = [turn for turn in due if turn.name not in self._starts]
        missed = {turn.name for turn in fresh if turn.next_due and now - turn.next_due > _LATE}
        span = min(timedelta(seconds=len(missed)), _LONGEST_SPREAD)
        last = now + _LONGEST_SPREAD  # a clock that went back makes nobody wait for longer
        starts = {turn.name: min(self._starts.get(turn.name, now), last) for turn in due}
        return starts | {name: now + self._dice.random() * span for name in sorted(missed)}

    def _start_turns(self) -> None:
        now = self._clock()
        busy = {work.source for work in self._running.values()}
        sites = {work.site for work in self._running.values()}
        for name in list(self._turns):
            if len(self._running) >= self._house.config.http.workers or self._starts[name] > now:
                return
            source = self._sources[name]
            site = crawling.site_of(source)
            if site in sites:
                continue
            self._turns.remove(name)
            if name not in busy:
                sites.add(site)
                self._submit(_Work(name, site), self._crawl, self._house, source, site)

    def _crawl(self, house: House, source: SourceConfig, site: str) -> Outcome | Refused:
        return crawling.crawl(house, source, self.keeper, self._http, site=site, only_due=True)

    # Jobs

    def _take_jobs(self) -> None:
        while len(self._running) < self._house.config.http.workers:
            claimed = self.keeper.claim_job()
            if claimed is None:
                return
            self._submit(_Work(), self._job, self._house, *claimed)

    def _job(self, house: House, job: ClaimedJob, result: dict[str, Any]) -> None:
        try:
            ok, message = jobs.run(job, house, self.keeper, self._http, result)
        except (Stopped, jobs.Later):
            self.keeper.put_back(job)
            return
        except Exception:
            self.keeper.finish_job(
                job, ok=False, message="Ошибка программы; подробности — в выводе otklik schedule."
            )
            raise
        self._has_new = True
        self.keeper.finish_job(job, ok=ok, message=message)

    # What runs

    def _submit(
        self, work: _Work, call: Callable[..., Outcome | Refused | None], *arguments: object
    ) -> None:
        future = self._pool.submit(call, *arguments)
        self._running[future] = work
        future.add_done_callback(lambda _: self._wake.set())

    def _reap(self) -> None:
        for future in [future for future in self._running if future.done()]:
            work = self._running.pop(future)
            if future.cancelled():
                continue
            error = future.exception()
            if error is None:
                self._ended(work, future.result())
            elif not isinstance(error, Stopped):
                self._failed(work, error)

    def _failed(self, work: _Work, error: BaseException) -> None:
        if isinstance(error, StorageError):
            note(f"{work.source}: {error}")
        else:
            log.error("%s failed", work.source or "a job", exc_info=error)
        self._starts[work.source] = self._clock() + _REST

    def _ended(self, work: _Work, ended: Outcome | Refused | None) -> None:
        if isinstance(ended, Outcome):
            tell(ended)
            self._has_new |= bool(ended.counts.new + ended.counts.changed)
            self._starts[work.source] = self._clock() + _REST
        elif ended is Refused.SITE_BUSY:
            self._starts[work.source] = self._clock() + POLL

    # Analysis

    def _analyse(self) -> None:
        now = self._clock()
        waited = now - self._analysed_at > _LONGEST_WAIT_FOR_ANALYSIS
        if not self._has_new or (self._running and not waited):
            return
        if self._analysis and not self._analysis.done():
            return
        self._has_new, self._analysed_at = False, now
        self._analysis = self._analyst.submit(self._analyse_pending, self._house)

    def _analyse_pending(self, house: House) -> None:
        """Everything pending and its themes, where no other process is at it."""
        try:
            with house.db.alone("analyse") as free:
                if not free:
                    self._has_new = True  # the other may have looked before ours came
                    return
                pipeline.keep_up(house, self._go_on)
        except (ConfigError, StorageError) as error:
            note(str(error))
        except Stopped:
            return
        except Exception:
            log.exception("analysis failed")
        finally:
            self._wake.set()

    def _go_on(self, _: int) -> None:
        if self.keeper.stop.is_set():
            raise Stopped

    # Config

    def _follow_config(self) -> None:
        """Take a changed config.yaml over; one that cannot be read leaves all as it is."""
        house = self._config.changed(self._house)
        if house is None:
            return
        if house.config.http != self._house.config.http:
            self._http = self._door(house.config)
        self._house = house

    def _door(self, config: Config) -> Http:
        return crawling.door(config, sleep=self._sleep)

    def _sleep(self, seconds: float) -> None:
        if self.keeper.stop.wait(seconds):
            raise Stopped
