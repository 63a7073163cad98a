"""The content of a report: figures of the rows themselves, of any volume, with gaps owned up to."""

from collections import Counter
from dataclasses import fields, is_dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from demo_stream import Demo
from world import (
    COMPETITOR,
    MODEL,
    MOSCOW,
    NOW,
    World,
    crawl,
    fill,
    found,
    judged,
    said,
    tell_all,
)

from collectors.base import Mention
from collectors.outcomes import Status
from insights import indices
from insights.words import Mood
from nlp.analysis import Opinion, Result
from nlp.journey import default_journey
from nlp.labels import NOT_A_VOICE, Intent, Kind, Tone, Touchpoint
from reports import building
from reports.report import Report
from storage import queries, settings
from storage import tables as t
from storage.database import Database
from storage.filters import Filter, from_params

TODAY = NOW.astimezone(MOSCOW).date()
WEEK = timedelta(days=6)
#: Of markup of every sort, of a formula and of directions of writing; NUL never reaches a database.
HOSTILE = (
    '=cmd|"/C calc"!A1 <script>alert(1)</script> **ж** [a](javascript:x) $x$ #eval {{7*7}} \u202e"&'
)

LATE = Opinion(Touchpoint.DELIVERY, Tone.NEGATIVE, 0.9, 0, 14)


def build(
    db: Database,
    brand: str = "moroshka",
    start: date = TODAY - WEEK,
    end: date = TODAY,
    made_at: datetime = NOW,
    app: str = "",
) -> Report:
    with db.read() as session:
        brand_id = queries.catalog(session).names.brands[brand]
        return building.build(
            session,
            brand_id,
            start,
            end,
            zone=MOSCOW,
            journey=default_journey(),
            made_at=made_at,
            app=app,
        )


def plain(text: str) -> str:
    return text.replace("\xa0", " ").replace("\u202f", " ").replace("\u2060", "")


@pytest.fixture
def world(db: Database) -> World:
    with db.write() as session:
        settings.put(session, settings.MODEL, MODEL)
    return found(db)


def last_week(n: int, result: Result, **fields: Any) -> list[tuple[Mention, Result | None]]:
    """``n`` mentions of these seven days, one after the other."""
    return [
        (
            said(
                f"Курьер опоздал, отзыв {number}.",
                published_at=NOW - timedelta(hours=number % 150),
                external_id=f"{fields}-{number}",
                **fields,
            ),
            result,
        )
        for number in range(n)
    ]


# The demo


def test_week_17_of_the_demo_names_the_couriers_first(demo: Demo) -> None:
    start, end = demo.day(7 * 16), demo.day(7 * 17 - 1)
    report = build(demo.house.db, start=start, end=end)
    first = report.findings[0]
    assert (first.number, first.finding.touchpoint, first.is_good) == (1, "delivery", False)
    count = first.finding.count
    assert count == opinions(demo, first.finding.start, first.finding.end)
    told = f"Доставка и выдача: {count} жалоб"
    assert plain(first.title).startswith(told)
    lead = report.summary[0]
    assert lead.mood is Mood.WORSE
    assert plain(lead.text).startswith(f"Главная проблема — {told[0].lower()}{told[1:]}")
    assert told[1:] in plain(report.headline.text)
    pain = report.pains[0]
    assert pain.touchpoint == "delivery"
    assert pain.weighed.opinions == opinions(demo, start, end)
    assert len(report.summary) == 5


def test_counts_of_week_17_are_those_of_the_rows(demo: Demo) -> None:
    start, end = demo.day(7 * 16), demo.day(7 * 17 - 1)
    report = build(demo.house.db, start=start, end=end)
    tones = Counter(row.tone for row in rows(demo, start, end))
    n = tones.total()
    assert n == report.figures.mentions > 40
    level = round((tones["positive"] - tones["negative"]) / n * 100)
    texts = [plain(sentence.text) for sentence in report.summary]
    assert f"написали {n} раз" in texts[1]
    assert f"Индекс тональности {str(level).replace('-', '−')} (от " in texts[2]
    assert f"негативных {tones['negative']} из {n}" in texts[2]
    before = len(rows(demo, start - 7 * timedelta(days=1), start - timedelta(days=1)))
    assert f"({before})" in texts[1]
    by_source = Counter(row.source_id for row in rows(demo, start, end))
    told = {source.line.source.id: source.mentions for source in report.sources}
    assert {source: n for source, n in told.items() if n} == by_source


