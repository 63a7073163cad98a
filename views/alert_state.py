"""What «Оповещения» shows: rules and alerts at this moment, and what of them the URL asks for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import streamlit as st

from storage import queries
from storage.filters import Filter, Problem, from_params, speaks_of_a_filter
from storage.queries import AlertRow, RuleRow
from views import context, data, state, url
from views.data import Basics

#: Parts of the URL: the section, the rule that is open in the form, the rule of the history.
SHOW, RULE, OF = "show", "rule", "of"
#: The rule that is not there yet; further parts of its URL are the filter it begins with.
NEW = "new"
HISTORY = "history"

PER_PAGE = 20


@dataclass(frozen=True, slots=True)
class Now:
    """Read anew in every run; ``at`` is in the zone of the screen.

    ``rules`` are those that are not gone, ``known`` all of them by id. ``alerts`` are those of the
    page ``page`` of the history, ``fired`` how many it has in all.
    """

    at: datetime
    basics: Basics
    rules: tuple[RuleRow, ...]
    known: Mapping[int, RuleRow]
    alerts: tuple[AlertRow, ...]
    fired: int
    page: int
    has_worker: bool

    @property
    def pages(self) -> int:
        """Pages of the history."""
        return max(1, -(-self.fired // PER_PAGE))


def read() -> Now:
    """Rules and alerts at this moment."""
    wired, at = context.get(), datetime.now(UTC)
    of = url.number(OF)
    with wired.db.read() as session:
        rules = queries.alert_rules(session, gone=True)
        fired = queries.count_alerts(session, rule_id=of)
        page = min(url.number(url.PAGE) or 1, max(1, -(-fired // PER_PAGE)))
        offset = (page - 1) * PER_PAGE
        return Now(
            at=at.astimezone(wired.zone),
            basics=data.basics(),
            rules=tuple(rule for rule in rules if not rule.gone),
            known={rule.id: rule for rule in rules},
            alerts=queries.alerts(session, limit=PER_PAGE, offset=offset, rule_id=of),
            fired=fired,
            page=page,
            has_worker=queries.worker_is_alive(session, now=at),
        )


def filter_of(now: Now, rule: RuleRow) -> tuple[Filter, tuple[Problem, ...]]:
    """What a rule looks at, and the parts of its filter that mean nothing here."""
    return from_params(rule.params, now.basics.catalog.names, now.basics.today)


def filter_of_url(now: Now) -> Filter:
    """The filter that the URL brings along for a new rule, else our own brands."""
    given = {key: st.query_params.get_all(key) for key in st.query_params if key not in _OWN}
    if not speaks_of_a_filter(given):
        return Filter(brands=state.default(now.basics).brands)
    where, _ = from_params(given, now.basics.catalog.names, now.basics.today)
    return where


_OWN = (SHOW, RULE, OF, url.PAGE)


def go(**parts: str) -> None:
    """Open another part of the page; of the former one nothing stays in the URL."""
    st.query_params.from_dict({part: value for part, value in parts.items() if value})
