"""The app's entry: wires what pages need, draws what they share, hands over to the page.

Run by ``otklik serve``, or by ``streamlit run app.py`` with the config in ``OTKLIK_CONFIG``.
"""

from pathlib import Path

import streamlit as st

from otklik import config
from otklik.messages import ConfigError
from storage.database import Database
from storage.errors import StorageError
from views import context, filterbar, style
from views.context import AppContext

_VIEWS = Path(__file__).parent / "views"


def _lemmas(text: str) -> str:
    # The dictionary takes a moment to load: only a search needs it.
    from nlp.text import lemmas

    return lemmas(text)


@st.cache_resource(show_spinner=False)
def _context(file: Path, changed_ns: int) -> AppContext:  # noqa: ARG001
    """Wired anew when the config file changes."""
    settings = config.load(file)
    db = Database(settings.database_url)
    db.migrate()
    return AppContext(db, settings.zone, settings.journey, _lemmas)


def _load() -> AppContext | None:
    file = config.find()
    try:
        return _context(file, file.stat().st_mtime_ns if file.exists() else 0)
    except (ConfigError, StorageError) as error:
        st.error(str(error), icon=":material/error:", title="Отклик не запустился")
        return None


def main() -> None:
    """One run of the script."""
    st.set_page_config(page_title="Отклик", page_icon=":material/reviews:", layout="wide")
    pages = [
        st.Page(_VIEWS / "overview.py", title="Обзор", icon=":material/monitoring:", default=True),
        st.Page(_VIEWS / "mentions.py", title="Упоминания", icon=":material/forum:"),
    ]
    page = st.navigation(pages, position="top")
    style.inject()
    wired = _load()
    if wired is None:
        return
    context.put(wired)
    if filterbar.draw():
        page.run()


if __name__ == "__main__":
    main()
