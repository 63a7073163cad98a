"""What the journey map says, in plain Russian."""

from collections.abc import Sequence
from dataclasses import dataclass

from insights import journey
from insights import russian as ru
from insights.journey import Cell, Column, JourneyMap, Standing
from insights.pains import FEW_OPINIONS
from nlp.labels import TOUCHPOINT_NAMES, Tone, Touchpoint

#: After «в»: «в 3 точках контакта».
_IN_POINTS: ru.Forms = ("точке контакта", "точках контакта", "точках контакта")
_NAMED = 3
#: A smaller part of the index would be told as nothing.
_SEEN = 0.0005


@dataclass(frozen=True, slots=True)
class Story:
    """One sentence, the lines that support it, and the tone of the news (None: neither)."""

    text: str
    lines: tuple[str, ...] = ()
    tone: Tone | None = None


def story(found: JourneyMap) -> Story:
    """Where the way hurts most, what else weighs, what has moved since the other period."""
    sore, loved = journey.sorest(found, 1 + _NAMED), journey.loved(found, _NAMED)
    lines = [
        _line("Ещё слабые места", [_with_index(cell) for cell in sore[1:]]),
        _line("Радуют", [_with_index(cell) for cell in loved]),
        *_moves(found, "Стало хуже", "Стало лучше"),
        _line("Заговорили чаще", [_with_volume(cell) for cell in journey.louder(found)]),
    ]
    told = tuple(line for line in lines if line)
    if sore:
        return Story(_sore(sore[0]), told, Tone.NEGATIVE)
    if loved:
        return Story(
            "Точек, где ругают заметно чаще, чем хвалят, на пути не видно.", told, Tone.POSITIVE
        )
    if found.most < FEW_OPINIONS:
        return Story("Мнений пока мало, чтобы делать выводы о пути клиента.", told)
    return Story("Хвалят и ругают примерно поровну: ни одна точка не выделяется.", told)


def comparison(found: JourneyMap, beside: str, *, is_period: bool) -> Story:
    """Where the map is better or worse than the one ``beside`` it, as far as that is certain."""
    differing = journey.moved(found)
    better = [cell for cell in differing if (cell.standing.moved or 0) > 0]
    worse = [cell for cell in differing if (cell.standing.moved or 0) < 0]
    rest = sum(cell.standing.n > 0 for cell in found.cells) - len(differing)
    lead = f"В сравнении с периодом {beside}" if is_period else f"Против «{beside}»"
    stages = _line("Этапы целиком", [_of_stage(c) for c in found.columns if c.standing.moved])
    if not differing:
        text = f"{lead} уверенной разницы нет ни в одной точке контакта."
        doubt = "Интервалы пересекаются, или мнений мало."
        return Story(text, (stages, doubt) if stages else (doubt,))
    counts = [f"лучше в {ru.counted(len(better), _IN_POINTS)}"] if better else []
    counts += [f"хуже в {ru.counted(len(worse), _IN_POINTS)}"] if worse else []
    text = f"{lead}: {', '.join(counts)}."
    lines = [line for line in (*_moves(found, "Хуже", "Лучше"), stages) if line]
    if rest > 0:
        lines.append(f"В остальных ({rest}) разница в пределах погрешности, или мнений мало.")
    tone = Tone.NEGATIVE if len(worse) > len(better) else Tone.POSITIVE
    return Story(text, tuple(lines), tone if len(worse) != len(better) else None)


def about(standing: Standing) -> str:
    """«−81 (от −88 до −72), 151 мнение»: the figure with its interval and n."""
    net = standing.net
    if net is None:
        return "мнений нет"
    return f"{ru.index(net.value)} ({interval(standing)}), {ru.counted(net.n, ru.OPINION)}"


def interval(standing: Standing) -> str:
    """«от −88 до −72»; empty without opinions."""
    net = standing.net
    return f"от {ru.index(net.low)} до {ru.index(net.high)}" if net else ""


def difference(standing: Standing) -> str:
    """«+23 (от +4 до +41)»: this side minus the other one, with its interval; empty without."""
    found, here, there = standing.difference, standing.net, standing.other
    if found is None or here is None or there is None:
        return ""
    points = round(here.value * 100) - round(there.value * 100)
    told = ru.number(points, sign=True)
    return f"{told} (от {ru.index(found.low)} до {ru.index(found.high)})"


def reach(standing: Standing) -> str:
    """«(от 4 до 41)»: by how much the sides differ at least and at most, whichever is better."""
    found = standing.difference
    if found is None or not found.significant:
        return ""
    ends = sorted(abs(round(end * 100)) for end in (found.low, found.high))
    return f"(от{ru.NBSP}{ends[0]} до{ru.NBSP}{ends[1]})"


def name(touchpoint: str) -> str:
    """A touchpoint in Russian."""
    return TOUCHPOINT_NAMES[Touchpoint(touchpoint)]


def _sore(cell: Cell) -> str:
    told = f"Самое слабое место пути — «{name(cell.touchpoint)}»: {_figures(cell)}."
    if cell.impact and cell.impact.value >= _SEEN:
        cost = ru.number(cell.impact.value * 100, 1)
        told += f" Без этого негатива общий индекс был бы выше на {cost}{ru.NBSP}пункта."
    return told


def _figures(cell: Cell) -> str:
    net = cell.standing.net
    index = ru.index(net.value) if net else "–"
    return f"индекс {index}, {ru.counted(cell.standing.n, ru.OPINION)}"


def _moves(found: JourneyMap, worse: str, better: str) -> tuple[str, str]:
    differing = journey.moved(found)
    return (
        _line(worse, [_with_move(c) for c in differing if (c.standing.moved or 0) < 0]),
        _line(better, [_with_move(c) for c in differing if (c.standing.moved or 0) > 0]),
    )


def _of_stage(column: Column) -> str:
    moved = column.standing.moved or 0
    word = "лучше" if moved > 0 else "хуже"
    return f"«{column.stage.name}» {word} на {abs(moved)}{ru.NBSP}п."


def _line(lead: str, told: Sequence[str]) -> str:
    return f"{lead}: {', '.join(told[:_NAMED]).removesuffix('.')}." if told else ""


def _with_index(cell: Cell) -> str:
    net = cell.standing.net
    return f"«{name(cell.touchpoint)}» ({ru.index(net.value) if net else '–'})"


def _with_volume(cell: Cell) -> str:
    standing = cell.standing
    told = ru.counted(standing.n, ru.OPINION)
    return f"«{name(cell.touchpoint)}» ({told}, было {ru.number(standing.there_n)})"


def _with_move(cell: Cell) -> str:
    moved = cell.standing.moved or 0
    return f"«{name(cell.touchpoint)}» на {abs(moved)}{ru.NBSP}п."
