"""The network as senders see it: the same addresses, certificates and proxy as for collecting."""

import ssl
import time
from dataclasses import dataclass
from functools import cached_property

from collectors.network import Guard, resolve
from collectors.politeness import Limits
from collectors.transport import Wire
from otklik.config import Config

#: Seconds for one part: a report of some megabytes over a slow line.
_LONGEST = 300.0
_READ = 60.0


@dataclass
class Line:
    """Made by :func:`line`; ``limits`` are shorter in tests."""

    limits: Limits

    @cached_property
    def guard(self) -> Guard:
        """Which addresses may be connected to."""
        return Guard(resolve, self.limits.allow_private)

    @cached_property
    def wire(self) -> Wire:
        """The way of a request to an API."""
        return Wire(self.limits, self.guard, None, time.monotonic)

    @property
    def trust(self) -> ssl.SSLContext:
        """The certificates that are believed."""
        return self.wire.trust


def line(config: Config) -> Line:
    """The network as config.yaml allows it."""
    http = config.http
    return Line(
        Limits(
            contact=http.contact,
            allow_private=http.allow_private,
            proxy=config.proxy,
            read=_READ,
            total=_LONGEST,
        )
    )
