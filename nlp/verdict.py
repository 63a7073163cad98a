"""Whether refined heads answer better than those in use: the gain, and what it costs elsewhere.

People correct what is wrong, so the present model looks bad on corrections, and any change at all
would look good there. The gain is therefore weighed against how many answers that nobody corrected
move with it: heads that learnt from noise move both alike.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from math import comb
from typing import Any

from nlp.agreement import pair_f1
from nlp.analysis import Failure, Result
from nlp.lesson import Lesson

#: What a gain must be worth, in lost answers. Of tones and kinds one alone is right: who moves
#: answers blindly gains less than what moves, and what nobody corrected is mostly right. Lists of
#: opinions move at their edges all the time, and blindly moved ones gain nothing at all.
_PRICE = {"tone": 2.0, "kind": 2.0, "opinions": 0.25}
#: The largest chance that luck alone mended so many more corrected texts than it spoilt.
_LUCK = 0.05
#: The largest share of the shipped model's answers that may be lost, whatever is gained.
_MOST_LOST = 0.2

_Said = AbstractSet[Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One field before and after, on held-out corrections and on held-out anchors.

    ``before`` and ``after`` are the share of ``corrections`` answered as the human did (of
    opinions: F1 of the pairs of touchpoint and tone). ``gain`` is the mean over texts, in
    which ``mended`` answers came nearer to the human's and ``spoilt`` ones went away from it.
    ``lost`` and ``lost_of_shipped`` are the shares of the anchors' answers that changed, against
    the model in use and against the shipped one.
    """

    field: str
    corrections: int
    before: float
    after: float
    gain: float
    mended: int
    spoilt: int
    lost: float
    lost_of_shipped: float

    @property
    def better(self) -> bool:
        """Whether the new head should be used."""
        return not self.doubt

    @property
    def doubt(self) -> str:
        """Why not, in words for the user; empty where nothing speaks against it."""
        if self.after <= self.before:
            return "не лучше"
        if luck(self.mended, self.spoilt) > _LUCK:
            return "не отличить от случайного"
        if self.gain < _PRICE[self.field] * self.lost:
            return "меняет больше, чем исправляет"
        if self.lost_of_shipped > _MOST_LOST:
            return "меняет слишком много"
        return ""


def judge(
    field: str,
    lessons: Sequence[Lesson],
    before: Sequence[Result],
    after: Sequence[Result],
    anchors: Sequence[tuple[Result, Result, Result]],
) -> Verdict:
    """Compare the answers to ``lessons``, which all speak of ``field``.

    ``anchors`` are answers to texts that nobody corrected, each by the shipped model, by the one
    in use and by the new one.
    """
    gold = [said(lesson, field) for lesson in lessons]
    old, new = ([said(result, field) for result in results] for results in (before, after))
    gains = [
        likeness(right, b) - likeness(right, a) for right, a, b in zip(gold, old, new, strict=True)
    ]
    shipped, used, moved = ([said(each[n], field) for each in anchors] for n in range(3))
    return Verdict(
        field=field,
        corrections=len(lessons),
        before=pair_f1(gold, old),
        after=pair_f1(gold, new),
        gain=sum(gains) / len(gains),
        mended=sum(gain > 0 for gain in gains),
        spoilt=sum(gain < 0 for gain in gains),
        lost=_lost(used, moved),
        lost_of_shipped=_lost(shipped, moved),
    )


def said(answer: Lesson | Result, field: str) -> _Said:
    """What an answer says of ``field``, as a set; a failure says nothing."""
    if isinstance(answer, Failure):
        return frozenset()
    if field == "opinions":
        return {(opinion.touchpoint, opinion.tone) for opinion in answer.opinions or ()}
    return {getattr(answer, field)}


def likeness(one: _Said, other: _Said) -> float:
    """F1 of two sets; two empty ones are the same."""
    return 2 * len(one & other) / (len(one) + len(other)) if one or other else 1.0


def luck(mended: int, spoilt: int) -> float:
    """The chance of at least ``mended`` heads among that many throws of a coin (sign test)."""
    throws = mended + spoilt
    return float(sum(comb(throws, heads) for heads in range(mended, throws + 1)) / 2**throws)


def _lost(old: Sequence[_Said], new: Sequence[_Said]) -> float:
    return 1 - sum(map(likeness, old, new)) / len(old)
