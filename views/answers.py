"""«Ответы»: how many mentions the company answers, how soon, and who still waits."""

from typing import Any

import streamlit as st

from insights import answer_words as words
from insights import answering, stats
from insights import russian as ru
from insights.answering import Answering
from insights.changes import Measure
from reports import charts
from storage import queries
from storage.filters import Filter
from storage.queries import Order
from views import answers_state, answers_table, cards, context, data, opening, state, style
from views.answers_state import WAITING, Now
from views.filter_words import period_label

#: «в 3 из 8 источников».
_OF_SOURCES: ru.Forms = ("источника", "источников", "источников")
#: So many of those who wait longest are shown.
_QUEUE = 5
_SHARE = (
    "Доля упоминаний с ответом компании: ответ показывает источник или стоит статус «отвечено». "
    "Считаются голоса клиентов без повторов, кроме «не требует ответа»."
)
_WAIT = (
    "Медиана времени от публикации до первого ответа — среди упоминаний, на которые ответили: "
    "половине ответили быстрее."
)


def draw() -> None:
    """The page."""
    basics = data.basics()
    where = state.current(basics)
    now = answers_state.read(basics, where)
    found = now.found
    st.html(
        f'<div class="ok-headline ok-{"unread" if not found.known_ids else "busy"}" role="status">'
        f'<p class="said">{words.headline(found)}</p></div>'
    )
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"
    ):
        _told_of(now, where)
        answers_state.patience(now.hours)
    if not found.sources:
        st.info("Расширьте период или уберите часть фильтров.", icon=":material/search_off:")
        return
    if not found.known_ids:
        _how_to_begin()
    else:
        _tiles(now)
        _over_time(now)
    st.subheader("По источникам", anchor=False)
    answers_table.sources(now)
    answers_table.people(now)
    _queue(now)
    _explained(found)


def _told_of(now: Now, where: Filter) -> None:
    brands = [b.name or "без бренда" for b in now.basics.catalog.brands if b.id in where.brands]
    told = f"{', '.join(brands) or 'Все бренды'} · {period_label(where)}"
    known, n = len(now.found.known_ids), len(now.found.sources)
    if 0 < known < n:
        told += f" · об ответах известно в {known} из {ru.counted(n, _OF_SOURCES)}"
    if where.statuses:
        told += " · фильтр по статусу на этой странице не действует"
    st.caption(style.plain(told), width="content")


def _how_to_begin() -> None:
    st.markdown(
        "Ни один источник этих упоминаний не показывает ответов, и статусы здесь ещё не ставили. "
        "Отмечайте «в работе» и «отвечено» на карточках в «Упоминаниях» — по одному, у многих "
        "сразу или с клавиатуры, — и здесь появятся доля и время ответа."
    )
    st.page_link("views/mentions.py", label="Открыть «Упоминания»", icon=":material/forum:")


def _tiles(now: Now) -> None:
    total = now.found.total
    with st.grid(4, min_column_width=170, gap="small", key="answer_tiles"):
        _share(now)
        wait = total.wait
        told = f"{_WAIT}\n\n"
        told += f"n = {ru.number(wait.n)}, {words.interval(wait)}. " if wait else ""
        _tile(
            "wait", "Время до ответа", words.lasting(wait.value) if wait else "—",
            told + words.left_out(now.found), {"statuses": ("answered",)} if wait else None,
        )  # fmt: skip
        late = {"statuses": WAITING, "before": now.overdue_before} | now.known_only
        _tile(
            "late", f"Без ответа дольше {now.hours}{ru.NBSP}ч", ru.number(now.overdue),
            "Упоминания без ответа, написанные раньше: "
            f"{ru.moment(now.overdue_before.astimezone(context.get().zone))}.", late,
        )  # fmt: skip
        _tile(
            "negative", "Негатив без ответа", ru.number(now.negative),
            "Негативные упоминания со статусом «новое» и «в работе».", now.negative_parts,
        )  # fmt: skip


