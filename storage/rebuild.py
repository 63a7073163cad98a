"""What follows when the config changes under stored mentions: other brand names, another zone.

A new zone is one transaction, so that a cut-off leaves all as it was; brands are matched anew in
steps that each leave the figures sound, and the caller goes on where they were cut off.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from collectors.base import Mention
from storage import groups, likeness, neighbours, rollups, rows, settings
from storage import tables as t
from storage.labelling import apply_labels
from storage.languages import language_of
from storage.models.catalog import NO_BRAND

_BATCH = 2000
_FIELDS = [field.name for field in fields(Mention) if field.name in t.mention.c]
#: What the language and the key of a text follow from.
_TOLD_BY = ("id", "text", "source_id", "author_id", "place", "product", *neighbours.MARKED)


@dataclass(frozen=True, slots=True)
class Rematched:
    """What one step did: mentions ``seen`` and ``moved``.

    ``last_id`` is where the next step goes on, None where nothing was left for this one.
    """

    seen: int
    moved: int
    last_id: int | None


def rematch_some(
    session: Session, brands_of: Callable[[Mention], Sequence[int]], *, after_id: int
) -> Rematched:
    """Find the brands of some stored mentions anew: of those that follow ``after_id``.

    A source that belongs to one brand keeps it, whatever its texts name.
    """
    batch = _batch(session, _mentions(), after_id)
    if not batch:
        return Rematched(0, 0, None)
    nobody = no_brand(session)
    had = _brands_now(session, [row.id for row in batch])
    wanted = {
        row.id: {row.brand_id} if row.brand_id else set(brands_of(_item(row))) or {nobody}
        for row in batch
    }
    changed = [row for row in batch if had[row.id] != wanted[row.id]]
    for chunk in t.in_chunks(changed):
        _move(session, chunk, had, wanted)
    return Rematched(len(batch), len(changed), batch[-1].id)


def rezone(session: Session, zone: ZoneInfo) -> None:
    """Put every mention on its day in ``zone`` and build the roll-ups anew."""
    mention = t.mention.c
    for batch in _batches(session, sa.select(mention.id, mention.published_at, mention.day)):
        days = {row.id: rows.day_of(row.published_at, zone) for row in batch}
        moved = [{"id": row.id, "day": days[row.id]} for row in batch if days[row.id] != row.day]
        t.update_all(session, t.mention, moved)
        for chunk in t.in_chunks([row["id"] for row in moved]):
            for table in (t.mention_brand, t.opinion):
                day = sa.select(mention.day).where(mention.id == table.c.mention_id)
                session.execute(
                    sa.update(table)
                    .where(table.c.mention_id.in_(chunk))
                    .values(day=day.scalar_subquery())
                )
    rollups.recount(session)
    settings.put(session, settings.ZONE, zone.key)


def regroup(session: Session) -> None:
    """Tell languages and find the groups of repeats of all mentions anew, and count them so."""
    mention = t.mention.c
    session.execute(sa.delete(t.text_band))
    session.execute(sa.update(t.mention).values(group_id=None))
    session.execute(sa.update(t.mention_brand).values(is_repeat=False))
    for batch in _batches(session, sa.select(*(mention[name] for name in _TOLD_BY))):
        told = [
            {
                "id": row.id,
                "language": language_of(row.text),
                "text_key": neighbours.text_key(row._mapping),
            }
            for row in batch
        ]
        t.update_all(session, t.mention, told)
    same = sa.select(mention.language).where(mention.id == t.mention_brand.c.mention_id)
    session.execute(sa.update(t.mention_brand).values(language=same.scalar_subquery()))
    rollups.recount(session)
    for batch in _batches(session, sa.select(mention.id)):
        for chunk in t.in_chunks([row.id for row in batch]):
            groups.place(session, neighbours.nodes(session, mention.id.in_(chunk)))
    settings.put(session, settings.GROUPED, likeness.VERSION)


def no_brand(session: Session) -> int:
    """The id of the brand of mentions that name none."""
    found = session.scalars(sa.select(t.brand.c.id).where(t.brand.c.code == NO_BRAND))
    return int(found.one())


def _batches(session: Session, query: sa.Select[Any]) -> Iterator[Sequence[Any]]:
    """Rows of ``query`` over mentions, by id; each batch is read before the next is asked for."""
    after = 0
    while batch := _batch(session, query, after):
        yield batch
        after = batch[-1].id


def _batch(session: Session, query: sa.Select[Any], after: int) -> Sequence[Any]:
    mention_id = t.mention.c.id
    return session.execute(query.where(mention_id > after).order_by(mention_id).limit(_BATCH)).all()


def _mentions() -> sa.Select[Any]:
    mention = t.mention.c
    counted = ("id", "source_id", "day", "language", *_FIELDS)
    return (
        sa.select(
            *(mention[name] for name in counted),
            t.source.c.name.label("source"),
            t.source.c.brand_id,
        )
        .join(t.source, t.source.c.id == mention.source_id)
        .where(mention.deleted_at.is_(None))
    )


def _item(row: Any) -> Mention:
    return Mention(source=row.source, **{name: getattr(row, name) for name in _FIELDS})


def _brands_now(session: Session, mention_ids: Sequence[int]) -> dict[int, set[int]]:
    found: dict[int, set[int]] = defaultdict(set)
    row = t.mention_brand.c
    for chunk in t.in_chunks(mention_ids):
        for mention_id, brand_id in session.execute(
            sa.select(row.mention_id, row.brand_id).where(row.mention_id.in_(chunk))
        ):
            found[mention_id].add(brand_id)
    return found


def _move(
    session: Session, chunk: list[Any], had: dict[int, set[int]], wanted: dict[int, set[int]]
) -> None:
    """Take away and add brand rows; what is known towards a brand that stays is not lost."""
    mention_ids = [row.id for row in chunk]
    gone = [(row.id, brand_id) for row in chunk for brand_id in had[row.id] - wanted[row.id]]
    come = [
        rows.brand_row(row.id, brand_id, row._mapping)
        for row in chunk
        for brand_id in wanted[row.id] - had[row.id]
    ]
    key = sa.tuple_(t.mention_brand.c.mention_id, t.mention_brand.c.brand_id)
    with rollups.recounted(session, mention_ids):
        for pairs in t.in_chunks(gone):
            session.execute(sa.delete(t.mention_brand).where(key.in_(pairs)))
        t.insert_all(session, t.mention_brand, come)
        apply_labels(session, mention_ids)
    groups.recheck(session, mention_ids)
