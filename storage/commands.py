"""The write side for views: corrections by hand, schedules, and work asked of the worker."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from collectors.schedules import parse
from nlp.labels import Kind, Tone, Touchpoint
from storage import crawls, leases
from storage import tables as t
from storage.alert_rules import LONGEST_RULE_NAME as LONGEST_RULE_NAME
from storage.alert_rules import RuleDeclaration as RuleDeclaration
from storage.alert_rules import add_rule as add_rule
from storage.alert_rules import change_rule as change_rule
from storage.alert_rules import delete_rule as delete_rule
from storage.alert_rules import pause_rule as pause_rule
from storage.alert_rules import restore_rule as restore_rule
from storage.batches import Change as Change
from storage.batches import correct_many as correct_many
from storage.batches import undo_batch as undo_batch
from storage.checks import start_spot_check as start_spot_check
from storage.crawls import SourceDeclaration as SourceDeclaration
from storage.errors import NotFound, StorageError
from storage.handling import Status as Status
from storage.handling import Step as Step
from storage.handling import handle as handle
from storage.handling import undo_handled as undo_handled
from storage.handling import undo_handling as undo_handling
from storage.jobs import cancel_job as cancel_job
from storage.jobs import enqueue_job as enqueue_job
from storage.labelling import relabel
from storage.notes import LONGEST_NOTE as LONGEST_NOTE
from storage.notes import NoteStatus as NoteStatus
from storage.notes import set_note as set_note
from storage.notes import undo_note as undo_note
from storage.outbox import cancel_delivery as cancel_delivery
from storage.outbox import retry_delivery as retry_delivery
from storage.report_plans import LONGEST_PLAN_NAME as LONGEST_PLAN_NAME
from storage.report_plans import PlanDeclaration as PlanDeclaration
from storage.report_plans import add_plan as add_plan
from storage.report_plans import change_plan as change_plan
from storage.report_plans import enable_plan as enable_plan
from storage.report_plans import remove_plan as remove_plan
from storage.report_plans import restore_plan as restore_plan
from storage.reports import FORMATS as FORMATS
from storage.reports import ReportOrder as ReportOrder
from storage.reports import cancel_report as cancel_report
from storage.reports import delete_report as delete_report
from storage.reports import order_report as order_report
from storage.reports import rebuild_report as rebuild_report
from storage.reports import restore_report as restore_report
from storage.reports import send_report as send_report
from storage.theme_names import LONGEST_THEME_NAME as LONGEST_THEME_NAME
from storage.theme_names import merge_theme as merge_theme
from storage.theme_names import rename_theme as rename_theme
from storage.theme_names import unmerge_theme as unmerge_theme
from storage.views import LONGEST_NAME as LONGEST_NAME
from storage.views import DeletedView as DeletedView
from storage.views import delete_view as delete_view
from storage.views import rename_view as rename_view
from storage.views import restore_view as restore_view
from storage.views import save_view as save_view


@dataclass(frozen=True, slots=True)
class CorrectedOpinion:
    """A judgement set by a human; ``start`` and ``end`` as in :class:`nlp.analysis.Opinion`."""

    touchpoint: Touchpoint
    tone: Tone
    start: int
    end: int


def correct(
    session: Session,
    mention_id: int,
    *,
    tone: Tone | None = None,
    kind: Kind | None = None,
    opinions: Sequence[CorrectedOpinion] | None = None,
    now: datetime,
) -> None:
    """Let a human's labels hold; None keeps what holds, ``opinions`` replace the whole list.

    They hold for the present text: an edit at the source sets them aside, as what they judged
    is no longer there.
    """
    mention = session.execute(
        sa.select(t.mention.c.content_hash, sa.func.length(t.mention.c.text).label("length")).where(
            t.mention.c.id == mention_id
        )
    ).first()
    if mention is None:
        raise _no_mention(mention_id)
    if any(not 0 <= item.start <= item.end <= mention.length for item in opinions or ()):
        raise StorageError("Выделенный фрагмент выходит за пределы текста.")
    earlier = _active(session, mention_id, mention.content_hash)
    row = {
        "mention_id": mention_id,
        "content_hash": mention.content_hash,
        "tone": str(tone) if tone else earlier and earlier.tone,
        "kind": str(kind) if kind else earlier and earlier.kind,
        "opinions": earlier and earlier.opinions
        if opinions is None
        else [asdict(opinion) for opinion in opinions],
        "created_at": now,
    }
    t.insert_all(session, t.correction, [row])
    relabel(session, [mention_id])


def undo_correction(session: Session, mention_id: int, *, now: datetime) -> None:
    """Take back the latest correction of the present text; the one before it holds again."""
    found = session.scalar(sa.select(t.mention.c.content_hash).where(t.mention.c.id == mention_id))
    if found is None:
        raise _no_mention(mention_id)
    latest = _active(session, mention_id, found)
    if latest is None:
        raise NotFound(f"У упоминания {mention_id} нет исправлений, которые можно отменить.")
    t.update_all(session, t.correction, [{"id": latest.id, "undone_at": now}])
    relabel(session, [mention_id])


def _active(session: Session, mention_id: int, content_hash: str) -> Any:
    correction = t.correction.c
    return session.execute(
        sa.select(correction.id, correction.tone, correction.kind, correction.opinions)
        .where(
            correction.mention_id == mention_id,
            correction.content_hash == content_hash,
            correction.undone_at.is_(None),
        )
        .order_by(correction.id.desc())
        .limit(1)
    ).first()


def _no_mention(mention_id: int) -> NotFound:
    return NotFound(f"Упоминания {mention_id} нет в базе данных.")


def run_now(session: Session, source_id: int, *, now: datetime) -> int:
    """Have the source crawled as soon as may be, paused, parked or not; the job's id."""
    return enqueue_job(session, "crawl", {"source": _name(session, source_id)}, now=now)


