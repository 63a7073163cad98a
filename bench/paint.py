"""How soon after the start of its process the app shows something, beside a bare Streamlit page.

Each server is started anew; a browser that is running already asks it until it answers. «painted»
is the first text in the main block, «whole» the end of the script's first run; both in seconds
since the process began, in a new visitor's context without a cache.
"""

import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from pages import ROOT
from playwright.sync_api import Browser, sync_playwright
from playwright.sync_api import Error as BrowserError

_BARE = 'import streamlit as st\n\nst.title("Bare")\n'
_PAINTED = """() => {
  const main = document.querySelector('[data-testid="stMain"]');
  return main && main.innerText.trim() !== "";
}"""
_WHOLE = """() => document.querySelector(
  '[data-testid="stApp"][data-test-script-state="notRunning"]') !== null"""


def compare(configs: Mapping[int, Path], runs: int) -> None:
    """Start each of them so many times, by turns, and print the medians."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        bare = Path(folder) / "bare.py"
        bare.write_text(_BARE, encoding="utf-8")
        chromium = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        sides = {"bare Streamlit": (bare, None)}
        sides |= {f"{size:,} mentions": (ROOT / "app.py", file) for size, file in configs.items()}
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in sides}
        for turn in range(runs + 1):  # the first one warms the disk
            for name, (script, config) in sides.items():
                seconds = _first_paint(browser, script, config)
                if turn:
                    found[name].append(seconds)
        browser.close()
    print(f"\n{'first paint after start, s':30}{'painted':>10}{'whole':>10}")
    for name, times in found.items():
        painted, whole = (statistics.median(column) for column in zip(*times, strict=True))
        print(f"{name:30}{painted:10.2f}{whole:10.2f}")


def _first_paint(browser: Browser, script: Path, config: Path | None) -> tuple[float, float]:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    environment = os.environ | ({"OTKLIK_CONFIG": str(config)} if config else {})
    command = ["-m", "streamlit", "run", str(script), "--server.port", str(port)]
    command += ["--server.headless", "true", "--browser.gatherUsageStats", "false"]
    started = time.monotonic()
    server = subprocess.Popen(
        [sys.executable, *command],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    context = browser.new_context(locale="ru-RU")
    try:
        page = context.new_page()
        while True:
            try:
                page.goto(f"http://localhost:{port}", wait_until="commit")
                break
            except BrowserError:
                if server.poll() is not None or time.monotonic() > started + 60:
                    raise
                time.sleep(0.02)
        page.wait_for_function(_PAINTED, timeout=60_000)
        painted = time.monotonic() - started
        page.wait_for_function(_WHOLE, timeout=60_000)
        return painted, time.monotonic() - started
    finally:
        context.close()
        server.terminate()
        server.wait(timeout=20)
