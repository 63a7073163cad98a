"""Exports in files: CSV in any dress, XLSX (and XLS, ODS), JSON lines.

A file has no cursor: all its rows are read each time, and rows that are stored already cost one
comparison. A row's key is its id column; without one it is a hash of author, date as written and
whole text (and company, product, place, address where given), numbered among identical rows, so
that two customers' identical words are both kept and a second import of the file adds nothing.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import Field

from collectors.base import About, Context, Item, Order, key_of
from collectors.errors import NeedsHuman, SkipItem
from collectors.files.columns import FieldNames
from collectors.files.inspection import Inspection, Plan, examine
from collectors.files.rows import Cells, Reading, read
from collectors.files.tables import Table, open_table
from collectors.options import DEFAULT_ZONE, LocalPath, SourceOptions, Zone, zone_of

ABOUT = About(
    title="Файл CSV, XLSX или JSONL",
    auth="не нужен",
    limits="весь файл",
    caveats="столбцы, даты и кодировка угадываются: сначала `otklik import ФАЙЛ --dry-run`; этим "
    "путём приходит и то, у чего нет открытой двери (Яндекс Карты)",
)
ORDER: Order = "unordered"
LOOKBACK = timedelta(0)  # of no effect: all rows come every time
PAGE = 500


class Options(SourceOptions):
    """``path`` of the file, relative to the folder given as validation context («folder»), else to
    the working directory. ``columns`` (field: column name) overrides what is guessed, as do
    ``encoding``, ``delimiter``, ``sheet`` and ``rating_scale``.
    """

    path: LocalPath
    columns: FieldNames = Field(default_factory=dict)
    encoding: str | None = None
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    sheet: str | None = None
    rating_scale: Annotated[int, Field(ge=2, le=100)] | None = None
    timezone: Zone = DEFAULT_ZONE


def inspect(options: Options, now: datetime | None = None) -> Inspection:
    """What is in the file and what was guessed; raises NeedsHuman."""
    return _plan(options, "", now or datetime.now(UTC))[1].inspection


def pages(ctx: Context[Options]) -> Iterator[list[Item]]:
    """All rows of the file, ``PAGE`` at a time; broken ones are listed, the others come."""
    table, plan = _plan(ctx.options, ctx.source, ctx.now)
    for guess in plan.inspection.summary:
        ctx.note(ctx.options.path.name, guess)
    page: list[Item] = []
    for item in _items(ctx, table, plan):
        page.append(item)
        if len(page) == PAGE:
            yield page
            page = []
            ctx.places.clear()
    yield from ctx.given(page)
    rows, broken = plan.inspection.rows, plan.inspection.broken
    if 2 * broken > rows:
        raise NeedsHuman(
            f"Не прочитано строк: {broken} из {rows}. Остальные загружены. Проверьте файл: "
            f"первая ошибка — {plan.inspection.rejected[0].where}, "
            f"{plan.inspection.rejected[0].reason}"
        )
    if not rows:
        raise NeedsHuman("В файле есть заголовок, но нет ни одной строки.")


def _plan(options: Options, source: str, now: datetime) -> tuple[Table, Plan]:
    table = open_table(
        options.path, options.columns, options.encoding, options.delimiter, options.sheet
    )
    reading = Reading(source, zone_of(options.timezone), now)
    return table, examine(table, reading, options.rating_scale, options.columns)


def _items(ctx: Context[Options], table: Table, plan: Plan) -> Iterator[Item]:
    seen = Counter[str]()
    for line, values, problem in table.rows():
        where = f"строка {line}"
        if values is None:
            ctx.reject(where, problem)
            continue
        cells = Cells(values, table.mapping)
        try:
            found = read(cells, _key(cells, plan, seen), plan.reading)
        except SkipItem as error:
            ctx.reject(where, str(error))
            continue
        for note in found.notes:
            ctx.note(where, note)
        ctx.places[found.mention.external_id] = where
        yield found.mention


def _key(cells: Cells, plan: Plan, seen: Counter[str]) -> str:
    given = cells.text("id") if plan.has_ids else ""
    if given:
        return given
    identity = cells.identity
    if int(identity, 16) not in plan.twins:
        return identity
    seen[identity] += 1
    return identity if seen[identity] == 1 else key_of(identity, seen[identity])
