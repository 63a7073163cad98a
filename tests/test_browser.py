"""The main path in a real browser: filter, click a bar, correct, see the figure, share, save."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.error import URLError
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from world import MODEL, NOW, World, found, judged, said, tell

from nlp.analysis import Opinion
from nlp.labels import Kind, Tone, Touchpoint
from storage import settings
from storage.database import Database

ROOT = Path(__file__).parent.parent
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: the browser tests are skipped"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, sqlite_template: bytes) -> Iterator[str]:
    """The app over a database of eleven mentions."""
    folder = tmp_path_factory.mktemp("app")
    (folder / "otklik.db").write_bytes(sqlite_template)
    _write(found(Database(str(folder / "otklik.db"))))
    config = folder / "config.yaml"
    config.write_text("database:\n  url: otklik.db\n", encoding="utf-8")
    port = _free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    with (folder / "log").open("w") as log:
        server = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | {"OTKLIK_CONFIG": str(config)},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait_until_up(f"http://localhost:{port}/_stcore/health")
            yield f"http://localhost:{port}"
        finally:
            server.terminate()
            server.wait(timeout=20)


def _write(world: World) -> None:
    late = Opinion(Touchpoint.DELIVERY, Tone.NEGATIVE, 0.9, 0, 14)
    tasty = Opinion(Touchpoint.QUALITY, Tone.POSITIVE, 0.9, 0, 4)
    for number in range(4):
        text = f"Курьер опоздал, заказ {number}. <script>document.title='взлом'</script>"
        published = NOW - timedelta(days=40, hours=number)
        mention = said(text, published_at=published, rating=5.0 if number % 2 else 1.0)
        tell(world, mention, judged(Tone.NEGATIVE, Kind.REVIEW, late))
    for number in range(6):
        published = NOW - timedelta(days=number)
        text = f"Хлеб вкусный, уже {number}-й раз"
        mention = said(text, published_at=published, rating=5.0 if number % 3 else 1.0)
        tell(world, mention, judged(Tone.POSITIVE, Kind.PRAISE, tasty))
    tell(world, said("Шум другого бренда", published_at=NOW), judged(), "ambar")
    with world.db.write() as session:
        settings.put(session, "today", NOW.date().isoformat())
        settings.put(session, settings.MODEL, MODEL)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_up(url: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            with urlopen(url, timeout=5):
                return
        except (URLError, OSError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _open(browser: Browser, url: str) -> Page:
    page = browser.new_context(locale="ru-RU", accept_downloads=True).new_page()
    page.set_default_timeout(90_000)
    expect.set_options(timeout=90_000)
    page.goto(url)
    return page


def _metric(page: Page, label: str) -> str:
    tile = page.get_by_test_id("stMetric").filter(has_text=label)
    return tile.get_by_test_id("stMetricValue").inner_text()


def _params(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def test_from_a_figure_to_the_text_behind_it_and_back(
    browser: Browser, address: str, tmp_path: Path
) -> None:
    page = _open(browser, address)
    hosts: set[str | None] = set()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname))

    expect(page.get_by_text("Индекс тональности +100")).to_be_visible()
    page.get_by_role("radio", name="3 месяца").click()
    expect(page.get_by_test_id("stMetricValue").first).to_have_text("10")
    assert _metric(page, "Индекс тональности") == "+20"

    # A bar opens the mentions behind it.
    page.locator(
        ".st-key-chart_touchpoints path[aria-label*='Доставка'][aria-label*='негатив']"
    ).click()
    expect(page.get_by_role("heading", name="4 упоминания")).to_be_visible()
    assert (_params(page)["topic"], _params(page)["tone"]) == (["delivery"], ["negative"])
    assert urlsplit(page.url).path == "/mentions"
    expect(page.locator("mark.ok-negative").first).to_have_text("Курьер опоздал")
    assert page.title() != "взлом"

    # A correction changes the figures.
    page.get_by_role("button", name="Исправить").first.click()
    page.get_by_role("radio", name="+ позитив").click()
    page.get_by_role("button", name="Сохранить").click()
    expect(page.get_by_text("исправлено вручную")).to_be_visible()
    page.get_by_role("button", name="Сбросить всё").click()
    expect(page.get_by_role("heading", name="10 упоминаний")).to_be_visible()
    page.get_by_role("link", name="Обзор").click()
    expect(page.get_by_test_id("stMetricValue").nth(1)).to_have_text("+40")

    # The link opens the same view elsewhere.
    expect(page).to_have_url(re.compile(r"brand=moroshka&from="))
    shared = _open(browser, page.url)
    expect(shared.get_by_test_id("stMetricValue").nth(1)).to_have_text("+40")
    assert _params(shared) == _params(page)

    # Back brings the earlier view back. The address of a page may have come in two steps: the
    # page, then its filter; then it takes two steps back as well.
    page.go_back()
    if urlsplit(page.url).path != "/mentions":
        page.go_back()
    expect(page.get_by_role("heading", name="10 упоминаний")).to_be_visible()

    page.get_by_role("button", name="Скачать").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    download.value.save_as(tmp_path / "rows.csv")
    lines = (tmp_path / "rows.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 11
    assert lines[0].startswith("Дата;Источник;")
    assert hosts == {"localhost"}


def test_a_shared_link_to_mentions_opens_them_at_once(browser: Browser, address: str) -> None:
    page = _open(browser, f"{address}/mentions?period=all&q=хлеб&brand=нет-такого")
    expect(page.get_by_text("brand=нет-такого")).to_be_visible()
    expect(page.get_by_role("heading", name="6 упоминаний")).to_be_visible()
    expect(page.get_by_placeholder("Поиск")).to_have_value("хлеб")


_IS_WHOLE = """
note => [note, ...note.querySelectorAll("*")].every(part => part.scrollWidth <= part.clientWidth)
"""


def test_a_phone_cuts_nothing_and_names_the_pages(browser: Browser, address: str) -> None:
    page = _open(browser, address)
    page.set_viewport_size({"width": 390, "height": 844})
    notes = page.get_by_test_id("stMetricDeltaDescription")
    expect(notes.filter(has_text="не значимо").first).to_be_visible()
    for note in notes.all():
        assert note.evaluate(_IS_WHOLE)
    last = page.get_by_role("radio", name="Всё").bounding_box()
    assert last is not None
    assert last["x"] + last["width"] <= 390 - 16
    page.get_by_role("link", name="Упоминания").click()
    expect(page.get_by_role("heading", name="6 упоминаний")).to_be_visible()
    page.get_by_role("link", name="Обзор").click()
    expect(page.get_by_test_id("stMetric").first).to_be_visible()

    # A wide screen has the menu once.
    page.set_viewport_size({"width": 1280, "height": 844})
    expect(page.get_by_role("link", name="Упоминания")).to_have_count(1)
