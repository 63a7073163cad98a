"""Groups of mentions that repeat each other, so that each is counted once.

Two mentions belong together where their texts are the same or alike (:mod:`storage.likeness`), or
where one is a repost of the other or both are of a third; a group is all that hang together so. It
follows from the stored mentions alone, not from the order in which they came. The first of a group
(the earliest that is no repost, else the earliest) gives it its number; for every brand the first
of the group that has this brand counts, the others are repeats. A deleted mention is in no group.

A mention that comes joins what it finds (:mod:`storage.neighbours`); the group of one that was
edited or has gone is taken apart and found anew.
"""

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage import alike, neighbours, rollups
from storage import tables as t
from storage.neighbours import Node
from storage.unions import Unions

_mention = t.mention.c


def place(session: Session, come: Iterable[Node], left: Collection[int] = ()) -> None:
    """Bring groups, repeats and sums up to date after one chunk of changes.

    ``come`` are new or edited mentions, as they are stored now; ``left`` are the groups that
    edited and deleted ones belonged to before.
    """
    apart = {
        node.id: node
        for chunk in t.in_chunks(left)
        for node in neighbours.nodes(session, _mention.group_id.in_(chunk))
    }
    known = apart | {node.id: node for node in come}
    if not known:
        return
    pairs = alike.pairs(session, known.values())
    texts = {node.text_key for node in known.values() if node.text_key is not None}
    texts.update(key for pair in pairs for key in pair)
    stay = neighbours.linked(session, known, texts)
    ties = _Ties()
    for node in (*known.values(), *stay):
        ties.mention(node)
    for node in (*known.values(), *stay):
        ties.original(node)
    for row in stay:
        if row.group_id is not None:
            ties.join(row.id, -row.group_id)
    for one, other in pairs:
        ties.texts(one, other)
    parts = _whole(session, ties.parts())
    together = {number for part in parts for number in part}
    _number(session, [*parts, *([number] for number in apart.keys() - together)])


def recheck(session: Session, mention_ids: Sequence[int]) -> None:
    """Say anew who is a repeat in the groups of these mentions (one chunk): brands changed."""
    group_ids = sa.select(_mention.group_id).where(_mention.id.in_(mention_ids))
    members = sa.select(_mention.id).where(_mention.group_id.in_(group_ids))
    groups = defaultdict(list)
    for row in _in_order(session, session.scalars(members).all()):
        groups[row.group_id].append(row.id)
    _mark(session, groups.values())


class _Ties(Unions[int]):
    """What hangs together: mentions (ids) and whole groups (negative numbers)."""

    def __init__(self) -> None:
        super().__init__()
        self._first: dict[Hashable, int] = {}

    def mention(self, node: Any) -> None:
        """Tie a mention to others of its text and to other reposts of the same."""
        if node.text_key is not None:
            self._meet(node.id, node.text_key)
        if node.repost_of is not None:
            self._meet(node.id, (node.site, node.repost_of))

    def original(self, node: Any) -> None:
        """Tie a mention to its reposts, all of them being known by now."""
        place = (node.site, node.external_id)
        if place in self._first:
            self._meet(node.id, place)

    def texts(self, one: int, other: int) -> None:
        """Tie the mentions of two texts, where both are at hand."""
        if one in self._first and other in self._first:
            self.join(self._first[one], self._first[other])

    def _meet(self, number: int, place: Hashable) -> None:
        first = self._first.setdefault(place, number)
        if first != number:
            self.join(first, number)


def _whole(session: Session, parts: list[list[int]]) -> list[list[int]]:
    """The parts with all members of the groups they hold, instead of these groups."""
    members = defaultdict(list)
    groups = [-item for part in parts for item in part if item < 0]
    for chunk in t.in_chunks(groups):
        for row in session.execute(
            sa.select(_mention.id, _mention.group_id).where(_mention.group_id.in_(chunk))
        ):
            members[row.group_id].append(row.id)
    return [
        list({number for item in part for number in ([item] if item > 0 else members[-item])})
        for part in parts
    ]


def _number(session: Session, parts: list[list[int]]) -> None:
    """Give every part the number of its first member, one alone none; then mark repeats."""
    rows = _in_order(session, [number for part in parts for number in part])
    places = {row.id: place for place, row in enumerate(rows)}
    parts = [sorted(part, key=places.__getitem__) for part in parts]
    changed = []
    for part in parts:
        group_id = part[0] if len(part) > 1 else None
        changed += [
            {"id": number, "group_id": group_id}
            for number in part
            if rows[places[number]].group_id != group_id
        ]
    t.update_all(session, t.mention, changed)
    _mark(session, parts)


def _in_order(session: Session, mention_ids: Iterable[int]) -> list[Any]:
    """Mentions with their groups, those first that may stand for others."""
    columns = (_mention.id, _mention.group_id, _mention.repost_of, _mention.published_at)
    rows = [
        row
        for chunk in t.in_chunks(mention_ids)
        for row in session.execute(sa.select(*columns).where(_mention.id.in_(chunk)))
    ]
    return sorted(rows, key=lambda row: (row.repost_of is not None, row.published_at, row.id))


def _mark(session: Session, parts: Iterable[Sequence[int]]) -> None:
    """Of each part, in order, the first mention of every brand counts; sums follow."""
    parts = list(parts)
    row = t.mention_brand.c
    had: dict[int, list[Any]] = defaultdict(list)
    for chunk in t.in_chunks(number for part in parts for number in part):
        for found in session.execute(
            sa.select(row.mention_id, row.brand_id, row.is_repeat).where(row.mention_id.in_(chunk))
        ):
            had[found.mention_id].append(found)
    changed = []
    for part in parts:
        seen: set[int] = set()
        for brand in [brand for number in part for brand in had[number]]:
            if brand.is_repeat != (brand.brand_id in seen):
                changed.append({**brand._mapping, "is_repeat": not brand.is_repeat})
            seen.add(brand.brand_id)
    for values in t.in_chunks(changed):
        with rollups.recounted(session, list({value["mention_id"] for value in values})):
            t.update_all(session, t.mention_brand, values)
