"""A pass over a list that takes several runs, because the site allows less than that at a time.

A collector that says where it stands (``ctx.place``: a page token, the id of the last item) is not
sent back to the beginning of its list when the site tells it to come later: the pass goes on from
there. The cursor never gets past the moment that the pass began, for what appeared meanwhile may
stand before the place: it is the next pass's.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

KEPT = "_pass"  # its part of a source's state


@dataclass(slots=True)
class Pass:
    """``began`` is when its first run did; ``newest`` the newest date seen since; ``place`` where
    the last run was broken off, "" for the beginning of the list.
    """

    began: datetime
    newest: datetime | None = None
    place: str = ""

    @classmethod
    def kept(cls, told: dict[str, Any]) -> Self:
        """The pass that :meth:`as_state` told of."""
        dates = {name: told[name] and datetime.fromisoformat(told[name]) for name in _DATES}
        return cls(**dates, place=told["place"])

    def as_state(self) -> dict[str, Any]:
        """The pass as JSON."""
        dates = {name: getattr(self, name) for name in _DATES}
        written = {name: moment and moment.isoformat() for name, moment in dates.items()}
        return {**written, "place": self.place}


_DATES = ("began", "newest")
