"""The filtered rows as a file; written only when asked for."""

from collections.abc import Callable, Iterable
from io import BytesIO
from typing import BinaryIO
from zoneinfo import ZoneInfo

import streamlit as st

from insights import russian as ru
from reports.rows import write_csv, write_xlsx
from storage import queries
from storage.filters import Filter
from storage.queries import MentionRow
from views import context

_Writer = Callable[[Iterable[MentionRow], BinaryIO, ZoneInfo], None]


def draw(where: Filter, total: int) -> None:
    """The menu «Скачать»."""
    app = context.get()

    def made_by(write: _Writer) -> Callable[[], bytes]:
        def make() -> bytes:
            out = BytesIO()
            with app.db.read() as session:
                write(queries.export(session, where), out, app.zone)
            return out.getvalue()

        return make

    with st.popover("Скачать", icon=":material/download:", disabled=total == 0):
        st.caption(f"{ru.counted(total, ru.MENTION)} по текущим фильтрам")
        st.download_button(
            "Excel (XLSX)",
            made_by(write_xlsx),
            file_name="otklik.xlsx",
            mime="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            key="download_xlsx",
            on_click="ignore",
            width="stretch",
        )
        st.download_button(
            "CSV (UTF-8)",
            made_by(write_csv),
            file_name="otklik.csv",
            mime="text/csv",
            key="download_csv",
            on_click="ignore",
            width="stretch",
        )
