"""Which brands a mention counts for, and how stored mentions follow when that changes.

What decides is read from the database alone (config.yaml is brought there when the house is
opened), so every process comes to the same answer.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from collectors.base import Mention, key_of
from otklik.brands import Matcher, Places, code_of
from otklik.messages import ConfigError
from otklik.query.errors import QueryError
from otklik.query.parsing import parse
from otklik.query.tree import Tree
from storage import mentions, queries, settings
from storage import tables as t
from storage.database import Database
from storage.queries import BrandQuery

#: Brands that an import may create from its «company» column; more means it is no company column.
_MOST_IMPORTED_BRANDS = 50
#: Setting: fingerprint of the names, queries and sources that stored mentions were matched by.
_MATCHED = "matched_by"
#: Setting: {"to", "after", "moved"} of a rematch that is under way: the fingerprint it leads to,
#: the last mention it reached, how many moved.
_UNDER_WAY = "rematching"


class Brands:
    """Decides for which brands a mention of a shared source counts.

    Whom the source itself names (``company``) outranks the text; a brand's query speaks of the
    text. ``fingerprint`` changes with every answer that may change.
    """

    def __init__(self, matcher: Matcher, companies: dict[str, int], fingerprint: str) -> None:
        self.fingerprint = fingerprint
        self._matcher = matcher
        self._companies = companies

    def of(self, mention: Mention) -> Sequence[int]:
        """Brand ids in order of appearance; empty where no brand is found."""
        return self._named_as(mention.company or "") or self._matcher.find(
            mention.text, author=mention.author, url=mention.url
        )

    def places(self, text: str) -> Mapping[int, Places]:
        """Where ``text`` names which brands, by brand id."""
        return self._matcher.places(text)

    def hits(self, brand_id: int, text: str) -> Places:
        """The words by which this brand is found in a text in which it is."""
        return self._matcher.hits(brand_id, text)

    def is_new(self, company: str) -> bool:
        """Whether the company is no brand yet and there is room for one more."""
        full = len(self._companies) >= _MOST_IMPORTED_BRANDS
        return bool(code_of(company)) and not full and not self._named_as(company)

    def add(self, code: str, brand_id: int) -> None:
        """From now on the company of this code is this brand."""
        self._companies[code] = brand_id

    def _named_as(self, company: str) -> list[int]:
        imported = self._companies.get(code_of(company))
        return self._matcher.named(company) or ([imported] if imported else [])


@dataclass(frozen=True, slots=True)
class Step:
    """How far a rematch is: mentions looked at, of how many, and how many moved so far."""

    done: int
    total: int
    moved: int


def load(session: Session, known: Brands | None = None) -> Brands:
    """The brands as the database tells them at this moment; ``known`` where nothing changed.

    Raises ConfigError where a stored query cannot be read.
    """
    rows = queries.brand_queries(session)
    fingerprint = _fingerprint(session, rows)
    if known and known.fingerprint == fingerprint:
        return known
    return brands_of(rows, fingerprint)


def is_matched(session: Session) -> bool:
    """Whether stored mentions belong to the brands that they match."""
    fingerprint = _fingerprint(session, queries.brand_queries(session))
    return bool(settings.get(session, _MATCHED) == fingerprint)


def _fingerprint(session: Session, rows: Iterable[BrandQuery]) -> str:
    """Of the names and queries, and of the sources that config.yaml gives to a brand."""
    source = t.source.c
    owned = session.execute(
        sa.select(source.name, source.brand_id)
        .where(source.origin == "config", source.brand_id.is_not(None))
        .order_by(source.name)
    ).all()
    told = [(row.code, row.names, row.query) for row in _matched_by_text(rows)]
    return key_of(told, [tuple(row) for row in owned])


def brands_of(rows: Iterable[BrandQuery], fingerprint: str = "") -> Brands:
    """Brands by their queries, else by their names; imported ones without a query by company."""
    rows = list(rows)
    by_text = _matched_by_text(rows)
    matcher = Matcher(
        {row.id: row.names for row in by_text},
        {row.id: _tree(row) for row in by_text if row.query},
    )
    companies = {row.code: row.id for row in rows if row.origin == "import"}
    return Brands(matcher, companies, fingerprint)


def _matched_by_text(rows: Iterable[BrandQuery]) -> list[BrandQuery]:
    return [row for row in rows if row.watched and (row.origin != "import" or row.query)]


def _tree(row: BrandQuery) -> Tree:
    try:
        return parse(row.query)
    except QueryError as error:
        raise ConfigError(f"запрос бренда «{row.name}» не читается: {error}") from error


def rematch(db: Database, brands: Brands) -> Iterator[Step]:
    """Give stored mentions to the brands they belong to now; nothing where they have them.

    Every step is a transaction of its own and keeps the figures sound. A rematch that was cut off
    goes on where it stood; two at once share the work.
    """
    with db.read() as session:
        if settings.get(session, _MATCHED) == brands.fingerprint:
            return
        total = _count(session)
        done = _count(session, up_to=_reached(session, brands)["after"])
    while True:
        with db.write() as session:
            if settings.get(session, _MATCHED) == brands.fingerprint:
                return  # somebody else has finished it
            under_way = _reached(session, brands)
            step = mentions.rematch_some(session, brands.of, after_id=under_way["after"])
            under_way["moved"] += step.moved
            if step.last_id is None:
                settings.put(session, _MATCHED, brands.fingerprint)
                settings.drop(session, _UNDER_WAY)
                return
            settings.put(session, _UNDER_WAY, {**under_way, "after": step.last_id})
        done = min(done + step.seen, total)
        yield Step(done, total, under_way["moved"])


def _reached(session: Session, brands: Brands) -> dict[str, Any]:
    kept: dict[str, Any] = settings.get(session, _UNDER_WAY, {})
    fresh = {"to": brands.fingerprint, "after": 0, "moved": 0}
    return kept if kept.get("to") == brands.fingerprint else fresh


def _count(session: Session, up_to: int | None = None) -> int:
    mention = t.mention.c
    rows = sa.select(sa.func.count()).where(mention.deleted_at.is_(None))
    if up_to is not None:
        rows = rows.where(mention.id <= up_to)
    return int(session.execute(rows).scalar_one())
