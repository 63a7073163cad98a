"""Mentions one at a time, judged from the keyboard: a key a tone, and the next one is there.

The queue is fixed when it begins: what is judged may leave the filter, and the others stay put.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import streamlit as st

from insights import russian as ru
from insights.answer_words import STATUS_NAMES, status_label
from nlp.labels import Tone
from storage import commands, queries
from storage.filters import Filter, Status
from storage.queries import MentionRow, Order
from views import cards, correction, data, mention_around, mention_status
from views.filter_words import tone_label

_QUEUE = "triage_queue"
#: A queue is no longer than this: nobody reads more in one sitting.
_LONGEST = 500
_TONES = dict(zip("1234", (Tone.NEGATIVE, Tone.NEUTRAL, Tone.POSITIVE, Tone.MIXED), strict=True))
_STATUSES = {"A": Status.ANSWERED, "W": Status.WORKING, "N": Status.IGNORED}
_KEYS = """
| клавиша | что делает |
| --- | --- |
| `1` `2` `3` `4` | поставить тональность и перейти к следующему |
| `A` `W` `N` | отвечено, в работе, не требует ответа — и следующее |
| `J` | следующее, ничего не меняя |
| `K` | предыдущее |
| `E` | исправить подробно: вид текста и о чём говорят |
| `U` | отменить последнюю правку или статус и вернуться |
| `O` | открыть в источнике |
| `H` | показать или скрыть эту подсказку |

