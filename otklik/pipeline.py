"""collect -> analyse: plain functions, readable top to bottom.

Roll-ups are kept by storage in the same transactions; nothing here holds state between steps,
so a step that was cut off is simply run again.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from sys import maxsize

from sqlmodel import Session

from collectors import registry, runner
from collectors.errors import CollectError
from collectors.http import Http
from collectors.outcomes import Outcome, Status
from nlp.analyser import Analyser, ModelUnavailable, UnknownLabels, WrongWeights
from nlp.analyser import load as load_model
from nlp.analysis import Failure, Query, Result
from nlp.labels import Tone
from otklik import alerting, themes
from otklik.config import Config, SourceConfig
from otklik.crawling import backfill, busy, crawl, no_crawl, prepare
from otklik.house import House
from otklik.leases import Keeper
from otklik.messages import ConfigError
from otklik.weights import path_of, version_of
from storage import labelling, leases, mentions, settings
from storage.leases import Refused
from storage.mentions import Pending

#: Mentions taken from the queue at once: enough for the model to sort by length, small in memory.
_TAKE = 1024

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Analysed:
    """What one pass over the queue did; ``seconds`` is wall time without loading the model."""

    texts: int
    failed: int
    seconds: float
    model: str


@dataclass(frozen=True, slots=True)
class Checked:
    """The answer of one source to `otklik check`: how many items its first page holds.

    ``title`` and ``access`` say what its type is and asks for, "" where there is no such type.
    """

    source: str
    title: str = ""
    access: str = ""
    items: int = 0
    error: str = ""


def collect(house: House, sources: Iterable[SourceConfig], http: Http) -> Iterator[Outcome]:
    """Crawl the sources one after another; one that fails is an outcome, the others go on."""
    with Keeper(house.db).beating() as keeper:
        for source in sources:
            ended = crawl(house, source, keeper, http)
            yield busy(source) if isinstance(ended, Refused) else ended


def collect_range(
    house: House,
    sources: Iterable[SourceConfig],
    http: Http,
    *,
    since: datetime,
    until: datetime,
) -> Iterator[Outcome]:
    """Collect what is dated ``since`` <= date < ``until`` (aware), one source after another."""
    with Keeper(house.db).beating() as keeper:
        for source in sources:
            try:
                ended = backfill(house, source, keeper, http, since=since, until=until)
            except ConfigError as error:
                now = datetime.now(UTC)
                yield no_crawl(source, Status.NEEDS_HUMAN, str(error), now)
                continue
            yield busy(source) if isinstance(ended, Refused) else ended


def check(config: Config, sources: Iterable[SourceConfig], http: Http) -> Iterator[Checked]:
    """Ask every source for its first page and store nothing."""
    now = datetime.now(UTC)
    for source in sources:
        about = registry.find(source.type).ABOUT if source.type in registry.types() else None
        told = Checked(source.name, about.title, about.auth) if about else Checked(source.name)
        try:
            collector, options = prepare(config, source)
            items = runner.preview(source.name, collector, options, http, now=now, limit=maxsize)
            yield replace(told, items=len(items))
        except (ConfigError, CollectError) as error:
            yield replace(told, error=str(error))


def model_of(config: Config) -> Analyser:
    """The model that config.yaml names, on the weights of this house.

    Raises ConfigError where it cannot be used.
    """
    nlp, weights = config.nlp, path_of(config)
    folder = config.path.parent / (nlp.model or "")
    model = str(folder) if nlp.model and folder.is_dir() else nlp.model
    try:
        return load_model(
            model,
            backend=nlp.backend,
            labels=nlp.labels or None,
            threads=nlp.threads,
            weights=weights,
        )
    except (ModelUnavailable, UnknownLabels, WrongWeights) as error:
        raise ConfigError(f"{config.path.name}: nlp.model — {error}") from error


def model_version(house: House, session: Session) -> str:
    """The version whose answers count, without loading a model."""
    if house.config.nlp.model is None:
        return version_of(house.config)
    used: str = settings.get(session, settings.MODEL, "")
    return used


def analyse(house: House, analyser: Analyser, on_progress: Progress) -> Analysed:
    """Analyse everything that is pending. The query is the queue: safe to cut off and rerun."""
    started, texts, failed, after = time.monotonic(), 0, 0, 0
    with house.db.write() as session:
        labelling.use_model(session, analyser.version)
    while True:
        with house.db.read() as session:
            house.brands_now(session)  # for the names in texts: a page may have saved a query
            batch = mentions.pending(session, analyser.version, limit=_TAKE, after_id=after)
        if not batch:
            if texts:
                house.db.tune()
            return Analysed(texts, failed, time.monotonic() - started, analyser.version)
        answered, towards = _answers(house, analyser, batch)
        with house.db.write() as session:
            mentions.save_analyses(
                session,
                answered,
                towards=towards,
                model_version=analyser.version,
                now=datetime.now(UTC),
            )
        after = batch[-1].mention_id
        texts += len(batch)
        failed += sum(isinstance(result, Failure) for _, result in answered)
        on_progress(len(batch))


def keep_up(house: House, on_progress: Progress) -> None:
    """Analyse what is pending, if anything is, apply alert rules, give opinions their themes."""
    with house.db.read() as session:
        waiting = mentions.count_pending(session, model_version(house, session))
    if waiting:
        analyse(house, model_of(house.config), on_progress)
        alerting.evaluate(house, datetime.now(UTC))
    themes.find(house, on_progress)


def _answers(
    house: House, analyser: Analyser, batch: Sequence[Pending]
) -> tuple[list[tuple[Pending, Result]], dict[tuple[int, int], Tone]]:
    """What is said of each text, and towards which brand (mention id, brand id) it says what."""
    questions = [(item, *question) for item in batch for question in _questions(house, item)]
    results = analyser.analyse(query for _, _, query in questions)
    answered: list[tuple[Pending, Result]] = []
    towards: dict[tuple[int, int], Tone] = {}
    for (item, brand_id, _), result in zip(questions, results, strict=True):
        if brand_id is None:
            answered.append((item, result))
        elif not isinstance(result, Failure) and result.target_tone:
            towards[item.mention_id, brand_id] = result.target_tone
    return answered, towards


def _questions(house: House, item: Pending) -> Iterator[tuple[int | None, Query]]:
    """The text as a whole (None), then each of its several brands that it names."""
    yield None, Query(item.text)
    places = house.brands.places(item.text) if item.brand_ids else {}
    for brand_id in item.brand_ids:
        if named := places.get(brand_id):
            start, end = named[0]
            yield brand_id, Query(item.text, item.text[start:end], named)


def switched_off(house: House, source: SourceConfig) -> str:
    """Who does not want the source to be collected, in words; empty where nobody says so."""
    with house.db.read() as session:
        app_says = leases.app_says(session, source.name)
    if app_says is False:
        return "на паузе; возобновить можно в приложении"
    return "" if source.enabled or app_says else "выключен в config.yaml"


def put_off(house: House, source: SourceConfig) -> Outcome | None:
    """The answer of a source that is not to be asked before its time; None where it may be."""
    saved, now = house.store().load(source.name), datetime.now(UTC)
    ask = f"otklik crawl {source.name}"
    if saved.parked:
        words = f"Ждёт человека с прошлого раза; после исправления: {ask}"
        return no_crawl(source, Status.NEEDS_HUMAN, words, now)
    if saved.failures and saved.next_due and saved.next_due > now:
        moment = saved.next_due.astimezone(house.zone)
        words = f"Отложен до {moment:%d.%m %H:%M}; спросить сейчас: {ask}"
        return no_crawl(source, Status.LATER, words, now, next_due=saved.next_due)
    return None
