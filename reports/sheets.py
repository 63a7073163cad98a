"""Mentions and their opinions as an XLSX file, written as a stream whatever their number."""

from collections.abc import Iterable, Sequence
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from reports.rows import (
    FORMULA_STARTS,
    HEADER,
    OPINION_HEADER,
    mention_cells,
    opinion_cells,
)
from storage.queries import MentionRow

#: A sheet holds no more rows, the heading among them.
SHEET_ROWS = 1_048_576
#: A cell holds no more characters, counted as UTF-16 units.
_CELL_LENGTH = 32_767
_CUT = "… [обрезано]"
_WIDTHS = (
    17, 16, 16, 18, 8, 8, 6, 13, 28, 11, 13, 20, 28, 28, 10, 9, 10, 90, 40, 20, 20, 40, 16, 10, 11,
    10, 12,
)  # fmt: skip
_OPINION_WIDTHS = (17, 16, 16, 26, 13, 11, 90, 8, 8, 13, 40, 12)


def write_xlsx(rows: Iterable[MentionRow], out: BinaryIO, zone: ZoneInfo) -> None:
    """A sheet of mentions and one of opinions; where one cannot hold them all, several of each."""
    from xlsxwriter import Workbook  # only needed by an export

    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "default_date_format": "dd.mm.yyyy hh:mm",
        "remove_timezone": True,
    }
    with Workbook(out, options) as book:
        mentions = _Table(book, "Упоминания", HEADER, _WIDTHS)
        opinions = _Table(book, "Мнения", OPINION_HEADER, _OPINION_WIDTHS)
        for row in rows:
            mentions.write(mention_cells(row, zone))
            for cells in opinion_cells(row, zone):
                opinions.write(cells)


class _Table:
    """Rows under a heading, on as many sheets as they need."""

    def __init__(
        self, book: Any, title: str, header: Sequence[str], widths: Sequence[float]
    ) -> None:
        self._book, self._title, self._header, self._widths = book, title, header, widths
        self._bold = book.add_format({"bold": True})
        # «Text», so that not even editing the cell by hand turns it into a formula.
        self._as_text = book.add_format({"quote_prefix": True})
        self._sheets = 0
        self._begin()

    def write(self, cells: Sequence[Any]) -> None:
        """One more row."""
        if self._line >= SHEET_ROWS:
            self._begin()
        for column, cell in enumerate(cells):
            if cell is None or cell == "":
                continue
            if isinstance(cell, str):
                form = self._as_text if cell.startswith(FORMULA_STARTS) else None
                self._sheet.write_string(self._line, column, _fit(cell), form)
            else:
                self._sheet.write(self._line, column, cell)
        self._line += 1

    def _begin(self) -> None:
        self._sheets += 1
        title = self._title if self._sheets == 1 else f"{self._title} {self._sheets}"
        self._sheet = self._book.add_worksheet(title)
        self._sheet.freeze_panes(1, 0)
        for column, width in enumerate(self._widths):
            self._sheet.set_column(column, column, width)
        self._sheet.write_row(0, 0, self._header, self._bold)
        self._line = 1


def _fit(text: str) -> str:
    """What a cell can hold; a cut is told."""
    if 2 * len(text) <= _CELL_LENGTH:
        return text
    units = text.encode("utf-16-le", "replace")
    if len(units) <= 2 * _CELL_LENGTH:
        return text
    return units[: 2 * (_CELL_LENGTH - len(_CUT))].decode("utf-16-le", "ignore") + _CUT
