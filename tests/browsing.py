"""The app as it is served, and a real browser that looks at it."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).parent.parent
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
NEEDS_BROWSER = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: the browser tests are skipped"),
]


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser for the length of the block."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@contextmanager
def serving(config: Path) -> Iterator[str]:
    """The address of the app over the database of ``config``; no worker comes with it."""
    port = _free_port()
    command = ["-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    with running(command, config):
        _wait_until_up(f"http://localhost:{port}/_stcore/health")
        yield f"http://localhost:{port}"


@contextmanager
def running(arguments: Sequence[str], config: Path) -> Iterator[None]:
    """A process of our Python with these arguments; its output goes beside ``config``."""
    environment = os.environ | {"OTKLIK_CONFIG": str(config)}
    with (config.parent / "log").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(timeout=20)


def open_page(browser: Browser, url: str) -> Page:
    """A new visitor at ``url``, patient with a busy machine."""
    page = browser.new_context(locale="ru-RU", accept_downloads=True).new_page()
    page.set_default_timeout(90_000)
    expect.set_options(timeout=90_000)
    page.goto(url)
    return page


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
