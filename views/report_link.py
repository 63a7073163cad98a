"""From a period that is looked at to the form of its report."""

import streamlit as st

from storage.filters import Filter
from views import report_state
from views.data import Basics


def draw(basics: Basics, where: Filter) -> None:
    """A button that opens «Отчёты» with the brand and the days of the filter filled in."""
    brands = [brand for brand in basics.catalog.brands if brand.code]
    chosen = [brand for brand in brands if brand.id in where.brands] or [
        brand for brand in brands if not brand.competitor
    ]
    if not chosen:
        return
    if st.button(
        "Отчёт за этот период",
        key="report_of_period",
        type="tertiary",
        icon=":material/summarize:",
        help="PDF, HTML или Excel: тот же период и бренд, другие фильтры не учитываются",
    ):
        asked = {report_state.BRAND: chosen[0].code}
        if where.day_from and where.day_to:
            asked |= {
                report_state.FROM: where.day_from.isoformat(),
                report_state.TO: where.day_to.isoformat(),
            }
        st.switch_page("views/reports.py", query_params=asked)
