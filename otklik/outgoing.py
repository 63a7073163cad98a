"""A message to people outside, whatever it is about and whichever way it goes."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Message:
    """What one delivery says; every channel shows as much of it as it can.

    ``title`` is one line; ``text`` is plain, short, and says all that matters by itself.
    ``html`` is a whole document for mail clients, "" where the text will do; it shows ``picture``,
    a PNG, where it has ``<img src="cid:picture">``. ``files`` are pairs of the name that the reader
    sees and where the file lies; they must lie there until the delivery has ended.
    """

    title: str
    text: str
    html: str = ""
    picture: bytes | None = None
    files: tuple[tuple[str, Path], ...] = ()


class CannotCompose(Exception):
    """There is nothing to send (any more); the text says why, in the user's words."""