def rows(demo: Demo, start: date, end: date) -> list[Any]:
    """The mentions of «Морошка» that count, one by one."""
    own = t.mention_brand.c
    brand = sa.select(t.brand.c.id).where(t.brand.c.code == "moroshka").scalar_subquery()
    with demo.house.db.read() as session:
        return list(
            session.execute(
                sa.select(own.mention_id, own.tone, own.source_id).where(
                    own.brand_id == brand,
                    own.day.between(start, end),
                    own.is_repeat.is_(False),
                    own.kind.not_in([str(kind) for kind in NOT_A_VOICE]),
                )
            )
        )


def opinions(demo: Demo, start: date, end: date) -> int:
    """Negative opinions about delivery in those mentions, one by one."""
    counting = [row.mention_id for row in rows(demo, start, end)]
    own = t.opinion.c
    brand = sa.select(t.brand.c.id).where(t.brand.c.code == "moroshka").scalar_subquery()
    with demo.house.db.read() as session:
        return len(
            session.execute(
                sa.select(own.id).where(
                    own.mention_id.in_(counting),
                    own.brand_id == brand,
                    own.touchpoint == "delivery",
                    own.tone == "negative",
                )
            ).all()
        )


def test_a_quiet_week_of_the_demo_has_no_trouble(demo: Demo) -> None:
    report = build(demo.house.db, start=demo.day(7 * 4), end=demo.day(7 * 5 - 1))
    assert not [one for one in report.findings if not one.is_good]
    assert report.summary[0].text.startswith("С\xa0")
    assert all(sentence.mood is not Mood.WORSE for sentence in report.summary[:3])


# Any volume


def test_nobody_wrote(world: World) -> None:
    report = build(world.db)
    assert report.is_empty
    assert next(plain(sentence.text) for sentence in report.summary).startswith(
        "С 23 февраля по 1 марта 2026 о бренде «Морошка» не написали ни разу"
    )
    assert len(report.summary) == 2
    assert (report.pains, report.joys, report.findings) == ((), (), ())
    assert report.rivals is not None
    assert report.period.compared == ""
    assert all(cell.n == "мнений нет" for cell in report.journey.rows)
    assert [tile.told for tile in report.tiles] == ["0"]


def test_twenty_mentions_and_nothing_before(world: World) -> None:
    tell_all(world, last_week(20, judged(Tone.NEGATIVE, Kind.COMPLAINT, LATE)), "moroshka")
    report = build(world.db)
    assert len(report.summary) == 5
    text = plain(" ".join(sentence.text for sentence in report.summary))
    assert "написали 20 раз — в предыдущем таком же периоде упоминаний нет" in text
    assert "Индекс тональности −100 (от −100 до −74, n = 20), сравнить его не с чем" in text
    assert "«Доставка и выдача»: 20 негативных мнений стоят бренду 100,0 пункта" in text
    assert "Позитивных мнений о конкретных сторонах бренда нет." in text
    assert [tile.change for tile in report.tiles] == [""] * len(report.tiles)
    assert report.period.compared == ""
    assert report.pains[0].compared == ""
    assert report.pains[0].weighed.opinions_before is None
    assert not report.journey.found.is_compared


def test_mentions_that_nobody_has_read_yet(world: World) -> None:
    tell_all(world, [(said("Пока не прочитано."), None)], "moroshka")
    report = build(world.db)
    assert plain(report.summary[1].text).startswith("Тональность ещё не известна")
    assert plain(report.unread).startswith("Ещё не проанализировано: 1 из 1 упоминания;")


