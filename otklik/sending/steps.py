"""The parts a delivery is sent in, and how a channel refuses one."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256


@dataclass(frozen=True, slots=True)
class Step:
    """One part for one addressee; ``send`` raises Refused, else the channel has taken it.

    ``part`` is the same at every attempt; it tells no address.
    """

    part: str
    addressee: str
    send: Callable[[], None]


class Refused(Exception):
    """The channel did not take a part; the text says why and what to do.

    ``again`` tells whether a later try may go through, not earlier than in ``wait`` where the
    channel asked for one. ``everyone`` is set where the others need not be tried either.
    """

    def __init__(
        self,
        words: str,
        *,
        again: bool,
        wait: timedelta | None = None,
        everyone: bool = False,
    ) -> None:
        super().__init__(words)
        self.again = again
        self.wait = wait
        self.everyone = everyone


def digest(addressee: str) -> str:
    """A short name for an addressee that does not tell who it is."""
    return sha256(addressee.encode()).hexdigest()[:10]
