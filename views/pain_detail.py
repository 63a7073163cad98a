"""One pain (or strength) opened: what it costs, its course, its words, who says it and where."""

from dataclasses import replace

import streamlit as st

from insights import courses, pain_words
from insights import russian as ru
from insights.pains import Side, Weighed, part
from insights.stats import Estimate
from insights.words import name
from nlp.labels import Intent
from storage import queries
from storage.filters import Filter
from views import (
    breakdown,
    data,
    opening,
    pain_course,
    pain_notes,
    pain_people,
    pain_state,
    quoting,
    state,
    themes,
)
from views.pain_state import Now

_QUOTES = 5
#: What is asked of the mentions themselves is asked of at most so many of the latest opinions.
_MOST = 2000


def draw(now: Now, touchpoint: str) -> None:
    """The whole of it."""
    one = next((own for own in now.ranked if own.touchpoint == touchpoint), None)
    _top(now, touchpoint)
    st.title(name(touchpoint), anchor=False)
    if now.side is Side.PAIN:
        pain_notes.draw(now, touchpoint)
    if one is None:
        st.info(_silent(now), icon=":material/search_off:")
        pain_course.draw(now, touchpoint)
        return
    _cost(now, one)
    _tiles(now, one)
    _ways(now, one)
    opinions = pain_course.draw(now, touchpoint)
    left, right = st.columns(2, gap="large")
    with left:
        themes.draw(now.where, touchpoint, now.side.tone)
    with right:
        _quotes(now, touchpoint)
    pain_people.draw(now, touchpoint)
    since = courses.latest(opinions, _MOST)
    about = now.about(touchpoint)
    if since:
        about = replace(about, day_from=since)
        st.caption(f"Ниже — по последним мнениям, с {ru.day(since)}: всех слишком много.")
    pain_people.others(about, touchpoint)
    breakdown.draw(about, now.side.tone)


def _top(now: Now, touchpoint: str) -> None:
    """The way back, and to the next one."""
    names = [one.touchpoint for one in now.ranked]
    if touchpoint not in names:
        names.append(touchpoint)

    def written() -> None:
        state.keep(pain_state.CHOSEN, st.session_state["pain_chosen"])

    st.session_state["pain_chosen"] = touchpoint
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "Все боли" if now.side is Side.PAIN else "Все сильные стороны",
            key="pain_back",
            type="tertiary",
            icon=":material/arrow_back:",
            on_click=state.keep,
            args=(pain_state.CHOSEN, None),
        )
        st.selectbox(
            "Другая",
            names,
            format_func=name,
            label_visibility="collapsed",
            key="pain_chosen",
            on_change=written,
            width=260,
        )


def _silent(now: Now) -> str:
    sort = "негативных" if now.side is Side.PAIN else "позитивных"
    return f"За этот период {sort} мнений об этом нет."


def _cost(now: Now, one: Weighed) -> None:
    told = f"{pain_words.cost(one, now.side).capitalize()}: "
    told += f"{pain_words.opinions(one.opinions, now.side)} "
    told += f"на {ru.counted(one.impact.n, ru.MENTION)}."
    if one.is_uncertain:
        told += " Данных мало: выводы делать рано."
    net = now.figures.tones
    if net.n:
        index = (net.positive - net.negative) / net.n
        moved = one.impact.value if now.side is Side.PAIN else -one.impact.value
        told += f" Без этого индекс тональности был бы {ru.index(index + moved)}"
        told += f" вместо {ru.index(index)}."
    st.markdown(told)
    compared = pain_words.compared(one, now.side)
    if compared:
        st.caption(compared)


def _tiles(now: Now, one: Weighed) -> None:
    share = part(one.opinions, now.figures.analysed)
    with st.grid(4 if one.churn else 3, min_column_width=150, gap="small", key="pain_tiles"):
        st.metric(
            "Стоит пунктов индекса" if now.side is Side.PAIN else "Даёт пунктов индекса",
            ru.number(one.impact.value * 100, 1),
            delta=pain_words.growth(one) or None,
            delta_color="inverse" if now.side is Side.PAIN else "normal",
            help=pain_words.meaning(one, now.side),
            border=True,
            height="stretch",
        )
        st.metric(
            "Мнений",
            ru.number(one.opinions),
            help="Сколько раз об этом сказали так за период. " + _was(one),
            border=True,
            height="stretch",
        )
        _share_tile("В упоминаниях", share, "Доля упоминаний, где об этом сказано так.", ru.MENTION)
        if one.churn:
            told = "Доля этих мнений, авторы которых уходят или больше не придут."
            _share_tile("Собираются уйти", one.churn, told, ru.OPINION)


def _share_tile(label: str, share: Estimate | None, told: str, unit: ru.Forms) -> None:
    if share is None:
        return
    low, high = ru.percent(share.low), ru.percent(share.high)
    told += f"\n\nn = {ru.counted(share.n, unit)}. Интервал 95 %: {low} … {high}."
    st.metric(
        label, ru.percent(share.value), help=told, border=True, height="stretch",
    )  # fmt: skip


def _was(one: Weighed) -> str:
    if one.opinions_before is None:
        return ""
    return f"В предыдущем таком же периоде — {ru.number(one.opinions_before)}."


def _ways(now: Now, one: Weighed) -> None:
    """To the very mentions."""
    about = now.about(one.touchpoint)
    leaving = round(one.churn.value * one.churn.n) if one.churn else 0
    with st.container(horizontal=True, gap="small"):
        if st.button(
            f"Читать все {ru.counted(one.opinions, ru.OPINION)}",
            key="pain_mentions",
            icon=":material/forum:",
        ):
            opening.mentions(touchpoints=about.touchpoints, tones=about.tones, theme="")
        if leaving and st.button(
            f"Только тех, кто уходит: {ru.number(leaving)}",
            key="pain_leaving",
            icon=":material/logout:",
        ):
            opening.mentions(
                touchpoints=about.touchpoints,
                tones=about.tones,
                intents=(str(Intent.CHURN),),
                theme="",
            )


def _quotes(now: Now, touchpoint: str) -> None:
    about: Filter = now.about(touchpoint)
    found = data.ask(queries.quotes, about, now.side.tone, per_touchpoint=_QUOTES)
    quotes = found.get(touchpoint, ())
    if quotes:
        st.subheader("Своими словами", anchor=False)
        st.html("".join(quoting.quote(quote) for quote in quotes))
