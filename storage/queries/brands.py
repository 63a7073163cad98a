"""Brands with their queries, and the mentions by which a query is tried out."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session
from sqlmodel import col

from collectors.base import Mention as Item
from storage.models import Brand, Mention, MentionBrand, Source
from storage.models.catalog import NO_BRAND

_BATCH = 2000
#: What decides about a brand, and what a sample shows.
_FIELDS = ("external_id", "text", "title", "published_at", "author", "url", "company")


@dataclass(frozen=True, slots=True)
class BrandQuery:
    """A brand and the query that holds for it; empty where names decide.

    ``of_config`` is what config.yaml says, ``of_app`` what was set in the app and outranks it, None
    where nothing was. ``watched`` is False for a brand that left config.yaml.
    """

    id: int
    code: str
    name: str
    aliases: tuple[str, ...]
    competitor: bool
    watched: bool
    origin: str
    of_config: str
    of_app: str | None

    @property
    def query(self) -> str:
        """The one that holds."""
        return self.of_config if self.of_app is None else self.of_app

    @property
    def names(self) -> tuple[str, ...]:
        """Name and aliases."""
        return (self.name, *self.aliases)


def brand_queries(session: Session) -> tuple[BrandQuery, ...]:
    """All brands, ours first."""
    rows = session.scalars(
        select(Brand)
        .where(col(Brand.code) != NO_BRAND)
        .order_by(col(Brand.competitor), col(Brand.id))
    )
    return tuple(
        BrandQuery(
            id=brand.id or 0,
            code=brand.code,
            name=brand.name,
            aliases=tuple(brand.aliases),
            competitor=brand.competitor,
            watched=brand.enabled,
            origin=brand.origin,
            of_config=brand.query,
            of_app=brand.app_query,
        )
        for brand in rows
    )


@dataclass(frozen=True, slots=True)
class Trial:
    """A stored mention of a shared source; ``counted`` tells whether it is the brand's now."""

    id: int
    item: Item
    source_title: str
    counted: bool


def trials(session: Session, brand_id: int, *, most: int) -> Iterator[Trial]:
    """Mentions of shared sources, the latest collected first, a batch in memory at a time.

    Sources that belong to a brand are left out: no query moves their mentions.
    """
    before, left = None, most
    while left > 0 and (rows := _batch(session, brand_id, before, min(left, _BATCH))):
        for row in rows:
            values = {name: getattr(row, name) for name in _FIELDS}
            item = Item(source=row.source, **values)
            yield Trial(row.id, item, row.title_of_source or row.source, row.brand_id is not None)
        before, left = rows[-1].id, left - len(rows)


def count_trials(session: Session) -> int:
    """How many mentions :func:`trials` has to offer."""
    rows = (
        select(func.count())
        .select_from(Mention)
        .join(Source, col(Source.id) == col(Mention.source_id))
        .where(col(Source.brand_id).is_(None), col(Mention.deleted_at).is_(None))
    )
    return int(session.execute(rows).scalar_one())


def _batch(session: Session, brand_id: int, before: int | None, size: int) -> list[Any]:
    here = and_(
        col(MentionBrand.mention_id) == col(Mention.id), col(MentionBrand.brand_id) == brand_id
    )
    rows = (
        select(
            col(Mention.id),
            *(getattr(Mention, name) for name in _FIELDS),
            col(Source.name).label("source"),
            col(Source.title).label("title_of_source"),
            col(MentionBrand.brand_id),
        )
        .join(Source, col(Source.id) == col(Mention.source_id))
        .outerjoin(MentionBrand, here)
        .where(col(Source.brand_id).is_(None), col(Mention.deleted_at).is_(None))
        .order_by(col(Mention.id).desc())
        .limit(size)
    )
    if before is not None:
        rows = rows.where(col(Mention.id) < before)
    return list(session.execute(rows).all())
