"""The catalogue (what is watched) and what crawling leaves behind: cursors and outcomes."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from collectors.base import Item, Skipped
from collectors.outcomes import Counts, Outcome, Saved, Status
from storage import leases, mentions, rows
from storage import tables as t
from storage.database import Database
from storage.errors import NotFound
from storage.leases import Lease
from storage.mentions import BrandsOf
from storage.personal import Personal

#: Remarks kept with an outcome: enough to see what is wrong, small in the list of crawls.
_SAMPLES = 100


@dataclass(frozen=True, slots=True)
class BrandDeclaration:
    """A brand as config.yaml tells it."""

    code: str
    name: str
    aliases: Sequence[str] = ()
    competitor: bool = False
    query: str = ""


@dataclass(frozen=True, slots=True)
class SourceDeclaration:
    """A source as config.yaml tells it; ``options`` without secrets: they are stored and shown.

    ``schedule`` («30м», cron) is None where the source is not crawled by itself.
    """

    name: str
    type: str
    title: str = ""
    brand_code: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    schedule: str | None = None
    enabled: bool = True


def sync_catalog(
    session: Session, brands: Iterable[BrandDeclaration], sources: Iterable[SourceDeclaration]
) -> None:
    """Make brands and sources follow config.yaml, which wins over the app and imports.

    What left config.yaml is switched off, not deleted: its mentions stay. What the app or an
    import made, and the config does not name, is left alone.
    """
    declared = [
        {
            "code": brand.code,
            "name": brand.name,
            "aliases": list(brand.aliases),
            "competitor": brand.competitor,
            "query": brand.query,
            "enabled": True,
            "origin": "config",
        }
        for brand in brands
    ]
    _declare(session, t.brand, "code", declared)
    ids = {row.code: row.id for row in session.execute(sa.select(t.brand.c.code, t.brand.c.id))}
    wanted = [_source_row(source, ids) for source in sources]
    _start_over(session, wanted)
    _declare(session, t.source, "name", wanted, gone=True)


def ensure_brand(session: Session, code: str, name: str, origin: str) -> int:
    """The id of the brand of this code; made where there is none, else left as it is."""
    statement = t.insert(session, t.brand).on_conflict_do_nothing(index_elements=["code"])
    row = {"code": code, "name": name, "aliases": [], "competitor": False, "query": ""}
    session.execute(statement, row | {"enabled": True, "origin": origin})
    return int(session.scalars(sa.select(t.brand.c.id).where(t.brand.c.code == code)).one())


def ensure_source(session: Session, source: SourceDeclaration, origin: str) -> int:
    """The id of the source of this name; made where there is none, else left as it is."""
    ids = {row.code: row.id for row in session.execute(sa.select(t.brand.c.code, t.brand.c.id))}
    statement = t.insert(session, t.source).on_conflict_do_nothing(index_elements=["name"])
    session.execute(statement, _source_row(source, ids) | {"origin": origin})
    found = session.scalars(sa.select(t.source.c.id).where(t.source.c.name == source.name))
    return int(found.one())


def replace_source(session: Session, source_id: int, source: SourceDeclaration) -> None:
    """Let a source that is gone come back as another one, read from its beginning."""
    ids = {row.code: row.id for row in session.execute(sa.select(t.brand.c.code, t.brand.c.id))}
    row = _source_row(source, ids) | {"app_enabled": None, "app_schedule": None, "origin": "app"}
    session.execute(sa.update(t.source).where(t.source.c.id == source_id).values(row))
    session.execute(sa.delete(t.source_state).where(t.source_state.c.source_id == source_id))


def _source_row(source: SourceDeclaration, brand_ids: Mapping[str, int]) -> dict[str, Any]:
    if source.brand_code is not None and source.brand_code not in brand_ids:
        raise NotFound(f"Источник «{source.name}»: бренд «{source.brand_code}» не описан.")
    return {
        "name": source.name,
        "type": source.type,
        "title": source.title,
        "brand_id": brand_ids[source.brand_code] if source.brand_code is not None else None,
        # As they come back from the database, so that equal ones compare equal.
        "options": json.loads(json.dumps(dict(source.options), default=str)),
        "schedule": source.schedule,
        "enabled": source.enabled,
        "gone": False,
        "origin": "config",
    }


def _declare(
    session: Session, table: sa.Table, key: str, declared: list[dict[str, Any]], **of_others: bool
) -> None:
    """Insert or overwrite the declared rows; switch off those that were declared before."""
    names = [row[key] for row in declared]
    session.execute(
        sa.update(table)
        .where(table.c.origin == "config", table.c[key].not_in(names))
        .values(enabled=False, **of_others)
    )
    if declared:
        statement = t.insert(session, table)
        changed = {name: statement.excluded[name] for name in declared[0] if name != key}
        session.execute(
            statement.on_conflict_do_update(index_elements=[key], set_=changed), declared
        )


def _start_over(session: Session, declared: list[dict[str, Any]]) -> None:
    """Forget how far a source was read where it is now another one, or is read otherwise.

    Reading again is harmless (unchanged items cost a comparison), while a cursor of the former
    address would hide the past of the new one. A parked source gets its chance, too.
    """
    known = {
        row.name: (row.id, row.type, row.options)
        for row in session.execute(
            sa.select(t.source.c.name, t.source.c.id, t.source.c.type, t.source.c.options)
        )
    }
    changed = [
        known[row["name"]][0]
        for row in declared
        if row["name"] in known and known[row["name"]][1:] != (row["type"], row["options"])
    ]
    session.execute(sa.delete(t.source_state).where(t.source_state.c.source_id.in_(changed)))


@dataclass(frozen=True, slots=True)
class SqlStore:
    """What the runner needs of storage (:class:`collectors.outcomes.Store`), over a database.

    ``brands_now`` tells, within the transaction of each page, how the mentions of shared sources
    find their brands: a crawl may outlast a brand query. Under a ``lease`` every write makes sure
    that the source is still its holder's, and raises LeaseLost where it is not.
    ``personal`` says what is stored of people, and of whom nothing; None stores all.
    """

    db: Database
    zone: ZoneInfo
    brands_now: Callable[[Session], BrandsOf]
    lemmas_of: Callable[[str], str]
    lease: Lease | None = None
    personal: Personal | None = None

    def load(self, source: str) -> Saved:
        """The source's cursor, state and schedule; a fresh one for an unknown source."""
        state = t.source_state.c
        with self.db.read() as session:
            row = session.execute(
                sa.select(state.cursor, state.state, state.failures, state.next_due, state.parked)
                .join(t.source, t.source.c.id == state.source_id)
                .where(t.source.c.name == source)
            ).first()
        return Saved(*row) if row else Saved()

    def save_page(self, source: str, items: list[Item]) -> Counts:
        """Upsert one page of items."""
        now = datetime.now(UTC)
        with self._writing() as session:
            source_id, brand_id = _source(session, source)
            if self.personal:
                items = self.personal.admit(session, source, items, now)
            return mentions.upsert(
                session,
                source_id,
                items,
                brands_of=self.brands_now(session) if brand_id is None else lambda _: (brand_id,),
                lemmas_of=self.lemmas_of,
                zone=self.zone,
                now=now,
            )

    def save_cursor(self, source: str, cursor: datetime | None, state: Mapping[str, Any]) -> None:
        """Remember how far the source was read."""
        with self._writing() as session:
            source_id, _ = _source(session, source)
            _save_state(session, source_id, cursor=cursor, state=rows.fit_json(state))

    def save_outcome(self, outcome: Outcome, failures: int) -> None:
        """Keep the outcome and when the source is due again; one that needs a human is parked."""
        with self._writing() as session:
            source_id, _ = _source(session, outcome.source)
            _save_state(
                session,
                source_id,
                failures=failures,
                next_due=outcome.next_due,
                parked=outcome.status is Status.NEEDS_HUMAN and outcome.next_due is None,
                planned_by=self.lease.schedule if self.lease else None,
            )
            t.insert_all(session, t.crawl, [_crawl_row(source_id, outcome)])

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        with self.db.write() as session:
            if self.lease:
                leases.check(session, self.lease)
            yield session


