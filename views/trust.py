"""«Насколько этому верить»: the measured quality of the model behind the figures."""

import streamlit as st

from insights import quality_words as words
from nlp import quality
from views import data


def draw() -> None:
    """A folded note; it says so where the figures come from a model that was not measured."""
    used = data.model()
    if used is None:
        return
    shipped = quality.read()
    with st.expander("Насколько этому верить", icon=":material/verified:"):
        if told := words.foreign(used, shipped.version):
            st.write(told)
        st.write(words.proven(shipped.customers))
        st.markdown("\n".join(f"- {line}" for line in words.accuracy(shipped.customers)))
        st.caption("Ошибки правят на странице «Упоминания»: исправление сразу меняет все цифры.")
        st.page_link(
            "views/quality.py",
            label="Подробнее: точность по классам, темам и источникам, проверка на ваших данных",
            icon=":material/verified:",
        )
