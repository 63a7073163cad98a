"""What the worker does for pages: crawl, look at a first page, apply queries, train, report."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

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
from otklik.tasks import Task
from otklik.telling import WORDS, as_dict
from storage import commands
from storage.jobs import ClaimedJob
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
    if job.kind not in _KINDS:
        return False, f"Эта версия программы не знает заданий вида «{job.kind}»."
    try:
        return _KINDS[job.kind](Task(job.id, job.payload, house, keeper, http, result))
    except (ConfigError, CollectError) as error:
        return False, str(error)
    except retraining.Busy as error:
        raise Later from error


def _crawl(task: Task) -> tuple[bool, str]:
    source = _source(task)
    ended = crawling.crawl(
        task.house,
        source,
        task.keeper,
        task.http,
        site=crawling.site_of(source),
        progress=task.result,
    )
    return _ended(ended, task.result)


def _backfill(task: Task) -> tuple[bool, str]:
    source = _source(task)
    ended = crawling.backfill(
        task.house,
        source,
        task.keeper,
        task.http,
        since=datetime.fromisoformat(task.asked["since"]),
        until=datetime.fromisoformat(task.asked["until"]),
        site=crawling.site_of(source),
        progress=task.result,
    )
    return _ended(ended, task.result)


def _check(task: Task) -> tuple[bool, str]:
    return _shown(task, _source(task))


def _preview(task: Task) -> tuple[bool, str]:
    told = {**task.asked["options"], "name": "предпросмотр", "type": task.asked["type"]}
    return _shown(task, SourceConfig.model_validate(told))


def _rematch(task: Task) -> tuple[bool, str]:
    """Cut off, it goes on where it stood, by whatever is saved then."""
    for step in matching.rematch(task.house.db, task.house.brands):
        task.result["moved"] = step.moved
        if task.keeper.stop.is_set():
            raise Stopped
    return True, f"Сменили бренд: {task.result.get('moved', 0)}."


def _correct(task: Task) -> tuple[bool, str]:
    """Cut off, it goes on with what is left to change."""
    asked, result = task.asked, task.result
    change = commands.Change(
        *(asked[name] and label(asked[name]) for name, label in _CORRECTED.items())
    )
    at = datetime.fromisoformat(asked["at"])
    result.update(done=0, changed=0)
    for ids in in_chunks(asked["ids"], _TOGETHER):
        with task.step() as session:
            result["changed"] += commands.correct_many(session, ids, change, at=at)
        result["done"] += len(ids)
    return True, f"Исправлено: {result['changed']}."


def _uncorrect(task: Task) -> tuple[bool, str]:
    at, now, result = datetime.fromisoformat(task.asked["at"]), task.keeper.clock(), task.result
    result.update(done=0, changed=0)
    while True:
        with task.step() as session:
            undone = commands.undo_batch(session, at=at, now=now, limit=_TOGETHER)
        if not undone:
            return True, f"Отменено: {result['changed']}."
        result["done"] = result["changed"] = result["changed"] + undone


def _train(task: Task) -> tuple[bool, str]:
    """Cut off, it leaves the model as it was, and begins anew where it was not cancelled."""

    @contextmanager
    def progress(label: str, total: int | None) -> Iterator[Callable[[int], None]]:
        task.result.update(step=label, done=0, total=total)

        def advance(steps: int) -> None:
            task.result["done"] += steps
            task.go_on()

        yield advance

    adapted = retraining.train(task.house, progress)
    return True, "Модель заменена." if adapted.used else "Модель осталась прежней."


def _restore(task: Task) -> tuple[bool, str]:
    if version := retraining.restore(task.house):
        return True, f"Возвращена модель {version}."
    return True, "Возвращать нечего: работает исходная модель."


_KINDS: Mapping[str, Callable[[Task], tuple[bool, str]]] = {
    "crawl": _crawl,
    "backfill": _backfill,
    "check": _check,
    "preview": _preview,
    "rematch": _rematch,
    "correct": _correct,
    "uncorrect": _uncorrect,
    "train": _train,
    "restore": _restore,
    "report": report_jobs.build,
}


def _shown(task: Task, source: SourceConfig) -> tuple[bool, str]:
    house, now = task.house, task.keeper.clock
    items = crawling.first_page(house, source, task.http, now=now(), limit=_SHOWN)
    with house.db.read() as session:
        kept = house.personal.admit(session, source.name, items, now())
    task.result["mentions"] = [_row(item) for item in kept if isinstance(item, Mention)]
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


def _source(task: Task) -> SourceConfig:
    name = task.asked["source"]
    for source in task.house.sources():
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
