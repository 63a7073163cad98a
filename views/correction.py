"""Correcting a mention in place: tone, kind and what is said about which touchpoint."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from nlp.labels import KIND_NAMES, TOUCHPOINT_NAMES, Kind, Tone, Touchpoint
from storage import commands
from storage.commands import CorrectedOpinion
from storage.errors import StorageError
from storage.queries import MentionRow
from views import context
from views.filter_words import tone_label

_EDITED = "edited_mention"
_SIDES = (
    (Tone.NEGATIVE, "Негатив о…"),
    (Tone.POSITIVE, "Позитив о…"),
    (Tone.NEUTRAL, "Нейтрально о…"),
)


def draw(row: MentionRow) -> None:
    """The buttons under a mention, or the form where it is being corrected."""
    if is_edited(row.id):
        form(row)
        return
    with st.container(horizontal=True, gap="small", key=f"actions_{row.id}"):
        buttons(row)


def buttons(row: MentionRow) -> None:
    """To correct a mention, and to take the latest correction back."""
    st.button(
        "Исправить",
        key=f"edit_{row.id}",
        type="tertiary",
        icon=":material/edit:",
        on_click=begin,
        args=(row.id,),
    )
    if row.corrected:
        st.button(
            "Отменить правку",
            key=f"undo_{row.id}",
            type="tertiary",
            icon=":material/undo:",
            on_click=undo,
            args=(row.id,),
        )


def is_edited(mention_id: int) -> bool:
    """Whether the form of this mention is open."""
    return bool(st.session_state.get(_EDITED) == mention_id)


def form(row: MentionRow) -> None:
    """What is said of the mention, to be set right."""
    names = {str(code): name for code, name in TOUCHPOINT_NAMES.items()}
    with st.form(f"correction_{row.id}"):
        tone = st.segmented_control(
            "Тональность", list(Tone), format_func=tone_label, default=Tone(row.tone or "neutral"),
            required=True, key=f"tone_{row.id}",
        )  # fmt: skip
        kinds = list(Kind)
        kind = st.selectbox(
            "Что это за текст", kinds, index=kinds.index(Kind(row.kind or "other")),
            format_func=lambda code: KIND_NAMES[code], key=f"kind_{row.id}",
        )  # fmt: skip
        chosen: dict[Tone, list[str]] = {}
        for column, (side, title) in zip(st.columns(3), _SIDES, strict=True):
            chosen[side] = column.multiselect(
                title,
                list(names),
                default=_touchpoints(row, side),
                format_func=lambda code: names[code],
                placeholder="выберите",
                select_all=False,
                key=f"{side}_{row.id}",
            )
        with st.container(horizontal=True, gap="small"):
            saved = st.form_submit_button("Сохранить", type="primary", key=f"save_{row.id}")
            left = st.form_submit_button("Не менять", type="tertiary", key=f"leave_{row.id}")
    if saved:
        _save(row, tone or Tone.NEUTRAL, kind or Kind.OTHER, chosen)
    if saved or left:
        st.session_state.pop(_EDITED, None)
        st.rerun()


def _save(row: MentionRow, tone: Tone, kind: Kind, chosen: dict[Tone, list[str]]) -> None:
    """Store what was changed; what stayed keeps following the model."""
    opinions = corrected_opinions(row, chosen)
    kept = [CorrectedOpinion(Touchpoint(o.touchpoint), Tone(o.tone), o.start, o.end)
            for o in row.opinions]  # fmt: skip
    changed: dict[str, Any] = {
        "tone": tone if tone != row.tone else None,
        "kind": kind if kind != row.kind else None,
        "opinions": opinions if set(opinions) != set(kept) else None,
    }
    if all(value is None for value in changed.values()):
        return
    if write(lambda session: commands.correct(session, row.id, **changed, now=datetime.now(UTC))):
        st.toast("Исправлено, цифры пересчитаны", icon=":material/check:")


def corrected_opinions(
    row: MentionRow, chosen: dict[Tone, list[str]]
) -> Sequence[CorrectedOpinion]:
    """The full corrected list: evidence stays where the judgement stayed, a new one has none."""
    result = []
    for tone, touchpoints in chosen.items():
        for touchpoint in touchpoints:
            spans = [
                (o.start, o.end)
                for o in row.opinions
                if o.touchpoint == touchpoint and o.tone == tone
            ]
            result += [
                CorrectedOpinion(Touchpoint(touchpoint), tone, start, end)
                for start, end in spans or [(0, 0)]
            ]
    return result


def _touchpoints(row: MentionRow, tone: Tone) -> list[str]:
    return list(dict.fromkeys(o.touchpoint for o in row.opinions if o.tone == tone))


def begin(mention_id: int) -> None:
    """Open the form of a mention."""
    st.session_state[_EDITED] = mention_id


def undo(mention_id: int) -> None:
    """Take back the latest correction of a mention."""
    now = datetime.now(UTC)
    if write(lambda session: commands.undo_correction(session, mention_id, now=now)):
        st.toast("Правка отменена", icon=":material/undo:")


def write(change: Callable[[Any], object]) -> bool:
    """Whether the change could be written; what hindered it is told by :func:`tell_errors`."""
    try:
        with context.get().db.write() as session:
            change(session)
    except StorageError as error:
        st.session_state["correction_error"] = str(error)
        return False
    return True


def tell_errors() -> None:
    """An error of a correction, told once, above the list."""
    message = st.session_state.pop("correction_error", None)
    if message:
        st.error(message, icon=":material/error:")
