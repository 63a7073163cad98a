"""A small world for tests of storage: one shared source, two brands, the shortest words."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from conftest import Clock

from collectors.base import Item, Mention
from collectors.outcomes import Counts
from nlp.analysis import Analysis, Opinion, Result
from nlp.labels import Intent, Kind, Tone, Touchpoint
from storage import crawls, mentions
from storage import tables as t
from storage.crawls import BrandDeclaration, SourceDeclaration
from storage.database import Database
from storage.rebuild import no_brand

MOSCOW = ZoneInfo("Europe/Moscow")


class Shop:
    """A database with one shared source and two brands, and the shortest words for a test."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self.db, self.clock = db, clock
        self.zone = MOSCOW
        self.matched: Sequence[int] = ()
        self.lemmatised: list[str] = []
        with db.write() as session:
            brands = [BrandDeclaration("moroshka", "Морошка"), BrandDeclaration("ambar", "Амбар")]
            crawls.sync_catalog(session, brands, [SourceDeclaration("reviews", "feed")])
            rows = session.execute(sa.select(t.brand.c.code, t.brand.c.id))
            self.brands = {row.code: row.id for row in rows}
            self.nobody = no_brand(session)
            self.source = session.scalars(sa.select(t.source.c.id)).one()

    def put(self, *items: Item) -> Counts:
        with self.db.write() as session:
            return mentions.upsert(
                session,
                self.source,
                items,
                brands_of=lambda _: self.matched,
                lemmas_of=self._lemmas,
                zone=self.zone,
                now=self.clock.tick(),
            )

    def _lemmas(self, text: str) -> str:
        self.lemmatised.append(text)
        return text.lower()

    def rows(self, table: sa.Table = t.mention) -> list[Any]:
        with self.db.read() as session:
            return list(session.execute(sa.select(table).order_by(*table.primary_key)).all())

    def found(self, word: str) -> list[int]:
        query = (
            "SELECT rowid FROM mention_fts WHERE mention_fts MATCH :word"
            if self.db.is_sqlite
            else "SELECT id FROM mention WHERE to_tsvector('simple', lemmas) @@ "
            "to_tsquery('simple', :word)"
        )
        with self.db.read() as session:
            return list(session.scalars(sa.text(query), {"word": word}).all())

    def queue(self, model: str = "v1") -> list[mentions.Pending]:
        with self.db.read() as session:
            return mentions.pending(session, model, limit=10_000)

    def answer(
        self,
        *answers: tuple[mentions.Pending, Result],
        model: str = "v1",
        towards: Mapping[tuple[int, int], Tone] | None = None,
    ) -> None:
        with self.db.write() as session:
            mentions.save_analyses(
                session, answers, towards=towards, model_version=model, now=self.clock.tick()
            )

    def analyse(
        self, result: Result, model: str = "v1", towards: Mapping[str, Tone] | None = None
    ) -> None:
        """Answer all that waits; ``towards`` is the tone towards brands, by their codes."""
        queue = self.queue(model)
        tones = {
            (waiting.mention_id, self.brands[code]): tone
            for waiting in queue
            for code, tone in (towards or {}).items()
        }
        self.answer(*((waiting, result) for waiting in queue), model=model, towards=tones)


def make_analysis(
    tone: Tone = Tone.NEGATIVE,
    kind: Kind = Kind.COMPLAINT,
    intents: Sequence[Intent] = (),
    opinions: Sequence[tuple[Touchpoint, Tone]] = (),
) -> Analysis:
    return Analysis(
        tone=tone,
        tone_scores=(0.7, 0.2, 0.1),
        kind=kind,
        intents=tuple(intents),
        opinions=tuple(Opinion(point, sign, 0.9, 0, 3) for point, sign in opinions),
        peak=-0.5,
        end=-0.25,
        mean=-0.125,
    )


def rematch_all(session: Any, brands_of: Callable[[Mention], Sequence[int]]) -> int:
    """Find the brands of all stored mentions anew; how many moved."""
    moved, after_id = 0, 0
    while True:
        step = mentions.rematch_some(session, brands_of, after_id=after_id)
        moved += step.moved
        if step.last_id is None:
            return moved
        after_id = step.last_id
