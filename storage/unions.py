"""What hangs together by way of pairs: a union-find."""

from collections import defaultdict
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Unions(Generic[Item]):
    """Items that were joined, and all that hangs together so."""

    def __init__(self) -> None:
        self._above: dict[Item, Item] = {}

    def join(self, one: Item, other: Item) -> None:
        """Say that two belong together."""
        self._above[self.top(one)] = self.top(other)

    def top(self, item: Item) -> Item:
        """One that stands for all that hang together with ``item``."""
        above = self._above.setdefault(item, item)
        while above != item:
            self._above[item] = self._above[above]
            item, above = above, self._above[above]
        return item

    def parts(self) -> list[list[Item]]:
        """All items that were ever named, those that hang together in one list."""
        found: dict[Item, list[Item]] = defaultdict(list)
        for item in list(self._above):
            found[self.top(item)].append(item)
        return list(found.values())
