"""The key figures as tiles: value, change against the period before, n, interval, definition."""

from insights import russian as ru
from insights import stats
from insights.changes import Measure
from insights.indices import CSAT, INDICES, NPS, PEAK_END, PLAIN_MEAN, Index
from insights.stats import Estimate
from insights.words import Mood
from reports.parts import Tile
from storage.filters import Filter
from storage.queries import Figures

_VOLUME = (
    "Сколько раз о бренде написали: клиенты, без рекламы и новостей, если фильтр не говорит иного. "
    "Текст о двух брендах считается для каждого из них."
)


def tiles(now: Figures, before: Figures | None, where: Filter) -> tuple[Tile, ...]:
    """Volume, then every index that something tells of (no ratings, no survey: left out).

    The plain mean is told beside «peak and end», which it explains.
    """
    shown = (index for index in INDICES if index is not PLAIN_MEAN)
    measured = ((i, Measure(i.of(now), i.of(before) if before else None)) for i in shown)
    return (
        _volume(now.mentions, before.mentions if before else 0),
        *(_tile(index, told, now, where) for index, told in measured if told.now),
    )


def explained(tile: Tile) -> str:
    """Definition, n, interval and the period before, in paragraphs."""
    told = tile.definition
    if tile.interval:
        told += f"\n\nn = {tile.n}. Интервал 95 %: {tile.interval}."
    if tile.change and tile.index and tile.mood is Mood.SAME:
        told += " Изменение — в пределах погрешности."
    return f"{told}\n\nВ прошлом периоде: {tile.was}." if tile.index and tile.was else told


def opens(tile: Tile) -> bool:
    """Whether there are mentions to open: no part of a filter asks for survey answers."""
    return tile.index is not NPS


def _tile(index: Index, measure: Measure, now: Figures, where: Filter) -> Tile:
    change, moved, unit = measure.change, measure.points, index.counts(where)
    certain = bool(change and change.significant and moved)
    good = (moved > 0) == index.more_is_better
    value = measure.now or Estimate(0.0, 0.0, 0.0, 0)
    was = measure.before
    past = f"{index.told(was.value)} ({ru.counted(was.n, unit)})" if was else ""
    return Tile(
        code=index.code,
        name=index.name,
        definition=index.definition + _beside(index, now),
        told=index.told(value.value),
        change=index.told_change(moved) if change else "",
        was=past,
        note=_note(past, is_noise=change is not None and not certain),
        interval=index.interval(value),
        n=ru.counted(value.n, unit),
        mood=(Mood.BETTER if good else Mood.WORSE) if certain else Mood.SAME,
        index=index,
        measure=measure,
    )


def _volume(now: int, before: int) -> Tile:
    was = ru.number(before) if before else ""
    return Tile(
        code="volume",
        name="Упоминания",
        definition=_VOLUME,
        told=ru.number(now),
        change=ru.number(now - before, sign=True) if before else "",
        was=was,
        note=_note(was, is_noise=False),
        interval="",
        n="",
        mood=Mood.SAME,
        index=None,
        measure=Measure(_exactly(now), _exactly(before) if before else None),
    )


def _exactly(count: int) -> Estimate:
    return Estimate(count, count, count, count)


def _note(was: str, *, is_noise: bool) -> str:
    if not was:
        return ""
    return f"было {was}, разница в пределах погрешности" if is_noise else f"было {was}"


def _beside(index: Index, now: Figures) -> str:
    """What is read beside an index."""
    if index is CSAT and (mean := stats.mean_rating(now.ratings)):
        return f" Средняя оценка {ru.number(mean, 1)} из 5."
    if index is PEAK_END and (plain := PLAIN_MEAN.of(now)):
        return f" {PLAIN_MEAN.name}: {PLAIN_MEAN.told(plain.value)}."
    return ""
