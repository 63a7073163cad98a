"""A period in five sentences made of its figures by rules: volume, tone, what hurts, what is loved,
competitors and what is missing. Trouble that is news is told before all else.

Each claim carries its n, each index its interval; what chance may explain is told as such. Names
come as they are, the caller escapes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from insights import competitor_words, pain_words, words
from insights import russian as ru
from insights.changes import FEW, Measure
from insights.competitors import Line, Parties
from insights.findings import Finding
from insights.pains import Side, Weighed
from insights.stats import Estimate, share
from insights.usual import WHOLE
from insights.words import Mood
from nlp.labels import Tone
from storage.queries import Tones

_TIME: ru.Forms = ("раз", "раза", "раз")
#: After «из»: «из 9 источников», «из 21 источника».
_OF_SOURCE: ru.Forms = ("источника", "источников", "источников")
_NOT_WHOLLY: ru.Forms = ("источник прочитан", "источника прочитаны", "источников прочитаны")
#: From so many times on it no longer matters how many.
_MUCH = 10
_EQUAL = "предыдущем таком же периоде"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the sentences are made of.

    ``before`` is the number of mentions in the equal period before, ``tones`` those of the period.
    ``found`` comes as :mod:`insights.findings` sorts it, ``pains`` and ``joys`` ranked.
    ``who`` is None without competitors; then ``voice`` (our share of all mentions) and ``rivals``
    (the line of net sentiment) are None, too. Of ``sources`` that should have been read,
    ``incomplete`` were not wholly.
    """

    brand: str
    start: date
    end: date
    mentions: int
    before: int
    unread: int
    tones: Tones
    net: Measure
    found: Sequence[Finding]
    pains: Sequence[Weighed]
    joys: Sequence[Weighed]
    who: Parties | None
    voice: Estimate | None
    rivals: Line | None
    sources: int
    incomplete: int


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence; ``behind`` are the parts of a filter that open what it speaks of, None where
    nothing is to be opened."""

    text: str
    mood: Mood = Mood.SAME
    behind: Mapping[str, Any] | None = field(default_factory=dict)


def summary(facts: Facts) -> tuple[Said, ...]:
    """Five sentences; two where nobody wrote, four where nothing is analysed yet."""
    collected = _around(facts)
    if not facts.mentions:
        return (_silence(facts), collected)
    if facts.net.now is None:
        return (_volume(facts), _unknown(facts), collected)
    level, good = (_volume(facts), _tone(facts)), _good(facts)
    trouble = _main([one for one in facts.found if not one.is_good])
    if trouble:
        return (_trouble(facts, trouble), *level, good, collected)
    return (*level, _top(facts.pains, Side.PAIN), good, collected)


def _silence(facts: Facts) -> Said:
    told = f"{_days(facts)} о бренде «{facts.brand}» не написали ни разу"
    if facts.before:
        told += f", а в {_EQUAL} — {ru.counted(facts.before, _TIME)}"
    return Said(f"{told}.", Mood.UNKNOWN, None)


def _volume(facts: Facts) -> Said:
    told = f"{_days(facts)} о бренде «{facts.brand}» написали {ru.counted(facts.mentions, _TIME)}"
    return Said(f"{told} — {_more(facts.mentions, facts.before)}.")


def _more(now: int, before: int) -> str:
    """Two counts of equal periods: given their sum, each is half of it but for chance."""
    if not before:
        return f"в {_EQUAL} упоминаний нет, сравнить не с чем"
    if max(now, before) < FEW:
        return f"в {_EQUAL} — {ru.number(before)}, этого мало, чтобы сравнивать"
    was = f"в {_EQUAL} ({ru.number(before)})"
    part = share(now, now + before)
    if part is None or part.low <= 0.5 <= part.high:
        return (
            "столько же, сколько " + was if now == before else "примерно столько же, сколько " + was
        )
    if now >= _MUCH * before:
        return f"намного больше, чем {was}"
    if now >= 2 * before:
        return f"в{ru.NBSP}{_times(now / before)} больше, чем {was}"
    by = ru.percent(abs(now - before) / before)
    return f"на{ru.NBSP}{by} {'больше' if now > before else 'меньше'}, чем {was}"


def _times(ratio: float) -> str:
    """«2,4 раза», «7 раз»."""
    tenths = round(ratio * 10)
    if tenths % 10 == 0:
        return ru.counted(tenths // 10, _TIME)
    return f"{ru.number(tenths / 10, 1)}{ru.NBSP}раза"


def _unknown(facts: Facts) -> Said:
    told = f"Тональность ещё не известна: не проанализировано {ru.number(facts.unread)} из"
    return Said(f"{told} {ru.counted(facts.mentions, ru.OF_MENTION)}.", Mood.UNKNOWN)


def _tone(facts: Facts) -> Said:
    now, before, change = facts.net.now, facts.net.before, facts.net.change
    if now is None:
        raise ValueError("the tone of nothing")
    level = f"{ru.index(now.value)} (от {ru.index(now.low)} до {ru.index(now.high)}, {_n(now)})"
    negative = f"негативных {ru.number(facts.tones.negative)} из {ru.number(now.n)}"
    negative += f" ({ru.percent(facts.tones.negative / now.n)})"
    if facts.unread:
        negative += f", ещё {ru.number(facts.unread)} не проанализировано"
    if before is None or change is None:
        return Said(f"Индекс тональности {level}, сравнить его не с чем; {negative}.", Mood.UNKNOWN)
    was = f"{ru.index(before.value)} ({_n(before)})"
    if min(now.n, before.n) < FEW:
        few = "данных мало, чтобы делать выводы"
        return Said(f"Индекс тональности {level}, был {was}: {few}; {negative}.", Mood.UNKNOWN)
    points = facts.net.points
    if not change.significant or not points:
        told = f"Индекс тональности {level} заметно не изменился: был {was}; {negative}."
        return Said(told)
    verb = "вырос" if points > 0 else "упал"
    told = f"Индекс тональности {verb} на {ru.counted(abs(points), ru.POINT)}: с {was} до {level}"
    return Said(f"{told}; {negative}.", Mood.BETTER if points > 0 else Mood.WORSE)


def _trouble(facts: Facts, found: Finding) -> Said:
    costs = _weight(found, facts.pains, Tone.NEGATIVE, "стоит бренду")
    return Said(f"Главная проблема — {_named(found)}{costs}.", Mood.WORSE, found.behind)


def _good(facts: Facts) -> Said:
    found = _main([one for one in facts.found if one.is_good])
    if found:
        gives = _weight(found, facts.joys, Tone.POSITIVE, "даёт бренду")
        return Said(f"Лучшая новость — {_named(found)}{gives}.", Mood.BETTER, found.behind)
    return _top(facts.joys, Side.JOY)


def _main(found: Sequence[Finding]) -> Finding | None:
    """The weightiest; one about a touchpoint says more than one about all."""
    told = sorted(found, key=lambda one: (one.touchpoint == WHOLE, -abs(one.excess)))
    return told[0] if told else None


def _named(found: Finding) -> str:
    """«доставка и выдача: 43 жалобы вместо обычных 12±5, с 3 по 9 марта, пик 5 марта»."""
    title = words.title(found)
    parts = [title[:1].lower() + title[1:]]
    if found.before:
        (before, of_before), (now, of) = found.before
        told = f"{ru.number(now)} из {ru.counted(of, ru.OF_MENTION)}"
        parts[0] += f" ({told}, раньше {ru.number(before)} из {ru.number(of_before)})"
    parts.append(words.when(found, found.end.year))
    if found.peak and found.start != found.end:
        parts.append(f"пик {ru.day(found.peak, year=False)}")
    return ", ".join(filter(None, parts))


def _weight(found: Finding, ranked: Sequence[Weighed], tone: Tone, verb: str) -> str:
    """What the touchpoint of a finding weighs in the period; told of what became more only."""
    weighed = next((one for one in ranked if one.touchpoint == found.touchpoint), None)
    if weighed is None or weighed.is_uncertain or found.tone != tone or found.excess < 0:
        return ""
    return f"; за период это {verb} {_points(weighed.impact)}"


def _top(ranked: Sequence[Weighed], side: Side) -> Said:
    """The touchpoint that weighs most where nothing is unusual."""
    kind = "Негативных" if side is Side.PAIN else "Позитивных"
    if not ranked:
        return Said(f"{kind} мнений о конкретных сторонах бренда нет.", behind=None)
    top = ranked[0]
    behind = {"touchpoints": (top.touchpoint,), "tones": (side.tone,)}
    told = pain_words.opinions(top.opinions, side)
    verb = "ругают" if side is Side.PAIN else "хвалят"
    lead = f"Чаще всего {verb} «{words.name(top.touchpoint)}»: {told}"
    if top.is_uncertain:
        return Said(f"{lead}, это мало, чтобы делать выводы.", Mood.UNKNOWN, behind)
    cost = "стоят бренду" if side is Side.PAIN else "дают бренду"
    lead = f"Дороже всего обходится «{words.name(top.touchpoint)}»: {told}"
    if side is Side.JOY:
        lead = f"Больше всего даёт «{words.name(top.touchpoint)}»: {told}"
    return Said(f"{lead} {cost} {_points(top.impact)}{_moved(top)}.", Mood.SAME, behind)


def _moved(top: Weighed) -> str:
    if top.opinions_before is None or not (top.grows or top.shrinks):
        return ""
    verb = "больше" if top.grows else "меньше"
    return f", {verb}, чем в {_EQUAL} ({ru.number(top.opinions_before)})"


def _around(facts: Facts) -> Said:
    """Competitors, and what could not be collected."""
    missing = _missing(facts)
    who, own = facts.who, facts.voice
    if who is None or own is None:
        return Said(f"{missing[:1].upper()}{missing[1:]}.", _of_gaps(facts), None)
    part = f"{ru.number(round(own.value * own.n))} из {ru.number(own.n)}"
    told = f"Доля упоминаний бренда рядом с конкурентами — {ru.percent(own.value)} ({part})"
    behind = {"brands": who.ids}
    against = facts.rivals.against_mean if facts.rivals else None
    if facts.rivals is None or against is None or against.ours is None:
        return Said(f"{told}; {missing}.", _of_gaps(facts), behind)
    if against.theirs is None:
        few = "о конкурентах написали слишком мало, чтобы сравнить тональность"
        return Said(f"{told}, {few}; {missing}.", _of_gaps(facts), behind)
    theirs = f"{ru.index(against.theirs.value)} {competitor_words.whose(who, against)}"
    told += f", индекс {ru.index(against.ours.value)} против {theirs} ({_n(against.theirs)})"
    told += f": {competitor_words.ending(facts.rivals, who)}; {missing}."
    return Said(told, competitor_words.mood(facts.rivals), behind)


def _missing(facts: Facts) -> str:
    if not facts.sources:
        return "ни один источник бренда за этот период не собирался"
    if not facts.incomplete:
        return f"все источники ({ru.number(facts.sources)}) прочитаны полностью"
    told = f"{ru.number(facts.incomplete)}{ru.NBSP}{ru.plural(facts.incomplete, _NOT_WHOLLY)}"
    return f"{told} не полностью, всего их {ru.number(facts.sources)}"


def _of_gaps(facts: Facts) -> Mood:
    return Mood.WORSE if facts.incomplete else Mood.SAME


def _points(impact: Estimate) -> str:
    """«4,2 пункта индекса (от 3,1 до 5,6, n = 210)»."""
    return (
        f"{pain_words.points(impact.value)} индекса ({pain_words.interval(impact)}, {_n(impact)})"
    )


def _days(facts: Facts) -> str:
    """«С 1 сентября по 22 ноября 2026»."""
    told = ru.span(facts.start, facts.end, year=facts.end.year)
    if facts.start.year == facts.end.year:
        told += f"{ru.NBSP}{facts.end.year}"
    return told[:1].upper() + told[1:]


def _n(figure: Estimate) -> str:
    return f"n{ru.NBSP}={ru.NBSP}{ru.number(figure.n)}"
