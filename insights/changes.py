"""What changed against the previous equal period: key figures, and touchpoints that moved them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from insights.stats import Z_MANY, Change, Estimate, change, csat, net_sentiment, nps, share
from nlp.labels import Intent
from storage.queries import Figures, OpinionCount, SourceRow, Tones

#: Fewer observations than this are told, but nothing is concluded from them.
FEW = 20


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
class KeyFigures:
    """The row of figures on top of the overview; ``before`` is None without a period to compare."""

    mentions: int
    mentions_before: int | None
    unread: int
    net: Measure
    negative: Measure
    csat: Measure
    churn: Measure
    nps: Measure


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


def key_figures(now: Figures, before: Figures | None) -> KeyFigures:
    """Figures of a period beside those of the previous equal one."""

    def both(measure: Callable[[Figures], Estimate | None]) -> Measure:
        return Measure(measure(now), measure(before) if before else None)

    return KeyFigures(
        mentions=now.mentions,
        mentions_before=before.mentions if before else None,
        unread=now.unread,
        net=both(lambda f: net_sentiment(f.tones)),
        negative=both(lambda f: share(f.tones.negative, f.tones.n)),
        csat=both(lambda f: csat(f.ratings)),
        churn=both(lambda f: share(f.intents.get(Intent.CHURN, 0), f.analysed)),
        nps=both(lambda f: nps(f.nps.promoters, f.nps.passives, f.nps.detractors)),
    )


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


def _counts(opinions: Iterable[OpinionCount], tone: str) -> dict[str, int]:
    return {count.touchpoint: getattr(count.tones, tone) for count in opinions}
