"""A synthetic database with every combination that pages must survive, by the real write path."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from collectors.base import Mention
from collectors.outcomes import Counts, Coverage, Outcome, Status
from nlp.analysis import Analysis, Failure, Opinion, Result
from nlp.labels import Intent, Kind, Tone, Touchpoint
from storage import crawls, mentions
from storage import tables as t
from storage.crawls import BrandDeclaration, SourceDeclaration, SqlStore
from storage.database import Database

MOSCOW = ZoneInfo("Europe/Moscow")
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MODEL = "test-model"
SOURCES = {"maps": "Карты", "vk": "ВКонтакте", "shop": "Маркетплейс"}
#: The catalogue of :func:`found` as a part of config.yaml.
CATALOG = """\
brands:
  - {code: moroshka, name: Морошка}
  - {code: ambar, name: Амбар, competitor: true}
sources:
  - {name: maps, type: feed, title: Карты, url: "https://example.ru/maps"}
  - {name: vk, type: feed, title: ВКонтакте, url: "https://example.ru/vk"}
  - {name: shop, type: feed, title: Маркетплейс, url: "https://example.ru/shop"}
"""
_SCORES = {"negative": (0.8, 0.1, 0.1), "neutral": (0.1, 0.8, 0.1), "positive": (0.1, 0.1, 0.8)}
#: What sources tell of a mention beside its text; most tell nothing.
_FACETS: tuple[dict[str, str], ...] = (
    {"place": "Лесная, 8", "city": "Тверь"},
    {"place": "Мира, 15", "city": "Тула"},
    {"product": "Хлеб ржаной"},
    {"product": "Сыр", "city": "Тула"},
    {"app_version": "5.2"},
    {"app_version": "5.10.1"},
    {},
    {},
    {},
)


@dataclass
class World:
    """What was written: each mention with the answer of the model (None: still pending)."""

    db: Database
    brands: dict[str, int] = field(default_factory=dict)
    sources: dict[str, int] = field(default_factory=dict)
    told: list[tuple[Mention, Result | None]] = field(default_factory=list)


def lemmas_of(text: str) -> str:
    """Stands in for the dictionary where its work is not the matter of a test."""
    return text.lower().replace(".", "").replace(",", "")


OURS = BrandDeclaration("moroshka", "Морошка")
COMPETITOR = BrandDeclaration("ambar", "Амбар", competitor=True)


def found(db: Database, *brands: BrandDeclaration) -> World:
    """A catalogue without mentions: three sources and ``brands``, else ours and a competitor."""
    world = World(db)
    with db.write() as session:
        sources = [SourceDeclaration(name, "feed", title) for name, title in SOURCES.items()]
        crawls.sync_catalog(session, brands or (OURS, COMPETITOR), sources)
        world.brands = dict(session.execute(sa.select(t.brand.c.code, t.brand.c.id)).all())
        world.sources = dict(session.execute(sa.select(t.source.c.name, t.source.c.id)).all())
    return world


def tell(
    world: World,
    mention: Mention,
    result: Result | None,
    *brands: str,
    towards: Mapping[str, Tone] | None = None,
) -> None:
    """Store one mention with the model's answer; ``towards`` by the codes of its brands."""
    tell_all(world, [(mention, result)], *brands, towards=towards)


def tell_all(
    world: World,
    told: list[tuple[Mention, Result | None]],
    *brands: str,
    towards: Mapping[str, Tone] | None = None,
) -> None:
    """Store mentions with the model's answers."""
    by_key = {(m.source, m.external_id): result for m, result in told}
    with world.db.write() as session:
        for source, source_id in world.sources.items():
            items = [m for m, _ in told if m.source == source]
            mentions.upsert(
                session,
                source_id,
                items,
                brands_of=lambda m: [world.brands[b] for b in brands or [m.company or "moroshka"]],
                lemmas_of=lemmas_of,
                zone=MOSCOW,
                now=NOW,
            )
        names = {number: name for name, number in world.sources.items()}
        keys = {
            row.id: (names[row.source_id], row.external_id)
            for row in session.execute(
                sa.select(t.mention.c.id, t.mention.c.source_id, t.mention.c.external_id)
            )
        }
        queue = mentions.pending(session, MODEL, limit=1_000_000)
        answers = [(p, by_key[keys[p.mention_id]]) for p in queue if keys[p.mention_id] in by_key]
        tones = {
            (p.mention_id, world.brands[code]): tone
            for p, _ in answers
            for code, tone in (towards or {}).items()
        }
        answered = [(p, r) for p, r in answers if r]
        mentions.save_analyses(session, answered, towards=tones, model_version=MODEL, now=NOW)
    world.told += told


def fill(world: World, n: int, seed: int = 1) -> World:
    """``n`` mentions over 20 weeks; the same for the same seed."""
    tell_all(world, list(_stories(n, Random(seed))))
    return world


def crawl(world: World, source: str, status: Status = Status.OK, error: str = "") -> None:
    """Leave the outcome of a crawl."""
    store = SqlStore(world.db, MOSCOW, lambda _: lambda _: [], lemmas_of)
    outcome = Outcome(
        source=source,
        status=status,
        started_at=NOW,
        finished_at=NOW,
        counts=Counts(new=3),
        coverage=Coverage(cap_hit="500 последних"),
        error=error,
    )
    store.save_outcome(outcome, 0)


def said(text: str = "Курьер опоздал, но хлеб вкусный.", **fields: object) -> Mention:
    """A mention of today."""
    standard = {"source": "maps", "external_id": text[:60], "published_at": NOW}
    return Mention(text=text, **(standard | fields))  # type: ignore[arg-type]


def judged(
    tone: Tone = Tone.NEGATIVE,
    kind: Kind = Kind.COMPLAINT,
    *opinions: Opinion,
    intents: tuple[Intent, ...] = (),
) -> Analysis:
    """An answer of the model."""
    scores = _SCORES.get(tone, (0.45, 0.1, 0.45))
    return Analysis(tone, scores, kind, intents, opinions)


def _stories(n: int, random: Random) -> Iterator[tuple[Mention, Result | None]]:
    for number in range(n):
        text = f"Магазин {number}. {random.choice(['Курьер опоздал', 'Хлеб вкусный', 'Всё так'])}."
        mention = Mention(
            source=random.choice(list(SOURCES)),
            external_id=f"story-{number}",
            text=text,
            published_at=NOW - timedelta(hours=random.randrange(20 * 7 * 24)),
            rating=random.choice([None, 1.0, 2.0, 3.0, 4.0, 5.0]),
            nps=random.choice([None, None, 0, 6, 7, 8, 9, 10]),
            company=random.choice(["moroshka", "moroshka", "ambar"]),
            author_id=f"author-{number % 50}",
            **_FACETS[number % len(_FACETS)],
        )
        yield mention, _answer(text, random)


def _answer(text: str, random: Random) -> Result | None:
    lot = random.random()
    if lot < 0.05:
        return None if lot < 0.03 else Failure("в тексте нет слов")
    opinions = tuple(
        Opinion(point, random.choice(list(Tone)[:3]), 0.8, 0, min(7, len(text)))
        for point in random.sample(list(Touchpoint), random.randrange(3))
    )
    intents = tuple(random.sample(list(Intent), random.randrange(3)))
    return judged(random.choice(list(Tone)), random.choice(list(Kind)), *opinions, intents=intents)
