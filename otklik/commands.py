"""What each command does and prints. Every function returns the exit code."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime, time
from io import TextIOWrapper
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from rich.markup import escape
from rich.table import Table

from collectors.outcomes import Outcome, Status
from otklik import alerting, crawling, personal, pipeline, theming, weights
from otklik.config import Config, SourceConfig, load
from otklik.house import House
from otklik.messages import ConfigError, system
from otklik.screen import BUG, NOT_ALL, OK, console, note, progress
from otklik.telling import WORDS, as_dict, print_json, tell, tell_check, tell_inspection
from storage import mentions, queries


def check(config: Config, names: list[str] | None, *, as_json: bool) -> int:
    """First page of every source; nothing is stored."""
    from otklik import channels

    chosen = _chosen(config.sources, names)
    channels.check(config)
    results = []
    for result in pipeline.check(config, chosen, crawling.door(config)):
        results.append(result)
        if not as_json:
            tell_check(result)
    if as_json:
        print_json([asdict(result) for result in results])
    else:
        told = f"{config.path.name}: брендов — {len(config.brands)}, источников — {len(results)}"
        note(f"{told}, каналов — {len(config.channels)}" if config.channels else told)
    return _worst(bool(result.error) for result in results)


def crawl(house: House, names: list[str] | None, *, as_json: bool) -> int:
    """Crawl the named sources, or all that may be asked now."""
    chosen = _chosen(house.sources(), names)
    if not chosen and not as_json:
        note("Источников нет: добавьте их в config.yaml, раздел sources, или загрузите файл.")
    if not names:
        chosen = list(_switched_on(house, chosen))
    waiting = [] if names else [o for source in chosen if (o := pipeline.put_off(house, source))]
    told_off = {outcome.source for outcome in waiting}
    asked = [source for source in chosen if source.name not in told_off]
    outcomes = pipeline.collect(house, asked, crawling.door(house.config))
    return _told(chain(waiting, outcomes), len(chosen), as_json)


def backfill(
    house: House, names: list[str], since: date, until: date | None, *, as_json: bool
) -> int:
    """Collect what is dated from ``since`` on and before ``until`` (None: now)."""
    begin = datetime.combine(since, time(), house.zone)
    end = datetime.combine(until, time(), house.zone) if until else datetime.now(UTC)
    if end <= begin:
        raise ConfigError("--to должно быть позже, чем --from")
    chosen = _chosen(house.sources(), names)
    http = crawling.door(house.config)
    outcomes = pipeline.collect_range(house, chosen, http, since=begin, until=end)
    return _told(outcomes, len(chosen), as_json)


def _told(outcomes: Iterable[Outcome], total: int, as_json: bool) -> int:
    """Tell the outcomes as they come; the exit code."""
    ended = []
    with progress("Сбор", total) as advance:
        for outcome in outcomes:
            ended.append(outcome)
            advance(1)
            if not as_json:
                tell(outcome)
    if as_json:
        print_json([as_dict(outcome) for outcome in ended])
    return _code(ended)


def inspect(house: House, file: Path, source: str, given: dict[str, Any], *, as_json: bool) -> int:
    """`otklik import --dry-run`: what is understood of the file."""
    from collectors.sources import file as file_source
    from otklik import transfer

    found = file_source.inspect(transfer.options_for(house, file, source, given))
    if as_json:
        print_json(found.as_dict())
    else:
        tell_inspection(found)
    return OK


def import_file(
    house: House,
    file: Path,
    source: str,
    given: dict[str, Any],
    brand: str | None,
    *,
    as_json: bool,
) -> int:
    """Read a file into its source."""
    from otklik import transfer

    options = transfer.options_for(house, file, source, given)
    with progress("Загрузка", None) as advance:
        outcome = transfer.import_file(house, options, source, brand, advance)
    if as_json:
        print_json(as_dict(outcome))
    else:
        tell(outcome)
    return _code([outcome])


def analyse(house: House, *, as_json: bool) -> int:
    """Everything pending through the model."""
    if remark := weights.remark(house.config):
        note(remark)
    analyser = pipeline.model_of(house.config)
    with house.db.alone("analyse") as free:
        if not free:
            note("Анализ уже идёт в другом процессе; он возьмёт и то, что пришло сейчас.")
            return OK
        with house.db.read() as session:
            waiting = mentions.count_pending(session, analyser.version)
        with progress("Анализ", waiting) as advance:
            done = pipeline.analyse(house, analyser, advance)
        alerting.evaluate(house, datetime.now(UTC))
        themed = theming.find(house)
    rate = done.texts / done.seconds if done.seconds else 0.0
    if as_json:
        print_json(
            {
                "analysed": done.texts - done.failed,
                "failed": done.failed,
                "seconds": round(done.seconds, 3),
                "texts_per_second": round(rate, 1),
                "model": done.model,
                "themes": themed.themes,
            }
        )
    else:
        tail = f", не удалось: {done.failed}" if done.failed else ""
        note(f"Проанализировано: {done.texts - done.failed}{tail} — {rate:.0f} текстов/с")
        theming.tell(themed)
    return NOT_ALL if done.failed else OK


def status(house: House, *, as_json: bool) -> int:
    """What is stored, what is pending, how each source fares."""
    with house.db.read() as session:
        figures = queries.status(session, pipeline.model_version(house, session))
    if as_json:
        print_json(figures)
        return OK
    note(
        f"Упоминаний: {figures['mentions']}, проанализировано: {figures['analysed']}, "
        f"в очереди: {figures['pending']}, не удалось: {figures['failed']}"
    )
    table = Table("источник", "упоминаний", "последний сбор")
    for source in figures["sources"]:
        last = source["last_outcome"]
        words = WORDS[Status(last["status"])] if last else "ещё не было"
        table.add_row(escape(source["name"]), str(source["mentions"]), words)
    console.print(table)
    return OK


def export(house: House, form: str, out: Path | None) -> int:
    """All mentions with their labels; a file is complete or not there at all."""
    from reports import rows, sheets
    from storage.filters import Filter

    writers = {"jsonl": rows.write_jsonl, "csv": rows.write_csv, "xlsx": sheets.write_xlsx}
    if form not in writers:
        raise ConfigError(f"--format {form}: бывает {', '.join(writers)}")
    if out is None and form == "xlsx":
        raise ConfigError("XLSX — не для экрана: укажите файл, --out упоминания.xlsx")
    with house.db.read() as session, _target(out) as file:
        found = queries.export(session, Filter(voices_only=False, repeats=True))
        writers[form](found, file, house.zone)
    if out:
        personal.remember_export(house, out, datetime.now(UTC))
        note(f"Записан файл {out}")
    return OK


@contextmanager
def _target(out: Path | None) -> Iterator[BinaryIO]:
    if out is None:
        yield sys.stdout.buffer
        return
    if out.is_dir():
        raise ConfigError(f"«{out}» — папка, а нужен файл: --out упоминания.csv")
    unfinished = out.with_name(out.name + ".part")
    try:
        with unfinished.open("wb") as file:
            yield file
        unfinished.replace(out)
    except OSError as error:
        raise ConfigError(f"не удалось записать {out}: {system(error)}") from error
    finally:
        unfinished.unlink(missing_ok=True)


def classify(file: str, config: Path | None, *, plain: bool) -> int:
    """Lines through the model; needs no database."""
    from otklik import transfer

    analyser = pipeline.model_of(_config_or_default(config))
    broken = False
    if isinstance(sys.stdout, TextIOWrapper):
        # A lone surrogate leaves as \udcXX, which JSON reads back as the same code point.
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    for answer in transfer.classify(_lines(file), analyser, plain=plain):
        broken |= "error" in answer
        sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
    sys.stdout.flush()
    return NOT_ALL if broken else OK


def demo(house: House, *, then_serve: bool, headless: bool) -> int:
    """Fill the database: exports through the file reader, the rest over HTTP, all analysed.

    Alert rules are let loose on the stream day by day, so that there is a history to look at. The
    site stays up while the app runs, so that its sources can be collected again.
    """
    from otklik import demo as stage
    from otklik.serving import serve

    with stage.site(house):
        worst = max(crawl(house, None, as_json=False), analyse(house, as_json=False))
        note(f"Оповещений за время демо: {stage.replay_alerts(house)}.")
        return serve(house, None, headless=headless) if then_serve else worst


def _chosen(sources: Sequence[SourceConfig], names: list[str] | None) -> list[SourceConfig]:
    if not names:
        return list(sources)
    known = {source.name: source for source in sources}
    for name in names:
        if name not in known:
            have = ", ".join(known) or "ни одного"
            raise ConfigError(f"нет источника «{name}»; есть: {have}")
    return [known[name] for name in names]


def _switched_on(house: House, sources: Iterable[SourceConfig]) -> Iterator[SourceConfig]:
    for source in sources:
        reason = pipeline.switched_off(house, source)
        if reason:
            note(f"{source.name}: пропущен — {reason}")
        else:
            yield source


def _code(outcomes: Iterable[Outcome]) -> int:
    """The worst outcome as an exit code."""
    codes = {Status.OK: OK, Status.NOT_MODIFIED: OK, Status.BUG: BUG}
    return max((codes.get(outcome.status, NOT_ALL) for outcome in outcomes), default=OK)


def _worst(failures: Iterable[bool]) -> int:
    return NOT_ALL if any(failures) else OK


def _config_or_default(path: Path | None) -> Config:
    """`classify` works in any folder: without a config.yaml the embedded model is used."""
    from otklik.config import find

    file = find(path)
    return Config(path=file) if path is None and not file.exists() else load(file)


def _lines(file: str) -> Iterator[str]:
    """Lines of a file or of standard input; bytes that are no UTF-8 do not stop the stream."""
    if file == "-":
        if isinstance(sys.stdin, TextIOWrapper):
            sys.stdin.reconfigure(encoding="utf-8", errors="surrogateescape")
        yield from sys.stdin
        return
    try:
        with Path(file).open(encoding="utf-8", errors="surrogateescape") as lines:
            yield from lines
    except OSError as error:
        raise ConfigError(f"{file} не читается: {system(error)}") from error
