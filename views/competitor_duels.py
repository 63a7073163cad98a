"""What customers compare themselves: texts of the kind «сравнение», and texts that name both."""

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from insights import russian as ru
from insights.competitors import Parties
from insights.pains import FEW_OPINIONS
from nlp.labels import Kind
from reports import charts
from reports.charts import BrandMark
from storage import queries
from storage.filters import Filter
from storage.queries import Duel, Preferred, Tones
from views import cards, context, data, opening, state, style
from views.competitor_marks import id_of

#: What the page keeps in its link: the count whose mentions are shown, «code:preferred».
_DUEL = "duel"
_SHOWN = 5

_TEXT: ru.Forms = ("текст", "текста", "текстов")


def draw(scope: Filter, who: Parties, marks: tuple[BrandMark, ...]) -> None:
    """The section; it says so where nobody compares."""
    st.subheader("Сравнивают сами клиенты", anchor=False, help=_HELP)
    named = data.ask(queries.duels, scope, who.ours.id, [brand.id for brand in who.rivals])
    whole = replace(scope, kinds=(str(Kind.COMPARISON),), touchpoints=())
    tones = data.ask(queries.tones_by_brand, whole)
    tones = {brand: own for brand, own in tones.items() if brand in who.ids}
    if not named and not tones:
        st.caption("За этот период ни один текст не сравнивает нас с конкурентами.")
        return
    left, right = st.columns(2, gap="large")
    with left:
        _both_named(scope, named, who, marks)
    with right:
        _comparisons(tones, marks)


_HELP = (
    "Тексты, где названы оба бренда: к кому автор относится лучше. И тексты вида «сравнение»: "
    "как в них отзываются о бренде; они считаются целиком, о чём бы ни был фильтр."
)


def _both_named(
    scope: Filter, named: tuple[Duel, ...], who: Parties, marks: tuple[BrandMark, ...]
) -> None:
    st.markdown("**Названы оба: кого предпочитают**")
    if not named:
        st.caption("Текстов, где назван и наш бренд, и конкурент, за этот период нет.")
        return
    picked = opening.chart(
        charts.duel_bars(named, marks, style.look()),
        "rivals_duels",
        "Кого предпочитают тексты, где названы оба бренда",
    )
    total = sum(duel.n for duel in named)
    if total < FEW_OPINIONS:
        st.caption(f"Всего {ru.counted(total, _TEXT)}: слишком мало, чтобы судить.")
    codes = {mark.code: mark.id for mark in marks}
    choices = [f"{code}:{preferred}" for code in codes for preferred in Preferred]
    if picked:
        clicked = f"{picked['brand']}:{picked['preferred']}"
        if clicked != state.own(_DUEL, "", choices):
            state.keep(_DUEL, clicked)
            st.rerun()  # so that the link tells it
    chosen = state.own(_DUEL, "", choices)
    if chosen:
        code, _, preferred = chosen.partition(":")
        _texts(scope, who.ours.id, codes[code], Preferred(preferred))


def _texts(scope: Filter, ours: int, rival: int, preferred: Preferred) -> None:
    rows = data.ask(queries.duel_mentions, scope, ours, rival, preferred, limit=_SHOWN)
    zone = context.get().zone
    st.html("".join(cards.brief(row, zone) for row in rows))


def _comparisons(tones: Mapping[int, Tones], marks: tuple[BrandMark, ...]) -> None:
    st.markdown("**Вид текста «сравнение»: как отзываются**")
    if not tones:
        st.caption("Таких текстов за этот период нет.")
        return
    picked = opening.chart(
        charts.brand_tones(tones, marks, style.look()),
        "rivals_comparisons",
        "Тональность текстов-сравнений по брендам",
    )
    if picked:
        brand = id_of(marks, picked["brand"])
        opening.mentions(
            brands=(brand,),
            kinds=(str(Kind.COMPARISON),),
            tones=(picked["code"],),
            touchpoints=(),
        )
