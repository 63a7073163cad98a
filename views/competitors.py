"""«Конкуренты»: our brand beside its competitors, in words first, then figure by figure.

The page takes our brand from the filter and compares it with all competitors, or with the one that
is chosen here; whether the filter names competitors changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from html import escape

import streamlit as st

from insights import competitor_words, competitors, indices
from insights.competitor_words import Standing
from insights.competitors import Line, Parties
from insights.indices import Index
from insights.voice import Voice
from insights.words import Mood
from reports import charts
from storage import queries
from storage.filters import Filter
from storage.queries import Figures, OpinionCount, Tones
from views import (
    competitor_duels,
    competitor_table,
    competitor_topics,
    competitor_voice,
    data,
    state,
    style,
)
from views.data import Basics
from views.filter_words import period_label

_MOODS = {
    Mood.WORSE: ("negative", "▼"),
    Mood.BETTER: ("positive", "▲"),
    Mood.SAME: ("neutral", "="),
    Mood.UNKNOWN: ("unread", ""),
}
#: What this page keeps in its link: the competitor that is looked at alone.
_RIVAL = "rival"
_ALL = "all"

_EXAMPLE = """brands:
  - code: own
    name: Ваш бренд
  - code: rival
    name: Название конкурента
    competitor: true"""


def draw() -> None:
    """The page."""
    basics = data.basics()
    where = state.current(basics)
    everybody = competitors.parties(basics.catalog.brands, where)
    if everybody is None:
        _nobody(basics)
        return
    scope = replace(where, brands=everybody.ids, tones=(), theme="")
    who = _chosen(everybody)
    opinions = data.ask(queries.opinion_counts_by_brand, scope)
    figures = _figures(scope, opinions)
    voice = competitor_voice.counted(basics, scope, who)
    lines = competitors.touchpoint_lines(opinions, who)
    table = competitors.index_lines(figures, who)
    marks = charts.brand_marks(everybody, style.look())
    marks = tuple(mark for mark in marks if mark.id in who.ids)
    _headline(who, voice, table, lines)
    _who(everybody, where)
    if not any(voice.mentions.values()):
        return
    competitor_voice.draw(basics, scope, voice, who, marks)
    st.subheader("Показатели рядом", anchor=False)
    competitor_table.draw(basics, scope, table, who, marks)
    competitor_topics.draw(scope, lines, opinions, who, marks)
    competitor_duels.draw(scope, who, marks)


def _figures(
    scope: Filter, opinions: Mapping[int, Sequence[OpinionCount]]
) -> Mapping[int, Figures]:
    """Of chosen touchpoints only the tones of opinions: the rest is of whole mentions, and would be
    counted row by row."""
    if not scope.touchpoints:
        return data.ask(queries.figures_by_brand, scope)
    return {
        brand: Figures(tones=sum((count.tones for count in own), Tones()))
        for brand, own in opinions.items()
    }


def _nobody(basics: Basics) -> None:
    """No competitor (or no own brand) is known: how to name one."""
    own = any(brand.code and not brand.competitor for brand in basics.catalog.brands)
    st.title("Сравнить пока не с кем", anchor=False)
    what = "ни одного конкурента" if own else "ни одного своего бренда: все отмечены конкурентами"
    st.markdown(
        f"В базе {what}. Назовите их в `config.yaml` и соберите о них отзывы: упоминания из общих "
        "источников разойдутся по брендам сами, а источник с ключом `brand` принадлежит одному."
    )
    st.code(_EXAMPLE, language="yaml")
    st.code("otklik run", language=None)
    st.page_link("views/brands.py", label="Какие бренды уже есть", icon=":material/sell:")


def _chosen(everybody: Parties) -> Parties:
    """All competitors, or the one that the link names."""
    codes = {brand.code: brand.id for brand in everybody.rivals}
    chosen = state.own(_RIVAL, _ALL, codes)
    return everybody.only(codes[chosen]) if chosen in codes else everybody


def _who(everybody: Parties, where: Filter) -> None:
    """Who is compared, and the choice of one competitor."""
    names = {brand.code: style.plain(brand.name) for brand in everybody.rivals}
    if len(names) > 1:
        key = "competitors_rival"
        st.session_state[key] = state.own(_RIVAL, _ALL, names)
        st.pills(
            "Сравнить с кем",
            [_ALL, *names],
            format_func=lambda code: names.get(code, "Со всеми конкурентами"),
            label_visibility="collapsed",
            required=True,
            key=key,
            on_change=lambda: _keep_rival(st.session_state[key]),
        )
    told = f"{style.plain(everybody.ours.name)} · {style.plain(period_label(where))}"
    told += ". Свой бренд берётся из фильтра, конкуренты на этой странице видны всегда."
    if where.tones or where.theme:
        told += " Фильтр по тональности и теме здесь не действует: сравнивается сама тональность."
    st.caption(told)


def _keep_rival(code: str | None) -> None:
    state.keep(_RIVAL, None if code in (None, _ALL) else code)


def _headline(
    who: Parties, voice: Voice, table: tuple[tuple[Index, Line], ...], lines: tuple[Line, ...]
) -> None:
    net = next((line for index, line in table if index is indices.NET), None)
    st.html(_standing_html(competitor_words.standing(who, voice.now, net, lines)))


def _standing_html(told: Standing) -> str:
    tone, sign = _MOODS[told.mood]
    reasons = "".join(f"<div>{escape(reason)}</div>" for reason in told.reasons)
    why = f'<div class="why">{reasons}</div>' if reasons else ""
    return (
        f'<div class="ok-headline ok-{tone}" role="status">'
        f'<p class="said"><span class="sign">{sign}</span> {escape(told.text)}</p>{why}</div>'
    )


if __name__ == "__main__":
    draw()