def _source(session: Session, name: str) -> tuple[int, int | None]:
    """The id and the brand of a source."""
    row = session.execute(
        sa.select(t.source.c.id, t.source.c.brand_id).where(t.source.c.name == name)
    ).first()
    if row is None:
        raise NotFound(f"Источник «{name}» не описан ни в config.yaml, ни в приложении.")
    return row.id, row.brand_id


def _save_state(session: Session, source_id: int, **columns: Any) -> None:
    """Overwrite these columns; the others stay, or are as of a source that was never read."""
    fresh: dict[str, Any] = {
        "cursor": None,
        "state": {},
        "failures": 0,
        "next_due": None,
        "parked": False,
        "planned_by": None,
    }
    statement = t.insert(session, t.source_state)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["source_id"], set_={name: statement.excluded[name] for name in columns}
        ),
        {"source_id": source_id, **fresh, **columns},
    )


def _crawl_row(source_id: int, outcome: Outcome) -> dict[str, Any]:
    counts, coverage = outcome.counts, outcome.coverage
    return {
        "source_id": source_id,
        "started_at": outcome.started_at,
        "finished_at": outcome.finished_at,
        "status": str(outcome.status),
        "new": counts.new,
        "changed": counts.changed,
        "unchanged": counts.unchanged,
        "deleted": counts.deleted,
        "skipped": counts.skipped,
        "asked_from": coverage.asked_from,
        "oldest": coverage.oldest,
        "newest": coverage.newest,
        "cap_hit": coverage.cap_hit,
        "samples": _remarks(outcome.skipped),
        "notes": _remarks(outcome.notes),
        "error": rows.fit(outcome.error),
        "detail": rows.fit(outcome.detail),
    }


def _remarks(remarks: Sequence[Skipped]) -> list[dict[str, str]]:
    return [
        {"where": rows.fit(remark.where), "reason": rows.fit(remark.reason)}
        for remark in remarks[:_SAMPLES]
    ]
