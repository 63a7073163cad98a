"""The history of «Отчёты»: every report with its state, its files and what can be done about it."""

from functools import partial
from html import escape

import streamlit as st

from insights import delivery_words
from storage.queries import DeliveryRow, ReportRow
from views import context, report_state, style, url
from views import report_actions as actions
from views import report_words as words
from views.badges import badge, warning
from views.report_state import OPEN, Now


def draw(now: Now) -> None:
    """What is being built, then the reports, newest first."""
    _deleted()
    report_state.watch(now, building)
    if not now.known:
        st.info(
            "Отчётов пока нет. Выберите бренд и период и нажмите «Собрать отчёт»: он останется "
            "здесь, и его можно будет скачать, отправить или собрать заново.",
            icon=":material/summarize:",
        )
        return
    for report in now.reports:
        _card(report, now)
    if now.pages > 1:
        url.paging("reports", now.page, now.pages, leave=actions.leave)


def head(report: ReportRow, now: Now) -> str:
    """State, facts, troubles and deliveries of a report as HTML."""
    about = escape(" · ".join(words.facts(report, now.at)))
    lines = [
        f'<div class="ok-row">{badge(words.state(report))}<span class="ok-meta">{about}</span>'
    ]
    told = latest(report, now)
    lines += [badge(delivery_words.of_report(delivery, now.at)) for delivery in told]
    lines.append("</div>")
    troubles = [words.trouble(report, now.at), *(d.error for d in told if d.state != "sent")]
    return "".join(lines) + warning(troubles)


def latest(report: ReportRow, now: Now) -> list[DeliveryRow]:
    """The latest delivery of the report to each channel."""
    newest = {one.channel: one for one in reversed(now.deliveries.get(report.id, ()))}
    return [newest[channel] for channel in sorted(newest)]


def _card(report: ReportRow, now: Now) -> None:
    with st.container(border=True, key=f"report_{report.id}", gap="small"):
        title = f"{escape(report.brand)}: {escape(words.period(report))}"
        st.html(f'<div class="ok-row"><b class="ok-name">{title}</b></div>{head(report, now)}')
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            if report.files:
                st.button(
                    "Открыть",
                    key=f"open_{report.id}",
                    icon=":material/visibility:",
                    on_click=partial(url.go, **{OPEN: str(report.id)}),
                )
            downloads(report)
            buttons(report, now)
            delete_button(report)


def downloads(report: ReportRow) -> None:
    """A button for each file that is there; what vanished is told."""
    gone = []
    for form, told in report.files.items():
        file = report_state.file_of(report, form)
        if file is None:
            gone.append(words.FORMATS[form])
            continue
        st.download_button(
            f"{words.FORMATS[form]}, {words.size(told.bytes)}",
            file.read_bytes,
            file_name=told.name,
            mime=words.MIMES[form],
            key=f"download_{report.id}_{form}",
            icon=":material/download:",
            on_click="ignore",
        )
    if gone and not report.is_open:
        st.caption(f"Файлов на диске нет: {', '.join(gone)}. Соберите отчёт заново.")


def buttons(report: ReportRow, now: Now) -> None:
    """What can be done about the report in the state that it is in."""
    if report.is_open:
        st.button(
            "Остановить",
            key=f"cancel_{report.id}",
            icon=":material/stop:",
            on_click=actions.cancel,
            args=(report,),
        )
        return
    fresh = report.state == "done"
    st.button(
        "Собрать заново" if fresh else "Повторить",
        key=f"rebuild_{report.id}",
        type="tertiary" if fresh else "secondary",
        icon=":material/refresh:",
        help="По тем же параметрам и нынешним данным: с исправлениями и тем, что собрано позже.",
        on_click=actions.rebuild,
        args=(report,),
    )
    _send_again(report, now)
    if report.files and context.get().channels:
        _send(report)


def _send_again(report: ReportRow, now: Now) -> None:
    for delivery in latest(report, now):
        if delivery.state in {"failed", "cancelled"}:
            st.button(
                f"Отправить снова: {style.plain(delivery.channel)}",
                key=f"retry_{delivery.id}",
                icon=":material/send:",
                on_click=actions.retry,
                args=(delivery,),
            )
        elif delivery.state == "waiting" and delivery.attempts:
            st.button(
                f"Не отправлять: {style.plain(delivery.channel)}",
                key=f"give_up_{delivery.id}",
                type="tertiary",
                icon=":material/cancel_schedule_send:",
                on_click=actions.give_up,
                args=(delivery,),
            )


def delete_button(report: ReportRow) -> None:
    """Out of the history."""
    st.button(
        "Удалить",
        key=f"delete_{report.id}",
        type="tertiary",
        icon=":material/delete:",
        on_click=actions.delete,
        args=(report,),
    )


def _send(report: ReportRow) -> None:
    with st.popover("Отправить", icon=":material/send:", key=f"send_{report.id}", type="tertiary"):
        for channel in context.get().channels:
            st.button(
                style.plain(channel),
                key=f"send_{report.id}_{channel}",
                width="stretch",
                on_click=actions.send,
                args=(report, (channel,)),
            )


def building(now: Now) -> None:
    """Reports that are being built, with how far they are."""
    for report in now.open:
        done, step = words.progress(report)
        told = f"{style.plain(report.brand)}, {words.period(report)}: {step}"
        st.progress(done, text=told)


def _deleted() -> None:
    report = actions.deleted()
    if report is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="deleted_report"):
        told = f"{style.plain(report.brand)}, {words.period(report)}"
        st.success(f"Отчёт удалён: {told}.", icon=":material/check:")
        st.button("Вернуть", key="restore_report", on_click=actions.restore, args=(report,))
