"""config.yaml -> frozen models. Unknown keys, wrong types and missing secrets get one clear text.

Secrets never stand in the file: a value ``${NAME}`` is taken from the environment, or from an
``.env`` file beside the config. Paths in the file are relative to the file.
"""

import os
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from collectors import schedules
from nlp.journey import Stage, default_journey
from nlp.labels import Touchpoint
from otklik import alert_config, variables, yaml_file
from otklik.alert_config import AlertConfig
from otklik.fields import AllOrThese, Code, Days, Every, Part, QueryText, Text, Zone
from otklik.messages import ConfigError, describe
from otklik.report_config import ReportsConfig

#: Where the config is looked for: --config, then this variable, then ./config.yaml.
ENVIRONMENT_KEY = "OTKLIK_CONFIG"

#: More sources at once would wait for the one writer of the database.
MOST_WORKERS = 64


class DatabaseConfig(Part):
    """Where everything is stored: a SQLite file or a PostgreSQL URL."""

    url: Text = "otklik.db"


class BrandConfig(Part):
    """A brand that is watched; ``aliases`` are further spellings to find it by.

    ``query`` (see :mod:`otklik.query`) decides instead of the names which mentions are its own.
    """

    code: Code
    name: Text
    aliases: tuple[Text, ...] = ()
    query: QueryText = ""
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
    every: Every = schedules.parse("6ч")
    enabled: bool = True

    @property
    def options(self) -> dict[str, Any]:
        """The collector's own options as written: secrets are still ``${NAME}``."""
        return dict(self.model_extra or {})


class ChannelConfig(Part):
    """A way to people outside: an apprise URL, in which secrets stand as ``${NAME}``.

    ``api`` is the address of a Telegram Bot API server of one's own. What a URL means is checked
    by :mod:`otklik.channels`, where the secrets are known.
    """

    name: Annotated[str, Field(min_length=1, max_length=100)]
    url: Text
    title: str = ""
    api: Text | None = None


class NlpConfig(Part):
    """Which model reads the texts; None is the embedded one, else a hub name or a folder."""

    model: str | None = None
    backend: Literal["onnx", "torch"] = "onnx"
    labels: Mapping[str, str] = Field(default_factory=dict)
    threads: Annotated[int, Field(ge=1)] | None = None


class HttpConfig(Part):
    """How politely we collect. ``allow_private`` lists hosts inside one's own network.

    ``workers`` is how many sources `otklik schedule` crawls at once, each on a site of its own.
    All hosts but those of ``allow_private`` are asked through ``proxy``, where there is one.
    """

    contact: str = ""
    delay: Annotated[float, Field(ge=0, le=3600, description="seconds between requests")] = 1.0
    allow_private: tuple[str, ...] = ()
    proxy: Text | None = None
    workers: Annotated[int, Field(ge=1, le=MOST_WORKERS)] = 8


class PersonalConfig(Part):
    """What is kept of authors: their names and ids (from all sources, from these, or hashes only).

    ``keep`` is how long mentions are kept; ``key`` the key of the hashes, None a file beside.
    """

    store_authors: AllOrThese = False
    keep: Days | None = None
    key: Text | None = None


class AppConfig(Part):
    """The web app; it listens on this machine only.

    ``address`` is where people open it, where that is another one: messages link to it.
    """

    port: Annotated[int, Field(ge=1, le=65535)] = 8501
    address: Annotated[str, Field(pattern=r"https?://[^\s?#]+")] | None = None


class StageConfig(Part):
    """One stage of a journey that replaces the shipped one."""

    code: Code
    name: Text
    touchpoints: tuple[Touchpoint, ...]


