"""What runs at this moment: looked at again and again while something does, and only then."""

from collections.abc import Callable
from html import escape

import streamlit as st

from insights import collecting_words as words
from insights import russian as ru
from storage.queries import SourceNow, State
from views import collecting_state
from views.collecting_state import Now

#: Running sources that are told one by one.
_SHOWN = 10


def watch(now: Now, draw: Callable[[Now], None], narrow: Callable[[Now], Now]) -> None:
    """Draw what ``now`` holds, and anew every few seconds while something runs.

    As soon as more than progress has changed (a crawl ended, a worker came) the whole page is
    drawn anew. ``narrow`` leaves of a fresh look what this page is about.
    """
    shape, own = now.shape, iter([now])

    def look() -> None:
        current = next(own, None) or narrow(collecting_state.read())
        if current.shape != shape:
            st.rerun()
        draw(current)

    st.fragment(look, run_every=now.look_every)()


def running(now: Now) -> None:
    """All that runs, a line each."""
    busy = [source for source in now.sources if source.state is State.RUNNING]
    waiting = sum(job.state == "queued" for job in now.jobs)
    lines = [_line(source, now) for source in busy[:_SHOWN]]
    if len(busy) > _SHOWN:
        lines.append(f"<div>и ещё {ru.counted(len(busy) - _SHOWN, ru.SOURCE)}</div>")
    if waiting:
        lines.append(f'<div class="ok-meta">Заданий в очереди: {ru.number(waiting)}</div>')
    if lines:
        st.html(f'<div class="ok-live" role="status">{"".join(lines)}</div>')


def _line(source: SourceNow, now: Now) -> str:
    return f"<div><b>{escape(source.label)}</b> {escape(words.progress(source, now.at))}</div>"
