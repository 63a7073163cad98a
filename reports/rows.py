"""Mentions as rows of a file: CSV and XLSX that spreadsheets open harmlessly, and JSON lines."""

import csv
import json
from collections.abc import Iterable, Iterator
from io import TextIOWrapper
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from nlp.labels import (
    INTENT_NAMES,
    KIND_NAMES,
    MODEL_TONES,
    TONE_NAMES,
    TOUCHPOINT_NAMES,
    Intent,
    Kind,
    Tone,
    Touchpoint,
)
from storage.queries import MentionRow

HEADER = (
    "Дата", "Источник", "Бренды", "Автор", "Оценка", "Шкала оценки", "NPS", "Тональность",
    "Тональность к брендам", "Уверенность", "Вид", "Намерения", "Негатив о", "Позитив о",
    "Исправлено вручную", "Повторов", "Это повтор", "Текст", "Ответ компании", "Место", "Товар",
    "Ссылка",
)  # fmt: skip
_WIDTHS = (17, 16, 16, 18, 8, 8, 6, 13, 28, 11, 13, 20, 28, 28, 10, 9, 10, 90, 40, 20, 20, 40)

#: A sheet of an XLSX file holds no more rows.
_SHEET_ROWS = 1_048_576
#: A cell of an XLSX file holds no more characters, counted as UTF-16 units.
_CELL_LENGTH = 32_767
_CUT = "… [обрезано]"

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def safe_cell(value: Any) -> Any:
    """A text that a spreadsheet would run as a formula gets an apostrophe in front.

    Only CSV needs it: there nothing else tells a text from a formula. A cell of XLSX has a type,
    so its text stays as it was written.

    https://owasp.org/www-community/attacks/CSV_Injection
    """
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return "'" + value
    return value


def write_csv(rows: Iterable[MentionRow], out: BinaryIO, zone: ZoneInfo) -> None:
    """UTF-8 with a mark and «;», which Russian spreadsheets expect.

    «Повторов» counts the others of the mention's group; of a group the one that is no repeat
    itself counts in figures.
    """
    text = TextIOWrapper(out, encoding="utf-8-sig", newline="", errors="replace")
    writer = csv.writer(text, delimiter=";")
    writer.writerow(HEADER)
    writer.writerows([safe_cell(cell) for cell in _cells(row, zone)] for row in rows)
    text.flush()
    text.detach()


def write_xlsx(rows: Iterable[MentionRow], out: BinaryIO, zone: ZoneInfo) -> None:
    """One sheet, or several where one cannot hold the rows; written as a stream."""
    from xlsxwriter import Workbook  # only needed by an export

    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "default_date_format": "dd.mm.yyyy hh:mm",
        "remove_timezone": True,
    }
    with Workbook(out, options) as book:
        bold = book.add_format({"bold": True})
        # «Text», so that not even editing the cell by hand turns it into a formula.
        as_text = book.add_format({"quote_prefix": True})
        sheet, line = None, _SHEET_ROWS
        for row in _with_header(rows):
            if line >= _SHEET_ROWS:
                sheet, line = _new_sheet(book, bold), 1
            if row is not None and sheet is not None:
                for column, cell in enumerate(_cells(row, zone)):
                    _write_cell(sheet, line, column, cell, as_text)
                line += 1


def write_jsonl(rows: Iterable[MentionRow], out: BinaryIO, zone: ZoneInfo) -> None:
    """One JSON object a line, labels as codes; `otklik import` reads it back."""
    for row in rows:
        line = json.dumps(_as_dict(row, zone), ensure_ascii=False)
        out.write(line.encode("utf-8", "backslashreplace") + b"\n")


def _as_dict(row: MentionRow, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "id": row.external_id,
        "source": row.source,
        "url": row.url,
        "date": row.published_at.astimezone(zone).isoformat(),
        "author": row.author,
        "text": row.text,
        "rating": row.rating,
        "rating_scale": row.rating_scale if row.rating is not None else None,
        "nps": row.nps,
        "place": row.place,
        "product": row.product,
        "answer": row.answer,
        "company": row.brands[0].name if len(row.brands) == 1 and row.brands[0].code else None,
        "brands": [{"code": brand.code, "tone": brand.tone} for brand in row.brands],
        "tone": row.tone,
        "tone_scores": dict(zip(MODEL_TONES, row.scores, strict=True)) if row.scores else None,
        "kind": row.kind,
        "intents": row.intents,
        "opinions": [
            {
                "touchpoint": opinion.touchpoint,
                "tone": opinion.tone,
                "start": opinion.start,
                "end": opinion.end,
                "quote": row.text[opinion.start : opinion.end],
            }
            for opinion in row.opinions
        ],
        "corrected": row.corrected,
        "repeats": row.repeats,
        "is_repeat": row.is_repeat,
        "error": row.error,
    }


def _with_header(rows: Iterable[MentionRow]) -> Iterator[MentionRow | None]:
    """Begins with None, so that a file without rows still gets its header."""
    yield None
    yield from rows


def _new_sheet(book: Any, bold: Any) -> Any:
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    sheet.write_row(0, 0, HEADER, bold)
    for column, width in enumerate(_WIDTHS):
        sheet.set_column(column, column, width)
    return sheet


def _write_cell(sheet: Any, line: int, column: int, cell: Any, as_text: Any) -> None:
    if isinstance(cell, str):
        form = as_text if cell.startswith(_FORMULA_STARTS) else None
        sheet.write_string(line, column, _fit(cell), form)
    else:
        sheet.write(line, column, cell)


def _fit(text: str) -> str:
    """What a cell can hold; a cut is told."""
    units = text.encode("utf-16-le", "replace")
    if len(units) <= 2 * _CELL_LENGTH:
        return text
    return units[: 2 * (_CELL_LENGTH - len(_CUT))].decode("utf-16-le", "ignore") + _CUT


def _cells(row: MentionRow, zone: ZoneInfo) -> list[Any]:
    return [
        row.published_at.astimezone(zone).replace(tzinfo=None, microsecond=0),
        row.source_title,
        ", ".join(brand.name for brand in row.brands if brand.code),
        row.author or "",
        row.rating,
        row.rating_scale if row.rating is not None else None,
        row.nps,
        TONE_NAMES[Tone(row.tone)] if row.tone else "",
        _towards(row),
        round(row.confidence, 3) if row.confidence is not None else None,
        KIND_NAMES[Kind(row.kind)] if row.kind else "",
        ", ".join(INTENT_NAMES[Intent(intent)] for intent in row.intents),
        _about(row, Tone.NEGATIVE),
        _about(row, Tone.POSITIVE),
        "да" if row.corrected else "",
        row.repeats or None,
        "да" if row.is_repeat else "",
        row.text,
        row.answer or "",
        row.place or "",
        row.product or "",
        row.url,
    ]


def _towards(row: MentionRow) -> str:
    """The tone towards each brand, where the text has several."""
    if len(row.brands) < 2:
        return ""
    return ", ".join(f"{b.name}: {TONE_NAMES[Tone(b.tone)]}" for b in row.brands if b.tone)


def _about(row: MentionRow, tone: Tone) -> str:
    names = (TOUCHPOINT_NAMES[Touchpoint(o.touchpoint)] for o in row.opinions if o.tone == tone)
    return ", ".join(dict.fromkeys(names))
