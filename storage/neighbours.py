"""Stored mentions that may belong to one group of repeats with those at hand: look-ups only.

They are found by the keys of their texts (those of alike ones tells :mod:`storage.alike`) and by
the ids of reposts.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage import likeness, rows
from storage import tables as t
from storage.likeness import Words

_mention = t.mention.c
#: The columns that :func:`mark_of` reads.
MARKED = ("rating", "rating_scale", "nps")
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
    mark: int
    words: Words


def node(mention_id: int, site: str, row: Mapping[str, Any]) -> Node:
    """The node of a row of ``mention``."""
    words = likeness.words_of(row["text"])
    external_id, repost_of = row["external_id"], row["repost_of"]
    return Node(mention_id, site, external_id, repost_of, row["text_key"], mark_of(row), words)


def text_key(row: Mapping[str, Any]) -> int | None:
    """The key of the text of a row of ``mention``; of a short text with who said it of what.

    A name is not a person, so a short text whose author has no id is like no other.
    """
    author = row["author_id"]
    said_by = author and "\n".join(
        map(str, (row["source_id"], author, row["place"], row["product"]))
    )
    return likeness.key_of_words(likeness.words_of(row["text"]), mark_of(row), said_by or "")


def mark_of(row: Mapping[str, Any]) -> int:
    """Stars and the answer to the NPS question as one number; 0 where there is neither."""
    nps = row["nps"]
    return 16 * rows.stars(row["rating"], row["rating_scale"]) + (0 if nps is None else nps + 1)


def nodes(session: Session, which: sa.ColumnElement[bool]) -> list[Node]:
    """Stored mentions that are not deleted."""
    told = (_mention.text, *(_mention[name] for name in MARKED))
    found: Sequence[Any] = session.execute(_STORED.add_columns(*told).where(which)).all()
    return [node(row.id, row.site, row._mapping) for row in found]


def linked(session: Session, known: Mapping[int, Node], texts: Collection[int]) -> list[Any]:
    """Stored mentions beside those known that one of them belongs together with."""
    ids, origins = defaultdict(list), defaultdict(list)
    for one in known.values():
        ids[one.site].append(one.external_id)
        if one.repost_of is not None:
            origins[one.site].append(one.repost_of)
    ways = _ways(session.get_bind().dialect.name)
    found = {}

    def look(way: sa.Select[Any], values: Collection[Any], site: str = "") -> None:
        given = {"values": t.listed(session, values), "site": site}
        met = session.execute(way, given) if values else ()
        found.update({row.id: row for row in met if row.id not in known})

    look(ways.texts, texts)
    for site, own in ids.items():
        look(ways.reposts, {*own, *origins[site]}, site)
        look(ways.originals, origins[site], site)
    return list(found.values())


@dataclass(frozen=True, slots=True)
class _Ways:
    """The look-ups of many values at once (parameters ``values`` and ``site``), built once."""

    texts: sa.Select[Any]
    reposts: sa.Select[Any]
    originals: sa.Select[Any]


@cache
def _ways(dialect: str) -> _Ways:
    linked = _STORED.add_columns(_mention.group_id)
    site = sa.bindparam("site", type_=sa.String)
    of_site = sa.select(t.source.c.id).where(t.source.c.type == site)
    return _Ways(
        texts=linked.where(t.one_of(dialect, _mention.text_key)),
        reposts=linked.where(t.one_of(dialect, _mention.repost_of), t.source.c.type == site),
        originals=linked.where(
            t.one_of(dialect, _mention.external_id), _mention.source_id.in_(of_site)
        ),
    )
