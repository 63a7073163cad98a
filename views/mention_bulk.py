"""The bar above the list where several mentions are marked: how many, and what becomes of them."""

from collections.abc import Sequence

import streamlit as st

from insights import russian as ru
from insights.answer_words import NOBODY, status_label
from nlp.labels import KIND_NAMES, TOUCHPOINT_NAMES, Kind, Tone, Touchpoint
from storage import queries
from storage.commands import Change, Step
from storage.filters import Filter, Status
from storage.queries import MentionRow, Order
from views import data, download, mention_batch, mention_picks, mention_status
from views.filter_words import tone_label

#: More are not corrected at once: who means so many means a rule, not a correction.
_MOST_AT_ONCE = 10_000
#: From so many on they are asked once more.
_ASKED_FROM = 50
#: Stands for nobody among the names: none is written so.
_NOBODY = "-"


def draw(where: Filter, rows: Sequence[MentionRow], total: int, order: Order) -> None:
    """The bar; ``rows`` are those of the page, ``total`` all that the filter leaves."""
    chosen = mention_picks.picked(where)
    with st.container(border=True, key="bulk", gap="small"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(f"**Отмечено: {ru.number(len(chosen))}**", width="content")
            st.button(
                "Все на странице",
                key="pick_page",
                on_click=mention_picks.pick,
                args=([row.id for row in rows],),
            )
            _everything(where, total, order)
            st.button(
                "Снять отметки",
                key="pick_none",
                type="tertiary",
                disabled=not chosen,
                on_click=mention_picks.drop,
            )
            if chosen:
                download.draw(where, len(chosen), chosen)
        _change(chosen)


def _everything(where: Filter, total: int, order: Order) -> None:
    is_too_many = total > _MOST_AT_ONCE

    def pick() -> None:
        mention_picks.pick(data.ask(queries.listed, where, limit=_MOST_AT_ONCE, order=order))

    st.button(
        f"Все {ru.number(total)} по фильтру",
        key="pick_all",
        disabled=is_too_many,
        help=f"Сразу можно отметить не больше {ru.number(_MOST_AT_ONCE)}: сузьте период или фильтр"
        if is_too_many
        else None,
        on_click=pick,
    )


def _change(chosen: Sequence[int]) -> None:
    with st.form("bulk_change", border=False):
        left, middle, right = st.columns(3)
        tone = left.selectbox(
            "Поставить тональность", list(Tone), index=None, format_func=tone_label,
            placeholder="не менять", key="bulk_tone",
        )  # fmt: skip
        kind = middle.selectbox(
            "Поставить вид текста", list(Kind), index=None,
            format_func=lambda code: KIND_NAMES[code], placeholder="не менять", key="bulk_kind",
        )  # fmt: skip
        without = right.selectbox(
            "Убрать мнения о…", list(Touchpoint), index=None,
            format_func=lambda code: TOUCHPOINT_NAMES[code], placeholder="ничего не убирать",
            key="bulk_without",
        )  # fmt: skip
        step = _step()
        asked = st.form_submit_button("Изменить отмеченные", type="primary", key="bulk_apply")
    change = Change(tone, kind, without)
    if not asked:
        return
    if not chosen:
        st.warning("Сначала отметьте упоминания.", icon=":material/check_box:")
    elif change == Change() and step == Step():
        st.warning(
            "Выберите, что изменить: тональность, вид, тему, статус или кто отвечает.",
            icon=":material/edit:",
        )
    elif len(chosen) < _ASKED_FROM:
        _apply(chosen, change, step)
        st.rerun()
    else:
        _confirm(chosen, change, step)


def _step() -> Step:
    """What of the form is about answering."""
    left, middle, _ = st.columns(3)
    status = left.selectbox(
        "Поставить статус", list(Status), index=None, format_func=status_label,
        placeholder="не менять", key="bulk_status",
    )  # fmt: skip
    assignee = middle.selectbox(
        "Кто отвечает", [_NOBODY, *mention_status.names()], index=None,
        format_func=lambda name: NOBODY if name == _NOBODY else name,
        placeholder="не менять; впишите имя", accept_new_options=True, key="bulk_assignee",
    )  # fmt: skip
    named = "" if assignee == _NOBODY else assignee
    return Step(Status(status) if status else None, named)


@st.dialog("Изменить отмеченные?")
def _confirm(chosen: Sequence[int], change: Change, step: Step) -> None:
    n = ru.counted(len(chosen), ru.MENTION)
    told = (mention_batch.words_of(change), mention_batch.words_of_step(step))
    st.markdown(f"Будет изменено {n}: {', '.join(filter(None, told))}.")
    st.caption("Цифры на всех страницах пересчитаются. Всё сразу можно будет отменить.")
    with st.container(horizontal=True, gap="small"):
        if st.button(
            "Изменить",
            key="bulk_confirm",
            type="primary",
            on_click=_apply,
            args=(chosen, change, step),
        ):
            st.rerun()
        if st.button("Не менять", key="bulk_leave", type="tertiary"):
            st.rerun()


def _apply(chosen: Sequence[int], change: Change, step: Step) -> None:
    mention_batch.apply(chosen, change, step)
    mention_picks.drop()
