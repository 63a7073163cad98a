"""What stars and groups of repeats are by definition, in slow and plain Python."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from shop import Shop

from storage import tables as t
from storage.likeness import LONG, alike, bands, words_of


def groups(shop: Shop) -> dict[int, int | None]:
    """The group of every stored mention, by its id."""
    rows = shop.rows()
    sites = {row.id: row.type for row in shop.rows(t.source)}
    present = {row.id: row for row in rows if row.deleted_at is None}
    near = defaultdict(set)
    for one, other in combinations(present.values(), 2):
        if _together(one, other, sites):
            near[one.id].add(other.id)
            near[other.id].add(one.id)
    result: dict[int, int | None] = {row.id: None for row in rows}
    for start in near:
        group, edge = {start}, [start]
        while edge:
            edge = [n for number in edge for n in near[number] if n not in group]
            group.update(edge)
        result[start] = min(_order(present[number]) for number in group)[2]
    return result


def repeats(shop: Shop) -> dict[tuple[int, int], bool]:
    """Whether another mention of the group counts, by mention and brand."""
    by_id, group_of = {row.id: row for row in shop.rows()}, groups(shop)
    firsts: dict[tuple[int | None, int], tuple[Any, ...]] = {}
    brands: Sequence[Any] = shop.rows(t.mention_brand)
    for row in brands:
        key, order = (group_of[row.mention_id], row.brand_id), _order(by_id[row.mention_id])
        firsts[key] = min(firsts.get(key, order), order)
    return {
        (row.mention_id, row.brand_id): group_of[row.mention_id] is not None
        and firsts[group_of[row.mention_id], row.brand_id][2] != row.mention_id
        for row in brands
    }


def stars(row: Any) -> int:
    """The rating of a mention on a scale of 1 to 5, rounded half up; 0 for none."""
    if row.rating is None:
        return 0
    exact = 1 + (row.rating - 1) * 4 / (row.rating_scale - 1)
    return min(5, max(1, int(exact + 0.5) if exact > 0 else 1))


def weights(opinions: Sequence[Mapping[str, Any]], tone: str) -> list[int]:
    """A mention's point in equal parts for its touchpoints of that sign, the first of each."""
    result = []
    for place, opinion in enumerate(opinions):
        alike = [o["touchpoint"] for o in opinions if o["tone"] == opinion["tone"]]
        first = opinion["touchpoint"] not in [
            o["touchpoint"] for o in opinions[:place] if o["tone"] == opinion["tone"]
        ]
        bears = first and opinion["tone"] in ("negative", "positive")
        bears = bears and tone in (opinion["tone"], "mixed")
        result.append(2520 // len(set(alike)) if bears else 0)
    return result


def _order(row: Any) -> tuple[bool, Any, int]:
    return row.repost_of is not None, row.published_at, row.id


def _together(one: Any, other: Any, sites: Mapping[int, str]) -> bool:
    if _mark(one) == _mark(other):
        first, second = words_of(one.text), words_of(other.text)
        if min(len(first), len(second)) >= LONG:
            # Whether two alike texts meet is decided by their bands, which no order changes.
            met = set.intersection(*map(set, bands([first, second], [0, 0])))
            if first == second or (met and alike(first, second)):
                return True
        elif one.author_id is not None and _said(one) == _said(other):
            return True
    if sites[one.source_id] != sites[other.source_id]:
        return False
    if one.repost_of is not None and one.repost_of in (other.external_id, other.repost_of):
        return True
    return bool(other.repost_of == one.external_id)


def _mark(row: Any) -> tuple[int, int | None]:
    return stars(row), row.nps


def _said(row: Any) -> tuple[Any, ...]:
    return words_of(row.text), row.source_id, row.author_id, row.place, row.product
