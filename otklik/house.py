"""The open house: config, database and brand matcher, brought into agreement with each other."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session
from sqlmodel import col, select

from collectors.base import Item, Mention
from collectors.outcomes import Counts, Outcome, Saved
from collectors.quotas import Quotas
from nlp.text import lemmas
from otklik import authors, matching
from otklik.brands import code_of
from otklik.config import Config, SourceConfig
from otklik.matching import Brands
from storage import alert_rules, crawls, erasing, likeness, mentions, report_plans, settings
from storage.crawls import BrandDeclaration, SourceDeclaration, SqlStore
from storage.database import Database
from storage.errors import NotFound, OperationalError
from storage.leases import Lease
from storage.mentions import BrandsOf
from storage.models import Brand, Source
from storage.personal import Personal
from storage.quotas import SqlLedger
from storage.report_plans import PlanDeclaration


@dataclass(slots=True)
class House:
    """Everything a command needs; made by :func:`open_house`."""

    config: Config
    db: Database
    brands: Brands
    quotas: Quotas
    personal: Personal

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which days are counted."""
        return self.config.zone

    def sources(self) -> tuple[SourceConfig, ...]:
        """What is collected: the sources of config.yaml and those that were added in the app."""
        with self.db.read() as session:
            made = session.exec(
                select(Source, Brand.code)
                .outerjoin(Brand, col(Brand.id) == col(Source.brand_id))
                .where(col(Source.origin) == "app", col(Source.gone).is_(False))
                .order_by(col(Source.id))
            ).all()
        return self.config.sources + tuple(_source_of_app(row, code) for row, code in made)

    def brands_now(self, session: Session) -> BrandsOf:
        """How a mention finds its brands by what the database says at this moment."""
        self.brands = matching.load(session, self.brands)
        return self.brands.of

    def store(self, lease: Lease | None = None) -> SqlStore:
        """Storage as the runner sees it."""
        return SqlStore(
            self.db,
            zone=self.zone,
            brands_now=self.brands_now,
            lemmas_of=lemmas,
            lease=lease,
            personal=self.personal,
        )

    def import_store(
        self, on_page: Callable[[int], None], new: SourceDeclaration | None = None
    ) -> "ImportStore":
        """The same for a file that somebody imports by hand."""
        return ImportStore(self.store(), self.db, self.brands, on_page, new)


@dataclass(slots=True)
class ImportStore:
    """Storage that makes a brand of every company it meets for the first time.

    ``on_page`` is told how many items each stored page had. A source that is ``new`` is made with
    its first page: of a file that is no table nothing stays.
    """

    inner: SqlStore
    db: Database
    brands: Brands
    on_page: Callable[[int], None]
    new: SourceDeclaration | None

    def load(self, source: str) -> Saved:
        """See :class:`collectors.outcomes.Store`."""
        return self.inner.load(source)

    def save_page(self, source: str, items: list[Item]) -> Counts:
        """See :class:`collectors.outcomes.Store`."""
        if self.new:
            with self.db.write() as session:
                crawls.ensure_source(session, self.new, "import")
            self.new = None
        for item in items:
            if isinstance(item, Mention) and item.company and self.brands.is_new(item.company):
                code, name = code_of(item.company), item.company.strip()
                with self.db.write() as session:
                    self.brands.add(code, crawls.ensure_brand(session, code, name, "import"))
        counts = self.inner.save_page(source, items)
        self.on_page(len(items))
        return counts

    def save_cursor(self, source: str, cursor: datetime | None, state: Mapping[str, Any]) -> None:
        """See :class:`collectors.outcomes.Store`."""
        with suppress(NotFound):
            self.inner.save_cursor(source, cursor, state)

    def save_outcome(self, outcome: Outcome, failures: int) -> None:
        """See :class:`collectors.outcomes.Store`."""
        with suppress(NotFound):
            self.inner.save_outcome(outcome, failures)


def open_house(config: Config, db: Database | None = None) -> House:
    """Open the database, bring its schema, catalogue, days and brands up to the config.

    ``db`` is the same database where it is open already.
    """
    db = db or Database(config.database_url)
    db.migrate()
    with db.write() as session:
        crawls.sync_catalog(session, _brands_in(config), _sources_in(config))
        alert_rules.sync(
            session, [rule.declaration() for rule in config.alerts], now=datetime.now(UTC)
        )
        report_plans.sync_plans(session, _plans_in(config), now=datetime.now(UTC))
        brands = matching.load(session)
    house = House(config, db, brands, Quotas(SqlLedger(db), config.zone), authors.personal(config))
    _follow_changes(house)
    return house


def _follow_changes(house: House) -> None:
    """A new zone moves mentions to other days; names, queries, a source's brand to other brands.

    Names of authors that are not to be stored any more become hashes.
    """
    with house.db.read() as session:
        zone = settings.get(session, settings.ZONE)
    if zone != house.config.timezone:
        with house.db.write() as session:
            mentions.rezone(session, house.zone)
    with house.db.write() as session:
        if authors.needs_key(session, house.personal):
            authors.know_key(session, house.config, house.personal)
        grouped = settings.get(session, settings.GROUPED)
        if erasing.mask(session, house.personal) or grouped != likeness.VERSION:
            mentions.regroup(session)
    with suppress(OperationalError):  # somebody reads: the worker will find the time
        erasing.scrub(house.db)
    for _ in matching.rematch(house.db, house.brands):
        pass


def _source_of_app(source: Source, brand_code: str | None) -> SourceConfig:
    return SourceConfig.model_validate(
        {
            **source.options,
            "name": source.name,
            "type": source.type,
            "title": source.title,
            "brand": brand_code,
            "every": source.schedule,
            "enabled": source.enabled,
        }
    )


def _brands_in(config: Config) -> list[BrandDeclaration]:
    return [
        BrandDeclaration(brand.code, brand.name, brand.aliases, brand.competitor, brand.query)
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
            schedule=source.every.text,
            enabled=source.enabled,
        )
        for source in config.sources
    ]


def _plans_in(config: Config) -> list[PlanDeclaration]:
    return [
        PlanDeclaration(
            name=plan.name,
            brand_code=plan.brand,
            period=plan.period,
            schedule=plan.every.text,
            formats=plan.formats,
            channels=plan.channels,
            enabled=plan.enabled,
        )
        for plan in config.reports.plans
    ]
