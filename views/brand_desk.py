"""What the page «Бренды» asks of the desk that app.py hands in, and what the desk answers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from storage.queries import BrandQuery

#: (start, end) of each place in a text, in code points.
Places = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a query cannot be used: ``what`` is wrong ``at`` a character of it.

    ``todo`` says what to do, ``example`` shows it.
    """

    what: str
    at: int
    todo: str
    example: str


@dataclass(frozen=True, slots=True)
class Search:
    """What to ask the source called ``title`` for; ``strings`` is empty where it cannot search.

    ``left_out`` tells what is checked afterwards, or what will be missed.
    """

    title: str
    strings: tuple[str, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """A mention that a query matches, or no longer does; ``hits`` are the words in ``text``."""

    mention_id: int
    text: str
    author: str | None
    url: str
    source: str
    published_at: datetime
    hits: Places


@dataclass(frozen=True, slots=True)
class Preview:
    """What saving a query would do to mentions of shared sources.

    The latest ``looked_at`` of ``stored`` ones were tried; ``matching`` of these match, ``gained``
    of them are not the brand's so far; ``lost`` are the brand's and would stop to be. Left out of
    these are the ``named``: the source itself says that they are about the brand. Samples are the
    latest of each sort; those of ``lost`` show by what they are found now.
    """

    looked_at: int
    stored: int
    named: int
    matching: int
    gained: int
    lost: int
    gained_samples: tuple[Sample, ...]
    kept_samples: tuple[Sample, ...]
    lost_samples: tuple[Sample, ...]


@dataclass(frozen=True, slots=True)
class Applying:
    """Stored mentions do not all follow the queries yet: ``done`` of ``total`` are looked at.

    ``asked`` tells that a worker shall do it, ``has_worker`` that there is one; ``failed`` is why
    the last attempt ended, in words, empty where none did.
    """

    done: int
    total: int
    asked: bool
    has_worker: bool
    failed: str


class BrandDesk(Protocol):
    """Brand queries over a database; what the methods raise is a StorageError in words.

    Where a brand is asked for, it is the brand as the user saw it: what somebody else saved since
    is told, not overwritten.
    """

    def brands(self) -> tuple[BrandQuery, ...]:
        """All brands with their queries, ours first."""

    def problem(self, query: str) -> Problem | None:
        """What is wrong with a query; None where it can be used, as an empty one can."""

    def remarks(self, query: str) -> tuple[str, ...]:
        """What in a query that can be used may be meant otherwise, in words."""

    def searches(self, query: str) -> tuple[Search, ...]:
        """The best search that each sort of source understands."""

    def preview(self, code: str, query: str) -> Preview:
        """Try a query of the brand on stored mentions."""

    def save(self, brand: BrandQuery, query: str | None) -> None:
        """Let this query hold, an empty one the names, None what config.yaml says; apply it."""

    def before(self, brand: BrandQuery) -> BrandQuery | None:
        """The brand as :meth:`undo` would make it; None where there is nothing to undo."""

    def undo(self, brand: BrandQuery) -> None:
        """Take back what was saved last, and apply what holds again."""

    def applying(self) -> Applying | None:
        """How far stored mentions follow what was saved; None where all of them do."""

    def apply(self) -> None:
        """Have the worker go on with it."""
