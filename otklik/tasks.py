"""A job of the worker's while it is being done: what was asked, and with what it is answered."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from collectors.http import Http
from otklik.house import House
from otklik.leases import Keeper, Stopped
from storage.jobs import is_held


@dataclass(frozen=True, slots=True)
class Task:
    """A claimed job; what is put into ``result`` is shown while it runs and kept afterwards."""

    job_id: int
    asked: Mapping[str, Any]
    house: House
    keeper: Keeper
    http: Http
    result: dict[str, Any]

    def go_on(self) -> None:
        """Raise Stopped where the worker ends or the job was cancelled."""
        if self.keeper.stop.is_set() or self.keeper.has_lost(self.job_id):
            raise Stopped

    @contextmanager
    def step(self) -> Iterator[Session]:
        """A transaction of a job that changes something; Stopped where it shall not go on.

        A cancelled job changes nothing from then on, else what is undone next would come back.
        """
        with self.house.db.write() as session:
            if self.keeper.stop.is_set() or not is_held(session, self.job_id, self.keeper.holder):
                raise Stopped
            yield session
