"""One change of many mentions: in place, or by the worker where it takes longer than that."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from insights import russian as ru
from insights.answer_words import NOBODY, STATUS_NAMES
from nlp.labels import KIND_NAMES, TONE_NAMES, TOUCHPOINT_NAMES
from storage import commands, queries
from storage.commands import Change, Step
from storage.queries import JobRow
from views import context, correction, style, worker

_BATCH = "mention_batch"
#: So many are corrected within a second or so; more are left to the worker.
_IN_PLACE = 1_000
_JOB_SECONDS = 1


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch on its way or done; ``at`` is its key, ``job`` the worker's where it does it.

    ``words`` tell what is corrected and ``handled_words`` what becomes of their handling;
    ``changed`` and ``handled`` count mentions.
    """

    at: datetime
    words: str
    changed: int = 0
    handled_words: str = ""
    handled: int = 0
    job: int | None = None
    is_undo: bool = False


def words_of(change: Change) -> str:
    """«тональность — негатив, без точки „Доставка и выдача“»."""
    told = []
    if change.tone:
        told.append(f"тональность — {TONE_NAMES[change.tone]}")
    if change.kind:
        told.append(f"вид — {KIND_NAMES[change.kind]}")
    if change.without:
        told.append(f"убрано «{TOUCHPOINT_NAMES[change.without]}»")
    return ", ".join(told)


def words_of_step(step: Step) -> str:
    """«статус — в работе, отвечает Анна», as Markdown."""
    told = [f"статус — {STATUS_NAMES[step.status]}"] if step.status else []
    if step.assignee is not None:
        told.append(f"отвечает {style.plain(step.assignee)}" if step.assignee else NOBODY)
    return ", ".join(told)


def apply(mention_ids: Sequence[int], change: Change, step: Step) -> None:
    """Change these mentions: their handling now, their labels now or by the worker."""
    at = datetime.now(UTC)
    batch = Batch(at, words_of(change), handled_words=words_of_step(step))
    found: list[int] = []
    if step != Step():
        if not correction.write(
            lambda session: found.append(commands.handle(session, mention_ids, step, at=at))
        ):
            return
        batch = replace(batch, handled=found.pop())
    st.session_state[_BATCH] = batch
    if change == Change():
        return
    if len(mention_ids) > _IN_PLACE:
        payload = {
            "ids": list(mention_ids),
            "tone": change.tone,
            "kind": change.kind,
            "without": change.without,
            "at": at.isoformat(),
        }
        _ask("correct", payload, batch)
        return
    if correction.write(
        lambda session: found.append(commands.correct_many(session, mention_ids, change, at=at))
    ):
        st.session_state[_BATCH] = replace(batch, changed=found[0])


def draw() -> None:
    """What became of the last batch, and the way back; its progress while the worker is at it."""
    batch: Batch | None = st.session_state.get(_BATCH)
    if batch is None:
        return
    if batch.job is not None:
        st.fragment(_watch, run_every=_JOB_SECONDS)()
        return
    with st.container(
        horizontal=True, vertical_alignment="center", gap="small", border=True, key="batch_done"
    ):
        st.markdown(_told(batch), width="stretch")
        if (batch.changed or batch.handled) and not batch.is_undo:
            st.button("Отменить всё", key="undo_batch", icon=":material/undo:", on_click=_undo)
        st.button("Скрыть", key="hide_batch", type="tertiary", on_click=_forget)


def _told(batch: Batch) -> str:
    corrected, handled = (ru.counted(n, ru.MENTION) for n in (batch.changed, batch.handled))
    if batch.is_undo:
        told = [f"Отменено: {corrected}, цифры пересчитаны."] if batch.changed else []
        told += [f"Прежний статус вернулся: {handled}."] if batch.handled else []
        return " ".join(told) or "Отменять было нечего."
    told = []
    if batch.changed:
        told.append(f"Исправлено: {corrected} ({batch.words}). Цифры пересчитаны.")
    if batch.handled:
        told.append(f"Отмечено: {handled} ({batch.handled_words}).")
    words = ", ".join(filter(None, (batch.words, batch.handled_words)))
    return " ".join(told) or f"Менять было нечего: так уже и есть ({words})."


def _undo() -> None:
    batch: Batch = st.session_state[_BATCH]
    undone = replace(batch, is_undo=True)
    now = datetime.now(UTC)
    found: list[int] = []
    if batch.handled:
        if not correction.write(
            lambda session: found.append(commands.undo_handled(session, at=batch.at, now=now))
        ):
            return
        undone = replace(undone, handled=found.pop())
    st.session_state[_BATCH] = undone
    if batch.changed > _IN_PLACE:
        _ask("uncorrect", {"at": batch.at.isoformat(), "total": batch.changed}, undone)
    elif batch.changed:
        _uncorrect(batch, undone, now)


def _uncorrect(batch: Batch, undone: Batch, now: datetime) -> None:
    found: list[int] = []
    if correction.write(
        lambda session: found.append(
            commands.undo_batch(session, at=batch.at, now=now, limit=_IN_PLACE)
        )
    ):
        st.session_state[_BATCH] = replace(undone, changed=found[0])
    else:  # to be tried again: the handling is back already
        st.session_state[_BATCH] = replace(batch, handled=0)


def _ask(kind: str, payload: dict[str, Any], batch: Batch) -> None:
    found: list[int] = []
    now = datetime.now(UTC)
    if correction.write(
        lambda session: found.append(commands.enqueue_job(session, kind, payload, now=now))
    ):
        st.session_state[_BATCH] = replace(batch, job=found[0])


def _watch() -> None:
    """How far the worker is; once it is done the whole page is drawn anew."""
    batch: Batch | None = st.session_state.get(_BATCH)
    if batch is None or batch.job is None:
        return
    with context.get().db.read() as session:
        job = queries.job(session, batch.job)
        is_alive = queries.worker_is_alive(session, now=datetime.now(UTC))
        holding = queries.in_batch(session, batch.at)
    if not job.is_open:
        changed = batch.changed - holding if batch.is_undo else holding
        st.session_state[_BATCH] = replace(batch, job=None, changed=changed)
        if job.state == "failed":
            st.session_state["correction_error"] = job.message
        st.rerun()
    total = max(1, job.payload.get("total") or len(job.payload.get("ids", ())))
    done = min(job.result.get("done", 0), total)
    st.progress(done / total, text=_progress(batch, job, done, total, is_alive=is_alive))
    st.button("Остановить", key="stop_batch", type="tertiary", on_click=_stop, args=(batch.job,))


def _progress(batch: Batch, job: JobRow, done: int, total: int, *, is_alive: bool) -> str:
    doing = "Отменяем" if batch.is_undo else "Исправляем"
    if job.state == "queued" and not is_alive:
        return f"{doing} {ru.counted(total, ru.MENTION)}. {worker.missing('задание ждёт')}"
    if job.state == "queued":
        return f"{doing} {ru.counted(total, ru.MENTION)}: ждёт очереди у работника"
    return f"{doing}: {ru.number(done)} из {ru.counted(total, ru.OF_MENTION)}"


def _stop(job_id: int) -> None:
    """What is corrected by then can be undone like a whole batch."""
    now = datetime.now(UTC)
    correction.write(lambda session: commands.cancel_job(session, job_id, now=now))


def _forget() -> None:
    st.session_state.pop(_BATCH, None)
