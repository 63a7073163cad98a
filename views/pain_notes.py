"""What is being done about a pain: its status, a note, since when; and all of it taken back."""

from collections.abc import Callable
from datetime import UTC, datetime
from html import escape

import streamlit as st
from sqlmodel import Session

from insights import russian as ru
from storage import commands
from storage.commands import NoteStatus
from storage.errors import StorageError
from storage.queries import BrandRow, NoteRow, holding
from views import context, state, style
from views.pain_state import Now

STATUS_NAMES = {
    NoteStatus.NEW: "новое",
    NoteStatus.WORKING: "в работе",
    NoteStatus.FIXED: "исправлено",
    NoteStatus.ACCEPTED: "не считаем проблемой",
}
_SIGNS = {
    NoteStatus.NEW: "○",
    NoteStatus.WORKING: "◐",
    NoteStatus.FIXED: "✓",
    NoteStatus.ACCEPTED: "–",
}
_EDITED, _ERROR = "edited_note", "note_error"
_EXPLAINED = (
    "«Исправлено» с днём покажет, стало ли после него меньше жалоб. "
    "Отметки видят все, кто открывает приложение; на цифры они не влияют."
)


def badge(note: NoteRow) -> str:
    """«✓ исправлено 3 марта»; empty for what is new."""
    if note.status is NoteStatus.NEW:
        return ""
    title = f' title="{escape(note.note)}"' if note.note else ""
    return f'<span class="ok-chip ok-busy"{title}><b>{_SIGNS[note.status]}</b>{word(note)}</span>'


def word(note: NoteRow) -> str:
    """«исправлено 3 марта»."""
    since = ru.day(note.day, year=False)
    if note.status in (NoteStatus.FIXED, NoteStatus.NEW):
        return f"{STATUS_NAMES[note.status]} {since}"
    return f"{STATUS_NAMES[note.status]} с{ru.NBSP}{since}"


def tell_brand(now: Now) -> None:
    """Where several brands are looked at: notes belong to one of them."""
    if now.brand is None:
        st.caption(
            "Отметки «в работе» и «исправлено» ведутся для каждого бренда отдельно: "
            "чтобы видеть их и ставить, выберите один бренд."
        )


def draw(now: Now, touchpoint: str) -> None:
    """What holds of the touchpoint, the way to change it, what was noted before."""
    if now.brand is None:
        _choose(now)
        return
    _tell_error()
    own = [note for note in now.notes if note.touchpoint == touchpoint]
    held = holding(own).get(touchpoint)
    if st.session_state.get(_EDITED) == (now.brand.id, touchpoint):
        _form(now, now.brand, touchpoint, held)
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.html(_held(held), width="content")
        st.button(
            "Отметить" if held is None else "Изменить",
            key="edit_note",
            type="tertiary",
            icon=":material/edit:",
            help=_EXPLAINED,
            on_click=_edit,
            args=((now.brand.id, touchpoint),),
        )
        if held:
            st.button(
                "Отменить отметку",
                key="undo_note",
                type="tertiary",
                icon=":material/undo:",
                on_click=_undo,
                args=(now.brand.id, touchpoint),
            )
        if len(own) > 1 or (own and held is None):
            with st.popover("Раньше", icon=":material/history:", type="tertiary"):
                st.html("".join(_past(note) for note in own))
    if held and held.note:
        st.html(f'<div class="ok-answer">{escape(held.note)}</div>')


def _choose(now: Now) -> None:
    tell_brand(now)
    brands = [brand for brand in now.basics.catalog.brands if brand.code]
    if now.where.brands:
        brands = [brand for brand in brands if brand.id in now.where.brands]
    with st.container(horizontal=True, gap="small"):
        for brand in brands:
            st.button(
                style.plain(brand.name),
                key=f"note_brand_{brand.id}",
                on_click=state.change,
                kwargs={"brands": (brand.id,)},
            )


def _held(note: NoteRow | None) -> str:
    told = badge(note) if note else ""
    return told or f'<span class="ok-chip ok-plain">{_SIGNS[NoteStatus.NEW]} новое</span>'


def _past(note: NoteRow) -> str:
    zone = context.get().zone
    at = ru.moment(note.created_at.astimezone(zone))
    undone = " · отменено" if note.undone else ""
    text = f"<div>{escape(note.note)}</div>" if note.note else ""
    return (
        f'<div class="ok-latest"><b>{word(note)}</b> '
        f'<span class="ok-meta">записано {at}{undone}</span>{text}</div>'
    )


def _form(now: Now, brand: BrandRow, touchpoint: str, held: NoteRow | None) -> None:
    with st.container(border=True, key="note_form"):
        status = st.segmented_control(
            "Что с этим",
            list(NoteStatus),
            format_func=STATUS_NAMES.__getitem__,
            default=held.status if held else NoteStatus.WORKING,
            required=True,
            key="note_status",
        )
        # Another status came to be on another day; the same one keeps its own.
        same = held is not None and held.status == status
        day = st.date_input(
            "С какого дня",
            value=held.day if held and same else now.basics.today,
            max_value=now.basics.today,
            format="DD.MM.YYYY",
            help="Для «исправлено» — день, когда исправление дошло до клиентов.",
            key=f"note_day_{status}",
            width=200,
        )
        text = st.text_area(
            "Заметка",
            value=held.note if held else "",
            placeholder="что делаем, кто отвечает, ссылка на задачу",
            max_chars=commands.LONGEST_NOTE,
            key="note_text",
        )
        with st.container(horizontal=True, gap="small"):
            saved = st.button("Сохранить", type="primary", key="save_note")
            st.button("Не менять", type="tertiary", key="leave_note", on_click=_edit, args=(None,))
    if not saved:
        return

    def write(session: Session) -> None:
        commands.set_note(
            session,
            brand.id,
            touchpoint,
            status or NoteStatus.NEW,
            note=text,
            day=day,
            today=now.basics.today,
            now=datetime.now(UTC),
        )

    if _write(write):
        _edit(None)
    st.rerun()


def _undo(brand_id: int, touchpoint: str) -> None:
    _write(lambda s: commands.undo_note(s, brand_id, touchpoint, now=datetime.now(UTC)))


def _write(change: Callable[[Session], None]) -> bool:
    """Whether it went through; else why not is told on top of the form."""
    try:
        with context.get().db.write() as session:
            change(session)
    except StorageError as error:
        st.session_state[_ERROR] = str(error)
        return False
    return True


def _edit(what: tuple[int, str] | None) -> None:
    st.session_state[_EDITED] = what


def _tell_error() -> None:
    message = st.session_state.pop(_ERROR, None)
    if message:
        st.error(style.plain(message), icon=":material/error:")
