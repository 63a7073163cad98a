"""Every page of the app over databases of every size and shape; a new page is covered by itself."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import streamlit as st
from demo_stream import Demo
from visiting import app_at, is_filtered, link_of, text_of, visited
from world import COMPETITOR, MODEL, MOSCOW, NOW, OURS, World, fill, found, judged, said, tell_all

from nlp.analysis import Failure, Opinion, Result
from nlp.labels import Kind, Tone, Touchpoint
from storage import settings
from storage.crawls import BrandDeclaration
from storage.database import Database

TODAY = NOW.astimezone(MOSCOW).date().isoformat()

#: A journey of one's own, which leaves most touchpoints out.
JOURNEY = """
journey:
  - {code: before, name: До покупки, touchpoints: [advertising, price]}
  - {code: during, name: Покупка, touchpoints: [staff, quality, delivery]}
  - {code: after, name: Потом, touchpoints: []}
"""

_LATE = Opinion(Touchpoint.DELIVERY, Tone.NEGATIVE, 0.9, 0, 14)
_TASTY = Opinion(Touchpoint.QUALITY, Tone.POSITIVE, 0.9, 22, 34)


def several(n: int, *results: Result | None) -> Callable[[World], None]:
    """``n`` mentions of today that got these answers by turns."""

    def tell(world: World) -> None:
        told = [
            (said(f"Курьер опоздал, но хлеб вкусный {number}."), results[number % len(results)])
            for number in range(n)
        ]
        tell_all(world, told, next(code for code in world.brands if code))

    return tell


COMPLAINT = judged(Tone.NEGATIVE, Kind.COMPLAINT, _LATE)
PRAISE = judged(Tone.POSITIVE, Kind.PRAISE, _TASTY)
MIXED = judged(Tone.MIXED, Kind.REVIEW, _LATE, _TASTY)
#: Databases with mentions, by what is odd about them.
FILLED: dict[str, Callable[[World], None]] = {
    "one": several(1, COMPLAINT),
    "two": several(2, COMPLAINT, PRAISE),
    "three": several(3, COMPLAINT, PRAISE, MIXED),
    "unread": several(30, None),
    "failed": several(30, Failure("в тексте нет слов")),
    "promo": several(30, judged(Tone.NEUTRAL, Kind.PROMO)),
    "no opinions": several(30, judged(Tone.NEUTRAL, Kind.REVIEW)),
}


def world_in(file: Path, template: bytes, *brands: BrandDeclaration) -> World:
    """A database without mentions whose today is that of the mentions to come."""
    file.write_bytes(template)
    world = found(Database(str(file)), *brands)
    with world.db.write() as session:
        settings.put(session, "today", TODAY)
        settings.put(session, settings.MODEL, MODEL)
    return world


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the app will look for its database."""
    file = tmp_path / "otklik.db"
    write_config(file)
    monkeypatch.setenv("OTKLIK_CONFIG", str(tmp_path / "config.yaml"))
    return file


def write_config(file: Path, more: str = "") -> None:
    config = file.parent / "config.yaml"
    config.write_text(f"database:\n  url: {file}\n{more}", encoding="utf-8")


@pytest.fixture
def make(file: Path, sqlite_template: bytes) -> Callable[..., World]:
    """Makes a database without mentions."""
    return lambda *brands: world_in(file, sqlite_template, *brands)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory, sqlite_template: bytes) -> bytes:
    """A database of a few thousand mentions of all sorts."""
    file = tmp_path_factory.mktemp("large") / "otklik.db"
    db = fill(world_in(file, sqlite_template), 3000).db
    with db.read() as session:
        session.connection().connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.dispose()
    return file.read_bytes()


@pytest.fixture(autouse=True)
def _fresh_caches() -> None:
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.mark.parametrize("shape", FILLED)
def test_every_page_is_drawn_over(make: Callable[..., World], shape: str) -> None:
    FILLED[shape](make())
    pages = dict(visited(app_at()))
    assert {"Обзор", "Упоминания", "Сбор", "Бренды"} <= pages.keys()


@pytest.mark.parametrize("link", [{}, {"period": "all"}, {"all": "1", "topic": "price"}])
def test_every_page_is_drawn_over_a_large(file: Path, large: bytes, link: dict[str, str]) -> None:
    file.write_bytes(large)
    for title, app in visited(app_at(**link)):
        assert not app.info or not is_filtered(app), f"{title}: {app.info[0].value}"


@pytest.mark.parametrize("brand", [OURS, COMPETITOR], ids=lambda brand: brand.code)
def test_one_brand_alone_is_enough(make: Callable[..., World], brand: BrandDeclaration) -> None:
    several(400, COMPLAINT, PRAISE, MIXED, None)(make(brand))
    assert dict(visited(app_at()))


def test_a_journey_of_ones_own_leaves_touchpoints_out(file: Path, large: bytes) -> None:
    file.write_bytes(large)
    write_config(file, JOURNEY)
    assert dict(visited(app_at(period="all")))


def test_pages_that_need_mentions_say_what_to_do_until_there_are_some(
    make: Callable[..., World],
) -> None:
    world = make()
    waiting = set()
    for title, app in visited(app_at()):
        assert text_of(app).strip(), title
        if [head.value for head in app.title] == ["Отзывов пока нет"]:
            waiting.add(title)
    several(1, COMPLAINT)(world)
    st.cache_data.clear()
    assert waiting == {title for title, app in visited(app_at()) if is_filtered(app)}


def test_where_the_filter_leaves_nothing_pages_say_so(file: Path, large: bytes) -> None:
    file.write_bytes(large)
    for title, app in visited(app_at(period="all", q="такогословатутнет")):
        # How well the model reads is measured on other texts as well.
        if is_filtered(app) and title != "Качество":
            assert re.search(r"упоминаний нет|мнений нет|ничего нет", text_of(app)), title


def test_a_filter_survives_every_change_of_page(file: Path, large: bytes) -> None:
    file.write_bytes(large)
    link = {
        "brand": ["moroshka"], "from": ["2025-12-01"], "to": ["2026-02-15"],
        "source": ["vk", "maps"], "topic": ["delivery"], "tone": ["negative", "positive"],
        "rating": ["1-5"], "lang": ["ru"],
    }  # fmt: skip
    filtered = set()
    for title, app in visited(app_at(**link)):
        if is_filtered(app):
            filtered.add(title)
            assert {key: link_of(app).get(key) for key in link} == link, title
    assert {"Обзор", "Упоминания"} <= filtered


@pytest.mark.parametrize("link", [{}, {"period": "all"}, {"topic": "price", "source": "maps"}])
def test_every_page_is_drawn_over_the_demo(
    demo: Demo, monkeypatch: pytest.MonkeyPatch, link: dict[str, str]
) -> None:
    monkeypatch.setenv("OTKLIK_CONFIG", str(demo.config))
    for title, app in visited(app_at(**link)):
        assert text_of(app).strip(), title
        assert not app.info or not is_filtered(app), f"{title}: {app.info[0].value}"
