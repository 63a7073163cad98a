"""Mentions themselves: a page of them, how many there are, and all of them as a stream."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import cast

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col

from storage.filters import Filter
from storage.models import Analysis, Brand, Correction, Mention, MentionBrand, Opinion, Source
from storage.personal import shown
from storage.queries.catalog import setting
from storage.queries.scope import brand_rows

_BATCH = 500

#: A stored mention always has its id.
_id = cast(Mapped[int], col(Mention.id))


@dataclass(frozen=True, slots=True)
class BrandTone:
    """A brand that the mention is counted for, and the tone towards it (None: not analysed)."""

    id: int
    code: str
    name: str
    tone: str | None


@dataclass(frozen=True, slots=True)
class OpinionRow:
    """A judgement with its place in the text; ``score`` is None where a human set it."""

    touchpoint: str
    tone: str
    start: int
    end: int
    score: float | None


@dataclass(frozen=True, slots=True)
class MentionRow:
    """A mention as it is shown and exported.

    ``tone`` is the one that holds for the first of its brands that the filter asks for,
    ``text_tone`` that of the text as a whole, which a tone towards a brand may differ from;
    ``scores`` are the model's probabilities of negative, neutral, positive; ``error`` says why
    the text could not be analysed. ``author`` is shown as «автор a1b2c3» where only a hash of it
    is stored. ``repeats`` counts the others of its group, ``reposts`` the reposts among them;
    ``is_repeat`` tells that another one of the group is counted in its place.
    """

    id: int
    external_id: str
    published_at: datetime
    day: date
    date_known: bool
    text: str
    url: str
    author: str | None
    rating: float | None
    rating_scale: int
    nps: int | None
    place: str | None
    product: str | None
    answer: str | None
    source: str
    source_title: str
    brands: tuple[BrandTone, ...] = ()
    tone: str | None = None
    text_tone: str | None = None
    kind: str | None = None
    scores: tuple[float, float, float] | None = None
    intents: tuple[str, ...] = ()
    opinions: tuple[OpinionRow, ...] = ()
    corrected: bool = False
    error: str | None = None
    language: str = ""
    city: str | None = None
    app_version: str | None = None
    repeats: int = 0
    reposts: int = 0
    is_repeat: bool = False

    @property
    def confidence(self) -> float | None:
        """How sure the model is of the tone; None where a human set it or it is a brand's own."""
        own = self.corrected or self.tone != self.text_tone
        return max(self.scores) if self.scores and not own else None


def mentions(
    session: Session, where: Filter, *, limit: int, offset: int = 0
) -> tuple[MentionRow, ...]:
    """A page of mentions, newest first, in a fixed number of queries."""
    ids = session.scalars(_ids(session, where).limit(limit).offset(offset)).all()
    return _load(session, where, ids)


def repeats(session: Session, mention_id: int, *, limit: int) -> tuple[MentionRow, ...]:
    """The others of the mention's group, the earliest first."""
    group = select(col(Mention.group_id)).where(_id == mention_id).scalar_subquery()
    ids = (
        select(_id)
        .where(col(Mention.group_id) == group, _id != mention_id)
        .order_by(col(Mention.published_at), _id)
        .limit(limit)
    )
    return _load(session, Filter(), session.scalars(ids).all())


def count(session: Session, where: Filter) -> int:
    """How many mentions :func:`mentions` pages over (each once, whatever its brands)."""
    rows = select(func.count(func.distinct(col(MentionBrand.mention_id)))).where(
        *brand_rows(session, where)
    )
    return int(session.execute(rows).scalar_one())


def export(session: Session, where: Filter) -> Iterator[MentionRow]:
    """All mentions of the filter, newest first, read in batches.

    Only the ids are taken at once, so rows that arrive meanwhile change nothing.
    """
    remaining = iter(session.scalars(_ids(session, where)).all())
    while batch := list(islice(remaining, _BATCH)):
        yield from _load(session, where, batch)


def _ids(session: Session, where: Filter) -> Select[int]:
    rows = select(col(MentionBrand.mention_id)).where(*brand_rows(session, where))
    # Few mentions hold a word: they are looked up. Other filters leave many: mentions are walked
    # newest first until the page is full.
    own_row = rows.where(col(MentionBrand.mention_id) == _id).correlate(Mention)
    chosen = _id.in_(rows) if where.text else exists(own_row)
    return (
        select(_id)
        .where(chosen, *_around(where))
        .order_by(col(Mention.published_at).desc(), _id.desc())
    )


def _around(where: Filter) -> list[ColumnElement[bool]]:
    """Bounds of the moment a day wider than those of the day, whatever its zone.

    The rows are walked newest first, and this tells the index where to begin and to stop.
    """
    moment, midnight = col(Mention.published_at), time(tzinfo=UTC)
    bounds: list[ColumnElement[bool]] = []
    if where.day_from:
        bounds.append(moment >= datetime.combine(where.day_from - timedelta(days=1), midnight))
    if where.day_to:
        bounds.append(moment < datetime.combine(where.day_to + timedelta(days=2), midnight))
    return bounds


