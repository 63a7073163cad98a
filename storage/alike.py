"""Finds alike texts among those at hand and those stored, by the bands of both.

A template that thousands fill in shares its bands thousands of times. So nothing is compared with
what it hangs together with already: a newcomer meets one or two of its group, not all of them.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage import likeness
from storage import tables as t
from storage.likeness import Words
from storage.neighbours import Node
from storage.unions import Unions

_mention = t.mention.c


def pairs(session: Session, known: Iterable[Node]) -> list[tuple[int, int]]:
    """Keys of alike texts by twos, one of each being known; the bands of those known are stored.

    Not every pair, but enough of them to join all that hang together.
    """
    texts = {node.text_key: node for node in known if node.text_key is not None}
    marks = [node.mark for node in texts.values()]
    words = [node.words for node in texts.values()]
    own = dict(zip(texts, likeness.bands(words, marks), strict=True))
    met: dict[int, list[int]] = defaultdict(list)
    for key, bands in own.items():
        for band in bands:
            met[band].append(key)
    stored = _stored(session, met)
    every = [(band, key) for band, keys in met.items() for key in keys]
    t.insert_pairs(session, t.text_band, [pair for pair in every if pair not in stored])
    groups = _groups(session, {key for _, key in stored} - own.keys())
    for band, key in stored:
        if key in groups:
            met[band].append(key)
    meeting = _Meeting(session, dict(zip(texts, words, strict=True)), groups)
    for keys in met.values():
        if len(keys) > 1:
            meeting.hold(keys)
    return meeting.pairs


class _Meeting:
    """Texts that share a band get to know each other; what is known together stays together."""

    def __init__(
        self, session: Session, own: Mapping[int, Words], groups: Mapping[int, int | None]
    ) -> None:
        self.pairs: list[tuple[int, int]] = []
        self._session, self._own = session, own
        self._together: Unions[tuple[str, int]] = Unions()
        for key, group_id in groups.items():
            if group_id is not None:
                self._together.join(("text", key), ("group", group_id))
        # One of each group, and all that are in none; the others are read if need be.
        firsts = {self._top(key): key for key in groups}
        self._words = {**own, **_words(session, firsts.values())}

    def hold(self, keys: Sequence[int]) -> None:
        """Compare texts that share a band, those at hand standing first."""
        parts: list[list[int]] = []
        for key in keys:
            apart, mine = [], [key]
            for part in parts:
                if self._belongs(key, part):
                    part += mine
                    mine = part
                else:
                    apart.append(part)
            parts = [*apart, mine]

    def _belongs(self, key: int, part: list[int]) -> bool:
        if self._top(key) == self._top(part[0]):
            return True
        for other in part:
            if (key in self._own or other in self._own) and self._alike(key, other):
                self.pairs.append((key, other))
                self._together.join(("text", key), ("text", other))
                return True
        return False

    def _top(self, key: int) -> tuple[str, int]:
        return self._together.top(("text", key))

    def _alike(self, one: int, other: int) -> bool:
        missing = [key for key in (one, other) if key not in self._words]
        self._words |= _words(self._session, missing)
        return likeness.alike(self._words[one], self._words[other])


def _stored(session: Session, bands: Collection[int]) -> set[tuple[int, int]]:
    kept = t.text_band.c
    query = sa.select(kept.band, kept.text_key).where(_one_of(session, kept.band))
    rows = session.execute(query, {"values": t.listed(session, bands)})
    return {(row.band, row.text_key) for row in rows}


def _groups(session: Session, keys: Collection[int]) -> dict[int, int | None]:
    """The group of each text that a mention still has."""
    if not keys:
        return {}
    rows = session.execute(
        sa.select(_mention.text_key, _mention.group_id).where(
            _one_of(session, _mention.text_key), _mention.deleted_at.is_(None)
        ),
        {"values": t.listed(session, keys)},
    )
    return {row.text_key: row.group_id for row in rows}


def _words(session: Session, keys: Iterable[int]) -> dict[int, Words]:
    """The words of stored texts, of each one mention's."""
    found = {}
    for chunk in t.in_chunks(keys):
        firsts = sa.select(sa.func.min(_mention.id)).where(_mention.text_key.in_(chunk))
        rows = session.execute(
            sa.select(_mention.text_key, _mention.text).where(
                _mention.id.in_(firsts.group_by(_mention.text_key))
            )
        )
        found.update({row.text_key: likeness.words_of(row.text) for row in rows})
    return found


def _one_of(session: Session, column: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    return t.one_of(session.get_bind().dialect.name, column)
