"""«Сбор» in a real browser, with a real worker and a real site."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import NEEDS_BROWSER, chromium, open_page, running, serving
from feeds import Site, publishing
from playwright.sync_api import Browser, Page, expect

pytestmark = NEEDS_BROWSER


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory, sqlite_template: bytes) -> Path:
    """The config of an empty database; the analyst has yet to add the first source."""
    folder = tmp_path_factory.mktemp("collecting")
    (folder / "otklik.db").write_bytes(sqlite_template)
    file = folder / "config.yaml"
    told = "database:\n  url: otklik.db\nhttp:\n  allow_private: [127.0.0.1]\n  delay: 0\n"
    file.write_text(told, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def address(config: Path) -> Iterator[str]:
    with serving(config) as address:
        yield address


@pytest.fixture
def site() -> Iterator[Site]:
    with publishing(items=3) as site:
        yield site


def _ask(page: Page, url: str) -> None:
    page.get_by_role("textbox", name="Адрес ленты").fill(url)
    page.keyboard.press("Enter")  # no mouse is needed


def test_a_feed_is_looked_at_added_watched_paused_and_removed(
    browser: Browser, address: str, config: Path, site: Site
) -> None:
    page = open_page(browser, f"{address}/collecting")
    page.get_by_role("button", name="Добавить источник").click()
    expect(page.get_by_text("otklik schedule")).to_be_visible()
    _ask(page, f"{site.url}/news.rss")
    expect(page.get_by_text("как только заработает сбор")).to_be_visible()

    with running(["-m", "otklik.cli", "schedule"], config):
        # The worker is noticed, and its look shown, without a click.
        expect(page.get_by_text("Новость 0 ленты news.rss")).to_be_visible()
        site.delay = 60.0  # until it was seen at work
        page.get_by_role("textbox", name="Название").fill("Новости города")
        page.get_by_role("button", name="Добавить источник").click()
        expect(page.get_by_role("heading", name="Новости города")).to_be_visible()

        # The first crawl begins by itself; its progress and its end show themselves.
        expect(page.get_by_role("status").get_by_text("идёт")).to_be_visible()
        site.delay = 0.0
        expect(page.get_by_role("status").get_by_text("✓ собран сегодня")).to_be_visible()
        expect(page.get_by_role("row", name="✓ собран")).to_have_count(1)
        expect(page.get_by_text("3 упоминания")).to_be_visible()

        page.get_by_role("button", name="Собрать сейчас").click()
        expect(page.get_by_role("row", name="✓ собран")).to_have_count(2)
        page.get_by_role("button", name="Проверить").click()
        expect(page.get_by_text("В порядке")).to_be_visible()

    page.get_by_role("button", name="Пауза").click()
    expect(page.get_by_text("не собирается, пока его не возобновят")).to_be_visible()
    page.get_by_role("button", name="Все источники").click()
    expect(page.get_by_role("heading", name="Сбор")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Новости города")).to_be_visible()
    page.get_by_role("button", name="Убрать").click()
    page.get_by_role("button", name="Убрать источник").click()
    page.get_by_role("button", name="Вернуть").click()
    expect(page.get_by_text("Новости города", exact=True)).to_be_visible()


def test_a_wrong_address_is_told_and_nothing_moves_when_nothing_runs(
    browser: Browser, address: str, config: Path, site: Site
) -> None:
    page = open_page(browser, f"{address}/collecting?add=1")
    sent: list[object] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    page.reload()
    with running(["-m", "otklik.cli", "schedule"], config):
        _ask(page, f"{site.url}/robots.txt")
        expect(page.get_by_text("Поправьте адрес или повторите позже")).to_be_visible()
        before = len(sent)
        page.wait_for_timeout(3500)
        assert len(sent) == before
