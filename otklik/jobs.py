"""What the worker does for pages: crawl, look at a first page, apply queries, train, report."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any

from sqlmodel import Session

from collectors.base import Item, Mention
from collectors.errors import CollectError
from collectors.http import Http
from collectors.outcomes import Outcome, Status
from nlp.labels import Kind, Tone, Touchpoint
from otklik import crawling, matching, report_jobs, retraining
from otklik.config import SourceConfig
from otklik.house import House
from otklik.leases import Keeper, Stopped
from otklik.messages import ConfigError
from otklik.telling import WORDS, as_dict
from storage import commands
from storage.jobs import ClaimedJob, is_held
from storage.leases import Refused
from storage.personal import shown
from storage.tables import in_chunks

#: Mentions shown of a source that is only looked at.
_SHOWN = 20
#: Mentions corrected in one transaction.
_TOGETHER = 200
_CORRECTED: Mapping[str, Callable[[str], Any]] = {
    "tone": Tone,
    "kind": Kind,
    "without": Touchpoint,
}


class Later(Exception):
    """The job cannot be done just now and shall wait."""


def run(
    job: ClaimedJob, house: House, keeper: Keeper, http: Http, result: dict[str, Any]
) -> tuple[bool, str]:
    """Do the job; (whether it went well, words for the user), ``result`` filled on the way.

    Raises Later where the source's site is busy, or the weights are.
    """
    kinds: Mapping[str, Callable[..., tuple[bool, str]]] = {
        "crawl": _crawl,
        "backfill": _backfill,
        "check": _check,
        "preview": _preview,
        "rematch": _rematch,
        "correct": partial(_correct, job.id),
        "uncorrect": partial(_uncorrect, job.id),
        "train": partial(_train, job.id),
        "restore": _restore,
        "report": partial(_report, job.id),
    }
    if job.kind not in kinds:
        return False, f"Эта версия программы не знает заданий вида «{job.kind}»."
    try:
        return kinds[job.kind](job.payload, house, keeper, http, result)
    except (ConfigError, CollectError) as error:
        return False, str(error)
    except retraining.Busy as error:
        raise Later from error


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


def _rematch(
    _asked: Mapping[str, Any], house: House, keeper: Keeper, _http: Http, result: dict[str, Any]
) -> tuple[bool, str]:
    """Cut off, it goes on where it stood, by whatever is saved then."""
    for step in matching.rematch(house.db, house.brands):
        result["moved"] = step.moved
        if keeper.stop.is_set():
            raise Stopped
    return True, f"Сменили бренд: {result.get('moved', 0)}."


def _correct(
    job_id: int,
    asked: Mapping[str, Any],
    house: House,
    keeper: Keeper,
    _http: Http,
    result: dict[str, Any],
) -> tuple[bool, str]:
    """Cut off, it goes on with what is left to change."""
    change = commands.Change(
        *(asked[name] and label(asked[name]) for name, label in _CORRECTED.items())
    )
    at = datetime.fromisoformat(asked["at"])
    result.update(done=0, changed=0)
    for ids in in_chunks(asked["ids"], _TOGETHER):
        with _step(job_id, house, keeper) as session:
            result["changed"] += commands.correct_many(session, ids, change, at=at)
        result["done"] += len(ids)
    return True, f"Исправлено: {result['changed']}."


def _uncorrect(
    job_id: int,
    asked: Mapping[str, Any],
    house: House,
    keeper: Keeper,
    _http: Http,
    result: dict[str, Any],
) -> tuple[bool, str]:
    at, now = datetime.fromisoformat(asked["at"]), keeper.clock()
    result.update(done=0, changed=0)
    while True:
        with _step(job_id, house, keeper) as session:
            undone = commands.undo_batch(session, at=at, now=now, limit=_TOGETHER)
        if not undone:
            return True, f"Отменено: {result['changed']}."
        result["done"] = result["changed"] = result["changed"] + undone


@contextmanager
def _step(job_id: int, house: House, keeper: Keeper) -> Iterator[Session]:
    """A transaction of a job that goes on step by step; Stopped where it shall not go on.

    A cancelled job changes nothing from then on, else what is undone next would come back.
    """
    with house.db.write() as session:
        if keeper.stop.is_set() or not is_held(session, job_id, keeper.holder):
            raise Stopped
        yield session


def _train(
    job_id: int,
    _asked: Mapping[str, Any],
    house: House,
    keeper: Keeper,
    _http: Http,
    result: dict[str, Any],
) -> tuple[bool, str]:
    """Cut off, it leaves the model as it was, and begins anew where it was not cancelled."""

    @contextmanager
    def progress(label: str, total: int | None) -> Iterator[Callable[[int], None]]:
        result.update(step=label, done=0, total=total)

        def advance(steps: int) -> None:
            result["done"] += steps
            if keeper.stop.is_set() or keeper.has_lost(job_id):
                raise Stopped

        yield advance

    adapted = retraining.train(house, progress)
    return True, "Модель заменена." if adapted.used else "Модель осталась прежней."


def _restore(
    _asked: Mapping[str, Any], house: House, _keeper: Keeper, _http: Http, _result: dict[str, Any]
) -> tuple[bool, str]:
    if version := retraining.restore(house):
        return True, f"Возвращена модель {version}."
    return True, "Возвращать нечего: работает исходная модель."


def _report(
    job_id: int,
    asked: Mapping[str, Any],
    house: House,
    keeper: Keeper,
    _http: Http,
    result: dict[str, Any],
) -> tuple[bool, str]:
    return report_jobs.build(job_id, asked, house, keeper, result)


def _shown(
    house: House, keeper: Keeper, http: Http, source: SourceConfig, result: dict[str, Any]
) -> tuple[bool, str]:
    items = crawling.first_page(house, source, http, now=keeper.clock(), limit=_SHOWN)
    with house.db.read() as session:
        kept = house.personal.admit(session, source.name, items, keeper.clock())
    result["mentions"] = [_row(item) for item in kept if isinstance(item, Mention)]
    words = f"В порядке, на первой странице записей: {len(items)}."
    if left_out := len(items) - len(kept):
        words += f" Из них не сохраняются (старые или стёртых авторов): {left_out}."
    return True, words


def _row(mention: Item) -> dict[str, Any]:
    assert isinstance(mention, Mention)
    return {
        "external_id": mention.external_id,
        "published_at": mention.published_at.isoformat(),
        "date_known": mention.date_known,
        "title": mention.title,
        "text": mention.text,
        "author": shown(mention.author),
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
