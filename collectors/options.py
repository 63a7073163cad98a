"""Option types that several sources share."""

import re
from functools import cache
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
)

DEFAULT_ZONE = "Europe/Moscow"


class SourceOptions(BaseModel):
    """Base of every source's ``Options``: frozen, and a mistyped key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@cache
def _zones() -> set[str]:
    return available_timezones()  # walks a folder of hundreds of files


def _known_zone(name: str) -> str:
    if name not in _zones():
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


def _digits(number: str) -> str:
    if not (number.isascii() and number.isdigit()):
        raise ValueError("нужен номер из одних цифр")
    return number


def _accepted(terms: bool) -> bool:
    if not terms:
        raise ValueError(
            "сайт читается без официального API. Прочитайте его правила и, если они это "
            "позволяют, добавьте accept_terms: true"
        )
    return terms


def _package(name: str) -> str:
    if not re.fullmatch(r"\w+(\.\w+)+", name, re.ASCII):
        raise ValueError("нужно имя пакета приложения; пример: ru.brand.app")
    return name


def _in_folder(path: Path, info: ValidationInfo) -> Path:
    folder = (info.context or {}).get("folder")
    return Path(folder) / path if folder else path


#: A file beside config.yaml: relative to the folder given as validation context («folder»).
LocalPath = Annotated[Path, AfterValidator(_in_folder)]
#: An id made of digits, which YAML may have read as a number.
Digits = Annotated[str, BeforeValidator(str), AfterValidator(_digits)]
#: True where the user has read the terms of a site without an official door.
Terms = Annotated[bool, Field(validate_default=True), AfterValidator(_accepted)]
#: The name of an Android app, as its address in a store holds it.
Package = Annotated[str, AfterValidator(_package)]
#: A key or token: never shown, and a new one does not make the source a new one.
Secret = Annotated[SecretStr, AfterValidator(_given)]
Zone = Annotated[str, AfterValidator(_known_zone), Field(description="имя зоны IANA")]
WebAddress = Annotated[str, AfterValidator(_web_address)]
#: Pages read in one crawl where the site itself sets no end.
MaxPages = Annotated[int, Field(ge=1, le=10_000)]
#: A search string, a name or an id; YAML reads some of them as numbers.
Word = Annotated[str, Field(min_length=1, coerce_numbers_to_str=True)]


def zone_of(name: str) -> ZoneInfo:
    """The zone that a validated option names."""
    return ZoneInfo(name)
