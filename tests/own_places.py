"""What recorded cases of one's own places need: a mailbox with letters, a spool of events."""

import atexit
import os
import shutil
import tempfile
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import imap_server
from memory import NOW

_running = ExitStack()


@cache
def mailbox(letters: Path, folder: str) -> dict[str, Any]:
    """Options of a server whose ``folder`` holds the letters; it runs until the tests end."""
    atexit.register(_running.close)
    server = _running.enter_context(imap_server.running())
    recorded = (file.read_bytes() for file in sorted(letters.glob("*.eml")))
    server.deliver(*recorded, folder=folder, received=NOW.timestamp() - 3600)
    login = {"user": imap_server.USER, "password": imap_server.PASSWORD}
    return {"host": "127.0.0.1", "port": server.port, "security": "none", **login}


def spool(recorded: Path) -> Path:
    """A copy that may be emptied, its events arrived in the order of their names."""
    copy = Path(tempfile.mkdtemp(prefix="otklik-spool-"))
    atexit.register(shutil.rmtree, copy, ignore_errors=True)
    shutil.copytree(recorded, copy, dirs_exist_ok=True)
    for number, file in enumerate(sorted(copy.rglob("*.json")), 1):
        os.utime(file, (number, number))
    return copy
