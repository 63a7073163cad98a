"""Build a report of a brand and a period out of the database.

Every figure is that of the app's pages: the same queries, the same :mod:`insights`.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session

from insights import anomalies, indices, periods, summary, trends, words
from insights import method as definitions
from insights import russian as ru
from insights.findings import Finding
from insights.pains import Side
from insights.summary import Facts
from nlp.journey import Stage
from nlp.labels import KIND_NAMES, NOT_A_VOICE
from reports import accuracy, collected, noticed, overview, rivalry, tiles, topics, way
from reports.collected import Collected
from reports.frame import Frame
from reports.overview import Overview
from reports.parts import Definition, Gap, Noticed, Period, Rivals, Sentence, Tile
from reports.report import Report
from storage import queries
from storage.filters import Filter


def build(
    session: Session,
    brand_id: int,
    start: date,
    end: date,
    *,
    zone: ZoneInfo,
    journey: Sequence[Stage],
    made_at: datetime,
    app: str = "",
) -> Report:
    """The report of ``start`` … ``end``, both inclusive; ``made_at`` is aware.

    ``app`` is the address of the app, for links. Raises ValueError where there is no such brand.
    """
    frame = _frame(session, brand_id, (start, end), zone, made_at)
    found = overview.read(session, frame.where, start, end)
    seen = overview.findings(frame.where, found)
    compared = rivalry.rivals(frame)
    read = collected.collected(frame, found)
    model = queries.setting(session, "model") or ""
    period = _period(frame, found)
    shown = _tiles(frame, found)
    net, negative = (found.measure(index) for index in (indices.NET, indices.NEGATIVE))
    said = summary.summary(_facts(frame, found, seen, compared, read))
    unread = found.figures.unread
    return Report(
        brand=frame.brand.name,
        period=period,
        where=frame.where,
        made_at=frame.made_at,
        zone=zone.key,
        app=app.rstrip("/"),
        headline=words.headline(net, negative, seen, unread=unread, comparable=True),
        summary=tuple(_sentence(frame, one) for one in said),
        tiles=shown,
        figures=found.figures,
        before=found.before,
        points=trends.trend(found.tones, start, end),
        marks=noticed.marks(seen),
        findings=tuple(_noticed(frame, found, n, one) for n, one in enumerate(seen, 1)),
        nothing_found=""
        if seen
        else words.nothing(is_short=anomalies.is_short(found.tones, found.end)),
        journey=way.way(frame, found, journey),
        pains=topics.topics(frame, found, Side.PAIN),
        joys=topics.topics(frame, found, Side.JOY),
        rivals=compared,
        sources=read.sources,
        gaps=tuple(Gap(one.name, one.text) for one in read.missing),
        others=_others(frame, found),
        unread=_unread(frame, found),
        accuracy=accuracy.accuracy(frame, model),
        method=_method(shown, zone.key, model, period.compared),
        model=model,
        link=frame.link(""),
    )


def _frame(
    session: Session, brand_id: int, days: tuple[date, date], zone: ZoneInfo, made_at: datetime
) -> Frame:
    catalog = queries.catalog(session)
    brand = next((brand for brand in catalog.brands if brand.id == brand_id), None)
    if brand is None:
        raise ValueError(f"бренда № {brand_id} в базе нет")
    where = Filter((brand.id,), *days)
    return Frame(session, catalog, brand, where, *days, zone, made_at.astimezone(zone))


def _period(frame: Frame, found: Overview) -> Period:
    earlier = frame.where.previous()
    compared = ""
    if earlier and earlier.day_from and earlier.day_to and found.counted_before:
        compared = ru.days(earlier.day_from, earlier.day_to)
        first = frame.catalog.first_day
        if first and first > earlier.day_from:
            compared += f" (упоминания есть с{ru.NBSP}{ru.day(first)})"
    name = periods.Period(frame.start, frame.end).name
    return Period(frame.start, frame.end, name, ru.days(frame.start, frame.end), compared)


def _tiles(frame: Frame, found: Overview) -> tuple[Tile, ...]:
    before = found.before if found.counted_before else None
    return tuple(
        replace(tile, link=frame.link(**(tile.index.behind if tile.index else {})))
        if tiles.opens(tile)
        else tile
        for tile in tiles.tiles(found.figures, before, frame.where)
    )


def _noticed(frame: Frame, found: Overview, number: int, one: Finding) -> Noticed:
    labels = {source.id: source.label for source in frame.catalog.sources}
    asked = noticed.asked(frame.where, found, one)
    source = ""
    if asked:
        by_source = queries.tones_by_source(frame.session, asked)
        source = noticed.said_in(by_source, found, one, labels)
    return Noticed(
        number=number,
        title=words.title(one),
        details=words.details(one, year=frame.end.year, source=source),
        is_good=one.is_good,
        finding=one,
        link=frame.link(**one.behind),
    )


def _facts(
    frame: Frame,
    found: Overview,
    seen: Sequence[Finding],
    compared: Rivals | None,
    read: Collected,
) -> Facts:
    return Facts(
        brand=frame.brand.name,
        start=frame.start,
        end=frame.end,
        mentions=found.figures.mentions,
        before=found.before.mentions if found.before else 0,
        unread=found.figures.unread,
        tones=found.figures.tones,
        net=found.measure(indices.NET),
        found=seen,
        pains=topics.ranked(found, Side.PAIN),
        joys=topics.ranked(found, Side.JOY),
        who=compared.who if compared else None,
        voice=compared.voice.get(frame.brand.id) if compared else None,
        rivals=rivalry.net_line(compared.indices) if compared else None,
        sources=read.expected,
        incomplete=len(read.missing),
    )


def _sentence(frame: Frame, one: summary.Said) -> Sentence:
    return Sentence(one.text, one.mood, "" if one.behind is None else frame.link(**one.behind))


def _others(frame: Frame, found: Overview) -> str:
    """What is no customer's voice, by kind."""
    if not found.left_out:
        return ""
    counts = {
        kind: sum(
            queries.mentions_by_source(
                frame.session, replace(frame.where, kinds=(str(kind),))
            ).values()
        )
        for kind in NOT_A_VOICE
    }
    told = ", ".join(f"{KIND_NAMES[kind]} — {ru.number(n)}" for kind, n in counts.items() if n)
    return f"Не считаются голосами клиентов {ru.counted(found.left_out, ru.MENTION)}: {told}."


def _unread(frame: Frame, found: Overview) -> str:
    figures = found.figures
    if not figures.unread:
        return ""
    failed = queries.failed(frame.session)
    told = f"Ещё не проанализировано: {ru.number(figures.unread)}"
    told += f" из {ru.counted(figures.mentions, ru.OF_MENTION)}; в доли они не входят."
    if failed:
        told += f" Не удалось проанализировать во всей базе: {ru.number(failed)}."
    return told


def _method(shown: Sequence[Tile], zone: str, model: str, compared: str) -> tuple[Definition, ...]:
    used = [tile.index for tile in shown if tile.index]
    told = definitions.method(used, zone=zone, model=model, compared=compared)
    return tuple(Definition(name, text) for name, text in told)
