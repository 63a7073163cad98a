"""After any history the daily sums and the labels equal what a plain recount of the rows says."""

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import naive
from conftest import Clock, make_mention
from histories import run
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from shop import Shop, make_analysis, rematch_all

from collectors.base import Deleted, Mention
from nlp.analysis import Failure, Result
from nlp.labels import NOT_A_VOICE, Intent, Kind, Tone, Touchpoint
from storage import commands, erasing, mentions, rollups
from storage import settings as facts
from storage import tables as t
from storage.columns import INTENTS, Facet
from storage.commands import CorrectedOpinion
from storage.database import Database
from storage.errors import NotFound
from storage.labelling import use_model

TALE = "курьер опоздал на два часа и даже не позвонил, молоко вытекло на хлеб, поддержка молчит"
IDS = st.sampled_from(["a", "b", "c", "d"])
MODELS = st.sampled_from(["v1", "v2", "v3"])
ZONES = st.sampled_from(["Europe/Moscow", "Asia/Tokyo", "America/New_York"]).map(ZoneInfo)
MOMENTS = st.integers(0, 71).map(
    lambda hours: datetime(2026, 2, 20, tzinfo=UTC) + timedelta(hours=hours)
)
ITEMS = st.builds(
    make_mention,
    external_id=IDS,
    text=st.sampled_from(["ужас", "восторг", "так себе", TALE, TALE, f"{TALE} и точка"]),
    repost_of=st.sampled_from([None, None, "a"]),
    published_at=MOMENTS,
    date_known=st.booleans(),
    rating=st.none() | st.floats(0, 10),
    rating_scale=st.sampled_from([2, 5, 10]),
    nps=st.none() | st.integers(0, 10),
    likes=st.none() | st.integers(0, 3),
    place=st.sampled_from([None, "", "Ленина, 5", "Мира, 1"]),
    city=st.sampled_from([None, "Пермь"]),
) | st.builds(Deleted, IDS)
TOUCHPOINTS = st.sampled_from(list(Touchpoint)[:3])
POINTS = st.tuples(TOUCHPOINTS, st.sampled_from(Tone))
TOWARDS = st.none() | st.sampled_from([Tone.NEGATIVE, Tone.NEUTRAL, Tone.POSITIVE])
ANSWERS = st.builds(
    make_analysis,
    tone=st.sampled_from(Tone),
    kind=st.sampled_from(Kind),
    intents=st.lists(st.sampled_from(Intent), unique=True),
    opinions=st.lists(POINTS, max_size=3),
) | st.builds(Failure, st.just("не вышло"))
CORRECTED = st.builds(
    CorrectedOpinion,
    st.sampled_from(list(Touchpoint)[:3]),
    st.sampled_from(Tone),
    st.just(0),
    st.just(1),
)
NPS_COLUMNS = 7 * ("detractors",) + 2 * ("passives",) + 2 * ("promoters",)


