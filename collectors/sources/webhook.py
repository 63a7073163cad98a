"""Events that tools send to `otklik hooks`: survey answers, form entries, tickets, anything.

The service keeps them in a spool folder; here they become mentions. Fields are found as in a file:
by the ``fields`` of the options (field: path in the event, as ``answers.comment`` or
``answers.0.value``), else by their own names. A file is removed by the next crawl, when storage
itself says (in the source's state) that the event is there: an event read again changes nothing,
and what a crawl of a range leaves out stays for the ordinary one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from collectors import spool
from collectors.base import About, Context, Item, Mention, Order
from collectors.errors import NeedsHuman, SkipItem
from collectors.files import rows
from collectors.files.columns import FieldNames, guess
from collectors.files.rows import Cells, Reading
from collectors.options import DEFAULT_ZONE, LocalPath, Secret, SourceOptions, Zone, zone_of
from collectors.spool import Event, Spool

ABOUT = About(
    title="Вебхук: ответы на опросы и любые события",
    auth="общий секрет: отправитель подписывает им каждое событие (HMAC-SHA256)",
    limits="всё, что прислано с прошлого раза",
    caveats="принимает служба `otklik hooks`, она должна работать; прошлых ответов нет — их "
    "загружают файлом",
)
ORDER: Order = "unordered"
LOOKBACK = timedelta(0)  # of no effect: what waits is read whole
PAGE = 500
MOST = 5000  # events of one crawl: the state names them all
MOST_FIELDS, DEEPEST = 300, 10  # of one event
FEW = 3  # so many events in a row without a word are rather a wrong mapping


class Options(SourceOptions):
    """``secret`` that events are signed with; ``fields`` (field: path in the event).

    ``require_timestamp`` refuses events without the signed moment of sending. ``spool`` is the
    folder of all sources' events, relative to config.yaml's.
    """

    secret: Secret
    fields: FieldNames = Field(default_factory=dict)
    rating_scale: Annotated[int, Field(ge=2, le=100)] = 5
    require_timestamp: bool = False
    spool: Annotated[LocalPath, Field(validate_default=True)] = Path("var/hooks")
    timezone: Zone = DEFAULT_ZONE


def pages(ctx: Context[Options]) -> Iterator[list[Item]]:
    """What waits in the spool, ``PAGE`` events at a time; what says nothing is kept aside."""
    options = ctx.options
    waiting = Spool(spool.folder_of(options.spool, ctx.source))
    waiting.remove(ctx.state.get("stored", []))
    _tell_rejected(ctx, waiting)
    bad: list[tuple[Path, Event, str]] = []
    read: list[str] = []
    files = waiting.waiting()
    if len(files) > MOST:
        ctx.capped(f"прочитано событий: {MOST}, остальные — в следующий раз")
    for start in range(0, min(len(files), MOST), PAGE):
        page: dict[str, Item] = {}
        for file in files[start : min(start + PAGE, MOST)]:
            event = _load(ctx, file)
            if event is None:
                continue
            try:
                mention = _mention(ctx, options, event)
            except SkipItem as error:
                bad.append((file, event, str(error)))
                continue
            page[mention.external_id] = mention  # of an edited answer the last counts
            read.append(file.name)
        if page:
            yield list(page.values())
    ctx.state["stored"] = read
    if not read and len(bad) >= FEW:
        raise NeedsHuman(
            f"Ни в одном из {len(bad)} событий не найдено ни текста, ни оценки. Укажите в fields, "
            f"где они лежат; сами события целы: {waiting.folder}."
        )
    for file, event, reason in bad:
        waiting.set_aside(file, event, reason)
        ctx.reject(f"событие {event.id}", reason)


def event_id(content: Any, fields: Mapping[str, str]) -> str:
    """The id that the event itself names, by the field «id» of the options or by its own name."""
    return Cells(*_cells(content, fields)).text("id") if isinstance(content, dict) else ""


def author_of(content: Mapping[str, Any], fields: Mapping[str, str]) -> str:
    """Who wrote the event, as the crawl would find it; empty where it does not say."""
    return Cells(*_cells(content, fields)).text("author")


def _tell_rejected(ctx: Context[Options], waiting: Spool) -> None:
    """Count what the service refused since the last crawl; it stays where it is."""
    told = int(ctx.state.get("told", 0))
    for file in waiting.rejected():
        moment = file.stat().st_mtime_ns
        if moment > told:
            event = _load(ctx, file)
            if event:
                ctx.reject(f"событие {event.id}", event.reason)
            ctx.state["told"] = moment


def _load(ctx: Context[Options], file: Path) -> Event | None:
    try:
        return spool.load(file)
    except FileNotFoundError:
        return None  # another crawl of this source was faster
    except (OSError, ValueError) as error:
        ctx.reject(file.name, f"Файл события не читается: {str(error)[:100]}. Он остался на месте.")
        return None


def _mention(ctx: Context[Options], options: Options, event: Event) -> Mention:
    if not isinstance(event.content, dict):
        raise SkipItem("Событие — не объект JSON.")
    values, mapping = _cells(event.content, options.fields)
    cells = Cells(values, mapping)
    reading = Reading(
        ctx.source, zone_of(options.timezone), event.received, rating_scale=options.rating_scale
    )
    found = rows.read(cells, cells.text("id") or event.id, reading)
    for note in found.notes:
        ctx.note(f"событие {event.id}", note)
    # An answer is sent when it is given: without a date of its own it has that of its arrival.
    return replace(found.mention, date_known=True)


def _cells(content: Mapping[str, Any], fields: Mapping[str, str]) -> tuple[dict[str, Any], Any]:
    """The event as a row: path -> value, and which path is which field."""
    values = dict(islice(_leaves(content, "", DEEPEST), MOST_FIELDS))
    for path in fields.values():
        values[path] = _at(content, path)
    filled = {path: 1 for path, value in values.items() if value not in ("", None)}
    return values, guess(list(values), fields, exact=True, filled=filled)


def _leaves(node: Any, path: str, deep: int) -> Iterator[tuple[str, Any]]:
    if deep and isinstance(node, dict | list) and node:
        pairs = node.items() if isinstance(node, dict) else enumerate(node)
        for key, value in pairs:
            yield from _leaves(value, f"{path}.{key}" if path else str(key), deep - 1)
    else:
        yield path, node


def _at(node: Any, path: str) -> Any:
    """What stands at ``path``: keys and, in lists, numbers from 0; None where there is nothing."""
    for step in path.split("."):
        if isinstance(node, list) and step.isascii() and step.isdigit() and int(step) < len(node):
            node = node[int(step)]
        else:
            node = node.get(step) if isinstance(node, dict) else None
    return node
