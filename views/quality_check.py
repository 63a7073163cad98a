"""Checking mentions one by one: those the model doubts, or a random draw without its answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape

import streamlit as st

from insights import quality as insight
from insights import quality_words as words
from insights import russian as ru
from insights.quality import Spot
from nlp.labels import MODEL_TONES, TONE_NAMES, Tone
from storage import commands, queries
from storage.errors import StorageError
from storage.filters import Filter, to_params
from storage.queries import MentionRow
from views import cards, context, correction, data, quality_own, state
from views.data import Basics
from views.filter_words import tone_label
from views.switch import switch

_LAST = "check_last"
_SKIPPED = "check_skipped"
_ERROR = "check_error"
_QUEUES = {"doubt": "В чём модель сомневается", "random": "Случайные, вслепую"}
#: Sizes of a random check.
_SIZES = (50, 100, 200)
#: The share of right answers by which the promised interval is told.
_GUESS = 0.8
_OF_DRAWN: ru.Forms = ("упоминание", "упоминания", "упоминаний")


@dataclass(frozen=True, slots=True)
class _Last:
    """What was answered last; ``said`` is the model's tone, empty where it is kept from view."""

    mention_id: int
    tone: Tone
    said: str


def draw(basics: Basics, where: Filter) -> None:
    """The queue that is chosen."""
    queue = switch("Что проверять", _QUEUES, key="queue")
    if message := st.session_state.pop(_ERROR, None):
        st.error(message, icon=":material/error:")
    correction.tell_errors()
    if data.model() is None:
        st.info("Упоминания ещё не размечены: проверять нечего.", icon=":material/search_off:")
    elif queue == "random":
        _random(basics, where)
    else:
        _doubt(where)


# What the model doubts


def _doubt(where: Filter) -> None:
    st.caption(
        f"Упоминания по фильтру, в которых модель уверена меньше чем на "
        f"{ru.percent(queries.DOUBTFUL / 1000)}: сначала самые сомнительные. Ответ сразу меняет "
        "все цифры и идёт в обучение. Упоминаний о нескольких брендах здесь нет: у каждого бренда "
        "в них своя тональность."
    )
    left = data.ask(queries.count_doubtful, where)
    _progress(left)
    skipped = tuple(st.session_state.get(_SKIPPED, ()))
    ids = data.ask(queries.least_certain, where, limit=1, without=skipped)
    _told_last()
    if not ids:
        _nothing_left(skipped)
        return
    for row in data.ask(queries.these, where, ids):
        with st.container(border=True, key=f"mention_{row.id}", gap="xsmall"):
            st.html(cards.card(row, context.get().zone) + _sure(row))
            correction.draw(row)
            if not correction.is_edited(row.id):  # else Enter would answer instead of saving
                _buttons(row, shown=Tone(row.tone or Tone.NEUTRAL))


def _sure(row: MentionRow) -> str:
    if row.scores is None:
        return ""
    told = ", ".join(
        f"{TONE_NAMES[tone]} {ru.percent(score)}"
        for tone, score in zip(MODEL_TONES, row.scores, strict=True)
    )
    return f'<div class="ok-meta">Вероятности по модели: {told}</div>'


def _progress(left: int) -> None:
    zone = context.get().zone
    today = context.get().clock()
    done = sum(check.at.astimezone(zone).date() == today for check in data.ask(queries.checks))
    more = "больше " if left >= queries.MOST_COUNTED else ""
    waiting = f"осталось сомнительных: {more}{ru.number(left)}"
    st.progress(done / (done + left) if done else 0.0, f"Сегодня проверено {done}, {waiting}")


def _nothing_left(skipped: Sequence[int]) -> None:
    if not skipped:
        st.success("Сомнительных упоминаний по этому фильтру нет.", icon=":material/task_alt:")
        return
    st.info(f"Остались только пропущенные: {len(skipped)}.", icon=":material/redo:")
    st.button("Показать пропущенные", key="show_skipped", on_click=_unskip)


# A random draw


def _random(basics: Basics, where: Filter) -> None:
    used = data.model() or ""
    found = quality_own.spots(basics, data.ask(queries.checks))
    spot = next((spot for spot in found if spot.row.model_version == used), None)
    if spot is None or not spot.asked:
        _begin(where, used, basics)
    elif spot.left:
        _ask_next(spot, where)
    else:
        _ended(spot, where, used, basics)


def _begin(where: Filter, used: str, basics: Basics) -> None:
    st.markdown(
        "Мы выберем случайные упоминания из тех, что подходят под фильтр, и покажем их **без "
        "ответа модели**, чтобы он не подсказывал. Ваши ответы станут правками, а доля "
        "совпадений — честной оценкой точности на ваших данных. Прерваться можно в любой момент."
    )
    size = st.segmented_control(
        "Сколько упоминаний", _SIZES, default=_SIZES[0], required=True, key="spot_size"
    )
    widths = "; ".join(f"{n} упоминаний — ±{_half(n)}" for n in _SIZES)
    st.caption(f"Чем больше, тем уже интервал: {widths} пунктов.")
    if st.button("Начать", key="start_spot", type="primary", icon=":material/casino:"):
        _start(where, size or _SIZES[0], used, basics)


