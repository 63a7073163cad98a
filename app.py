"""The app's entry: wires what pages need, draws what they share, hands over to the page.

Run by ``otklik serve``, or by ``streamlit run app.py`` with the config in ``OTKLIK_CONFIG``.
"""

from collections.abc import Sequence
from pathlib import Path

# Altair looks pandas up among the loaded modules. Were it first imported while a page is drawn,
# a second session could meet it half-loaded and fail.
import pandas as pd  # noqa: F401
import streamlit as st

from otklik import config
from otklik.messages import ConfigError
from storage.database import Database
from storage.errors import StorageError
from views import context, filterbar, style
from views.brand_desk import BrandDesk
from views.context import AppContext

#: Drawn here: a Material or emoji icon of the tab would be fetched from a foreign server.
_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">'
    '<path d="M5 4h22a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3H14l-7 6v-6H5a3 3 0 0 1-3-3V7a3 3 0 0 1 3-3z" '
    'fill="#0E7C7B"/><path d="M9 17v-4M14 17V9M19 17v-6M24 17v-2" stroke="#fff" '
    'stroke-width="2.6" stroke-linecap="round"/></svg>'
)
_VIEWS = Path(__file__).parent / "views"


def _lemmas(text: str) -> str:
    # The dictionary takes a moment to load: only a search needs it.
    from nlp.text import lemmas

    return lemmas(text)


def _brand_desk(db: Database) -> BrandDesk:
    # The language of queries and its dictionary take a moment, too: only one page needs them.
    from otklik.brand_queries import BrandDesk as Desk

    return Desk(db)


@st.cache_resource(show_spinner=False)
def _context(file: Path, changed_ns: int) -> AppContext:  # noqa: ARG001
    """Wired anew when the config file changes."""
    settings = config.load(file)
    db = Database(settings.database_url)
    db.migrate()
    return AppContext(
        db,
        settings.zone,
        settings.journey,
        _lemmas,
        brands=lambda: _brand_desk(db),
        reports=settings.reports_folder,
        channels=tuple(channel.name for channel in settings.channels),
    )


def _load() -> AppContext | None:
    file = config.find()
    try:
        return _context(file, file.stat().st_mtime_ns if file.exists() else 0)
    except (ConfigError, StorageError) as error:
        st.error(str(error), icon=":material/error:", title="Отклик не запустился")
        return None


def _phone_menu(pages: Sequence[st.Page]) -> None:
    """The pages by name where Streamlit folds its own menu into «»»; the style shows which."""
    with st.container(horizontal=True, gap="small", key="phone_menu"):
        for page in pages:
            st.page_link(page, width="content")


def main() -> None:
    """One run of the script."""
    st.set_page_config(page_title="Отклик", page_icon=_ICON, layout="wide")
    filtered = [
        st.Page(_VIEWS / "overview.py", title="Обзор", icon=":material/monitoring:", default=True),
        st.Page(_VIEWS / "journey.py", title="Путь клиента", icon=":material/route:"),
        st.Page(_VIEWS / "pains.py", title="Боли", icon=":material/healing:"),
        st.Page(_VIEWS / "mentions.py", title="Упоминания", icon=":material/forum:"),
        st.Page(_VIEWS / "answers.py", title="Ответы", icon=":material/mark_chat_read:"),
        st.Page(_VIEWS / "competitors.py", title="Конкуренты", icon=":material/compare_arrows:"),
        st.Page(_VIEWS / "quality.py", title="Качество", icon=":material/verified:"),
    ]
    # These look beyond any filter and have something to say before the first mention is stored.
    told = [
        st.Page(_VIEWS / "reports.py", title="Отчёты", icon=":material/summarize:"),
        st.Page(_VIEWS / "alerts.py", title="Оповещения", icon=":material/notifications:"),
    ]
    unfiltered = [
        st.Page(_VIEWS / "collecting.py", title="Сбор", icon=":material/sync:"),
        st.Page(_VIEWS / "brands.py", title="Бренды", icon=":material/sell:"),
    ]
    pages = [*filtered[:-1], *told, filtered[-1], *unfiltered]
    page = st.navigation(pages, position="top")
    style.inject()
    _phone_menu(pages)
    wired = _load()
    if wired is None:
        return
    context.put(wired)
    try:
        if page in (*told, *unfiltered) or filterbar.draw(page, filtered):
            page.run()
    except StorageError as error:
        st.error(str(error), icon=":material/error:")


if __name__ == "__main__":
    main()
