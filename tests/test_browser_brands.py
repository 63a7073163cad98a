"""The page «Бренды» in a real browser, with a worker: try, save, watch it applied, undo."""

from collections.abc import Iterator

import pytest
from browsing import NEEDS_BROWSER, chromium, open_page, running, serving
from playwright.sync_api import Browser, Page, expect

from collectors.http import Http
from otklik import pipeline
from otklik.config import load
from otklik.house import open_house

pytestmark = NEEDS_BROWSER

CONFIG = """
database: {url: otklik.db}
brands:
  - {code: moroshka, name: Морошка}
sources:
  - {name: rows, type: file, path: rows.csv, title: Карты}
"""
HOSTILE = "<script>document.title='взлом'</script><img src=x onerror=\"document.title='взлом'\">"
ROWS = f"""text;date
В магазине Морошка свежий хлеб;2026-03-01
Морошка в лесу созрела;2026-03-02
'Хлеб {HOSTILE} чёрствый';2026-03-03
Хлеба не было;2026-03-04
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, sqlite_template: bytes) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("brands")
    (folder / "otklik.db").write_bytes(sqlite_template)
    (folder / "rows.csv").write_text(ROWS, encoding="utf-8")
    (folder / "config.yaml").write_text(CONFIG, encoding="utf-8")
    house = open_house(load(folder / "config.yaml"))
    list(pipeline.collect(house, house.config.sources, Http()))
    house.db.dispose()
    worker = running(["-m", "otklik.cli", "schedule"], folder / "config.yaml")
    with worker, serving(folder / "config.yaml") as address:
        yield address


def _write(page: Page, query: str) -> None:
    area = page.get_by_role("textbox", name="Запрос")
    area.fill(query)
    area.press("Control+Enter")


def _are_cards(page: Page, *texts: str) -> None:
    expect(page.locator(".ok-card")).to_contain_text(list(texts))


def test_a_query_is_written_tried_saved_applied_and_undone(browser: Browser, address: str) -> None:
    page = open_page(browser, f"{address}/brands")
    expect(page.get_by_role("button", name="2 упоминания")).to_be_visible()
    page.get_by_role("button", name="Задать запрос").click()

    _write(page, "морошка OR хлеб, сыр")
    expect(page.locator(".ok-query mark")).to_have_text(",")
    expect(page.get_by_text("Знак 16:")).to_be_visible()

    _write(page, "(морошка OR хлеб) NOT лес")
    expect(page.locator(".ok-query mark")).to_have_count(0)
    page.get_by_role("button", name="Предпросмотр").click()
    expect(page.get_by_test_id("stMetricValue")).to_have_text(["3", "2", "1"])
    expect(page.locator(".ok-latest mark").first).to_have_text("Хлеба")
    expect(page.get_by_text("onerror=").first).to_be_visible()
    assert page.title() != "взлом"

    page.get_by_role("button", name="Сохранить").click()
    expect(page.locator(".ok-query")).to_have_text("(морошка OR хлеб) NOT лес")
    page.get_by_role("button", name="3 упоминания").click()
    _are_cards(page, "Хлеба не было", "чёрствый", "свежий хлеб")

    page.get_by_role("link", name="Бренды").click()
    page.get_by_role("button", name="Отменить последнее сохранение").click()
    expect(page.get_by_text("Без запроса, ищется по названию")).to_be_visible()
    page.get_by_role("button", name="2 упоминания").click()
    _are_cards(page, "созрела", "свежий хлеб")


_IS_WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


def test_a_phone_shows_the_whole_page(browser: Browser, address: str) -> None:
    page = open_page(browser, f"{address}/brands")
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("button", name="запрос").click()
    _write(page, "хлеб" * 40 + ", ")
    expect(page.locator(".ok-query mark")).to_have_text(",")
    page.get_by_text("Как писать запрос").click()
    expect(page.get_by_text("в любой форме и порядке")).to_be_visible()
    assert not page.evaluate(_IS_WIDER)
    for block in page.locator(".ok-query, .ok-problem, .ok-table").all():
        assert block.evaluate("block => block.scrollWidth <= block.clientWidth")
