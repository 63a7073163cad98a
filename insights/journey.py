"""The customer's way stage by stage: where it hurts, how much of the index that costs, what moved.

A map is compared with one other map at most: of the previous equal period, of an earlier one, or
of a competitor.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

from insights.pains import FEW_OPINIONS, part
from insights.stats import Z_MANY, Change, Estimate, change, net_sentiment, share
from nlp.journey import Stage
from storage.queries import OpinionCount, Tones


@dataclass(frozen=True, slots=True)
class Side:
    """Whose way it is: opinions by touchpoint, and how many mentions were analysed."""

    opinions: tuple[OpinionCount, ...]
    mentions: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Opinions here and, where there is something to compare with, there (else None)."""

    here: Tones
    there: Tones | None = None

    @property
    def n(self) -> int:
        """How many opinions there are."""
        return self.here.n

    @property
    def there_n(self) -> int:
        """How many opinions the other side has."""
        return self.there.n if self.there else 0

    @property
    def is_few(self) -> bool:
        """Whether there are opinions, but too few to rely on."""
        return 0 < self.n < FEW_OPINIONS

    @property
    def net(self) -> Estimate | None:
        """Net sentiment with its 95 % interval; None without opinions."""
        return net_sentiment(self.here)

    @property
    def other(self) -> Estimate | None:
        """Net sentiment of the other side."""
        return net_sentiment(self.there) if self.there else None

    @property
    def difference(self) -> Change | None:
        """Here minus there, with the stricter interval of many comparisons at once (99.7 %)."""
        if self.there is None:
            return None
        return change(net_sentiment(self.here, Z_MANY), net_sentiment(self.there, Z_MANY))

    @property
    def moved(self) -> int | None:
        """Points between the two indices as they are shown; None where chance would do it, too.

        Nothing is concluded where either side has few opinions.
        """
        found = self.difference
        if found is None or self.there is None or min(self.here.n, self.there.n) < FEW_OPINIONS:
            return None
        return self._points or None if found.significant else None

    @property
    def is_louder(self) -> bool:
        """Whether more is said here than there, beyond chance; of periods of equal length."""
        part_here = share(self.n, self.n + self.there_n, Z_MANY)
        return self.there is not None and part_here is not None and part_here.low > 0.5

    @property
    def _points(self) -> int:
        here, there = self.net, self.other
        return round(here.value * 100) - round(there.value * 100) if here and there else 0


@dataclass(frozen=True, slots=True)
class Cell:
    """A touchpoint of a stage.

    ``impact`` is the share of all mentions, 0…1, that its negative opinions make negative: times
    100 it is how many points the index of all mentions would rise had they been neutral. ``lift``
    is the same of the positive ones. None where nothing was analysed.
    """

    touchpoint: str
    standing: Standing
    impact: Estimate | None
    lift: Estimate | None

    @property
    def is_sore(self) -> bool:
        """Whether it is certain that more people scold than praise."""
        net = self.standing.net
        return net is not None and self.standing.n >= FEW_OPINIONS and net.high < 0

    @property
    def is_loved(self) -> bool:
        """Whether it is certain that more people praise than scold."""
        net = self.standing.net
        return net is not None and self.standing.n >= FEW_OPINIONS and net.low > 0


@dataclass(frozen=True, slots=True)
class Column:
    """A stage with its touchpoints in the journey's order, and all their opinions together."""

    stage: Stage
    cells: tuple[Cell, ...]
    standing: Standing


