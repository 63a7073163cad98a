"""Which brands a mention counts for, and how stored mentions follow when that changes.

What decides is read from the database alone (config.yaml is brought there when the house is
opened), so every process comes to the same answer.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from collectors.base import Mention, key_of
from otklik.brands import Matcher, Places, code_of
from otklik.messages import ConfigError
from otklik.query.errors import QueryError
from otklik.query.parsing import parse
from otklik.query.tree import Tree
from storage import mentions, queries, settings
from storage import tables as t
from storage.database import Database
from storage.personal import is_hash
from storage.queries import BrandQuery

#: Brands that an import may create from its «company» column; more means it is no company column.
_MOST_IMPORTED_BRANDS = 50
#: Setting: {"to", "after", "seen", "moved", "total"} of a rematch under way: the fingerprint it is
#: to lead to, the last mention it reached, how many it looked at, moved and had before it.
_UNDER_WAY = "rematch"

#: Code, names and query of a brand that is looked for in texts.
Told = tuple[str, tuple[str, ...], str]


class Brands:
    """Decides for which brands a mention of a shared source counts.

    Whom the source itself names (``company``) outranks the text; a brand's query speaks of the
    text. ``told`` are the names and queries it was made of.
    """

    def __init__(self, matcher: Matcher, companies: dict[str, int], told: list[Told]) -> None:
        self.told = told
        self._matcher = matcher
        self._companies = companies

    def of(self, mention: Mention) -> Sequence[int]:
        """Brand ids in order of appearance; empty where no brand is found."""
        return self.named(mention) or self._matcher.find(
            mention.text, author=_name_of(mention.author), url=mention.url
        )

    def named(self, mention: Mention) -> Sequence[int]:
        """Ids of the brands that the source itself names; no text and no query changes them."""
        return self._named_as(mention.company or "")

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
        if not company:
            return []
        imported = self._companies.get(code_of(company))
        return self._matcher.named(company) or ([imported] if imported else [])


def _name_of(author: str | None) -> str | None:
    """None in place of a hash: whose name is not stored is nobody to a query."""
    return None if author is None or is_hash(author) else author


@dataclass(frozen=True, slots=True)
class Step:
    """How far a rematch is: mentions looked at, of how many, and how many moved so far."""

    done: int
    total: int
    moved: int


def load(session: Session, known: Brands | None = None) -> Brands:
    """The brands as the database tells them at this moment.

    Those ``known`` where neither names nor queries changed; companies that were imported since are
    added to them. Raises ConfigError where a stored query cannot be read.
    """
    rows = queries.brand_queries(session)
    if known is None or known.told != _told(rows):
        return brands_of(rows)
    for code, brand_id in _companies(rows).items():
        known.add(code, brand_id)
    return known


def progress(session: Session) -> Step | None:
    """How far stored mentions follow names and queries; None where all of them do, or none is."""
    fingerprint = _fingerprint(session, _told(queries.brand_queries(session)))
    if settings.get(session, settings.MATCHED) == fingerprint:
        return None
    step = _step(_reached(session, fingerprint))
    return step if step.total else None


def _fingerprint(session: Session, told: list[Told]) -> str:
    """Of names and queries, and of the sources that config.yaml gives to a brand."""
    source = t.source.c
    owned = session.execute(
        sa.select(source.name, source.brand_id)
        .where(source.origin == "config", source.brand_id.is_not(None))
        .order_by(source.name)
    ).all()
    return key_of(told, [tuple(row) for row in owned])


def brands_of(rows: Iterable[BrandQuery]) -> Brands:
    """Brands by their queries, else by their names; imported ones without a query by company."""
    rows = list(rows)
    by_text = _matched_by_text(rows)
    matcher = Matcher(
        {row.id: row.names for row in by_text},
        {row.id: _tree(row) for row in by_text if row.query},
    )
    return Brands(matcher, _companies(rows), _told(rows))


def _told(rows: Iterable[BrandQuery]) -> list[Told]:
    return [(row.code, row.names, row.query) for row in _matched_by_text(rows)]


def _companies(rows: Iterable[BrandQuery]) -> dict[str, int]:
    return {row.code: row.id for row in rows if row.origin == "import"}


def _matched_by_text(rows: Iterable[BrandQuery]) -> list[BrandQuery]:
    return [row for row in rows if row.watched and (row.origin != "import" or row.query)]


def _tree(row: BrandQuery) -> Tree:
    try:
        return parse(row.query)
    except QueryError as error:
        raise ConfigError(f"запрос бренда «{row.name}» не читается: {error}") from error


def rematch(db: Database, brands: Brands | None = None) -> Iterator[Step]:
    """Give stored mentions to the brands they belong to now; nothing where they have them.

    Every step is a transaction of its own and keeps the figures sound. A rematch that was cut off
    goes on where it stood; two at once share the work. What changes meanwhile is followed, from
    the first mention on: two that each held on to their own queries would undo each other's work
    for ever. ``brands`` are those known already.
    """
    while True:
        with db.write() as session:
            brands = load(session, brands)
            fingerprint = _fingerprint(session, brands.told)
            if settings.get(session, settings.MATCHED) == fingerprint:
                return  # perhaps somebody else has finished it
            under_way = _reached(session, fingerprint)
            step = mentions.rematch_some(session, brands.of, after_id=under_way["after"])
            if step.last_id is None:
                settings.put(session, settings.MATCHED, fingerprint)
                settings.drop(session, _UNDER_WAY)
                return
            under_way |= {
                "after": step.last_id,
                "seen": under_way["seen"] + step.seen,
                "moved": under_way["moved"] + step.moved,
            }
            settings.put(session, _UNDER_WAY, under_way)
        yield _step(under_way)


def _reached(session: Session, fingerprint: str) -> dict[str, Any]:
    kept: dict[str, Any] = settings.get(session, _UNDER_WAY, {})
    if kept.get("to") == fingerprint:
        return kept
    rows = sa.select(sa.func.count()).where(t.mention.c.deleted_at.is_(None))
    total = session.execute(rows).scalar_one()
    return {"to": fingerprint, "after": 0, "seen": 0, "moved": 0, "total": total}


def _step(under_way: Mapping[str, Any]) -> Step:
    total = under_way["total"]  # as it was at the start: some may have come since
    return Step(min(under_way["seen"], total), total, under_way["moved"])
