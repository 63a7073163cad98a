"""«Упоминания» in a real browser: triage by keys in either layout, a batch, a saved view."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from browsing import NEEDS_BROWSER, chromium, open_page, serving
from playwright.sync_api import Browser, Page, expect
from world import MODEL, NOW, found, judged, said, tell

from nlp.labels import Kind, Tone
from storage import settings
from storage.database import Database

pytestmark = NEEDS_BROWSER

#: What a browser tells of the key J while the layout is Russian.
_RUSSIAN_J = """
for (const type of ['keydown', 'keyup'])
  document.body.dispatchEvent(new KeyboardEvent(type, {
    key: 'о', code: 'KeyJ', keyCode: 74, which: 74, bubbles: true, cancelable: true }))
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, sqlite_template: bytes) -> Iterator[str]:
    """The app over a database of four mentions."""
    folder = tmp_path_factory.mktemp("app")
    (folder / "otklik.db").write_bytes(sqlite_template)
    world = found(Database(str(folder / "otklik.db")))
    for hours, text in enumerate(("Первый.", "Второй.", "Третий.", "Четвёртый.")):
        mention = said(text, published_at=NOW - timedelta(hours=hours))
        tell(world, mention, judged(Tone.NEGATIVE, Kind.REVIEW))
    with world.db.write() as session:
        settings.put(session, "today", NOW.date().isoformat())
        settings.put(session, settings.MODEL, MODEL)
    config: Path = folder / "config.yaml"
    config.write_text("database:\n  url: otklik.db\n", encoding="utf-8")
    with serving(config) as address:
        yield address


def idle(page: Page) -> Page:
    """The page once it is drawn whole: a key is heard from when its button is there."""
    expect(page.locator("[data-test-script-state=notRunning]")).to_be_attached()
    return page


def shows(page: Page, text: str) -> None:
    expect(page.locator(".st-key-triage .ok-text")).to_have_text(text)


def test_keys_judge_one_mention_after_another(browser: Browser, address: str) -> None:
    page = open_page(browser, f"{address}/mentions?period=all")
    page.get_by_role("radio", name="По одному").click()
    shows(page, "Первый.")
    idle(page).keyboard.press("j")
    shows(page, "Второй.")
    idle(page).evaluate(_RUSSIAN_J)
    shows(page, "Третий.")
    idle(page).keyboard.press("3")
    shows(page, "Четвёртый.")
    expect(page.get_by_text("исправлено или подтверждено: 1")).to_be_visible()
    idle(page).keyboard.press("u")
    shows(page, "Третий.")
    idle(page).keyboard.press("w")
    shows(page, "Четвёртый.")
    expect(page.get_by_text("поставлено статусов: 1")).to_be_visible()
    idle(page).keyboard.press("u")
    shows(page, "Третий.")
    expect(page.locator(".st-key-triage .ok-badge")).to_have_text("−негатив")
    idle(page).keyboard.press("h")
    expect(page.get_by_text("Клавиши работают в любой раскладке")).to_be_visible()
    idle(page).keyboard.press("e")
    expect(page.get_by_role("button", name="Сохранить", exact=True)).to_be_visible()


def test_a_batch_is_corrected_undone_and_its_view_saved(browser: Browser, address: str) -> None:
    page = open_page(browser, f"{address}/mentions?period=all&tone=negative")
    page.get_by_role("radio", name="Несколько").click()
    page.get_by_role("button", name="Все на странице").click()
    expect(page.get_by_text("Отмечено: 4")).to_be_visible()
    page.locator(".st-key-bulk_tone input").click()
    page.get_by_role("option", name="+ позитив").click()
    page.get_by_role("button", name="Изменить отмеченные").click()
    expect(page.get_by_text("Исправлено: 4")).to_be_visible()
    expect(page.get_by_role("heading", name="0 упоминаний")).to_be_visible()
    page.get_by_role("button", name="Отменить всё").click()
    expect(page.get_by_role("heading", name="4 упоминания")).to_be_visible()

    page.get_by_role("button", name="Закладки").click()
    name = page.get_by_role("textbox", name="Сохранить то, что сейчас открыто")
    name.fill("Негатив")
    name.press("Enter")
    page.locator(".st-key-save_view button").click()
    expect(page.get_by_role("button", name="Негатив", exact=True)).to_be_visible()

    other = open_page(browser, address)
    other.get_by_role("button", name="Закладки").click()
    other.get_by_role("button", name="Негатив", exact=True).click()
    expect(other.get_by_role("heading", name="4 упоминания")).to_be_visible()
