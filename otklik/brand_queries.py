"""The desk of the page «Бренды»: try a query out, keep it, and have the stored mentions follow."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from collectors.base import Mention
from otklik import matching
from otklik.query import searches as dialects
from otklik.query.errors import QueryError
from otklik.query.parsing import parse, remarks
from otklik.query.tree import Author, Tree, leaves
from storage import commands, queries, settings
from storage.database import Database
from storage.errors import NotFound, StorageError
from storage.personal import shown
from storage.queries import BrandQuery
from views.brand_desk import Applying, Preview, Problem, Sample, Search

#: Stored mentions that a preview looks at: a few seconds.
_MOST_TRIED = 50_000
#: Samples of each sort in a preview.
_SAMPLES = 5
#: Setting: what the app said of a brand's query before the last save, by the brand's code.
_BEFORE = "brand_query_before"
#: The job that lets stored mentions follow.
_JOB = "rematch"


@dataclass(frozen=True, slots=True)
class BrandDesk:
    """See :class:`views.brand_desk.BrandDesk`."""

    db: Database

    def brands(self) -> tuple[BrandQuery, ...]:
        """See the protocol."""
        with self.db.read() as session:
            return queries.brand_queries(session)

    def problem(self, query: str) -> Problem | None:
        """See the protocol."""
        try:
            if query.strip():
                parse(query)
        except QueryError as error:
            return Problem(error.what, error.at, error.todo, error.example)
        return None

    def remarks(self, query: str) -> tuple[str, ...]:
        """See the protocol."""
        if not query.strip():
            return ()
        of_authors = any(isinstance(leaf, Author) for leaf in leaves(_parsed(query)))
        return remarks(query) + (self._whose_names_are_known() if of_authors else ())

    def _whose_names_are_known(self) -> tuple[str, ...]:
        with self.db.read() as session:
            stored = settings.get(session, settings.AUTHORS, False)
        if stored is True:
            return ()
        if stored:
            return (
                f"author: видит имена авторов только у источников {', '.join(stored)}: у остальных "
                "они не хранятся (personal.store_authors в config.yaml)",
            )
        return (
            "author: сейчас не найдёт никого: имена авторов не хранятся. Их хранение включается "
            "в config.yaml, personal.store_authors, и касается того, что будет собрано после",
        )

    def searches(self, query: str) -> tuple[Search, ...]:
        """See the protocol."""
        if not query.strip():
            return ()
        found = dialects.searches_for(_parsed(query))
        return tuple(Search(one.title, one.strings, one.left_out) for one in found)

    def preview(self, code: str, query: str) -> Preview:
        """See the protocol."""
        with self.db.read() as session:
            rows = queries.brand_queries(session)
            brand = _brand(rows, code)
            now = _only(rows, brand)
            then = _only(rows, replace(brand, of_app=_checked(query)))
            gained, kept, lost = (_Kind(brand.id, by) for by in (then, then, now))
            looked_at, named = 0, 0
            for trial in queries.trials(session, brand.id, most=_MOST_TRIED):
                looked_at += 1
                if whom := then.named(trial.item):
                    named += brand.id in whom
                elif brand.id in then.of(trial.item):
                    (kept if trial.counted else gained).take(trial)
                elif trial.counted:
                    lost.take(trial)
            stored = queries.count_trials(session)
        return Preview(
            looked_at=looked_at,
            stored=stored,
            named=named,
            matching=gained.count + kept.count,
            gained=gained.count,
            lost=lost.count,
            gained_samples=tuple(gained.samples),
            kept_samples=tuple(kept.samples),
            lost_samples=tuple(lost.samples),
        )

    def save(self, brand: BrandQuery, query: str | None) -> None:
        """See the protocol."""
        checked = None if query is None else _checked(query)
        with self.db.write() as session:
            before = _all_before(session) | {brand.code: brand.of_app}
            _set(session, brand, checked, before)

    def before(self, brand: BrandQuery) -> BrandQuery | None:
        """See the protocol."""
        with self.db.read() as session:
            before = _all_before(session)
        return replace(brand, of_app=before[brand.code]) if brand.code in before else None

    def undo(self, brand: BrandQuery) -> None:
        """See the protocol."""
        with self.db.write() as session:
            before = _all_before(session)
            if brand.code not in before:
                raise NotFound(f"У бренда «{brand.name}» нет сохранения, которое можно отменить.")
            _set(session, brand, before.pop(brand.code), before)

    def applying(self) -> Applying | None:
        """See the protocol."""
        with self.db.read() as session:
            step = matching.progress(session)
            if step is None:
                return None
            last = queries.last_job(session, _JOB)
            return Applying(
                done=step.done,
                total=step.total,
                asked=bool(last and last.is_open),
                has_worker=queries.worker_is_alive(session, now=datetime.now(UTC)),
                failed=last.message if last and last.state == "failed" else "",
            )

    def apply(self) -> None:
        """See the protocol."""
        with self.db.write() as session:
            commands.enqueue_job(session, _JOB, {}, now=datetime.now(UTC))


class _Kind:
    """Counts mentions of one sort and keeps the first few."""

    def __init__(self, brand_id: int, brands: matching.Brands) -> None:
        self.count = 0
        self.samples: list[Sample] = []
        self._brand_id, self._brands = brand_id, brands

    def take(self, trial: queries.Trial) -> None:
        self.count += 1
        if len(self.samples) < _SAMPLES:
            self.samples.append(self._sample(trial.id, trial.item, trial.source_title))

    def _sample(self, mention_id: int, item: Mention, source: str) -> Sample:
        hits = self._brands.hits(self._brand_id, item.text)
        author = shown(item.author)
        return Sample(mention_id, item.text, author, item.url, source, item.published_at, hits)


def _all_before(session: Session) -> dict[str, str | None]:
    kept: dict[str, str | None] = settings.get(session, _BEFORE, {})
    return kept


def _set(
    session: Session, seen: BrandQuery, query: str | None, before: dict[str, str | None]
) -> None:
    """Save and ask for its application at once: neither is left without the other."""
    now = _brand(queries.brand_queries(session), seen.code)
    if (now.of_app, now.query) != (seen.of_app, seen.query):
        told = f"теперь это «{now.query}»" if now.query else "теперь бренд ищется по названию"
        raise StorageError(f"Запрос бренда «{now.name}» тем временем изменили: {told}.")
    commands.set_brand_query(session, seen.code, query)
    settings.put(session, _BEFORE, before)
    commands.enqueue_job(session, _JOB, {}, now=datetime.now(UTC))


def _only(rows: Iterable[BrandQuery], brand: BrandQuery) -> matching.Brands:
    """All names (a company named outranks the text), but of the queries this brand's alone."""
    others = (replace(row, of_config="", of_app=None) for row in rows if row.id != brand.id)
    return matching.brands_of((*others, brand))


def _brand(rows: Iterable[BrandQuery], code: str) -> BrandQuery:
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
