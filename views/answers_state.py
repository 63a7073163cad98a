"""What «Ответы» is drawn from: one reading of everything that the page tells."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import streamlit as st

from insights import answering
from insights import russian as ru
from insights.answering import Answering
from nlp.labels import Tone
from storage import queries
from storage.filters import Filter, Status
from storage.queries import AnswerCount, AnswerSources
from views import context, data, state
from views.data import Basics

#: The statuses of mentions that wait.
WAITING = (str(Status.NEW), str(Status.WORKING))

#: What this page keeps in its link: after how many hours an answer is late.
_HOURS = "hours"
_DEFAULT, _MOST = 24, 720


@dataclass(frozen=True, slots=True)
class Now:
    """The figures of the filter (``scope``, whatever its statuses) and of the equal period before.

    ``overdue`` counts mentions without an answer that were published before ``overdue_before``,
    ``hours`` ago; ``negative`` those of the filter ``queue``.
    """

    basics: Basics
    scope: Filter
    start: date
    end: date
    counts: tuple[AnswerCount, ...]
    sources: AnswerSources
    found: Answering
    before: Answering | None
    hours: int
    overdue_before: datetime
    overdue: int
    negative: int

    @property
    def known_only(self) -> dict[str, Any]:
        """The part of a filter that leaves out sources of which nothing is known."""
        return {"sources": self.found.known_ids} if self.found.unknown else {}

    @property
    def negative_parts(self) -> dict[str, Any]:
        """The parts of a filter that leave negative mentions without an answer."""
        return {"tones": (str(Tone.NEGATIVE),), "statuses": WAITING}

    @property
    def queue(self) -> Filter:
        """Negative mentions without an answer."""
        return replace(self.scope, **self.negative_parts)


def read(basics: Basics, where: Filter) -> Now:
    """Everything of the filter."""
    scope = replace(where, statuses=(), before=None, voices_only=True)
    sources = data.ask(queries.answer_sources)
    counts = data.ask(queries.answer_counts, scope)
    found = _answering(scope, counts, sources)
    earlier = scope.previous()
    hours = int(state.own(_HOURS, str(_DEFAULT), frozenset(map(str, range(1, _MOST + 1)))))
    moment = _now(basics) - timedelta(hours=hours)
    queue = {"tones": (str(Tone.NEGATIVE),), "statuses": WAITING}
    return Now(
        basics,
        scope,
        where.day_from or basics.catalog.first_day or basics.today,
        where.day_to or basics.catalog.last_day or basics.today,
        counts,
        sources,
        found,
        _earlier(earlier, sources) if earlier else None,
        hours,
        moment,
        answering.waiting(_until(scope, counts, moment), sources),
        data.count(replace(scope, **queue)),
    )


def patience(hours: int) -> None:
    """The choice of the hours after which an answer is late; it stands in the link."""
    key = "answer_hours"
    st.session_state[key] = hours

    def written() -> None:
        chosen = st.session_state[key]
        state.keep(_HOURS, None if chosen == _DEFAULT else str(chosen))

    st.number_input(
        "Опоздал, если прошло часов",
        min_value=1,
        max_value=_MOST,
        step=1,
        width=220,
        help=f"От 1 до {ru.number(_MOST)}",
        key=key,
        on_change=written,
    )


def link(now: Now, **parts: Any) -> dict[str, list[str]]:
    """The query parameters of the mentions behind a figure."""
    return state.params(now.basics, replace(now.scope, **parts))


def _until(
    scope: Filter, counts: tuple[AnswerCount, ...], moment: datetime
) -> tuple[AnswerCount, ...]:
    """Of what was published before a moment: earlier days are known whole, the last ones asked."""
    whole = queries.whole_before(moment)
    start = max(scope.day_from or whole, whole + timedelta(days=1))
    late = data.ask(queries.answer_counts, replace(scope, day_from=start, before=moment))
    return (*(count for count in counts if count.day <= whole), *late)


def _earlier(scope: Filter, sources: AnswerSources) -> Answering:
    return answering.answering(data.ask(queries.answer_counts, scope), {}, sources)


def _answering(scope: Filter, counts: tuple[AnswerCount, ...], sources: AnswerSources) -> Answering:
    waits: Mapping[int, queries.Waits] = data.ask(queries.answer_waits, scope)
    return answering.answering(counts, waits, sources)


def _now(basics: Basics) -> datetime:
    """This minute; where the database has a today of its own (the demo), the end of that day."""
    app = context.get()
    if basics.today == app.clock():
        return datetime.now(UTC).replace(second=0, microsecond=0)
    return datetime.combine(basics.today + timedelta(days=1), time(), app.zone).astimezone(UTC)
