"""How the model's answers stand beside what humans said of the same texts."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, literal_column, select, union_all
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from storage import corrections
from storage.corrections import Corrected as Corrected
from storage.filters import Filter
from storage.models import (
    Analysis,
    Brand,
    Correction,
    Mention,
    MentionBrand,
    SpotCheck,
    Training,
)
from storage.queries.scope import brand_rows

#: Below this certainty (in thousandths) an answer is worth a look.
DOUBTFUL = 600
#: More doubtful answers than this are not counted one by one.
MOST_COUNTED = 1000


@dataclass(frozen=True, slots=True)
class Answer:
    """The tone that one model found; ``certainty`` is its probability of the likeliest tone."""

    version: str
    tone: str
    certainty: float
    at: datetime


@dataclass(frozen=True, slots=True)
class Check:
    """A mention whose tone a human told; ``at`` is when first. The answers are for this text."""

    mention_id: int
    source_id: int
    tone: str
    at: datetime
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class SpotCheckRow:
    """A random draw, newest first of :func:`spot_checks`; see :class:`storage.models.SpotCheck`."""

    id: int
    created_at: datetime
    model_version: str
    params: Mapping[str, Sequence[str]]
    population: int
    mention_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TrainingRow:
    """How a training or a return to former weights ended."""

    id: int
    at: datetime
    kind: str
    model_version: str
    result: Mapping[str, Any]


def checks(session: Session) -> tuple[Check, ...]:
    """All mentions whose tone a human told, corrected or confirmed, by mention id."""
    told = session.execute(
        select(
            col(Correction.mention_id),
            col(Correction.tone),
            col(Correction.created_at),
            col(Mention.source_id),
        )
        .join(Mention, _is_of_present_text())
        .where(_speaks_of_tone())
        .order_by(col(Correction.id))
    ).all()
    answers = _answers(session)
    found: dict[int, Check] = {}
    for row in told:
        first = found[row.mention_id].at if row.mention_id in found else row.created_at
        own = answers.get(row.mention_id, ())
        found[row.mention_id] = Check(row.mention_id, row.source_id, row.tone, first, own)
    return tuple(found[number] for number in sorted(found))


def lessons(session: Session, version: str) -> list[Corrected]:
    """What there is to learn from; see :func:`storage.corrections.corrected`."""
    return corrections.corrected(session, version)


def spot_checks(session: Session, *, limit: int) -> tuple[SpotCheckRow, ...]:
    """The latest random draws, newest first."""
    rows = session.scalars(select(SpotCheck).order_by(col(SpotCheck.id).desc()).limit(limit))
    return tuple(
        SpotCheckRow(
            id=row.id or 0,
            created_at=row.created_at,
            model_version=row.model_version,
            params=row.params,
            population=row.population,
            mention_ids=tuple(row.mention_ids),
        )
        for row in rows
    )


def answered(session: Session, mention_ids: Sequence[int], version: str) -> frozenset[int]:
    """Those of the mentions that are there still, with an answer of this model for their text."""
    rows = session.scalars(
        select(col(Analysis.mention_id))
        .join(Mention, col(Mention.id) == col(Analysis.mention_id))
        .where(
            col(Analysis.mention_id).in_(mention_ids),
            col(Analysis.content_hash) == col(Mention.content_hash),
            col(Analysis.model_version) == version,
            col(Analysis.tone).is_not(None),
            col(Mention.deleted_at).is_(None),
        )
    )
    return frozenset(rows)


def trainings(session: Session, *, limit: int) -> tuple[TrainingRow, ...]:
    """The latest trainings and returns, newest first."""
    rows = session.scalars(select(Training).order_by(col(Training.id).desc()).limit(limit))
    return tuple(TrainingRow(r.id or 0, r.at, r.kind, r.model_version, r.result) for r in rows)


def least_certain(
    session: Session, where: Filter, *, limit: int, without: Sequence[int] = ()
) -> tuple[int, ...]:
    """Mentions whose tone the model doubts, the least certain first; see :func:`_is_askable`.

    A walk of the index of certainty for each brand, so it ends as soon as ``limit`` are found.
    """
    parts = [
        select(col(MentionBrand.mention_id), col(MentionBrand.certainty))
        .where(col(MentionBrand.brand_id) == brand, *_doubtful(session, where))
        .where(col(MentionBrand.mention_id).not_in(without) if without else literal_column("1=1"))
        .order_by(col(MentionBrand.certainty), col(MentionBrand.day), col(MentionBrand.mention_id))
        .limit(limit)
        .subquery()
        for brand in _brands(session, where)
    ]
    if not parts:
        return ()
    together = union_all(*(select(part) for part in parts)).subquery()
    rows = session.execute(
        select(together.c.mention_id).order_by(together.c.certainty, together.c.mention_id)
    )
    return tuple(dict.fromkeys(row.mention_id for row in rows))[:limit]


def count_doubtful(session: Session, where: Filter) -> int:
    """How many there are of :func:`least_certain`, up to :data:`MOST_COUNTED`."""
    where = replace(where, brands=_brands(session, where))  # so that the index serves
    rows = (
        select(col(MentionBrand.mention_id))
        .where(*_doubtful(session, where))
        .distinct()
        .limit(MOST_COUNTED)
        .subquery()
    )
    return int(session.execute(select(func.count()).select_from(rows)).scalar_one())


def draw(session: Session, where: Filter, n: int) -> tuple[tuple[int, ...], int]:
    """Up to ``n`` mentions at random among those that the model answered, and of how many.

    Corrected ones are among them: what is known already need not be asked again.
    """
    rows = (
        select(col(MentionBrand.mention_id))
        .where(*brand_rows(session, where), col(MentionBrand.tone).is_not(None), _is_askable())
        .distinct()
        .subquery()
    )
    population = session.execute(select(func.count()).select_from(rows)).scalar_one()
    drawn = session.scalars(select(rows.c.mention_id).order_by(func.random()).limit(n))
    return tuple(drawn), int(population)


def _brands(session: Session, where: Filter) -> tuple[int, ...]:
    return where.brands or tuple(session.scalars(select(col(Brand.id))))


def _doubtful(session: Session, where: Filter) -> list[ColumnElement[bool]]:
    sure = col(MentionBrand.certainty)
    return [*brand_rows(session, where), sure.is_not(None), sure < DOUBTFUL, _is_askable()]


def _is_askable() -> ColumnElement[bool]:
    """No brand of the mention has a tone of its own: one question settles all of it.

    A human's tone is of the whole text and outranks the tone towards any brand.
    """
    other = aliased(MentionBrand)
    towards: Select[Any] = select(literal_column("1")).where(
        col(other.mention_id) == col(MentionBrand.mention_id), col(other.target_tone).is_not(None)
    )
    return ~exists(towards.correlate(MentionBrand))


def _is_of_present_text() -> ColumnElement[bool]:
    return and_(
        col(Mention.id) == col(Correction.mention_id),
        col(Mention.content_hash) == col(Correction.content_hash),
        col(Mention.deleted_at).is_(None),
    )


def _speaks_of_tone() -> ColumnElement[bool]:
    return and_(col(Correction.undone_at).is_(None), col(Correction.tone).is_not(None))


def _answers(session: Session) -> dict[int, tuple[Answer, ...]]:
    """All answers for the present texts of mentions whose tone a human told."""
    judged = select(col(Correction.mention_id)).where(_speaks_of_tone())
    rows = session.execute(
        select(
            col(Analysis.mention_id),
            col(Analysis.model_version),
            col(Analysis.tone),
            col(Analysis.negative),
            col(Analysis.neutral),
            col(Analysis.positive),
            col(Analysis.analysed_at),
        )
        .join(Mention, col(Mention.id) == col(Analysis.mention_id))
        .where(
            col(Analysis.mention_id).in_(judged),
            col(Analysis.content_hash) == col(Mention.content_hash),
            col(Analysis.tone).is_not(None),
        )
        .order_by(col(Analysis.analysed_at), col(Analysis.id))
    )
    found: dict[int, list[Answer]] = defaultdict(list)
    for row in rows:
        sure = max(row.negative or 0.0, row.neutral or 0.0, row.positive or 0.0)
        found[row.mention_id].append(Answer(row.model_version, row.tone, sure, row.analysed_at))
    return {number: tuple(own) for number, own in found.items()}
