"""What the worker does for pages: crawl now, collect a range, look at a first page."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from collectors.base import CollectError, Item, Mention, Outcome, Status
from collectors.http import Http
from otklik import crawling
from otklik.config import SourceConfig
from otklik.house import House
from otklik.leases import Keeper
from otklik.messages import ConfigError
from otklik.telling import WORDS, as_dict
from storage.jobs import ClaimedJob
from storage.leases import Refused

#: Mentions shown of a source that is only looked at.
_SHOWN = 20


class Later(Exception):
    """The job cannot be done just now and shall wait."""


def run(
    job: ClaimedJob, house: House, keeper: Keeper, http: Http, result: dict[str, Any]
) -> tuple[bool, str]:
    """Do the job; (whether it went well, words for the user), ``result`` filled on the way.

    Raises Later where the source's site is busy.
    """
    kinds: Mapping[str, Callable[..., tuple[bool, str]]] = {
        "crawl": _crawl,
        "backfill": _backfill,
        "check": _check,
        "preview": _preview,
    }
    if job.kind not in kinds:
        return False, f"Эта версия программы не знает заданий вида «{job.kind}»."
    try:
        return kinds[job.kind](job.payload, house, keeper, http, result)
    except (ConfigError, CollectError) as error:
        return False, str(error)


def _crawl(
    asked: Mapping[str, Any], house: House, keeper: Keeper, http: Http, result: dict[str, Any]
) -> tuple[bool, str]:
    source = _source(house, asked["source"])
    ended = crawling.crawl(
        house, source, keeper, http, site=crawling.site_of(source), progress=result
    )
    return _ended(ended, result)


def _backfill(
    asked: Mapping[str, Any], house: House, keeper: Keeper, http: Http, result: dict[str, Any]
) -> tuple[bool, str]:
    source = _source(house, asked["source"])
    ended = crawling.backfill(
        house,
        source,
        keeper,
        http,
        since=datetime.fromisoformat(asked["since"]),
        until=datetime.fromisoformat(asked["until"]),
        site=crawling.site_of(source),
        progress=result,
    )
    return _ended(ended, result)


def _check(
    asked: Mapping[str, Any], house: House, keeper: Keeper, http: Http, result: dict[str, Any]
) -> tuple[bool, str]:
    return _shown(house, keeper, http, _source(house, asked["source"]), result)


def _preview(
    asked: Mapping[str, Any], house: House, keeper: Keeper, http: Http, result: dict[str, Any]
) -> tuple[bool, str]:
    told = {**asked["options"], "name": "предпросмотр", "type": asked["type"]}
    return _shown(house, keeper, http, SourceConfig.model_validate(told), result)


def _shown(
    house: House, keeper: Keeper, http: Http, source: SourceConfig, result: dict[str, Any]
) -> tuple[bool, str]:
    items = crawling.first_page(house, source, http, now=keeper.clock(), limit=_SHOWN)
    result["mentions"] = [_row(item) for item in items if isinstance(item, Mention)]
    return True, f"В порядке, на первой странице записей: {len(items)}."


def _row(mention: Item) -> dict[str, Any]:
    assert isinstance(mention, Mention)
    return {
        "external_id": mention.external_id,
        "published_at": mention.published_at.isoformat(),
        "date_known": mention.date_known,
        "title": mention.title,
        "text": mention.text,
        "author": mention.author,
        "rating": mention.rating,
        "rating_scale": mention.rating_scale,
        "url": mention.url,
    }


def _source(house: House, name: str) -> SourceConfig:
    for source in house.sources():
        if source.name == name:
            return source
    raise ConfigError(f"Источника «{name}» больше нет ни в config.yaml, ни в приложении.")


def _ended(ended: Outcome | Refused, result: dict[str, Any]) -> tuple[bool, str]:
    if ended is Refused.SITE_BUSY:
        raise Later
    if isinstance(ended, Refused):
        return True, "Этот источник как раз собирается."
    result |= as_dict(ended)
    fine = ended.status in {Status.OK, Status.NOT_MODIFIED}
    return fine, ended.error or f"{WORDS[ended.status].capitalize()}: новых {ended.counts.new}."
