"""Touchpoints where we win and lose: the chart, the lists, and both sides of one of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import streamlit as st

from insights import competitor_words
from insights.competitors import Line, Parties, Verdict
from nlp.labels import Tone
from reports import charts
from reports.charts import VERDICT_SIGNS, BrandMark
from reports.theme import STACK
from storage import queries
from storage.filters import Filter
from storage.queries import OpinionCount
from views import cards, data, opening, quoting, state, style
from views.competitor_marks import id_of, legend

#: What the page keeps in its link: the touchpoint that is looked at.
_TOPIC = "rivals-topic"
#: Quotes a side and tone.
_QUOTES = 2

_LISTS = {
    Verdict.BEHIND: (
        "Где проигрываем",
        "negative",
        "Нет тем, где мы хуже за пределами погрешности.",
    ),
    Verdict.AHEAD: (
        "Где выигрываем",
        "positive",
        "Нет тем, где мы лучше за пределами погрешности.",
    ),
}
_REST = {
    Verdict.EVEN: "Различий не видно",
    Verdict.UNKNOWN: "Мало мнений, чтобы сравнить",
}


def draw(
    scope: Filter,
    lines: tuple[Line, ...],
    opinions: Mapping[int, Sequence[OpinionCount]],
    who: Parties,
    marks: tuple[BrandMark, ...],
) -> None:
    """The section."""
    st.subheader(
        "По точкам контакта",
        anchor=False,
        help="Индекс тональности мнений о каждой стороне: доля позитивных минус доля негативных. "
        "Линия — интервал 95 %, бледное посчитано меньше чем по 10 мнениям.",
    )
    if not lines:
        st.caption("Мнений о конкретных сторонах за этот период не найдено.")
        return
    _lists(lines, who)
    shown = tuple(line for line in lines if line.verdict is not Verdict.UNKNOWN) or lines
    st.html(legend(marks))
    chart = charts.touchpoint_dots(shown, marks, style.look())
    picked = opening.chart(chart, "rivals_topics", "Индекс тональности по темам и брендам")
    if picked:
        brand = id_of(marks, picked["brand"])
        opening.mentions(brands=(brand,), touchpoints=(picked["touchpoint"],))
    _detail(scope, shown, opinions, who, marks)


def _lists(lines: tuple[Line, ...], who: Parties) -> None:
    """What stands out; the rest is named, and seen in the chart."""
    places = st.columns(2, gap="large")
    for place, (verdict, (title, tone, nothing)) in zip(places, _LISTS.items(), strict=True):
        with place, st.container(border=True, height="stretch", gap="xsmall"):
            st.html(
                f'<div class="ok-verdict ok-{tone}"><b>{VERDICT_SIGNS[verdict]}</b> {title}</div>'
            )
            # Better than one and worse than another belongs to both lists.
            found = [line for line in lines if line.standing(verdict)]
            for line in found:
                told = style.plain(competitor_words.told(line, who, verdict))
                st.button(
                    f"**{competitor_words.name(line)}** {told}",
                    key=f"rivals_{verdict}_{line.key}",
                    type="tertiary",
                    help="Показать ниже, что говорят о нас и о них",
                    on_click=state.keep,
                    args=(_TOPIC, line.key),
                )
            if not found:
                st.caption(nothing)
    for verdict, title in _REST.items():
        names = [competitor_words.name(line) for line in lines if line.verdict is verdict]
        if names:
            st.caption(f"{VERDICT_SIGNS[verdict]} {title}: {', '.join(names)}.")


def _detail(
    scope: Filter,
    lines: tuple[Line, ...],
    opinions: Mapping[int, Sequence[OpinionCount]],
    who: Parties,
    marks: tuple[BrandMark, ...],
) -> None:
    """Tones and quotes of both sides about one touchpoint."""
    names = {line.key: competitor_words.name(line) for line in lines}
    key = "rivals_topic"
    chosen = state.own(_TOPIC, _most_telling(lines).key, names)
    st.session_state[key] = chosen
    st.subheader("Что говорят о нас и о них", anchor=False)
    st.selectbox(
        "О чём",
        list(names),
        format_func=names.__getitem__,
        label_visibility="collapsed",
        width=320,
        key=key,
        on_change=lambda: state.keep(_TOPIC, st.session_state[key]),
    )
    line = next(line for line in lines if line.key == chosen)
    tones = {
        brand: count.tones
        for brand in who.ids
        for count in opinions.get(brand, ())
        if count.touchpoint == chosen
    }
    st.html(cards.legend(STACK))
    picked = opening.chart(
        charts.brand_tones(tones, marks, style.look()),
        "rivals_tones",
        "Доли негативных, нейтральных и позитивных мнений у каждого бренда",
    )
    if picked:
        brand = id_of(marks, picked["brand"])
        opening.mentions(brands=(brand,), touchpoints=(chosen,), tones=(picked["code"],))
    _quotes(scope, line, who, marks)


def _most_telling(lines: tuple[Line, ...]) -> Line:
    """Where we lose most; else where we win; else the first."""
    winning = [line for line in lines if line.verdict is Verdict.AHEAD]
    return lines[0] if lines[0].verdict is Verdict.BEHIND or not winning else winning[-1]


def _quotes(scope: Filter, line: Line, who: Parties, marks: tuple[BrandMark, ...]) -> None:
    """Ours on the left, on the right those of the competitor from whom we differ most."""
    told = line.standing(line.verdict)
    brands = told.brands if told and told.brands else tuple(line.against)
    rival = max(brands, key=lambda brand: (line.by_brand[brand].n, -brand), default=None)
    sides = [mark for mark in marks if mark.id in (who.ours.id, rival)]
    for place, mark in zip(st.columns(2, gap="large"), sides, strict=False):
        with place:
            _side(scope, line.key, mark)


def _side(scope: Filter, touchpoint: str, mark: BrandMark) -> None:
    own = replace(scope, brands=(mark.id,), touchpoints=(touchpoint,))
    st.markdown(f"**{style.plain(mark.name)}**")
    told = []
    for tone in (Tone.NEGATIVE, Tone.POSITIVE):
        quotes = data.ask(queries.quotes, own, tone, per_touchpoint=_QUOTES).get(touchpoint, ())
        if quotes:
            told += [cards.tone_badge(tone), *map(quoting.quote, quotes)]
    if not told:
        st.caption("Ни хвалят, ни ругают.")
        return
    st.html("".join(told))
    key = f"rivals_all_{mark.code}"
    if st.button("Все упоминания об этом", key=key, icon=":material/arrow_forward:"):
        opening.mentions(brands=(mark.id,), touchpoints=(touchpoint,))
