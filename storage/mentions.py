"""The write side of mentions, all of it by name; here: a page of items in.

Nothing here commits or loops over rows with statements: a page is one SELECT of what is stored,
then one batch of each sort of write. An unchanged item costs a comparison and no write.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from collectors.base import Deleted, Item, Mention
from collectors.outcomes import Counts
from storage import groups, neighbours, rollups, rows
from storage import tables as t
from storage.answers import Pending, count_pending, pending, save_analyses
from storage.labelling import apply_labels
from storage.neighbours import Node
from storage.rebuild import Rematched, no_brand, regroup, rematch_some, rezone

__all__ = [
    "Pending",
    "Rematched",
    "count_pending",
    "pending",
    "regroup",
    "rematch_some",
    "rezone",
    "save_analyses",
    "upsert",
]

BrandsOf = Callable[[Mention], Sequence[int]]
LemmasOf = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class _Page:
    """What one call of :func:`upsert` knows while it works."""

    session: Session
    source_id: int
    site: str
    brands_of: BrandsOf
    lemmas_of: LemmasOf
    zone: ZoneInfo
    now: datetime


def upsert(
    session: Session,
    source_id: int,
    items: Sequence[Item],
    *,
    brands_of: BrandsOf,
    lemmas_of: LemmasOf,
    zone: ZoneInfo,
    now: datetime,
) -> Counts:
    """Store one page of a source's items; of several with the same id the last one counts.

    A new or edited mention belongs to ``brands_of`` it, or to «no brand» where that is empty. An
    edited one keeps its former text as a revision and loses its labels until it is analysed
    again. A date is only moved by an edit, or where none was known: many sites tell «2 weeks
    ago», which would drift with every visit.
    """
    site = session.scalars(sa.select(t.source.c.type).where(t.source.c.id == source_id)).one()
    page = _Page(session, source_id, site, brands_of, lemmas_of, zone, now)
    counts = Counts()
    wanted = {rows.fit(item.external_id): item for item in items}
    for keys in t.in_chunks(wanted):
        counts.add(_upsert_chunk(page, {key: wanted[key] for key in keys}))
    return counts


def _upsert_chunk(page: _Page, wanted: dict[str, Item]) -> Counts:
    """Decide (pure) what is new, changed, gone or the same; then write each sort at once."""
    stored = _stored(page, list(wanted))
    new, changed, gone, shown = {}, {}, [], []
    for key, item in wanted.items():
        known = stored.get(key)
        if isinstance(item, Deleted):
            if known and known.deleted_at is None:
                gone.append(known)
        elif known is None:
            new[key] = item
        else:
            facts = rows.facts_of(item)
            if rows.is_changed(known, item, facts):
                changed[known.id] = (item, known)
            elif columns := rows.shown_changes(known, facts):
                shown.append(columns)
    come = _create(page, new) + _change(page, changed)
    _delete(page, [known.id for known in gone])
    t.update_all(page.session, t.mention, shown)
    before = (*gone, *(known for _, known in changed.values()))
    left = {known.group_id for known in before if known.group_id is not None}
    groups.place(page.session, come, left)
    touched = len(new) + len(changed) + len(gone)
    return Counts(
        new=len(new), changed=len(changed), deleted=len(gone), unchanged=len(wanted) - touched
    )


def _stored(page: _Page, keys: list[str]) -> dict[str, Any]:
    return {row.external_id: row for row in _look_up(page, keys, only_ids=False)}


def _look_up(page: _Page, keys: list[str], *, only_ids: bool) -> sa.Result[Any]:
    lookup = _lookup(page.session.get_bind().dialect.name, only_ids)
    values = {"values": t.listed(page.session, keys), "source_id": page.source_id}
    return page.session.execute(lookup, values)


@cache
def _lookup(dialect: str, only_ids: bool) -> sa.Select[Any]:
    """Stored items by their keys; built once."""
    mention = t.mention.c
    needed = () if only_ids else ("published_at", "group_id", *rows.COMPARED)
    return sa.select(mention.id, mention.external_id, *(mention[name] for name in needed)).where(
        mention.source_id == sa.bindparam("source_id", type_=sa.Integer),
        t.one_of(dialect, mention.external_id),
    )


def _create(page: _Page, new: dict[str, Mention]) -> list[Node]:
    """Insert new mentions with their brands; what they are for the groups.

    The ids are asked for afterwards: a plain batch and a SELECT are several times faster than
    one statement with thousands of values that returns them. Nobody can come between, as there
    is one writer at a time.
    """
    if not new:
        return []
    values = [
        _row(page, item) | {"external_id": key, "collected_at": page.now}
        for key, item in new.items()
    ]
    t.insert_all(page.session, t.mention, values)
    ids = {row.external_id: row.id for row in _look_up(page, list(new), only_ids=True)}
    brand_rows = [
        rows.brand_row(ids[row["external_id"]], brand_id, row)
        for row, brand_ids in zip(values, _brands(page, list(new.values())), strict=True)
        for brand_id in brand_ids
    ]
    t.insert_all(page.session, t.mention_brand, brand_rows)
    rollups.add(page.session, list(ids.values()))
    return [neighbours.node(ids[row["external_id"]], page.site, row) for row in values]


def _change(page: _Page, changed: dict[int, tuple[Mention, Any]]) -> list[Node]:
    """Write new revisions; labels follow from what is known of the new text."""
    if not changed:
        return []
    edited = {
        mention_id
        for mention_id, (item, known) in changed.items()
        if known.content_hash != item.content_hash
    }
    _keep_revisions(page, edited)
    values = []
    for mention_id, (item, known) in changed.items():
        row = _row(page, item)
        if not (item.date_known and (mention_id in edited or not known.date_known)):
            row["date_known"], row["published_at"] = known.date_known, known.published_at
            row["day"] = rows.day_of(known.published_at, page.zone)
        values.append({"id": mention_id, **row})
    brands = _brands(page, [item for item, _ in changed.values()])
    brand_rows = [
        rows.brand_row(row["id"], brand_id, row)
        for row, brand_ids in zip(values, brands, strict=True)
        for brand_id in brand_ids
    ]
    with rollups.recounted(page.session, list(changed)):
        t.update_all(page.session, t.mention, values)
        _forget_brands(page.session, list(changed))
        t.insert_all(page.session, t.mention_brand, brand_rows)
        apply_labels(page.session, list(changed))
    keys = [rows.fit(item.external_id) for item, _ in changed.values()]
    return [
        neighbours.node(row["id"], page.site, {**row, "external_id": key})
        for row, key in zip(values, keys, strict=True)
    ]


def _row(page: _Page, item: Mention) -> dict[str, Any]:
    """All columns of ``mention`` that the present revision decides."""
    row = rows.row_of(item, page.lemmas_of(item.text), page.zone, page.now)
    row["source_id"] = page.source_id
    row["text_key"] = neighbours.text_key(row)
    return row


def _keep_revisions(page: _Page, mention_ids: set[int]) -> None:
    kept = ("content_hash", "title", "text", "rating", "answer_text")
    columns = [t.mention.c.id, *(t.mention.c[name] for name in kept)]
    page.session.execute(
        sa.insert(t.mention_revision).from_select(
            ["mention_id", *kept, "replaced_at"],
            sa.select(*columns, sa.literal(page.now, t.mention_revision.c.replaced_at.type)).where(
                t.mention.c.id.in_(mention_ids)
            ),
        )
    )


def _delete(page: _Page, gone: list[int]) -> None:
    """Mark mentions as deleted; without brand rows they count nowhere."""
    if not gone:
        return
    with rollups.recounted(page.session, gone):
        for table in (t.theme_mark, t.opinion):
            page.session.execute(sa.delete(table).where(table.c.mention_id.in_(gone)))
        _forget_brands(page.session, gone)
    page.session.execute(
        sa.update(t.mention)
        .where(t.mention.c.id.in_(gone))
        .values(deleted_at=page.now, group_id=None)
    )


def _forget_brands(session: Session, mention_ids: list[int]) -> None:
    session.execute(sa.delete(t.mention_brand).where(t.mention_brand.c.mention_id.in_(mention_ids)))


def _brands(page: _Page, items: list[Mention]) -> list[set[int]]:
    """The brands of each item; «no brand» where none was found."""
    found = [set(page.brands_of(item)) for item in items]
    if all(found):
        return found
    nobody = no_brand(page.session)
    return [brand_ids or {nobody} for brand_ids in found]
