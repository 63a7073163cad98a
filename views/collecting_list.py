"""The list of «Сбор»: every source in words, those that want a look first to be found."""

from functools import partial
from html import escape
from typing import Any

import streamlit as st

from insights import collecting_words as words
from insights import russian as ru
from storage.queries import SourceNow, State
from views import collecting_actions as actions
from views import collecting_live as live
from views import style, url, worker
from views.badges import badge, warning
from views.collecting_state import ADD, FIND, OPEN, SHOW, TROUBLED, Now

_PER_PAGE = 20

#: A sign and the class of its colour for each state.
_LOOKS = {
    State.RUNNING: ("▸", "busy"),
    State.GONE: ("×", "unread"),
    State.PAUSED: ("‖", "unread"),
    State.OFF: ("○", "unread"),
    State.PARKED: ("!", "negative"),
    State.BY_HAND: ("+", "neutral"),
    State.LATER: ("…", "mixed"),
    State.DUE: ("»", "neutral"),
    State.WAITING: ("✓", "positive"),
}


def draw(now: Now) -> None:
    """Head, worker, what runs, filter, sources."""
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.title("Сбор", anchor=False, width="stretch")
        st.button(
            "Добавить источник",
            key="add_source",
            type="primary",
            icon=":material/add:",
            on_click=partial(url.go, **{ADD: "1"}),
        )
    actions.tell_error()
    _removed(now)
    if not now.sources:
        _nothing()
        return
    tell_worker(now)
    live.watch(now, live.running, narrow=lambda fresh: fresh)
    _filter(now)
    found = _found(now)
    if not found:
        st.info("Таких источников нет. Уберите часть фильтра.", icon=":material/search_off:")
        return
    pages = (len(found) + _PER_PAGE - 1) // _PER_PAGE
    page = min(url.number(url.PAGE) or 1, pages)
    for source in found[(page - 1) * _PER_PAGE : page * _PER_PAGE]:
        _card(source, now)
    if pages > 1:
        url.paging("sources", page, pages)


def _look(source: SourceNow) -> tuple[str, str]:
    """Sign and CSS class of a state; no tick where the latest crawl went wrong."""
    if source.state is State.WAITING and words.is_troubled(source):
        return "!", "mixed"
    return _LOOKS[source.state]


def tell_worker(now: Now) -> None:
    """Whether somebody crawls at all, and what to do where nobody does."""
    if now.has_worker:
        st.caption(":material/check_circle: Работник на связи, сбор идёт по расписанию.")
        return
    worker.warn("по расписанию ничего не собирается, нажатые кнопки ждут")


def _removed(now: Now) -> None:
    source = actions.removed(now)
    if source is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="removed"):
        st.success(
            f"Источник «{style.plain(source.label)}» убран. Его упоминания остались.",
            icon=":material/check:",
        )
        st.button("Вернуть", key="restore_removed", on_click=actions.restore, args=(source,))


def _nothing() -> None:
    st.subheader("Пока нечего собирать", anchor=False)
    st.markdown(
        "Добавьте источник здесь — ленту, страницу с отзывами, телеграм-канал или приложение в "
        "App Store — или опишите в `config.yaml` любой другой: он появится в этом списке сам, "
        "как только заработает `otklik schedule` или `otklik serve`."
    )
    st.caption("Файл с отзывами загружается командой `otklik import отзывы.csv`.")


# Filter


def _filter(now: Now) -> None:
    counts = now.counts()
    names = {"": f"Все {ru.number(len(now.sources) - counts[State.GONE])}"}
    if counts[TROUBLED]:
        names[TROUBLED] = f"! с неполадками {ru.number(counts[TROUBLED])}"
    names |= {str(s): f"{s.words} {ru.number(counts[s])}" for s in State if counts[s]}
    chosen = url.asked(SHOW)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.pills(
            "Показать",
            list(names),
            format_func=names.__getitem__,
            required=True,
            label_visibility="collapsed",
            **_bound("show", chosen if chosen in names else "", SHOW),
        )
        st.text_input(
            "Найти источник",
            placeholder="Название, тип, бренд или адрес",
            icon=":material/search:",
            label_visibility="collapsed",
            max_chars=200,
            live=True,
            width=300,
            **_bound("find", url.asked(FIND), FIND),
        )


