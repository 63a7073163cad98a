"""«Качество»: how far the figures can be trusted, checked on one's own mentions, and mended."""

import streamlit as st

from views import data, quality_accuracy, quality_check, quality_learning, quality_own, state
from views.switch import switch

_PARTS = {
    "accuracy": ":material/verified: Точность",
    "check": ":material/checklist: Проверка",
    "learning": ":material/school: Обучение",
}


def draw() -> None:
    """The page: one of its parts, as the URL says."""
    basics = data.basics()
    where = state.current(basics)
    st.title("Качество", anchor=False)
    part = switch("Что показать", _PARTS, key="part")
    if part == "check":
        quality_check.draw(basics, where)
    elif part == "learning":
        quality_learning.draw(basics)
    else:
        quality_own.draw(basics)
        quality_accuracy.draw()


if __name__ == "__main__":
    draw()
