"""A mention as it is shown and exported, with all that hangs on it."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, func, select
from sqlmodel import Session, col

from storage.filters import Filter
from storage.models import (
    Analysis,
    Brand,
    Correction,
    Handling,
    Mention,
    MentionBrand,
    Opinion,
    Source,
)
from storage.personal import shown
from storage.queries.catalog import setting
from storage.queries.conditions import HELD
from storage.queries.handled import UNHANDLED, Handled, handled_of


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
    ``is_repeat`` tells that others of it are counted in its place, for every brand asked for.
    ``who`` is the author as :class:`storage.filters.Filter` wants it; ``reactions`` are likes,
    comments and reposts together, None where the source tells none of them.
    ``corrected`` tells that a human judged it, ``confirmed`` that the model had said just so.
    ``handled`` is how far the team is with it.
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
    confirmed: bool = False
    error: str | None = None
    language: str = ""
    city: str | None = None
    app_version: str | None = None
    repeats: int = 0
    reposts: int = 0
    is_repeat: bool = False
    source_id: int = 0
    who: str = ""
    views: int | None = None
    reactions: int | None = None
    handled: Handled = UNHANDLED

    @property
    def confidence(self) -> float | None:
        """How sure the model is of the tone; None where a human set it or it is a brand's own."""
        own = self.corrected or self.tone != self.text_tone
        return max(self.scores) if self.scores and not own else None


def load(session: Session, where: Filter, ids: Sequence[int]) -> tuple[MentionRow, ...]:
    """These mentions, in this order, in a fixed number of queries."""
    if not ids:
        return ()
    rows = session.execute(
        select(Mention, col(Source.name), col(Source.title), Handling)
        .join(Source, col(Source.id) == col(Mention.source_id))
        .outerjoin(Handling, and_(col(Handling.mention_id) == col(Mention.id), HELD))
        .where(col(Mention.id).in_(ids))
    ).all()
    known = _Known(
        brands=_brands(session, where, ids),
        opinions=_opinions(session, where, ids),
        analyses=_analyses(session, ids),
        corrections=_corrections(session, ids),
        groups=_groups(session, {row[0].group_id for row in rows if row[0].group_id}),
        handled={row[0].id or 0: handled_of(row[0], row[3]) for row in rows},
    )
    found = {mention.id: _row(mention, source, title, known) for mention, source, title, _ in rows}
    session.expunge_all()  # an export would otherwise keep every row it has passed
    return tuple(found[number] for number in ids if number in found)


@dataclass(frozen=True, slots=True)
class _Brands:
    """What a mention is counted for: its brands, those that were asked for first."""

    tones: tuple[BrandTone, ...] = ()
    kind: str | None = None
    is_repeat: bool = False


@dataclass(frozen=True, slots=True)
class _Known:
    """What hangs on the mentions of a page, by mention (corrections also by its content)."""

    brands: Mapping[int, _Brands]
    opinions: Mapping[int, tuple[OpinionRow, ...]]
    analyses: Mapping[int, Analysis]
    corrections: Mapping[tuple[int, str], Correction]
    #: By group: how many mentions, and how many reposts among them.
    groups: Mapping[int, tuple[int, int]]
    handled: Mapping[int, Handled]


def _row(mention: Mention, source: str, title: str, known: _Known) -> MentionRow:
    number = mention.id or 0
    brands = known.brands.get(number, _Brands())
    analysis = known.analyses.get(number)
    correction = known.corrections.get((number, mention.content_hash))
    told = [n for n in (mention.likes, mention.comments, mention.reposts) if n is not None]
    together, reposts = known.groups.get(mention.group_id or 0, (1, 0))
    return MentionRow(
        id=number,
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
        source=source,
        source_title=title or source,
        brands=brands.tones,
        tone=brands.tones[0].tone if brands.tones else None,
        text_tone=_text_tone(analysis, correction),
        kind=brands.kind,
        scores=_scores(analysis),
        intents=tuple(analysis.intents) if analysis else (),
        opinions=known.opinions.get(number, ()),
        corrected=correction is not None,
        confirmed=_is_confirmation(analysis, correction),
        error=analysis.error if analysis else None,
        language=mention.language,
        city=mention.city,
        app_version=mention.app_version,
        repeats=together - 1,
        reposts=reposts - (mention.group_id is not None and mention.repost_of is not None),
        is_repeat=brands.is_repeat,
        source_id=mention.source_id,
        who=mention.author_id or mention.author or "",
        views=mention.views,
        reactions=sum(told) if told else None,
        handled=known.handled[number],
    )


def _text_tone(analysis: Analysis | None, correction: Correction | None) -> str | None:
    corrected = correction.tone if correction else None
    return corrected or (analysis.tone if analysis else None)


def _is_confirmation(analysis: Analysis | None, correction: Correction | None) -> bool:
    return bool(
        analysis
        and correction
        and correction.tone in (None, analysis.tone)
        and correction.kind in (None, analysis.kind)
        and correction.opinions is None
    )


def _scores(analysis: Analysis | None) -> tuple[float, float, float] | None:
    if analysis is None or analysis.negative is None:
        return None
    return analysis.negative, analysis.neutral or 0.0, analysis.positive or 0.0


def _brands(session: Session, where: Filter, ids: Sequence[int]) -> dict[int, _Brands]:
    rows = session.execute(
        select(MentionBrand, col(Brand.code), col(Brand.name))
        .join(Brand, col(Brand.id) == col(MentionBrand.brand_id))
        .where(col(MentionBrand.mention_id).in_(ids))
    ).all()
    order = {brand: place for place, brand in enumerate(where.brands)}
    rows = sorted(rows, key=lambda row: (order.get(row[0].brand_id, len(order)), row[0].brand_id))
    found: dict[int, list[tuple[MentionBrand, BrandTone]]] = defaultdict(list)
    for row, code, name in rows:
        found[row.mention_id].append((row, BrandTone(row.brand_id, code, name, row.tone)))
    return {
        number: _Brands(
            tones=tuple(tone for _, tone in own),
            kind=own[0][0].kind,
            is_repeat=all(row.is_repeat for row, _ in own if not order or row.brand_id in order),
        )
        for number, own in found.items()
    }


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


def _opinions(
    session: Session, where: Filter, ids: Sequence[int]
) -> dict[int, tuple[OpinionRow, ...]]:
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
    return {number: tuple(opinions) for number, opinions in found.items()}


def _analyses(session: Session, ids: Sequence[int]) -> dict[int, Analysis]:
    """What holds for each mention, as storage.labelling chooses it; else a failure, to tell it."""
    model = setting(session, "model")
    rows = session.scalars(
        select(Analysis)
        .join(Mention, col(Mention.id) == col(Analysis.mention_id))
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