def _half(size: int) -> int:
    """Half the width of the interval, in points."""
    figure = insight.expected(size, _GUESS)
    return round((figure.high - figure.low) * 50)


def _start(where: Filter, size: int, used: str, basics: Basics) -> None:
    try:
        with st.spinner("Выбираем…"), context.get().db.read() as session:
            ids, population = queries.draw(session, where, size)
        with context.get().db.write() as session:
            commands.start_spot_check(
                session,
                ids,
                population=population,
                model_version=used,
                params=to_params(where, basics.catalog.names),
                now=datetime.now(UTC),
            )
    except StorageError as error:
        st.session_state[_ERROR] = str(error)
    st.session_state.pop(_LAST, None)
    st.rerun()


def _ask_next(spot: Spot, where: Filter) -> None:
    st.progress(
        spot.done / spot.asked,
        f"Проверено {spot.done} из {ru.counted(spot.asked, _OF_DRAWN)}; выбрано случайно из "
        f"{ru.number(spot.row.population)}",
    )
    _told_last()
    skipped = st.session_state.get(_SKIPPED, ())
    # Skipped ones come again at the end: left out, they would make the sample less random.
    left = [number for number in spot.left if number not in skipped] or list(spot.left)
    for row in data.ask(queries.these, where, (left[0],)):
        with st.container(border=True, key=f"mention_{row.id}", gap="xsmall"):
            st.html(cards.unlabelled(row, context.get().zone))
            _buttons(row, shown=None)


def _ended(spot: Spot, where: Filter, used: str, basics: Basics) -> None:
    _told_last()
    right = spot.agreement.right
    if right:
        st.success(
            f"Проверено {ru.counted(spot.asked, _OF_DRAWN)}: тональность верна в "
            f"{words.with_n(right)}.",
            icon=":material/task_alt:",
        )
        if st.button("Разобрать по классам и источникам", key="to_accuracy", type="tertiary"):
            state.keep("part", "accuracy")
            st.rerun()
    st.subheader("Новая проверка", anchor=False)
    _begin(where, used, basics)


# Answers


def _buttons(row: MentionRow, *, shown: Tone | None) -> None:
    """A button and a digit for each tone; Enter where the answer that is ``shown`` is right."""
    with st.container(horizontal=True, gap="small", key=f"answers_{row.id}"):
        if shown:
            st.button(
                f"Верно: {TONE_NAMES[shown]}", key=f"right_{row.id}", type="primary",
                icon=":material/check:", shortcut="Enter", on_click=_answer,
                args=(row, shown, shown),
            )  # fmt: skip
        for digit, tone in enumerate(Tone, 1):
            if tone != shown:
                st.button(
                    tone_label(tone), key=f"answer_{tone}_{row.id}", shortcut=str(digit),
                    on_click=_answer, args=(row, tone, shown),
                )  # fmt: skip
        st.button(
            "Пропустить", key=f"skip_{row.id}", type="tertiary", shortcut="0",
            on_click=_skip, args=(row.id,),
        )  # fmt: skip


def _answer(row: MentionRow, tone: Tone, shown: Tone | None) -> None:
    try:
        with context.get().db.write() as session:
            commands.correct(session, row.id, tone=tone, now=datetime.now(UTC))
    except StorageError as error:
        st.session_state[_ERROR] = str(error)
        return
    st.session_state[_LAST] = _Last(row.id, tone, str(shown or ""))


def _skip(mention_id: int) -> None:
    st.session_state[_SKIPPED] = [*st.session_state.get(_SKIPPED, ()), mention_id]


def _unskip() -> None:
    st.session_state.pop(_SKIPPED, None)


def _told_last() -> None:
    """What was answered last, with the way back; the place is kept where nothing was."""
    last: _Last | None = st.session_state.get(_LAST)
    if last is None:
        return
    told = f"Записано: {TONE_NAMES[last.tone]}."
    if last.said and last.said != last.tone:
        told += f" Модель считала: {TONE_NAMES[Tone(last.said)]}."
    with st.container(horizontal=True, vertical_alignment="center", key="told_last"):
        st.html(f'<span class="ok-meta">{escape(told)}</span>', width="content")
        st.button(
            "Вернуть", key="undo_last", type="tertiary", icon=":material/undo:", on_click=_undo,
            args=(last.mention_id,),
        )  # fmt: skip


def _undo(mention_id: int) -> None:
    st.session_state.pop(_LAST, None)
    try:
        with context.get().db.write() as session:
            commands.undo_correction(session, mention_id, now=datetime.now(UTC))
    except StorageError as error:
        st.session_state[_ERROR] = str(error)
