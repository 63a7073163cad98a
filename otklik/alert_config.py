"""The part ``alerts`` of config.yaml: rules that wake people, each checked with the file."""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    field_validator,
    model_validator,
)

from collectors import schedules
from nlp.labels import Tone
from otklik.fields import Part, Text
from storage.alert_rules import LONGEST_RULE_NAME, RuleDeclaration
from storage.alert_values import Condition, Digest, Manners, When, clock
from storage.errors import StorageError
from storage.filters import Key, Names, from_params

_PERIOD = (Key.FROM, Key.TO, Key.PERIOD, Key.BEFORE)
_QUIET = re.compile(r"\s*(\d{1,2}:\d\d)\s*[-–—]\s*(\d{1,2}:\d\d)\s*")


def _hours(value: Any) -> Any:
    """«7д» -> 168."""
    if isinstance(value, int):
        return value
    interval = schedules.parse(str(value)).interval
    hours = interval.total_seconds() / 3600 if interval else 0
    if hours < 1 or hours % 1:
        raise ValueError("срок пишется в часах или днях: 6ч, 7д")
    return int(hours)


def _one_line(value: str) -> str:
    return " ".join(value.split())


def _quiet(value: Any) -> Any:
    read = _QUIET.fullmatch(str(value))
    if not read:
        raise ValueError('тихие часы пишутся от и до: "22:00-08:00"')
    return _wall(read[1]), _wall(read[2])


def _time(value: Any) -> Any:
    # YAML reads 10:30 without quotes as 630 minutes.
    return f"{value // 60}:{value % 60:02}" if isinstance(value, int) else value


def _wall(text: str) -> str:
    try:
        return f"{clock(text):%H:%M}"
    except StorageError as error:
        raise ValueError(str(error)) from error


def _digest(value: str) -> str:
    return value if value == str(Digest.HOURLY) else _wall(value)


def _several(value: Any) -> Any:
    if not isinstance(value, Mapping):
        raise ValueError("пишется как в ссылке приложения: {brand: moroshka, topic: delivery}")
    given = {str(key): own if isinstance(own, list) else [own] for key, own in value.items()}
    return {key: [str(one) for one in own] for key, own in given.items()}


Hours = Annotated[int, BeforeValidator(_hours)]
Quiet = Annotated[tuple[str, str], BeforeValidator(_quiet)]
DigestTime = Annotated[str, BeforeValidator(_time), AfterValidator(_digest)]
Link = Annotated[dict[str, list[str]], BeforeValidator(_several)]


class AlertConfig(Part):
    """A rule: what is looked at (``filter``), ``when`` it fires, and how that is told.

    ``filter`` has the keys and values of the app's links; ``reach`` is how many views a mention
    has at least. ``channels`` are names of config.yaml's channels. ``digest`` is «hourly» or a
    time of day; see :mod:`storage.alert_values` for the rest.
    """

    name: Annotated[
        str, AfterValidator(_one_line), Field(min_length=1, max_length=LONGEST_RULE_NAME)
    ]
    when: When
    filter: Link = Field(default_factory=dict)
    reach: Annotated[int, Field(ge=1)] | None = None
    n: int = 1
    within: Hours = 24
    below: float = 3.0
    tone: Tone = Tone.NEGATIVE
    channels: tuple[Text, ...] = ()
    cooldown: Hours | None = None
    quiet: Quiet | None = None
    zone: str = ""
    digest: DigestTime | None = None
    enabled: bool = True

    @field_validator("filter")
    @classmethod
    def _known_keys(cls, given: dict[str, list[str]]) -> dict[str, list[str]]:
        usable = [str(key) for key in Key if key not in _PERIOD]
        for key in given:
            if key not in usable:
                raise ValueError(f"«{key}» в фильтре правила не бывает; есть: {', '.join(usable)}")
        # Brands and sources are checked where all of them are known.
        anything = Names(
            dict.fromkeys(given.get(Key.BRAND, ()), 1), dict.fromkeys(given.get(Key.SOURCE, ()), 1)
        )
        for problem in from_params(given, anything, date.min)[1]:
            raise ValueError(f"{problem.key}: «{problem.value}» ничего не значит")
        return given

    @model_validator(mode="after")
    def _makes_sense(self) -> "AlertConfig":
        try:
            self.declaration()
        except StorageError as error:
            raise ValueError(str(error)) from error
        return self

    def declaration(self) -> RuleDeclaration:
        """The rule as storage takes it; raises StorageError in words."""
        rule = RuleDeclaration(
            name=self.name,
            condition=Condition(self.when, self.n, self.within, self.below, self.tone),
            params=self.filter,
            reach=self.reach,
            manners=Manners(self.cooldown, self.quiet, self.zone, *self._digest()),
            channels=self.channels,
            enabled=self.enabled,
        )
        rule.check()
        return rule

    def _digest(self) -> tuple[Digest] | tuple[Digest, str]:
        if self.digest is None:
            return (Digest.NONE,)
        if self.digest == Digest.HOURLY:
            return (Digest.HOURLY,)
        return Digest.DAILY, self.digest


def fault(alerts: Sequence[AlertConfig], brands: Collection[str], channels: Collection[str]) -> str:
    """What rules speak of that config.yaml does not have, in words; "" where all is there."""
    for index, alert in enumerate(alerts):
        for code in alert.filter.get(Key.BRAND, ()):
            if code not in brands:
                return f"alerts[{index}].filter.brand: нет бренда «{code}»"
        for name in alert.channels:
            if name not in channels:
                have = ", ".join(channels) or "ни одного"
                return f"alerts[{index}].channels: нет канала «{name}»; есть: {have}"
    return ""
