"""What a collector may raise on purpose.

Errors are named by what happens next and are acted on in one place, ``collectors.runner``::

    CollectError
      Transient(retry_after)   try again later; goes into the schedule, not into sleep
        QuotaSpent(until)      no call is left to the key before that moment
      NeedsHuman               401, 403, 404 of a list page, robots disallow, bad option: parked
      LayoutChanged            the page came but does not parse: a developer must look
      SkipItem                 one item unreadable: counted and sampled, the page goes on
      NotModified              304: nothing new, a fine outcome
"""

from datetime import datetime, timedelta


class CollectError(Exception):
    """Base of everything a collector may raise on purpose; the text is shown to the user."""


class Transient(CollectError):
    """Try again later; ``retry_after`` is set where the server asked for a certain wait."""

    def __init__(self, message: str, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class QuotaSpent(Transient):
    """The key's calls of this day are spent; ``until`` is when the next day begins."""

    def __init__(self, message: str, until: datetime, retry_after: timedelta) -> None:
        super().__init__(message, retry_after)
        self.until = until


class NeedsHuman(CollectError):
    """No retry until somebody looks; the message says what to do.

    ``status`` is the HTTP status behind it, where there is one: past the last page of a list a 404
    is an ordinary end.
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class LayoutChanged(CollectError):
    """The page came but does not parse; ``body`` is kept for the developer."""

    def __init__(self, message: str, body: str = "") -> None:
        super().__init__(message)
        self.body = body


class SkipItem(CollectError):
    """One item of a page cannot be read; ``sample`` shows which."""

    def __init__(self, message: str, sample: str = "") -> None:
        super().__init__(message)
        self.sample = sample


class NotModified(CollectError):
    """The source says that nothing changed since the last visit."""
