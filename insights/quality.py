"""How far the model's answers can be trusted: on labelled sets, and beside what humans said."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from insights.stats import Estimate, share
from nlp.labels import TOUCHPOINT_NAMES, Tone, Touchpoint
from nlp.lesson import FIELDS, Count, Lesson, is_held_out, merged
from nlp.quality import Bin, Figure, Hits, Measured
from storage.queries import Answer, Check, Corrected, SpotCheckRow

#: Ends of the bins of certainty in which a human's checks are counted.
_BINS = (0.0, 0.6, 0.8, 0.9, 1.0)


@dataclass(frozen=True, slots=True)
class ToneLine:
    """One tone: how much of it is found, how much of what is called so is so.

    ``taken_for`` is what its texts are most often taken for instead, None where never.
    """

    tone: Tone
    recall: Estimate | None
    precision: Estimate | None
    taken_for: Tone | None


@dataclass(frozen=True, slots=True)
class Line:
    """A part of what was measured: a touchpoint, a source, a domain."""

    key: str
    name: str
    figure: Estimate


@dataclass(frozen=True, slots=True)
class Reliability:
    """Where the model was so sure on average, and how often it was right."""

    certainty: float
    right: Estimate


@dataclass(frozen=True, slots=True)
class Agreement:
    """The model beside humans on their own mentions; ``learnt`` ones it had learnt before."""

    right: Estimate | None
    tones: tuple[ToneLine, ...]
    sources: tuple[Line, ...]
    reliability: tuple[Reliability, ...]
    learnt: int


@dataclass(frozen=True, slots=True)
class Spot:
    """A random check: ``asked`` mentions of it are there still, ``left`` of them wait, in order."""

    row: SpotCheckRow
    asked: int
    left: tuple[int, ...]
    agreement: Agreement

    @property
    def done(self) -> int:
        """How many were judged."""
        return self.asked - len(self.left)


def tone_lines(confusion: Mapping[str, Mapping[str, int]]) -> tuple[ToneLine, ...]:
    """Each tone of a table of counts by right and by found tone."""
    lines = []
    for tone in Tone:
        own = confusion.get(tone, {})
        wrong = {other: own.get(other, 0) for other in Tone if other != tone}
        hit = own.get(tone, 0)
        found = sum(row.get(tone, 0) for row in confusion.values())
        taken_for = max(wrong, key=lambda other: wrong[other]) if any(wrong.values()) else None
        lines.append(ToneLine(tone, share(hit, sum(own.values())), share(hit, found), taken_for))
    return tuple(lines)


def touchpoint_lines(measured: Measured) -> tuple[Line, ...]:
    """F1 of the opinions about each touchpoint, the best first; n are the opinions there are."""
    lines = [
        Line(code, TOUCHPOINT_NAMES[Touchpoint(code)], _estimate(tally.f1, tally.gold))
        for code, tally in measured.touchpoints.items()
    ]
    return _best_first(lines)


def source_lines(sources: Mapping[str, Hits], names: Mapping[str, str]) -> tuple[Line, ...]:
    """The share of right tones by the name of a source; several may share one."""
    sums: dict[str, list[int]] = {}
    for source, hits in sources.items():
        own = sums.setdefault(names.get(source, source), [0, 0])
        own[0] += hits.hit
        own[1] += hits.n
    return _best_first(_counted(sums))


def reliability(bins: Iterable[Bin]) -> tuple[Reliability, ...]:
    """Bins that hold anything, as shares with intervals."""
    found = ((row.certainty, share(row.hit, row.n)) for row in bins)
    return tuple(Reliability(certainty, right) for certainty, right in found if right)


def is_taught(version: str, shipped: str) -> bool:
    """Whether a model may have learnt from corrections: not the shipped one, nor a foreign one."""
    return version != shipped and "+" not in version


def agreement(
    checks: Iterable[Check], version: str, shipped: str, sources: Mapping[int, str]
) -> Agreement:
    """The answers of one model beside the humans' tones; what it learnt from proves nothing.

    An answer counts if the model gave it before the human spoke, or never learns at all.
    """
    told: list[tuple[Check, Answer]] = []
    learnt = 0
    for check in checks:
        answer = next((each for each in check.answers if each.version == version), None)
        if answer is None:
            continue
        if is_taught(version, shipped) and answer.at > check.at:
            learnt += 1
        else:
            told.append((check, answer))
    confusion: dict[str, Counter[str]] = {}
    by_source: dict[str, list[int]] = {}
    for check, answer in told:
        confusion.setdefault(check.tone, Counter())[answer.tone] += 1
        own = by_source.setdefault(sources.get(check.source_id, ""), [0, 0])
        own[0] += check.tone == answer.tone
        own[1] += 1
    return Agreement(
        right=share(sum(hit for hit, _ in by_source.values()), len(told)),
        tones=tone_lines(confusion),
        sources=_best_first(_counted(by_source)),
        reliability=_own_reliability(told),
        learnt=learnt,
    )


def spot(
    row: SpotCheckRow,
    checks: Iterable[Check],
    there: frozenset[int],
    shipped: str,
    sources: Mapping[int, str],
) -> Spot:
    """How far a random check is, and what it tells; ``there`` are the mentions still to be had."""
    asked = [number for number in row.mention_ids if number in there]
    drawn = {check.mention_id: check for check in checks if check.mention_id in there}
    mine = [drawn[number] for number in asked if number in drawn]
    return Spot(
        row=row,
        asked=len(asked),
        left=tuple(number for number in asked if number not in drawn),
        agreement=agreement(mine, row.model_version, shipped, sources),
    )


def to_learn(rows: Iterable[Corrected], mentions: int) -> dict[str, Count]:
    """What each field has to learn from; ``mentions`` are all there are."""
    lessons = merged(
        Lesson(row.text, row.tone, row.kind, None if row.opinions is None else ()) for row in rows
    )
    counts = {}
    for field in FIELDS:
        texts = [lesson.text for lesson in lessons if lesson.speaks_of(field)]
        examined = sum(map(is_held_out, texts))
        counts[field] = Count(len(texts) - examined, examined, max(0, mentions - len(texts)))
    return counts


def expected(n: int, part: float) -> Estimate:
    """The interval that a check of ``n`` mentions will have where ``part`` of them are right."""
    found = share(round(part * n), n)
    if found is None:
        raise ValueError("a check of nothing has no interval")
    return found


def _own_reliability(told: Sequence[tuple[Check, Answer]]) -> tuple[Reliability, ...]:
    bins = []
    for low, high in pairwise(_BINS):
        # A certainty of one belongs to the last bin.
        own = [(c, a) for c, a in told if low <= min(a.certainty, 0.999) < high]
        if own:
            hit = sum(check.tone == answer.tone for check, answer in own)
            mean = sum(answer.certainty for _, answer in own) / len(own)
            bins.append(Bin(low, high, len(own), hit, mean))
    return reliability(bins)


def _estimate(figure: Figure, n: int) -> Estimate:
    return Estimate(figure.value, figure.low, figure.high, n)


def _counted(sums: Mapping[str, Sequence[int]]) -> list[Line]:
    found = ((name, share(hit, n)) for name, (hit, n) in sums.items())
    return [Line(name, name, figure) for name, figure in found if figure]


def _best_first(lines: Iterable[Line]) -> tuple[Line, ...]:
    return tuple(sorted(lines, key=lambda line: (-line.figure.value, line.name)))
