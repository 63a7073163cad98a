"""Many conditions asked about one text: only those are looked at whose words occur."""

from collections import defaultdict
from collections.abc import Mapping
from itertools import chain

from otklik.query.lexicon import Text
from otklik.query.plan import Condition


class Index:
    """Conditions by key (a brand's id)."""

    def __init__(self, conditions: Mapping[int, Condition]) -> None:
        self.conditions = conditions
        self._by_word: dict[int, list[int]] = defaultdict(list)
        self._always: list[int] = []  # nothing but filters
        for key, condition in conditions.items():
            needs = condition.needs
            if needs is None:
                self._always.append(key)
            for word in needs or ():
                self._by_word[word].append(key)

    def find(self, text: Text) -> list[int]:
        """The keys of the conditions that hold, in the order of adding them."""
        words = text.present.intersection(self._by_word)
        keys = {*self._always, *chain.from_iterable(map(self._by_word.__getitem__, words))}
        return [key for key in sorted(keys) if self.conditions[key].holds(text)]
