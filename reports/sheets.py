"""Mentions and their opinions as an XLSX file, written as a stream whatever their number."""

from collections.abc import Iterable
from typing import BinaryIO
from zoneinfo import ZoneInfo

from reports.rows import HEADER, OPINION_HEADER, mention_cells, opinion_cells
from reports.workbook import LINK, MOMENT, SHARE, Book, Column
from storage.queries import MentionRow

_WIDTHS = (
    17, 16, 16, 18, 8, 8, 6, 13, 28, 11, 13, 20, 28, 28, 10, 9, 10, 90, 40, 20, 20, 40, 16, 10, 11,
    10, 17, 18, 17, 10, 12,
)  # fmt: skip
_OPINION_WIDTHS = (17, 16, 16, 26, 13, 11, 90, 8, 8, 13, 40, 12)
_FORMS = {"Дата": MOMENT, "Дата ответа": MOMENT, "Уверенность": SHARE, "Ссылка": LINK}


def write_xlsx(rows: Iterable[MentionRow], out: BinaryIO, zone: ZoneInfo) -> None:
    """A sheet of mentions and one of opinions; where one cannot hold them all, several of each."""
    with Book(out) as book:
        write_mentions(rows, book, zone)


def write_mentions(rows: Iterable[MentionRow], book: Book, zone: ZoneInfo) -> None:
    """The same sheets in a workbook that has others, too."""
    mentions = book.table("Упоминания", _columns(HEADER, _WIDTHS))
    opinions = book.table("Мнения", _columns(OPINION_HEADER, _OPINION_WIDTHS))
    for row in rows:
        mentions.write(mention_cells(row, zone))
        for cells in opinion_cells(row, zone):
            opinions.write(cells)


def _columns(titles: tuple[str, ...], widths: tuple[int, ...]) -> list[Column]:
    return [
        Column(title, width, _FORMS.get(title, ""))
        for title, width in zip(titles, widths, strict=True)
    ]