def backfill(
    session: Session, source_id: int, *, since: datetime, until: datetime, now: datetime
) -> int:
    """Have mentions of ``since`` <= date < ``until`` (aware) collected; the job's id."""
    if until <= since:
        raise StorageError("Конец периода должен быть позже начала.")
    payload = {"source": _name(session, source_id)}
    payload |= {"since": since.isoformat(), "until": until.isoformat()}
    return enqueue_job(session, "backfill", payload, now=now)


def check(session: Session, source_id: int, *, now: datetime) -> int:
    """Have the source's first page looked at, storing nothing; the job's id."""
    return enqueue_job(session, "check", {"source": _name(session, source_id)}, now=now)


def preview(session: Session, kind: str, options: Mapping[str, Any], *, now: datetime) -> int:
    """Have the first mentions shown of a source of type ``kind`` that is only a form as yet."""
    return enqueue_job(session, "preview", {"type": kind, "options": dict(options)}, now=now)


def pause(session: Session, source_id: int) -> None:
    """Let the source rest until somebody resumes it, whatever config.yaml says."""
    _set(session, source_id, app_enabled=False)


def resume(session: Session, source_id: int) -> None:
    """Let the source be crawled by itself again; one that waited for a human is due at once."""
    source = t.source.c
    row = session.execute(sa.select(source.enabled).where(source.id == source_id)).first()
    _set(session, source_id, app_enabled=None if row and row.enabled else True)
    session.execute(
        sa.update(t.source_state)
        .where(t.source_state.c.source_id == source_id, t.source_state.c.parked)
        .values(parked=False, failures=0, next_due=None)
    )


def set_schedule(
    session: Session, source_id: int, text: str, *, zone: ZoneInfo, now: datetime
) -> None:
    """Crawl by this schedule («30м», «0 3 * * *» in ``zone``) until :func:`undo`.

    Raises StorageError in words where it cannot be read.
    """
    try:
        schedule = parse(text)
    except ValueError as error:
        raise StorageError(f"Расписание «{text}» не понято: {error}.") from error
    _set(session, source_id, app_schedule=schedule.text)
    leases.plan(session, zone=zone, now=now)


def undo(session: Session, source_id: int, *, zone: ZoneInfo, now: datetime) -> None:
    """Take back what the app said of the source: what config.yaml says holds again."""
    _set(session, source_id, app_enabled=None, app_schedule=None)
    leases.plan(session, zone=zone, now=now)


def add_source(session: Session, source: SourceDeclaration) -> int:
    """Add a source that somebody described in the app; its id.

    Raises StorageError for a taken name or a schedule that cannot be read. Options are taken
    literally: keys belong into config.yaml, which alone may name ``${NAME}``.
    """
    try:
        parse(source.schedule or "")
    except ValueError as error:
        raise StorageError(f"Расписание «{source.schedule}» не понято: {error}.") from error
    known = session.execute(
        sa.select(t.source.c.id, t.source.c.gone, t.source.c.origin).where(
            t.source.c.name == source.name
        )
    ).first()
    if known is None:
        return crawls.ensure_source(session, source, "app")
    if not known.gone or known.origin != "app":
        raise StorageError(f"Источник с именем «{source.name}» уже есть: выберите другое.")
    crawls.replace_source(session, known.id, source)
    return int(known.id)


def remove_source(session: Session, source_id: int) -> None:
    """Stop crawling a source that was added in the app; its mentions stay."""
    origin = session.scalar(sa.select(t.source.c.origin).where(t.source.c.id == source_id))
    if origin == "config":
        raise StorageError("Этот источник описан в config.yaml: уберите его там.")
    _set(session, source_id, gone=True)


def restore_source(session: Session, source_id: int) -> None:
    """Undo :func:`remove_source`: the source goes on where it stopped."""
    origin = session.scalar(sa.select(t.source.c.origin).where(t.source.c.id == source_id))
    if origin == "config":
        raise StorageError("Этот источник был описан в config.yaml: верните его туда.")
    _set(session, source_id, gone=False)


def set_brand_query(session: Session, code: str, query: str | None) -> None:
    """Find the brand by this query whatever config.yaml says; None lets that hold again.

    An empty one lets the brand's names decide. The query must have been parsed; what is stored
    follows when its brands are matched anew.
    """
    statement = sa.update(t.brand).where(t.brand.c.code == code).values(app_query=query)
    if not session.execute(statement.returning(t.brand.c.id)).first():
        raise NotFound(f"Бренда «{code}» нет ни в config.yaml, ни среди загруженных.")


def _set(session: Session, source_id: int, **columns: Any) -> None:
    statement = sa.update(t.source).where(t.source.c.id == source_id).values(columns)
    if not session.execute(statement.returning(t.source.c.id)).first():
        raise _no_source(source_id)


def _name(session: Session, source_id: int) -> str:
    name = session.scalar(sa.select(t.source.c.name).where(t.source.c.id == source_id))
    if name is None:
        raise _no_source(source_id)
    return str(name)


def _no_source(source_id: int) -> NotFound:
    return NotFound(f"Источника {source_id} нет в базе данных.")