def test_every_figure_is_that_of_the_app(world: World) -> None:
    fill(world, 600)
    start = TODAY - timedelta(days=27)
    report = build(world.db, start=start)
    where = Filter((world.brands["moroshka"],), start, TODAY)
    earlier = where.previous()
    assert earlier is not None
    with world.db.read() as session:
        figures, before = queries.figures(session, where), queries.figures(session, earlier)
        everything = Filter((world.brands["moroshka"],), start, TODAY, voices_only=False)
        others = queries.count(session, everything) - queries.count(session, where)
        exported = sum(1 for _ in queries.export(session, report.where))
    assert report.where == where
    assert report.figures.mentions == figures.mentions == exported
    shown = {tile.index.code: tile for tile in report.tiles if tile.index}
    for index in indices.INDICES:
        tile = shown.get(index.code)
        if tile:
            assert tile.measure.now == index.of(figures)
            assert tile.measure.before == index.of(before)
    assert {"net", "negative", "csat", "nps", "churn"} <= shown.keys()
    assert sum(source.mentions for source in report.sources) == figures.mentions
    assert f" {others} " in plain(report.others).replace("упоминани", " упоминани").replace(
        "  ", " "
    )
    assert sum(point.tones.n for point in report.points) == figures.analysed
    assert sum(cell.cell.standing.n for cell in report.journey.rows) == sum(
        count.tones.n for count in opinion_counts(world, where)
    )
    assert report.model == MODEL
    assert MODEL in report.accuracy[0]


def opinion_counts(world: World, where: Filter) -> tuple[queries.OpinionCount, ...]:
    with world.db.read() as session:
        return queries.opinion_counts(session, where)


def test_links_open_what_was_counted(world: World) -> None:
    fill(world, 600)
    report = build(world.db, start=TODAY - timedelta(days=27), app="https://otklik.example/app/")
    assert report.url(report.link).startswith("https://otklik.example/app/?brand=moroshka&from=")
    negative = next(tile for tile in report.tiles if tile.code == "negative")
    assert opened(world, negative.link) == report.figures.tones.negative
    for topic in (*report.pains, *report.joys):
        assert topic.quotes
        assert opened(world, topic.link) > 0
        assert all(opened(world, quote.link) > 0 for quote in topic.quotes)
    for source in report.sources:
        assert source.mentions == (opened(world, source.link) if source.link else 0)
    rival = report.rivals
    assert rival is not None
    for row in rival.rows:
        assert opened(world, row.link) == row.mentions
    assert build(world.db).url(report.link) == ""


def opened(world: World, link: str) -> int:
    """How many mentions the app shows there."""
    from urllib.parse import parse_qs

    page, _, params = link.partition("?")
    assert page == "mentions"
    with world.db.read() as session:
        where, problems = from_params(parse_qs(params), queries.catalog(session).names, TODAY)
        assert not problems
        return queries.count(session, where)


# What is missing


def test_a_source_that_failed_is_told(world: World) -> None:
    crawl(world, "maps", Status.LATER, "Сайт не отвечает: HTTP 503.")
    report = build(world.db, end=TODAY - timedelta(days=1))
    gaps = {gap.source: gap.text for gap in report.gaps}
    assert gaps["Карты"] == (
        "Ни разу не прочитан до конца. Сайт не отвечает: HTTP 503. "
        "Источник отдал не всё: 500 последних."
    )
    told = next(source for source in report.sources if source.name == "Карты")
    assert told.collected == gaps["Карты"]
    assert f"всего их {len(report.sources)}." in plain(report.summary[-1].text)


# Competitors


def test_competitors_stand_beside_us(world: World) -> None:
    quick = Opinion(Touchpoint.DELIVERY, Tone.POSITIVE, 0.9, 0, 14)
    tell_all(world, last_week(60, judged(Tone.NEGATIVE, Kind.COMPLAINT, LATE)), "moroshka")
    liked = judged(Tone.POSITIVE, Kind.PRAISE, quick)
    tell_all(world, last_week(40, liked, title="Амбар"), "ambar")
    report = build(world.db)
    assert report.rivals is not None
    ours, theirs = report.rivals.rows
    assert (ours.is_ours, ours.mentions, ours.net) == (True, 60, "−100")
    assert (theirs.is_ours, theirs.mentions, theirs.net) == (False, 40, "+100")
    (worse,) = report.rivals.differences
    assert (worse.name, worse.is_better) == ("Доставка и выдача", False)
    assert plain(report.summary[-1].text).startswith(
        "Доля упоминаний бренда рядом с конкурентами — 60 % (60 из 100), индекс −100 против +100 "
        "у «Амбар» (n = 40): хуже; "
    )


