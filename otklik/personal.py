"""`otklik prune`, `forget`, `accept-key`: what is erased, for age or on request, by which key."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from otklik import authors, reporting
from otklik.config import Config
from otklik.house import House
from otklik.messages import ConfigError
from otklik.screen import NOT_ALL, OK, note
from otklik.spools import drop_old, erase_events
from otklik.telling import print_json
from storage import erasing, leftovers, settings
from storage.database import Database
from storage.errors import OperationalError

#: Mentions erased in one transaction: other writers get their turn in between.
_AT_ONCE = 500
#: What is only looked at for a while is kept so long: results of jobs; pages that were not read.
_JOBS, _PAGES = timedelta(days=7), timedelta(days=14)
#: The latest exports, by path, that are remembered.
_MOST_EXPORTS = 200
_EXPORTS = (
    "Файлов, скачанных из приложения или перенесённых, Отклик не помнит: удалите сведения об "
    "авторе из них сами. "
    "Чужие тексты, где он назван, тоже остались."
)
_UNSCRUBBED = (
    "Из таблиц всё стёрто, но остатки ещё лежат в файле базы: её держит другой процесс. "
    "Их уберёт otklik schedule, или повторите эту команду, когда база освободится."
)


def prune(
    house: House, *, now: datetime, on_progress: Callable[[int], None] = lambda _: None
) -> int:
    """Erase the mentions that are older than ``personal.keep``; how many. Cut off, it goes on.

    With them go events that were refused then; in any case results of old jobs and pages that
    could not be read.
    """
    with house.db.write() as session:
        leftovers.drop_jobs(session, before=now - _JOBS)
        leftovers.drop_old_pages(session, now - _PAGES)
    keep = house.config.personal.keep
    if keep is None:
        return 0
    erased = 0
    while True:
        with house.db.write() as session:
            done = erasing.prune(session, now - keep, limit=_AT_ONCE, now=now)
        erased += done
        if done < _AT_ONCE:
            break
        on_progress(done)
    drop_old(house.config, now - keep)
    reporting.drop_older(house, (now - keep).astimezone(house.zone).date())
    return erased


def tell_prune(house: House, *, as_json: bool) -> int:
    """`otklik prune`."""
    keep = house.config.personal.keep
    erased = prune(house, now=datetime.now(UTC))
    if as_json:
        print_json({"erased": erased, "keep_days": keep.days if keep else None})
    elif keep:
        note(told(house, erased))
    else:
        note("Срок хранения не задан: впишите его в config.yaml, personal.keep, например 730д.")
    return OK


def told(house: House, erased: int) -> str:
    """What :func:`prune` did, in words."""
    keep = house.config.personal.keep
    return f"Стёрто упоминаний старше {keep.days if keep else 0} дн.: {erased}"


def forget(house: House, author: str, source: str | None, *, dry_run: bool, as_json: bool) -> int:
    """`otklik forget`."""
    if not author.strip():
        raise ConfigError("назовите автора: имя, id, ссылку на профиль или хеш")
    now = datetime.now(UTC)
    with house.db.write() as session:
        authors.know_key(session, house.config, house.personal)
        told = erasing.forget(
            session, author, house.personal, source=source, now=now, dry_run=dry_run
        )
    if dry_run:
        return _tell_dry_run(told, as_json=as_json)
    events = _erase_events(house, author, source, told, now)
    if told.sources:
        reporting.drop_all(house)
    scrubbed = _scrubbed(house.db)
    exports = _exports(house)
    if as_json:
        counts = {**told.counts, "event": events}
        print_json(
            {"author": told.author, "sources": told.sources, "erased": counts}
            | {"exports": exports, "scrubbed": scrubbed}
        )
    else:
        note(f"Стёрто упоминаний: {_by_source(told)}, принятых событий: {events}.")
        if not told.sources:
            note("Такого автора среди сохранённого нет: проверьте имя, id или ссылку.")
        if exports:
            note("В этих выгрузках автор может остаться: " + ", ".join(exports))
        note(_EXPORTS)
        note(f"Новые записи этого автора не сохраняются. В журнале: {told.author}")
        if not scrubbed:
            note(_UNSCRUBBED)
    return OK if scrubbed else NOT_ALL


def _tell_dry_run(told: erasing.Forgotten, *, as_json: bool) -> int:
    if as_json:
        print_json({"author": told.author, "sources": told.sources, "erased": {}})
    else:
        note(f"Было бы стёрто упоминаний: {_by_source(told)}. Стереть: то же без --dry-run")
    return OK


def _by_source(told: erasing.Forgotten) -> str:
    where = ", ".join(f"{name} — {n}" for name, n in sorted(told.sources.items()))
    return f"{sum(told.sources.values())}{f' ({where})' if where else ''}"


def _erase_events(
    house: House, author: str, source: str | None, told: erasing.Forgotten, now: datetime
) -> int:
    """After the mentions: what is crawled from now on is refused already."""

    def is_author(value: str) -> bool:
        return house.personal.hash_of(value) in told.hashes

    erased = erase_events(house.config, author, is_author, source)
    if erased:
        with house.db.write() as session:
            erasing.log_events(session, told.author, source, erased, now)
    return erased


def _scrubbed(db: Database) -> bool:
    try:
        erasing.scrub(db)
    except OperationalError as error:
        note(str(error))
        return False
    return True


def remember_export(house: House, file: Path, now: datetime) -> None:
    """Keep in mind where mentions were exported to: `otklik forget` names these files."""
    path = str(file.absolute())
    with house.db.write() as session:
        known = settings.get(session, settings.EXPORTS, [])
        others = [one for one in known if one["path"] != path]
        kept = [*others, {"path": path, "at": now.isoformat()}][-_MOST_EXPORTS:]
        settings.put(session, settings.EXPORTS, kept)


def _exports(house: House) -> list[str]:
    """Exported files that are still there."""
    with house.db.read() as session:
        known = settings.get(session, settings.EXPORTS, [])
    return [one["path"] for one in known if Path(one["path"]).exists()]


def accept_key(config: Config) -> int:
    """`otklik accept-key`."""
    db = Database(config.database_url)
    db.migrate()
    with db.write() as session:
        authors.accept_key(session, authors.personal(config))
        hashed, forgotten = erasing.count_hashed(session)
    note("Ключ хешей авторов принят: новые хеши делаются с ним.")
    if hashed or forgotten:
        note(
            f"С прежним ключом остались авторы упоминаний: {hashed} и записей о стёртых авторах: "
            f"{forgotten}. Их новые записи сочтутся чужими: стирая автора (otklik forget), "
            "назовите и прежний его хеш, а стёртых раньше сотрите ещё раз по имени или id."
        )
    return OK
