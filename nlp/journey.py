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


@dataclass(frozen=True, slots=True)
class Journey:
    """A way of dividing what customers live through; the triad of service is one, too."""

    code: str
    name: str
    stages: tuple[Stage, ...]


@cache
def journeys() -> tuple[Journey, ...]:
    """The journeys that ship with the product (``journey.yaml``), the default first."""
    rows = yaml.safe_load(files("nlp").joinpath("journey.yaml").read_text(encoding="utf-8"))
    return tuple(
        Journey(
            row["code"],
            row["name"],
            tuple(
                Stage(
                    stage["code"],
                    stage["name"],
                    tuple(Touchpoint(code) for code in stage["touchpoints"]),
                )
                for stage in row["stages"]
            ),
        )
        for row in rows
    )


def default_journey() -> tuple[Stage, ...]:
    """The six stages that are shown unless config.yaml has its own."""
    return journeys()[0].stages
