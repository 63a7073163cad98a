"""What can go wrong between us and the database, in words for the user.

::

    StorageError
      BadUrl            database.url cannot be read
      OperationalError  the surroundings fail, a later try may go through
        Locked          another process writes and does not finish
        DiskFull        no room left
        Unreachable     PostgreSQL does not answer, or SQLite cannot open or write its file
      Corrupt           the file is damaged or no database
      NewerSchema       the database was made by a newer version of the program
      NotFound          no such mention, source, job, …
      LeaseLost         another process crawls the source by now
"""

import sqlite3

from sqlalchemy import URL, exc


class StorageError(Exception):
    """Base of every error of storage; the text is shown to the user."""


class BadUrl(StorageError):
    """``database.url`` cannot be read."""


class OperationalError(StorageError):
    """The surroundings fail, a later try may go through (PEP 249's name, the runner knows it)."""


class Locked(OperationalError):
    """Another process writes and does not finish."""


class DiskFull(OperationalError):
    """No room left."""


class Unreachable(OperationalError):
    """PostgreSQL does not answer, or SQLite cannot open or write its file."""


class Corrupt(StorageError):
    """The file is damaged or no database."""


class NewerSchema(StorageError):
    """The database was made by a newer version of the program."""


class NotFound(StorageError):
    """No such mention, source, job, …"""


class LeaseLost(StorageError):
    """Another process crawls the source by now."""


LOCKED = "База данных занята другим процессом. Дождитесь его окончания и повторите."
_FULL = "На диске базы данных кончилось место. Освободите его и повторите: ничего не потеряно."

_SQLITE: dict[int, tuple[type[StorageError], str]] = {
    sqlite3.SQLITE_BUSY: (Locked, LOCKED),
    sqlite3.SQLITE_LOCKED: (Locked, LOCKED),
    sqlite3.SQLITE_FULL: (DiskFull, _FULL),
    sqlite3.SQLITE_CANTOPEN: (Unreachable, "Файл базы данных {place} не открывается."),
    sqlite3.SQLITE_PERM: (Unreachable, "Нет прав на файл базы данных {place}."),
    sqlite3.SQLITE_READONLY: (Unreachable, "В файл базы данных {place} нельзя писать."),
    sqlite3.SQLITE_IOERR: (Unreachable, "Диск с файлом базы данных {place} отвечает ошибкой."),
    sqlite3.SQLITE_NOTADB: (Corrupt, "Файл {place} — не база данных SQLite."),
    sqlite3.SQLITE_CORRUPT: (
        Corrupt,
        "Файл базы данных {place} повреждён. Восстановите его из копии.",
    ),
}

# By class of SQLSTATE (its first two characters) or by the whole code, the longer one first.
_POSTGRES: dict[str, tuple[type[StorageError], str]] = {
    "55P03": (Locked, LOCKED),
    "40P01": (Locked, LOCKED),
    "53100": (DiskFull, _FULL),
    "53": (Unreachable, "PostgreSQL {place} не хватает ресурсов: {reason}"),
    "57": (Unreachable, "PostgreSQL {place} прервал работу: {reason}"),
    "08": (Unreachable, "Связь с PostgreSQL {place} потеряна: {reason}"),
    "25006": (Unreachable, "В базу PostgreSQL {place} нельзя писать: она только для чтения."),
    "42501": (Unreachable, "У пользователя PostgreSQL {place} не хватает прав: {reason}"),
    "XX001": (Corrupt, "База PostgreSQL {place} повреждена: {reason}"),
    "XX002": (Corrupt, "База PostgreSQL {place} повреждена: {reason}"),
}


def place_of(url: URL) -> str:
    """Where the database is: the file, or host and name; never the user or the password."""
    if url.get_backend_name() == "sqlite":
        return f"«{url.database}»"
    host = url.host or url.query.get("host") or "localhost"
    port = f":{url.port}" if url.port else ""
    return f"«{host}{port}/{url.database or ''}»"


def translated(error: exc.DBAPIError, url: URL) -> StorageError | None:
    """Our error for a failure of the surroundings; None for a bug of ours."""
    original = error.orig
    if isinstance(original, sqlite3.Error):
        # The upper bytes of an extended code only refine the lowest one.
        code = getattr(original, "sqlite_errorcode", 0) & 0xFF
        found = _SQLITE.get(code)
    else:
        state = getattr(original, "sqlstate", None) or ""
        found = _POSTGRES.get(state) or _POSTGRES.get(state[:2])
        if not state and isinstance(error, exc.OperationalError):
            found = (Unreachable, "PostgreSQL {place} недоступен: {reason}")
    if found is None:
        return None
    kind, message = found
    return kind(message.format(place=place_of(url), reason=_reason(error, url)))


def _reason(error: exc.DBAPIError, url: URL) -> str:
    """The driver's first line, without the password should it ever stand there."""
    line = next(iter(str(error.orig).strip().splitlines()), "")
    return line.replace(url.password, "***") if url.password else line