def _share(now: Now) -> None:
    total, before = now.found.total, now.before
    measure = Measure(total.share, before.total.share if before else None)
    change, value = measure.change, total.share
    told = _SHARE
    if value:
        low, high = ru.percent(value.low), ru.percent(value.high)
        told += f"\n\nn = {ru.counted(value.n, ru.MENTION)}. Интервал 95 %: {low} … {high}."
    if change:
        told += " Недавние упоминания могли ещё не дождаться ответа: доля за них вырастет."
    _tile(
        "answered", "Доля отвеченных", ru.percent(value.value) if value else "—", told,
        {"statuses": ("answered",)} | now.known_only if value else None,
        delta=_delta(measure, change),
    )  # fmt: skip


def _delta(measure: Measure, change: stats.Change | None) -> dict[str, Any]:
    if change is None:
        return {}
    certain = change.significant and measure.points != 0
    moved = measure.points
    return {
        "delta": ru.points(moved),
        "delta_color": "off" if not certain else "green" if moved > 0 else "red",
        "delta_arrow": "up" if moved > 0 else "down" if moved < 0 else "off",
        "delta_description": None if certain else "не значимо",
    }


def _tile(
    code: str,
    name: str,
    value: str,
    told: str,
    behind: dict[str, Any] | None,
    delta: dict[str, Any] | None = None,
) -> None:
    """A figure that opens its mentions."""
    with st.container(key=f"tile_{code}", height="stretch"):
        st.metric(name, value, border=True, height="stretch", **(delta or {}))
        if st.button(
            f"Открыть: {name}", key=f"open_{code}", help=told, type="tertiary",
            disabled=behind is None,
        ):  # fmt: skip
            _open(behind or {})


def _open(parts: dict[str, Any]) -> None:
    """The mentions behind a figure: of customers' voices, as they are counted."""
    opening.mentions(**{"voices_only": True, "statuses": (), "before": None} | parts)


def _over_time(now: Now) -> None:
    if now.end <= now.start:
        return
    steps = answering.over_time(now.counts, now.sources, now.start, now.end)
    st.subheader("По дням публикации", anchor=False)
    picked = opening.chart(
        charts.answers_over_time(steps, style.look()), "answers", "Отвеченные и без ответа по дням"
    )
    if picked:
        day_from, day_to = charts.picked_days(picked)
        statuses = ("answered",) if picked["answered"] else WAITING
        _open({"day_from": day_from, "day_to": day_to, "statuses": statuses} | now.known_only)


def _queue(now: Now) -> None:
    st.subheader("Негатив ждёт ответа", anchor=False)
    if not now.negative:
        st.success("Негативных упоминаний без ответа нет.", icon=":material/done_all:")
        return
    st.caption("Дольше всего ждут эти. Включены и источники, где об ответах ничего не известно.")
    rows = data.ask(queries.mentions, now.queue, limit=_QUEUE, order=Order.OLDEST)
    st.html("".join(cards.brief(row, context.get().zone) for row in rows))
    if st.button(
        f"Разобрать: {ru.counted(now.negative, ru.MENTION)}, сначала старые",
        key="open_queue",
        icon=":material/forum:",
    ):
        state.keep(opening.ORDER, Order.OLDEST)
        _open(now.negative_parts)


def _explained(found: Answering) -> None:
    with st.expander("Как это считается", icon=":material/help:"):
        st.markdown(
            "- **Ждут ответа** голоса клиентов без рекламы, новостей и повторов, кроме отмеченных "
            "«не требует ответа».\n"
            "- **Отвечено** — ответ компании показывает сам источник или команда поставила "
            "«отвечено». Ответ в источнике важнее статуса.\n"
            "- **Время до ответа** — от публикации до даты ответа в источнике, а если её нет — до "
            "первого «отвечено». Это медиана: половине ответили быстрее. Интервал 95 % — по "
            "порядковым статистикам, для доли — Уилсона.\n"
            "- Ответы без даты и ответы «раньше отзыва» (отзыв правили позже) в долю входят, во "
            "время — нет. Дату правки ответа некоторые площадки отдают вместо даты ответа.\n"
            "- **Неизвестно** — источник ни разу не показал ответа, и статусов в нём не ставили. "
            "Такие упоминания в долю не входят: «не сказано» — это не «0 %».\n"
            "- Текст о двух брендах считается для каждого из них."
        )
        if told := words.left_out(found):
            st.caption(told)


if __name__ == "__main__":
    draw()
