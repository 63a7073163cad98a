"""The model beside what humans said of these very mentions."""

from collections.abc import Mapping

import streamlit as st

from insights import quality as insight
from insights import quality_words as words
from insights import russian as ru
from insights.changes import FEW
from insights.quality import Agreement, Spot
from nlp import quality
from reports import charts
from storage import queries
from storage.filters import from_params
from storage.queries import Check, SpotCheckRow
from views import context, data, opening, state, style
from views.data import Basics

_KEPT = 5
_DIFFER: ru.Forms = ("правка", "правки", "правок")


def draw(basics: Basics) -> None:
    """The section; a newcomer is told how to get such figures."""
    st.subheader("На ваших упоминаниях", anchor=False)
    used = data.model()
    if used is None:
        st.caption("Упоминания ещё не размечены: сравнивать нечего.")
        return
    checks = data.ask(queries.checks)
    found = spots(basics, checks)
    best = next((spot for spot in found if spot.row.model_version == used and spot.done), None)
    if best:
        _spot(best)
    else:
        _invite()
    _all(checks, used, names(basics))
    _earlier([spot for spot in found if spot is not best and spot.done])


def spots(basics: Basics, checks: tuple[Check, ...]) -> list[Spot]:
    """The latest random checks as far as they are, newest first."""
    with context.get().db.read() as session:
        rows = queries.spot_checks(session, limit=_KEPT)
    shipped = quality.read().version
    return [insight.spot(row, checks, _there(row), shipped, names(basics)) for row in rows]


def _there(row: SpotCheckRow) -> frozenset[int]:
    return data.ask(queries.answered, row.mention_ids, row.model_version)


def names(basics: Basics) -> Mapping[int, str]:
    """The labels of sources by id."""
    return {source.id: source.label for source in basics.catalog.sources}


def _invite() -> None:
    with st.container(border=True, key="invite_spot"):
        st.markdown(
            "**Случайной проверки ещё не было.** Прочитайте полсотни случайных упоминаний и "
            "отметьте тональность, не видя ответа модели: так получится честная точность на "
            "ваших данных, с интервалом."
        )
        if st.button("Начать проверку", key="to_spot", icon=":material/casino:", type="primary"):
            state.keep("part", "check")
            state.keep("queue", "random")
            st.rerun()


def _spot(spot: Spot) -> None:
    right = spot.agreement.right
    if right is None:
        return
    day = spot.row.created_at.astimezone(context.get().zone).date()
    label, note = st.columns([1, 3], vertical_alignment="center")
    with label:
        st.metric(
            "Тональность верна",
            ru.percent(right.value),
            help=f"Интервал 95{ru.THIN}%: {words.with_n(right)}.",
            border=True,
        )
    with note:
        st.markdown(f"**{words.with_n(right)}** — {words.checked(spot, day)}")
        if right.n < FEW:
            st.caption(f"Проверено меньше {FEW}: это ещё не оценка.")
        if st.button("Из каких упоминаний выбирали", key="drawn_from", type="tertiary"):
            basics = data.basics()
            where, _ = from_params(spot.row.params, basics.catalog.names, basics.today)
            state.set_filter(where)
            opening.mentions()
    _parts(spot.agreement, "spot")


def _all(checks: tuple[Check, ...], used: str, sources: Mapping[int, str]) -> None:
    """Corrections and confirmations of whatever reason: mostly what caught an eye as wrong."""
    own = insight.agreement(checks, used, quality.read().version, sources)
    if own.right is None:
        return
    title = f"Все правки и подтверждения тональности: {ru.number(own.right.n)}"
    with st.expander(title, icon=":material/edit_note:"):
        st.markdown(
            f"Модель совпала с человеком в {words.with_n(own.right)}. **Это не точность:** "
            "проверяют обычно то, что бросилось в глаза или в чём модель сомневалась, поэтому доля "
            "верных здесь ниже настоящей. Честную даёт только случайная проверка."
        )
        if own.learnt:
            st.caption(
                f"Ещё {ru.counted(own.learnt, _DIFFER)} модель видела при обучении, они не в счёт."
            )
        _parts(own, "all")


def _parts(own: Agreement, key: str) -> None:
    if own.right is None or own.right.n < FEW:
        return
    left, middle, right = st.columns(3, gap="large")
    with left:
        st.markdown("**По тональности**")
        picked = opening.chart(
            charts.tone_accuracy(own.tones, style.look()), f"own_tones_{key}", "По тональности"
        )
        if picked:
            opening.mentions(tones=(picked["code"],), touchpoints=())
    with middle:
        st.markdown("**По источникам**")
        picked = opening.chart(
            charts.accuracy_lines(own.sources, style.look(), what="Верно", mark=own.right.value),
            f"own_sources_{key}",
            "По источникам",
        )
        if picked:
            ids = data.basics().catalog.sources
            chosen = tuple(source.id for source in ids if source.label == picked["key"])
            opening.mentions(sources=chosen)
    with right:
        st.markdown("**Чего стоит уверенность**")
        st.altair_chart(
            charts.calibration(own.reliability, style.look()),
            width="stretch",
            theme=None,
            alt="Доля верных ответов в зависимости от уверенности модели",
        )


def _earlier(found: list[Spot]) -> None:
    told = [(spot, spot.agreement.right) for spot in found]
    lines = [
        f"- {ru.day(spot.row.created_at.astimezone(context.get().zone).date())}: "
        f"{words.with_n(right)}, модель {style.plain(spot.row.model_version)}"
        for spot, right in told
        if right
    ]
    if lines:
        with st.expander("Прежние случайные проверки", icon=":material/history:"):
            st.markdown("\n".join(lines))
