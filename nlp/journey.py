"""The customer journey as data: ordered stages, each holding touchpoints."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

from nlp.labels import Touchpoint


@dataclass(frozen=True, slots=True)
class Stage:
    """One column of the journey map."""

    code: str
    name: str
    touchpoints: tuple[Touchpoint, ...]


@cache
def default_journey() -> tuple[Stage, ...]:
    """The six stages that ship with the product (``journey.yaml``)."""
    rows = yaml.safe_load(files("nlp").joinpath("journey.yaml").read_text(encoding="utf-8"))
    return tuple(
        Stage(row["code"], row["name"], tuple(Touchpoint(code) for code in row["touchpoints"]))
        for row in rows
    )
