"""config.yaml -> frozen models. Unknown keys, wrong types and missing secrets get one clear text.

Secrets never stand in the file: a value ``${NAME}`` is taken from the environment, or from an
``.env`` file beside the config. Paths in the file are relative to the file.
"""

import os
import re
from collections.abc import Mapping
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from dotenv import dotenv_values
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from collectors import schedules
from collectors.schedules import Schedule
from nlp.journey import Stage, default_journey
from nlp.labels import Touchpoint
from otklik.messages import ConfigError, describe

#: Where the config is looked for: --config, then this variable, then ./config.yaml.
ENVIRONMENT_KEY = "OTKLIK_CONFIG"

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def _schedule(value: Any) -> Any:
    return value if isinstance(value, Schedule) else schedules.parse(str(value))


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("нет такого часового пояса; пример: Europe/Moscow") from error
    return value


Code = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_\-]*$", max_length=64)]
Text = Annotated[str, Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DatabaseConfig(_Part):
    """Where everything is stored: a SQLite file or a PostgreSQL URL."""

    url: Text = "otklik.db"


def _query(value: str) -> str:
    # The parser takes a moment to load: only brands with a query need it.
    from otklik.query.parsing import parse

    if value.strip():
        parse(value)  # its error is a ValueError in the user's words
    return value.strip()


class BrandConfig(_Part):
    """A brand that is watched; ``aliases`` are further spellings to find it by.

    ``query`` (see :mod:`otklik.query`) decides instead of the names which mentions are its own.
    """

    code: Code
    name: Text
    aliases: tuple[Text, ...] = ()
    query: Annotated[str, AfterValidator(_query)] = ""
    competitor: bool = False


class SourceConfig(BaseModel):
    """A source; keys beyond these are the options of its type (checked by that collector).

    ``every`` is an interval («30м») or a cron expression («0 3 * * *») in the config's zone.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    name: Annotated[str, Field(min_length=1, max_length=100)]
    type: Text
    title: str = ""
    brand: str | None = None
    every: Annotated[Schedule, BeforeValidator(_schedule)] = schedules.parse("6ч")
    enabled: bool = True

    @property
    def options(self) -> dict[str, Any]:
        """The collector's own options as written: secrets are still ``${NAME}``."""
        return dict(self.model_extra or {})


class NlpConfig(_Part):
    """Which model reads the texts; None is the embedded one, else a hub name or a folder."""

    model: str | None = None
    backend: Literal["onnx", "torch"] = "onnx"
    labels: Mapping[str, str] = Field(default_factory=dict)
    threads: Annotated[int, Field(ge=1)] | None = None


class HttpConfig(_Part):
    """How politely we collect. ``allow_private`` lists hosts inside one's own network.

    ``workers`` is how many sources `otklik schedule` crawls at once, each on a site of its own.
    """

    contact: str = ""
    delay: Annotated[float, Field(ge=0, le=3600, description="seconds between requests")] = 1.0
    allow_private: tuple[str, ...] = ()
    workers: Annotated[int, Field(ge=1, le=64)] = 8


def _days(value: Any) -> Any:
    """«730д» -> timedelta."""
    if value is None or isinstance(value, timedelta):
        return value
    match = re.fullmatch(r"([1-9]\d{0,4})\s*(?:д|дн|день|дня|дней|d|days?)\.?", str(value).strip())
    if not match:
        raise ValueError("срок пишется в днях: 730д")
    return timedelta(days=int(match[1]))


class PersonalConfig(_Part):
    """What is kept of authors: their names and ids (from all sources, from these, or hashes only).

    ``keep`` is how long mentions are kept; ``key`` the key of the hashes, None a file beside.
    """

    store_authors: bool | tuple[Text, ...] = False
    keep: Annotated[timedelta | None, BeforeValidator(_days)] = None
    key: Text | None = None


class AppConfig(_Part):
    """The web app; it listens on this machine only."""

    port: Annotated[int, Field(ge=1, le=65535)] = 8501


class StageConfig(_Part):
    """One stage of a journey that replaces the shipped one."""

    code: Code
    name: Text
    touchpoints: tuple[Touchpoint, ...]


class Config(_Part):
    """The whole file, checked. ``path`` is where it was read from."""

    path: Path
    database: DatabaseConfig = DatabaseConfig()
    timezone: Annotated[str, AfterValidator(_zone)] = "Europe/Moscow"
    brands: tuple[BrandConfig, ...] = ()
    sources: tuple[SourceConfig, ...] = ()
    nlp: NlpConfig = NlpConfig()
    http: HttpConfig = HttpConfig()
    personal: PersonalConfig = PersonalConfig()
    app: AppConfig = AppConfig()
    stages: tuple[StageConfig, ...] = Field(default=(), alias="journey")

    @field_validator("brands")
    @classmethod
    def _unique_brands(cls, brands: tuple[BrandConfig, ...]) -> tuple[BrandConfig, ...]:
        _refuse_twins("code", [brand.code for brand in brands])
        return brands

    @field_validator("sources")
    @classmethod
    def _unique_sources(cls, sources: tuple[SourceConfig, ...]) -> tuple[SourceConfig, ...]:
        _refuse_twins("name", [source.name for source in sources])
        return sources

    @model_validator(mode="after")
    def _known_brands(self) -> "Config":
        codes = [brand.code for brand in self.brands]
        for index, source in enumerate(self.sources):
            if source.brand is not None and source.brand not in codes:
                hint = _did_you_mean(source.brand, codes)
                raise ValueError(f"sources[{index}].brand: нет бренда «{source.brand}»{hint}")
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The zone of days on screen, in exports and in alerts."""
        return ZoneInfo(self.timezone)

    @property
    def journey(self) -> tuple[Stage, ...]:
        """The stages shown on the journey map: the file's, else the shipped six."""
        own = tuple(Stage(stage.code, stage.name, stage.touchpoints) for stage in self.stages)
        return own or default_journey()

    @property
    def environment(self) -> Mapping[str, str]:
        """Where ``${NAME}`` is looked up: the process's environment before ``.env``."""
        stored = dotenv_values(self.path.parent / ".env")
        return {key: value for key, value in stored.items() if value is not None} | dict(os.environ)

    @property
    def database_url(self) -> str:
        """An SQLAlchemy URL; a bare path is a SQLite file beside the config."""
        url: str = resolve(self.database.url, self.environment, "database.url")
        if "://" in url:
            return url
        return f"sqlite:///{(self.path.parent / url).resolve()}"

    def options_of(self, source: SourceConfig) -> dict[str, Any]:
        """The source's options with secrets filled in; raises ConfigError where one is missing.

        Those of a source that was made in the app are taken literally: who may use the app may
        not for that reason send our keys wherever they like.
        """
        if source not in self.sources:
            return source.options
        where = f"sources[{self.sources.index(source)}]"
        options: dict[str, Any] = resolve(source.options, self.environment, where)
        return options


def find(path: Path | None = None) -> Path:
    """The config file to use: the given one, ``$OTKLIK_CONFIG``, or ``./config.yaml``."""
    return (path or Path(os.environ.get(ENVIRONMENT_KEY) or "config.yaml")).absolute()


def load(path: Path | None = None) -> Config:
    """Read and check the config. Raises ConfigError with the place in the file and a hint."""
    file = find(path)
    text = _read(file)
    try:
        data = yaml.load(text, Loader=_Loader) or {}
    except ConfigError as error:
        raise ConfigError(f"{file.name}, {error}") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", строка {mark.line + 1}, столбец {mark.column + 1}" if mark else ""
        raise ConfigError(
            f"{file.name}{where}: это не YAML — проверьте отступы и кавычки"
        ) from error
    if not isinstance(data, dict):
        raise ConfigError(
            f"{file.name}: ожидались ключи вида «brands:», а не {type(data).__name__}"
        )
    if "path" in data:
        raise ConfigError(f"{file.name}: path — неизвестный ключ")
    try:
        return Config(path=file, **{str(key): value for key, value in data.items()})
    except ValidationError as error:
        raise ConfigError(describe(error, Config, file.name, text)) from error


def resolve(value: Any, environment: Mapping[str, str], where: str) -> Any:
    """Replace ``${NAME}`` in every string of ``value``; ConfigError names what is missing."""
    if isinstance(value, Mapping):
        return {key: resolve(item, environment, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [resolve(item, environment, f"{where}[{i}]") for i, item in enumerate(value)]
    if not isinstance(value, str):
        return value

    def look_up(match: re.Match[str]) -> str:
        if match[1] not in environment:
            raise ConfigError(
                f"{where}: не задана переменная окружения {match[1]} — "
                f"впишите её в файл .env рядом с config.yaml или задайте перед запуском"
            )
        return environment[match[1]]

    return _VARIABLE.sub(look_up, value)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise ConfigError(
            f"нет файла {file} — создайте его командой «otklik init» "
            f"или укажите другой через --config"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file} не читается: сохраните его в кодировке UTF-8") from error
    except OSError as error:
        raise ConfigError(f"{file} не читается: {error.strerror}") from error


class _Loader(yaml.SafeLoader):
    """YAML's last of two equal keys would win silently; here it is an error with its line."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """See the class."""
        keys = [(key.value, key.start_mark) for key, _ in node.value]
        for index, (key, mark) in enumerate(keys):
            if key in [earlier for earlier, _ in keys[:index]]:
                raise ConfigError(
                    f"строка {mark.line + 1}: ключ «{key}» уже был выше — оставьте один"
                )
        return super().construct_mapping(node, deep)


def _refuse_twins(key: str, values: list[str]) -> None:
    for value in values:
        if values.count(value) > 1:
            raise ValueError(f"{key} «{value}» встречается дважды — имена должны различаться")


def _did_you_mean(word: str, known: list[str]) -> str:
    near = get_close_matches(word, known, n=1)
    return f"; возможно, «{near[0]}»" if near else f"; есть: {', '.join(known) or 'ни одного'}"
