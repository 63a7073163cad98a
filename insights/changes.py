"""What changed against the previous equal period: a figure, a touchpoint; what sources tell."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from insights.stats import Z_MANY, Change, Estimate, change, net_sentiment, share
from nlp.labels import Tone
from storage.queries import OpinionCount, SourceRow, Tones

#: Fewer observations than this are told, but nothing is concluded from them.
FEW = 20
#: A source stands out where it has more than this part.
_MOST = 0.5


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure now, before, and the change between; None where it cannot be told."""

    now: Estimate | None
    before: Estimate | None

    @property
    def change(self) -> Change | None:
        """Now minus before."""
        return change(self.now, self.before)

    @property
    def points(self) -> int:
        """The change in whole points between the figures as they are shown, so that they add up."""
        if self.now is None or self.before is None:
            return 0
        return round(self.now.value * 100) - round(self.before.value * 100)


@dataclass(frozen=True, slots=True)
class Move:
    """Negative (or positive) opinions about a touchpoint, now and before, per analysed mention."""

    touchpoint: str
    now: int
    before: int
    change: Change


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A source in the table of sources: volume, tone, state."""

    source: SourceRow
    mentions: int
    tones: Tones

    @property
    def net(self) -> Estimate | None:
        """Net sentiment of the source's mentions."""
        return net_sentiment(self.tones)


def moves(
    now: tuple[Iterable[OpinionCount], int],
    before: tuple[Iterable[OpinionCount], int],
    tone: str,
) -> tuple[Move, ...]:
    """Touchpoints whose share of ``tone`` opinions per analysed mention changed beyond chance.

    ``now`` and ``before`` are the opinion counts with the number of analysed mentions. A
    stricter interval (99.7 %) is used, because all touchpoints are tried at once. The largest
    change comes first.
    """
    counts_now, n_now = _counts(now[0], tone), now[1]
    counts_before, n_before = _counts(before[0], tone), before[1]
    if min(n_now, n_before) < FEW:
        return ()
    found = []
    for touchpoint in counts_now.keys() | counts_before.keys():
        k_now, k_before = counts_now.get(touchpoint, 0), counts_before.get(touchpoint, 0)
        # Two opinions of one sign about one touchpoint in one text are possible, if rare.
        difference = change(
            share(min(k_now, n_now), n_now, Z_MANY),
            share(min(k_before, n_before), n_before, Z_MANY),
        )
        if difference and difference.significant:
            found.append(Move(touchpoint, k_now, k_before, difference))
    return tuple(sorted(found, key=lambda move: (-abs(move.change.value), move.touchpoint)))


def source_table(
    sources: Iterable[SourceRow], mentions: Mapping[int, int], tones: Mapping[int, Tones]
) -> tuple[SourceLine, ...]:
    """All sources, the busiest first; silent ones stay, because a gap is news too."""
    lines = [
        SourceLine(source, mentions.get(source.id, 0), tones.get(source.id, Tones()))
        for source in sources
    ]
    return tuple(sorted(lines, key=lambda line: (-line.mentions, line.source.label)))


def standing_out(
    by_source: Mapping[int, Tones], all_by_source: Mapping[int, Tones], tone: Tone
) -> tuple[int, int] | None:
    """The source that tells of something more than half the time, though it is not that busy.

    ``by_source`` are opinions of the something, ``all_by_source`` all mentions. The source and how
    many of the ``tone`` it has; None where no source stands out beyond chance.
    """
    counts = {source: getattr(tones, tone) for source, tones in by_source.items()}
    total, n = sum(counts.values()), sum(tones.n for tones in all_by_source.values())
    if not total or not n:
        return None
    source, count = max(counts.items(), key=lambda item: (item[1], -item[0]))
    part = share(count, total)
    own = all_by_source.get(source, Tones()).n / n
    return (source, count) if part and part.value > _MOST and part.low > own else None


def _counts(opinions: Iterable[OpinionCount], tone: str) -> dict[str, int]:
    return {count.touchpoint: getattr(count.tones, tone) for count in opinions}
