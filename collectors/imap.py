"""The door to mailboxes, read only.

Nothing is changed in the mailbox: folders are opened by EXAMINE, letters are peeked at. What may be
raised is said in :mod:`collectors.imap_client`; a folder that is not there is NeedsHuman.
"""

import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from collectors import utf7
from collectors.errors import LayoutChanged, NeedsHuman
from collectors.imap_client import Account, Client, connected, log_in, passes, refusal
from collectors.network import Guard
from collectors.politeness import Limits

LONGEST_LETTER = 512 * 1024  # bytes read of one: texts stand before attachments
WINDOW = 20_000  # letters searched at once: all UIDs found come in one line, of 1 MB at most
SHOWN_FOLDERS = 20
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_UID = re.compile(rb"\bUID (\d+)")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")
_RECEIVED = re.compile(rb'\bINTERNALDATE "([^"]+)"')
_LISTED = re.compile(rb'\([^)]*\) (?:"[^"]*"|NIL) (.+)')


@dataclass(frozen=True, slots=True)
class Folder:
    """An opened folder; its UIDs hold as long as ``validity`` stays the same."""

    validity: int
    count: int


@dataclass(frozen=True, slots=True)
class Letter:
    """The first ``LONGEST_LETTER`` bytes of a letter; ``size`` is that of the whole."""

    uid: int
    body: bytes
    size: int
    received: datetime | None


class Mailbox:
    """A session after login; made by :func:`session`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def open(self, name: str) -> Folder:
        """Choose the folder of this name, for reading only."""
        with self._client.talking():
            status, said = self._client.select(_quoted(name), readonly=True)
        if status != "OK":
            raise self._no_folder(name, _words(said))
        _, validity = self._client.response("UIDVALIDITY")
        count = said[0] if said else None
        if not (validity and validity[0] and count):
            raise LayoutChanged(f"{self._client.shown} не назвал UIDVALIDITY папки «{name}».")
        return Folder(int(validity[0]), int(count))

    def uids(self, folder: Folder, after: int, since: datetime | None) -> list[int]:
        """UIDs above ``after`` in their order, of letters that arrived on ``since``'s day or later.

        A large folder is searched in windows, from its end: a letter deleted meanwhile moves later
        ones down, so some may be met twice, none be missed.
        """
        asked = [f"UID {after + 1}:*"]
        if since:
            asked.append(f"SINCE {since.day}-{MONTHS[since.month - 1]}-{since.year}")
        found = set[int]()
        for high in range(folder.count, 0, -WINDOW):
            window = [f"{max(1, high - WINDOW + 1)}:{high}"] if folder.count > WINDOW else []
            found.update(int(uid) for uid in self._ask("SEARCH", *window, *asked).split())
        return sorted(uid for uid in found if uid > after)  # «n:*» means the last one at least

    def letters(self, uids: Sequence[int]) -> list[Letter]:
        """The letters of these UIDs, in their order; those deleted meanwhile are missing."""
        what = f"(UID RFC822.SIZE INTERNALDATE BODY.PEEK[]<0.{LONGEST_LETTER}>)"
        with self._client.talking():
            status, parts = self._client.uid("FETCH", ",".join(map(str, uids)), what)
        if status != "OK":
            raise refusal(self._client.shown, _words(parts))
        letters = {letter.uid: letter for letter in _letters(parts)}
        return [letters[uid] for uid in uids if uid in letters]

    def _ask(self, command: str, *words: str) -> str:
        with self._client.talking():
            status, parts = self._client.uid(command, *words)
        if status != "OK":
            raise refusal(self._client.shown, _words(parts))
        return _words(parts)

    def _no_folder(self, name: str, said: str) -> Exception:
        if passes(said):
            return refusal(self._client.shown, said)
        with self._client.talking():
            _, listed = self._client.list()
        names = [_name_of(line) for line in listed if isinstance(line, bytes)]
        have = ", ".join(f"«{name}»" for name in names[:SHOWN_FOLDERS] if name)
        return NeedsHuman(f"Папки «{name}» в ящике нет; есть: {have or 'ни одной'}.")


@contextmanager
def session(
    account: Account, guard: Guard, trust: ssl.SSLContext, limits: Limits
) -> Iterator[Mailbox]:
    """A mailbox for the length of the block."""
    own = guard.is_allowed(account.host)
    if account.security == "none" and not own:
        raise NeedsHuman(
            f"Пароль к {account.host} ушёл бы по сети открыто. Поставьте security: tls, а для "
            "сервера внутри своей сети назовите его в http.allow_private."
        )
    client = connected(account, guard, trust, limits)
    try:
        log_in(client, account)
        yield Mailbox(client)
    finally:
        client.leave()


def _letters(parts: Sequence[Any]) -> Iterator[Letter]:
    """What imaplib makes of FETCH: (line up to the literal, literal), then the line's rest."""
    for number, part in enumerate(parts):
        if not isinstance(part, tuple):
            continue
        rest = parts[number + 1] if number + 1 < len(parts) else b""
        line = part[0] + b" " + (rest if isinstance(rest, bytes) else b"")
        uid, size = _UID.search(line), _SIZE.search(line)
        if uid:
            whole = int(size[1]) if size else len(part[1])
            yield Letter(int(uid[1]), part[1], whole, _received(line))


def _received(line: bytes) -> datetime | None:
    match = _RECEIVED.search(line)
    if match is None:
        return None
    try:
        written = match[1].decode("ascii").strip().replace("-", " ", 2)
        return parsedate_to_datetime(written).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _quoted(name: str) -> str:
    escaped = utf7.encode(name).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _name_of(line: bytes) -> str:
    """The folder's name in a line of LIST; empty where there is none."""
    match = _LISTED.match(line)
    return utf7.decode(match[1].decode("ascii", "replace").strip('"')) if match else ""


def _words(parts: Sequence[Any]) -> str:
    return b" ".join(part for part in parts if isinstance(part, bytes)).decode("utf-8", "replace")
