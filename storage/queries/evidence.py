"""What proves an alert: which mentions tell it best, and a quote of each."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from nlp.labels import Tone
from storage.filters import Filter
from storage.models import Mention, MentionBrand, Opinion, Source
from storage.queries.mentions import listed
from storage.queries.quotes import QuoteRow, quotes, sentence

#: Characters of a text that no opinion is cut out of.
_BEGINNING = 200
#: Quotes of a touchpoint that are asked for.
_EACH = 3


def telling(session: Session, where: Filter, *, limit: int) -> tuple[int, ...]:
    """Mentions of the filter, those with the most telling quotes first, then the newest."""
    best: list[int] = []
    for tone in where.tones if where.touchpoints else ():
        if tone in (Tone.NEGATIVE, Tone.POSITIVE):
            found = quotes(session, where, Tone(tone), per_touchpoint=_EACH)
            best += [row.mention_id for own in found.values() for row in own]
    newest = listed(session, where, limit=limit)
    return tuple(dict.fromkeys([*best, *newest]))[:limit]


def evidence(session: Session, where: Filter, mention_ids: Sequence[int]) -> dict[int, QuoteRow]:
    """A quote of each of the mentions that are still there, by id.

    It is the surest opinion that the filter asks for; where it asks for none, the beginning of the
    text with an opinion in it, if there is one.
    """
    if not mention_ids:
        return {}
    opinions = _opinions(session, where, mention_ids)
    label = func.coalesce(func.nullif(col(Source.title), ""), col(Source.name)).label("source")
    tone = (
        select(func.max(MentionBrand.tone))
        .where(col(MentionBrand.mention_id) == col(Mention.id))
        .correlate(Mention)
        .scalar_subquery()
    )
    columns: list[Any] = [
        *(col(Mention.id), col(Mention.text), col(Mention.rating), col(Mention.rating_scale)),
        *(col(Mention.url), col(Mention.day), label, tone.label("tone")),
    ]
    rows = session.execute(
        select(*columns)
        .join(Source, col(Source.id) == col(Mention.source_id))
        .where(col(Mention.id).in_(mention_ids), col(Mention.deleted_at).is_(None))
    )
    asks = bool(where.touchpoints or where.tones)
    return {row.id: _quote(row, opinions.get(row.id), asks=asks) for row in rows}


def _opinions(session: Session, where: Filter, mention_ids: Sequence[int]) -> dict[int, Opinion]:
    """The opinion that shows best why each mention is here; most filters ask for none."""
    query = select(Opinion).where(
        col(Opinion.mention_id).in_(mention_ids), col(Opinion.end) > col(Opinion.start)
    )
    if where.brands:
        query = query.where(col(Opinion.brand_id).in_(where.brands))
    found: dict[int, list[Opinion]] = defaultdict(list)
    for opinion in session.scalars(query.order_by(col(Opinion.id))):
        found[opinion.mention_id].append(opinion)

    def rank(opinion: Opinion) -> tuple[bool, bool, bool, float]:
        return (
            bool(where.touchpoints) and opinion.touchpoint in where.touchpoints,
            bool(where.tones) and opinion.tone in where.tones,
            opinion.tone == Tone.NEGATIVE,
            opinion.score or 0.0,
        )

    return {number: max(own, key=rank) for number, own in found.items()}


def _quote(row: Any, opinion: Opinion | None, *, asks: bool) -> QuoteRow:
    start, end = (opinion.start, opinion.end) if opinion else (0, 0)
    if opinion and asks:
        text, start, end = sentence(row.text, start, end)
    else:
        skipped = len(row.text) - len(row.text.lstrip())
        text, _, told = sentence(row.text, skipped, skipped + _BEGINNING)
        is_inside = skipped <= start and end <= skipped + told
        start, end = (start - skipped, end - skipped) if is_inside else (0, 0)
    return QuoteRow(
        mention_id=row.id,
        touchpoint=opinion.touchpoint if opinion else "",
        tone=opinion.tone if opinion else row.tone or str(Tone.NEUTRAL),
        text=text,
        start=start,
        end=end,
        source=row.source,
        rating=row.rating,
        rating_scale=row.rating_scale,
        day=row.day,
        url=row.url,
    )