Клавиши работают в любой раскладке, пока курсор не стоит в поле ввода.
"""


@dataclass(frozen=True, slots=True)
class Queue:
    """The mentions of a filter at one moment, where one stands, and what was done on the way.

    ``done`` are ids with the key of the step that set a status, None where a tone was judged.
    """

    where: Filter
    order: Order
    ids: tuple[int, ...]
    place: int = 0
    done: tuple[tuple[int, datetime | None], ...] = ()


def draw(where: Filter, total: int, order: Order, zone: ZoneInfo) -> None:
    """The mention at which the queue stands, or that its end is reached.

    ``total`` is how many the filter leaves: the queue may hold only the first of them.
    """
    queue = _queue(where, order)
    rows = data.ask(queries.these, where, queue.ids[queue.place : queue.place + 1])
    with st.container(key="triage", gap="small"):
        _progress(queue, total)
        if rows:
            _one(queue, rows[0], zone)
        elif queue.place < len(queue.ids):
            st.info("Это упоминание тем временем стёрто.", icon=":material/delete:")
            _steps(queue)
        else:
            st.success("Очередь разобрана.", icon=":material/done_all:")
            _steps(queue)


def _queue(where: Filter, order: Order) -> Queue:
    queue: Queue | None = st.session_state.get(_QUEUE)
    if queue is None or (queue.where, queue.order) != (where, order):
        ids = data.ask(queries.listed, where, limit=_LONGEST, order=order)
        queue = Queue(where, order, ids)
        st.session_state[_QUEUE] = queue
    return queue


def forget() -> None:
    """Begin anew when it is next looked at."""
    st.session_state.pop(_QUEUE, None)


def _progress(queue: Queue, total: int) -> None:
    n, place = len(queue.ids), min(queue.place + 1, len(queue.ids))
    told = [f"{ru.number(place)} из {ru.number(n)}"]
    if total > n == _LONGEST:
        told.append(f"первые {ru.number(n)} по фильтру")
    judged = {number for number, step in queue.done if step is None}
    handled = {number for number, step in queue.done if step is not None}
    if judged:
        told.append(f"исправлено или подтверждено: {ru.number(len(judged))}")
    if handled:
        told.append(f"поставлено статусов: {ru.number(len(handled))}")
    st.progress(queue.place / max(n, 1), text=" · ".join(told))


def _one(queue: Queue, row: MentionRow, zone: ZoneInfo) -> None:
    # Screen readers tell the new text when a key has brought it.
    with st.container(border=True, key=f"mention_{row.id}", gap="xsmall"):
        st.html(f'<div aria-live="polite">{cards.card(row, zone)}</div>')
        mention_around.draw(row, data.ask(queries.around, [row.id])[row.id], zone)
        if correction.is_edited(row.id):
            correction.form(row)
            return
        with st.container(horizontal=True, gap="small", key=f"actions_{row.id}"):
            mention_status.menu(row)
    with st.container(horizontal=True, gap="small", key="triage_tones"):
        for key, tone in _TONES.items():
            st.button(
                tone_label(tone),
                key=f"triage_{tone}",
                shortcut=key,
                type="primary" if tone == row.tone else "secondary",
                on_click=_judge,
                args=(queue, row, tone),
            )
    with st.container(horizontal=True, gap="small", key="triage_statuses"):
        for key, status in _STATUSES.items():
            st.button(
                status_label(status),
                key=f"triage_{status}",
                shortcut=key,
                type="primary" if status == row.handled.status else "secondary",
                disabled=row.handled.told,
                help="Ответ компании показывает сам источник" if row.handled.told else None,
                on_click=_handle,
                args=(queue, row, status),
            )
    _steps(queue, row)


def _steps(queue: Queue, row: MentionRow | None = None) -> None:
    with st.container(horizontal=True, gap="small", key="triage_steps"):
        _button("Назад", "K", "arrow_back", _go, (queue, -1), is_off=queue.place == 0)
        at_end = queue.place >= len(queue.ids)
        _button("Дальше", "J", "arrow_forward", _go, (queue, 1), is_off=at_end)
        if row:
            _button("Исправить", "E", "edit", correction.begin, (row.id,))
        _button("Отменить", "U", "undo", _take_back, (queue,), is_off=not queue.done)
        if row and cards.is_web(row.url):
            st.link_button(
                "Источник",
                row.url,
                key="triage_open",
                type="tertiary",
                icon=":material/open_in_new:",
                shortcut="O",
            )
        keys = "triage_keys"
        shown = bool(st.session_state.get(keys, False))
        _button("Клавиши", "H", "keyboard", _flip, (keys, not shown))
    if shown:
        st.markdown(_KEYS)


def _button(
    label: str, key: str, icon: str, act: object, args: Sequence[object], *, is_off: bool = False
) -> None:
    st.button(
        label,
        key=f"triage_{key}",
        shortcut=key,
        type="tertiary",
        icon=f":material/{icon}:",
        disabled=is_off,
        on_click=act,  # type: ignore[arg-type]
        args=tuple(args),
    )


def _go(queue: Queue, by: int) -> None:
    place = max(0, min(queue.place + by, len(queue.ids)))
    st.session_state[_QUEUE] = replace(queue, place=place)


def _judge(queue: Queue, row: MentionRow, tone: Tone) -> None:
    """A tone that the model had found is confirmed: a human has seen it."""
    now = datetime.now(UTC)
    if row.tone == tone and row.corrected:
        _go(queue, 1)
    elif correction.write(lambda s: commands.correct(s, row.id, tone=tone, now=now)):
        st.toast(f"Поставлено: {tone_label(tone)}", icon=":material/check:")
        _go(replace(queue, done=(*queue.done, (row.id, None))), 1)


def _handle(queue: Queue, row: MentionRow, status: Status) -> None:
    at = datetime.now(UTC)
    if row.handled.status == status:
        _go(queue, 1)
    elif mention_status.set_status(row.id, status, at=at):
        st.toast(f"Поставлено: {STATUS_NAMES[status]}", icon=":material/check:")
        _go(replace(queue, done=(*queue.done, (row.id, at))), 1)


def _take_back(queue: Queue) -> None:
    *earlier, (last, step) = queue.done
    if step is None:
        correction.undo(last)
    else:
        now = datetime.now(UTC)
        correction.write(lambda session: commands.undo_handled(session, at=step, now=now))
    place = queue.ids.index(last)
    st.session_state[_QUEUE] = replace(queue, place=place, done=tuple(earlier))


def _flip(key: str, shown: bool) -> None:
    st.session_state[key] = shown
