"""The main paths in a real browser: filter, click a mark, read, correct, see the figure change,
share the view, take the rows away."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from browsing import NEEDS_BROWSER, chromium, open_page, serving
from playwright.sync_api import Browser, Page, expect
from world import MODEL, NOW, World, found, judged, said, tell

from nlp.analysis import Opinion
from nlp.labels import Kind, Tone, Touchpoint
from storage import settings
from storage.database import Database

pytestmark = NEEDS_BROWSER


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, sqlite_template: bytes) -> Iterator[str]:
    """The app over a database of eleven mentions."""
    folder = tmp_path_factory.mktemp("app")
    (folder / "otklik.db").write_bytes(sqlite_template)
    _write(found(Database(str(folder / "otklik.db"))))
    config = folder / "config.yaml"
    config.write_text("database:\n  url: otklik.db\n", encoding="utf-8")
    with serving(config) as address:
        yield address


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


def _metric(page: Page, label: str) -> str:
    tile = page.get_by_test_id("stMetric").filter(has_text=label)
    return tile.get_by_test_id("stMetricValue").inner_text()


def _params(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def test_from_a_figure_to_the_text_behind_it_and_back(
    browser: Browser, address: str, tmp_path: Path
) -> None:
    page = open_page(browser, address)
    hosts: set[str | None] = set()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname))

    expect(page.get_by_text("Индекс тональности +100").first).to_be_visible()
    page.get_by_role("radio", name="3 месяца").click()
    expect(page.get_by_test_id("stMetricValue").first).to_have_text("10")
    assert _metric(page, "Индекс тональности") == "+20"

    # A bar opens the mentions behind it.
    page.locator(".st-key-chart_sources path[aria-label*='Карты'][aria-label*='негатив']").click()
    expect(page.get_by_role("heading", name="4 упоминания")).to_be_visible()
    assert (_params(page)["source"], _params(page)["tone"]) == (["maps"], ["negative"])
    assert urlsplit(page.url).path == "/mentions"
    expect(page.locator("mark.ok-negative").first).to_have_text("Курьер опоздал")
    assert page.title() != "взлом"

    # A correction changes the figures.
    page.get_by_role("button", name="Исправить").first.click()
    page.get_by_role("radio", name="+ позитив").click()
    page.get_by_role("button", name="Сохранить").click()
    expect(page.get_by_role("heading", name="3 упоминания")).to_be_visible()
    page.get_by_role("button", name="Сбросить всё").click()
    expect(page.get_by_role("heading", name="10 упоминаний")).to_be_visible()
    expect(page.get_by_text("исправлено вручную")).to_be_visible()
    page.get_by_role("link", name="Обзор").click()
    expect(page.get_by_test_id("stMetricValue").nth(1)).to_have_text("+40")

    # The link opens the same view elsewhere.
    expect(page).to_have_url(re.compile(r"brand=moroshka&(period=91d|from=)"))
    shared = open_page(browser, page.url)
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
        page.get_by_role("button", name="CSV: упоминания").click()
    download.value.save_as(tmp_path / "rows.csv")
    lines = (tmp_path / "rows.csv").read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 11
    assert lines[0].startswith("Дата;Источник;")
    assert hosts == {"localhost"}


def test_a_pain_is_opened_from_its_bar_down_to_its_words(browser: Browser, address: str) -> None:
    page = open_page(browser, f"{address}/?brand=moroshka&period=all")
    page.locator(".st-key-chart_weighed_pain path[aria-label*='Доставка']").click()
    expect(page.get_by_role("heading", name="Доставка и выдача")).to_be_visible()
    assert urlsplit(page.url).path == "/pains"
    expect(page.get_by_text("Курьер опоздал").first).to_be_visible()

    shared = open_page(browser, page.url)
    expect(shared.get_by_role("heading", name="Доставка и выдача")).to_be_visible()

    page.locator(".st-key-pain_mentions button").click()
    expect(page.get_by_role("heading", name="4 упоминания")).to_be_visible()
    expect(page.locator("mark.ok-negative").first).to_have_text("Курьер опоздал")
    assert (_params(page)["topic"], _params(page)["tone"]) == (["delivery"], ["negative"])


def test_a_cell_of_the_journey_opens_its_mentions(browser: Browser, address: str) -> None:
    page = open_page(browser, f"{address}/journey?brand=moroshka&period=all")
    page.locator("[class*='st-key-cell_'][class*='_quality'] button").click()
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_text("Хлеб вкусный").first).to_be_visible()

    shared = open_page(browser, page.url)
    expect(shared.get_by_role("dialog").get_by_text("Хлеб вкусный").first).to_be_visible()

    drawer.locator(".st-key-cell_positive button").click()
    expect(page.get_by_role("heading", name="6 упоминаний")).to_be_visible()
    assert (_params(page)["topic"], _params(page)["tone"]) == (["quality"], ["positive"])


def test_every_page_opens_from_the_menu_and_says_no_error(browser: Browser, address: str) -> None:
    page = open_page(browser, f"{address}/?brand=moroshka&period=all")
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    links = page.get_by_test_id("stTopNavLinkContainer").get_by_role("link")
    expect(links.first).to_be_visible()
    for title in links.all_inner_texts():
        page.get_by_role("link", name=title.splitlines()[-1]).first.click()
        expect(page.get_by_test_id("stApp")).to_have_attribute(
            "data-test-script-state", "notRunning"
        )
        expect(page.get_by_test_id("stException")).to_have_count(0)
    assert not troubles


def test_a_shared_link_to_mentions_opens_them_at_once(browser: Browser, address: str) -> None:
    page = open_page(browser, f"{address}/mentions?period=all&q=хлеб&brand=нет-такого")
    expect(page.get_by_text("brand=нет-такого")).to_be_visible()
    expect(page.get_by_role("heading", name="6 упоминаний")).to_be_visible()
    expect(page.get_by_placeholder("Поиск")).to_have_value("хлеб")


_IS_WHOLE = """
note => [note, ...note.querySelectorAll("*")].every(part => part.scrollWidth <= part.clientWidth)
"""


def test_a_phone_cuts_nothing_and_names_the_pages(browser: Browser, address: str) -> None:
    page = open_page(browser, address)
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
