"""The write side of themes: which opinions wait, what was found among them.

The query is the queue: an opinion without a mark waits. A mark goes with its opinion (see
:mod:`storage.labelling`), so what is edited, corrected or re-read waits again by itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from nlp.labels import Tone
from storage import rollups
from storage import tables as t

#: A touchpoint and a tone.
Part = tuple[str, str]

_mark, _opinion, _theme = t.theme_mark.c, t.opinion.c, t.theme.c
#: What tells one opinion of a mention from another.
_KEY = ("mention_id", "touchpoint", "tone", "start")
#: The mark of an opinion.
SAME = sa.and_(*(_opinion[name] == _mark[name] for name in _KEY))
#: The columns of an opinion that make a :class:`Place`.
SPOKEN = tuple(_opinion[name] for name in (*_KEY, "end"))
#: What is said neutrally names neither a pain nor a joy.
_TONES = (str(Tone.NEGATIVE), str(Tone.POSITIVE))


@dataclass(frozen=True, slots=True)
class Place:
    """An opinion and the text that it is a part of, as it was when it was read."""

    mention_id: int
    touchpoint: str
    tone: str
    start: int
    end: int
    text: str
    content_hash: str

    @property
    def part(self) -> Part:
        """Where its themes are looked for."""
        return self.touchpoint, self.tone


@dataclass(frozen=True, slots=True)
class Marked:
    """What became of a place: its theme, or the sketch of its vector while it has none."""

    place: Place
    theme_id: int | None
    closeness: int
    vector: bytes | None


@dataclass(frozen=True, slots=True)
class Left:
    """Opinions of a part without a theme: ``fresh`` were never tried, ``n`` are all of them.

    ``read`` were read so far, with a theme or without.
    """

    fresh: int
    n: int
    read: int


@dataclass(frozen=True, slots=True)
class StoredTheme:
    """What a new opinion is compared with."""

    id: int
    title: str
    centre: bytes
    words: dict[str, float]


@dataclass(frozen=True, slots=True)
class StoredGround:
    """A row of ``theme_ground``."""

    touchpoint: str
    tone: str
    n: int
    total: bytes
    words: dict[str, int]


def pending(session: Session, *, limit: int, before_id: int | None = None) -> list[Place]:
    """Opinions that wait, of at most ``limit`` mentions older than ``before_id``, the newest first.

    Those of several brands are one.
    """
    mention = t.mention.c
    waits = sa.and_(_opinion.tone.in_(_TONES), ~sa.exists().where(SAME))
    older = _opinion.mention_id < before_id if before_id is not None else sa.true()
    newest = (
        sa.select(_opinion.mention_id)
        .where(waits, older)
        .group_by(_opinion.mention_id)
        .order_by(_opinion.mention_id.desc())
        .limit(limit)
    )
    ids = session.scalars(newest).all()
    rows = session.execute(
        sa.select(*SPOKEN, mention.text, mention.content_hash)
        .join(t.mention, mention.id == _opinion.mention_id)
        .where(waits, _opinion.mention_id.in_(ids))
        .order_by(_opinion.mention_id.desc(), _opinion.start, _opinion.touchpoint, _opinion.tone)
    )
    unique = {tuple(row[:4]): place_of(row) for row in rows}
    return list(unique.values())


def count_pending(session: Session) -> int:
    """How many opinions wait, those of several brands one by one."""
    waits = sa.and_(_opinion.tone.in_(_TONES), ~sa.exists().where(SAME))
    return session.execute(sa.select(sa.func.count()).where(waits)).scalar_one()


def stored(session: Session) -> dict[Part, list[StoredTheme]]:
    """All themes, merged ones too: what is close to them goes where they went."""
    found: dict[Part, list[StoredTheme]] = {}
    for row in session.execute(sa.select(t.theme).order_by(_theme.id)):
        own = found.setdefault((row.touchpoint, row.tone), [])
        own.append(StoredTheme(row.id, row.title, row.centre, row.words))
    return found


def grounds(session: Session) -> list[StoredGround]:
    """What was summed up so far."""
    return [StoredGround(*row) for row in session.execute(sa.select(t.theme_ground))]


def save(session: Session, marks: Iterable[Marked], changed: Iterable[StoredGround]) -> None:
    """Keep marks, and the sums of the grounds with them.

    A mark whose opinion holds no longer, because its text was edited meanwhile, is left out.
    """
    t.upsert(session, t.theme_ground, [asdict(ground) for ground in changed])
    for chunk in t.in_chunks(marks):
        ids = list({mark.place.mention_id for mark in chunk})
        held = _held(session, ids)
        with rollups.recounted(session, ids, (t.theme_daily,)):
            t.upsert(session, t.theme_mark, [_row(m) for m in chunk if _holds(m.place, held)])


def left(session: Session) -> dict[Part, Left]:
    """How many opinions have no theme, by part."""
    ground = t.theme_ground.c
    fresh = sa.func.count().filter(_mark.tried.is_(False))
    rows = session.execute(
        sa.select(_mark.touchpoint, _mark.tone, fresh, sa.func.count(), ground.n)
        .join(
            t.theme_ground,
            sa.and_(ground.touchpoint == _mark.touchpoint, ground.tone == _mark.tone),
        )
        .where(_mark.theme_id.is_(None))
        .group_by(_mark.touchpoint, _mark.tone, ground.n)
    )
    return {(touchpoint, tone): Left(*counts) for touchpoint, tone, *counts in rows}


def leftovers(session: Session, part: Part, limit: int) -> list[tuple[Place, bytes]]:
    """The newest opinions of a part without a theme, with the sketches of their vectors."""
    mention = t.mention.c
    newest = (
        sa.select(*(_mark[name] for name in (*_KEY, "vector")))
        .where(*_of(part), _mark.theme_id.is_(None))
        .order_by(_mark.mention_id.desc(), _mark.start)
        .limit(limit)
        .subquery()
    )
    same = sa.and_(*(_opinion[name] == newest.c[name] for name in _KEY))
    rows = session.execute(
        sa.select(
            *(newest.c[name] for name in _KEY),
            _opinion.end,
            mention.text,
            mention.content_hash,
            newest.c.vector,
        )
        .join(t.opinion, same)
        .join(t.mention, mention.id == newest.c.mention_id)
        .order_by(newest.c.mention_id.desc(), newest.c.start)
    )
    unique = {tuple(row[:4]): (Place(*row[:-1]), row[-1]) for row in rows}
    return list(unique.values())


def add(
    session: Session,
    part: Part,
    title: str,
    centre: bytes,
    words: Mapping[str, float],
    now: datetime,
) -> int:
    """A new theme; its id.

    Its key is a fingerprint of the centre: a link never opens another theme than it was made for,
    and opens the same one again where a rebuild finds it again.
    """
    key = f"{'-'.join(part)}-{sha256(centre).hexdigest()[:8]}"
    row = {
        "key": key,
        "touchpoint": part[0],
        "tone": part[1],
        "title": title,
        "centre": centre,
        "words": dict(words),
        "created_at": now,
    }
    t.insert_all(session, t.theme, [row])
    return int(session.execute(sa.select(_theme.id).where(_theme.key == key)).scalar_one())


def set_tried(session: Session, part: Part) -> None:
    """Remember that themes were looked for among all that a part has left."""
    session.execute(
        sa.update(t.theme_mark)
        .where(*_of(part), _mark.theme_id.is_(None), _mark.tried.is_(False))
        .values(tried=True)
    )


def place_of(row: Sequence[Any]) -> Place:
    """The place of a row that has the columns :data:`SPOKEN`, the text and its hash."""
    return Place(*row)


def _of(part: Part) -> tuple[sa.ColumnElement[bool], ...]:
    return _mark.touchpoint == part[0], _mark.tone == part[1]


def _held(session: Session, mention_ids: Sequence[int]) -> set[tuple[Any, ...]]:
    """What holds of these mentions: key and content hash of their opinions."""
    mention = t.mention.c
    rows = session.execute(
        sa.select(*(_opinion[name] for name in _KEY), mention.content_hash)
        .join(t.mention, mention.id == _opinion.mention_id)
        .where(_opinion.mention_id.in_(mention_ids))
    )
    return {tuple(row) for row in rows}


def _holds(place: Place, held: set[tuple[Any, ...]]) -> bool:
    return (*(getattr(place, name) for name in _KEY), place.content_hash) in held


def _row(mark: Marked) -> dict[str, Any]:
    return {
        **{name: getattr(mark.place, name) for name in _KEY},
        "theme_id": mark.theme_id,
        "closeness": mark.closeness,
        "tried": False,
        "vector": mark.vector,
    }