def _bound(key: str, value: str, part: str) -> dict[str, Any]:
    """Arguments of a widget that shows a part of the URL and writes it."""
    name = f"collecting_{key}"
    st.session_state[name] = value

    def written() -> None:
        url.go(**{part: (st.session_state[name] or "").strip(), url.PAGE: ""})

    return {"key": name, "on_change": written}


def _found(now: Now) -> list[SourceNow]:
    """The chosen sources, those with troubles first, then those that run."""
    shown, text = url.asked(SHOW), url.asked(FIND).casefold().split()
    found = [
        source
        for source in now.sources
        if _is_shown(source, shown) and all(word in _text(source) for word in text)
    ]
    return sorted(found, key=lambda source: (_rank(source), source.label.casefold()))


def _is_shown(source: SourceNow, shown: str) -> bool:
    if shown == TROUBLED:
        return words.is_troubled(source)
    if shown in set(State):
        return source.state == shown
    return source.state is not State.GONE


def _text(source: SourceNow) -> str:
    options = " ".join(str(value) for value in source.options.values())
    return f"{source.name} {source.title} {source.type} {source.brand} {options}".casefold()


def _rank(source: SourceNow) -> int:
    if source.state is State.PARKED:
        return 0
    if words.is_troubled(source):
        return 1
    last = {State.PAUSED: 4, State.OFF: 4, State.BY_HAND: 4}
    return 2 if source.state is State.RUNNING else last.get(source.state, 3)


# Cards


def _card(source: SourceNow, now: Now) -> None:
    with (
        st.container(border=True, key=f"source_{source.id}"),
        st.container(
            horizontal=True, vertical_alignment="center", gap="small", key=f"line_{source.id}"
        ),
    ):
        st.html(_told(source, now), width="stretch")
        _button(source, now)
        st.button(
            "Подробнее",
            key=f"open_{source.id}",
            type="tertiary",
            icon=":material/chevron_right:",
            icon_position="right",
            on_click=partial(url.go, **{OPEN: source.name}),
        )


def _button(source: SourceNow, now: Now) -> None:
    """The one thing that is most likely wanted."""
    if source.state in {State.PAUSED, State.PARKED, State.OFF}:
        st.button(
            "Возобновить",
            key=f"resume_{source.id}",
            icon=":material/play_arrow:",
            on_click=actions.resume,
            args=(source,),
        )
    elif can_run(source):
        is_asked = bool(now.of(source).jobs) or source.state is State.RUNNING
        st.button(
            "Собрать",
            key=f"run_{source.id}",
            icon=":material/sync:",
            disabled=is_asked,
            help="Уже собирается или ждёт своей очереди" if is_asked else None,
            on_click=actions.run_now,
            args=(source,),
        )


def can_run(source: SourceNow) -> bool:
    """Whether there is anything to crawl: not where rows come by hand, nor of what is gone."""
    return source.state not in {State.GONE, State.BY_HAND}


def head(source: SourceNow) -> str:
    """State, type and brand of a source as HTML."""
    about = [f"тип {source.type}", source.brand, "добавлен здесь" if source.origin == "app" else ""]
    told = escape(" · ".join(part for part in about if part))
    state = badge((*_look(source), source.state.words))
    return f'{state}<span class="ok-meta">{told}</span>'


def _told(source: SourceNow, now: Now) -> str:
    facts = [words.last(source, now.at)]
    if source.state is not State.RUNNING:  # how far that is stands above, where it is kept fresh
        facts.append(words.coming(source, now.at, has_worker=now.has_worker))
    facts += [words.schedule(source), ru.counted(now.mentions.get(source.id, 0), ru.MENTION)]
    if source.quota and not words.is_spent(source):
        facts.append(words.quota(source.quota, now.at))
    lines = [
        f'<div class="ok-row"><b class="ok-name">{escape(source.label)}</b>{head(source)}</div>',
        f'<div class="ok-meta">{escape(" · ".join(fact for fact in facts if fact))}</div>',
    ]
    return "".join(lines) + trouble(source)


def trouble(source: SourceNow) -> str:
    """What went wrong in the latest crawl and what to do, as HTML; empty where all is well."""
    return warning(words.advice(source))
