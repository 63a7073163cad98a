"""What people said, in their own words: the most telling quotes of each touchpoint."""

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, case, func, select, tuple_
from sqlmodel import Session, col

from nlp.labels import Tone, Touchpoint
from storage.filters import Filter
from storage.models import Brand, Mention, MentionBrand, Opinion, OpinionDaily, Source
from storage.queries.scope import opinion_facts, that_count

#: So many of the latest opinions of a touchpoint are compared, and the others of their days.
_LATEST = 60
_LATELY = timedelta(days=90)
#: Evidence of such lengths can be read at a glance and still says what happened.
_SHORT, _LONG = 30, 140
#: What is left of an opinion's worth where the rating says the contrary.
_AGAINST = 0.75
#: Characters shown at most, and how far around the evidence its sentence is looked for.
_SHOWN = 260
_AROUND = 200
#: Read for each one that is asked for: some are of one mention, or say the same.
_SPARE = 3

_END_OF_SENTENCE = re.compile(r"[.!?…]+[»\")\]]*\s|\n")


@dataclass(frozen=True, slots=True)
class QuoteRow:
    """A fragment of a mention; its evidence stands at ``start``…``end`` of ``text``.

    ``rating`` is as the source gave it, of ``rating_scale``; ``source`` is the source's title.
    """

    mention_id: int
    touchpoint: str
    tone: str
    text: str
    start: int
    end: int
    source: str
    rating: float | None
    rating_scale: int
    day: date
    url: str


def quotes(
    session: Session, where: Filter, tone: Tone, *, per_touchpoint: int = 1
) -> dict[str, tuple[QuoteRow, ...]]:
    """The most telling opinions of ``tone`` by touchpoint, the best first, in a few queries.

    Of the latest ones of a touchpoint those come first of which the model is sure and that are
    neither a word nor a tale; a mention is quoted once a touchpoint, and so are the same words.
    """
    days = _latest_days(session, where, tone)
    if not days:
        return {}
    best = _best(session, where, tone, days, per_touchpoint * _SPARE)
    rows = session.execute(with_texts(best).order_by(best.c.touchpoint, best.c.place))
    found: dict[str, list[QuoteRow]] = defaultdict(list)
    for row in rows:
        quote, others = quote_of(row, tone), found[row.touchpoint]
        if len(others) < per_touchpoint and not any(_is_same(quote, other) for other in others):
            others.append(quote)
    return {touchpoint: tuple(own) for touchpoint, own in found.items()}


def with_texts(chosen: Subquery) -> Select[Any]:
    """Opinions (mention_id, touchpoint, day, start, end) with what :func:`quote_of` takes."""
    begin = case((chosen.c.start > _AROUND, chosen.c.start - _AROUND), else_=0)
    return (
        select(
            chosen,
            begin.label("begin"),
            func.substr(col(Mention.text), begin + 1, 2 * _AROUND + _SHOWN).label("text"),
            col(Mention.rating),
            col(Mention.rating_scale),
            col(Mention.url),
            func.coalesce(func.nullif(col(Source.title), ""), col(Source.name)).label("source"),
        )
        .join(Mention, col(Mention.id) == chosen.c.mention_id)
        .join(Source, col(Source.id) == col(Mention.source_id))
    )


def _latest_days(session: Session, where: Filter, tone: Tone) -> dict[str, list[date]]:
    """The latest days of each touchpoint that hold enough opinions to choose from.

    Where much is said, the last weeks tell; all days are summed only if they do not.
    """
    last = where.day_to or _last_day(session, where)
    if last is None:
        return {}
    first = last - _LATELY
    if where.day_from is None or where.day_from < first:
        found, is_enough = _days(session, replace(where, day_from=first), tone)
        if is_enough:
            return found
    return _days(session, where, tone)[0]


def _days(session: Session, where: Filter, tone: Tone) -> tuple[dict[str, list[date]], bool]:
    """The latest days of each touchpoint, and whether there are enough opinions about all."""
    facts = opinion_facts(session, where)
    daily = (
        select(facts.c.touchpoint, facts.c.day, func.sum(facts.c.n).label("n"))
        .where(facts.c.tone == str(tone), facts.c.n > 0)
        .group_by(facts.c.touchpoint, facts.c.day)
        .subquery()
    )
    until = func.sum(daily.c.n).over(partition_by=daily.c.touchpoint, order_by=daily.c.day.desc())
    summed = select(daily, until.label("until")).subquery()
    found: dict[str, list[date]] = defaultdict(list)
    enough = set()
    for touchpoint, day, so_far in session.execute(
        select(summed.c.touchpoint, summed.c.day, summed.c.until).where(
            summed.c.until - summed.c.n < _LATEST
        )
    ):
        found[touchpoint].append(day)
        if so_far >= _LATEST:
            enough.add(touchpoint)
    return found, enough >= {*(where.touchpoints or map(str, Touchpoint))}


