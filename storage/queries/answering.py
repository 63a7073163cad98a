"""How far the answers to mentions are: who was answered, how soon, who is at the others.

A mention is answered where its source tells an answer of the company or the team set «answered».
It was answered when the source says, else at the first step that said «answered». A mention of
several brands counts for each of them, as in every figure.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    Integer,
    Select,
    case,
    cast,
    exists,
    extract,
    func,
    literal_column,
    select,
    text,
)
from sqlmodel import Session, col

from storage.columns import Status
from storage.filters import Filter
from storage.models import Handling, Mention, MentionBrand, Source
from storage.queries.conditions import COUNTS, HELD, TOLD, Conditions, of_rows, told_in
from storage.queries.scope import mention_facts, spoken

#: At most so many names of assignees are offered.
_MOST_NAMES = 200
#: Stands for an answer that is older than its mention.
_EARLY = -1


@dataclass(frozen=True, slots=True)
class AnswerCount:
    """Mentions of a source and a day: all (``n``), and by what became of them; others are new."""

    source_id: int
    day: date
    n: int
    answered: int = 0
    working: int = 0
    ignored: int = 0

    def of(self, statuses: Sequence[str]) -> int:
        """How many are of any of these statuses."""
        known = {str(Status.ANSWERED): self.answered, str(Status.WORKING): self.working}
        known[Status.IGNORED] = self.ignored
        known[Status.NEW] = self.n - sum(known.values())
        return sum(known[status] for status in statuses)


@dataclass(frozen=True, slots=True)
class Waits:
    """How long answers took: pairs of whole minutes and how many, in order.

    ``undated`` answers, or mentions, have no date; ``early`` ones are older than their mention.
    """

    minutes: tuple[tuple[int, int], ...] = ()
    undated: int = 0
    early: int = 0


@dataclass(frozen=True, slots=True)
class AnswerSources:
    """Ids of sources of which any mention ``told`` an answer, or was ``handled`` by the team."""

    told: frozenset[int]
    handled: frozenset[int]


@dataclass(frozen=True, slots=True)
class HandlingRow:
    """A step of a mention's handling; ``undone`` where it was taken back."""

    status: Status
    assignee: str
    note: str
    at: datetime
    undone: bool


def answer_counts(session: Session, where: Filter) -> tuple[AnswerCount, ...]:
    """Mentions by source and day, of any status: what the filter asks of that is left out."""
    where = replace(where, statuses=())
    return _until(session, where, where.before) if where.before else _counted(session, where)


def whole_before(moment: datetime) -> date:
    """The latest day of which all was published before the moment, whatever the zone of days."""
    return moment.astimezone(UTC).date() - timedelta(days=2)


def answer_waits(session: Session, where: Filter) -> dict[int, Waits]:
    """How long the answered mentions of each source id waited."""
    where = replace(where, statuses=())
    at = func.coalesce(col(Mention.answered_at), col(Handling.answered_at))
    wait = _minutes(session, at)
    # Of the source's answers first, then what only a status tells.
    told = _rows(session, where, (col(MentionBrand.source_id), wait), is_told=True)
    by_status = _rows(session, where, (col(MentionBrand.source_id), wait), is_told=False).where(
        col(Handling.status) == str(Status.ANSWERED)
    )
    found: dict[int, Counter[int | None]] = defaultdict(Counter)
    for part in (told, by_status):
        for source_id, minutes, n in session.execute(part):
            found[source_id][minutes] += n
    return {source_id: _waits(counts) for source_id, counts in found.items()}


def answers_by_assignee(session: Session, where: Filter) -> dict[str, dict[Status, int]]:
    """Mentions that are assigned to somebody, by name and status."""
    where = replace(where, statuses=())
    status = case((TOLD, str(Status.ANSWERED)), else_=col(Handling.status))
    key = (col(Handling.assignee), status)
    rows = (
        select(*key, func.count())
        .select_from(Handling)
        .join(Mention, col(Mention.id) == col(Handling.mention_id))
        .join(MentionBrand, col(MentionBrand.mention_id) == col(Handling.mention_id))
        .where(HELD, col(Handling.assignee) != "", *_of(session, where))
        .group_by(*key)
    )
    found: dict[str, dict[Status, int]] = defaultdict(dict)
    for assignee, own, count in session.execute(rows):
        found[assignee][Status(own)] = int(count)
    return dict(found)


def answer_sources(session: Session) -> AnswerSources:
    """Where anything is known of answers, whatever the filter."""
    answer: Select[Any] = select(literal_column("1")).where(
        col(Mention.source_id) == col(Source.id), TOLD
    )
    told = session.scalars(select(col(Source.id)).where(exists(answer.correlate(Source))))
    # A function of the column keeps SQLite from walking all mentions in the order of sources.
    source_id = func.coalesce(col(Mention.source_id), col(Mention.source_id))
    by_hand = (
        select(source_id)
        .join(Handling, col(Handling.mention_id) == col(Mention.id))
        .where(HELD, col(Handling.status) != str(Status.NEW))
        .distinct()
    )
    return AnswerSources(
        frozenset(number for number in told if number is not None),
        frozenset(number for number in session.scalars(by_hand) if number is not None),
    )


