"""What a rule would have fired in the last month, worked out while it is written."""

from datetime import UTC, datetime, time, timedelta
from html import escape

import streamlit as st

from insights import alert_past, alert_times, alerting
from insights import alert_words as words
from insights import russian as ru
from insights.alerting import Firing
from storage import queries
from storage.filters import Filter
from storage.queries import Condition, Manners
from views import context, data, quoting
from views.alert_state import Now

#: The latest that are shown.
_SHOWN = 5


def draw(
    now: Now, condition: Condition, where: Filter, reach: int | None, manners: Manners
) -> None:
    """How often, and the latest in the words of customers."""
    zone = context.get().zone
    end = datetime.combine(now.basics.today + timedelta(days=1), time(), zone).astimezone(UTC)
    start = end - alert_past.TRIAL
    past = alert_past.read(data.ask, condition, where, reach, start, end, zone)
    pause = manners.pause(condition)
    found = alert_past.firings(condition, pause, past, start, end, zone, where.touchpoints)
    with st.container(border=True, key="trial", gap="small"):
        st.subheader("Проверка на истории", anchor=False)
        st.html(f'<div role="status"><b>{escape(words.trial(len(found), condition))}</b></div>')
        n = alert_times.messages(manners, condition, zone, [one.moment for one in found])
        if n != len(found):
            told = ru.counted(n, words.MESSAGE)
            st.caption(f"С этими паузами и сводками пришло бы {told}.")
        if found:
            st.caption("Последние:" if len(found) > _SHOWN else "Все:")
        for firing in reversed(found[-_SHOWN:]):
            _firing(now, where, firing)


def _firing(now: Now, where: Filter, firing: Firing) -> None:
    seen = alerting.seen_in(where, firing)
    ids = firing.mention_ids[:1] or data.ask(queries.telling, seen, limit=1)
    quotes = data.ask(queries.evidence, seen, ids)
    told = "".join(quoting.quote(quotes[number]) for number in ids if number in quotes)
    moment = ru.moment(firing.moment.astimezone(now.at.tzinfo))
    st.html(
        f'<div><b>{escape(firing.reason)}</b> <span class="ok-meta">{moment}</span></div>{told}'
    )