def _last_day(session: Session, where: Filter) -> date | None:
    """The last day with an opinion; looked up brand by brand, as the roll-up is kept."""
    own = select(func.max(col(OpinionDaily.day))).where(col(OpinionDaily.brand_id) == col(Brand.id))
    last = select(func.max(own.scalar_subquery()))
    if where.brands:
        last = last.where(col(Brand.id).in_(where.brands))
    found: date | None = session.execute(last.select_from(Brand)).scalar_one()
    return found


def _best(
    session: Session, where: Filter, tone: Tone, days: dict[str, list[date]], limit: int
) -> Subquery:
    """The first ``limit`` opinions of each touchpoint with their ``place``."""
    length = col(Opinion.end) - col(Opinion.start)
    fit: ColumnElement[float] = case(
        (length < _SHORT, length * 1.0 / _SHORT),
        (length > _LONG, _LONG * 1.0 / length),
        else_=1.0,
    )
    # A complaint among five stars is more often a slip of the model, and tells less.
    against = (4, 5) if tone is Tone.NEGATIVE else (1, 2)
    stars = case((col(MentionBrand.rating).in_(against), _AGAINST), else_=1.0)
    worth = func.coalesce(col(Opinion.score), 1.0) * fit * stars
    order = (worth.desc(), col(Opinion.day).desc(), col(Opinion.id).desc())
    ranked: Any = that_count(
        session,
        # Brand and day are said of the opinions, so that no plan begins elsewhere.
        replace(where, brands=(), day_from=None, day_to=None),
        *(getattr(Opinion, name) for name in ("mention_id", "touchpoint", "day", "start", "end")),
        func.row_number().over(partition_by=col(Opinion.touchpoint), order_by=order).label("place"),
    ).where(
        col(Opinion.tone) == str(tone),
        col(Opinion.end) > col(Opinion.start),
        col(Opinion.brand_id).in_(where.brands or select(col(Brand.id))),
        tuple_(col(Opinion.touchpoint), col(Opinion.day)).in_(
            [(touchpoint, day) for touchpoint, own in days.items() for day in own]
        ),
    )
    if not where.text:
        # For the index, which is not used for pairs. Few mentions hold a word: these lead there.
        ranked = ranked.where(
            col(Opinion.touchpoint).in_(days),
            col(Opinion.day).in_({day for own in days.values() for day in own}),
        )
    numbered = ranked.subquery()
    return select(numbered).where(numbered.c.place <= limit).subquery()


def quote_of(row: Any, tone: Tone) -> QuoteRow:
    """The quote of a row of :func:`with_texts`."""
    text, start, end = sentence(row.text, row.start - row.begin, row.end - row.begin, row.begin > 0)
    return QuoteRow(
        mention_id=row.mention_id,
        touchpoint=row.touchpoint,
        tone=str(tone),
        text=text,
        start=start,
        end=end,
        source=row.source,
        rating=row.rating,
        rating_scale=row.rating_scale,
        day=row.day,
        url=row.url,
    )


def _is_same(one: QuoteRow, other: QuoteRow) -> bool:
    if one.mention_id == other.mention_id:
        return True
    mine, others = (quote.text[quote.start : quote.end] for quote in (one, other))
    return mine.casefold() == others.casefold()


def sentence(text: str, start: int, end: int, is_cut: bool = False) -> tuple[str, int, int]:
    """The sentence of ``text`` that ``start``…``end`` stands in, and where it stands there.

    What is too long is cut at a word, which «…» tells; ``is_cut`` says that ``text`` itself has
    lost its beginning. White space becomes plain spaces.
    """
    start, end = max(start, 0), min(end, len(text), max(start, 0) + _SHOWN)
    room = (_SHOWN - (end - start)) // 2
    left = max((match.end() for match in _END_OF_SENTENCE.finditer(text, 0, start)), default=0)
    following = _END_OF_SENTENCE.search(text, max(end - 1, start))
    right = following.end() if following else len(text)
    begins_inside = left == 0 and is_cut
    if start - left > room:
        left, begins_inside = _word(text, start - room, start), True
    ends_inside = right < len(text) and not following
    if right - end > room:
        right, ends_inside = max(text.rfind(" ", end, end + room), end), True
    shown = re.sub(r"\s", " ", text[left:right])
    shown = shown.rstrip()
    skipped = len(shown) - len(shown.lstrip())
    shown = shown.lstrip()
    before = "…" if begins_inside else ""
    offset, most = left + skipped - len(before), len(before) + len(shown)
    start, end = (min(max(place - offset, len(before)), most) for place in (start, end))
    return before + shown + ("…" if ends_inside else ""), start, end


def _word(text: str, low: int, high: int) -> int:
    """Where a word begins between ``low`` and ``high``."""
    space = text.find(" ", low, high)
    return high if space < 0 else space + 1
