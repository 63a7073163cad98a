"""A database of many invented mentions (bench/stories.py), through the real write path.

A fill that was cut off goes on where it stopped.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import sqlalchemy as sa
from stories import BRANDS, CHUNK, NOW, SOURCES, ZONE, Story, story

from nlp.labels import Tone
from nlp.text import lemmas
from otklik import matching
from storage import commands, crawls, labelling, mentions, settings
from storage import tables as t
from storage.crawls import BrandDeclaration, SourceDeclaration
from storage.database import Database

_MODEL = "bench"
_COMPLETE = "bench_complete"


def fill(db: Database, count: int, progress: Callable[[int], None]) -> None:
    """Bring ``db`` to ``count`` mentions; the numbers of those that are there are passed over."""
    db.migrate()
    sources, brands = _catalogue(db)
    with db.read() as session:
        stored = session.scalar(sa.select(sa.func.count()).select_from(t.mention)) or 0
        complete = settings.get(session, _COMPLETE, 0) == count
    if complete:
        return
    for start in range(stored // CHUNK * CHUNK, count, CHUNK):
        numbers = range(start, min(start + CHUNK, count))
        _store(db, start, [story(number, count) for number in numbers], sources, brands)
        progress(len(numbers))
    _correct(db, min(count // 100, 2_000))
    with db.write() as session:
        # The brands are as they were told: nothing is to be looked for in the texts.
        found = matching.load(session)
        settings.put(session, settings.MATCHED, matching._fingerprint(session, found.told))
        settings.put(session, _COMPLETE, count)
    db.tune()


def config(folder: Path) -> Path:
    """A config.yaml of the database in ``folder``, as the app wants it."""
    file = folder / "config.yaml"
    file.write_text("database:\n  url: otklik.db\ntimezone: Europe/Moscow\n", encoding="utf-8")
    return file


def _catalogue(db: Database) -> tuple[dict[str, int], dict[str, int]]:
    with db.write() as session:
        crawls.sync_catalog(
            session,
            [
                BrandDeclaration(code, name, competitor=code != "moroshka")
                for code, (name, _) in BRANDS.items()
            ],
            [SourceDeclaration(name, kind, title) for name, (kind, title, *_) in SOURCES.items()],
        )
        settings.put(session, "today", NOW.astimezone(ZONE).date().isoformat())
        labelling.use_model(session, _MODEL)
        return (
            dict(session.execute(sa.select(t.source.c.name, t.source.c.id)).all()),
            dict(session.execute(sa.select(t.brand.c.code, t.brand.c.id)).all()),
        )


def _store(
    db: Database,
    before: int,
    stories: Sequence[Story],
    sources: dict[str, int],
    brands: dict[str, int],
) -> None:
    """Pages of each source, then the answers of the model, as a crawl and an analysis do.

    ``before`` counts the mentions that came before these: the last one's id.
    """
    of_brands = {item.external_id: names for item, names, _ in stories}
    answers = {item.text: answer for item, _, answer in stories}
    for source, source_id in sources.items():
        page = [item for item, _, _ in stories if item.source == source]
        with db.write() as session:
            mentions.upsert(
                session,
                source_id,
                page,
                brands_of=lambda item: [brands[name] for name in of_brands[item.external_id]],
                lemmas_of=lemmas,
                zone=ZONE,
                now=NOW,
            )
    last = before
    while True:
        with db.read() as session:
            batch = mentions.pending(session, _MODEL, limit=1_000, after_id=last)
        if not batch:
            return
        last = batch[-1].mention_id
        answered = [(asked, result) for asked in batch if (result := answers.get(asked.text))]
        towards = {
            (asked.mention_id, brand): list(Tone)[(asked.mention_id + brand) % 3]
            for asked, _ in answered
            for brand in asked.brand_ids
        }
        with db.write() as session:
            mentions.save_analyses(
                session, answered, towards=towards, model_version=_MODEL, now=NOW
            )


def _correct(db: Database, count: int) -> None:
    """Corrections by hand, spread over all mentions."""
    with db.read() as session:
        newest = session.scalar(sa.select(sa.func.max(t.mention.c.id))) or 0
    step = max(1, newest // max(1, count))
    for start in range(1, newest + 1, step * 200):
        with db.write() as session:
            for number in range(start, min(start + step * 200, newest + 1), step):
                tone = list(Tone)[number // step % 4]
                commands.correct(session, number, tone=tone, now=NOW)
