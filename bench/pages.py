"""One run of one page of the app, timed from the inside.

The page runs in Streamlit's own ScriptRunner, as AppTest starts it: the script of app.py and of the
page, every query, every chart's specification, every message made for the browser. The clock stands
in the script's thread, so what AppTest does around it (a fresh runner, reading the messages back)
is not counted, nor is the browser. A run is the first one of a new visitor who follows a link, in a
process that has drawn the page before; cached figures are thrown away first.
"""

import gc
import os
import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import streamlit as st
from streamlit.logger import set_log_level
from streamlit.testing.v1 import AppTest, app_test
from streamlit.testing.v1.local_script_runner import LocalScriptRunner

ROOT = Path(__file__).parent.parent
_PATIENCE = 300


@dataclass(slots=True)
class Statement:
    """One SELECT: its SQL, parameters and seconds, reading the rows included."""

    sql: str
    parameters: Any
    seconds: float = 0.0


@dataclass(slots=True)
class Run:
    """What one run of a page cost: seconds by the clock and of the processor, and its queries."""

    seconds: float = 0.0
    cpu: float = 0.0
    statements: list[Statement] = field(default_factory=list)
    link: Mapping[str, Any] = field(default_factory=dict)
    exceptions: tuple[str, ...] = ()

    @property
    def sql(self) -> float:
        """Seconds of all queries."""
        return sum(statement.seconds for statement in self.statements)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the navigation."""

    title: str
    hash: str


_now: Run = Run()


class _Cursor(sqlite3.Cursor):
    """Times SELECTs: SQLite works while rows are fetched, not only when a statement begins."""

    def execute(self, sql: str, parameters: Any = ()) -> "_Cursor":
        self._of = Statement(sql, parameters)
        if sql.lstrip().upper().startswith(("SELECT", "WITH")):
            _now.statements.append(self._of)
        started = time.perf_counter()
        super().execute(sql, parameters)
        self._of.seconds += time.perf_counter() - started
        return self

    def fetchall(self) -> list[Any]:
        started = time.perf_counter()
        rows = super().fetchall()
        self._of.seconds += time.perf_counter() - started
        return rows

    def fetchone(self) -> Any:
        started = time.perf_counter()
        row = super().fetchone()
        self._of.seconds += time.perf_counter() - started
        return row

    def fetchmany(self, size: int | None = None) -> list[Any]:
        started = time.perf_counter()
        rows = super().fetchmany(size or self.arraysize)
        self._of.seconds += time.perf_counter() - started
        return rows


class _Connection(sqlite3.Connection):
    def cursor(self, factory: Any = None) -> Any:
        return super().cursor(factory or _Cursor)


class _TimedRunner(LocalScriptRunner):
    def _run_script_thread(self) -> None:
        started, cpu = time.perf_counter(), time.thread_time()
        try:
            super()._run_script_thread()
        finally:
            _now.seconds = time.perf_counter() - started
            _now.cpu = time.thread_time() - cpu


def _watch(_dialect: Any, _record: Any, _arguments: Any, options: dict[str, Any]) -> None:
    options["factory"] = _Connection


def prepare() -> None:
    """Put the clocks in; before any database is opened."""
    set_log_level("ERROR")  # it would tell at every run that there is no server
    sa.event.listen(sa.Engine, "do_connect", _watch)
    app_test.LocalScriptRunner = _TimedRunner  # type: ignore[misc]


def use(config: Path) -> None:
    """Point the app to another database."""
    os.environ["OTKLIK_CONFIG"] = str(config)
    st.cache_resource.clear()
    st.cache_data.clear()


def pages() -> Sequence[Page]:
    """All pages, in the order of the menu; wires the app as a side effect."""
    app = AppTest.from_file(ROOT / "app.py", default_timeout=_PATIENCE).run()
    found = app._registered_pages.items()
    return [Page(info["page_name"], str(key)) for key, info in found]


def run(page: Page, link: Mapping[str, Any]) -> Run:
    """A new visitor opens ``page`` by a link."""
    global _now
    app = AppTest.from_file(ROOT / "app.py", default_timeout=_PATIENCE)
    app._page_hash = page.hash
    app.query_params.update(link)
    st.cache_data.clear()
    gc.collect()
    _now = Run()
    app.run()
    _now.link = dict(app.query_params)
    _now.exceptions = tuple(error.message for error in (*app.exception, *app.error))
    return _now
