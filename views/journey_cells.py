"""A stage and a touchpoint of the journey map as HTML: colour, sign, volume, what moved, a quote.

Quotes and names come from elsewhere: nothing of them reaches the page without :func:`html.escape`.
"""

from collections.abc import Sequence
from html import escape

from insights import journey_words as words
from insights import russian as ru
from insights.journey import Cell, Column, Standing
from insights.pains import FEW_OPINIONS
from insights.stats import Estimate, net_sentiment
from nlp.labels import Tone
from reports.charts.journey import scale, shade
from reports.theme import TONE_SIGNS, Palette
from storage.queries import QuoteRow, Tones
from views import quoting

_COUNTED = (Tone.NEGATIVE, Tone.NEUTRAL, Tone.POSITIVE)


def head(number: int, column: Column, beside: str) -> str:
    """The name of a stage with its own figure; ``beside`` names the other side's, if any."""
    standing = column.standing
    title = words.about(standing)
    if beside:
        other = standing.there or Tones()
        told = f"{_of_stage(standing.net)} рядом с {_of_stage(net_sentiment(other))}"
        told += f" {_move(standing)}"
        title += f"; {beside}: {words.about(Standing(other))}"
    elif standing.net:
        told = f"{_of_stage(standing.net)}{_move(standing)} · {ru.counted(standing.n, ru.OPINION)}"
    else:
        told = "нет мнений"
    return (
        f'<div class="jm-head" title="{escape(title)}">'
        f"<b><i>{number}</i>{escape(column.stage.name)}</b><span>{told}</span></div>"
    )


def cell(own: Cell, most: int, look: Palette, quote: QuoteRow | None, rank: str) -> str:
    """A touchpoint: its index, what moved since, its volume beside the ``most`` discussed one's.

    ``rank`` tells why it stands out («слабое № 1»): then its quote is seen at once, else it comes
    with the figures on hover.
    """
    standing = own.standing
    net = standing.net
    if net is None:
        return _empty(own)
    inside = f'<div class="jm-name">{words.name(own.touchpoint)}</div>'
    inside += f'<div class="jm-figures"><span class="jm-index">{ru.index(net.value)}</span>'
    inside += f'<span class="jm-move">{_move(standing)}</span>'
    inside += f'<span class="jm-rank">{rank}</span></div>' if rank else "</div>"
    if standing.is_few:
        inside += f'<div class="jm-range">{words.interval(standing)}</div>'
    inside += _volume(standing, most)
    if quote and rank:
        inside += f'<div class="jm-quote">«{escape(quote.text)}»</div>'
    kind = " jm-few" if standing.is_few else ""
    tip = _tip(own, "Раньше", None if rank else quote)
    return f'<div class="jm-cell{kind}" style="{_colours(net, look)}">{inside}</div>{tip}'


def pair(own: Cell, look: Palette, beside: str) -> str:
    """A touchpoint with both sides of a comparison, and whether they differ."""
    standing = own.standing
    halves = _half(standing.net, look) + _half(standing.other, look)
    return (
        f'<div class="jm-cell jm-beside"><div class="jm-name">{words.name(own.touchpoint)}</div>'
        f'<div class="jm-pair">{halves}</div>{_verdict(standing)}</div>{_tip(own, beside, None)}'
    )


def label(own: Cell) -> str:
    """What a screen reader says of the button over a cell."""
    told = f"{words.name(own.touchpoint)}: {words.about(own.standing)}"
    if own.standing.there is not None and words.difference(own.standing):
        told += f"; разница {words.difference(own.standing)}"
    return f"{told}. Открыть"


