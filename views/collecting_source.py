"""One source of «Сбор»: what it does, what can be done with it, its schedule and its past."""

from datetime import timedelta
from functools import partial
from html import escape

import streamlit as st

from insights import collecting_words as words
from insights import russian as ru
from storage import queries
from storage.queries import JobRow, SourceNow, State
from views import collecting_actions as actions
from views import collecting_history as history
from views import collecting_list as listed
from views import collecting_live as live
from views import collecting_preview as preview
from views import collecting_schedule as schedule
from views import context, style, url
from views.collecting_state import OPEN, Now

#: What came of a check or of a range is shown so long.
_RECENT = timedelta(days=1)
_COUNTED = "(повторы не в счёт, текст о нескольких брендах — за каждый)"


def draw(now: Now, source: SourceNow) -> None:
    """The page of a source."""
    st.button(
        "Все источники",
        key="all_sources",
        type="tertiary",
        icon=":material/arrow_back:",
        on_click=partial(url.go, **{OPEN: ""}),
    )
    st.title(style.plain(source.label), anchor=False)
    st.html(f'<div class="ok-row">{listed.head(source)}</div>')
    actions.tell_error()
    listed.tell_worker(now)
    _buttons(now, source)
    live.watch(now.of(source), _standing, narrow=lambda fresh: _same(fresh, source))
    if told := listed.trouble(source):
        st.html(told)
    _jobs(now, source)
    left, right = st.columns([3, 2], gap="large")
    with left:
        history.draw(now, source)
    with right:
        if listed.can_run(source):
            schedule.draw(now, source)
            _backfill(now, source)
        _settings(source)


def _same(fresh: Now, source: SourceNow) -> Now:
    found = fresh.source(source.name)
    return fresh.of(found) if found else fresh


def _standing(now: Now) -> None:
    """Last and next crawl, or how far the running one is."""
    source = now.sources[0]
    stored = now.mentions.get(source.id, 0)
    facts = [
        ("Последний сбор", words.last(source, now.at)),
        (
            "Сейчас" if source.state is State.RUNNING else "Дальше",
            words.coming(source, now.at, has_worker=now.has_worker),
        ),
        ("Расписание", words.schedule(source)),
        ("Записи за", words.coverage(source.crawl, now.at) if source.crawl else ""),
        ("Лимит", _quota(source, now)),
        ("В цифрах", f"{ru.counted(stored, ru.MENTION)} {_COUNTED}"),
        ("Задание", "; ".join(words.job(job, now.at) for job in now.jobs)),
    ]
    rows = "".join(f"<dt>{name}</dt><dd>{escape(said)}</dd>" for name, said in facts if said)
    st.html(f'<dl class="ok-facts" role="status">{rows}</dl>')


def _quota(source: SourceNow, now: Now) -> str:
    known = source.quota and not words.is_spent(source)
    return words.quota(source.quota, now.at) if known and source.quota else ""


def _buttons(now: Now, source: SourceNow) -> None:
    if source.state is State.GONE:
        _gone(source)
        return
    if not listed.can_run(source):
        return
    asked = {job.kind for job in now.of(source).jobs}
    with st.container(horizontal=True, gap="small", key="source_buttons"):
        st.button(
            "Собрать сейчас",
            key="run_now",
            type="primary",
            icon=":material/sync:",
            disabled="crawl" in asked or source.state is State.RUNNING,
            on_click=actions.run_now,
            args=(source,),
        )
        st.button(
            "Проверить",
            key="check",
            icon=":material/fact_check:",
            help="Показать первую страницу источника, ничего не сохраняя",
            disabled="check" in asked,
            on_click=actions.check,
            args=(source,),
        )
        _rest(source)
        if source.origin == "app":
            _remove(source)


def _rest(source: SourceNow) -> None:
    """Pause or resume, whichever can be wanted."""
    if not source.enabled or source.state is State.PARKED:
        st.button(
            "Возобновить",
            key="resume",
            icon=":material/play_arrow:",
            on_click=actions.resume,
            args=(source,),
        )
    if source.enabled:
        st.button(
            "Пауза", key="pause", icon=":material/pause:", on_click=actions.pause, args=(source,)
        )


def _remove(source: SourceNow) -> None:
    with st.popover("Убрать", icon=":material/delete:", type="tertiary", key="remove"):
        st.markdown("Источник перестанет собираться. Его упоминания останутся, вернуть его можно.")
        st.button(
            "Убрать источник",
            key="remove_source",
            type="primary",
            on_click=actions.remove,
            args=(source,),
        )


def _gone(source: SourceNow) -> None:
    if source.origin == "app":
        st.button(
            "Вернуть источник",
            key="restore",
            icon=":material/undo:",
            on_click=actions.restore,
            args=(source,),
        )
    else:
        st.info("Источника больше нет в config.yaml. Верните его туда, и сбор продолжится.")


def _jobs(now: Now, source: SourceNow) -> None:
    """What came of the latest check and range, and of a crawl that could not even begin."""
    with context.get().db.read() as session:
        found = queries.jobs_of(session, source.name)
    told: set[str] = set()
    for job in found:
        if job.kind in told or job.finished_at is None or now.at - job.finished_at > _RECENT:
            continue
        told.add(job.kind)
        if job.kind != "crawl" or _says_more(job, source):
            preview.tell(job, now.at)


def _says_more(job: JobRow, source: SourceNow) -> bool:
    """Whether a crawl's job failed with other words than the outcome, which is shown anyway."""
    return job.state == "failed" and (source.crawl is None or job.message != source.crawl.error)


def _backfill(now: Now, source: SourceNow) -> None:
    today = now.at.date()
    with (
        st.expander("Собрать за период", icon=":material/history:"),
        st.form("backfill", border=False),
    ):
        st.caption("Обычный сбор это не меняет; собранное второй раз не удвоится.")
        first, final = st.columns(2)
        since = first.date_input(
            "С", today - timedelta(days=30), max_value=today, format="DD.MM.YYYY", key="since"
        )
        until = final.date_input("По", today, max_value=today, format="DD.MM.YYYY", key="until")
        if st.form_submit_button("Собрать за период", key="backfill_now"):
            actions.backfill(source, since, until)
            st.rerun()


def _settings(source: SourceNow) -> None:
    with st.expander("Настройки источника", icon=":material/settings:"):
        rows = {"name": source.name, "type": source.type, "brand": source.brand or "по тексту"}
        rows |= source.options
        st.html(
            '<dl class="ok-facts">'
            + "".join(
                f"<dt>{escape(str(name))}</dt><dd>{escape(str(value))}</dd>"
                for name, value in rows.items()
            )
            + "</dl>"
        )
        st.caption(_WHERE.get(source.origin, ""))


_WHERE = {
    "config": "Описан в config.yaml и меняется там; работник примет изменения на ходу.",
    "app": "Добавлен здесь. Чтобы собирать другой адрес, уберите этот источник и добавьте новый.",
    "import": "Появился при загрузке файла.",
}
