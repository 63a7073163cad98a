"""What the page «Бренды» needs: try a query out, keep it, and let the stored mentions follow."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from collectors.base import Mention
from otklik import matching
from otklik.brands import Places
from otklik.matching import Step
from otklik.query.errors import QueryError
from otklik.query.parsing import parse, remarks
from otklik.query.searches import Search, searches_for
from otklik.query.tree import Tree
from storage import commands, queries
from storage.database import Database
from storage.errors import NotFound, StorageError
from storage.queries import BrandQuery

#: Stored mentions that a preview looks at: a few seconds.
_MOST_TRIED = 50_000


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a query cannot be used.

    ``what`` is wrong ``at`` a character, ``pointer`` shows two lines with «^» below the place,
    ``todo`` says what to do, ``example`` shows it.
    """

    what: str
    at: int
    pointer: str
    todo: str
    example: str


@dataclass(frozen=True, slots=True)
class Sample:
    """A mention that a query matches, or no longer does; ``hits`` are the words in ``text``."""

    mention_id: int
    text: str
    author: str | None
    url: str
    source: str
    published_at: datetime
    hits: Places


@dataclass(frozen=True, slots=True)
class Preview:
    """What saving a query would do to mentions of shared sources.

    The latest ``looked_at`` of ``stored`` ones were tried; ``matching`` of these match, ``gained``
    of them are not the brand's so far; ``lost`` are the brand's and would stop to be. Samples are
    the latest of each sort; those of ``lost`` show by what they are found now.
    """

    looked_at: int
    stored: int
    matching: int
    gained: int
    lost: int
    gained_samples: tuple[Sample, ...]
    kept_samples: tuple[Sample, ...]
    lost_samples: tuple[Sample, ...]


@dataclass(frozen=True, slots=True)
class BrandDesk:
    """Brand queries over a database; what the methods raise is a StorageError in words."""

    db: Database

    def brands(self) -> tuple[BrandQuery, ...]:
        """All brands with their queries, ours first."""
        with self.db.read() as session:
            return queries.brand_queries(session)

    def problem(self, query: str) -> Problem | None:
        """What is wrong with a query; None where it can be used, as an empty one can."""
        try:
            if query.strip():
                parse(query)
        except QueryError as error:
            return Problem(error.what, error.at, error.pointer, error.todo, error.example)
        return None

    def remarks(self, query: str) -> tuple[str, ...]:
        """What in a query may be meant otherwise, in words."""
        return remarks(query)

    def searches(self, query: str) -> tuple[Search, ...]:
        """The best search that each sort of source understands."""
        return searches_for(_parsed(query)) if query.strip() else ()

    def preview(self, code: str, query: str, *, samples: int = 5) -> Preview:
        """Try a query of the brand on stored mentions, up to ``samples`` shown of each sort."""
        with self.db.read() as session:
            rows = queries.brand_queries(session)
            brand = _brand(rows, code)
            now = _only(rows, brand)
            then = _only(rows, replace(brand, of_app=_checked(query)))
            gained, kept, lost = (_Kind(brand.id, by, samples) for by in (then, then, now))
            looked_at = 0
            for trial in queries.trials(session, brand.id, most=_MOST_TRIED):
                looked_at += 1
                if brand.id in then.of(trial.item):
                    (kept if trial.counted else gained).take(trial)
                elif trial.counted:
                    lost.take(trial)
            stored = queries.count_trials(session)
        return Preview(
            looked_at=looked_at,
            stored=stored,
            matching=gained.count + kept.count,
            gained=gained.count,
            lost=lost.count,
            gained_samples=tuple(gained.samples),
            kept_samples=tuple(kept.samples),
            lost_samples=tuple(lost.samples),
        )

    def save(self, code: str, query: str) -> None:
        """Let this query hold whatever config.yaml says; an empty one lets the names decide."""
        with self.db.write() as session:
            commands.set_brand_query(session, code, _checked(query))

    def undo(self, code: str) -> None:
        """Let what config.yaml says hold again."""
        with self.db.write() as session:
            commands.set_brand_query(session, code, None)

    def is_applied(self) -> bool:
        """Whether stored mentions follow what was saved."""
        with self.db.read() as session:
            return matching.is_matched(session)

    def apply(self) -> Iterator[Step]:
        """Let stored mentions follow what was saved; cut off, it goes on when called again."""
        with self.db.read() as session:
            brands = matching.load(session)
        return matching.rematch(self.db, brands)


class _Kind:
    """Counts mentions of one sort and keeps the first few."""

    def __init__(self, brand_id: int, brands: matching.Brands, most: int) -> None:
        self.count = 0
        self.samples: list[Sample] = []
        self._brand_id, self._brands, self._most = brand_id, brands, most

    def take(self, trial: queries.Trial) -> None:
        self.count += 1
        if len(self.samples) < self._most:
            self.samples.append(self._sample(trial.id, trial.item, trial.source_title))

    def _sample(self, mention_id: int, item: Mention, source: str) -> Sample:
        hits = self._brands.hits(self._brand_id, item.text)
        return Sample(mention_id, item.text, item.author, item.url, source, item.published_at, hits)


def _only(rows: tuple[BrandQuery, ...], brand: BrandQuery) -> matching.Brands:
    """All names (a company named outranks the text), but of the queries this brand's alone."""
    others = (replace(row, of_config="", of_app=None) for row in rows if row.id != brand.id)
    return matching.brands_of((*others, brand))


def _brand(rows: tuple[BrandQuery, ...], code: str) -> BrandQuery:
    for row in rows:
        if row.code == code:
            return row
    raise NotFound(f"Бренда «{code}» нет ни в config.yaml, ни среди загруженных.")


def _checked(query: str) -> str:
    if query.strip():
        _parsed(query)
    return query.strip()


def _parsed(query: str) -> Tree:
    try:
        return parse(query)
    except QueryError as error:
        raise StorageError(f"Запрос не читается: {error}") from error
