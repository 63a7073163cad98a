"""Findings in plain Russian: what changed, why, when, and how many tell it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from insights import russian as ru
from insights.anomalies import Expected, Surge
from insights.changes import FEW, Measure
from insights.findings import Finding
from insights.usual import WHOLE
from nlp.labels import TOUCHPOINT_NAMES, Tone, Touchpoint

#: What follows «из-за …» and «благодаря …».
CAUSES = {
    Touchpoint.ADVERTISING: ("рекламы и обещаний", "рекламе"),
    Touchpoint.BRAND: ("репутации", "репутации"),
    Touchpoint.ASSORTMENT: ("ассортимента", "ассортименту"),
    Touchpoint.PRICE: ("цен", "ценам"),
    Touchpoint.DESCRIPTION: ("несоответствия описанию", "соответствию описанию"),
    Touchpoint.SITE_APP: ("сайта и приложения", "сайту и приложению"),
    Touchpoint.ORDERING: ("оформления", "оформлению"),
    Touchpoint.PAYMENT: ("оплаты и списаний", "удобной оплате"),
    Touchpoint.LOCATION: ("места и помещения", "месту и помещению"),
    Touchpoint.STAFF: ("персонала", "персоналу"),
    Touchpoint.SPEED: ("скорости и очередей", "скорости"),
    Touchpoint.DELIVERY: ("доставки", "доставке"),
    Touchpoint.PACKAGING: ("упаковки и комплектности", "упаковке"),
    Touchpoint.QUALITY: ("качества", "качеству"),
    Touchpoint.USABILITY: ("неудобства", "удобству"),
    Touchpoint.SUPPORT: ("поддержки", "поддержке"),
    Touchpoint.RETURNS: ("возвратов и гарантии", "возвратам и гарантии"),
    Touchpoint.LOYALTY_PROGRAM: ("бонусов", "бонусам"),
    Touchpoint.COMMUNICATION: ("рассылок и навязывания", "рассылкам"),
}
_SAID = {Tone.NEGATIVE: ru.COMPLAINT, Tone.POSITIVE: ru.PRAISE}
_TONES = {Tone.NEGATIVE: "Негатив", Tone.POSITIVE: "Похвалы"}
#: Keeps a range on one line.
_TOGETHER = "\u2060"
#: So many surges of the same days are named beside the main one.
_ALONG = 2


class Mood(StrEnum):
    """Whether the news is good; shown as a sign and a colour beside the words."""

    WORSE = "worse"
    BETTER = "better"
    SAME = "same"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Headline:
    """The first thing on a page: one sentence, and the reasons for it."""

    mood: Mood
    text: str
    reasons: tuple[str, ...] = ()


def headline(
    net: Measure, negative: Measure, found: Sequence[Finding], *, unread: int, comparable: bool
) -> Headline:
    """What changed against the previous equal period and why, told where it is beyond chance."""
    if net.now is None:
        return Headline(Mood.UNKNOWN, _nothing_read(unread))
    level = f"Индекс тональности {ru.index(net.now.value)}"
    if net.before is None or net.change is None:
        past = "" if comparable else " за всё время"
        return _of_one_period(f"{level}{past}", found, compared=comparable)
    was = f"был {ru.index(net.before.value)}"
    if min(net.now.n, net.before.n) < FEW:
        return Headline(Mood.UNKNOWN, f"{level}, {was}. Данных мало, чтобы делать выводы.")
    if not net.change.significant or net.points == 0:
        told = f"{level} — заметно не изменился ({was})."
        return Headline(Mood.SAME, f"{told} {_main(found[0])}" if found else told)
    return _changed(net, negative, found)


def title(found: Finding) -> str:
    """«Доставка и выдача: 43 жалобы вместо обычных 12±5»."""
    if found.touchpoint == WHOLE:
        return f"{_TONES[found.tone]} в целом: {count(found)}"
    return f"{name(found.touchpoint)}: {count(found)}"


def count(found: Finding) -> str:
    """«43 жалобы вместо обычных 12±5», «жалоб 5 %, было 31 %»."""
    forms = _forms(found.touchpoint, found.tone)
    if found.usual:
        return f"{ru.counted(found.count, forms)} вместо обычных {usual(found.usual)}"
    if found.before is None:
        raise ValueError("a finding is a surge or a change")
    before, now = (_percent(part / of) for part, of in found.before)
    return f"{forms[2]} {now}, было {before}"


def usual(of: Expected) -> str:
    """«12±5»; «0–7» where the spread is as wide as the count."""
    mean, spread = round(of.mean), round(of.spread)
    if spread < mean:
        return f"{ru.number(mean)}±{ru.number(spread)}"
    return f"0–{_TOGETHER}{ru.number(mean + spread)}"


def details(found: Finding, *, year: int, source: str = "") -> str:
    """When it was and what else belongs to it: «с 3 по 9 марта, пик 5 марта · вместе с этим …».

    ``source`` is what :func:`said_in` tells; the ``year`` of the screen is left out.
    """
    parts = [when(found, year)]
    if found.before:
        (before, of_before), (now, of) = found.before
        told = f"{ru.number(now)} из {ru.counted(of, ru.OF_MENTION)}"
        parts.append(f"{told}, было {ru.number(before)} из {ru.number(of_before)}")
    if found.along:
        named = ", ".join(_beside(own) for own in found.along[:_ALONG])
        parts.append(f"вместе с этим {named}")
    if found.against:
        forms = _forms(found.against.touchpoint, found.against.tone)
        told = ru.counted(found.against.count, forms)
        parts.append(f"но и {told} вместо {usual(found.against.usual)}")
    return " · ".join(filter(None, [*parts, source]))


def when(found: Finding, year: int) -> str:
    """«с 3 по 9 марта», «с 3 марта до конца периода», «весь период, началось 20 февраля»."""
    if found.before:
        return ""
    began = found.began or found.start
    day = ru.day(began, year=began.year != year)
    if found.lasts:
        is_new = began == found.start
        return f"с{ru.NBSP}{day} до конца периода" if is_new else f"весь период, началось {day}"
    told = ru.span(found.start, found.end, year=year)
    return told if began == found.start else f"{told}, началось раньше: {day}"


def nothing(*, is_short: bool) -> str:
    """What is told where nothing was found."""
    if is_short:
        return "Что здесь обычно, станет известно через месяц после первых упоминаний."
    return "Ничего необычного: ни о чём не пишут заметно чаще или реже, чем раньше."


def said_in(source: str, part: int, found: Finding) -> str:
    """«чаще всего: Карты, 24 из 43»: the source that stands out."""
    return f"больше всего — {source}: {ru.number(part)} из {ru.number(found.count)}"


def name(touchpoint: str) -> str:
    """The touchpoint as it is shown."""
    return TOUCHPOINT_NAMES[Touchpoint(touchpoint)]


def rating(value: float | None, scale: int) -> str:
    """«2 ★», or «7 из 10» where the source counts otherwise; empty without a rating."""
    if value is None:
        return ""
    told = ru.number(value, 0 if value == int(value) else 1)
    return f"{told} ★" if scale == 5 else f"{told} из {scale}"


def _changed(net: Measure, negative: Measure, found: Sequence[Finding]) -> Headline:
    worse = net.points < 0
    moved = negative.change
    if moved and moved.significant and negative.points and worse == (moved.value > 0):
        by = ru.points(abs(negative.points), sign=False)
        lead = f"Негатив {'вырос' if worse else 'снизился'} на {by}"
        lead += f" — до {ru.percent(negative.now.value)}" if negative.now else ""
        causes = [one for one in found if one.tone == Tone.NEGATIVE]
    else:
        steps = ru.counted(abs(net.points), ru.POINT)
        lead = f"Индекс тональности {'упал' if worse else 'вырос'} на {steps}"
        causes = list(found)
    cause = next((one for one in causes if one.is_good != worse and one.touchpoint != WHOLE), None)
    told = f"{lead}{_because(cause)}." if cause else f"{lead}."
    return Headline(Mood.WORSE if worse else Mood.BETTER, told)


def _because(found: Finding) -> str:
    """« из-за доставки: 43 жалобы вместо обычных 12±5»; what became rarer is named as it is."""
    if found.excess < 0:
        return f", заметнее всего — «{name(found.touchpoint)}»: {count(found)}"
    because, thanks = CAUSES[Touchpoint(found.touchpoint)]
    cause = f"благодаря {thanks}" if found.is_good else f"из-за {because}"
    return f" {cause}: {count(found)}"


def _of_one_period(level: str, found: Sequence[Finding], *, compared: bool) -> Headline:
    """Without an earlier period the greatest finding is the news."""
    if found:
        mood = Mood.BETTER if found[0].is_good else Mood.WORSE
        return Headline(mood, f"{level}. {_main(found[0])}")
    missing = " В предыдущем таком же периоде упоминаний нет." if compared else ""
    return Headline(Mood.UNKNOWN, f"{level}.{missing}")


def _main(found: Finding) -> str:
    told = title(found)
    parts = [f"Главное — {told[:1].lower()}{told[1:]}", when(found, found.end.year)]
    return f"{', '.join(filter(None, parts))}."


def _beside(surge: Surge) -> str:
    told = name(surge.touchpoint)
    return f"{told[:1].lower()}{told[1:]} ({ru.number(surge.count)} вместо {usual(surge.usual)})"


def _percent(part: float) -> str:
    """What is rare is not never."""
    return f"меньше {ru.percent(0.01)}" if 0 < part < 0.005 else ru.percent(part)


def _forms(touchpoint: str, tone: Tone) -> ru.Forms:
    if touchpoint == WHOLE:
        return ru.NEGATIVE_MENTION if tone == Tone.NEGATIVE else ru.POSITIVE_MENTION
    return _SAID[tone]


def _nothing_read(unread: int) -> str:
    if unread:
        return f"{ru.counted(unread, ru.MENTION)} ещё не проанализировано."
    return "За этот период упоминаний нет."
