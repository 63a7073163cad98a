"""How values of config.yaml are written; what is wrong with one is said in the user's words."""

import re
from datetime import timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from collectors import schedules
from collectors.schedules import Schedule


class Part(BaseModel):
    """A part of config.yaml, in which a key that is not known is a mistake."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _schedule(value: Any) -> Any:
    return value if isinstance(value, Schedule) else schedules.parse(str(value))


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("нет такого часового пояса; пример: Europe/Moscow") from error
    return value


def _code(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", value):
        raise ValueError("пишется маленькими латинскими буквами, цифрами, «-» и «_»: my-brand")
    return value


def _query(value: str) -> str:
    # The parser takes a moment to load: only brands with a query need it.
    from otklik.query.parsing import parse

    if value.strip():
        parse(value)  # its error is a ValueError in the user's words
    return value.strip()


def _days(value: Any) -> Any:
    """«730д» -> timedelta."""
    if isinstance(value, timedelta):
        return value
    match = re.fullmatch(r"([1-9]\d{0,4})\s*(?:д|дн|день|дня|дней|d|days?)\.?", str(value).strip())
    if not match:
        raise ValueError("срок пишется в днях: 730д")
    return timedelta(days=int(match[1]))


def _stores(value: Any) -> Any:
    if not isinstance(value, bool | list | tuple):
        raise ValueError("ожидалось true, false или список источников: [vk, maps]")
    return value


Code = Annotated[str, Field(max_length=64), AfterValidator(_code)]
Text = Annotated[str, Field(min_length=1)]
Every = Annotated[Schedule, BeforeValidator(_schedule)]
Zone = Annotated[str, AfterValidator(_zone)]
QueryText = Annotated[str, AfterValidator(_query)]
Days = Annotated[timedelta, BeforeValidator(_days)]
AllOrThese = Annotated[bool | tuple[Text, ...], BeforeValidator(_stores)]