@dataclass(frozen=True, slots=True)
class JourneyMap:
    """Stages in order; ``outside`` are touchpoints of no stage that people speak about."""

    columns: tuple[Column, ...]
    outside: tuple[Cell, ...]
    is_compared: bool

    @property
    def cells(self) -> tuple[Cell, ...]:
        """Every touchpoint once, those outside the journey last."""
        inside = (cell for column in self.columns for cell in column.cells)
        return tuple({cell.touchpoint: cell for cell in (*inside, *self.outside)}.values())

    @property
    def most(self) -> int:
        """Opinions about the most discussed touchpoint: what bars of volume are measured by."""
        return max((cell.standing.n for cell in self.cells), default=0)

    @property
    def is_spoken_of(self) -> bool:
        """Whether there is anything to show, on either side."""
        return any(cell.standing.n or cell.standing.there_n for cell in self.cells)

    def find(self, touchpoint: str) -> Cell | None:
        """The cell of a touchpoint; None where the map has none."""
        return next((cell for cell in self.cells if cell.touchpoint == touchpoint), None)


def journey_map(
    stages: Sequence[Stage], here: Side, there: Side | None, only: Sequence[str] = ()
) -> JourneyMap:
    """Lay the opinions out along the stages; ``only`` leaves other touchpoints out.

    ``there`` is what the map is compared with, None where nothing is.
    """
    known = _by_touchpoint(here)
    other = _by_touchpoint(there) if there else {}

    def cell(touchpoint: str) -> Cell:
        own = known.get(touchpoint, OpinionCount(touchpoint, Tones()))
        beside = other.get(touchpoint, OpinionCount(touchpoint, Tones()))
        return Cell(
            touchpoint,
            Standing(own.tones, beside.tones if there else None),
            impact=part(own.pain, here.mentions),
            lift=part(own.joy, here.mentions),
        )

    columns = []
    for stage in stages:
        chosen = dict.fromkeys(str(code) for code in stage.touchpoints)
        cells = tuple(cell(code) for code in chosen if not only or code in only)
        columns.append(Column(stage, cells, _together(cells)))
    placed = {str(code) for stage in stages for code in stage.touchpoints}
    spoken = [*known, *(code for code in other if code not in known)]
    outside = tuple(
        cell(code) for code in spoken if code not in placed and (not only or code in only)
    )
    return JourneyMap(tuple(columns), outside, is_compared=there is not None)


def sorest(found: JourneyMap, limit: int) -> tuple[Cell, ...]:
    """Where more people scold than praise, what costs the index most first."""
    sore = [cell for cell in found.cells if cell.is_sore]
    return tuple(sorted(sore, key=lambda cell: (-_weight(cell.impact), cell.touchpoint))[:limit])


def loved(found: JourneyMap, limit: int) -> tuple[Cell, ...]:
    """Where more people praise than scold, what gives the index most first."""
    good = [cell for cell in found.cells if cell.is_loved]
    return tuple(sorted(good, key=lambda cell: (-_weight(cell.lift), cell.touchpoint))[:limit])


def moved(found: JourneyMap) -> tuple[Cell, ...]:
    """Touchpoints that differ beyond chance, the largest difference first."""
    certain = [cell for cell in found.cells if cell.standing.moved]
    return tuple(
        sorted(certain, key=lambda cell: (-abs(cell.standing.moved or 0), cell.touchpoint))
    )


def louder(found: JourneyMap) -> tuple[Cell, ...]:
    """Touchpoints that more is said about beyond chance, the largest growth first.

    For maps of periods of equal length.
    """
    grown = [cell for cell in found.cells if cell.standing.is_louder]
    return tuple(
        sorted(grown, key=lambda cell: (cell.standing.there_n - cell.standing.n, cell.touchpoint))
    )


def _by_touchpoint(side: Side) -> dict[str, OpinionCount]:
    return {count.touchpoint: count for count in side.opinions}


def _weight(part_of_all: Estimate | None) -> float:
    return part_of_all.value if part_of_all else 0.0


def _together(cells: Iterable[Cell]) -> Standing:
    standings = [cell.standing for cell in cells]
    there = [standing.there for standing in standings if standing.there is not None]
    return Standing(
        reduce(add, (standing.here for standing in standings), Tones()),
        reduce(add, there, Tones()) if there else None,
    )
