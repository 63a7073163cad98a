"""States and troubles of what the worker does, as HTML: of sources, reports, rules, deliveries."""

from collections.abc import Iterable
from html import escape


def badge(look: tuple[str, str, str]) -> str:
    """A state: its sign, the class of its colour, its words."""
    sign, colour, told = look
    return f'<span class="ok-badge ok-{colour}"><i>{sign}</i>{escape(told)}</span>'


def warning(troubles: Iterable[str]) -> str:
    """What went wrong and what to do, a line each; empty where all are."""
    lines = "".join(f"<div>{escape(trouble)}</div>" for trouble in troubles if trouble)
    return f'<div class="ok-warning">{lines}</div>' if lines else ""
