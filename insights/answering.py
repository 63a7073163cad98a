"""How many mentions the company answers, and how soon.

An answer is expected by customers' voices that are no repeats, unless the team set «не требует
ответа». Answered is a mention whose source tells an answer of the company, or which the team set to
«отвечено». Time to first answer runs from publication to the answer's date as the source tells it,
else to the first step «отвечено» that was not taken back; answers without a date and answers older
than their mention (a review edited after it, a wrong clock) count as answered and are left out of
the times. Times are those of answered mentions: who still waits is counted apart.

Where a source never told an answer and the team never set a status, nothing is known: its mentions
are left out of the share, as «nobody told» is not «0 %».
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from insights.stats import Estimate, Median, median, share
from insights.trends import spans
from storage.queries import AnswerCount, AnswerSources, Waits


class Known(StrEnum):
    """Where what is known of answers comes from."""

    SOURCE = "source"
    STATUS = "status"
    BOTH = "both"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Answers:
    """Mentions that expect an answer (``n``) and those that got one.

    ``wait`` is the median of the minutes to the first answer; ``undated`` and ``early`` answers are
    left out of it; ``ignored`` mentions are left out of n.
    """

    n: int = 0
    answered: int = 0
    ignored: int = 0
    wait: Median | None = None
    undated: int = 0
    early: int = 0

    @property
    def share(self) -> Estimate | None:
        """Answered of those that expect it, with Wilson's interval; None without any."""
        return share(self.answered, self.n)

    @property
    def unanswered(self) -> int:
        """Those that wait."""
        return self.n - self.answered


@dataclass(frozen=True, slots=True)
class SourceAnswers:
    """The answers of a source; where nothing is known of them ``answers`` only tells n."""

    source_id: int
    known: Known
    answers: Answers


@dataclass(frozen=True, slots=True)
class Answering:
    """All of a filter: the sources, those where anything is known first, and their sum.

    ``unknown`` counts the mentions of the other sources, which the sum leaves out.
    """

    sources: tuple[SourceAnswers, ...]
    total: Answers
    unknown: int

    @property
    def known_ids(self) -> tuple[int, ...]:
        """The sources that the sum is of."""
        return tuple(one.source_id for one in self.sources if one.known is not Known.NOTHING)


@dataclass(frozen=True, slots=True)
class AnswerStep:
    """A bucket of a time axis."""

    start: date
    end: date
    n: int
    answered: int


def known_of(source_id: int, sources: AnswerSources) -> Known:
    """What tells of the answers in a source."""
    if source_id in sources.told:
        return Known.BOTH if source_id in sources.handled else Known.SOURCE
    return Known.STATUS if source_id in sources.handled else Known.NOTHING


def answering(
    counts: Sequence[AnswerCount], waits: Mapping[int, Waits], sources: AnswerSources
) -> Answering:
    """Everything that the page and reports tell of a filter's answers."""
    found = []
    for source_id in sorted({count.source_id for count in counts}):
        own = [count for count in counts if count.source_id == source_id]
        told = waits.get(source_id, Waits())
        found.append(SourceAnswers(source_id, known_of(source_id, sources), _answers(own, [told])))
    found.sort(key=lambda one: (one.known is Known.NOTHING, -one.answers.n, one.source_id))
    ids = {one.source_id for one in found if one.known is not Known.NOTHING}
    return Answering(
        tuple(found),
        _answers(
            [count for count in counts if count.source_id in ids],
            [own for source_id, own in waits.items() if source_id in ids],
        ),
        sum(one.answers.n for one in found if one.known is Known.NOTHING),
    )


def waiting(counts: Sequence[AnswerCount], sources: AnswerSources) -> int:
    """Mentions without an answer, of sources where anything is known."""
    known = [one for one in counts if known_of(one.source_id, sources) is not Known.NOTHING]
    return _answers(known, ()).unanswered


def over_time(
    counts: Sequence[AnswerCount], sources: AnswerSources, start: date, end: date
) -> tuple[AnswerStep, ...]:
    """Every bucket from ``start`` to ``end``, by the day of the mention, as :func:`waiting`."""
    n: Counter[date] = Counter()
    answered: Counter[date] = Counter()
    for one in counts:
        if known_of(one.source_id, sources) is not Known.NOTHING:
            n[one.day] += one.n - one.ignored
            answered[one.day] += one.answered
    return tuple(
        AnswerStep(
            first,
            last,
            sum(count for day, count in n.items() if first <= day <= last),
            sum(count for day, count in answered.items() if first <= day <= last),
        )
        for first, last in spans(start, end)
    )


def _answers(counts: Sequence[AnswerCount], waits: Sequence[Waits]) -> Answers:
    minutes: Counter[int] = Counter()
    for own in waits:
        for value, count in own.minutes:
            minutes[value] += count
    ignored = sum(one.ignored for one in counts)
    return Answers(
        n=sum(one.n for one in counts) - ignored,
        answered=sum(one.answered for one in counts),
        ignored=ignored,
        wait=median(sorted(minutes.items())),
        undated=sum(own.undated for own in waits),
        early=sum(own.early for own in waits),
    )
