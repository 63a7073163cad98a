"""Part of the stream as files a marketer would really have: CSV, XLSX and JSONL exports."""

import csv
import json
from collections.abc import Iterable
from pathlib import Path

import xlsxwriter

from demo.stream import BRAND_NAMES, Entry

_HEADER = ("Номер", "Дата", "Компания", "Автор", "Оценка", "Текст отзыва")


def write(folder: Path, entries: Iterable[Entry]) -> list[Path]:
    """Write the exports of maps, shops, social network, survey and mail; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    by_source: dict[str, list[Entry]] = {}
    for entry in entries:
        by_source.setdefault(entry.source, []).append(entry)
    return [
        _csv(folder / "maps.csv", by_source["maps"], encoding="utf-8-sig"),
        _csv(folder / "support_mail.csv", by_source["support_mail"], encoding="cp1251"),
        _jsonl(folder / "appstore.jsonl", by_source["appstore"]),
        _jsonl(folder / "vk.jsonl", by_source["vk"]),
        _xlsx(folder / "survey.xlsx", by_source["survey"]),
    ]


def _csv(path: Path, entries: list[Entry], *, encoding: str) -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(_HEADER)
        for entry in entries:
            written = entry.moment.strftime("%d.%m.%Y %H:%M")
            name = BRAND_NAMES[entry.brand]
            row = (entry.id, written, name, entry.author, entry.rating or "", entry.text)
            writer.writerow(row)
    return path


def _jsonl(path: Path, entries: list[Entry]) -> Path:
    with path.open("w", encoding="utf-8") as file:
        for entry in entries:
            row = {
                "id": entry.id,
                "date": entry.moment.isoformat(),
                "company": BRAND_NAMES[entry.brand],
                "author": entry.author,
                "rating": entry.rating,
                "text": entry.text,
            }
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    return path


def _xlsx(path: Path, entries: list[Entry]) -> Path:
    with xlsxwriter.Workbook(path, {"remove_timezone": True}) as book:
        sheet = book.add_worksheet("Опрос")
        moment = book.add_format({"num_format": "dd.mm.yyyy hh:mm"})
        sheet.write_row(0, 0, ("Номер", "Дата", "Компания", "NPS", "Комментарий"))
        for row, entry in enumerate(entries, start=1):
            sheet.write_string(row, 0, entry.id)
            sheet.write_datetime(row, 1, entry.moment, moment)
            sheet.write_string(row, 2, BRAND_NAMES[entry.brand])
            if entry.nps is not None:
                sheet.write_number(row, 3, entry.nps)
            sheet.write_string(row, 4, entry.text)
    return path
