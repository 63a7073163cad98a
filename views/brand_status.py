"""Whether stored mentions follow the saved queries, and how far they are."""

import streamlit as st

from insights import russian as ru
from views import style, worker
from views.brand_desk import Applying, BrandDesk

#: Seconds between two looks at the work.
_LOOK = 1.0


def draw(desk: BrandDesk) -> None:
    """Nothing where all of history follows; else how far it is, moving by itself."""
    with st.container(key="brand_status"):  # always there, so that what follows keeps its place
        if desk.applying():
            _moving(desk)


@st.fragment(run_every=_LOOK)
def _moving(desk: BrandDesk) -> None:
    now = desk.applying()
    if now is None:
        st.toast("Запросы применены ко всем сохранённым упоминаниям", icon=":material/check:")
        st.rerun()
    elif not now.asked:
        _stopped(desk, now)
    elif not now.has_worker:
        worker.warn("запрос сохранён, но к собранным упоминаниям ещё не применён")
    else:
        done = f"{ru.number(now.done)} из {ru.number(now.total)}"
        share = now.done / now.total if now.total else 0.0
        st.progress(share, text=f"Запросы применяются к собранным упоминаниям: {done}")
        st.caption("Страницу можно закрыть: работа продолжится. Пока она идёт, цифры смешанные.")


def _stopped(desk: BrandDesk, now: Applying) -> None:
    told = "Не все собранные упоминания разобраны по действующим запросам."
    if now.failed:
        told += f" Прошлая попытка не удалась: {style.plain(now.failed)}"
    st.warning(told, icon=":material/sync_problem:")
    st.button("Применить к истории", key="apply_queries", on_click=desk.apply)
