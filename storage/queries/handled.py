"""How far the team is with one mention."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from storage.columns import Status
from storage.models import Handling, Mention


@dataclass(frozen=True, slots=True)
class Handled:
    """What holds of a mention; by default nobody did anything.

    ``told`` tells that the source tells an answer of the company, which outranks what was set;
    ``answered_at`` is when, as the source says or else the first step that said «answered».
    ``wait`` is the time to that answer, None where either has no date or the answer is older.
    """

    status: Status = Status.NEW
    assignee: str = ""
    note: str = ""
    told: bool = False
    answered_at: datetime | None = None
    wait: timedelta | None = None


#: With which nobody did anything.
UNHANDLED = Handled()


def handled_of(mention: Mention, held: Handling | None) -> Handled:
    """What holds of a mention with the step that holds."""
    told = mention.answer_text is not None or mention.answered_at is not None
    status = Status.ANSWERED if told else Status(held.status) if held else Status.NEW
    at = wait = None
    if status is Status.ANSWERED:
        at = mention.answered_at or (held.answered_at if held else None)
    if at and mention.date_known and at >= mention.published_at:
        wait = at - mention.published_at
    if held is None:
        return Handled(status, told=told, answered_at=at, wait=wait)
    return Handled(status, held.assignee, held.note, told, at, wait)