class History(RuleBasedStateMachine):
    """Everything that may happen to mentions, in any order."""

    make_db: Callable[[], Database]

    def __init__(self) -> None:
        super().__init__()
        self.shop = Shop(self.make_db(), Clock())
        brand = st.sampled_from(sorted(self.shop.brands.values()))
        self.brand_sets = st.lists(brand, unique=True, max_size=2)

    @rule(items=st.lists(ITEMS, max_size=5), data=st.data())
    def page(self, items: list[Mention | Deleted], data: Any) -> None:
        self.shop.matched = data.draw(self.brand_sets)
        self.shop.put(*items)

    @rule(model=MODELS, answers=st.lists(ANSWERS, min_size=4, max_size=4), data=st.data())
    def analyse(self, model: str, answers: list[Result], data: Any) -> None:
        self._answer(model, self.shop.queue(model), answers, data)

    @rule(model=MODELS, answer=ANSWERS, item=ITEMS, data=st.data())
    def edit_during_analysis(
        self, model: str, answer: Result, item: Mention | Deleted, data: Any
    ) -> None:
        queue = self.shop.queue(model)
        self.shop.put(item)
        self._answer(model, queue, [answer] * len(queue), data)

    @rule(model=MODELS, answer=ANSWERS, data=st.data())
    def rematch_during_analysis(self, model: str, answer: Result, data: Any) -> None:
        queue = self.shop.queue(model)
        self.rematch(data)
        self._answer(model, queue, [answer] * len(queue), data)

    def _answer(
        self, model: str, queue: list[mentions.Pending], answers: list[Result], data: Any
    ) -> None:
        drawn = {
            (waiting.mention_id, brand_id): data.draw(TOWARDS)
            for waiting in queue
            for brand_id in waiting.brand_ids
        }
        towards = {key: tone for key, tone in drawn.items() if tone}
        self.shop.answer(*zip(queue, answers, strict=False), model=model, towards=towards)

    @rule(model=MODELS)
    def choose_model(self, model: str) -> None:
        with self.shop.db.write() as session:
            use_model(session, model)

    @rule(
        mention_id=st.integers(1, 4),
        tone=st.none() | st.sampled_from(Tone),
        kind=st.none() | st.sampled_from(Kind),
        opinions=st.none() | st.lists(CORRECTED, max_size=2),
    )
    def correct(self, mention_id: int, **labels: Any) -> None:
        self._command(commands.correct, mention_id, **labels)

    @rule(mention_id=st.integers(1, 4))
    def undo(self, mention_id: int) -> None:
        self._command(commands.undo_correction, mention_id)

    def _command(self, command: Callable[..., None], mention_id: int, **labels: Any) -> None:
        try:
            with self.shop.db.write() as session:
                command(session, mention_id, now=self.shop.clock.tick(), **labels)
        except NotFound:
            pass

    @rule(mention_ids=st.lists(st.integers(1, 4), unique=True, max_size=2))
    def erase(self, mention_ids: list[int]) -> None:
        with self.shop.db.write() as session:
            erasing.erase(session, mention_ids)

    @rule(data=st.data())
    def rematch(self, data: Any) -> None:
        with self.shop.db.write() as session:
            rematch_all(session, lambda _: data.draw(self.brand_sets))

    @rule(zone=ZONES)
    def rezone(self, zone: ZoneInfo) -> None:
        self.shop.zone = zone
        with self.shop.db.write() as session:
            mentions.rezone(session, zone)

    @invariant()
    def sums_are_true(self) -> None:
        kept = _sums(self.shop)
        with self.shop.db.write() as session:
            rollups.recount(session)
        assert kept == _sums(self.shop)
        assert kept == _plain_recount(self.shop)

    @invariant()
    def the_queue_is_what_lacks_an_answer(self) -> None:
        brands = _brands(self.shop)
        for model in ("v1", "v2", "v3"):
            answers = {
                (row.mention_id, row.content_hash): row
                for row in self.shop.rows(t.analysis)
                if row.model_version == model
            }
            lacking = []
            for mention in self.shop.rows():
                answer = answers.get((mention.id, mention.content_hash))
                asked = {int(brand_id) for brand_id in answer.targets} if answer else set()
                half = len(brands[mention.id]) > 1 and not asked.issuperset(brands[mention.id])
                if not mention.deleted_at and (not answer or (half and not answer.error)):
                    lacking.append(mention.id)
            assert [waiting.mention_id for waiting in self.shop.queue(model)] == lacking

    def teardown(self) -> None:
        self.shop.db.dispose()


Sums = tuple[set[Any], ...]
TABLES = (
    t.mention_daily, t.opinion_daily, t.facet_daily, t.tone_daily, t.mention_total,
    t.touchpoint_daily,
)  # fmt: skip


def _sums(shop: Shop) -> Sums:
    return tuple({frozenset(row._mapping.items()) for row in shop.rows(table)} for table in TABLES)


def _brands(shop: Shop) -> dict[int, list[int]]:
    brands = defaultdict(list)
    for row in shop.rows(t.mention_brand):
        brands[row.mention_id].append(row.brand_id)
    return brands


