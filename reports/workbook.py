"""A workbook written row by row: its memory does not grow with its rows, its texts are inert."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import ceil
from types import TracebackType
from typing import Any, BinaryIO, NamedTuple, Self

from reports.rows import FORMULA_STARTS

#: A sheet holds no more rows, the heading among them, and no more links that open.
SHEET_ROWS, SHEET_LINKS = 1_048_576, 65_530
#: A cell holds no more characters, counted as UTF-16 units, and an address no more.
_CELL_LENGTH, _URL_LENGTH = 32_767, 2_000
#: Heights in points: of a line, of a heading of two lines; a row is no taller than so many lines.
_LINE_HEIGHT, _HEAD_HEIGHT, _MOST_LINES = 15, 32, 20
_CUT = "… [обрезано]"
#: An address that a click may open: what else a stranger wrote stays a text.
_URL = re.compile(r"https?://[!-~\u00a1-\ud7ff]+")
#: What XML cannot say at all; control characters are escaped by the writer.
_UNSAYABLE = re.compile("[\ud800-\udfff\ufffe\uffff]")

#: Forms of numbers and dates, as spreadsheets write them.
COUNT = "#,##0"
SHARE = "0.0%"
POINTS = "0.0"
SIGNED = "+0.0;\u22120.0;0.0"
INDEX = "+0;\u22120;0"
RATING = "0.00"
DAY = "dd.mm.yyyy"
MOMENT = "dd.mm.yyyy hh:mm"
#: A text on several lines.
WRAPPED = "wrapped"
#: An address that opens.
LINK = "link"


class Column(NamedTuple):
    """A column: its title, its width in characters, and the form of its cells."""

    title: str
    width: float
    form: str = ""


class Cell(NamedTuple):
    """A value with a form of its own."""

    value: Any
    form: str


class Link(NamedTuple):
    """An address shown as a word; nothing where it cannot be opened."""

    url: str
    word: str


@dataclass(frozen=True, slots=True)
class Told:
    """When and of what a workbook was made, for its properties."""

    title: str
    made_at: datetime


class Book:
    """An open workbook; leaving the block writes it out."""

    def __init__(self, out: BinaryIO, told: Told | None = None) -> None:
        from xlsxwriter import Workbook  # only needed by an export

        options = {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "default_date_format": MOMENT,
            "remove_timezone": True,
        }
        self._book = Workbook(out, options)
        if told:
            self._book.set_properties(
                {"title": _fit(told.title), "author": "Отклик", "created": told.made_at}
            )
        self._forms: dict[str, Any] = {}
        self._tables: list[Table] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        for table in self._tables:
            table.finish()
        self._book.close()

    def table(self, title: str, columns: Sequence[Column], above: Sequence[str] = ()) -> "Table":
        """A sheet of rows under a heading; the first of the lines ``above`` it is a title."""
        self._tables.append(Table(self, title, columns, above))
        return self._tables[-1]

    def sheet(self, title: str) -> Any:
        """A bare sheet, as wide as a page on paper."""
        sheet = self._book.add_worksheet(title)
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        return sheet

    def form(self, name: str) -> Any:
        """The format of a cell; «» is none."""
        if name not in self._forms:
            own = _FORMS.get(name, {"num_format": name})
            self._forms[name] = self._book.add_format({"valign": "top"} | own)
        return self._forms[name]


#: Forms that are no forms of numbers.
_TITLE, _HEAD, _HEAD_OF_NUMBERS, _AS_TEXT = "title", "head", "head of numbers", "as text"
_OF_TEXTS = ("", WRAPPED, LINK)
_HEADING = {"bold": True, "text_wrap": True, "bottom": 1, "bg_color": "#EEF1F4"}
_FORMS: Mapping[str, dict[str, Any]] = {
    "": {},
    _TITLE: {"bold": True, "font_size": 14, "quote_prefix": True},
    _HEAD: _HEADING,
    _HEAD_OF_NUMBERS: _HEADING | {"align": "right"},
    # «Text», so that not even editing the cell by hand turns it into a formula.
    _AS_TEXT: {"quote_prefix": True},
    WRAPPED: {"text_wrap": True, "quote_prefix": True, "align": "left", "indent": 1},
    LINK: {"font_color": "#0E7C7B", "underline": 1},
}


class Table:
    """Rows under a heading that stays in sight and filters, on as many sheets as they need."""

    def __init__(
        self, book: Book, title: str, columns: Sequence[Column], above: Sequence[str]
    ) -> None:
        self._book, self._title, self._columns, self._above = book, title, columns, above
        self._wrapped = any(column.form == WRAPPED for column in columns)
        self._sheets = 0
        self._begin()

    def write(self, cells: Sequence[Any]) -> None:
        """One more row; a cell is a value, or one with a form of its own (:class:`Cell`)."""
        if self._line >= SHEET_ROWS:
            self.finish()
            self._begin()
        told = [
            cell if isinstance(cell, Cell) else Cell(cell, column.form)
            for column, cell in zip(self._columns, cells, strict=True)
        ]
        if self._wrapped:
            self._heighten(told)
        for place, own in enumerate(told):
            if own.value is not None and own.value != "":
                self._write(place, *own)
        self._line += 1

    def finish(self) -> None:
        """Filters over what was written; no row comes after."""
        if self._line > self._head + 1:
            self._sheet.autofilter(self._head, 0, self._line - 1, len(self._columns) - 1)

    def _heighten(self, cells: Sequence[Cell]) -> None:
        """As many lines as the wrapped texts of the row need: not every spreadsheet sees to it."""
        lines = max(
            (
                ceil(len(cell.value) / column.width)
                for column, cell in zip(self._columns, cells, strict=True)
                if cell.form == WRAPPED and isinstance(cell.value, str)
            ),
            default=1,
        )
        if lines > 1:
            self._sheet.set_row(self._line, _LINE_HEIGHT * min(lines, _MOST_LINES))

    def _write(self, place: int, value: Any, form: str) -> None:
        if isinstance(value, Link):
            self._open(place, value.url, value.word)
        elif not isinstance(value, str):
            is_day = isinstance(value, date) and not isinstance(value, datetime)
            number_form = form or (DAY if is_day else "")
            known = self._book.form(number_form) if number_form else None
            self._sheet.write(self._line, place, value, known)
        elif form != LINK or not self._open(place, value, value):
            inert = _AS_TEXT if value.startswith(FORMULA_STARTS) else ""
            known = self._book.form(WRAPPED if form == WRAPPED else inert)
            self._sheet.write_string(self._line, place, _fit(value), known)

    def _open(self, place: int, url: str, word: str) -> bool:
        """Write a link; False where the sheet or a spreadsheet takes no such one."""
        is_fit = len(url) <= _URL_LENGTH and _URL.fullmatch(url) is not None
        if not is_fit or self._links >= SHEET_LINKS:
            return False
        self._links += 1
        self._sheet.write_url(self._line, place, url, self._book.form(LINK), _fit(word))
        return True

    def _begin(self) -> None:
        self._sheets += 1
        title = self._title if self._sheets == 1 else f"{self._title} {self._sheets}"
        self._sheet = self._book.sheet(title)
        for place, column in enumerate(self._columns):
            self._sheet.set_column(place, place, column.width)
        for line, told in enumerate(self._above):
            form = self._book.form(_TITLE if line == 0 else _AS_TEXT)
            self._sheet.write_string(line, 0, _fit(told), form)
        self._head = len(self._above)
        self._sheet.set_row(self._head, _HEAD_HEIGHT)
        for place, column in enumerate(self._columns):
            form = self._book.form(_HEAD if column.form in _OF_TEXTS else _HEAD_OF_NUMBERS)
            self._sheet.write_string(self._head, place, column.title, form)
        self._sheet.freeze_panes(self._head + 1, 0)
        self._sheet.repeat_rows(self._head)
        self._line = self._head + 1
        self._links = 0


def _fit(text: str) -> str:
    """What a cell can hold; a cut is told."""
    text = _UNSAYABLE.sub("\ufffd", text)
    if 2 * len(text) <= _CELL_LENGTH:
        return text
    units = text.encode("utf-16-le")
    if len(units) <= 2 * _CELL_LENGTH:
        return text
    return units[: 2 * (_CELL_LENGTH - len(_CUT))].decode("utf-16-le", "ignore") + _CUT
