"""The history of «Оповещения»: what fired, in whose words, who was told."""

from collections.abc import Mapping, Sequence
from html import escape

import streamlit as st

from insights import alert_times, delivery_words
from insights import alert_words as words
from insights import russian as ru
from storage import queries
from storage.filters import from_params
from storage.queries import AlertRow, QuoteRow
from views import alert_actions as actions
from views import alert_state, context, data, quoting, state, style, url
from views.alert_state import HISTORY, OF, SHOW, Now
from views.badges import badge, warning

#: Quotes shown of an alert.
_QUOTES = 3


def draw(now: Now) -> None:
    """What fired, the latest first."""
    _of(now)
    if not now.alerts:
        st.info(
            "Ещё ничего не срабатывало." if now.rules else "Правил нет, и срабатывать нечему.",
            icon=":material/notifications_off:",
        )
        return
    if any(alert.replayed for alert in now.alerts):
        st.caption(
            "«Прогон по истории» — что сработало бы, если бы правило было тогда: так его проверяет "
            "`otklik alerts replay --record`. Такое никому не отправляется."
        )
    for alert in now.alerts:
        with st.container(border=True, key=f"alert_{alert.id}", gap="xsmall"):
            _card(now, alert)
    if now.pages > 1:
        url.paging("alerts", now.page, now.pages)


def quotes_of(
    now: Now, params: Mapping[str, Sequence[str]], mention_ids: Sequence[int]
) -> list[QuoteRow]:
    """The quotes that prove what a link shows, of these mentions."""
    where, _ = from_params(params, now.basics.catalog.names, now.basics.today)
    found = data.ask(queries.evidence, where, tuple(mention_ids))
    return [found[number] for number in mention_ids if number in found][:_QUOTES]


def _of(now: Now) -> None:
    """Of which rule."""
    rules = {rule.id: rule.name for rule in now.known.values() if not rule.gone or rule.fired}
    if len(rules) < 2:
        return
    given = url.asked(OF)

    def changed() -> None:
        chosen = st.session_state["history_of"]
        alert_state.go(**{SHOW: HISTORY, OF: str(chosen) if chosen else ""})

    st.session_state["history_of"] = int(given) if given.isdecimal() and int(given) in rules else 0
    st.selectbox(
        "Правило",
        [0, *rules],
        format_func=lambda number: rules.get(number, "все правила"),
        label_visibility="collapsed",
        width=420,
        key="history_of",
        on_change=changed,
    )


def _card(now: Now, alert: AlertRow) -> None:
    st.html(
        f'<div class="ok-row"><b class="ok-name">{escape(alert.rule)}</b></div>'
        f"<div>{escape(alert.reason)}</div>{_told(alert, now)}"
    )
    quotes = quotes_of(now, alert.params, alert.mention_ids)
    if quotes:
        st.html("".join(map(quoting.quote, quotes)))
    elif alert.mention_ids:
        st.caption("Упоминаний, из-за которых сработало, больше нет.")
    with st.container(horizontal=True, gap="small"):
        if st.button(
            "Открыть упоминания",
            key=f"open_alert_{alert.id}",
            type="tertiary",
            icon=":material/forum:",
            help="Всё, за чем следит правило, за эти дни целиком: бывает больше, чем сработало",
        ):
            _open(now, alert)
        for delivery in alert.deliveries:
            if delivery.state in {"failed", "cancelled"}:
                st.button(
                    f"Отправить снова: {style.plain(delivery.channel)}",
                    key=f"retry_{alert.id}_{delivery.id}",
                    icon=":material/send:",
                    on_click=actions.retry,
                    args=(delivery,),
                )


def _told(alert: AlertRow, now: Now) -> str:
    """When it was, who was told, or why nobody; errors in full."""
    moment = ru.near(alert.fired_at.astimezone(now.at.tzinfo), now.at)
    if not alert.deliveries:
        told = f"{moment} · {words.state(alert, now.known[alert.rule_id], now.at)}"
        return f'<div class="ok-meta">{escape(told)}{_coming(alert, now)}</div>'
    badges = "".join(badge(delivery_words.of_alert(one, now.at)) for one in alert.deliveries)
    errors = [one.error for one in alert.deliveries if one.state != "sent"]
    told = f'<div class="ok-row"><span class="ok-meta">{moment}</span>{badges}</div>'
    return told + warning(errors)


def _coming(alert: AlertRow, now: Now) -> str:
    """When it will be told, where it waits."""
    rule = now.known[alert.rule_id]
    if alert.told_at is not None or not rule.channels:
        return ""
    moment = alert_times.told_from(rule, alert.fired_at, context.get().zone, now.at)
    if moment <= now.at:
        return ": сейчас будет отправлено"
    return f": {escape(ru.near(moment.astimezone(now.at.tzinfo), now.at))}"


def _open(now: Now, alert: AlertRow) -> None:
    state.look_at(now.basics, alert.params)
    wanted = state.params(now.basics, state.current(now.basics))
    st.switch_page("views/mentions.py", query_params=wanted)
