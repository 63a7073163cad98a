"""The figures of a filter beside the equal period before: what «Обзор» draws and a report tells."""

from dataclasses import dataclass, replace
from datetime import date

from sqlmodel import Session

from insights import findings as insight
from insights.changes import Measure
from insights.findings import Finding
from insights.indices import Index
from insights.pains import Counted
from storage import queries
from storage.filters import Filter
from storage.queries import Figures, OpinionCount, Tones


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything that is told of a filter whose days are ``start`` … ``end``.

    ``by_day`` are the days of the period; ``tones`` and ``touchpoints`` (opinions by touchpoint)
    go back as far as :mod:`insights.findings` asks.
    """

    start: date
    end: date
    figures: Figures
    before: Figures | None
    by_day: dict[date, Figures]
    tones: dict[date, Tones]
    touchpoints: dict[date, dict[str, Tones]]
    opinions: tuple[OpinionCount, ...]
    opinions_before: tuple[OpinionCount, ...]
    source_mentions: dict[int, int]
    source_tones: dict[int, Tones]
    left_out: int

    @property
    def counted(self) -> Counted:
        """What pains and strengths are weighed by."""
        return self.opinions, self.figures.analysed

    @property
    def counted_before(self) -> Counted | None:
        """The same of the period before; None where nobody wrote then."""
        if self.before is None or not self.before.mentions:
            return None
        return self.opinions_before, self.before.analysed

    def measure(self, index: Index) -> Measure:
        """An index now and before."""
        return Measure(index.of(self.figures), index.of(self.before) if self.before else None)


def read(session: Session, where: Filter, start: date, end: date) -> Overview:
    """The figures of the filter and of the equal period before."""
    earlier = where.previous()
    history = replace(where, day_from=insight.known_from(start, end), day_to=end)
    by_day = queries.figures_by_day(session, where)
    tones = queries.tones_by_day(session, history)
    own = sum((tones[day] for day in tones if start <= day <= end), Tones())
    figures = replace(sum(by_day.values(), Figures()), tones=own)
    volume = queries.mentions_by_source(session, replace(where, voices_only=False))
    return Overview(
        start=start,
        end=end,
        figures=figures,
        before=queries.figures(session, earlier) if earlier else None,
        by_day=by_day,
        tones=tones,
        touchpoints=queries.opinions_by_day(session, history),
        opinions=queries.opinion_counts(session, where),
        opinions_before=queries.opinion_counts(session, earlier) if earlier else (),
        source_mentions=queries.mentions_by_source(session, where),
        source_tones=queries.tones_by_source(session, where),
        left_out=sum(volume.values()) - figures.mentions,
    )


def findings(where: Filter, found: Overview) -> tuple[Finding, ...]:
    """What stands out in the period."""
    compared = where.days is not None
    return insight.findings(
        found.tones, found.touchpoints, found.start, found.end, compared=compared
    )
