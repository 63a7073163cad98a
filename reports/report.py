"""A tone report as a value: all that a renderer shows, in Russian words and in figures.

Texts are ready to be shown and plain: whoever renders them escapes them, because names, quotes and
errors come from strangers. Figures beside the texts are values of :mod:`insights`, for charts and
for real number types. Links are relative to the app («mentions?brand=…»), see :meth:`Report.url`.
"""

from dataclasses import dataclass
from datetime import datetime

from insights.trends import Point
from insights.words import Headline
from reports.charts import Mark
from reports.parts import (
    Definition,
    Gap,
    Journey,
    Noticed,
    Period,
    Rivals,
    Sentence,
    SourceTold,
    Tile,
    Topic,
)
from storage.filters import Filter
from storage.queries import Figures


@dataclass(frozen=True, slots=True)
class Report:
    """A tone report of a brand and a period.

    ``where`` is the filter that all figures are of; mentions of it are the rows of the workbook.
    ``app`` is the app's address without a slash at its end, empty where none is configured.
    ``summary`` are the five sentences (one where nothing was written). ``others`` tells what was
    left out («ещё 214 — реклама, новости, прочее»), empty where nothing was. ``accuracy`` is what
    was measured of the model, sentence by sentence. ``rivals`` is None without competitors.
    """

    brand: str
    period: Period
    where: Filter
    made_at: datetime
    zone: str
    app: str
    headline: Headline
    summary: tuple[Sentence, ...]
    tiles: tuple[Tile, ...]
    figures: Figures
    before: Figures | None
    points: tuple[Point, ...]
    marks: tuple[Mark, ...]
    findings: tuple[Noticed, ...]
    nothing_found: str
    journey: Journey
    pains: tuple[Topic, ...]
    joys: tuple[Topic, ...]
    rivals: Rivals | None
    sources: tuple[SourceTold, ...]
    gaps: tuple[Gap, ...]
    others: str
    unread: str
    accuracy: tuple[str, ...]
    method: tuple[Definition, ...]
    model: str
    link: str

    @property
    def title(self) -> str:
        """«Морошка: отчёт о тональности»."""
        return f"{self.brand}: отчёт о тональности"

    @property
    def is_empty(self) -> bool:
        """Whether nobody wrote of the brand."""
        return self.figures.mentions == 0

    def url(self, link: str) -> str:
        """The whole address of a relative link; empty where the app's is not known."""
        return f"{self.app}/{link}" if self.app and link else ""
