"""What a report tells of the model's accuracy: as measured before, and on one's own mentions."""

from insights import quality as insight
from insights import quality_words as words
from insights.quality import Spot
from nlp import quality
from reports.frame import Frame
from storage import queries

#: A check that is not begun yet tells nothing: one of the latest was.
_LATEST = 5


def accuracy(frame: Frame, used: str) -> tuple[str, ...]:
    """Sentences, the measured figures first; empty where nothing is analysed."""
    if not used:
        return ()
    shipped = quality.read()
    spot = _spot(frame, used, shipped.version)
    day = spot.row.created_at.astimezone(frame.zone).date() if spot else None
    told = (
        words.foreign(used, shipped.version),
        words.proven(shipped.customers),
        *words.accuracy(shipped.customers),
        words.own(spot, day),
    )
    return tuple(filter(None, told))


def _spot(frame: Frame, used: str, shipped: str) -> Spot | None:
    """The latest random check of the model that is used, as «Качество» shows it."""
    rows = queries.spot_checks(frame.session, limit=_LATEST)
    mine = [row for row in rows if row.model_version == used]
    if not mine:
        return None
    checks = queries.checks(frame.session)
    names = {source.id: source.label for source in frame.catalog.sources}
    for row in mine:
        there = queries.answered(frame.session, row.mention_ids, row.model_version)
        spot = insight.spot(row, checks, there, shipped, names)
        if spot.done:
            return spot
    return None
