"""A folder of events that were accepted and are not stored yet; nothing in it is lost.

An event is a file of its own, written beside and renamed, with folder and file flushed to the disk,
before its sender is told so. Its name is made of the event's id and its content: the same event
again is the same file, an edited one is another. What cannot be an event lies in ``rejected`` with
the reason; moved back by hand, it is read again.
"""

import json
import os
import re
import tempfile
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from collectors.base import key_of

REJECTED = "rejected"
UNFINISHED, STALE = ".part", 3600  # seconds after which nobody is still writing such a file

_PLAIN = re.compile(r"[\w-]{1,60}")


@dataclass(frozen=True, slots=True)
class Event:
    """What a tool sent. ``received`` is aware; ``content`` is JSON, or the text that is none.

    ``reason`` says why it was rejected; it is empty for one that waits.
    """

    id: str
    received: datetime
    content: Any
    reason: str = ""


def folder_of(root: Path, source: str) -> Path:
    """The folder of a source, whose name may hold anything."""
    return root / (source if _PLAIN.fullmatch(source) else key_of(source))


class Spool:
    """The events of one source in ``folder``, which need not exist."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, event: Event) -> bool:
        """Keep an event for good; False where the very same one waits already. Raises OSError."""
        return _write(self.folder, event)

    def reject(self, event: Event) -> None:
        """Keep aside what cannot be an event, with its reason. Raises OSError."""
        _write(self.folder / REJECTED, event)

    def waiting(self) -> list[Path]:
        """The files of events, in the order of their arrival."""
        return _files(self.folder)

    def rejected(self) -> list[Path]:
        """The files of what was kept aside, in the order of its arrival."""
        return _files(self.folder / REJECTED)

    def set_aside(self, file: Path, event: Event, reason: str) -> None:
        """Move an event that turned out to be none to the rejected ones."""
        self.reject(Event(event.id, event.received, event.content, reason))
        file.unlink(missing_ok=True)

    def remove(self, names: Iterable[str]) -> None:
        """Forget events that are stored, by the names of their files."""
        for name in names:
            (self.folder / name).unlink(missing_ok=True)

    def tidy(self) -> None:
        """Remove what a killed writer left unfinished; its sender was told nothing."""
        for file in self.folder.rglob(f"*{UNFINISHED}"):
            if time.time() - file.stat().st_mtime > STALE:
                file.unlink(missing_ok=True)


def load(file: Path) -> Event:
    """The event in a file; raises ValueError where it holds none."""
    told = json.loads(file.read_text(encoding="utf-8"))
    try:
        received = datetime.fromisoformat(told["received"])
        event = Event(str(told["id"]), received, told["content"], str(told.get("reason", "")))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("not an event") from error
    if received.tzinfo is None:
        raise ValueError("a moment without zone")
    return event


def _files(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            found = [(e.stat().st_mtime_ns, e.path) for e in entries if e.name.endswith(".json")]
    except FileNotFoundError:
        return []
    return [Path(path) for _, path in sorted(found)]


def _write(folder: Path, event: Event) -> bool:
    content = json.dumps(event.content, ensure_ascii=False, sort_keys=True)
    target = folder / f"{key_of(event.id)}-{key_of(content)}.json"
    if target.exists():
        return False
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    told = {**asdict(event), "received": event.received.isoformat()}
    handle, name = tempfile.mkstemp(suffix=UNFINISHED, dir=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(json.dumps(told, ensure_ascii=True).encode())
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _flush(folder)
    return True


def _flush(folder: Path) -> None:
    """Make the name of a new file as durable as its content."""
    if os.name != "posix":
        return  # elsewhere a folder cannot be opened, and needs not be
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
