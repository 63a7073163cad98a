"""A mention as HTML: tone by sign and word, evidence highlighted, everything escaped.

Texts come from strangers: nothing of a mention reaches the page without :func:`html.escape`.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from html import escape
from itertools import pairwise
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from insights import answer_words
from insights import russian as ru
from nlp.labels import (
    INTENT_NAMES,
    KIND_NAMES,
    TONE_NAMES,
    TOUCHPOINT_NAMES,
    Intent,
    Kind,
    Tone,
    Touchpoint,
)
from reports.theme import TONE_SIGNS
from storage.filters import LANGUAGES, UNKNOWN
from storage.queries import BrandTone, MentionRow, OpinionRow

_REPOST: ru.Forms = ("репост", "репоста", "репостов")
_REPEAT: ru.Forms = ("повтор", "повтора", "повторов")
_VIEW: ru.Forms = ("просмотр", "просмотра", "просмотров")
_REACTION: ru.Forms = ("реакция", "реакции", "реакций")

#: Longer texts are folded; the whole text is one click away.
_FOLD = 700


def card(row: MentionRow, zone: ZoneInfo) -> str:
    """The whole mention."""
    parts = [
        f'<div class="ok-row">{_labels(row)}{_stars(row)}</div>',
        f'<div class="ok-meta">{_meta(row, zone)}</div>',
        _text(row, _FOLD),
        _chips(row),
    ]
    parts.append(_answer(row, zone))
    return f'<article class="ok-card">{"".join(parts)}</article>'


def unlabelled(row: MentionRow, zone: ZoneInfo) -> str:
    """The mention without what was found in it: for who shall judge it unswayed."""
    brands = tuple(replace(brand, tone=None) for brand in row.brands)
    bare = replace(row, opinions=(), brands=brands)
    return (
        f'<article class="ok-card"><div class="ok-meta">{_stars(bare)} {_meta(bare, zone)}</div>'
        f"{_text(bare, _FOLD)}</article>"
    )


def brief(row: MentionRow, zone: ZoneInfo) -> str:
    """A mention among the latest ones."""
    return (
        f'<article class="ok-latest"><div class="ok-row">{_tone(row)}{_stars(row)}'
        f'<span class="ok-meta">{escape(row.source_title)} · {_when(row, zone)}'
        f"{_also(row)}</span></div>{_text(row, 280)}</article>"
    )


def _answer(row: MentionRow, zone: ZoneInfo) -> str:
    """The company's answer as the source tells it, how soon it came, and the team's note."""
    handled, told = row.handled, ""
    if handled.told:
        since = (
            [f"через {answer_words.lasting(handled.wait.total_seconds() / 60)}"]
            if handled.wait is not None
            else []
        )
        if handled.answered_at:
            since.append(when(handled.answered_at.astimezone(zone)))
        head = " · ".join(["Ответ компании", *since])
        said = escape(row.answer or "текста источник не отдаёт")
        told = f'<div class="ok-answer"><b>{head}.</b> {said}</div>'
    if handled.note:
        told += f'<div class="ok-answer"><b>Заметка.</b> {escape(handled.note)}</div>'
    return told


def _also(row: MentionRow) -> str:
    told = repeats_label(row)
    return f" · {told}" if told and not row.is_repeat else ""


def highlighted(text: str, opinions: Sequence[OpinionRow], start: int = 0) -> str:
    """``text`` with the words that prove its opinions marked; offsets may overlap or be wrong."""
    spans = [
        (max(o.start - start, 0), min(o.end - start, len(text)), o)
        for o in opinions
        if o.start < o.end
    ]
    spans = [span for span in spans if span[0] < span[1]]
    cuts = sorted({0, len(text), *(s[0] for s in spans), *(s[1] for s in spans)})
    pieces = []
    for left, right in pairwise(cuts):
        covering = [o for low, high, o in spans if low <= left and right <= high]
        piece = escape(text[left:right])
        pieces.append(_marked(piece, covering) if covering else piece)
    return "".join(pieces)


def link(url: str) -> str:
    """A way to the mention in its source; empty where the address is none of the web."""
    if not is_web(url):
        return ""
    return (
        f'<a href="{escape(url)}" target="_blank" rel="noopener noreferrer nofollow">'
        "открыть в источнике ↗</a>"
    )


def when(moment: datetime) -> str:
    """The day and the time; midnight sharp is what a source without a time of day gives."""
    exact = moment.hour or moment.minute or moment.second
    return ru.moment(moment) if exact else ru.day(moment.date())


def tone_badge(tone: str | None, title: str = "") -> str:
    """Sign, word and colour of a tone."""
    if not tone:
        return '<span class="ok-badge ok-unread"><i>?</i>не проанализировано</span>'
    known = Tone(tone)
    hint = f' title="{escape(title)}"' if title else ""
    return (
        f'<span class="ok-badge ok-{known}"{hint}><i>{TONE_SIGNS[known]}</i>'
        f"{TONE_NAMES[known]}</span>"
    )


def legend(tones: Sequence[Tone]) -> str:
    """What the colours of a chart mean; below a phone's width it wraps, unlike a chart's own."""
    items = (f'<span class="ok-{t}"><b>{TONE_SIGNS[t]}</b> {TONE_NAMES[t]}</span>' for t in tones)
    return f'<div class="ok-legend">{"".join(items)}</div>'


def _marked(piece: str, opinions: Sequence[OpinionRow]) -> str:
    tones = {o.tone for o in opinions}
    tone = tones.pop() if len(tones) == 1 else Tone.MIXED
    title = "; ".join(dict.fromkeys(_said(o) for o in opinions))
    return f'<mark class="ok-{tone}" title="{escape(title)}">{piece}</mark>'


def _said(opinion: OpinionRow) -> str:
    text = f"{TOUCHPOINT_NAMES[Touchpoint(opinion.touchpoint)]}: {TONE_NAMES[Tone(opinion.tone)]}"
    return text if opinion.score is None else f"{text}, {ru.percent(opinion.score)}"


def _labels(row: MentionRow) -> str:
    kind = f'<span class="ok-meta">{KIND_NAMES[Kind(row.kind)]}</span>' if row.kind else ""
    repeat = '<span class="ok-meta">повтор, в цифрах не учтён</span>' if row.is_repeat else ""
    return _tone(row) + kind + repeat


def repeats_label(row: MentionRow) -> str:
    """«и ещё 12 репостов»: what the mention stands for; empty where nobody repeats it."""
    if not row.repeats:
        return ""
    if row.reposts == row.repeats:
        return f"и ещё {ru.counted(row.repeats, _REPOST)}"
    told = f"и ещё {ru.counted(row.repeats, _REPEAT)}"
    return f"{told}, из них {ru.counted(row.reposts, _REPOST)}" if row.reposts else told


def _tone(row: MentionRow) -> str:
    if row.corrected:
        told = "Проверено человеком" if row.confirmed else "Исправлено вручную"
        return tone_badge(row.tone, told)
    if row.error and not row.tone:
        return (
            f'<span class="ok-badge ok-unread" title="{escape(row.error)}"><i>!</i>'
            "не удалось проанализировать</span>"
        )
    if row.tone != row.text_tone and row.text_tone and row.brands:
        whole = TONE_NAMES[Tone(row.text_tone)]
        return tone_badge(row.tone, f"К бренду {row.brands[0].name}; текст в целом: {whole}")
    if not row.scores:
        return tone_badge(row.tone)
    order = (Tone.NEGATIVE, Tone.NEUTRAL, Tone.POSITIVE)
    title = ", ".join(
        f"{TONE_NAMES[tone]} {ru.percent(score)}"
        for tone, score in zip(order, row.scores, strict=True)
    )
    return tone_badge(row.tone, f"Вероятности по модели: {title}")


def _stars(row: MentionRow) -> str:
    if row.rating is None:
        return ""
    told = f"Оценка {ru.number(row.rating, 0 if row.rating == int(row.rating) else 1)}"
    told += f" из {row.rating_scale}"
    if row.rating_scale != 5:
        return f'<span class="ok-stars">{told}</span>'
    full = max(0, min(5, round(row.rating)))
    return (
        f'<span class="ok-stars" title="{told}" aria-label="{told}" role="img">'
        f"{'★' * full}<s>{'★' * (5 - full)}</s></span>"
    )


def _meta(row: MentionRow, zone: ZoneInfo) -> str:
    parts = [_brand(row, brand) for brand in row.brands]
    parts += [escape(row.source_title), escape(row.author or ""), _when(row, zone)]
    parts += [escape(row.city or ""), escape(row.place or ""), escape(row.product or "")]
    if row.app_version:
        parts.append(f"версия {escape(row.app_version)}")
    if row.language not in ("ru", UNKNOWN):
        parts.append(f"язык: {LANGUAGES[row.language]}")
    if row.nps is not None:
        parts.append(f"готовность рекомендовать {row.nps} из 10")
    parts += [_reach(row), link(row.url)]
    return " · ".join(part for part in parts if part)


def _reach(row: MentionRow) -> str:
    """How many saw it and how many said something to it, as far as the source tells."""
    told = []
    if row.views:
        told.append(ru.counted(row.views, _VIEW))
    if row.reactions:
        told.append(ru.counted(row.reactions, _REACTION))
    return " · ".join(told)


def _brand(row: MentionRow, brand: BrandTone) -> str:
    """The brand's name; with the tone towards it where that is not the text's."""
    name = escape(brand.name or "без бренда")
    if not brand.tone or brand.tone == row.text_tone:
        return name
    tone = Tone(brand.tone)
    return f"к бренду {name}: {TONE_SIGNS[tone]}{ru.NBSP}{TONE_NAMES[tone]}"


def _when(row: MentionRow, zone: ZoneInfo) -> str:
    moment = row.published_at.astimezone(zone)
    if not row.date_known:
        hint = "Источник не сказал, когда это написано"
        return f'<span title="{hint}">загружено {ru.day(row.day)}</span>'
    return when(moment)


def _text(row: MentionRow, fold: int) -> str:
    whole = highlighted(row.text, row.opinions)
    if len(row.text) <= fold * 1.25:
        return f'<div class="ok-text">{whole}</div>'
    cut = row.text.rfind(" ", fold // 2, fold)
    head = highlighted(row.text[: cut if cut > 0 else fold], row.opinions)
    return (
        f'<details class="ok-long"><summary><div class="ok-text">{head}… '
        f'<span class="more">показать целиком</span></div></summary>'
        f'<div class="ok-text">{whole}</div></details>'
    )


def _chips(row: MentionRow) -> str:
    pairs = dict.fromkeys((o.tone, o.touchpoint) for o in row.opinions)
    order = {tone: place for place, tone in enumerate(TONE_SIGNS)}
    chips = [
        f'<span class="ok-chip ok-{tone}"><b>{TONE_SIGNS[Tone(tone)]}</b>'
        f"{TOUCHPOINT_NAMES[Touchpoint(touchpoint)]}</span>"
        for tone, touchpoint in sorted(pairs, key=lambda pair: order[Tone(pair[0])])
    ]
    chips += [
        f'<span class="ok-chip ok-plain">{INTENT_NAMES[Intent(intent)]}</span>'
        for intent in row.intents
    ]
    if row.corrected:
        told = "✓ проверено человеком" if row.confirmed else "✎ исправлено вручную"
        chips.append(f'<span class="ok-chip ok-plain">{told}</span>')
    return f'<div class="ok-row">{"".join(chips)}</div>' if chips else ""


def is_web(url: str) -> bool:
    """Whether an address is one of the web: no other becomes a link."""
    try:
        return urlsplit(url).scheme in {"http", "https"}
    except ValueError:
        return False
