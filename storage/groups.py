"""Groups of mentions that repeat each other, so that each is counted once.

Two mentions belong together where their texts are the same or alike (:mod:`storage.likeness`), or
where one is a repost of the other or both are of a third; a group is all that hang together so. It
follows from the stored mentions alone, not from the order in which they came. The first of a group
(the earliest that is no repost, else the earliest) gives it its number; for every brand the first
of the group that has this brand counts, the others are repeats. A deleted mention is in no group.

A mention that comes joins what it finds by three indexes (text, bands of alike texts, ids of
reposts); the group of one that was edited or has gone is taken apart and found anew.
"""

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage import likeness, rollups
from storage import tables as t
from storage.likeness import Words

_mention = t.mention.c
#: The columns of :class:`Node` but for the words.
_STORED: sa.Select[Any] = (
    sa.select(
        _mention.id,
        t.source.c.type.label("site"),
        _mention.external_id,
        _mention.repost_of,
        _mention.text_key,
    )
    .join(t.source, t.source.c.id == _mention.source_id)
    .where(_mention.deleted_at.is_(None))
)


@dataclass(frozen=True, slots=True)
class Node:
    """A mention as far as it matters for its group.

    ``site`` is the type of its source: within it ids of reposts mean the same.
    """

    id: int
    site: str
    external_id: str
    repost_of: str | None
    text_key: int | None
    words: Words


def text_key(text: str, source_id: int, author_id: str | None, author: str | None) -> int | None:
    """The key of a mention's text; of a short one with its author in it."""
    words = likeness.words_of(text)
    who = author_id or author
    return likeness.key_of_words(words, "" if who is None else f"{source_id} {who}")


def nodes(session: Session, which: sa.ColumnElement[bool]) -> list[Node]:
    """Stored mentions that are not deleted."""
    rows = session.execute(_STORED.add_columns(_mention.text).where(which))
    return [
        Node(r.id, r.site, r.external_id, r.repost_of, r.text_key, likeness.words_of(r.text))
        for r in rows
    ]


def place(session: Session, come: Iterable[Node], left: Collection[int] = ()) -> None:
    """Bring groups, repeats and sums up to date after one chunk of changes.

    ``come`` are new or edited mentions, as they are stored now; ``left`` are the groups that
    edited and deleted ones belonged to before.
    """
    apart = {
        node.id: node
        for chunk in t.in_chunks(left)
        for node in nodes(session, _mention.group_id.in_(chunk))
    }
    known = apart | {node.id: node for node in come}
    if not known:
        return
    alike = _alike(session, known.values())
    texts = {node.text_key for node in known.values() if node.text_key is not None}
    texts.update(key for pair in alike for key in pair)
    stay = _linked(session, known, texts)
    ties = _Ties()
    for node in (*known.values(), *stay):
        ties.mention(node)
    for node in (*known.values(), *stay):
        ties.original(node)
    for row in stay:
        if row.group_id is not None:
            ties.join(row.id, -row.group_id)
    for one, other in alike:
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


class _Ties:
    """What hangs together: a union-find over mentions (ids) and whole groups (negative numbers)."""

    def __init__(self) -> None:
        self._above: dict[int, int] = {}
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

    def join(self, one: int, other: int) -> None:
        """Say that two belong together."""
        self._above[self._top(one)] = self._top(other)

    def parts(self) -> list[list[int]]:
        """What hangs together with something else."""
        found: dict[int, list[int]] = defaultdict(list)
        for item in list(self._above):
            found[self._top(item)].append(item)
        return list(found.values())

    def _meet(self, number: int, place: Hashable) -> None:
        first = self._first.setdefault(place, number)
        if first != number:
            self.join(first, number)

    def _top(self, item: int) -> int:
        above = self._above.setdefault(item, item)
        while above != item:
            self._above[item] = self._above[above]
            item, above = above, self._above[above]
        return item


def _alike(session: Session, known: Iterable[Node]) -> list[tuple[int, int]]:
    """Pairs of keys of texts that are alike, one of each being known; the bands are kept."""
    words = {node.text_key: node.words for node in known if node.text_key is not None}
    own = dict(zip(words, likeness.bands(list(words.values())), strict=True))
    met: dict[int, list[int]] = defaultdict(list)
    for key, bands in own.items():
        for band in bands:
            met[band].append(key)
    ways = _ways(session.get_bind().dialect.name)
    rows = session.execute(ways.bands, {"values": t.listed(session, met)})
    stored = {(row.band, row.text_key) for row in rows}
    fresh = {(number, key) for number, keys in met.items() for key in keys} - stored
    t.insert_pairs(session, t.text_band, list(fresh))
    pairs = {
        (key, other)
        for number, other in (*stored, *fresh)
        for key in met[number]
        if key < other or (key > other and other not in own)
    }
    words |= _words(session, {other for _, other in pairs} - words.keys())
    return [
        (one, other)
        for one, other in pairs
        if other in words and likeness.alike(words[one], words[other])
    ]


def _words(session: Session, keys: Collection[int]) -> dict[int, Words]:
    """The words of stored texts, of each one mention's; none where no mention has it any more."""
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


def _linked(session: Session, known: Mapping[int, Node], texts: Collection[int]) -> list[Any]:
    """Stored mentions beside those known that one of them belongs together with."""
    ids, origins = defaultdict(list), defaultdict(list)
    for node in known.values():
        ids[node.site].append(node.external_id)
        if node.repost_of is not None:
            origins[node.site].append(node.repost_of)
    ways = _ways(session.get_bind().dialect.name)
    found = {}

    def look(way: sa.Select[Any], values: Collection[Any], site: str = "") -> None:
        given = {"values": t.listed(session, values), "site": site}
        rows = session.execute(way, given) if values else ()
        found.update({row.id: row for row in rows if row.id not in known})

    look(ways.texts, texts)
    for site, own in ids.items():
        look(ways.reposts, {*own, *origins[site]}, site)
        look(ways.originals, origins[site], site)
    return list(found.values())


@dataclass(frozen=True, slots=True)
class _Ways:
    """The look-ups of many values at once (parameters ``values`` and ``site``), built once."""

    bands: sa.Select[Any]
    texts: sa.Select[Any]
    reposts: sa.Select[Any]
    originals: sa.Select[Any]


@cache
def _ways(dialect: str) -> _Ways:
    kept = t.text_band.c
    linked = _STORED.add_columns(_mention.group_id)
    site = sa.bindparam("site", type_=sa.String)
    of_site = sa.select(t.source.c.id).where(t.source.c.type == site)
    return _Ways(
        bands=sa.select(kept.band, kept.text_key).where(t.one_of(dialect, kept.band)),
        texts=linked.where(t.one_of(dialect, _mention.text_key)),
        reposts=linked.where(t.one_of(dialect, _mention.repost_of), t.source.c.type == site),
        originals=linked.where(
            t.one_of(dialect, _mention.external_id), _mention.source_id.in_(of_site)
        ),
    )


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
