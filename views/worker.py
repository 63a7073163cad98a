"""Where no worker runs: what waits for one, and how it is started."""

from datetime import datetime

import streamlit as st

from insights import russian as ru
from storage import queries
from views import context


def warn(waits: str) -> None:
    """The warning of a page: ``waits`` is what is not done meanwhile, «отчёты ждут в очереди»."""
    st.warning(missing(waits), icon=":material/cloud_off:")


def missing(waits: str) -> str:
    """The same as Markdown: since when no worker is seen, what waits, what to do."""
    wired = context.get()
    with wired.db.read() as session:
        seen = queries.worker_seen(session)
    told = "не запущен"
    if seen:
        near = ru.near(seen.astimezone(wired.zone), datetime.now(wired.zone))
        told = f"не отзывается, последний раз — {near}"
    return (
        f"Работник {told}: {waits}. Запустите `otklik schedule` или открывайте приложение "
        "командой `otklik serve`: она приводит работника с собой."
    )
