"""A YAML file whose top is a mapping; what is wrong with it is told in the user's words."""

from pathlib import Path
from typing import Any

import yaml

from otklik.messages import ConfigError, system


def read(file: Path) -> tuple[dict[Any, Any], str]:
    """What the file says, and its text. Raises ConfigError with the place in the file."""
    text = _read(file)
    try:
        data = yaml.load(text, Loader=_Loader) or {}
    except ConfigError as error:
        raise ConfigError(f"{file.name}, {error}") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", строка {mark.line + 1}, столбец {mark.column + 1}" if mark else ""
        raise ConfigError(
            f"{file.name}{where}: это не YAML — проверьте отступы (пробелы, не табуляция) и кавычки"
        ) from error
    if not isinstance(data, dict):
        raise ConfigError(f"{file.name}: ожидались ключи вида «brands:»")
    return data, text


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
        raise ConfigError(f"{file} не читается: {system(error)}") from error


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
