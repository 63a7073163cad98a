"""Open a file as a table, whatever it is: CSV, JSONL or a workbook."""

import json
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from collectors.errors import NeedsHuman
from collectors.files import csvrows
from collectors.files.columns import SUBSTANCE, guess, missing, shown

OLE = b"\xd0\xcf\x11\xe0"  # the container of .xls, and of a password-protected .xlsx
ZIP = b"PK\x03\x04"
LARGEST_WORKBOOK = 1 << 30  # bytes unpacked; workbooks are read whole
KEYS_FROM = 1000  # JSON lines whose keys make the columns
KNOWN_BINARY = {b"%PDF": "PDF", b"\x1f\x8b": "gzip", b"\x89PNG": "картинка", b"Rar!": "архив RAR"}

Row = tuple[int, Mapping[str, Any] | None, str]  # line, column -> value, or what is wrong with it


@dataclass(frozen=True, slots=True)
class Table:
    """A file understood. ``rows()`` reads it from the start each time it is called.

    ``mapping`` is field -> column, ``said`` what was guessed, in Russian sentences.
    """

    kind: str
    columns: Sequence[str]
    mapping: Mapping[str, str]
    rows: Callable[[], Iterator[Row]]
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    said: list[str] = field(default_factory=list)


def open_table(
    path: Path,
    columns: Mapping[str, str],
    encoding: str | None = None,
    delimiter: str | None = None,
    sheet: str | None = None,
) -> Table:
    """The table in ``path``; raises NeedsHuman in words for the user.

    ``columns`` (field -> column name), ``encoding``, ``delimiter`` and ``sheet`` override guesses.
    """
    start = _start_of(path)
    if start.startswith((ZIP, OLE)):
        return _workbook(path, columns, sheet)
    kind = next((name for magic, name in KNOWN_BINARY.items() if start.startswith(magic)), None)
    wide = start.startswith((b"\xff\xfe", b"\xfe\xff"))
    if kind or (not wide and not encoding and _is_binary(start)):
        what = kind or "похоже, это не текст"
        raise NeedsHuman(f"«{path.name}» не таблица ({what}). Нужен CSV, XLSX или JSONL.")
    if encoding:
        _try_encoding(path, encoding)
    encoding = encoding or csvrows.encoding_of(path)
    head = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if path.suffix.lower() in {".jsonl", ".ndjson", ".json"} or head.startswith((b'{"', b"{ ")):
        if head.startswith(b"["):
            raise NeedsHuman("Это массив JSON. Нужен JSONL: по одному объекту в строке.")
        return _json_lines(path, columns, encoding)
    return _csv(path, columns, encoding, delimiter)


def _try_encoding(path: Path, encoding: str) -> None:
    """Raise NeedsHuman where there is no such encoding, or the file cannot be in it."""
    try:
        with path.open(encoding=encoding, errors="replace") as file:
            while file.read(csvrows.SAMPLE):
                pass
    except (LookupError, ValueError) as error:
        if isinstance(error, UnicodeError):
            raise NeedsHuman(f"Файл не читается в кодировке {encoding[:40]}.") from error
        raise NeedsHuman(
            f"Кодировка «{shown(encoding)}» неизвестна. Примеры: utf-8, cp1251, utf-16, koi8-r."
        ) from error


def _is_binary(start: bytes) -> bool:
    """True where a text would have no such bytes: a NUL here and there is a broken export."""
    control = sum(byte < 32 and byte not in b"\t\n\x0b\f\r\x1a\x1b" for byte in start)
    return control > len(start) // 20


def _start_of(path: Path) -> bytes:
    """The first bytes of the file; raises NeedsHuman where there are none."""
    try:
        with path.open("rb") as file:
            start = file.read(4096)
    except FileNotFoundError as error:
        raise NeedsHuman(f"Файла «{path}» нет. Проверьте путь.") from error
    except IsADirectoryError as error:
        raise NeedsHuman(f"«{path}» — папка, а нужен файл.") from error
    except (OSError, ValueError) as error:
        raise NeedsHuman(f"Файл «{path}» не открыть: {error}.") from error
    if not start.strip():
        raise NeedsHuman(f"Файл «{path.name}» пуст.")
    return start


def _csv(path: Path, given: Mapping[str, str], encoding: str, delimiter: str | None) -> Table:
    delimiter = delimiter or csvrows.delimiter_of(path, encoding)

    def records() -> Iterator[csvrows.Record]:
        return csvrows.records(path, encoding, delimiter)

    top = [cells or [] for _, cells, _ in islice(records(), csvrows.HEADER_ROWS)]
    header = _header(top, given, path)
    names = _unique([str(cell) for cell in top[header]])

    def rows() -> Iterator[Row]:
        for line, cells, problem in islice(records(), header + 1, None):
            yield _row(line, cells, problem, names)

    mapping = guess(names, given, filled=_speaking(rows))
    return Table("csv", names, mapping, rows, encoding, delimiter, said=_above(header))


def _row(line: int, cells: Sequence[Any] | None, problem: str, names: Sequence[str]) -> Row:
    if cells is None:
        return line, None, problem
    extra = [cell for cell in cells[len(names) :] if cell not in ("", None)]
    if len(cells) < len(names) or extra:
        return line, None, f"Полей {len(cells)}, а колонок {len(names)}."
    return line, dict(zip(names, cells, strict=False)), ""


