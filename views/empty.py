"""What a newcomer sees before the first review is stored."""

import streamlit as st

from insights import russian as ru
from storage.queries import Catalog
from views.collecting_state import ADD


def draw(catalog: Catalog) -> None:
    """Say what to do next."""
    st.title("Отзывов пока нет")
    if catalog.sources:
        told = ru.counted(len(catalog.sources), ru.SOURCE)
        st.markdown(f"В базе {told}, но ни одного упоминания. Соберите их или загрузите файл:")
    else:
        st.markdown("Расскажите, что собирать, — в `config.yaml` — или загрузите файл с отзывами:")
    first, second = st.columns(2)
    with first, st.container(border=True, height="stretch"):
        st.subheader(":material/rss_feed: Собрать из источников")
        st.code("otklik crawl\notklik analyse", language=None)
        st.caption("Источники перечислены в config.yaml. `otklik check` проверит их без записи.")
    with second, st.container(border=True, height="stretch"):
        st.subheader(":material/upload_file: Загрузить файл")
        st.code("otklik import отзывы.csv\notklik analyse", language=None)
        st.caption("CSV, XLSX или JSONL. Столбцы с текстом, датой и оценкой найдутся сами.")
    st.page_link(
        "views/collecting.py",
        label="Добавить ленту, страницу, телеграм-канал или приложение прямо здесь",
        icon=":material/add:",
        query_params={ADD: "1"},
    )
    st.caption("Хотите сначала посмотреть на готовом? `make demo` откроет пример в отдельной базе.")
