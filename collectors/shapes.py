"""Typed access to JSON answers: what is there has the type asked for, or counts as missing.

Sites write a number as text, an absent field as null, and now and then another shape altogether.
A list that is missing is a changed API (:class:`LayoutChanged`); an id or a date that is missing
spoils one item only (:class:`SkipItem`). Paths are keys: ``text(post, "author", "name")``.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from collectors.answers import Response
from collectors.errors import LayoutChanged, SkipItem
from collectors.secrets import hide_secrets

Node = Mapping[str, Any]
_WHOLE = re.compile(r"\s*-?\d{1,19}\s*")


def value(node: object, *path: str) -> Any:
    """What stands at ``path``; None where a step is missing or leads into no object."""
    for key in path:
        node = node.get(key) if isinstance(node, Mapping) else None
    return node


def text(node: object, *path: str) -> str:
    """The text at ``path``; a number as its digits, anything else as «»."""
    found = value(node, *path)
    if isinstance(found, str):
        return found
    return str(found) if isinstance(found, int | float) and not isinstance(found, bool) else ""


def whole(node: object, *path: str) -> int | None:
    """The integer at ``path``, also one written as text."""
    found = value(node, *path)
    if isinstance(found, bool):
        return None
    if isinstance(found, str) and _WHOLE.fullmatch(found):
        return int(found)
    return int(found) if isinstance(found, int) else None


def nodes(node: object, *path: str) -> list[Node]:
    """The objects at ``path``; a single one counts as a list of one, nothing as none."""
    found = value(node, *path)
    if isinstance(found, Mapping):
        return [found]
    entries = found if isinstance(found, list) else []
    return [entry for entry in entries if isinstance(entry, Mapping)]


def items(answer: Response, *path: str) -> list[Any]:
    """The list at ``path`` of an answer; raises LayoutChanged where there is none."""
    found = value(answer.json, *path)
    if not isinstance(found, list):
        raise changed(answer, f"нет списка «{'.'.join(path)}»")
    return list(found)


def changed(answer: Response, what: str) -> LayoutChanged:
    """The error for an answer of another shape than documented."""
    return LayoutChanged(f"{hide_secrets(answer.url)}: {what}. API изменилось?", answer.text)


def key(node: object, *path: str) -> str:
    """The id at ``path``; raises SkipItem where there is none."""
    found = text(node, *path)
    if not found:
        raise SkipItem(f"Нет поля «{'.'.join(path)}».", str(node)[:100])
    return found


def moment(node: object, *path: str, zone: tzinfo = UTC) -> datetime:
    """The moment at ``path``, see :func:`moment_or_none`; raises SkipItem where there is none."""
    found = moment_or_none(node, *path, zone=zone)
    if found is None:
        raise SkipItem(f"Нет даты в поле «{'.'.join(path)}».", str(node)[:100])
    return found


def moment_or_none(node: object, *path: str, zone: tzinfo = UTC) -> datetime | None:
    """The moment at ``path`` (UTC) from ISO 8601 or Unix seconds; ``zone`` where it names none."""
    found = value(node, *path)
    seconds = whole(node, *path)
    try:
        if seconds is not None:
            return datetime.fromtimestamp(seconds, UTC)
        if not isinstance(found, str):
            return None
        written = datetime.fromisoformat(found.strip())
        return (written if written.tzinfo else written.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
