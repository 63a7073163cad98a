"""Option types that several sources share."""

from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

DEFAULT_ZONE = "Europe/Moscow"


class SourceOptions(BaseModel):
    """Base of every source's ``Options``: frozen, and a mistyped key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"часовой пояс «{name}» неизвестен; пример: Europe/Moscow")
    return name


def _web_address(url: str) -> str:
    if not url.lower().startswith(("http://", "https://")):
        raise ValueError("нужен адрес, который начинается с http:// или https://")
    return url


Zone = Annotated[str, AfterValidator(_known_zone), Field(description="имя зоны IANA")]
WebAddress = Annotated[str, AfterValidator(_web_address)]


def zone_of(name: str) -> ZoneInfo:
    """The zone that a validated option names."""
    return ZoneInfo(name)
