"""Findings as they are shown: the source that tells most of one, their marks in a chart."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from insights import changes, words
from insights.findings import Finding
from reports.charts import Mark
from reports.overview import Overview
from storage.filters import Filter
from storage.queries import Tones


def asked(where: Filter, found: Overview, one: Finding) -> Filter | None:
    """Whose tones by source :func:`said_in` takes; None where no source can stand out."""
    if one.before or len(found.source_tones) < 2:
        return None
    return replace(where, **one.behind)


def said_in(
    by_source: Mapping[int, Tones], found: Overview, one: Finding, labels: Mapping[int, str]
) -> str:
    """The source that most of a surge comes from; empty where none stands out."""
    standing = changes.standing_out(by_source, found.source_tones, one.tone)
    if standing is None:
        return ""
    return words.said_in(labels.get(standing[0], ""), standing[1], one)


def marks(told: Sequence[Finding]) -> tuple[Mark, ...]:
    """The surges among the findings, for the chart of time."""
    return tuple(
        Mark(number, one.tone, one.start, one.end, one.peak, words.title(one))
        for number, one in enumerate(told, 1)
        if one.peak
    )
