"""«Насколько этому верить»: the measured quality of the model behind the figures."""

import streamlit as st

from insights import russian as ru
from nlp import quality
from nlp.quality import Figure
from views import data

_TEXT: ru.Forms = ("отзыве", "отзывах", "отзывах")


def draw() -> None:
    """A folded note; it says so where the figures come from a model that was not measured."""
    used = data.model()
    if used is None:
        return
    shipped = quality.read()
    measured = shipped.customers
    with st.expander("Насколько этому верить", icon=":material/verified:"):
        if used != shipped.version:
            st.write(
                f"Упоминания размечены моделью «{used}»: её точность не измерялась. "
                f"Ниже – точность встроенной модели «{shipped.version}»."
            )
        st.write(
            f"Проверено на {ru.counted(measured.texts, _TEXT)}, которых модель не видела "
            "при обучении. В скобках – 95-процентный доверительный интервал."
        )
        st.markdown(
            f"- Тональность (негатив, нейтрально, позитив, смешанно) верна в "
            f"{_share(measured.tone)} случаев.\n"
            f"- Вид текста (жалоба, похвала, вопрос…) верен в {_share(measured.kind)}.\n"
            f"- Мнения о темах: F1 {_share(measured.opinions)} – модель и пропускает "
            "мнения, и находит лишние; в суммах за период ошибки частью гасят друг друга.\n"
            f"- Цитата стоит на нужном месте в {_share(measured.evidence)} верных мнений."
        )
        st.caption("Ошибки правят на странице «Упоминания»: исправление сразу меняет все цифры.")
        st.page_link(
            "views/quality.py",
            label="Подробнее: точность по классам, темам и источникам, проверка на ваших данных",
            icon=":material/verified:",
        )


def _share(figure: Figure) -> str:
    low, high = ru.number(figure.low * 100), ru.percent(figure.high)
    return f"{ru.percent(figure.value)} ({low}–{high})"
