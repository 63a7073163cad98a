"""Crawl one configured source while nobody else does: its collector, its site, its quota."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ValidationError

from collectors import backfill as ranges
from collectors import registry, runner, schedules
from collectors.base import Collector, Item
from collectors.errors import CollectError
from collectors.http import Http
from collectors.outcomes import Counts, Outcome, Status
from collectors.politeness import Limits
from collectors.quotas import Meter
from otklik.config import Config, SourceConfig
from otklik.house import House
from otklik.leases import HeldStore, Keeper
from otklik.messages import ConfigError, describe
from storage.leases import Refused

#: Types that may be described in the app: they need no key and read no file of this machine.
_FROM_APP = ("appstore", "feed", "page", "telegram")


def door(config: Config, sleep: Callable[[float], None] = time.sleep) -> Http:
    """The network as config.yaml allows it."""
    http = config.http
    limits = Limits(
        delay=http.delay,
        contact=http.contact,
        allow_private=http.allow_private,
        proxy=config.proxy,
    )
    return Http(limits, sleep=sleep)


def site_of(source: SourceConfig) -> str:
    """What two crawls must not be at together: the host of the source, else the API of its type."""
    for value in source.options.values():
        if isinstance(value, str) and value.startswith(("http://", "https://")):
            return urlsplit(value).netloc.rpartition("@")[2].lower() or source.type
    return source.type


def prepare(config: Config, source: SourceConfig) -> tuple[Collector, BaseModel]:
    """The collector of a source and its checked options; raises ConfigError with the place."""
    file = f"источник «{source.name}»"
    where, place = f"{file}: ", tuple[str | int, ...]()
    index = config.index_of(source)
    if index is not None:
        file, place = config.path.name, ("sources", index)
        where = f"{file}: sources[{index}]."
    elif source.type not in _FROM_APP:
        raise ConfigError(f"{where}тип {source.type} описывается только в config.yaml")
    try:
        collector = registry.find(source.type)
    except CollectError as error:
        raise ConfigError(f"{where}type — {error}") from error
    options = config.options_of(source)
    if "timezone" in collector.Options.model_fields:
        options.setdefault("timezone", config.timezone)
    try:
        folder = {"folder": config.path.parent}
        return collector, collector.Options.model_validate(options, context=folder)
    except ValidationError as error:
        text = config.path.read_text(encoding="utf-8-sig") if index is not None else ""
        told = describe(error, collector.Options, file, text, place, SourceConfig.model_fields)
        raise ConfigError(told) from error


def crawl(
    house: House,
    source: SourceConfig,
    keeper: Keeper,
    http: Http,
    *,
    site: str = "",
    only_due: bool = False,
    progress: dict[str, Any] | None = None,
) -> Outcome | Refused:
    """Crawl a source while nobody else does, or tell why not. Raises Stopped.

    ``site`` (:func:`site_of`) is kept to this crawl alone; "" leaves it to the door's slots.
    """
    fault, ready = "", None
    try:
        ready = _ready(house, source)
    except ConfigError as error:
        fault = str(error)
    quota = ready.meter.key if ready and ready.meter else None
    hold = keeper.claim(source.name, site=site, quota=quota, only_due=only_due, progress=progress)
    if isinstance(hold, Refused):
        return hold
    try:
        now = keeper.clock()
        schedule = schedules.parse(hold.lease.schedule) if hold.lease.schedule else source.every
        interval = schedule.after(now, house.zone) - now
        store = HeldStore(house.store(hold.lease), hold, keeper.stop)
        if ready is None:
            # Not parked: as soon as the config is mended, the next run goes through.
            outcome = no_crawl(source, Status.NEEDS_HUMAN, fault, now, next_due=now + interval)
            store.save_outcome(outcome, failures=0)
            return outcome
        return runner.crawl(
            source.name,
            ready.collector,
            ready.options,
            store,
            http.metered(ready.meter),
            interval=interval,
            now=now,
            clock=keeper.clock,
        )
    finally:
        keeper.release(hold, rest=http.rest(site))


def backfill(
    house: House,
    source: SourceConfig,
    keeper: Keeper,
    http: Http,
    *,
    since: datetime,
    until: datetime,
    site: str = "",
    progress: dict[str, Any] | None = None,
) -> Outcome | Refused:
    """Collect a range of dates, see :func:`crawl`; raises ConfigError, too."""
    ready = _ready(house, source)
    quota = ready.meter.key if ready.meter else None
    hold = keeper.claim(source.name, site=site, quota=quota, progress=progress)
    if isinstance(hold, Refused):
        return hold
    try:
        return ranges.backfill(
            source.name,
            ready.collector,
            ready.options,
            HeldStore(house.store(hold.lease), hold, keeper.stop),
            http.metered(ready.meter),
            since=since,
            until=until,
            now=keeper.clock(),
        )
    finally:
        keeper.release(hold, rest=http.rest(site))


def first_page(
    house: House, source: SourceConfig, http: Http, *, now: datetime, limit: int
) -> list[Item]:
    """The first items of a source, nothing stored; raises ConfigError and CollectError."""
    ready = _ready(house, source)
    door = http.metered(ready.meter)
    return runner.preview(source.name, ready.collector, ready.options, door, now=now, limit=limit)


@dataclass(frozen=True, slots=True)
class _Ready:
    """A source that may be asked."""

    collector: Collector
    options: BaseModel
    meter: Meter | None


def _ready(house: House, source: SourceConfig) -> _Ready:
    collector, options = prepare(house.config, source)
    meter = house.quotas.meter(source.type, collector.ABOUT.quota, options)
    return _Ready(collector, options, meter)


def busy(source: SourceConfig) -> Outcome:
    """The answer to who wants to crawl what is being crawled."""
    error = "Источник как раз собирается другим процессом."
    return no_crawl(source, Status.LATER, error, datetime.now(UTC))


def no_crawl(
    source: SourceConfig,
    status: Status,
    error: str,
    now: datetime,
    next_due: datetime | None = None,
) -> Outcome:
    """The end of a crawl that never began."""
    return Outcome(
        source=source.name,
        status=status,
        started_at=now,
        finished_at=now,
        counts=Counts(),
        error=error,
        next_due=next_due,
    )
