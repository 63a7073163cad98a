"""What the terminal shows: notes, tables, progress, and how every error ends.

Notes go to the error stream, so that JSON on the output stream stays clean.
"""

import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import NoReturn

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

OK, NOT_ALL, WRONG_USE, BUG = 0, 1, 2, 3
STOPPED = 130  # what typer, as every shell, makes of Ctrl+C

console = Console(stderr=True, highlight=False, soft_wrap=True)


def note(text: str) -> None:
    """One line for the user; markup in it is shown as it is."""
    console.print(escape(text))


def fail(text: str) -> NoReturn:
    """Wrong use or config: say what and leave with 2."""
    console.print(escape(text), style="red")
    raise SystemExit(WRONG_USE)


@contextmanager
def progress(label: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A bar that the yielded function advances; silent where no terminal looks on.

    ``total`` None is a count without an end.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(label, total=total)

        def advance(steps: int) -> None:
            bar.advance(task, steps)

        yield advance


def guarded(command: Callable[[], None]) -> NoReturn:
    """Run the command line; known errors become one message, the rest a note and a file."""
    from collectors.errors import CollectError
    from otklik.messages import ConfigError
    from storage.errors import StorageError

    try:
        # Ends in SystemExit: typer tells wrong use by itself, with exit code 2, and ends with 1
        # where the reader of our output has left.
        command()
    except SystemExit as ended:
        if ended.code == STOPPED:
            note("Прервано. Сделанное сохранено; продолжить можно той же командой.")
        raise
    except (ConfigError, CollectError, StorageError) as error:
        fail(str(error))
    except Exception:
        _bug()
    sys.exit(OK)


def _bug() -> NoReturn:
    file = Path("otklik-error.log")
    report = f"{datetime.now().astimezone():%Y-%m-%d %H:%M:%S %z}\n{traceback.format_exc()}\n"
    try:
        with file.open("a", encoding="utf-8") as log:
            log.write(report)
        where = f"Подробности — в файле {file.absolute()}; приложите его к сообщению об ошибке."
    except OSError:
        where = "Подробности записать не удалось."
    console.print(
        escape(f"Внутренняя ошибка программы. Собранное не потеряно. {where}"), style="red"
    )
    raise SystemExit(BUG)
