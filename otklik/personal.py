"""`otklik prune` and `otklik forget`: mentions erased for their age, or at an author's request."""

from datetime import UTC, datetime

from otklik.house import House
from otklik.messages import ConfigError
from otklik.screen import OK, note
from otklik.telling import print_json
from storage import erasing

#: Mentions erased in one transaction: other writers get their turn in between.
_AT_ONCE = 500
_EXPORTS = (
    "Файлы, выгруженные раньше, Отклик не помнит: удалите сведения об авторе из них сами. "
    "Чужие тексты, где он назван, тоже остались."
)


def prune(house: House, *, now: datetime) -> int:
    """Erase the mentions that are older than ``personal.keep``; how many. Cut off, it goes on."""
    keep = house.config.personal.keep
    if keep is None:
        return 0
    erased = 0
    while True:
        with house.db.write() as session:
            done = erasing.prune(session, now - keep, limit=_AT_ONCE, now=now)
        erased += done
        if done < _AT_ONCE:
            return erased


def tell_prune(house: House, *, as_json: bool) -> int:
    """`otklik prune`."""
    keep = house.config.personal.keep
    if keep is None and not as_json:
        note("Срок хранения не задан: впишите его в config.yaml, personal.keep, например 730д.")
        return OK
    erased = prune(house, now=datetime.now(UTC))
    if as_json:
        print_json({"erased": erased, "keep_days": keep.days if keep else None})
    elif keep:
        note(f"Стёрто упоминаний старше {keep.days} дн.: {erased}")
    return OK


def forget(house: House, author: str, source: str | None, *, dry_run: bool, as_json: bool) -> int:
    """`otklik forget`."""
    if not author.strip():
        raise ConfigError("назовите автора: имя, id, ссылку на профиль или хеш")
    now = datetime.now(UTC)
    with house.db.write() as session:
        told = erasing.forget(
            session, author, house.personal, source=source, now=now, dry_run=dry_run
        )
    if not dry_run:
        erasing.scrub(house.db)
    if as_json:
        print_json({"author": told.author, "sources": told.sources, "erased": told.counts})
        return OK
    where = ", ".join(f"{name} — {n}" for name, n in sorted(told.sources.items()))
    total = sum(told.sources.values())
    if dry_run:
        note(f"Было бы стёрто упоминаний: {total}{f' ({where})' if where else ''}. Стереть: то же "
             "без --dry-run")  # fmt: skip
        return OK
    note(f"Стёрто упоминаний: {total}{f' ({where})' if where else ''}. {_EXPORTS}")
    note(f"Новые записи этого автора не сохраняются. В журнале: {told.author}")
    return OK
