"""What there is to choose from: brands, sources with their state, the span of days, settings."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, func, select
from sqlmodel import Session, col

from storage import settings
from storage.filters import Names
from storage.models import (
    Analysis,
    Brand,
    Correction,
    Crawl,
    Erasure,
    Handling,
    Mention,
    MentionBrand,
    MentionTotal,
    Setting,
    Source,
    SourceState,
    ToneDaily,
)
from storage.models.catalog import NO_BRAND


@dataclass(frozen=True, slots=True)
class BrandRow:
    """A brand; ``mentions`` tells whether there is anything to look at."""

    id: int
    code: str
    name: str
    competitor: bool
    mentions: int


@dataclass(frozen=True, slots=True)
class LastCrawl:
    """How the latest crawl of a source ended, and what it covered."""

    status: str
    finished_at: datetime
    new: int
    changed: int
    skipped: int
    asked_from: datetime | None
    oldest: datetime | None
    cap_hit: str | None
    error: str


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source and its state; ``crawl`` is None before the first one."""

    id: int
    name: str
    title: str
    type: str
    mentions: int
    parked: bool
    next_due: datetime | None
    crawl: LastCrawl | None

    @property
    def label(self) -> str:
        """What is shown."""
        return self.title or self.name


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything that a filter bar offers."""

    brands: tuple[BrandRow, ...]
    sources: tuple[SourceRow, ...]
    first_day: date | None
    last_day: date | None

    @property
    def names(self) -> Names:
        """For links."""
        return Names(
            {brand.code: brand.id for brand in self.brands},
            {source.name: source.id for source in self.sources},
        )


def catalog(session: Session) -> Catalog:
    """Brands that have mentions or are configured, all sources, the days with mentions."""
    brands = tuple(brand for brand in _brands(session) if brand.code != NO_BRAND or brand.mentions)
    return Catalog(brands, _sources(session), *_days(session))


def setting(session: Session, key: str) -> Any:
    """A fact about this database; None where it is not set."""
    row = session.get(Setting, key)
    return row.value if row else None


def version(session: Session) -> tuple[Any, ...]:
    """Changes when a crawl, analysis, correction, step or brand query may have changed a figure."""
    newest = (
        select(func.max(col(Analysis.id))).scalar_subquery(),
        select(func.max(col(Crawl.id))).scalar_subquery(),
        select(func.max(col(Correction.id))).scalar_subquery(),
        select(func.max(col(Correction.undone_at))).scalar_subquery(),
        select(func.max(col(Erasure.id))).scalar_subquery(),
        select(func.max(col(Handling.id))).scalar_subquery(),
        # Said so for the index.
        select(func.max(col(Handling.undone_at)))
        .where(col(Handling.undone_at).is_not(None))
        .scalar_subquery(),
        select(col(Setting.value)).where(col(Setting.key) == settings.MATCHED).scalar_subquery(),
    )
    return tuple(session.execute(select(*newest)).one())


def failed(session: Session) -> int:
    """Mentions whose present text could not be analysed (the newest attempt failed).

    Walks the index of unread mentions, so a database without any answers at once.
    """
    newest = (
        select(func.max(col(Analysis.id)))
        .where(
            col(Analysis.mention_id) == col(Mention.id),
            col(Analysis.content_hash) == col(Mention.content_hash),
        )
        .correlate(Mention)
        .scalar_subquery()
    )
    rows = (
        select(func.count(func.distinct(col(MentionBrand.mention_id))))
        .join(Mention, col(Mention.id) == col(MentionBrand.mention_id))
        .join(Analysis, col(Analysis.id) == newest)
        .where(
            col(MentionBrand.brand_id).in_(select(col(Brand.id))),
            col(MentionBrand.tone).is_(None),
            col(Mention.deleted_at).is_(None),
            col(Analysis.error).is_not(None),
        )
    )
    return int(session.execute(rows).scalar_one())


def status(session: Session, model_version: str) -> dict[str, Any]:
    """What ``otklik status`` tells; analysed, pending and failed are of this model version."""
    per_source = _stored_by_source(session)
    done, broken = _analyses_of(session, model_version)
    mentions = sum(per_source.values())
    return {
        "mentions": mentions,
        "analysed": done,
        "pending": mentions - done - broken,
        "failed": broken,
        "sources": [
            {
                "name": source.name,
                "title": source.title,
                "type": source.type,
                "mentions": per_source.get(source.id, 0),
                "parked": source.parked,
                "next_due": source.next_due,
                "last_outcome": asdict(source.crawl) if source.crawl else None,
            }
            for source in _sources(session)
        ],
    }


def _days(session: Session) -> tuple[date | None, date | None]:
    """The first and the last day with mentions, found by index brand by brand."""
    day, own = col(ToneDaily.day), col(ToneDaily.brand_id) == col(Brand.id)
    first, last = (
        select(end(day)).where(own).correlate(Brand).scalar_subquery()
        for end in (func.min, func.max)
    )
    row = session.execute(select(func.min(first), func.max(last)).select_from(Brand)).one()
    return row[0], row[1]


def _stored_by_source(session: Session) -> Mapping[int, int]:
    rows = session.execute(
        select(col(Mention.source_id), func.count())
        .where(col(Mention.deleted_at).is_(None))
        .group_by(col(Mention.source_id))
    )
    return dict(rows.all())


def _analyses_of(session: Session, model_version: str) -> tuple[int, int]:
    """Present texts that this model version has read, and that it failed to read."""
    rows = session.execute(
        select(col(Analysis.error).is_not(None), func.count())
        .join(
            Mention,
            and_(
                col(Mention.id) == col(Analysis.mention_id),
                col(Mention.content_hash) == col(Analysis.content_hash),
            ),
        )
        .where(col(Analysis.model_version) == model_version, col(Mention.deleted_at).is_(None))
        .group_by(col(Analysis.error).is_not(None))
    )
    counts = {bool(is_error): n for is_error, n in rows}
    return counts.get(False, 0), counts.get(True, 0)


def _brands(session: Session) -> list[BrandRow]:
    counted = (
        select(col(MentionTotal.brand_id), func.sum(col(MentionTotal.n)).label("n"))
        .group_by(col(MentionTotal.brand_id))
        .subquery()
    )
    rows = session.execute(
        select(
            col(Brand.id),
            col(Brand.code),
            col(Brand.name),
            col(Brand.competitor),
            func.coalesce(counted.c.n, 0),
        )
        .outerjoin(counted, counted.c.brand_id == col(Brand.id))
        .order_by(col(Brand.competitor), col(Brand.id))
    )
    return [BrandRow(*row) for row in rows]


def _sources(session: Session) -> tuple[SourceRow, ...]:
    latest = select(func.max(col(Crawl.id))).group_by(col(Crawl.source_id))
    crawls = {
        crawl.source_id: LastCrawl(
            crawl.status,
            crawl.finished_at,
            crawl.new,
            crawl.changed,
            crawl.skipped,
            crawl.asked_from,
            crawl.oldest,
            crawl.cap_hit,
            crawl.error,
        )
        for crawl in session.scalars(select(Crawl).where(col(Crawl.id).in_(latest)))
    }
    counts = dict(
        session.execute(
            select(col(MentionTotal.source_id), func.sum(col(MentionTotal.n))).group_by(
                col(MentionTotal.source_id)
            )
        ).all()
    )
    rows = session.execute(
        select(Source, SourceState)
        .outerjoin(SourceState, col(SourceState.source_id) == col(Source.id))
        .order_by(col(Source.name))
    )
    return tuple(
        _source(source, state, int(counts.get(source.id or 0, 0)), crawls.get(source.id or 0))
        for source, state in rows
    )


def _source(
    source: Source, state: SourceState | None, mentions: int, crawl: LastCrawl | None
) -> SourceRow:
    return SourceRow(
        id=source.id or 0,
        name=source.name,
        title=source.title,
        type=source.type,
        mentions=mentions,
        parked=bool(state and state.parked),
        next_due=state.next_due if state else None,
        crawl=crawl,
    )
