"""The themes inside a touchpoint: what exactly people say, how often and when, in their words."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from html import escape

import streamlit as st

from insights import russian as ru
from insights import themes as insight
from insights.courses import course
from insights.pain_words import voices
from insights.themes import Line
from nlp.labels import Tone
from storage import queries
from storage.filters import Filter
from storage.queries import QuoteRow, ThemeRow
from views import context, data, opening, quoting, spark, style, theme_edit

_OF_OPINION: ru.Forms = ("мнения", "мнений", "мнений")

#: So many are shown before «показать все».
_SHOWN = 6

_STYLE = """
<style>
[class*="st-key-theme_row_"] { border-top: 1px solid var(--ok-line); padding-top: .35rem; }
[class*="st-key-theme_open_"] button { font-weight: 600; text-align: left; }
.ok-heard { display: flex; gap: .2rem .8rem; align-items: center; font-size: .9rem;
  flex-wrap: wrap; }
.ok-heard .ok-spark { width: 7.5rem; height: 1.4rem; }
.ok-heard .moved { color: var(--tone); white-space: nowrap; }
.ok-heard.few { opacity: .75; }
.ok-themed { margin: 0 0 .35rem; color: var(--ok-muted); font-size: .92rem; max-width: 96ch;
  overflow-wrap: anywhere; }
.ok-themed mark { color: inherit; background: color-mix(in srgb, var(--tone) 17%, transparent);
  box-shadow: inset 0 -1px 0 var(--tone); border-radius: .2rem; padding: .05em .1em; }
</style>
"""


@dataclass(frozen=True, slots=True)
class _Themes:
    """What there is to draw: ``lines`` were heard in the period, ``known`` are all themes."""

    about: Filter
    tone: Tone
    known: tuple[ThemeRow, ...]
    lines: tuple[Line, ...]
    opinions: int
    start: date
    end: date


def draw(where: Filter, touchpoint: str, tone: Tone) -> None:
    """The list of themes of the touchpoint under the filter, with names that can be changed."""
    themes = _read(where, touchpoint, tone)
    st.html(_STYLE)
    st.subheader("О чём именно", anchor=False)
    theme_edit.tell(f"{touchpoint}-{tone}-")
    if not themes.lines:
        st.caption(_nothing(themes))
        return
    st.caption(_explained(themes))
    shown = themes.lines
    is_long = len(shown) > _SHOWN + 1
    if is_long and not st.session_state.get("all_themes", False):
        shown = shown[:_SHOWN]
    days = {line.key: line.loudest for line in shown}
    quotes = data.ask(queries.theme_quotes, where, touchpoint, tone, days)
    for line in shown:
        _draw(themes, line, quotes.get(line.key))
    if is_long:
        st.toggle(f"Показать все темы: {len(themes.lines)}", key="all_themes")


def _read(where: Filter, touchpoint: str, tone: Tone) -> _Themes:
    base = replace(where, touchpoints=(), tones=(), theme="")
    # Names and mergers are people's own work: they show at once, so they are never cached.
    with context.get().db.read() as session:
        known = queries.themes(session, touchpoint, tone)
    earlier = base.previous()
    basics = data.basics()
    counts = data.ask(queries.opinion_counts, base)
    end = base.day_to or basics.catalog.last_day or basics.today
    start = base.day_from or basics.catalog.first_day or end
    return _Themes(
        about=replace(base, touchpoints=(touchpoint,), tones=(str(tone),)),
        tone=tone,
        known=known,
        lines=insight.lines(
            known,
            _heard(base, touchpoint, tone),
            _heard(earlier, touchpoint, tone) if earlier else None,
        ),
        opinions=sum(getattr(own.tones, tone) for own in counts if own.touchpoint == touchpoint),
        start=start,
        end=max(start, end),
    )


def _heard(where: Filter, touchpoint: str, tone: Tone) -> insight.Heard:
    counts: Mapping[str, Mapping[date, int]]
    counts = data.ask(queries.theme_counts, where, touchpoint, tone)
    return counts, data.ask(queries.figures, where).analysed


def _explained(themes: _Themes) -> str:
    inside = sum(line.n for line in themes.lines)
    told = f"{ru.number(inside)} из {ru.counted(themes.opinions, _OF_OPINION)}"
    others = ", остальные слишком разные" if inside < themes.opinions else ""
    return (
        f"Похожие фразы собраны в темы: {told}{others}. "
        "Название темы открывает упоминания; её можно переименовать или объединить с другой."
    )


def _nothing(themes: _Themes) -> str:
    if themes.known:
        return "За этот период знакомых тем не слышно: расширьте период или уберите фильтры."
    return (
        "Тем пока нет. Они появятся сами, когда об этом наберётся хотя бы два десятка мнений: "
        "темы ищет служба сбора и команда «otklik analyse»."
    )


def _draw(themes: _Themes, line: Line, quote: QuoteRow | None) -> None:
    with st.container(key=f"theme_row_{line.key}", gap=None):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            opened = st.button(
                style.plain(line.name),
                key=f"theme_open_{line.key}",
                type="tertiary",
                icon=":material/chevron_right:",
                icon_position="right",
                help="Открыть эти упоминания",
            )
            st.html(_counted(themes, line), width="content")
            theme_edit.button(line)
        if quote:
            st.html(_said(quote))
        theme_edit.draw(line, [other for other in themes.known if not other.into])
    if opened:
        opening.mentions(
            touchpoints=themes.about.touchpoints, tones=themes.about.tones, theme=line.key
        )


def _counted(themes: _Themes, line: Line) -> str:
    few = " few" if line.is_uncertain else ""
    return (
        f'<div class="ok-heard ok-{themes.tone}{few}" title="{escape(_meaning(line))}">'
        f"<span>{voices(line.n, themes.tone)}</span>{_moved(themes.tone, line)}"
        f"{_spark(themes, line)}</div>"
    )


def _meaning(line: Line) -> str:
    told = ["Столько мнений за период похожи на эту тему."]
    if line.share:
        low, high = ru.percent(line.share.low, digits=1), ru.percent(line.share.high, digits=1)
        share = ru.percent(line.share.value, digits=1)
        n = ru.counted(line.share.n, ru.OF_MENTION)
        told.append(f"Это {share} из {n}, интервал 95 %: {low} … {high}.")
    if line.is_uncertain:
        told.append("Данных мало, чтобы делать выводы.")
    return " ".join(told)


def _moved(tone: Tone, line: Line) -> str:
    """What it was before; an arrow only where the change is beyond chance."""
    if line.before is None:
        return ""
    was = f"было {ru.number(line.before)}"
    if line.moved is None or not line.moved.significant:
        return f'<span class="ok-meta">{was}</span>'
    more = line.moved.value > 0
    good = more == (tone is Tone.POSITIVE)
    side = Tone.POSITIVE if good else Tone.NEGATIVE
    title = "Больше, чем было, и это не случайность" if more else "Меньше, и это не случайность"
    return (
        f'<span class="moved ok-{side}" title="{title}">{"▲" if more else "▼"}{ru.NBSP}{was}</span>'
    )


def _spark(themes: _Themes, line: Line) -> str:
    """The opinions of each bucket as small columns."""
    steps = course(line.by_day, {}, themes.start, themes.end)
    return spark.columns([step.count for step in steps])


def _said(quote: QuoteRow) -> str:
    origin = quoting.short_origin(quote)
    return (
        f'<p class="ok-themed ok-{Tone(quote.tone)}">«{quoting.marked(quote)}» '
        f'<span class="ok-meta">{origin}</span></p>'
    )
