"""Mentions erased for good: one author's at request, old ones for their age.

The rows go with all that hangs on them, and the log (:class:`storage.models.Erasure`) keeps hashes
and counts, no names. What SQLite or PostgreSQL leave in freed pages is overwritten where the
database can be told to (:func:`scrub`).
"""

import re
import secrets
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage import groups, leftovers, likeness, neighbours, rollups, settings
from storage import tables as t
from storage.database import Database
from storage.errors import NotFound, StorageError
from storage.personal import Personal, is_hash, mask_stored

_mention = t.mention.c
_BEGINNING = re.compile(r"(автор )?([0-9a-f]{6,31})")
#: What hangs on a mention, in the order in which it may go.
_PARTS = (
    t.theme_mark, t.opinion, t.mention_brand, t.correction, t.analysis, t.mention_revision,
    t.handling, t.alert_queue,
)  # fmt: skip
#: What tells where a mention stood among its repeats.
_GROUPED_BY = ("text", "text_key", "group_id", *neighbours.MARKED)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was erased of one author, or would be; ``sources`` counts mentions by source name.

    ``hashes`` are those of the author's names and ids, as far as they were given or found.
    """

    author: str
    hashes: frozenset[str]
    sources: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)


def erase(session: Session, mention_ids: Sequence[int]) -> Counter[str]:
    """Erase mentions; how many rows of which table went. Figures and groups follow."""
    counts: Counter[str] = Counter()
    for chunk in t.in_chunks(mention_ids):
        rows = session.execute(
            sa.select(*(_mention[name] for name in _GROUPED_BY)).where(_mention.id.in_(chunk))
        ).all()
        left = {row.group_id for row in rows if row.group_id is not None}
        with rollups.recounted(session, chunk):
            for table in _PARTS:
                counts[table.name] += _delete(session, table, table.c.mention_id.in_(chunk))
        counts["mention"] += _delete(session, t.mention, _mention.id.in_(chunk))
        _drop_bands(session, {row.text_key: row for row in rows if row.text_key is not None})
        groups.place(session, (), left)
    leftovers.unlink_alerts(session, mention_ids)
    return +counts


def forget(
    session: Session,
    author: str,
    personal: Personal,
    *,
    source: str | None = None,
    now: datetime,
    dry_run: bool = False,
) -> Forgotten:
    """Erase one author, known by name, id, link to the profile or hash, and store no more of them.

    ``source`` bounds it to one source, which matters for a common name and for ids, which mean
    another person on another site. Raises NotFound for an unknown source or «автор a1b2c3»,
    StorageError for the beginning of a hash («a1b2c3») that several have.
    """
    source_id = _source_id(session, source)
    author = _unshortened(session, author)
    who = {*_identities(author), *(personal.hash_of(one) for one in _identities(author))}
    found = _of_author(session, who, source_id)
    # An id is one person's, whatever name stands beside it.
    ids = {(row.source_id, row.author_id) for row in found if row.author_id}
    for own_source, own_ids in _by_source(ids).items():
        found += _of_author(session, own_ids, own_source)
    mention_ids = sorted({row.id for row in found})
    told = Counter({row.id: row.name for row in found}.values())
    hashes = {(one, source_id) for one in who if is_hash(one)}
    hashes |= {(personal.hash_of(one), own_source) for own_source, one in ids}
    known = frozenset(one for one, _ in hashes)
    result = Forgotten(personal.hash_of(author), known, dict(told))
    if dry_run:
        return result
    _leave_to_scrub(session)
    counts = erase(session, mention_ids)
    needles = _needles(author, found)
    counts["raw"] = leftovers.clean_raw(session, needles)
    counts["crawl"] = leftovers.clear_crawls(session, {row.source_id for row in found}, needles)
    counts["job"] = leftovers.clear_jobs(session, needles)
    counts["desk"] = leftovers.clear_desk(session, needles)
    counts = +counts
    t.insert_all(
        session,
        t.erasure,
        [
            {"at": now, "author": one, "source_id": where, "counts": dict(counts)}
            for one, where in sorted(hashes, key=str)
        ],
    )
    return replace(result, counts=dict(counts))


def _needles(author: str, found: Sequence[Any]) -> list[str]:
    """What the author may be called in the clear."""
    stored = [one for row in found for one in (row.author, row.author_id) if one]
    given = [*_identities(author), *stored]
    return [one for one in dict.fromkeys(given) if not is_hash(one)]


def log_events(session: Session, author: str, source: str | None, n: int, now: datetime) -> None:
    """Add to the log that events of this author (a hash) were removed from spools."""
    source_id = _source_id(session, source)
    line = {"at": now, "author": author, "source_id": source_id, "counts": {"event": n}}
    t.insert_all(session, t.erasure, [line])


def count_hashed(session: Session) -> tuple[int, int]:
    """How many mentions have a hash for an author, and how many lines of the log name one."""
    hashed = sa.select(sa.func.count()).where(
        sa.or_(_mention.author.like("hmac:%"), _mention.author_id.like("hmac:%"))
    )
    erased = sa.select(sa.func.count(t.erasure.c.author))
    return session.execute(hashed).scalar_one(), session.execute(erased).scalar_one()


def mask(session: Session, personal: Personal) -> int:
    """Put hashes in place of names that are not to be stored any more; of how many mentions.

    What crawls and jobs kept of pages goes, too; links to an author's mentions get the hash.
    :func:`scrub` is for what the file still holds.
    """
    changed = mask_stored(session, personal)
    if changed:
        sources = session.execute(sa.select(t.source.c.id, t.source.c.name))
        masked = {row.id for row in sources if not personal.stores_of(row.name)}
        leftovers.clear_crawls(session, masked, ())
        leftovers.drop_jobs(session)
        leftovers.mask_links(session, personal)
        _leave_to_scrub(session)
    return changed


def prune(session: Session, before: datetime, *, limit: int, now: datetime) -> int:
    """Erase some mentions that were published before a moment, and what crawls kept of pages.

    How many mentions; at most ``limit``, so that other writers get their turn.
    """
    old = sa.select(_mention.id).where(_mention.published_at < before).limit(limit)
    counts = erase(session, session.scalars(old).all())
    counts["crawl"] = leftovers.clear_old_crawls(session, before)
    if counts := +counts:
        t.insert_all(session, t.erasure, [{"at": now, "counts": dict(counts)}])
    return counts["mention"]


def scrub(db: Database) -> None:
    """Leave nothing of erased rows in the file: freed pages, the log of changes, the index.

    Nothing where there is nothing of the sort. Raises Locked where somebody reads all the while:
    it can be done later.
    """
    with db.read() as session:
        mark = settings.get(session, settings.UNSCRUBBED)
    if mark is None:
        return
    if db.is_sqlite:  # PostgreSQL's autovacuum overwrites in time; VACUUM FULL hurries it
        with db.write() as session:
            session.execute(sa.text("INSERT INTO mention_fts (mention_fts) VALUES ('optimize')"))
        db.tune()  # some builds of SQLite keep samples of what is indexed
        db.compact()
    with db.write() as session:
        if settings.get(session, settings.UNSCRUBBED) == mark:  # else more was erased meanwhile
            settings.drop(session, settings.UNSCRUBBED)


def _leave_to_scrub(session: Session) -> None:
    settings.put(session, settings.UNSCRUBBED, secrets.token_hex(8))


def _source_id(session: Session, name: str | None) -> int | None:
    if name is None:
        return None
    found = session.scalars(sa.select(t.source.c.id).where(t.source.c.name == name)).first()
    if found is None:
        raise NotFound(f"Источник «{name}» не описан ни в config.yaml, ни в приложении.")
    return int(found)


def _unshortened(session: Session, author: str) -> str:
    """The whole hash for the beginning of one, as the app shows it; anything else as it is."""
    shown = _BEGINNING.fullmatch(author.strip())
    if not shown:
        return author
    found = {
        one
        for column in (_mention.author, _mention.author_id)
        for one in session.scalars(sa.select(column).where(column.like(f"hmac:{shown[2]}%")))
    }
    if len(found) > 1:
        raise StorageError(f"С «{shown[2]}» начинаются хеши разных авторов. Назовите имя или id.")
    # Without the word it may be an id, or a name, of which nothing is stored yet.
    if shown[1] and not found:
        raise NotFound(f"Среди сохранённого нет автора «{author.strip()}».")
    return found.pop() if found else author


def _identities(author: str) -> list[str]:
    """What the author may be stored as: as given, or as the link to a profile tells."""
    given = author.strip()
    parts = urlsplit(given)
    if parts.scheme not in {"http", "https"}:
        return [given, *([given[1:]] if given.startswith("@") else [])]
    last = unquote(parts.path.rstrip("/").rpartition("/")[2]).removeprefix("@")
    asked = [value for key, value in parse_qsl(parts.query) if key in {"id", "user", "author"}]
    found = [given, last, *asked]
    # vk.com/id123 is the user 123, vk.com/club123 and public123 the community -123.
    for prefix, sign in (("id", ""), ("club", "-"), ("public", "-")):
        number = last.removeprefix(prefix)
        if number != last and number.isdecimal():
            found.append(sign + number)
    return [one for one in dict.fromkeys(found) if one]


def _of_author(session: Session, who: Collection[str], source_id: int | None) -> list[Any]:
    """Mentions whose author's name or id is one of ``who``, whatever the case of its letters."""
    folded = {" ".join(one.casefold().split()) for one in who}
    columns = (_mention.id, _mention.source_id, _mention.author, _mention.author_id)
    query = sa.select(*columns, t.source.c.name).join(t.source, t.source.c.id == _mention.source_id)
    if source_id is not None:
        query = query.where(_mention.source_id == source_id)
    # Folding is Python's: SQLite's lower() knows Latin letters only.
    return [
        row
        for row in session.execute(
            query.where(sa.or_(_mention.author.is_not(None), _mention.author_id.is_not(None)))
        )
        if any(
            " ".join(one.casefold().split()) in folded for one in (row.author, row.author_id) if one
        )
    ]


def _by_source(ids: Collection[tuple[int, str]]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {}
    for source_id, author_id in ids:
        found.setdefault(source_id, set()).add(author_id)
    return found


def _delete(session: Session, table: sa.Table, which: sa.ColumnElement[bool]) -> int:
    return session.execute(sa.delete(table).where(which)).rowcount  # type: ignore[attr-defined, no-any-return]


def _drop_bands(session: Session, texts: dict[int, Any]) -> None:
    """The bands of texts that no mention has any more."""
    kept = session.scalars(sa.select(_mention.text_key).where(_mention.text_key.in_(texts)))
    gone = texts.keys() - set(kept)
    words = [likeness.words_of(texts[key].text) for key in gone]
    marks = [neighbours.mark_of(texts[key]._mapping) for key in gone]
    own = dict(zip(gone, likeness.bands(words, marks), strict=True))
    key = sa.tuple_(t.text_band.c.band, t.text_band.c.text_key)
    for pairs in t.in_chunks((band, number) for number, bands in own.items() for band in bands):
        session.execute(sa.delete(t.text_band).where(key.in_(pairs)))
