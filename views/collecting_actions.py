"""What the buttons of «Сбор» do: a row in the database; the worker does the rest."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import streamlit as st

from storage import commands
from storage.commands import SourceDeclaration
from storage.errors import StorageError
from storage.queries import SourceNow, State
from views import collecting_state as state
from views import context, style, url
from views.collecting_state import Now

_ERROR = "collecting_error"
_REMOVED = "collecting_removed"


def run_now(source: SourceNow) -> None:
    """Have it crawled."""
    _do(commands.run_now, source.id, now=datetime.now(UTC))


def check(source: SourceNow) -> None:
    """Have its first page looked at."""
    _do(commands.check, source.id, now=datetime.now(UTC))


def pause(source: SourceNow) -> None:
    """Let it rest."""
    if _do(commands.pause, source.id):
        st.toast(f"«{style.plain(source.label)}» на паузе", icon=":material/pause:")


def resume(source: SourceNow) -> None:
    """Let it be crawled again."""
    if _do(commands.resume, source.id):
        st.toast(
            f"«{style.plain(source.label)}» снова собирается по расписанию",
            icon=":material/play_arrow:",
        )


def undo(source: SourceNow) -> None:
    """Let what config.yaml says hold again."""
    if _do(commands.undo, source.id, zone=context.get().zone, now=datetime.now(UTC)):
        st.toast("Снова действует config.yaml", icon=":material/undo:")


def set_schedule(source: SourceNow, text: str) -> None:
    """Crawl it by this schedule from now on."""
    now = datetime.now(UTC)
    if _do(commands.set_schedule, source.id, text, zone=context.get().zone, now=now):
        st.toast("Расписание сохранено", icon=":material/check:")


def backfill(source: SourceNow, first: date | None, final: date | None) -> None:
    """Have the days ``first`` to ``final``, both included, collected."""
    if first is None or final is None:
        fail("Укажите оба дня периода.")
        return
    zone = context.get().zone
    since = datetime.combine(first, time(), zone)
    until = datetime.combine(final + timedelta(days=1), time(), zone)
    _do(commands.backfill, source.id, since=since, until=until, now=datetime.now(UTC))


def add(source: SourceDeclaration) -> bool:
    """Add a source; its first crawl is due at once."""
    is_added = _do(commands.add_source, source)
    if is_added:
        st.toast(
            f"Источник «{style.plain(source.title or source.name)}» добавлен",
            icon=":material/check:",
        )
    return is_added


def remove(source: SourceNow) -> None:
    """Crawl it no more; :func:`removed` offers to take that back."""
    if _do(commands.remove_source, source.id):
        st.session_state[_REMOVED] = source
        url.go(**{state.OPEN: ""})


def restore(source: SourceNow) -> None:
    """Take the removal back."""
    if _do(commands.restore_source, source.id):
        st.toast(f"«{style.plain(source.label)}» снова собирается", icon=":material/undo:")


def preview(kind: str, options: dict[str, Any]) -> int | None:
    """Have the first mentions of a source shown that is only a form as yet; the job's id."""
    st.session_state.pop(_ERROR, None)
    try:
        with context.get().db.write() as session:
            return commands.preview(session, kind, options, now=datetime.now(UTC))
    except StorageError as error:
        fail(str(error))
        return None


def removed(now: Now) -> SourceNow | None:
    """The source that was removed last, while that can be taken back where it was done."""
    source: SourceNow | None = st.session_state.get(_REMOVED)
    fresh = now.source(source.name) if source else None
    return fresh if fresh and fresh.state is State.GONE else None


def leave_list() -> None:
    """Forget what was removed: the user went on to something else."""
    st.session_state.pop(_REMOVED, None)


def fail(message: str) -> None:
    """Tell an error here, until something else is done or looked at."""
    st.session_state[_ERROR] = (message, _place())


def tell_error() -> None:
    """The error of the last click; it outlives the runs that happen by themselves."""
    message, place = st.session_state.get(_ERROR, ("", ""))
    if place != _place():
        st.session_state.pop(_ERROR, None)
    elif message:
        st.error(style.plain(message), icon=":material/error:")


def _place() -> str:
    return f"{url.asked(state.OPEN)} {url.asked(state.ADD)}"


def _do(command: Callable[..., Any], *arguments: Any, **named: Any) -> bool:
    """Call a command in a transaction of its own; False where it refused, which is told."""
    st.session_state.pop(_ERROR, None)
    try:
        with context.get().db.write() as session:
            command(session, *arguments, **named)
    except StorageError as error:
        fail(str(error))
        return False
    return True
