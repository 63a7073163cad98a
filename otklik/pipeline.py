"""collect -> analyse: plain functions, readable top to bottom.

Roll-ups are kept by storage in the same transactions; nothing here holds state between steps,
so a step that was cut off is simply run again.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import BaseModel, ValidationError

from collectors import registry, runner
from collectors.base import CollectError, Collector, Counts, Outcome, Status
from collectors.http import Http, Limits
from nlp.analyser import Analyser, ModelUnavailable, UnknownLabels, WrongWeights
from nlp.analyser import load as load_model
from nlp.analysis import Failure, Query, Result
from nlp.labels import Tone
from otklik.config import Config, SourceConfig
from otklik.house import House
from otklik.messages import ConfigError, describe
from otklik.weights import path_of
from storage import labelling, mentions
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
    """The answer of one source to `otklik check`: how many items its first page holds."""

    source: str
    items: int = 0
    error: str = ""


def door(config: Config) -> Http:
    """The network as config.yaml allows it."""
    http = config.http
    return Http(Limits(delay=http.delay, contact=http.contact, allow_private=http.allow_private))


def prepare(config: Config, source: SourceConfig) -> tuple[Collector, BaseModel]:
    """The collector of a source and its checked options; raises ConfigError with the place."""
    index = config.sources.index(source)
    try:
        collector = registry.find(source.type)
    except CollectError as error:
        raise ConfigError(f"{config.path.name}: sources[{index}].type — {error}") from error
    options = config.options_of(source)
    if "timezone" in collector.Options.model_fields:
        options.setdefault("timezone", config.timezone)
    try:
        folder = {"folder": config.path.parent}
        return collector, collector.Options.model_validate(options, context=folder)
    except ValidationError as error:
        text = config.path.read_text(encoding="utf-8-sig")
        place = ("sources", index)
        message = describe(error, collector.Options, config.path.name, text, place)
        raise ConfigError(message) from error


def collect(house: House, sources: Iterable[SourceConfig], http: Http) -> Iterator[Outcome]:
    """Crawl the sources one after another; one that fails is an outcome, the others go on."""
    store = house.store()
    for source in sources:
        now = datetime.now(UTC)
        try:
            collector, options = prepare(house.config, source)
        except ConfigError as error:
            outcome = _misconfigured(source, now, str(error))
            store.save_outcome(outcome, failures=0)
            yield outcome
            continue
        yield runner.crawl(
            source.name, collector, options, store, http, interval=source.every, now=now
        )


def check(config: Config, sources: Iterable[SourceConfig], http: Http) -> Iterator[Checked]:
    """Ask every source for its first page and store nothing."""
    now = datetime.now(UTC)
    for source in sources:
        try:
            collector, options = prepare(config, source)
            items = runner.preview(source.name, collector, options, http, now=now, limit=20)
            yield Checked(source.name, items=len(items))
        except (ConfigError, CollectError) as error:
            yield Checked(source.name, error=str(error))


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


def analyse(house: House, analyser: Analyser, on_progress: Progress) -> Analysed:
    """Analyse everything that is pending. The query is the queue: safe to cut off and rerun."""
    started, texts, failed, after = time.monotonic(), 0, 0, 0
    with house.db.write() as session:
        labelling.use_model(session, analyser.version)
    while True:
        with house.db.read() as session:
            batch = mentions.pending(session, analyser.version, limit=_TAKE, after_id=after)
        if not batch:
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


def reason_to_wait(house: House, source: SourceConfig) -> str:
    """Why the source should not be asked now, in words; empty where it may."""
    saved, now = house.store().load(source.name), datetime.now(UTC)
    if not source.enabled:
        return "выключен в config.yaml"
    if saved.parked:
        return "ждёт человека; после исправления: otklik crawl " + source.name
    if saved.failures and saved.next_due and saved.next_due > now:
        moment = saved.next_due.astimezone(house.zone)
        return f"отложен до {moment:%d.%m %H:%M}; спросить сейчас: otklik crawl {source.name}"
    return ""


def _misconfigured(source: SourceConfig, now: datetime, error: str) -> Outcome:
    """Not parked: as soon as the config is mended, the next run goes through."""
    return Outcome(
        source=source.name,
        status=Status.NEEDS_HUMAN,
        started_at=now,
        finished_at=now,
        counts=Counts(),
        error=error,
        next_due=now + source.every,
    )
