"""Mentions erased for good: one author's at request, old ones for their age.

The rows go with all that hangs on them, and the log (:class:`storage.models.Erasure`) keeps hashes
and counts, no names. What SQLite or PostgreSQL leave in freed pages is overwritten where the
database can be told to (:func:`scrub`).
"""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage import groups, likeness, rollups
from storage import tables as t
from storage.database import Database
from storage.errors import NotFound, StorageError
from storage.personal import Personal, is_hash

_mention = t.mention.c
_BEGINNING = re.compile(r"(?:автор )?([0-9a-f]{6,31})")
#: What hangs on a mention, in the order in which it may go.
_PARTS = (t.opinion, t.mention_brand, t.correction, t.analysis, t.mention_revision)
#: Columns of a crawl's outcome that may hold pieces of pages.
_PIECES: dict[str, Any] = {"samples": [], "notes": [], "detail": ""}
_ERASED = "Подробности стёрты вместе с упоминаниями автора."
_HOLDS_PIECES = sa.or_(
    *(
        sa.cast(t.crawl.c[name], sa.String) != ("[]" if empty == [] else empty)
        for name, empty in _PIECES.items()
    )
)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was erased of one author, or would be; ``sources`` counts mentions by source name."""

    author: str
    sources: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)


def erase(session: Session, mention_ids: Sequence[int]) -> Counter[str]:
    """Erase mentions; how many rows of which table went. Figures and groups follow."""
    counts: Counter[str] = Counter()
    for chunk in t.in_chunks(mention_ids):
        rows = session.execute(
            sa.select(_mention.text, _mention.text_key, _mention.group_id).where(
                _mention.id.in_(chunk)
            )
        ).all()
        left = {row.group_id for row in rows if row.group_id is not None}
        with rollups.recounted(session, chunk):
            for table in _PARTS:
                counts[table.name] += _delete(session, table, table.c.mention_id.in_(chunk))
        counts["mention"] += _delete(session, t.mention, _mention.id.in_(chunk))
        _drop_bands(session, {row.text_key: row.text for row in rows if row.text_key is not None})
        groups.place(session, (), left)
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
    another person on another site. Raises NotFound for an unknown source, StorageError for the
    beginning of a hash («a1b2c3») that several have.
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
    result = Forgotten(personal.hash_of(author), dict(told))
    if dry_run:
        return result
    counts = erase(session, mention_ids)
    needles = [one for one in _identities(author) if not is_hash(one)]
    needles += [row.author for row in found if row.author and not is_hash(row.author)]
    counts["crawl"] = _clear_crawls(session, {row.source_id for row in found}, needles)
    counts["job"] = _clear_jobs(session)
    hashes = {(one, source_id) for one in who if is_hash(one)}
    hashes |= {(personal.hash_of(one), own_source) for own_source, one in ids}
    counts = +counts
    t.insert_all(
        session,
        t.erasure,
        [
            {"at": now, "author": one, "source_id": where, "counts": dict(counts)}
            for one, where in sorted(hashes, key=str)
        ],
    )
    return Forgotten(result.author, result.sources, dict(counts))


def prune(session: Session, before: datetime, *, limit: int, now: datetime) -> int:
    """Erase some mentions that were published before a moment, and what crawls kept of pages.

    How many mentions; at most ``limit``, so that other writers get their turn.
    """
    old = sa.select(_mention.id).where(_mention.published_at < before).limit(limit)
    counts = erase(session, session.scalars(old).all())
    cleared = session.execute(
        sa.update(t.crawl).where(t.crawl.c.finished_at < before, _HOLDS_PIECES).values(_PIECES)
    )
    counts["crawl"] = cleared.rowcount  # type: ignore[attr-defined]
    if counts := +counts:
        t.insert_all(session, t.erasure, [{"at": now, "counts": dict(counts)}])
    return counts["mention"]


def scrub(db: Database) -> None:
    """Leave nothing of erased rows in the file: freed pages, the log of changes, the index."""
    if not db.is_sqlite:
        return  # autovacuum overwrites in time; an administrator may hurry it with VACUUM FULL
    with db.write() as session:
        session.execute(sa.text("INSERT INTO mention_fts (mention_fts) VALUES ('optimize')"))
    db.compact()


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
        for one in session.scalars(sa.select(column).where(column.like(f"hmac:{shown[1]}%")))
    }
    if len(found) > 1:
        raise StorageError(f"С «{shown[1]}» начинаются хеши разных авторов. Назовите имя или id.")
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


def _clear_crawls(session: Session, source_ids: Collection[int], needles: Sequence[str]) -> int:
    """Empty what outcomes kept of pages: all of these sources', elsewhere what holds a name.

    Errors are in our own words and stay, unless they hold a name or (only a hash was given) might.
    """
    crawl, changed = t.crawl.c, []
    query = sa.select(crawl.id, crawl.source_id, crawl.error, *(crawl[name] for name in _PIECES))
    for row in session.execute(query):
        said = f"{row.error} {row.samples} {row.notes} {row.detail}".casefold()
        tells = any(needle.casefold() in said for needle in needles)
        kept = row.samples or row.notes or row.detail or row.error
        if (kept and row.source_id in source_ids) or tells:
            error = _ERASED if row.error and (tells or not needles) else row.error
            changed.append({"id": row.id, **_PIECES, "error": error})
    t.update_all(session, t.crawl, changed)
    return len(changed)


def _clear_jobs(session: Session) -> int:
    """Empty the results of looks at a first page: they show mentions with their authors."""
    job = t.job.c
    looked = session.execute(
        sa.update(t.job)
        .where(job.kind.in_(("preview", "check")), job.state.in_(("done", "failed")))
        .values(result={})
    )
    return looked.rowcount  # type: ignore[attr-defined, no-any-return]


def _delete(session: Session, table: sa.Table, which: sa.ColumnElement[bool]) -> int:
    return session.execute(sa.delete(table).where(which)).rowcount  # type: ignore[attr-defined, no-any-return]


def _drop_bands(session: Session, texts: dict[int, str]) -> None:
    """The bands of texts that no mention has any more."""
    kept = session.scalars(sa.select(_mention.text_key).where(_mention.text_key.in_(texts)))
    gone = texts.keys() - set(kept)
    own = dict(
        zip(gone, likeness.bands([likeness.words_of(texts[key]) for key in gone]), strict=True)
    )
    key = sa.tuple_(t.text_band.c.band, t.text_band.c.text_key)
    for pairs in t.in_chunks((band, number) for number, bands in own.items() for band in bands):
        session.execute(sa.delete(t.text_band).where(key.in_(pairs)))
