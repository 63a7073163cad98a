"""What was measured of the embedded model on labelled texts, and where it is weak, in words."""

from html import escape

import streamlit as st

from insights import quality as insight
from insights import quality_words as words
from insights import russian as ru
from insights.changes import FEW
from nlp import quality
from nlp.quality import Figure, Measured, Quality
from reports import charts
from views import data, opening, style
from views.switch import switch

_TEXT: ru.Forms = ("тексте", "текстах", "текстах")
_OPEN: ru.Forms = ("текст", "текста", "текстов")
_ABOUT = {
    "customers": "Отзывы и сообщения клиентов: банки, магазины, кафе, связь; каждый четвёртый "
    "придуман для проекта. Модель их не видела при обучении. Эталон проставлен языковыми моделями "
    "по одной инструкции, поэтому это оценка, а не истина.",
    "demo": "Вымышленная сеть из демо: много иронии и намёков, тексты труднее обычных. "
    "Модель их тоже не видела.",
}


def draw() -> None:
    """The section."""
    measured = quality.read()
    st.subheader("Измерено на размеченных текстах", anchor=False)
    _used(measured)
    chosen = switch(
        "Набор",
        {
            "customers": f"Клиентские тексты · {ru.number(measured.customers.texts)}",
            "demo": f"Демо · {ru.number(measured.demo.texts)}",
        },
        key="set",
    )
    shown = measured.demo if chosen == "demo" else measured.customers
    st.caption(_ABOUT[chosen])
    tones = insight.tone_lines(shown.confusion)
    sources = insight.source_lines(shown.sources, words.DOMAINS)
    touchpoints = insight.touchpoint_lines(shown)
    _headline(shown, measured, words.weak_sides(shown, tones, sources, touchpoints))
    _figures(shown, measured)
    left, right = st.columns(2, gap="large")
    with left:
        _tones(tones)
    with right:
        _calibration(shown)
    left, right = st.columns(2, gap="large")
    with left:
        _touchpoints(touchpoints, shown)
    with right:
        _sources(sources, shown)
    _corpora(measured)


def _used(measured: Quality) -> None:
    """Whether these figures are of the model that labelled the mentions at all."""
    used = data.model()
    if used is None or used == measured.version:
        return
    named = style.plain(used)
    if "+" in used:
        told = (
            f"Тональность ваших упоминаний ставит другая модель («{named}»), её здесь не мерили: "
        )
        told += "цифры тональности ниже не про неё, остальные — про неё."
    else:
        told = f"Ваши упоминания разметила модель «{named}», а ниже — точность исходной "
        told += f"«{style.plain(measured.version)}»."
    st.warning(f"{told} Настоящую точность покажет «Проверка».", icon=":material/info:")


def _headline(shown: Measured, measured: Quality, weak: tuple[str, ...]) -> None:
    people = ru.percent(measured.agreement["tone_accuracy"])
    known = f"{ru.number(shown.texts)}{ru.NBSP}{ru.plural(shown.texts, _TEXT)}"
    said = (
        f"Тональность верна в {words.interval(shown.tone)} случаев. "
        f"Два разметчика согласны между собой в {people}: выше модели не подняться."
    )
    reasons = "".join(f"<div>{escape(sentence)}</div>" for sentence in weak)
    st.html(
        f'<div class="ok-headline ok-hit"><p class="said">{escape(said)}</p>'
        f'<div class="why">Измерено на {known}; в скобках 95-процентный интервал.{reasons}</div>'
        "</div>"
    )


def _figures(shown: Measured, measured: Quality) -> None:
    agreed = measured.agreement
    with st.grid(4, min_column_width=150, gap="small", key="quality_figures"):
        _metric(
            "Тональность",
            shown.tone,
            "Доля текстов, где из четырёх тональностей названа верная.",
            agreed["tone_accuracy"],
        )
        _metric(
            "Вид текста",
            shown.kind,
            "Доля верных: жалоба, похвала, отзыв, вопрос…",
            agreed["kind_accuracy"],
        )
        _metric(
            "Мнения о темах, F1",
            shown.opinions,
            "Пары «тема и тональность»: среднее между тем, сколько нашла, и тем, сколько из "
            "найденного верно. В суммах за период ошибки частью гасят друг друга.",
            agreed["pairs_f1"],
        )
        _metric(
            "Цитата на месте",
            shown.evidence,
            "Доля верных мнений, где подсвечены те самые слова.",
            None,
        )


def _metric(label: str, figure: Figure, definition: str, agreed: float | None) -> None:
    told = f"{definition} Интервал 95{ru.THIN}%: {words.interval(figure)}."
    ceiling = f"у разметчиков {ru.percent(agreed)}" if agreed else None
    if ceiling:
        told += " Столько же раз согласны между собой два разметчика: это потолок."
    st.metric(
        label,
        ru.percent(figure.value),
        delta=ceiling,
        delta_color="off",
        delta_arrow="off",
        help=told,
        border=True,
        height="stretch",
    )


def _tones(lines: tuple[insight.ToneLine, ...]) -> None:
    st.markdown("**Какую тональность узнаёт**")
    st.caption("Нажмите на точку: откроются ваши упоминания с таким ответом.")
    chart = charts.tone_accuracy(lines, style.look())
    picked = opening.chart(chart, "tone_accuracy", "Точность и полнота по тональностям")
    if picked:
        opening.mentions(tones=(picked["code"],), touchpoints=())


def _calibration(shown: Measured) -> None:
    found = insight.reliability(shown.reliability)
    st.markdown("**Чего стоит уверенность модели**")
    st.caption(words.calibration(found))
    st.altair_chart(
        charts.calibration(found, style.look()),
        width="stretch",
        theme=None,
        alt="Доля верных ответов в зависимости от уверенности модели",
    )


def _touchpoints(lines: tuple[insight.Line, ...], shown: Measured) -> None:
    st.markdown("**Мнения по темам, F1**")
    st.caption(f"Пунктир — в среднем; бледные точки — меньше {FEW} мнений, им верить рано.")
    chart = charts.accuracy_lines(lines, style.look(), what="F1", mark=shown.opinions.value)
    picked = opening.chart(chart, "touchpoint_accuracy", "F1 мнений по темам")
    if picked:
        opening.mentions(touchpoints=(picked["key"],), tones=())


def _sources(lines: tuple[insight.Line, ...], shown: Measured) -> None:
    st.markdown("**Тональность по источникам текстов**")
    st.caption("Сами тексты принадлежат авторам и с программой не поставляются.")
    _still(lines, shown.tone.value, "Доля верных тональностей по источникам")


def _corpora(measured: Quality) -> None:
    lines = insight.source_lines(measured.corpora, words.DOMAINS)
    whole = sum(hits.n for hits in measured.corpora.values())
    with st.expander("Другие области: книги, фильмы, банки, твиты, новости"):
        st.caption(
            f"Отложенная часть открытых наборов, {ru.counted(whole, _OPEN)}. Тональностей здесь "
            "три, без смешанной, поэтому с цифрами выше не сравнивайте. Новости и политика — не "
            "область этой модели."
        )
        _still(lines, None, "Доля верных тональностей в открытых наборах")


def _still(lines: tuple[insight.Line, ...], mark: float | None, alt: str) -> None:
    """A chart whose texts are not here to be opened."""
    chart = charts.accuracy_lines(lines, style.look(), what="Верно", mark=mark, clickable=False)
    st.altair_chart(chart, width="stretch", theme=None, alt=alt)
