"""The open house: config, database and brand matcher, brought into agreement with each other."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import select

from collectors.base import Counts, Item, Mention, Outcome, Saved, key_of
from nlp.text import lemmas
from otklik.brands import Matcher, Places, code_of
from otklik.config import Config
from storage import crawls, mentions, settings
from storage.crawls import BrandDeclaration, SourceDeclaration, SqlStore
from storage.database import Database
from storage.models import Brand

#: Brands that an import may create from its «company» column; more means it is no company column.
_MOST_IMPORTED_BRANDS = 50


#: Setting: fingerprint of the names and sources that stored mentions were matched by.
_MATCHED = "matched_by"


class Brands:
    """Decides for which brands a mention of a shared source counts.

    Whom the source itself names (``company``) outranks the names in the text.
    """

    def __init__(self, matcher: Matcher, companies: dict[str, int]) -> None:
        self._matcher = matcher
        self._companies = companies

    def of(self, mention: Mention) -> Sequence[int]:
        """Brand ids in order of appearance; empty where no brand is found."""
        return self._named_as(mention.company or "") or self._matcher.find(mention.text)

    def places(self, text: str) -> Mapping[int, Places]:
        """Where ``text`` names which brands, by brand id."""
        return self._matcher.places(text)

    def is_new(self, company: str) -> bool:
        """Whether the company is no brand yet and there is room for one more."""
        full = len(self._companies) >= _MOST_IMPORTED_BRANDS
        return bool(code_of(company)) and not full and not self._named_as(company)

    def add(self, code: str, brand_id: int) -> None:
        """From now on the company of this code is this brand."""
        self._companies[code] = brand_id

    def _named_as(self, company: str) -> list[int]:
        imported = self._companies.get(code_of(company))
        return self._matcher.find(company) or ([imported] if imported else [])


@dataclass(slots=True)
class House:
    """Everything a command needs; made by :func:`open_house`."""

    config: Config
    db: Database
    brands: Brands

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which days are counted."""
        return self.config.zone

    def store(self) -> SqlStore:
        """Storage as the runner sees it."""
        return SqlStore(self.db, zone=self.zone, brands_of=self.brands.of, lemmas_of=lemmas)

    def import_store(self, on_page: Callable[[int], None]) -> "ImportStore":
        """The same for a file that somebody imports by hand."""
        return ImportStore(self.store(), self.db, self.brands, on_page)


@dataclass(slots=True)
class ImportStore:
    """Storage that makes a brand of every company it meets for the first time.

    ``on_page`` is told how many items each stored page had.
    """

    inner: SqlStore
    db: Database
    brands: Brands
    on_page: Callable[[int], None]

    def load(self, source: str) -> Saved:
        """See :class:`collectors.base.Store`."""
        return self.inner.load(source)

    def save_page(self, source: str, items: list[Item]) -> Counts:
        """See :class:`collectors.base.Store`."""
        for item in items:
            if isinstance(item, Mention) and item.company and self.brands.is_new(item.company):
                code, name = code_of(item.company), item.company.strip()
                with self.db.write() as session:
                    self.brands.add(code, crawls.ensure_brand(session, code, name, "import"))
        counts = self.inner.save_page(source, items)
        self.on_page(len(items))
        return counts

    def save_cursor(self, source: str, cursor: datetime | None, state: Mapping[str, Any]) -> None:
        """See :class:`collectors.base.Store`."""
        self.inner.save_cursor(source, cursor, state)

    def save_outcome(self, outcome: Outcome, failures: int) -> None:
        """See :class:`collectors.base.Store`."""
        self.inner.save_outcome(outcome, failures)


def open_house(config: Config) -> House:
    """Open the database, bring its schema, catalogue, days and brands up to the config."""
    db = Database(config.database_url)
    db.migrate()
    with db.write() as session:
        crawls.sync_catalog(session, _brands_in(config), _sources_in(config))
        rows = session.exec(select(Brand.code, Brand.id, Brand.origin)).all()
    names = {brand.code: (brand.name, *brand.aliases) for brand in config.brands}
    matcher = Matcher({key: names[code] for code, key, _ in rows if key and code in names})
    companies = {code: key for code, key, origin in rows if key and origin == "import"}
    house = House(config, db, Brands(matcher, companies))
    _follow_changes(house)
    return house


def _follow_changes(house: House) -> None:
    """A new zone moves mentions to other days; new names, or a source's brand, to other brands."""
    names = key_of(
        *((brand.code, brand.name, brand.aliases) for brand in house.config.brands),
        *((source.name, source.brand) for source in house.config.sources),
    )
    with house.db.read() as session:
        zone, matched = settings.get(session, settings.ZONE), settings.get(session, _MATCHED)
    if zone != house.config.timezone:
        with house.db.write() as session:
            mentions.rezone(session, house.zone)
    if matched != names:
        with house.db.write() as session:
            mentions.rematch(session, house.brands.of)
            settings.put(session, _MATCHED, names)


def _brands_in(config: Config) -> list[BrandDeclaration]:
    return [
        BrandDeclaration(brand.code, brand.name, brand.aliases, brand.competitor)
        for brand in config.brands
    ]


def _sources_in(config: Config) -> list[SourceDeclaration]:
    """Options go to the database as written, with secrets still ``${NAME}``."""
    return [
        SourceDeclaration(
            name=source.name,
            type=source.type,
            title=source.title,
            brand_code=source.brand,
            options=source.options,
            every=source.every,
            enabled=source.enabled,
        )
        for source in config.sources
    ]
