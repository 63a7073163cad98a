"""One report of «Отчёты»: how it looks, its files, and what it was built with."""

from functools import partial
from html import escape

import streamlit as st

from storage import queries
from storage.errors import NotFound
from storage.queries import ReportRow
from views import context, report_list, report_state, url
from views import report_words as words
from views.report_state import OPEN, Now

_HEIGHT = 900
#: What every link of a report has; in a text its quotes would be escaped.
_LINK = 'rel="noopener noreferrer"'


def back() -> None:
    """The way back to the history."""
    st.button(
        "Все отчёты",
        key="all_reports",
        type="tertiary",
        icon=":material/arrow_back:",
        on_click=partial(url.go, **{OPEN: ""}),
    )


def draw(now: Now, number: str) -> None:
    """The report of this number, or why there is none."""
    report = _found(number)
    if report is None:
        st.warning(
            "Такого отчёта нет: его удалили, или ссылка неверна.", icon=":material/link_off:"
        )
        return
    st.title(f"{report.brand}: {words.period(report)}", anchor=False)
    report_state.watch(now, lambda fresh: _progress(fresh, report.id))
    st.html(report_list.head(report, now))
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        report_list.downloads(report)
        report_list.buttons(report, now)
        report_list.delete_button(report)
    _preview(report)
    _built_with(report)


def _found(number: str) -> ReportRow | None:
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        return None
    try:
        with context.get().db.read() as session:
            return queries.report(session, int(number))
    except NotFound:
        return None


def _progress(now: Now, report_id: int) -> None:
    for report in now.open:
        if report.id == report_id:
            done, step = words.progress(report)
            st.progress(done, text=step)


def _preview(report: ReportRow) -> None:
    """The page as it was written, in a frame that runs no script and knows nothing of the app."""
    file = report_state.file_of(report, "html") or report_state.letter_of(report)
    if file is None:
        if not report.is_open:
            st.info("Показать нечего: файлов отчёта на диске нет.", icon=":material/draft:")
        return
    page = escape(_framed(file.read_text(encoding="utf-8")), quote=True)
    allowed = "allow-popups allow-popups-to-escape-sandbox"
    look = "position:fixed;inset:0;width:100%;height:100%;border:0;background:#fff"
    with st.container(border=True, key="report_page"):
        st.iframe(
            f'<iframe title="Отчёт" sandbox="{allowed}" style="{look}" srcdoc="{page}"></iframe>',
            height=_HEIGHT,
            alt=report.title or "Отчёт",
        )
    if "html" not in report.files:
        st.caption("Показано письмо с сутью отчёта: страницу HTML не собирали.")


def _framed(page: str) -> str:
    """The page as it works in a frame: its contents lead within it, its links out of it."""
    based = page.replace("<head>", '<head><base href="about:srcdoc">', 1)
    return based.replace(_LINK, f'target="_blank" {_LINK}')


def _built_with(report: ReportRow) -> None:
    """What builds the report again."""
    if not report.model:
        return
    with st.expander("Из чего собран", icon=":material/tune:"):
        stages = " → ".join(stage["name"] for stage in report.params.get("journey", ()))
        told = {
            "Бренд": f"{report.brand} ({report.brand_code})",
            "Дни": f"{report.start} … {report.end}",
            "Форматы": words.formats(report.formats),
            "Часовой пояс": report.params.get("zone", ""),
            "Путь клиента": stages,
            "Модель": report.model,
        }
        rows = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in told.items())
        st.html(f'<dl class="ok-facts">{rows}</dl>')
        st.caption(
            "«Собрать заново» берёт эти же параметры. Цифры могут измениться, если с тех пор "
            "упоминания собраны, исправлены или стёрты либо сменилась модель."
        )