def assignees(session: Session) -> tuple[str, ...]:
    """Names that mentions are assigned to, in alphabetical order."""
    name = col(Handling.assignee)
    found = select(name).where(HELD, name != "").distinct().order_by(name).limit(_MOST_NAMES)
    return tuple(session.scalars(found))


def handling_steps(session: Session, mention_id: int) -> tuple[HandlingRow, ...]:
    """All steps of a mention, the latest first, those taken back too."""
    rows = session.scalars(
        select(Handling)
        .where(col(Handling.mention_id) == mention_id)
        .order_by(col(Handling.id).desc())
    )
    return tuple(
        HandlingRow(
            Status(row.status), row.assignee, row.note, row.created_at, row.undone_at is not None
        )
        for row in rows
    )


def _until(session: Session, where: Filter, before: datetime) -> tuple[AnswerCount, ...]:
    """Of a moment only the last days are counted row by row."""
    whole = whole_before(before)
    early = replace(where, before=None, day_to=min(where.day_to or whole, whole))
    start = max(where.day_from or whole, whole + timedelta(days=1))
    rows = _counted(session, replace(where, day_from=start))
    if where.day_from is None or where.day_from <= whole:
        rows = _counted(session, early) + rows
    return rows


def _counted(session: Session, where: Filter) -> tuple[AnswerCount, ...]:
    known: dict[tuple[int, date], Counter[str]] = defaultdict(Counter)
    for source_id, day, status, n in _handled(session, where):
        known[source_id, day][status] += n
    return tuple(
        AnswerCount(
            *key,
            n,
            answered=known[key][Status.ANSWERED],
            working=known[key][Status.WORKING],
            ignored=known[key][Status.IGNORED],
        )
        for key, n in sorted(_summed(session, where).items())
    )


def _summed(session: Session, where: Filter) -> Counter[tuple[int, date]]:
    facts = mention_facts(session, where)
    key = (facts.c.source_id, facts.c.day)
    rows = session.execute(select(*key, func.sum(facts.c.n)).group_by(*key))
    return Counter({(source_id, day): int(n) for source_id, day, n in rows if n})


def _handled(session: Session, where: Filter) -> Iterable[tuple[int, date, str, int]]:
    key = (col(MentionBrand.source_id), col(MentionBrand.day))
    for row in session.execute(_rows(session, where, key, is_told=True)):
        yield row[0], row[1], str(Status.ANSWERED), int(row[2])
    status = col(Handling.status)
    for row in session.execute(_rows(session, where, (*key, status), is_told=False)):
        yield row[0], row[1], row[2], int(row[3])


def _rows(session: Session, where: Filter, key: tuple[Any, ...], *, is_told: bool) -> Select[Any]:
    """How many mentions there are of each ``key``: those whose source tells an answer, or the
    others that the team has handled."""
    handled = col(Handling.mention_id) == col(Mention.id)
    rows = select(*key, func.count()).select_from(Mention)
    rows = rows.join(MentionBrand, col(MentionBrand.mention_id) == col(Mention.id))
    if is_told:
        rows = rows.outerjoin(Handling, handled & HELD).where(*told_in(where))
    else:
        rows = rows.join(Handling, handled).where(HELD, ~TOLD)
    return rows.where(*_of(session, where)).group_by(*key)


def _of(session: Session, where: Filter) -> Conditions:
    """What the filter asks of the rows of mentions that somebody answered or handled: few.

    Brand and day are asked by functions of the columns, else SQLite would begin with all mentions
    of the brand or of the period.
    """
    day = func.coalesce(col(MentionBrand.day), col(MentionBrand.day))
    conditions = of_rows(session, replace(where, brands=(), day_from=None, day_to=None))
    if where.brands:
        conditions.append((col(MentionBrand.brand_id) + 0).in_(where.brands))
    if where.day_from:
        conditions.append(day >= where.day_from)
    if where.day_to:
        conditions.append(day <= where.day_to)
    return [*conditions, *spoken(where), COUNTS]


def _minutes(session: Session, at: Any) -> Any:
    """Whole minutes from publication to an answer; NULL where either has no date."""
    published = col(Mention.published_at)
    seconds: Any
    if session.get_bind().dialect.name == "sqlite":
        answered, written = (
            cast(func.strftime("%s", moment), Integer) for moment in (at, published)
        )
        seconds = answered - written
    else:
        cut = [func.date_trunc(text("'second'"), moment) for moment in (at, published)]
        seconds = cast(extract("epoch", cut[0] - cut[1]), Integer)
    return case(
        (~col(Mention.date_known), None),
        (seconds < 0, literal_column(str(_EARLY))),
        else_=seconds // 60,
    )


def _waits(counts: Counter[int | None]) -> Waits:
    undated, early = counts.pop(None, 0), counts.pop(_EARLY, 0)
    return Waits(
        tuple(sorted((int(m), n) for m, n in counts.items() if m is not None)), undated, early
    )
