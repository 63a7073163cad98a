"""What the renderers of a report share: signs of moods, clean texts, quotes cut to what proves.

Texts of strangers are shown as they are but for characters that would change how the words around
them are read, or that nothing can show.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from insights.words import Mood
from reports.parts import JourneyRow, Quote
from reports.report import Report

#: The tone whose colour a mood has, its sign, and the word for it.
MOODS = {
    Mood.WORSE: ("negative", "▼", "хуже"),
    Mood.BETTER: ("positive", "▲", "лучше"),
    Mood.SAME: ("neutral", "=", "без заметных изменений"),
    Mood.UNKNOWN: ("neutral", "·", "без вывода"),
}

#: Controls, and marks that turn the direction of what follows.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
)
_UNSAYABLE = re.compile("[\ud800-\udfff\ufffe\uffff]")
_SPACES = re.compile("[ \t\n\u2028\u2029]+")
#: Nothing else opens by a click; no quote, no space, nothing that ends an attribute.
_URL = re.compile(r"https?://[^\s\"'<>\\^`{}|]+")
#: So long may an address be that a reader opens.
_LONGEST = 2_000
#: A quote has so many characters at most, and its evidence, and what stands before it.
_QUOTE, _EVIDENCE, _BEFORE = 600, 400, 160


def clean(text: str) -> str:
    """The text without what is not to be seen."""
    text = text.replace("\r\n", "\n").replace("\u2028", "\n").replace("\u2029", "\n")
    return _UNSAYABLE.sub("\ufffd", _UNSEEN.sub("", text))


def href(url: str) -> str:
    """An address that may be opened; empty where it is of another kind."""
    is_fit = len(url) <= _LONGEST and clean(url) == url
    return url if is_fit and _URL.fullmatch(url) else ""


@dataclass(frozen=True, slots=True)
class Cut:
    """A quote on one line: what stands before its evidence, the evidence, what comes after."""

    before: str
    evidence: str
    after: str


def cut(quote: Quote) -> Cut:
    """The words that prove, with as much around them as a reader wants; what is left out is
    told by «…»."""
    before, evidence, after = (
        _SPACES.sub(" ", clean(part))
        for part in (
            quote.text[: quote.start],
            quote.text[quote.start : quote.end],
            quote.text[quote.end :],
        )
    )
    if len(evidence) > _EVIDENCE:
        evidence, after = shortened(evidence, _EVIDENCE), ""
    before = _tail(before.lstrip(), _BEFORE)
    return Cut(before, evidence, shortened(after.rstrip(), _QUOTE - len(before) - len(evidence)))


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage with its rows; ``number`` is the one in the chart, 0 where it has none."""

    number: int
    name: str
    rows: tuple[JourneyRow, ...]


def stages(report: Report) -> Iterator[Stage]:
    """The rows of the journey by stage, those that nobody spoke of left out."""
    columns = report.journey.found.columns
    numbers = {column.stage.name: number for number, column in enumerate(columns, 1)}
    spoken = (row for row in report.journey.rows if row.cell.standing.n)
    for name, rows in groupby(spoken, key=lambda row: row.stage):
        yield Stage(numbers.get(name, 0), name or "Вне пути", tuple(rows))


def no_gaps(report: Report) -> str:
    """What is told of the collecting where nothing is known to be missing."""
    if not report.sources:
        return "Сведений о сборе за этот период нет."
    return "У источников, которые собираются по расписанию, пробелов за этот период не видно."


def shortened(text: str, most: int) -> str:
    """The text, cut between words where it is longer."""
    if len(text) <= most:
        return text
    kept = text[:most]
    return f"{kept.rsplit(' ', 1)[0] if ' ' in kept[most // 2 :] else kept}…"


def _tail(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    kept = text[-most:]
    return f"…{kept.split(' ', 1)[1] if ' ' in kept[: most // 2] else kept}"
