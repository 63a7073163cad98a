"""Source types, found by walking ``collectors.sources``: there is no list to keep."""

import importlib
import pkgutil
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from types import MappingProxyType
from typing import cast

from collectors import sources
from collectors.base import Collector
from collectors.errors import NeedsHuman


@cache
def types() -> Mapping[str, Collector]:
    """Type name (as in config.yaml) -> the module that collects it."""
    names = sorted(module.name for module in pkgutil.iter_modules(sources.__path__))
    found = {name: importlib.import_module(f"{sources.__name__}.{name}") for name in names}
    return MappingProxyType({name: cast(Collector, module) for name, module in found.items()})


def find(name: str) -> Collector:
    """The collector of type ``name``; raises NeedsHuman naming the nearest types."""
    known = types()
    if name in known:
        return known[name]
    near = get_close_matches(name.lower(), known, n=3, cutoff=0.5)
    hint = f"Может быть, {' или '.join(near)}?" if near else f"Есть: {', '.join(known)}."
    raise NeedsHuman(f"Неизвестный тип источника «{name}». {hint}")


def table() -> str:
    """The types as a Markdown table, for README."""
    titles = ("type", "что это", "доступ", "пределы", "на что смотреть")
    rows = [titles, ("---",) * len(titles)]
    for name, module in types().items():
        about = module.ABOUT
        note = f"**неофициально, нужно accept_terms.** {about.caveats}"
        caveats = note if about.unofficial else about.caveats
        rows.append((f"`{name}`", about.title, about.auth, about.limits, caveats))
    return "\n".join("| " + " | ".join(row) + " |" for row in rows) + "\n"
