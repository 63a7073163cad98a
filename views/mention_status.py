"""The status of a mention: a badge that opens a small menu for status, assignee and a note."""

from datetime import UTC, datetime
from typing import Any

import streamlit as st

from insights import russian as ru
from insights.answer_words import STATUS_NAMES, status_label
from storage import commands, queries
from storage.commands import LONGEST_NOTE, Step
from storage.filters import Status
from storage.queries import HandlingRow, MentionRow
from views import context, correction, data, style

#: Longer names are cut on the badge.
_LONGEST = 20
#: So many of the latest steps are told in the menu.
_MOST_STEPS = 5
_TOLD = "Ответ компании показывает сам источник, поэтому статус — «отвечено»."
_EXPLAINED = "Статус, кто отвечает, заметка"


def menu(row: MentionRow) -> None:
    """The badge; what stands in the menu is read for who opens it."""
    key = f"status_{row.id}"
    opened = st.popover(
        _badge(row), key=key, type="tertiary", help=_EXPLAINED, on_change="rerun", width="content"
    )
    if opened.open:
        with opened:
            _form(row, key)
            _past(row, key)


def set_status(mention_id: int, status: Status, *, at: datetime) -> bool:
    """Whether the status of one mention was set; what hindered it is told above the list."""
    found: list[int] = []
    step = Step(status)
    written = correction.write(
        lambda session: found.append(commands.handle(session, [mention_id], step, at=at))
    )
    return written and bool(found[0])


def names() -> tuple[str, ...]:
    """Names that mentions were assigned to before."""
    return data.ask(queries.assignees)


def _badge(row: MentionRow) -> str:
    handled = row.handled
    label = status_label(handled.status)
    if handled.assignee:
        name = handled.assignee
        label += f" · {name if len(name) <= _LONGEST else name[:_LONGEST].rstrip() + '…'}"
    return style.plain(label)


def _form(row: MentionRow, key: str) -> None:
    handled = row.handled
    known = list(dict.fromkeys([*names(), *([handled.assignee] if handled.assignee else [])]))
    with st.form(f"handling_{row.id}", border=False):
        if handled.told:
            st.caption(_TOLD)
        else:
            st.radio(
                "Статус",
                list(Status),
                index=list(Status).index(handled.status),
                format_func=status_label,
                key=f"set_status_{row.id}",
            )
        st.selectbox(
            "Кто отвечает",
            known,
            index=known.index(handled.assignee) if handled.assignee else None,
            placeholder="выберите или впишите имя",
            accept_new_options=True,
            key=f"set_assignee_{row.id}",
        )
        st.text_area(
            "Заметка",
            handled.note,
            max_chars=LONGEST_NOTE,
            height=80,
            key=f"set_note_{row.id}",
        )
        st.form_submit_button(
            "Сохранить", type="primary", key=f"save_status_{row.id}", on_click=_save,
            args=(row, key),
        )  # fmt: skip


def _save(row: MentionRow, key: str) -> None:
    now = datetime.now(UTC)
    set_to = st.session_state.get(f"set_status_{row.id}")
    step = Step(
        Status(set_to) if set_to else None,
        st.session_state[f"set_assignee_{row.id}"] or "",
        st.session_state[f"set_note_{row.id}"],
    )
    _written(lambda session: commands.handle(session, [row.id], step, at=now), key, "Сохранено")


def _past(row: MentionRow, key: str) -> None:
    """The latest steps, and the way back."""
    with context.get().db.read() as session:
        steps = queries.handling_steps(session, row.id)
    if not steps:
        return
    zone = context.get().zone
    for step in steps[:_MOST_STEPS]:
        when = ru.moment(step.at.astimezone(zone))
        st.caption(style.plain(f"{when}: {_told(step)}"))
    if any(not step.undone for step in steps):
        st.button(
            "Отменить последнее",
            key=f"undo_status_{row.id}",
            type="tertiary",
            icon=":material/undo:",
            on_click=_undo,
            args=(row.id, key),
        )


def _told(step: HandlingRow) -> str:
    parts = [STATUS_NAMES[step.status]]
    if step.assignee:
        parts.append(step.assignee)
    if step.note:
        parts.append(f"«{step.note}»")
    return ", ".join(parts) + (" — отменено" if step.undone else "")


def _undo(mention_id: int, key: str) -> None:
    now = datetime.now(UTC)
    _written(lambda session: commands.undo_handling(session, mention_id, now=now), key, "Отменено")


def _written(change: Any, key: str, told: str) -> None:
    """Write; the menu closes, and an error is told above the list."""
    if correction.write(change):
        st.toast(told, icon=":material/check:")
    st.session_state[key] = False
