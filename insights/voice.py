"""Share of voice of a period: now, in the equal period before, over time, and how fair it is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from insights import competitors
from insights import russian as ru
from insights.changes import Measure
from insights.competitors import Parties, VoicePoint
from insights.stats import Estimate
from storage.filters import Filter
from storage.queries import SourceRow

#: Mentions of sources that tell only of us are worth a word from this share of ours on.
_LONELY = 0.05


@dataclass(frozen=True, slots=True)
class Voice:
    """Share of voice now, before (empty without an earlier period) and over time."""

    now: dict[int, Estimate]
    before: dict[int, Estimate]
    mentions: dict[int, int]
    points: tuple[VoicePoint, ...]


@dataclass(frozen=True, slots=True)
class Lonely:
    """Sources that tell only of us, and how many mentions of ours they hold."""

    sources: tuple[int, ...]
    names: tuple[str, ...]
    mentions: int


def asked(scope: Filter) -> Filter:
    """Whose mentions by day and brand :func:`counted` takes: this period and the one before."""
    earlier = scope.previous()
    return replace(scope, day_from=earlier.day_from) if earlier else scope


def counted(
    by_day: Mapping[date, Mapping[int, int]], scope: Filter, who: Parties, today: date
) -> Voice:
    """Shares of mentions by day and brand, as :func:`asked` for."""
    start = scope.day_from or min(by_day, default=today)
    end = scope.day_to or max(by_day, default=today)
    ids = who.ids
    points = competitors.voice_over_time(by_day, ids, start, max(start, end))
    mentions = {brand: sum(point.mentions[brand] for point in points) for brand in ids}
    before = dict.fromkeys(ids, 0)
    for day, own in by_day.items():
        if day < start:
            for brand in ids:
                before[brand] += own.get(brand, 0)
    return Voice(
        competitors.share_of_voice(mentions),
        competitors.share_of_voice(before) if scope.previous() else {},
        mentions,
        points,
    )


def change(voice: Voice, brand: int, name: str) -> str:
    """How a brand's share moved, in words; empty where there is no period before."""
    if not voice.before:
        return ""
    measure = Measure(voice.now.get(brand), voice.before.get(brand))
    if measure.now is None or measure.before is None or measure.change is None:
        return f"{name}: в прошлом таком же периоде упоминаний нет."
    told = f"{name}: было {ru.percent(measure.before.value)}, стало {ru.percent(measure.now.value)}"
    if measure.change.significant and measure.points:
        return f"{told} ({ru.points(measure.points)})."
    return f"{told} — в пределах погрешности."


def lonely(
    by_source: Mapping[int, Mapping[int, int]], sources: Iterable[SourceRow], who: Parties
) -> Lonely | None:
    """Sources without a counterpart; None where they are not worth a word."""
    known = {source.id: source for source in sources}
    found = competitors.lonely_sources(
        {source: own for source, own in by_source.items() if source in known},
        {source.id: source.type for source in known.values()},
        who,
    )
    ours = sum(own.get(who.ours.id, 0) for own in by_source.values())
    n = sum(by_source[source][who.ours.id] for source in found)
    if not n or n < _LONELY * ours:
        return None
    return Lonely(found, tuple(known[source].label for source in found), n)


def unfair(found: Lonely) -> str:
    """What makes the brands hard to compare, in words."""
    names = ", ".join(f"«{name}»" for name in found.names)
    return (
        f"{ru.counted(found.mentions, ru.MENTION).capitalize()} из источников, где пишут только "
        f"о нас: {names}. О конкурентах таких нет, сравнение может быть неровным."
    )
