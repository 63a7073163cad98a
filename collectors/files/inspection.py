"""A first pass over a file: what is in it, and what had to be guessed.

Some things can only be decided for a whole column (is 03/04/2025 in March or in April? is 7 a
mark out of ten?), so a file is read twice; eight bytes a row are kept to find rows that look alike.
"""

from array import array
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from collectors import dates
from collectors.base import Skipped
from collectors.files.columns import normal
from collectors.files.rows import NO_VALUES, Cells, Reading, as_text, moment_of
from collectors.files.tables import Table
from collectors.ratings import parse_rating

SHOWN = 1000  # broken rows listed one by one
SCALES = (5, 10, 100)
COUNTERS = {"№", "номер"}  # columns that may hold ids, or only count the rows


@dataclass(slots=True)
class Inspection:
    """What `otklik import` tells of a file; ``columns`` is field -> column.

    ``rejected`` lists rows that cannot be imported (the first ``SHOWN`` of ``broken``), ``guesses``
    are Russian sentences about what was decided without being told.
    """

    kind: str
    encoding: str | None
    delimiter: str | None
    sheet: str | None
    columns: dict[str, str]
    unmapped: list[str]
    rows: int = 0
    broken: int = 0
    rejected: list[Skipped] = field(default_factory=list)
    date_forms: dict[str, int] = field(default_factory=dict)
    undated: int = 0
    unread_dates: int = 0
    day_first: bool = True
    rating_scale: int = 5
    guesses: list[str] = field(default_factory=list)

    @property
    def summary(self) -> list[str]:
        """What was understood, in Russian sentences: columns, dates, then the guesses."""
        columns = ", ".join(f"{field} ← «{name}»" for field, name in self.columns.items())
        forms = ", ".join(f"«{form}» — {count}" for form, count in self.date_forms.items())
        dates_line = [f"Даты вида: {forms}."] if forms else []
        return [f"Колонки: {columns}.", *dates_line, *self.guesses]

    def as_dict(self) -> dict[str, Any]:
        """The same as plain JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Plan:
    """How to read a file, and the identities that more than one of its rows has.

    ``has_ids`` is False where the numbers of the rows only looked like ids.
    """

    inspection: Inspection
    reading: Reading
    twins: frozenset[int]
    has_ids: bool


def examine(
    table: Table, reading: Reading, rating_scale: int | None, given: Collection[str] = ()
) -> Plan:
    """Read the table through once; ``rating_scale`` None lets the column's largest mark decide.

    The columns of the fields ``given`` were named by the user: they are what he says.
    """
    inspection = Inspection(
        kind=table.kind,
        encoding=table.encoding,
        delimiter=table.delimiter,
        sheet=table.sheet,
        columns=dict(table.mapping),
        unmapped=[name for name in table.columns if name not in table.mapping.values()],
        guesses=list(table.said),
    )
    forms, orders, identities = Counter[str](), Counter[str](), array("Q")
    largest, spoiled = 0.0, 0
    counted = "id" not in given and normal(table.mapping.get("id", "")) in COUNTERS
    for line, values, problem in table.rows():
        inspection.rows += 1
        cells = Cells(values or {}, table.mapping)
        counted = counted and (values is None or cells.text("id") == str(inspection.rows))
        if values is None or cells.fault:
            inspection.broken += 1
            if inspection.broken <= SHOWN:
                inspection.rejected.append(Skipped(f"строка {line}", problem or cells.fault))
            continue
        _date(cells, reading, forms, orders)
        largest = max(largest, _mark(cells))
        spoiled += cells.is_spoiled
        identities.append(int(cells.identity, 16))
    inspection.undated, inspection.unread_dates = forms.pop("", 0), forms.pop("?", 0)
    inspection.date_forms = dict(forms.most_common())
    inspection.rating_scale = rating_scale or next((s for s in SCALES if largest <= s), 5)
    inspection.day_first = not (orders["mdy"] and not orders["dmy"])
    if counted:
        inspection.unmapped.append(column := inspection.columns.pop("id"))
        inspection.guesses.append(
            f"В колонке «{column}» номера строк, а не id отзывов: в другом файле они повторятся."
        )
    _say(inspection, orders, rating_scale is None and largest > SCALES[0])
    if spoiled:
        inspection.guesses.append(f"Строк, где часть знаков испорчена и не читается: {spoiled}.")
    decided = Reading(
        reading.source,
        reading.zone,
        reading.now,
        inspection.day_first,
        inspection.rating_scale,
    )
    return Plan(inspection, decided, _twins(identities), not counted)


def _date(cells: Cells, reading: Reading, forms: Counter[str], orders: Counter[str]) -> None:
    """Count the form of the row's date: «» for none, «?» for one that cannot be read."""
    value = cells.value("date")
    if as_text(value).lower() in NO_VALUES:
        forms[""] += 1
        return
    parsed = moment_of(value, reading)
    forms[parsed.form if parsed else "?"] += 1
    order = dates.numeric_order(value) if isinstance(value, str) else None
    if order:
        orders[order] += 1


def _mark(cells: Cells) -> float:
    """The row's rating where it is a bare number; one with its own scale decides nothing."""
    if cells.text("rating_scale"):
        return 0.0
    found = parse_rating(cells.text("rating"))
    return found[0] if found and found[1] is None else 0.0


def _twins(identities: "array[int]") -> frozenset[int]:
    values, counts = np.unique(np.frombuffer(identities, dtype=np.uint64), return_counts=True)
    return frozenset(int(value) for value in values[counts > 1])


def _say(inspection: Inspection, orders: Mapping[str, int], guessed_scale: bool) -> None:
    """Sentences about the guesses that may be wrong."""
    say = inspection.guesses.append
    if orders.get("dmy") and orders.get("mdy"):
        say("В колонке с датой есть и день/месяц, и месяц/день: спорные прочитаны как день/месяц.")
    elif orders.get("mdy"):
        say("Даты записаны как месяц/день/год: в колонке есть числа больше 12 на втором месте.")
    elif orders.get("either") and not orders.get("dmy"):
        say("Даты вида 03/04/2025 можно понять двояко: прочитаны как день/месяц/год.")
    yearless = inspection.date_forms.get(dates.YEARLESS)
    if yearless:
        say(f"Дат без года: {yearless}; взят последний такой день не позже сегодняшнего.")
    if inspection.date_forms.get(dates.RELATIVE):
        say("Даты вида «3 дня назад» отсчитаны от времени загрузки.")
    if inspection.undated and "date" in inspection.columns:
        say(f"Строк без даты: {inspection.undated}; для них взято время загрузки.")
    elif "date" not in inspection.columns:
        say("Колонки с датой нет: для всех строк взято время загрузки.")
    if guessed_scale:
        say(f"Оценки больше 5, поэтому шкала 1–{inspection.rating_scale}.")
    if inspection.encoding == "cp1251":
        say("Файл не в UTF-8: прочитан как Windows-1251.")
