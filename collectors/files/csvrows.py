"""CSV as people export it: any delimiter, any of the usual encodings, quotes gone wrong.

Format: RFC 4180, loosely. The file is streamed; nothing here grows with it.
"""

import codecs
import csv
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from collectors.errors import NeedsHuman
from collectors.files.columns import guess

DELIMITERS = (";", ",", "\t", "|")
BLOCK = 1 << 16  # bytes read at a time while the encoding is looked for
SAMPLE = 1 << 16  # characters that the delimiter is judged by
LONGEST_LINE = 4_000_000  # characters; a longer one is no table
LONGEST_RUN = 1 << 18  # characters of a record of several lines; a text is cut at fewer
MOST_REREAD = 1 << 29  # characters read a second time because of unclosed quotes
HEADER_ROWS = 10  # a report may have a few lines above its header

UNCLOSED = "Кавычка открыта и не закрыта."
ENDLESS = f"Запись из многих строк длиннее {LONGEST_RUN} знаков: похоже, {UNCLOSED.lower()}"

# The limit is the process's, and there is no other; the default of 128 KiB is less than a page of
# text pasted from elsewhere, and lines are bounded above anyway.
csv.field_size_limit(LONGEST_LINE)

Record = tuple[int, list[str] | None, str]  # line number, cells, or what is wrong with the line


def encoding_of(path: Path) -> str:
    """The file's encoding: by BOM, else UTF-8 where it is valid, else cp1251.

    A few broken bytes in a UTF-8 file do not make a cp1251 file of it.
    """
    with path.open("rb") as file:
        start = file.read(4)
        for bom, name in (
            (codecs.BOM_UTF8, "utf-8-sig"),
            (codecs.BOM_UTF16_LE, "utf-16"),
            (codecs.BOM_UTF16_BE, "utf-16"),
        ):
            if start.startswith(bom):
                return name
        file.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        while block := file.read(BLOCK):
            try:
                decoder.decode(block)
            except UnicodeDecodeError:
                # Russian in cp1251 makes a valid sequence of UTF-8 practically never.
                text = block.decode("utf-8", "replace")
                broken = text.count("\ufffd")
                whole = sum(char > "\x7f" for char in text) - broken
                return "utf-8" if broken < whole else "cp1251"
    return "utf-8"


def delimiter_of(path: Path, encoding: str) -> str:
    """The delimiter under which the file looks most like a table of mentions."""
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        sample = file.read(SAMPLE)
    lines = sample.splitlines(keepends=True)
    if len(sample) == SAMPLE and len(lines) > 1:
        lines.pop()

    def score(delimiter: str) -> tuple[int, float, int]:
        rows: list[list[str]] = []
        with suppress(csv.Error):  # an unclosed quote: judge by what came before it
            rows.extend(row for row in csv.reader(lines, delimiter=delimiter) if row)
        if not rows:
            return 0, 0.0, 0
        header = max(rows[:HEADER_ROWS], key=lambda row: len(guess(row)))
        even = sum(len(row) == len(header) for row in rows) / len(rows)
        return len(guess(header)), even if len(header) > 1 else 0.0, len(header)

    return max(DELIMITERS, key=score)


class _TooLong(Exception):
    """A record of several lines that goes on and on: hardly a text, rather an unclosed quote."""


class _Lines:
    """Lines of a file that can be taken back; remembers those of the record under way."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._back: deque[str] = deque()
        self.taken: list[str] = []
        self.length = 0  # characters of ``taken``
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def start(self) -> int:
        """Begin a record; the number of its first line."""
        self.taken, self.length = [], 0
        return self.number + 1

    def __next__(self) -> str:
        if len(self.taken) > 1 and self.length > LONGEST_RUN:
            raise _TooLong
        line = self._back.popleft() if self._back else self._file.readline(LONGEST_LINE)
        if not line:
            raise StopIteration
        if len(line) >= LONGEST_LINE:
            raise NeedsHuman(
                f"Строка {self.number + 1} длиннее {LONGEST_LINE} знаков: это не таблица CSV."
            )
        self.number += 1
        self.taken.append(line)
        self.length += len(line)
        return line

    def give_back(self, lines: list[str]) -> None:
        """Read ``lines`` again, in this order."""
        self._back.extendleft(reversed(lines))
        self.number -= len(lines)


def records(path: Path, encoding: str, delimiter: str) -> Iterator[Record]:
    """Rows with their line numbers. A quote that is never closed spoils its own line only."""
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        lines = _Lines(file)
        reader = csv.reader(lines, delimiter=delimiter)
        reread, width = 0, 0
        while True:
            first, problem = lines.start(), UNCLOSED
            try:
                cells = next(reader)
                broken = len(lines.taken) > 1 and _runs_on(lines.taken, cells, delimiter, width)
            except StopIteration:
                return
            except _TooLong:
                cells, broken, problem = [], True, ENDLESS
            except csv.Error as error:
                cells, broken, problem = [], True, f"Не разобрать как CSV: {error}."
            if broken:
                reread += lines.length
                if reread > MOST_REREAD:
                    raise NeedsHuman(
                        "Кавычки расставлены с ошибками в слишком многих строках. Сохраните "
                        "таблицу заново в CSV или в XLSX."
                    )
                lines.give_back(lines.taken[1:])
                yield first, None, problem
            elif any(cells):
                width = max(width, len(cells))
                yield first, cells, ""


def _runs_on(taken: list[str], cells: list[str], delimiter: str, width: int) -> bool:
    """True where a record of several lines is an unclosed quote rather than a long text."""
    try:
        if len(list(csv.reader(taken, delimiter=delimiter, strict=True))) == 1:
            return bool(width) and len(cells) != width and _has_rows(taken, delimiter, width)
    except csv.Error:
        pass  # wrong, or merely sloppy: «"он сказал "да" и ушёл"»
    odd = sum(line.count('"') for line in taken) % 2 == 1
    return odd or (bool(width) and len(cells) != width) or _has_rows(taken, delimiter, width)


def _has_rows(taken: list[str], delimiter: str, width: int) -> bool:
    """True where a line inside the record is a row by itself."""
    inner = csv.reader(taken[1:-1], delimiter=delimiter)
    return width > 1 and any(len(row) == width for row in inner)