def _speaking(rows: Callable[[], Iterator[Row]]) -> dict[str, int]:
    """1 for each column with a value in the first rows: an empty one gives its field away.

    How many rows have one decides nothing here: a header was written for all of them.
    """
    top = islice(rows(), KEYS_FROM)
    return {n: 1 for _, cells, _ in top for n, v in (cells or {}).items() if v not in ("", None)}


def _json_lines(path: Path, given: Mapping[str, str], encoding: str) -> Table:
    def rows() -> Iterator[Row]:
        with path.open(encoding=encoding, errors="replace", newline="\n") as file:
            number = 0
            while line := file.readline(csvrows.LONGEST_LINE):
                number += 1
                if line.strip():
                    yield _json_row(number, line)

    # One odd line must not take a field from the key that all the others use.
    filled = Counter[str]()
    for _, cells, _ in islice(rows(), KEYS_FROM):
        for key, value in (cells or {}).items():
            filled[key] += value not in ("", None)
    mapping = guess(list(filled), given, filled=filled)
    if any(missing(column, list(filled)) for column in given.values()):
        for _, cells, _ in rows():  # a key that only later lines have is no mistake
            filled.update(dict.fromkeys(cells or (), 0))
        mapping = guess(list(filled), given, filled=filled)
    _demand(mapping, list(filled), path, given)
    return Table("jsonl", list(filled), mapping, rows, encoding)


def _json_row(number: int, line: str) -> Row:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return number, None, "Не JSON."
    if not isinstance(value, dict):
        return number, None, "Не объект JSON."
    return number, value, ""


def _workbook(path: Path, given: Mapping[str, str], sheet: str | None) -> Table:
    # The reader is a compiled library; a crawl of feeds has no use for it.
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                if sum(part.file_size for part in archive.infolist()) > LARGEST_WORKBOOK:
                    raise NeedsHuman("Книга слишком велика. Сохраните её в CSV.")
        book = CalamineWorkbook.from_path(str(path))
        name = sheet or next(iter(book.sheet_names), "")
        if name not in book.sheet_names:
            raise NeedsHuman(f"Листа «{name}» нет. Есть: {', '.join(book.sheet_names)}.")
        pages = book.get_sheet_by_name(name)
        cells = [list(row) for row in pages.to_python(skip_empty_area=False)]
    except PasswordError as error:
        raise NeedsHuman("Книга закрыта паролем. Сохраните её без пароля.") from error
    except (CalamineError, zipfile.BadZipFile, OSError) as error:
        raise NeedsHuman(f"Книга не открывается: {str(error)[:200]}.") from error
    filled = [
        (line, row) for line, row in enumerate(cells, 1) if any(c not in ("", None) for c in row)
    ]
    if not filled:
        raise NeedsHuman(f"Лист «{name}» пуст.")
    header = _header([row for _, row in filled[: csvrows.HEADER_ROWS]], given, path)
    names = _unique([str(cell) for cell in filled[header][1]])

    def rows() -> Iterator[Row]:
        for line, row in filled[header + 1 :]:
            yield _row(line, row, "", names)

    said = _above(header)
    if sheet is None and len(book.sheet_names) > 1:
        said.append(f"В книге листов: {len(book.sheet_names)}; прочитан первый, «{name}».")
    mapping = guess(names, given, filled=_speaking(rows))
    return Table("xlsx", names, mapping, rows, sheet=name, said=said)


def _header(top: Sequence[Sequence[Any]], given: Mapping[str, str], path: Path) -> int:
    """The index of the header among the first rows: the one with most names known."""
    # Below the first row only exact names count: a review's words may look like a heading.
    known = [guess([str(c) for c in row], given, exact=n > 0) for n, row in enumerate(top)]
    best = max(range(len(top)), key=lambda n: (len(known[n]), -n), default=0)
    names = _unique([str(cell) for cell in top[best]]) if top else []
    _demand(guess(names, given), names, path, given)
    return best


def _demand(
    mapping: Mapping[str, str], names: Sequence[str], path: Path, given: Mapping[str, str]
) -> None:
    """Raise NeedsHuman where a column told by the user, or any that says something, is absent."""
    seen = ", ".join(f"«{shown(name)}»" for name in names[:20]) or "нет ни одной"
    for column in given.values():
        if missing(column, names):
            raise NeedsHuman(f"Колонки «{shown(column)}» в файле нет; есть: {seen}.")
    if not SUBSTANCE & mapping.keys():
        raise NeedsHuman(
            f"В «{path.name}» не найдена колонка с текстом или оценкой. Колонки: {seen}. "
            "Укажите её: --column text=имя, а в config.yaml — columns: {text: имя}."
        )


def _unique(names: list[str]) -> list[str]:
    """Names that can be keys: none empty, none twice."""
    unique: list[str] = []
    for number, name in enumerate(names, 1):
        plain = name.strip() or f"колонка {number}"
        while plain in unique:
            plain += f" ({number})"
        unique.append(plain)
    return unique


def _above(header: int) -> list[str]:
    return [f"Строк над заголовком таблицы: {header}."] if header else []
