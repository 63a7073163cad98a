"""The comparison with competitors in plain Russian; names come as they are, the caller escapes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from insights import russian as ru
from insights.changes import Measure
from insights.competitors import Contrast, Line, Parties, Verdict
from insights.indices import Index, Scale
from insights.stats import Estimate
from insights.words import Mood
from nlp.labels import TOUCHPOINT_NAMES, Touchpoint

#: So many touchpoints a side are told beside the headline.
_MOST = 2
_LONGER = "Чем длиннее период, тем меньшие различия видны."

_WORDS = {Verdict.BEHIND: "хуже", Verdict.AHEAD: "лучше"}
_VERBS = {Verdict.BEHIND: "Проигрываем", Verdict.AHEAD: "Выигрываем"}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where we stand: one sentence, and the touchpoints that stand out."""

    mood: Mood
    text: str
    reasons: tuple[str, ...] = ()


def standing(
    who: Parties, voice: Mapping[int, Estimate], net: Line | None, lines: Sequence[Line]
) -> Standing:
    """Share of voice, the index against the competitors, and the touchpoints that stand out."""
    ours = who.ours.name
    own = voice.get(who.ours.id)
    if own is None or own.value == 0:
        return Standing(Mood.UNKNOWN, f"{ours}: за этот период по этим фильтрам упоминаний нет.")
    lead = f"{ours}: {ru.percent(own.value)} упоминаний всех сравниваемых брендов"
    if net is None or net.against_mean.ours is None:
        return Standing(Mood.UNKNOWN, f"{lead}. Тональность ещё не проанализирована.")
    level = f"{lead}, индекс тональности {ru.index(net.against_mean.ours.value)}"
    if net.against_mean.theirs is None:
        return Standing(Mood.UNKNOWN, f"{level}. О конкурентах написали слишком мало.")
    mean = f"{ru.index(net.against_mean.theirs.value)} {whose(who, net.against_mean)}"
    return Standing(mood(net), f"{level} против {mean}: {ending(net, who)}.", _reasons(lines, who))


def mood(net: Line) -> Mood:
    """Better than one and worse than another is neither."""
    found = [verdict for verdict in _WORDS if net.standing(verdict)]
    if len(found) == 1:
        return Mood.BETTER if found[0] is Verdict.AHEAD else Mood.WORSE
    return Mood.UNKNOWN if net.verdict is Verdict.UNKNOWN else Mood.SAME


def ending(net: Line, who: Parties) -> str:
    """«хуже, чем у «Купец и Ко» (+39)»: whom our index differs from, beyond chance."""
    ends = []
    for verdict, word in _WORDS.items():
        contrast = net.standing(verdict)
        if contrast is None or contrast.theirs is None:
            continue
        if contrast.brands == net.against_mean.brands:  # the one that is told already
            ends.append(word)
            continue
        ends.append(f"{word}, чем {whose(who, contrast)} ({ru.index(contrast.theirs.value)})")
    if ends:
        return "; ".join(ends)
    return "данных мало для выводов" if net.verdict is Verdict.UNKNOWN else "различия не видно"


def told(line: Line, who: Parties, verdict: Verdict) -> str:
    """«−34 против +5 у «Амбар24» (120 и 40 мнений)»: the comparison that says so."""
    contrast = line.standing(verdict) if verdict in _WORDS else line.against_mean
    if contrast is None or contrast.ours is None or contrast.theirs is None:
        return "сравнить не с чем"
    values = f"{ru.index(contrast.ours.value)} против {ru.index(contrast.theirs.value)}"
    return f"{values} {whose(who, contrast)} ({_counts(contrast)})"


def verdict(index: Index, contrast: Contrast, who: Parties) -> str:
    """«хуже на 28, чем у «Купец и Ко»», in points as shown; «различия не видно», «мало данных»."""
    if contrast.ours is None or contrast.theirs is None or contrast.verdict is Verdict.UNKNOWN:
        return "мало данных"
    if contrast.verdict is Verdict.EVEN:
        return "различия не видно"
    points = abs(Measure(contrast.ours, contrast.theirs).points)
    by = ru.points(points, sign=False) if index.scale is Scale.SHARE else ru.number(points)
    return f"{_WORDS[contrast.verdict]} на {by}, чем {whose(who, contrast)}"


def whose(who: Parties, contrast: Contrast) -> str:
    """«у «Амбар24»», «в среднем у конкурентов»."""
    names = [brand.name for brand in who.rivals if brand.id in contrast.brands]
    return f"у «{names[0]}»" if len(names) == 1 else "в среднем у конкурентов"


def _reasons(lines: Sequence[Line], who: Parties) -> tuple[str, ...]:
    reasons = []
    for verdict, verb in _VERBS.items():
        found = [(line, own) for line in lines if (own := line.standing(verdict))]
        found.sort(key=lambda pair: -pair[1].size)
        reasons += [f"{verb}: {name(line)} {told(line, who, verdict)}" for line, _ in found[:_MOST]]
    if not reasons and lines:
        return ("Ни в одной теме различий за пределами погрешности не видно.", _LONGER)
    return tuple(reasons)


def name(line: Line) -> str:
    """The touchpoint of a line."""
    return TOUCHPOINT_NAMES[Touchpoint(line.key)]


def _counts(contrast: Contrast) -> str:
    ours, theirs = (e.n if e else 0 for e in (contrast.ours, contrast.theirs))
    return f"{ru.number(ours)} и {ru.counted(theirs, ru.OPINION)}"
