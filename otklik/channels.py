"""Channels of config.yaml opened for use: what an apprise URL means, and what it must not tell.

apprise reads the URL, with all its spellings and the mail servers that it knows; its secrets stay
in the opened channel and are taken out of every text that leaves it (:meth:`Channel.hide`).
"""

import logging
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

import apprise
from apprise.manager_plugins import NotificationManager

from otklik import variables
from otklik.config import ChannelConfig, Config
from otklik.messages import ConfigError

MAIL = ("mailto", "mailtos")
TELEGRAM = "tgram"
TELEGRAM_API = "https://api.telegram.org"

_EXAMPLES = {
    "mailto": "mailtos://имя:${SMTP_PASSWORD}@example.ru?smtp=smtp.example.ru&to=pr@example.ru",
    TELEGRAM: "tgram://${TELEGRAM_TOKEN}/-1001234567890",
}
#: What is shorter cannot be told from an ordinary word.
_SHORTEST_SECRET = 3

_log = logging.getLogger("apprise")
_log.propagate = False  # its lines may carry a URL with all its secrets


@dataclass(frozen=True, slots=True)
class Channel:
    """A way to people outside, ready to send by; ``plugin`` is apprise's reading of the URL."""

    scheme: str
    api: str
    plugin: Any = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)

    @property
    def is_mail(self) -> bool:
        """Whether letters go out here."""
        return self.scheme in MAIL

    @property
    def is_telegram(self) -> bool:
        """Whether a bot of Telegram speaks here."""
        return self.scheme == TELEGRAM

    def hide(self, text: str) -> str:
        """``text`` without the channel's secrets, however they are spelt in a URL."""
        for secret in self.secrets:
            text = text.replace(secret, "…")
        return text


def find(config: Config, name: str) -> Channel:
    """The channel of this name; raises ConfigError with what to do."""
    for index, channel in enumerate(config.channels):
        if channel.name == name:
            return _opened(config, channel, f"channels[{index}]")
    raise ConfigError(
        f"Канала «{name}» нет в config.yaml. Опишите его там в разделе channels и отправьте снова."
    )


def check(config: Config) -> None:
    """Look at every channel without sending; raises ConfigError with a line for each fault."""
    faults = []
    for channel in config.channels:
        try:
            find(config, channel.name)
        except ConfigError as error:
            faults.append(str(error))
    if faults:
        raise ConfigError("\n".join(faults))


@contextmanager
def listening() -> Iterator[list[str]]:
    """What apprise tells its log in this thread while the block runs."""
    ear = _Ear()
    _log.addHandler(ear)
    try:
        yield ear.heard
    finally:
        _log.removeHandler(ear)


class _Ear(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.heard: list[str] = []
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self.heard.append(record.getMessage())


def _opened(config: Config, channel: ChannelConfig, where: str) -> Channel:
    environment = config.environment
    url = variables.resolve(channel.url, environment, f"{where}.url")
    values = [environment[name] for name in variables.names_in(channel.url)]
    scheme = _scheme(url, f"{where}.url")
    asset = apprise.AppriseAsset(app_id="Otklik", app_desc="Otklik", secure_logging=True)
    plugin: Any = apprise.Apprise.instantiate(url, asset=asset)
    if plugin is None or (scheme in MAIL and _drops_somebody(url)):
        raise ConfigError(f"{where}.url: адрес не читается. {_hint(scheme)}")
    api = variables.resolve(channel.api or "", environment, f"{where}.api")
    _check_api(scheme, api, f"{where}.api")
    _check_plugin(scheme, plugin, f"{where}.url")
    api = api.rstrip("/") or TELEGRAM_API
    return Channel(scheme, api, plugin, _spellings([*values, *_private(plugin)]))


def _services() -> Any:
    return NotificationManager()  # type: ignore[no-untyped-call]


def _scheme(url: str, where: str) -> str:
    """The service of a URL; what is no URL may be anything, a password too, and is not repeated."""
    scheme, mark, _ = url.lower().partition("://")
    known: Collection[str] = _services().schemas()
    if scheme in known and mark:
        return scheme
    near = get_close_matches(scheme, known, n=1) if mark else []
    hint = f"возможно, «{near[0]}»" if near else "частые: mailtos:// (почта), tgram:// (Телеграм)"
    told = f"службы «{scheme}» нет среди известных" if mark else "нет вида служба://…"
    raise ConfigError(f"{where}: {told}; {hint}")


def _drops_somebody(url: str) -> bool:
    """Whether an addressee is no address: apprise would leave them out without a word."""
    asked = parse_qs(urlsplit(url).query)
    listed = ",".join(text for name in ("to", "cc", "bcc") for text in asked.get(name, ()))
    return any("@" not in text for text in listed.split(",") if text.strip())


def _check_api(scheme: str, api: str, where: str) -> None:
    if not api:
        return
    if scheme != TELEGRAM:
        raise ConfigError(f"{where}: свой сервер Bot API бывает только у каналов tgram://")
    parts = urlsplit(api)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or "@" in api:
        raise ConfigError(f"{where}: пишется как https://bot-api.example.ru")


def _check_plugin(scheme: str, plugin: Any, where: str) -> None:
    if scheme == TELEGRAM and not plugin.targets:
        raise ConfigError(f"{where}: не назван чат. {_hint(scheme)}")
    if scheme in MAIL and plugin.pgp_mode != "no":
        raise ConfigError(f"{where}: шифрования PGP Отклик не умеет, уберите pgp")


def _hint(scheme: str) -> str:
    if example := _EXAMPLES.get("mailto" if scheme in MAIL else scheme):
        return f"Пример: {example} (особые знаки пароля — в виде %40)."
    service = _services()[scheme]
    return f"Как он пишется для {service.service_name}: {service.setup_url}"


def _private(plugin: Any) -> list[str]:
    """What apprise itself holds to be secret in this URL."""
    told = {**plugin.template_tokens, **plugin.template_args}
    names = [spec.get("map_to", name) for name, spec in told.items() if spec.get("private")]
    values = [getattr(plugin, name, None) for name in names]
    return [value for value in values if isinstance(value, str)]


def _spellings(secrets: list[str]) -> tuple[str, ...]:
    """The longest first, so that of none a rest remains."""
    spelt = {way(secret) for secret in secrets for way in (str, unquote, lambda s: quote(s, ""))}
    return tuple(
        sorted((text for text in spelt if len(text) >= _SHORTEST_SECRET), key=len, reverse=True)
    )
