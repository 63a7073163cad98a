"""Pains and strengths in plain Russian: what they cost, whether they grow, what came of a fix."""

from collections.abc import Sequence

from insights import russian as ru
from insights.anomalies import Surge
from insights.beside import Other
from insights.breakdown import Jump
from insights.courses import Around
from insights.pains import Side, Weighed
from insights.stats import Estimate
from insights.words import Headline, Mood, name, usual
from nlp.labels import Tone

_DAY_OF: ru.Forms = ("день", "дня", "дней")
_FORMS = {Side.PAIN: ru.NEGATIVE_OPINION, Side.JOY: ru.POSITIVE_OPINION}


def points(value: float) -> str:
    """0.042 -> «4,2 пункта»."""
    if 0 < abs(value) < 0.0005:
        return f"меньше 0,1{ru.NBSP}пункта"
    return f"{ru.number(value * 100, 1)}{ru.NBSP}пункта"


def opinions(n: int, side: Side) -> str:
    """«43 негативных мнения»."""
    return ru.counted(n, _FORMS[side])


def voices(n: int, tone: Tone) -> str:
    """«43 жалобы», «12 похвал»."""
    return ru.counted(n, ru.COMPLAINT if tone is Tone.NEGATIVE else ru.PRAISE)


def cost(one: Weighed, side: Side) -> str:
    """«стоит бренду 4,2 пункта индекса»."""
    verb = "стоит бренду" if side is Side.PAIN else "даёт бренду"
    return f"{verb} {points(one.impact.value)} индекса"


def interval(impact: Estimate) -> str:
    """«от 3,1 до 5,6»: the interval of an impact, in points."""
    return f"от {ru.number(impact.low * 100, 1)} до {ru.number(impact.high * 100, 1)}"


def meaning(one: Weighed, side: Side) -> str:
    """How the figure is meant, with n and interval: for who asks."""
    if side is Side.PAIN:
        would = "На столько вырос бы индекс тональности, будь эти мнения нейтральными"
    else:
        would = "На столько упал бы индекс тональности, будь эти мнения нейтральными"
    n = ru.counted(one.impact.n, ru.MENTION)
    return f"{would}. Интервал 95 %: {interval(one.impact)}; n = {n}."


def growth(one: Weighed) -> str:
    """«+3,1 пункта»; empty where the change may be chance."""
    if one.growth is None or not one.growth.significant:
        return ""
    return f"{ru.number(one.growth.value * 100, 1, sign=True)}{ru.NBSP}пункта"


def compared(one: Weighed, side: Side) -> str:
    """The change in a sentence, whatever it is; empty where there is nothing to compare with."""
    if one.impact_before is None or one.opinions_before is None:
        return ""
    was = f"{points(one.impact_before.value)} ({opinions(one.opinions_before, side)})"
    if one.growth is None:
        return f"В предыдущем таком же периоде было {was}; данных мало, чтобы сравнивать."
    if one.growth.significant:
        verb = "Выросло" if one.grows else "Снизилось"
        return f"{verb} против предыдущего периода: было {was}."
    return f"В предыдущем таком же периоде было {was}: разница — в пределах погрешности."


def headline(ranked: Sequence[Weighed], side: Side) -> Headline:
    """The page in one sentence."""
    if not ranked:
        sort = "негативных" if side is Side.PAIN else "позитивных"
        return Headline(Mood.UNKNOWN, f"Мнений о конкретных сторонах — {sort} — за это время нет.")
    top = ranked[0]
    if top.is_uncertain:
        told = f"чаще всего — «{name(top.touchpoint)}» ({opinions(top.opinions, side)})"
        return Headline(Mood.UNKNOWN, f"Данных мало, чтобы делать выводы; {told}.")
    lead = "Дороже всего обходится" if side is Side.PAIN else "Больше всего даёт"
    told = f"{lead} «{name(top.touchpoint)}»: {points(top.impact.value)} индекса тональности"
    growing = [one for one in ranked if one.grows and not one.is_uncertain]
    if not growing:
        return Headline(Mood.UNKNOWN, f"{told}.")
    mood = Mood.WORSE if side is Side.PAIN else Mood.BETTER
    if growing == [top]:
        return Headline(mood, f"{told}, и это больше, чем в предыдущем таком же периоде.")
    names = ", ".join(f"«{name(one.touchpoint)}»" for one in growing[:3])
    return Headline(mood, f"{told}. Выросли заметнее обычного: {names}.")


def surge(found: Surge) -> str:
    """«3–9 марта: 43 жалобы вместо обычных 12±5»."""
    told = f"{voices(found.count, found.tone)} вместо обычных {usual(found.usual)}"
    return f"{ru.days(found.start, found.end)}: {told}"


def around(found: Around | None, tone: Tone) -> tuple[str, str]:
    """What came of a fix: «better», «same», «worse» or «unknown», and the sentence."""
    if found is None:
        return "unknown", "До или после этого дня упоминаний слишком мало, чтобы сравнивать."
    sides = [
        f"{voices(side.count, tone)} на {ru.counted(side.share.n, ru.MENTION)}"
        f" ({ru.percent(side.share.value, digits=1)})"
        for side in (found.before, found.after)
    ]
    length = ru.counted(found.after.days, _DAY_OF)
    told = f"за {found.before.days} дней до — {sides[0]}, за {length} после — {sides[1]}"
    low, high = _bound(found.change.low), _bound(found.change.high)
    span = f"{ru.number(found.change.value * 100, 1, sign=True)} п.п. (от {low} до {high})"
    if not found.change.significant:
        return "same", f"Заметно не изменилось: {told}. Разница {span} может быть случайной."
    fell = found.change.value < 0
    lead = "Стало реже" if fell else "Стало чаще"
    good = fell == (tone is Tone.NEGATIVE)
    return "better" if good else "worse", f"{lead}: {told}. Разница {span} — не случайность."


def _bound(difference: float) -> str:
    """An end of an interval in percentage points; one that is not quite 0 is told so."""
    told = ru.number(difference * 100, 1, sign=True)
    return told if told.strip("0,") else "почти 0"


def jump(found: Jump) -> str:
    """«С версии 5.2 ругают в 31 % упоминаний (n = 80), до неё — в 4 % (n = 300).»"""
    own = f"{ru.percent(found.own.value)} (n{ru.NBSP}={ru.NBSP}{ru.number(found.own.n)})"
    before = f"{ru.percent(found.earlier.value)} (n{ru.NBSP}={ru.NBSP}{ru.number(found.earlier.n)})"
    since = "В версии" if found.is_over else "С версии"
    told = f"{since} {found.version} ругают в {own} упоминаний, до неё — в {before}"
    if found.later is None:
        return f"{told}."
    then = "потом снова меньше" if found.is_over else "и дальше не меньше"
    return f"{told}; {then}: {ru.percent(found.later.value)}."


def other(one: Other) -> str:
    """«24 жалобы: 31 % остальных жалоб, обычно 12 % — в 2,6 раза чаще»."""
    of = "жалоб" if one.tone is Tone.NEGATIVE else "похвал"
    told = f"{voices(one.count, one.tone)} — {ru.percent(one.own.value)} остальных {of}"
    if one.usual is None:
        return told
    told += f", обычно {ru.percent(one.usual.value)}"
    if not one.is_more:
        return told
    times = one.lift
    if times is None or times >= 10:
        return f"{told}: намного чаще"
    return f"{told}: в {ru.number(times, 1)} раза чаще"
