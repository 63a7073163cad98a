"""The language of brand queries in short, with examples."""

from html import escape

import streamlit as st

#: What may be written, and what it finds.
RULES = (
    ("морошка магазин", "оба слова, в любой форме и порядке; то же — через AND или И"),
    ("морошка OR moroshka", "хотя бы одно из слов; то же — ИЛИ"),
    ("морошка NOT ягода", "без второго слова; то же — НЕ"),
    ("(хлеб OR булка) NOT рецепт", "скобки собирают части"),
    ('"свежий хлеб"', "слова подряд, в любой форме"),
    ("=морошке", "только эта форма"),
    ("морош*", "всё, что так начинается; не меньше трёх букв"),
    ("хлеб /3 чёрствый", "между словами не больше трёх других, в любом порядке"),
    ('author:"Иван П"', "имя автора целиком; author:иван* — его начало; то же — автор:"),
    ("site:vk.com", "сайт с поддоменами, можно с путём; то же — сайт:"),
)
_NOTES = (
    "Операторы пишутся ПРОПИСНЫМИ; строчное «и» или «or» — обычное слово. Регистр, е и ё, похожие "
    "латинские буквы не важны. Название самого бренда находится во всех падежах, кириллицей и "
    "латиницей. Хотя бы одно слово должно требоваться, а не исключаться."
)


def draw() -> None:
    """Folded: beside what is being written, and out of its way."""
    with st.expander("Как писать запрос", icon=":material/help:"):
        rows = "".join(
            f"<tr><td><code>{escape(example)}</code></td><td>{escape(told)}</td></tr>"
            for example, told in RULES
        )
        head = "<tr><th>Пишется</th><th>Находит</th></tr>"
        st.html(f'<table class="ok-table">{head}{rows}</table><p class="ok-note">{_NOTES}</p>')
