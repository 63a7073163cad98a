"""How outcomes, file inspections and JSON are told on the terminal."""

import json
import sys
from datetime import datetime
from typing import Any

from collectors.files.inspection import Inspection
from collectors.outcomes import Outcome, Status
from otklik.pipeline import Checked
from otklik.screen import note

#: How a crawl ended, in words.
WORDS = {
    Status.OK: "готово",
    Status.NOT_MODIFIED: "без изменений",
    Status.LATER: "позже",
    Status.NEEDS_HUMAN: "нужен человек",
    Status.LAYOUT_CHANGED: "страница изменилась",
    Status.BUG: "ошибка программы",
}
_SHOWN_SKIPS = 10
_NOT_NEEDED = "не нужен"  # what source types with an open door say of access


def tell(outcome: Outcome) -> None:
    """One source's outcome: counts, what went wrong, what to look at."""
    counts = outcome.counts
    line = f"{outcome.source}: {WORDS[outcome.status]}"
    if outcome.status is not Status.NOT_MODIFIED:
        line += f" — новых {counts.new}, изменённых {counts.changed}, прежних {counts.unchanged}"
    if counts.deleted:
        line += f", удалённых {counts.deleted}"
    if counts.skipped:
        line += f", пропущено {counts.skipped}"
    note(line)
    if outcome.coverage.cap_hit:
        note(f"  Источник отдаёт не всё: {outcome.coverage.cap_hit}.")
    if outcome.error:
        note(f"  {outcome.error}")
    for remark in outcome.notes:
        note(f"  {remark.where}: {remark.reason}")
    for skipped in outcome.skipped[:_SHOWN_SKIPS]:
        note(f"  {skipped.where}: {skipped.reason}")
    if len(outcome.skipped) > _SHOWN_SKIPS:
        note(f"  … и ещё {len(outcome.skipped) - _SHOWN_SKIPS}; все — та же команда с --json")


def tell_check(checked: Checked) -> None:
    """What a source is and holds, or why it cannot be read and what it asks for."""
    what = f"{checked.source} ({checked.title})" if checked.title else checked.source
    note(f"{what}: {checked.error or f'в порядке, на первой странице {checked.items}'}")
    if checked.error and checked.access not in {"", _NOT_NEEDED}:
        note(f"  Доступ: {checked.access}.")


def tell_inspection(found: Inspection) -> None:
    """What was understood of a file, before anything is stored."""
    shape = (found.kind, found.encoding, found.delimiter and f"разделитель «{found.delimiter}»")
    note(", ".join(part for part in shape if part))
    for sentence in found.summary:
        note(f"  {sentence}")
    if found.unmapped:
        note(f"  Без поля, сохранятся как есть: {', '.join(found.unmapped)}.")
    note(f"Без даты: {found.undated}, с непонятной датой: {found.unread_dates}.")
    note(f"Строк: {found.rows}, из них не прочитано: {found.broken}. Ничего не сохранено.")
    for skipped in found.rejected[:_SHOWN_SKIPS]:
        note(f"  {skipped.where}: {skipped.reason}")


def as_dict(outcome: Outcome) -> dict[str, Any]:
    """An outcome for programs."""
    counts = outcome.counts
    return {
        "source": outcome.source,
        "status": outcome.status,
        "new": counts.new,
        "changed": counts.changed,
        "unchanged": counts.unchanged,
        "deleted": counts.deleted,
        "skipped": counts.skipped,
        "samples": [{"where": s.where, "reason": s.reason} for s in outcome.skipped],
        "asked_from": _moment(outcome.coverage.asked_from),
        "oldest": _moment(outcome.coverage.oldest),
        "newest": _moment(outcome.coverage.newest),
        "notes": [{"where": n.where, "reason": n.reason} for n in outcome.notes],
        "cap_hit": outcome.coverage.cap_hit,
        "error": outcome.error,
        "seconds": round((outcome.finished_at - outcome.started_at).total_seconds(), 3),
        "next_due": _moment(outcome.next_due),
    }


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def print_json(value: Any) -> None:
    """A value on the output stream, for programs."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str) + "\n")