class Config(Part):
    """The whole file, checked. ``path`` is where it was read from."""

    path: Path
    database: DatabaseConfig = DatabaseConfig()
    timezone: Zone = "Europe/Moscow"
    brands: tuple[BrandConfig, ...] = ()
    sources: tuple[SourceConfig, ...] = ()
    channels: tuple[ChannelConfig, ...] = ()
    alerts: tuple[AlertConfig, ...] = ()
    reports: ReportsConfig = ReportsConfig()
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

    @field_validator("sources", "channels", "alerts")
    @classmethod
    def _unique_names(cls, parts: tuple[Any, ...]) -> tuple[Any, ...]:
        _refuse_twins("name", [part.name for part in parts])
        return parts

    @model_validator(mode="after")
    def _known_brands(self) -> "Config":
        codes = [brand.code for brand in self.brands]
        for index, source in enumerate(self.sources):
            if source.brand is not None and source.brand not in codes:
                hint = _did_you_mean(source.brand, codes)
                raise ValueError(f"sources[{index}].brand: нет бренда «{source.brand}»{hint}")
        channels = [channel.name for channel in self.channels]
        if fault := self.reports.fault(codes, channels):
            raise ValueError(fault)
        if fault := alert_config.fault(self.alerts, codes, channels):
            raise ValueError(fault)
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The zone of days on screen, in exports and in alerts."""
        return ZoneInfo(self.timezone)

    @property
    def app_url(self) -> str:
        """Where the app is opened, without a slash at the end."""
        return (self.app.address or f"http://localhost:{self.app.port}").rstrip("/")

    @property
    def journey(self) -> tuple[Stage, ...]:
        """The stages shown on the journey map: the file's, else the shipped six."""
        own = tuple(Stage(stage.code, stage.name, stage.touchpoints) for stage in self.stages)
        return own or default_journey()

    @property
    def reports_folder(self) -> Path:
        """Where built reports lie; a relative path is beside the config."""
        return self.path.parent / self.reports.folder

    @property
    def environment(self) -> Mapping[str, str]:
        """Where ``${NAME}`` is looked up: the process's environment before ``.env``."""
        return variables.beside(self.path)

    @property
    def database_url(self) -> str:
        """An SQLAlchemy URL; a bare path is a SQLite file beside the config."""
        url: str = variables.resolve(self.database.url, self.environment, "database.url")
        if "://" in url:
            return url
        return f"sqlite:///{(self.path.parent / url).resolve()}"

    @property
    def proxy(self) -> str:
        """The proxy's address with its secrets, "" where there is none; raises ConfigError."""
        given: str = variables.resolve(self.http.proxy or "", self.environment, "http.proxy")
        if given and not _is_proxy(given):
            raise ConfigError(
                "http.proxy пишется как http://адрес:порт или http://имя:${PROXY_PASSWORD}@адрес:порт;"
                " знаки / ? # @ : % в пароле — как %2F %3F %23 %40 %3A %25"
            )
        return given

    def options_of(self, source: SourceConfig) -> dict[str, Any]:
        """The source's options with secrets filled in; raises ConfigError where one is missing.

        Those of a source that was made in the app are taken literally: who may use the app may
        not for that reason send our keys wherever they like.
        """
        index = self.index_of(source)
        if index is None:
            return source.options
        options: dict[str, Any] = variables.resolve(
            source.options, self.environment, f"sources[{index}]"
        )
        return options

    def index_of(self, source: SourceConfig) -> int | None:
        """Where in ``sources`` this one stands; None for one that was made in the app."""
        index = self._places.get(source.name)
        return index if index is not None and self.sources[index] == source else None

    @cached_property
    def _places(self) -> dict[str, int]:
        return {source.name: index for index, source in enumerate(self.sources)}


def find(path: Path | None = None) -> Path:
    """The config file to use: the given one, ``$OTKLIK_CONFIG``, or ``./config.yaml``."""
    return (path or Path(os.environ.get(ENVIRONMENT_KEY) or "config.yaml")).absolute()


def load(path: Path | None = None) -> Config:
    """Read and check the config. Raises ConfigError with the place in the file and a hint."""
    file = find(path)
    data, text = yaml_file.read(file)
    if "path" in data:
        raise ConfigError(f"{file.name}: path — неизвестный ключ")
    try:
        # A part whose every line is a comment is as good as left out.
        given = {str(key): value for key, value in data.items() if value is not None}
        return Config(path=file, **given)
    except ValidationError as error:
        raise ConfigError(describe(error, Config, file.name, text)) from error


def _is_proxy(url: str) -> bool:
    try:
        parts = urlsplit(url)
        rest = (parts.path.strip("/"), parts.query, parts.fragment)
        return (
            parts.scheme in {"http", "https"}
            and bool(parts.hostname)
            and not any(rest)
            and parts.port != 0
        )
    except ValueError:  # a port beyond 65535, half an IPv6 address
        return False


def _refuse_twins(key: str, values: list[str]) -> None:
    for value in values:
        if values.count(value) > 1:
            raise ValueError(f"{key} «{value}» встречается дважды — имена должны различаться")


def _did_you_mean(word: str, known: list[str]) -> str:
    near = get_close_matches(word, known, n=1)
    return f"; возможно, «{near[0]}»" if near else f"; есть: {', '.join(known) or 'ни одного'}"
