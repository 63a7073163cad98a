"""A visitor of the app without a browser (AppTest), who opens pages by links and reads them."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from world import MODEL, MOSCOW, NOW, World, found

from storage import settings
from storage.database import Database

ROOT = Path(__file__).parent.parent
TODAY = NOW.astimezone(MOSCOW).date()


def forget_caches() -> None:
    """Let the app remember nothing of another test's database."""
    st.cache_data.clear()
    st.cache_resource.clear()


def wired(url: str, folder: Path, monkeypatch: pytest.MonkeyPatch, more: str = "") -> World:
    """A database without mentions whose config, with ``more`` in it, the app finds."""
    config = folder / "config.yaml"
    config.write_text(f"database:\n  url: {url}\n{more}", encoding="utf-8")
    monkeypatch.setenv("OTKLIK_CONFIG", str(config))
    world = found(Database(url))
    with world.db.write() as session:
        settings.put(session, "today", TODAY.isoformat())
        settings.put(session, settings.MODEL, MODEL)
    forget_caches()
    return world


def app_at(**link: str | list[str]) -> AppTest:
    """A new visitor on the first page."""
    app = AppTest.from_file(ROOT / "app.py", default_timeout=60)
    app.query_params.update(link)
    return app.run()


def page_at(page: str, /, **link: str | list[str]) -> AppTest:
    """A new visitor who comes to a page by a link; it must be drawn whole."""
    app = app_at()
    app.query_params.clear()  # as Streamlit does when the page changes
    app.switch_page(page)
    app.query_params.update(link)
    app.run()
    assert not app.exception, app.exception
    return app


def visited(app: AppTest) -> Iterator[tuple[str, AppTest]]:
    """Every page of the navigation in turn, by its title; each must be drawn whole."""
    for page in list(app._registered_pages.values()):
        app.query_params.clear()  # as Streamlit does when the page changes
        app.switch_page(str(Path(page["script_path"]).relative_to(ROOT))).run()
        title = page["page_name"]
        told = [str(error.value) for error in (*app.exception, *app.error)]
        assert not told, f"{title}: {told}"
        assert not _NOT_FOR_PEOPLE.search(text_of(app)), f"{title}: {text_of(app)}"
        yield title, app


_NOT_FOR_PEOPLE = re.compile(r"\b(nan|None|inf|Traceback|NaN|Tone\.\w+|datetime\.\w+)\b")


def text_of(app: AppTest) -> str:
    """Everything that can be read on the page."""
    elements = [
        *app.markdown, *app.html, *app.caption, *app.title, *app.header, *app.subheader,
        *app.info, *app.warning,
    ]  # fmt: skip
    told = [re.sub(r"<style>.*?</style>", "", str(e.proto.body), flags=re.S) for e in elements]
    told += [f"{metric.label} {metric.value} {metric.delta or ''}" for metric in app.metric]
    return "\n".join(told)


def words_of(app: AppTest) -> str:
    """The same with errors and buttons, in plain spaces and without Markdown's backslashes."""
    told = [text_of(app), *(str(e.proto.body) for e in (*app.error, *app.success))]
    told += [button.label for button in app.button]
    told += [str(block.proto.label) for block in app.get("download_button")]
    return "\n".join(told).replace("\\", "").replace("\u00a0", " ").replace("\u202f", " ")


def is_filtered(app: AppTest) -> bool:
    """Whether the page has the filter bar."""
    return any(field.key == "filter_text" for field in app.text_input)


def link_of(app: AppTest) -> dict[str, list[str]]:
    """The URL's parameters (a lone value comes as a string)."""
    return {k: v if isinstance(v, list) else [v] for k, v in app.query_params.items()}