def test_a_competitor_has_a_report_without_competitors(world: World) -> None:
    tell_all(world, last_week(30, judged(Tone.POSITIVE, Kind.PRAISE)), "ambar")
    report = build(world.db, "ambar")
    assert report.rivals is None
    assert (report.brand, report.figures.mentions) == ("Амбар", 30)


def test_there_is_no_such_brand(world: World) -> None:
    with world.db.read() as session, pytest.raises(ValueError, match="999"):
        building.build(
            session, 999, TODAY, TODAY, zone=MOSCOW, journey=default_journey(), made_at=NOW
        )


# Texts of strangers


def test_hostile_texts_pass_unchanged(world: World) -> None:
    """Escaping is the renderer's; what is changed here would be escaped twice, or lost."""
    late = Opinion(Touchpoint.DELIVERY, Tone.NEGATIVE, 0.9, 0, len(HOSTILE))
    url = "javascript:alert(1)"
    hostile = said(HOSTILE, url=url, external_id="hostile", rating=1.0)
    tell_all(world, [(hostile, judged(Tone.NEGATIVE, Kind.COMPLAINT, late))], "moroshka")
    (quote,) = build(world.db).pains[0].quotes
    assert (quote.text, quote.url, quote.rating) == (HOSTILE, url, "1 ★")
    assert quote.text[quote.start : quote.end] == HOSTILE


def test_names_pass_unchanged(db: Database) -> None:
    from storage.crawls import BrandDeclaration

    world = found(db, BrandDeclaration("own", HOSTILE), COMPETITOR)
    report = build(world.db, "own")
    assert report.brand == HOSTILE
    assert f"«{HOSTILE}»" in report.summary[0].text


# The value as such


def test_a_period_before_that_is_not_whole_is_owned_up_to(world: World) -> None:
    first = said(published_at=NOW - timedelta(days=9), external_id="first")
    tell_all(world, [(first, judged(Tone.NEGATIVE, Kind.COMPLAINT, LATE))], "moroshka")
    period = build(world.db).period
    assert plain(period.compared) == "16–22 февраля 2026 (упоминания есть с 20 февраля 2026)"


def test_words_of_the_period(world: World) -> None:
    month = build(world.db, start=date(2026, 2, 1), end=date(2026, 2, 28)).period
    assert month.title == "февраль 2026 года: 1–28\xa0февраля\xa02026"
    assert build(world.db, start=date(2026, 2, 3), end=date(2026, 2, 9)).period.name == ""


def test_the_moment_is_told_in_the_zone_of_days(world: World) -> None:
    assert build(world.db).made_at.utcoffset() == timedelta(hours=3)


def test_a_report_can_be_built_again(world: World) -> None:
    """Built twice from the same database and moment it is the same."""
    fill(world, 200)
    first, second = (build(world.db, start=TODAY - timedelta(days=27)) for _ in range(2))
    for own in fields(first):
        assert spelled(getattr(first, own.name)) == spelled(getattr(second, own.name)), own.name


def spelled(value: Any) -> Any:
    """A value by its parts."""
    if is_dataclass(value):
        return [(own.name, spelled(getattr(value, own.name))) for own in fields(value)]
    return [spelled(one) for one in value] if isinstance(value, tuple) else value


def test_intents_are_counted_once(world: World) -> None:
    leaving = judged(Tone.NEGATIVE, Kind.COMPLAINT, LATE, intents=(Intent.CHURN,))
    tell_all(world, last_week(30, leaving), "moroshka")
    report = build(world.db)
    assert plain(report.pains[0].churn) == "уходят 100 % (30 из 30)"
    assert report.pains[0].cost == "стоит бренду 100,0\xa0пункта индекса"
