"""Findings in plain Russian: what changed, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from insights import russian as ru
from insights.changes import FEW, KeyFigures, Move
from nlp.labels import TOUCHPOINT_NAMES, Touchpoint


class Mood(StrEnum):
    """Whether the news is good; shown as an icon and a colour beside the words."""

    WORSE = "worse"
    BETTER = "better"
    SAME = "same"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Headline:
    """The first thing on the page: one sentence, and the reasons for it."""

    mood: Mood
    text: str
    reasons: tuple[str, ...] = ()


def headline(
    figures: KeyFigures, pains: Sequence[Move], joys: Sequence[Move], *, comparable: bool
) -> Headline:
    """What changed against the previous equal period, told only where it is beyond chance."""
    net = figures.net
    if net.now is None:
        return Headline(Mood.UNKNOWN, _nothing_read(figures))
    level = f"Индекс тональности {ru.index(net.now.value)}"
    if not comparable:
        return Headline(Mood.UNKNOWN, f"{level}. За всё время сравнить не с чем: выберите период.")
    if net.before is None or net.change is None:
        return Headline(Mood.UNKNOWN, f"{level}. В предыдущем таком же периоде упоминаний нет.")
    if min(net.now.n, net.before.n) < FEW:
        text = f"{level}, было {ru.index(net.before.value)}. Данных мало, чтобы делать выводы."
        return Headline(Mood.UNKNOWN, text)
    reasons = (*_reasons(pains, "негатив"), *_reasons(joys, "позитив"))
    if not net.change.significant or net.points == 0:
        text = f"{level} — без заметных изменений (было {ru.index(net.before.value)})."
        return Headline(Mood.SAME, text, reasons)
    return _changed(figures, pains, joys, reasons)


def _changed(
    figures: KeyFigures, pains: Sequence[Move], joys: Sequence[Move], reasons: tuple[str, ...]
) -> Headline:
    net, negative = figures.net, figures.negative
    if net.now is None or net.before is None or negative.now is None or negative.before is None:
        raise ValueError("only a change between two known figures can be told")
    worse = net.points < 0
    moved = negative.change
    if moved and moved.significant and negative.points and worse == (moved.value > 0):
        cause = next((move for move in pains if (move.change.value > 0) == worse), None)
        verb, by = "вырос" if worse else "снизился", ru.points(abs(negative.points), sign=False)
        lead = f"Негатив {verb} на {by} — до {ru.percent(negative.now.value)}"
    else:
        cause = next((move for move in joys if (move.change.value < 0) == worse), None)
        steps = ru.counted(abs(net.points), ru.POINT)
        lead = f"Индекс тональности {'упал' if worse else 'вырос'} на {steps}"
    because = f", заметнее всего — «{_name(cause.touchpoint)}»" if cause else ""
    level = f"Сейчас индекс {ru.index(net.now.value)}, был {ru.index(net.before.value)}."
    return Headline(Mood.WORSE if worse else Mood.BETTER, f"{lead}{because}. {level}", reasons)


def _reasons(found: Sequence[Move], what: str) -> tuple[str, ...]:
    """«Доставка: 43 негативных мнения вместо 12»; at most two a side."""
    forms = ru.NEGATIVE_OPINION if what == "негатив" else ru.POSITIVE_OPINION
    return tuple(
        f"{_name(move.touchpoint)}: {ru.counted(move.now, forms)}, было {ru.number(move.before)}"
        for move in found[:2]
    )


def _nothing_read(figures: KeyFigures) -> str:
    if figures.unread:
        return f"{ru.counted(figures.unread, ru.MENTION)} ещё не проанализировано."
    return "За этот период упоминаний нет."


def _name(touchpoint: str) -> str:
    return TOUCHPOINT_NAMES[Touchpoint(touchpoint)]
