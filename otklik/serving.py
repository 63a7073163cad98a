"""`otklik serve` and `otklik schedule`: the app with a worker beside it, and a worker alone."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from importlib.util import find_spec
from types import TracebackType
from typing import Self

from otklik.config import ENVIRONMENT_KEY
from otklik.house import House
from otklik.messages import ConfigError
from otklik.schedule import Scheduler
from otklik.screen import BUG, OK, note
from storage import queries
from storage.errors import StorageError

#: How often, in seconds, the app's process looks whether there is a worker.
_LOOK = 10.0
#: How long, in seconds, a worker may take to end: as long as its slowest request.
_PATIENCE = 70.0


def serve(house: House, port: int | None, *, headless: bool) -> int:
    """Run the app until interrupted."""
    command = _app_command(house, port, headless=headless)
    environment = os.environ | {ENVIRONMENT_KEY: str(house.config.path)}
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # the same end as by Ctrl+C
    with subprocess.Popen(command, env=environment) as app, _Attendant(house) as attendant:
        try:
            while True:
                attendant.look()
                with suppress(subprocess.TimeoutExpired):
                    return app.wait(_LOOK) and BUG
        except KeyboardInterrupt:
            app.terminate()  # Ctrl+C reaches it too, a signal to this process alone does not
            return OK


def work(house: House, *, attached: bool) -> int:
    """Work on schedule until told to stop; an ``attached`` worker ends with its standard input."""
    scheduler = Scheduler(house)

    def stop_soon(*_: object) -> None:
        # A handler runs in the midst of the main thread, which may hold the very lock that is
        # needed to stop.
        threading.Thread(target=scheduler.stop).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop_soon)
    if attached:
        threading.Thread(target=_when_input_ends, args=(scheduler.stop,), daemon=True).start()
    note("Сбор по расписанию начат. Остановить: Ctrl+C")
    scheduler.run()
    note("Сбор по расписанию остановлен.")
    return OK


def _when_input_ends(call: Callable[[], None]) -> None:
    sys.stdin.read()
    call()


def _app_command(house: House, port: int | None, *, headless: bool) -> list[str]:
    app = find_spec("app")
    if app is None or app.origin is None:
        raise ConfigError("не найден app.py — установите пакет целиком: make setup")
    port = port or house.config.app.port
    _check_free(port)
    note(f"Приложение: http://localhost:{port} — остановить: Ctrl+C")
    command = [sys.executable, "-m", "streamlit", "run", app.origin, "--server.port", str(port)]
    command += ["--server.address", "localhost", "--browser.gatherUsageStats", "false"]
    # On a fresh machine Streamlit would ask for an e-mail address and wait.
    command += ["--server.showEmailPrompt", "false"]
    if headless:  # else Streamlit opens a browser where there is a screen
        command += ["--server.headless", "true"]
    return command


def _check_free(port: int) -> None:
    """Raise ConfigError where somebody listens on the port: Streamlit would only say so and end."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise ConfigError(
                f"порт {port} занят: возможно, приложение уже открыто — http://localhost:{port}. "
                f"Другой порт: otklik serve --port {port % 65535 + 1}"
            ) from error


class _Attendant:
    """Sees to it that a worker is there; ends its own with the block.

    Its worker ends when standard input does, that is with this process, however that ends.
    """

    def __init__(self, house: House) -> None:
        self._house = house
        self._worker: subprocess.Popen[bytes] | None = None

    def look(self) -> None:
        """Start a worker where none gives a sign of life."""
        if self._worker and self._worker.poll() is None:
            return
        with suppress(StorageError), self._house.db.read() as session:
            if not queries.worker_is_alive(session, now=datetime.now(UTC)):
                self._start()

    def _start(self) -> None:
        command = [sys.executable, "-m", "otklik.cli", "schedule", "--attached"]
        command += ["--config", str(self._house.config.path)]
        self._worker = subprocess.Popen(command, stdin=subprocess.PIPE)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._worker is None:
            return
        assert self._worker.stdin is not None
        self._worker.stdin.close()
        try:
            self._worker.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._worker.kill()
            self._worker.wait()
