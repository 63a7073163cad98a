"""What stands around a mention: what it answers, who else answered, what else its author wrote."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, func, select
from sqlmodel import Session, col

from storage.filters import Filter
from storage.models import Mention
from storage.queries.rows import MentionRow, load


@dataclass(frozen=True, slots=True)
class Around:
    """How much there is to see around a mention; ``answers`` tells that it answers one we have.

    ``siblings`` answer the same, ``replies`` answer it; ``by_author`` counts what else the author
    wrote in the source, ``signed_by_id`` that the source tells its authors apart (else they only
    sign alike).
    """

    answers: bool = False
    siblings: int = 0
    replies: int = 0
    by_author: int = 0
    signed_by_id: bool = False

    @property
    def is_thread(self) -> bool:
        """Whether somebody answers somebody here."""
        return bool(self.answers or self.siblings or self.replies)


@dataclass(frozen=True, slots=True)
class Thread:
    """What the mention answers, what else does, and what answers it, the earliest first."""

    parent: MentionRow | None
    siblings: tuple[MentionRow, ...]
    replies: tuple[MentionRow, ...]


#: Of the source: the same person; and the name, which others may bear.
_author_id = cast(ColumnElement[Any], col(Mention.author_id))
_author = cast(ColumnElement[Any], col(Mention.author))
_THERE = col(Mention.deleted_at).is_(None)


def around(session: Session, ids: Sequence[int]) -> dict[int, Around]:
    """What stands around each of these mentions, in a fixed number of queries."""
    rows = _own(session, ids)
    parents = {(row.source_id, row.parent_id) for row in rows if row.parent_id}
    asked = {key for _, key in parents} | {row.external_id for row in rows}
    answering = _counted(session, cast(ColumnElement[Any], col(Mention.parent_id)), asked)
    stored = _stored(session, parents)
    by_id = _counted(session, _author_id, {row.author_id for row in rows if row.author_id})
    signed = {row.author for row in rows if row.author and not row.author_id}
    by_name = _counted(session, _author, signed, _author_id.is_(None))
    found = {}
    for row in rows:
        parent = (row.source_id, row.parent_id)
        found[row.id] = Around(
            answers=parent in stored,
            siblings=answering[parent] - 1 if row.parent_id else 0,
            replies=answering[row.source_id, row.external_id],
            by_author=_others(row, by_id, by_name),
            signed_by_id=bool(row.author_id),
        )
    return found


def thread(session: Session, mention_id: int, *, limit: int) -> Thread:
    """The thread around a mention, at most ``limit`` texts of each sort."""
    own = next(iter(_own(session, [mention_id])), None)
    if own is None:
        return Thread(None, (), ())
    here = col(Mention.source_id) == own.source_id

    def answers_to(key: str) -> tuple[MentionRow, ...]:
        other = _ids(here, col(Mention.parent_id) == key, col(Mention.id) != mention_id)
        ids = other.order_by(col(Mention.published_at), col(Mention.id)).limit(limit)
        return load(session, Filter(), session.scalars(ids).all())

    parent = _ids(here, col(Mention.external_id) == own.parent_id)
    parents = load(session, Filter(), session.scalars(parent).all()) if own.parent_id else ()
    return Thread(
        next(iter(parents), None),
        answers_to(own.parent_id) if own.parent_id else (),
        answers_to(own.external_id),
    )


def by_author(session: Session, mention_id: int, *, limit: int) -> tuple[MentionRow, ...]:
    """What else the author wrote in the same source, the newest first."""
    own = next(iter(_own(session, [mention_id])), None)
    if own is None or not (own.author_id or own.author):
        return ()
    same = [_author_id == own.author_id]
    if not own.author_id:
        same = [_author == own.author, _author_id.is_(None)]
    here = col(Mention.source_id) == own.source_id
    others = _ids(here, *same, col(Mention.id) != mention_id)
    newest = others.order_by(col(Mention.published_at).desc(), col(Mention.id).desc()).limit(limit)
    return load(session, Filter(), session.scalars(newest).all())


def _own(session: Session, ids: Sequence[int]) -> Sequence[Any]:
    table = Mention
    columns: list[Any] = [table.id, table.source_id, table.external_id, table.parent_id]
    columns += [table.author_id, table.author]
    return session.execute(select(*columns).where(col(Mention.id).in_(ids))).all()


def _others(row: Any, by_id: Mapping[Any, int], by_name: Mapping[Any, int]) -> int:
    if row.author_id:
        return by_id[row.source_id, row.author_id] - 1
    return by_name[row.source_id, row.author] - 1 if row.author else 0


def _ids(*conditions: ColumnElement[bool]) -> Select[Any]:
    return select(col(Mention.id)).where(_THERE, *conditions)


def _counted(
    session: Session, key: ColumnElement[Any], values: Collection[str], *more: ColumnElement[bool]
) -> Mapping[tuple[int, str | None], int]:
    """How many mentions of each source have each of the values."""
    if not values:
        return Counter()
    rows = session.execute(
        select(col(Mention.source_id), key, func.count())
        .where(key.in_(values), _THERE, *more)
        .group_by(col(Mention.source_id), key)
    )
    return Counter({(source, value): n for source, value, n in rows})


def _stored(session: Session, keys: Collection[tuple[int, str]]) -> set[tuple[int, str]]:
    """Which of these (source, external id) are stored."""
    if not keys:
        return set()
    rows = session.execute(
        select(col(Mention.source_id), col(Mention.external_id)).where(
            col(Mention.source_id).in_({source for source, _ in keys}),
            col(Mention.external_id).in_({key for _, key in keys}),
            _THERE,
        )
    )
    return {(source, key) for source, key in rows}
