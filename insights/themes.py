"""Themes inside a touchpoint: how often each is heard, now and before, with what was merged."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from insights.changes import FEW
from insights.pains import FEW_OPINIONS, part
from insights.stats import Z_MANY, Change, Estimate, change
from storage.queries import ThemeRow

#: A quote is looked for on so many of the days when a theme was heard most.
_LOUDEST = 14

#: Opinions of themes by key and day, and the number of analysed mentions of the period.
Heard = tuple[Mapping[str, Mapping[date, int]], int]


@dataclass(frozen=True, slots=True)
class Line:
    """A theme in a list.

    ``n`` opinions are of the period, ``before`` of the equal one before (None without one);
    ``share`` is per analysed mention, ``moved`` its change with the stricter interval of many
    figures at once, None where either period has too few mentions. ``title`` was made of its
    words; ``merged`` are the themes that count for it.
    """

    key: str
    name: str
    title: str
    n: int
    before: int | None
    share: Estimate | None
    moved: Change | None
    by_day: Mapping[date, int]
    merged: tuple[ThemeRow, ...]

    @property
    def is_uncertain(self) -> bool:
        """Whether there is too little to conclude anything from."""
        return self.n < FEW_OPINIONS

    @property
    def loudest(self) -> tuple[date, ...]:
        """The days on which it was heard most, in order."""
        days = sorted(self.by_day, key=lambda day: (-self.by_day[day], day))
        return tuple(sorted(days[:_LOUDEST]))


def lines(themes: Sequence[ThemeRow], now: Heard, before: Heard | None) -> tuple[Line, ...]:
    """The themes that were heard, the loudest first; merged ones in those they were merged into."""
    merged: dict[str, list[ThemeRow]] = defaultdict(list)
    for theme in themes:
        if theme.into:
            merged[theme.into].append(theme)
    found = [
        _line(theme, tuple(merged[theme.key]), now, before) for theme in themes if not theme.into
    ]
    return tuple(sorted((line for line in found if line.n), key=lambda line: (-line.n, line.key)))


def name(theme: ThemeRow) -> str:
    """What a theme is called."""
    return theme.name or theme.title


def _line(theme: ThemeRow, merged: tuple[ThemeRow, ...], now: Heard, before: Heard | None) -> Line:
    keys = [theme.key, *(other.key for other in merged)]
    by_day: Counter[date] = Counter()
    for key in keys:
        by_day.update(now[0].get(key, {}))
    n = by_day.total()
    earlier = sum(sum(before[0].get(key, {}).values()) for key in keys) if before else None
    enough = before is not None and min(now[1], before[1]) >= FEW
    return Line(
        key=theme.key,
        name=name(theme),
        title=theme.title,
        n=n,
        before=earlier,
        share=part(n, now[1]),
        moved=change(part(n, now[1], Z_MANY), part(earlier or 0, before[1], Z_MANY))
        if before and enough
        else None,
        by_day=by_day,
        merged=merged,
    )
