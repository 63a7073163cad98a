"""Mentions as rows of a file: CSV that spreadsheets open harmlessly, and JSON lines."""

import csv
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from io import TextIOWrapper
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from insights.answer_words import STATUS_NAMES
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

#: The last column is the same on both sheets: it tells whose opinions are whose.
HEADER = (
    "Дата", "Источник", "Бренды", "Автор", "Оценка", "Шкала оценки", "NPS", "Тональность",
    "Тональность к брендам", "Уверенность", "Вид", "Намерения", "Негатив о", "Позитив о",
    "Исправлено вручную", "Повторов", "Это повтор", "Текст", "Ответ компании", "Место", "Товар",
    "Ссылка", "Город", "Версия приложения", "Просмотры", "Реакции", "Статус", "Кто отвечает",
    "Дата ответа", "Часов до ответа", "№ в Отклике",
)  # fmt: skip
OPINION_HEADER = (
    "Дата", "Источник", "Бренды", "О чём", "Тональность мнения", "Уверенность", "Цитата", "Оценка",
    "Шкала оценки", "Вид", "Ссылка", "№ в Отклике",
)  # fmt: skip

#: What a spreadsheet would take for the beginning of a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def safe_cell(value: Any) -> Any:
    """A text that a spreadsheet would run as a formula gets an apostrophe in front.

    Only CSV needs it: there nothing else tells a text from a formula. A cell of XLSX has a type,
    so its text stays as it was written.

    https://owasp.org/www-community/attacks/CSV_Injection
    """
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return "'" + value
    return value


def write_csv(rows: Iterable[MentionRow], out: BinaryIO, zone: ZoneInfo) -> None:
    """UTF-8 with a mark and «;», which Russian spreadsheets expect.

    «Повторов» counts the others of the mention's group; of a group the one that is no repeat
    itself counts in figures.
    """
    _write_csv(HEADER, (mention_cells(row, zone) for row in rows), out)


def write_opinions_csv(rows: Iterable[MentionRow], out: BinaryIO, zone: ZoneInfo) -> None:
    """The same form with a line for each opinion, the quote that proves it among them."""
    _write_csv(OPINION_HEADER, (cells for row in rows for cells in opinion_cells(row, zone)), out)


def write_jsonl(rows: Iterable[MentionRow], out: BinaryIO, zone: ZoneInfo) -> None:
    """One JSON object a line, labels as codes; `otklik import` reads it back."""
    for row in rows:
        line = json.dumps(_as_dict(row, zone), ensure_ascii=False)
        out.write(line.encode("utf-8", "backslashreplace") + b"\n")


def _write_csv(header: Sequence[str], lines: Iterable[list[Any]], out: BinaryIO) -> None:
    text = TextIOWrapper(out, encoding="utf-8-sig", newline="", errors="replace")
    writer = csv.writer(text, delimiter=";")
    writer.writerow(header)
    writer.writerows([safe_cell(cell) for cell in cells] for cells in lines)
    text.flush()
    text.detach()


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
        "status": row.handled.status,
        "assignee": row.handled.assignee or None,
        "answered_at": row.handled.answered_at.astimezone(zone).isoformat()
        if row.handled.answered_at
        else None,
        "answer_hours": _hours(row),
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


def mention_cells(row: MentionRow, zone: ZoneInfo) -> list[Any]:
    """A mention under :data:`HEADER`."""
    return [
        _moment(row, zone),
        row.source_title,
        _brands(row),
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
        row.city or "",
        row.app_version or "",
        row.views,
        row.reactions,
        STATUS_NAMES[row.handled.status],
        row.handled.assignee,
        _local(row.handled.answered_at, zone),
        _hours(row),
        row.id,
    ]


def opinion_cells(row: MentionRow, zone: ZoneInfo) -> Iterator[list[Any]]:
    """Each opinion of a mention under :data:`OPINION_HEADER`."""
    for opinion in row.opinions:
        yield [
            _moment(row, zone),
            row.source_title,
            _brands(row),
            TOUCHPOINT_NAMES[Touchpoint(opinion.touchpoint)],
            TONE_NAMES[Tone(opinion.tone)],
            round(opinion.score, 3) if opinion.score is not None else None,
            row.text[opinion.start : opinion.end],
            row.rating,
            row.rating_scale if row.rating is not None else None,
            KIND_NAMES[Kind(row.kind)] if row.kind else "",
            row.url,
            row.id,
        ]


def _moment(row: MentionRow, zone: ZoneInfo) -> datetime:
    return row.published_at.astimezone(zone).replace(tzinfo=None, microsecond=0)


def _local(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    return moment.astimezone(zone).replace(tzinfo=None, microsecond=0) if moment else None


def _hours(row: MentionRow) -> float | None:
    """From publication to the first answer."""
    wait = row.handled.wait
    return round(wait.total_seconds() / 3600, 2) if wait is not None else None


def _brands(row: MentionRow) -> str:
    return ", ".join(brand.name for brand in row.brands if brand.code)


def _towards(row: MentionRow) -> str:
    """The tone towards each brand, where the text has several."""
    if len(row.brands) < 2:
        return ""
    return ", ".join(f"{b.name}: {TONE_NAMES[Tone(b.tone)]}" for b in row.brands if b.tone)


def _about(row: MentionRow, tone: Tone) -> str:
    names = (TOUCHPOINT_NAMES[Touchpoint(o.touchpoint)] for o in row.opinions if o.tone == tone)
    return ", ".join(dict.fromkeys(names))
