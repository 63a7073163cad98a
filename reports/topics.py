"""Pains and joys of a report: what they weigh, their themes, and the words that prove them."""

from collections.abc import Iterable
from dataclasses import replace

from insights import pain_words, themes, words
from insights import russian as ru
from insights.pains import Side, Weighed, pain_points, strengths
from nlp.labels import Tone
from reports.frame import Frame
from reports.overview import Overview
from reports.parts import Quote, ThemeLine, Topic
from storage import queries
from storage.filters import Filter
from storage.queries import QuoteRow

#: So many of each are told, each with so many themes and quotes.
_TOP, _THEMES, _QUOTES = 5, 3, 3
#: A theme that fewer people spoke of is no theme of the period.
_HEARD = 3
_RANKED = {Side.PAIN: pain_points, Side.JOY: strengths}


def ranked(found: Overview, side: Side) -> tuple[Weighed, ...]:
    """Pains or strengths of the period, as «Обзор» and «Боли» rank them."""
    return _RANKED[side](found.counted, found.counted_before)


def topics(frame: Frame, found: Overview, side: Side) -> tuple[Topic, ...]:
    """The first of them, with their themes and quotes."""
    top = ranked(found, side)[:_TOP]
    if not top:
        return ()
    chosen = tuple(one.touchpoint for one in top)
    asked = replace(frame.where, touchpoints=chosen)
    said = queries.quotes(frame.session, asked, side.tone, per_touchpoint=_QUOTES)
    return tuple(_topic(frame, found, one, side, said.get(one.touchpoint, ())) for one in top)


def _topic(
    frame: Frame, found: Overview, one: Weighed, side: Side, said: Iterable[QuoteRow]
) -> Topic:
    return Topic(
        side=side,
        touchpoint=one.touchpoint,
        name=words.name(one.touchpoint),
        cost=pain_words.cost(one, side) + (" — данных мало" if one.is_uncertain else ""),
        interval=pain_words.interval(one.impact),
        opinions=pain_words.opinions(one.opinions, side),
        growth=pain_words.growth(one),
        compared=pain_words.compared(one, side),
        churn=_churn(one),
        weighed=one,
        themes=_themes(frame, found, one.touchpoint, side.tone),
        quotes=tuple(_quote(frame, row) for row in said),
        link=frame.opinions(one.touchpoint, side.tone),
    )


def _churn(one: Weighed) -> str:
    leaving = round(one.churn.value * one.churn.n) if one.churn else 0
    if one.churn is None or not leaving:
        return ""
    told = f"{ru.number(leaving)} из {ru.number(one.churn.n)}"
    return f"уходят {told if one.is_uncertain else f'{ru.percent(one.churn.value)} ({told})'}"


def _themes(frame: Frame, found: Overview, touchpoint: str, tone: Tone) -> tuple[ThemeLine, ...]:
    earlier = frame.where.previous() if found.counted_before else None
    lines = themes.lines(
        queries.themes(frame.session, touchpoint, tone),
        _heard(frame, frame.where, touchpoint, tone, found.figures.analysed),
        _heard(frame, earlier, touchpoint, tone, found.counted_before[1])
        if earlier and found.counted_before
        else None,
    )
    return tuple(
        ThemeLine(
            name=line.name,
            n=line.n,
            before=line.before,
            told=pain_words.voices(line.n, tone) + _was(line.before),
            link=frame.opinions(touchpoint, tone, theme=line.key),
        )
        for line in lines[:_THEMES]
        if line.n >= _HEARD
    )


def _heard(frame: Frame, where: Filter, touchpoint: str, tone: Tone, n: int) -> themes.Heard:
    return queries.theme_counts(frame.session, where, touchpoint, tone), n


def _was(before: int | None) -> str:
    return "" if before is None else f", было {ru.number(before)}"


def _quote(frame: Frame, row: QuoteRow) -> Quote:
    return Quote(
        text=row.text,
        start=row.start,
        end=row.end,
        source=row.source,
        rating=words.rating(row.rating, row.rating_scale),
        day=row.day,
        when=ru.day(row.day),
        url=row.url,
        link=frame.opinions(row.touchpoint, row.tone, day_from=row.day, day_to=row.day),
    )
