"""Option types that several sources share."""

from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

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


def _given(secret: SecretStr) -> SecretStr:
    if not secret.get_secret_value().strip():
        raise ValueError("ключ пуст: задайте его в окружении или в файле .env")
    return secret


#: A key or token: never shown, and a new one does not make the source a new one.
Secret = Annotated[SecretStr, AfterValidator(_given)]
Zone = Annotated[str, AfterValidator(_known_zone), Field(description="имя зоны IANA")]
WebAddress = Annotated[str, AfterValidator(_web_address)]


def zone_of(name: str) -> ZoneInfo:
    """The zone that a validated option names."""
    return ZoneInfo(name)
