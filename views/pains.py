"""«Боли»: what costs the brand most, what it is loved for; one of them opened down to its words."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

import streamlit as st

from insights import pain_words as words
from insights.courses import course
from insights.pains import Side, Weighed
from storage import queries
from storage.filters import Filter
from views import data, headline, pain_detail, pain_notes, pain_row, pain_state, state, style, trust
from views.filter_words import period_label
from views.pain_state import Now

#: So many are shown before «показать все».
_SHOWN = 8
_SIDES = {Side.PAIN: "Боли", Side.JOY: "Сильные стороны"}


def draw() -> None:
    """The page."""
    basics = data.basics()
    where = state.current(basics)
    now = pain_state.read(basics, where)
    touchpoint = pain_state.chosen()
    if touchpoint:
        pain_detail.draw(now, touchpoint)
    else:
        _list(now, where)
    trust.draw()


def _list(now: Now, where: Filter) -> None:
    _switch(now.side)
    st.html(headline.sentence(words.headline(now.ranked, now.side)))
    _told_of(now, where)
    ranked = [one for one in now.ranked if one.touchpoint in (where.touchpoints or one.touchpoint)]
    if not ranked:
        st.info(_nothing(now, where), icon=":material/search_off:")
        return
    if now.side is Side.PAIN:
        pain_notes.tell_brand(now)
    is_long = len(ranked) > _SHOWN + 1
    shown = ranked
    if is_long and not st.session_state.get("all_pains", False):
        shown = ranked[:_SHOWN]
    courses = _courses(now, shown)
    holding = queries.holding(now.notes) if now.side is Side.PAIN else {}
    largest = max(one.impact.high for one in shown)
    for place, one in enumerate(shown, 1):
        note = holding.get(one.touchpoint)
        pain_row.draw(place, one, now.side, courses[one.touchpoint], note, largest)
    if is_long:
        st.toggle(f"Показать все {len(ranked)}", key="all_pains")


def _switch(side: Side) -> None:
    def written() -> None:
        state.keep(pain_state.SIDE, st.session_state["pain_side"])

    st.session_state["pain_side"] = side
    st.segmented_control(
        "Что показать",
        list(_SIDES),
        format_func=_SIDES.__getitem__,
        required=True,
        label_visibility="collapsed",
        key="pain_side",
        on_change=written,
    )


def _told_of(now: Now, where: Filter) -> None:
    """Whose figures these are, and which parts of the filter mean nothing here."""
    brands = [b.name or "без бренда" for b in now.basics.catalog.brands if b.id in where.brands]
    earlier = where.previous()
    compared = f" · в сравнении с {period_label(earlier)}" if earlier else ""
    told = f"{', '.join(brands) or 'Все бренды'} · {period_label(where)}{compared}"
    if where.tones or where.theme:
        told += " · тональность и тему эта страница выбирает сама: из фильтра они не взяты"
    would = "прибавил" if now.side is Side.PAIN else "потерял"
    st.caption(
        f"{style.plain(told)}  \nПункты — сколько их индекс тональности {would} бы, "
        "будь эти мнения нейтральными; тонкая линия — интервал 95 %."
    )


def _nothing(now: Now, where: Filter) -> str:
    if not now.figures.mentions:
        return "За этот период по этим фильтрам упоминаний нет. Расширьте период."
    if not now.figures.analysed:
        return "Упоминания ещё не проанализированы: запустите «otklik analyse»."
    if where.touchpoints and now.ranked:
        return "О выбранном в фильтре такого не говорили. Уберите «О чём говорят» из фильтров."
    return "О конкретных сторонах в этих упоминаниях так не говорили."


def _courses(now: Now, shown: Sequence[Weighed]) -> Mapping[str, Sequence[int]]:
    """Opinions per bucket of each, for the small lines."""
    tone = now.side.tone
    chosen = tuple(sorted(one.touchpoint for one in shown))
    asked = replace(now.where, touchpoints=chosen, tones=(str(tone),))
    by_day = data.ask(queries.opinions_by_day, asked)
    counts: dict[str, dict[date, int]] = {touchpoint: {} for touchpoint in chosen}
    for day, own in by_day.items():
        for touchpoint, tones in own.items():
            counts[touchpoint][day] = getattr(tones, tone)
    return {
        touchpoint: [step.count for step in course(own, {}, now.start, now.end)]
        for touchpoint, own in counts.items()
    }


if __name__ == "__main__":
    draw()
