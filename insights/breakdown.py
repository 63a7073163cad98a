"""Which part of the whole differs from the rest: a branch, a product, an app version, a source."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from insights.changes import FEW
from insights.stats import Change, Estimate, change, quantile, share

_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Part:
    """One value of a facet: ``count`` of its ``n`` mentions, beside the rest of the mentions.

    ``share`` has a 95 % interval. ``difference`` from the rest's share has a wider one, because all
    values are tried at once; None where this part or the rest has too few mentions to compare.
    """

    value: str
    count: int
    n: int
    share: Estimate
    rest: Estimate | None
    difference: Change | None

    @property
    def is_uncertain(self) -> bool:
        """Whether there is too little to conclude anything from."""
        return self.n < FEW

    @property
    def is_higher(self) -> bool:
        """Whether its share is above the rest's, beyond chance."""
        return self.difference is not None and self.difference.low > 0

    @property
    def is_lower(self) -> bool:
        """Whether its share is below the rest's, beyond chance."""
        return self.difference is not None and self.difference.high < 0


@dataclass(frozen=True, slots=True)
class Jump:
    """An app version whose share is above that of all before it, beyond chance.

    ``later`` is the share of the versions after it, None with too few mentions; ``is_over`` tells
    that it fell again.
    """

    version: str
    own: Estimate
    earlier: Estimate
    later: Estimate | None
    is_over: bool


def parts(counts: Mapping[str, int], totals: Mapping[str, int]) -> tuple[Part, ...]:
    """The values of a facet, the one that is most surely above the rest first.

    ``totals`` has all mentions by value, ``counts`` those that are looked for (complaints). Values
    without mentions are left out. With k values compared, each interval is of 1 − 0.05/k (Dunn,
    O. J. (1961), «Multiple comparisons among means», JASA 56: 52–64).
    """
    known = {value: n for value, n in totals.items() if n > 0}
    compared = sum(n >= FEW for n in known.values())
    all_n = sum(known.values())
    all_count = sum(min(counts.get(value, 0), n) for value, n in known.items())
    found = []
    for value, n in known.items():
        count = min(counts.get(value, 0), n)
        own, rest = (count, n), (all_count - count, all_n - n)
        estimate = share(*own)
        if estimate:
            difference = _difference(own, rest, compared)
            found.append(Part(value, count, n, estimate, share(*rest), difference))
    return tuple(sorted(found, key=_order))


def jump(counts: Mapping[str, int], totals: Mapping[str, int]) -> Jump | None:
    """The version since which there is surely more; the largest sure jump, None without one.

    Versions follow each other by their numbers; what has none is left out.
    """
    versions = sorted((v for v, n in totals.items() if n > 0 and _NUMBER.search(v)), key=_numbers)
    pairs = [(min(counts.get(v, 0), totals[v]), totals[v]) for v in versions]
    best: tuple[float, int] | None = None
    for place in range(1, len(pairs)):
        difference = _difference(pairs[place], _sum(pairs[:place]), len(pairs) - 1)
        if difference and difference.low > 0 and (best is None or difference.low > best[0]):
            best = difference.low, place
    if best is None:
        return None
    place = best[1]
    own, earlier = share(*pairs[place]), share(*_sum(pairs[:place]))
    later = _sum(pairs[place + 1 :])
    if own is None or earlier is None:
        return None
    fallen = _difference(later, pairs[place], 1)
    return Jump(
        versions[place],
        own,
        earlier,
        share(*later) if later[1] >= FEW else None,
        is_over=fallen is not None and fallen.high < 0,
    )


def _order(part: Part) -> tuple[bool, float, float, str]:
    surely = part.difference.low if part.difference else 0.0
    return part.difference is None, -surely, -part.count, part.value


def _difference(own: tuple[int, int], rest: tuple[int, int], compared: int) -> Change | None:
    if min(own[1], rest[1]) < FEW:
        return None
    z = quantile(compared)
    return change(share(*own, z), share(*rest, z))


def _sum(pairs: list[tuple[int, int]]) -> tuple[int, int]:
    return sum(count for count, _ in pairs), sum(n for _, n in pairs)


def _numbers(version: str) -> tuple[tuple[int, ...], str]:
    # Nobody's version has numbers of a thousand digits, but a source may say so.
    return tuple(int(number[:18]) for number in _NUMBER.findall(version)), version
