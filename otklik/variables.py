"""``${NAME}`` in config.yaml stands for a variable of the environment or of ``.env`` beside it."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dotenv import dotenv_values

from otklik.messages import ConfigError

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def beside(config: Path) -> Mapping[str, str]:
    """Where names are looked up: the process's environment before ``.env``."""
    stored = dotenv_values(config.parent / ".env")
    return {key: value for key, value in stored.items() if value is not None} | dict(os.environ)


def names_in(text: str) -> list[str]:
    """The variables that ``text`` asks for."""
    return _VARIABLE.findall(text)


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