def legend(look: Palette, sides: Sequence[str], *, is_ranked: bool) -> str:
    """What colours, stripes, bars and arrows mean; of a comparison, which half is whose.

    ``is_ranked`` tells that cells are named «слабое место № 1» and so on.
    """
    steps = "".join(f'<i style="--fill:{step.fill}"></i>' for step in scale(look))
    few = shade(-0.6, look).fill
    parts = [
        f'<span>−100 <span class="jm-scale" role="img" aria-label="от оранжевого к синему">{steps}'
        "</span> +100 <b>индекс</b> = % позитивных − % негативных мнений</span>",
        f'<span><span class="jm-cell jm-few jm-swatch" style="--fill:{few}"></span> меньше '
        f"{FEW_OPINIONS} мнений: ненадёжно</span>",
    ]
    if sides:
        left, right = (escape(side) for side in sides)
        parts.append(f"<span>слева <b>{left}</b>, справа <b>{right}</b></span>")
    else:
        parts.append("<span>▲▼ значимое изменение индекса</span>")
        parts.append("<span>полоска — сколько мнений</span>")
        if is_ranked:
            told = "ругают чаще, чем хвалят, и стоит это дороже других таких точек"
            parts.append(f"<span><b>слабое № 1</b> {told}</span>")
    parts.append("<span>в скобках — интервалы: индекса 95 %, разницы 99,7 %</span>")
    return f'<div class="jm-legend">{"".join(parts)}</div>'


def tones(standing: Standing) -> str:
    """«− 130 · ○ 9 · + 12»."""
    return " · ".join(
        f"{TONE_SIGNS[tone]}{ru.NBSP}{ru.number(getattr(standing.here, tone))}" for tone in _COUNTED
    )


def _empty(own: Cell) -> str:
    return (
        f'<div class="jm-cell jm-none"><div class="jm-name">{words.name(own.touchpoint)}</div>'
        '<div class="jm-volume">нет мнений</div></div>'
    )


def _of_stage(net: Estimate | None) -> str:
    return f"<strong>{ru.index(net.value)}</strong>" if net else "–"


def _colours(net: Estimate, look: Palette) -> str:
    chosen = shade(net.value, look)
    return f"--fill:{chosen.fill};--ink:{chosen.ink}"


def _move(standing: Standing) -> str:
    moved = standing.moved
    if not moved:
        return ""
    title = f"Изменение: {words.difference(standing)}"
    return f' <span title="{escape(title)}">{"▲" if moved > 0 else "▼"}{ru.NBSP}{abs(moved)}</span>'


def _volume(standing: Standing, most: int) -> str:
    width = max(2, round(100 * standing.n / most)) if most else 0
    bar = f'<span class="jm-bar" aria-hidden="true"><i style="width:{width}%"></i></span>'
    told = ru.counted(standing.n, ru.OPINION)
    if standing.is_louder:
        told += f", было{ru.NBSP}{ru.number(standing.there_n)}"
    return f'<div class="jm-volume">{told}{bar}</div>'


def _half(net: Estimate | None, look: Palette) -> str:
    if net is None:
        return '<div class="jm-half jm-none"><b>–</b><span>нет мнений</span></div>'
    few = " jm-few" if net.n < FEW_OPINIONS else ""
    return (
        f'<div class="jm-half{few}" style="{_colours(net, look)}"><b>{ru.index(net.value)}</b>'
        f"<span>{ru.counted(net.n, ru.OPINION)}</span></div>"
    )


def _verdict(standing: Standing) -> str:
    moved = standing.moved
    if moved:
        sign, word = ("▲", "лучше") if moved > 0 else ("▼", "хуже")
        told = f"<b>{sign} {word} на {abs(moved)}</b>"
        return f'<div class="jm-verdict">{told} {words.reach(standing)}</div>'
    if standing.there is None or not standing.n or not standing.there.n:
        return ""
    few = min(standing.n, standing.there.n) < FEW_OPINIONS
    told = "мало мнений, не сравнить" if few else "разница не доказана"
    return f'<div class="jm-verdict jm-vague">{told}</div>'


def _tip(own: Cell, beside: str, quote: QuoteRow | None) -> str:
    standing = own.standing
    lines = [f"<p><b>{words.name(own.touchpoint)}</b></p>"]
    lines.append(f"<p>Индекс {words.about(standing)}: {tones(standing)}</p>")
    if standing.there is not None:
        other = Standing(standing.there)
        lines.append(f'<p class="ok-meta">{escape(beside)}: {words.about(other)}</p>')
        if words.difference(standing):
            doubt = "" if standing.moved else ": не значимо"
            lines.append(f'<p class="ok-meta">Разница {words.difference(standing)}{doubt}</p>')
    if quote:
        lines.append(
            f'<p class="jm-said">«{quoting.marked(quote)}»</p>'
            f'<p class="ok-meta">{quoting.short_origin(quote)}</p>'
        )
    return f'<div class="jm-tip">{"".join(lines)}</div>'
