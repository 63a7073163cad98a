"""Sources of a report: what each told, how far it was read, what is missing."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from insights import changes, gaps, indices, stats
from insights import russian as ru
from insights.changes import SourceLine
from insights.gaps import Missing, Span
from reports.frame import Frame
from reports.overview import Overview
from reports.parts import SourceTold
from storage import queries
from storage.queries import Figures

_WHOLE = "прочитан полностью"
_RESTED = "не собирается по расписанию"


@dataclass(frozen=True, slots=True)
class Collected:
    """The table of sources; ``expected`` of them should have been read, ``missing`` were not."""

    sources: tuple[SourceTold, ...]
    expected: int
    missing: tuple[Missing, ...]


def collected(frame: Frame, found: Overview) -> Collected:
    """Every source of the brand: its own, the shared ones, and who told of it at all."""
    span = _span(frame)
    covered = queries.coverage(frame.session, span.begin, span.until)
    figures = queries.figures_by_source(frame.session, frame.where)
    own = {
        source
        for source, coverage in covered.items()
        if coverage.brand_id in (frame.brand.id, None) or source in figures
    }
    now = queries.sources_now(frame.session, now=frame.made_at)
    asked = gaps.expected([source for source in now if source.id in own], covered, span)
    missing = gaps.missing(asked, covered, span)
    told = {one.source_id: one.text for one in missing}
    state = {source.id: told.get(source.id, _WHOLE) for source in asked}
    shown = [row for row in frame.catalog.sources if row.id in state or row.id in figures]
    lines = changes.source_table(shown, found.source_mentions, found.source_tones)
    return Collected(
        tuple(
            _told(frame, line, figures.get(line.source.id), state.get(line.source.id, _RESTED))
            for line in lines
        ),
        len(asked),
        missing,
    )


def _span(frame: Frame) -> Span:
    begin, end = (
        datetime.combine(day, datetime.min.time(), frame.zone).astimezone(UTC)
        for day in (frame.start, frame.end + timedelta(days=1))
    )
    return Span(begin, max(begin, min(end, frame.made_at.astimezone(UTC))), frame.made_at)


def _told(frame: Frame, line: SourceLine, figures: Figures | None, state: str) -> SourceTold:
    net, ratings = line.net, figures.ratings if figures else (0, 0, 0, 0, 0)
    mean = stats.mean_rating(ratings)
    return SourceTold(
        name=line.source.label,
        type=line.source.type,
        mentions=line.mentions,
        net=ru.index(net.value) if net else "—",
        interval=indices.NET.interval(net) if net else "",
        rating=ru.number(mean, 1) if mean else "",
        mean_rating=mean,
        rated=sum(ratings),
        collected=state,
        line=line,
        link=frame.link(sources=(line.source.id,)) if line.mentions else "",
    )