def _plain_recount(shop: Shop) -> Sums:
    """The same sums from mentions, answers and corrections alone, in slow and plain Python."""
    brands, repeats = _brands(shop), naive.repeats(shop)
    sums: tuple[dict[Any, Counter[str]], ...] = tuple(defaultdict(Counter) for _ in TABLES)
    for mention in shop.rows():
        assert bool(brands[mention.id]) == (mention.deleted_at is None)
        answer, human = _holding(shop, mention)
        kind = (human and human.kind) or (answer and answer.kind) or ""
        for brand_id in brands[mention.id]:
            if repeats[mention.id, brand_id]:
                continue
            several = answer and len(brands[mention.id]) > 1
            target = answer.targets.get(str(brand_id)) if several else None
            tone = (human and human.tone) or target or (answer and answer.tone) or ""
            day = mention.published_at.astimezone(shop.zone).date()
            where = {"brand_id": brand_id, "day": day, "source_id": mention.source_id}
            where["rating"] = naive.stars(mention)
            labels = where | {"tone": tone, "kind": kind}
            measures = _of_mention(mention, answer)
            _add(sums[0], labels, measures)
            coarse = {name: where[name] for name in ("brand_id", "day", "source_id")}
            coarse |= {"tone": tone, "voice": kind not in NOT_A_VOICE}
            _add(sums[3], coarse, measures | {f"star{naive.stars(mention)}": 1})
            _add(sums[4], {"brand_id": brand_id, "source_id": mention.source_id}, {"n": 1})
            found = answer.opinions if answer else []
            if human and human.opinions is not None:
                found = human.opinions
            for opinion, weight in zip(found, naive.weights(found, tone), strict=True):
                said = {"touchpoint": opinion["touchpoint"], "tone": opinion["tone"]}
                said["voice"] = kind not in NOT_A_VOICE
                leaves = bool(answer) and Intent.CHURN in answer.intents
                counted = {"n": 1, "weight": weight, "churn": int(leaves)}
                _add(sums[1], where | said, counted)
                _add(sums[5], {"brand_id": brand_id, "day": day} | said, counted)
            for facet in Facet:
                if value := getattr(mention, facet):
                    _add(sums[2], labels | {"facet": str(facet), "value": value}, {"n": 1})
    return tuple(
        {frozenset({**dict(key), **_all_measures(table, counter)}.items()) for key, counter in own}
        for table, own in zip(TABLES, (found.items() for found in sums), strict=True)
    )


def _add(sums: dict[Any, Counter[str]], key: dict[str, Any], measures: dict[str, int]) -> None:
    sums[frozenset(key.items())].update(measures)


def _all_measures(table: Any, counter: Counter[str]) -> dict[str, int]:
    return {column.name: counter[column.name] for column in table.c if not column.primary_key}


def _of_mention(mention: Any, answer: Any) -> dict[str, int]:
    measures = {"n": 1} | {INTENTS[intent]: 1 for intent in (answer.intents if answer else ())}
    if mention.nps is not None:
        measures[NPS_COLUMNS[mention.nps]] = 1
    if answer:
        measures["heard"] = 1
        measures["peak_end"] = round((answer.peak + answer.last) * 500)
        measures["plain_mean"] = round(answer.mean * 1000)
    return measures


def _holding(shop: Shop, mention: Any) -> tuple[Any, Any]:
    with shop.db.read() as session:
        current = facts.get(session, facts.MODEL)
    answers = [
        row
        for row in shop.rows(t.analysis)
        if (row.mention_id, row.content_hash) == (mention.id, mention.content_hash)
        and row.error is None
    ]
    answers.sort(key=lambda row: (row.model_version == current, row.analysed_at, row.id))
    corrections = [
        row
        for row in shop.rows(t.correction)
        if (row.mention_id, row.content_hash) == (mention.id, mention.content_hash)
        and row.undone_at is None
    ]
    return (answers or [None])[-1], (corrections or [None])[-1]


def test_any_history(emptied: Callable[[], Database]) -> None:
    run(History, emptied, examples=24, steps=15)
