"""What the error that ended a crawl means: a status, words for the user, when to come again."""

import traceback
from datetime import datetime, timedelta

from collectors.errors import (
    CollectError,
    LayoutChanged,
    NeedsHuman,
    QuotaSpent,
    SkipItem,
    Transient,
)
from collectors.outcomes import Status
from collectors.secrets import hide_secrets

LONGEST_BACKOFF = timedelta(days=1)
LONGEST_DETAIL = 200_000  # characters of a kept page or traceback


class StoreFailed(Exception):
    """Storage raised; the cause is its own error."""


def status_of(error: Exception) -> Status:
    """How a crawl ended that raised ``error``."""
    if isinstance(error, Transient):
        return Status.LATER
    if isinstance(error, NeedsHuman):
        return Status.NEEDS_HUMAN
    if isinstance(error, LayoutChanged):
        return Status.LAYOUT_CHANGED
    return Status.LATER if isinstance(error, StoreFailed) and _busy(error) else Status.BUG


def _busy(error: StoreFailed) -> bool:
    """True for a locked, full or unreachable database: DB-API 2.0 (PEP 249) fixes these names."""
    names = {kind.__name__ for kind in type(error.__cause__).__mro__}
    return bool(names & {"OperationalError", "InterfaceError"})


def words_of(error: Exception) -> tuple[str, str]:
    """(sentence for the user, detail for the developer) of what ended a crawl."""
    detail = "".join(traceback.format_exception(error))
    if isinstance(error, LayoutChanged) and error.body:
        detail = error.body
    if isinstance(error, StoreFailed):
        cause = str(error.__cause__).strip().split("\n", 1)[0][:300]
        words = f"База данных не приняла записи: {cause}. Собранное до этого сохранено."
    elif isinstance(error, CollectError) and not isinstance(error, SkipItem):
        words = str(error)
    else:
        words = (
            f"Ошибка в коде сборщика ({type(error).__name__}). Остальные источники не пострадали; "
            "подробности сохранены для разработчика."
        )
    return hide_secrets(words), hide_secrets(detail[-LONGEST_DETAIL:])


def next_due(
    now: datetime, interval: timedelta | None, failure: Exception | None, failures: int
) -> datetime | None:
    """When to come again; an unscheduled source (None) is never due by itself."""
    if interval is None:
        return None
    if isinstance(failure, QuotaSpent):
        return failure.until  # the rest of what this turn is for
    wait = interval
    if failure is not None:
        wait = max(wait, min(timedelta(minutes=2 ** min(failures, 20)), LONGEST_BACKOFF))
    if isinstance(failure, Transient) and failure.retry_after:
        wait = max(wait, failure.retry_after)
    return now + wait