def _load(session: Session, where: Filter, ids: Sequence[int]) -> tuple[MentionRow, ...]:
    if not ids:
        return ()
    brands = _brands(session, where, ids)
    opinions = _opinions(session, where, ids)
    analyses = _analyses(session, ids)
    corrections = _corrections(session, ids)
    rows = session.execute(
        select(Mention, col(Source.name), col(Source.title))
        .join(Source, col(Source.id) == col(Mention.source_id))
        .where(col(Mention.id).in_(ids))
    ).all()
    groups = _groups(session, {mention.group_id for mention, _, _ in rows if mention.group_id})
    found: dict[int, MentionRow] = {}
    for mention, source, title in rows:
        number = mention.id or 0
        own, kind, is_repeat = brands.get(number, ((), None, False))
        found[number] = _row(
            mention,
            (source, title or source),
            own,
            (kind, is_repeat),
            tuple(opinions.get(number, ())),
            analyses.get(number),
            corrections.get((number, mention.content_hash)),
            groups.get(mention.group_id or 0, (1, 0)),
        )
    session.expunge_all()  # an export would otherwise keep every row it has passed
    return tuple(found[number] for number in ids if number in found)


def _row(
    mention: Mention,
    source: tuple[str, str],
    brands: tuple[BrandTone, ...],
    labels: tuple[str | None, bool],
    opinions: tuple[OpinionRow, ...],
    analysis: Analysis | None,
    correction: Correction | None,
    group: tuple[int, int],
) -> MentionRow:
    scores = None
    if analysis and analysis.negative is not None:
        scores = (analysis.negative, analysis.neutral or 0.0, analysis.positive or 0.0)
    return MentionRow(
        id=mention.id or 0,
        external_id=mention.external_id,
        published_at=mention.published_at,
        day=mention.day,
        date_known=mention.date_known,
        text=mention.text,
        url=mention.url,
        author=shown(mention.author),
        rating=mention.rating,
        rating_scale=mention.rating_scale,
        nps=mention.nps,
        place=mention.place,
        product=mention.product,
        answer=mention.answer_text,
        source=source[0],
        source_title=source[1],
        brands=brands,
        tone=brands[0].tone if brands else None,
        text_tone=(correction.tone if correction else None)
        or (analysis.tone if analysis else None),
        kind=labels[0],
        scores=scores,
        intents=tuple(analysis.intents) if analysis else (),
        opinions=opinions,
        corrected=correction is not None,
        error=analysis.error if analysis else None,
        language=mention.language,
        city=mention.city,
        app_version=mention.app_version,
        repeats=group[0] - 1,
        reposts=group[1] - (mention.group_id is not None and mention.repost_of is not None),
        is_repeat=labels[1],
    )


def _brands(
    session: Session, where: Filter, ids: Sequence[int]
) -> dict[int, tuple[tuple[BrandTone, ...], str | None, bool]]:
    """Brands of each mention, those the filter asks for first, its kind, whether it is a repeat."""
    rows = session.execute(
        select(MentionBrand, col(Brand.code), col(Brand.name))
        .join(Brand, col(Brand.id) == col(MentionBrand.brand_id))
        .where(col(MentionBrand.mention_id).in_(ids))
    ).all()
    order = {brand: place for place, brand in enumerate(where.brands)}
    rows = sorted(rows, key=lambda row: (order.get(row[0].brand_id, len(order)), row[0].brand_id))
    found: dict[int, list[BrandTone]] = defaultdict(list)
    first: dict[int, tuple[str | None, bool]] = {}
    for row, code, name in rows:
        found[row.mention_id].append(BrandTone(row.brand_id, code, name, row.tone))
        first.setdefault(row.mention_id, (row.kind, row.is_repeat))
    return {number: (tuple(tones), *first[number]) for number, tones in found.items()}


def _groups(session: Session, ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """How many mentions, and how many reposts among them, these groups have; most have no group."""
    if not ids:
        return {}
    rows = session.execute(
        select(col(Mention.group_id), func.count(), func.count(col(Mention.repost_of)))
        .where(col(Mention.group_id).in_(ids))
        .group_by(col(Mention.group_id))
    )
    return {group: (n, reposts) for group, n, reposts in rows}


def _opinions(session: Session, where: Filter, ids: Sequence[int]) -> dict[int, list[OpinionRow]]:
    """Opinions in the order of the text; one that counts for several brands comes once."""
    rows = session.scalars(
        select(Opinion)
        .where(
            col(Opinion.mention_id).in_(ids),
            *([col(Opinion.brand_id).in_(where.brands)] if where.brands else []),
        )
        .order_by(col(Opinion.start), col(Opinion.end), col(Opinion.id))
    )
    found: dict[int, dict[OpinionRow, None]] = defaultdict(dict)
    for row in rows:
        opinion = OpinionRow(row.touchpoint, row.tone, row.start, row.end, row.score)
        found[row.mention_id][opinion] = None
    return {number: list(opinions) for number, opinions in found.items()}


def _analyses(session: Session, ids: Sequence[int]) -> dict[int, Analysis]:
    """What holds for each mention, as storage.labelling chooses it; else a failure, to tell it."""
    model = setting(session, "model")
    rows = session.scalars(
        select(Analysis)
        .join(Mention, _id == col(Analysis.mention_id))
        .where(
            col(Analysis.mention_id).in_(ids),
            col(Analysis.content_hash) == col(Mention.content_hash),
        )
        .order_by(col(Analysis.analysed_at), col(Analysis.id))
    ).all()
    rows = sorted(rows, key=lambda row: (row.error is None, row.model_version == model))
    return {row.mention_id: row for row in rows}


def _corrections(session: Session, ids: Sequence[int]) -> dict[tuple[int, str], Correction]:
    """The correction in force, by mention and content hash."""
    rows = session.scalars(
        select(Correction)
        .where(col(Correction.mention_id).in_(ids), col(Correction.undone_at).is_(None))
        .order_by(col(Correction.id))
    )
    return {(row.mention_id, row.content_hash): row for row in rows}
