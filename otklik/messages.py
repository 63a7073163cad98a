"""Errors of config.yaml in the user's words: where in the file, what is wrong, what to do."""

import errno
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

_TEXTS = {
    "missing": "не хватает этого ключа",
    "string_type": "ожидался текст; если это число или да/нет, возьмите его в кавычки",
    "bool_type": "ожидалось true или false",
    "bool_parsing": "ожидалось true или false",
    "int_type": "ожидалось целое число",
    "int_parsing": "ожидалось целое число",
    "float_type": "ожидалось число",
    "float_parsing": "ожидалось число",
    "tuple_type": "ожидался список (строки, начинающиеся с «- »)",
    "list_type": "ожидался список (строки, начинающиеся с «- »)",
    "model_type": "ожидались вложенные ключи",
    "dict_type": "ожидались вложенные ключи",
    "mapping_type": "ожидались вложенные ключи",
    "string_too_short": "не может быть пустым",
    "string_too_long": "не длиннее {max_length} знаков",
    "path_type": "ожидался путь к файлу",
    "string_pattern_mismatch": "недопустимое значение; разрешено: {pattern}",
    "greater_than_equal": "должно быть не меньше {ge:g}",
    "less_than_equal": "должно быть не больше {le:g}",
    "enum": "недопустимое значение; разрешено: {expected}",
    "literal_error": "недопустимое значение; разрешено: {expected}",
    "url_parsing": "это не адрес: нужен вид https://example.ru/…",
    "url_scheme": "адрес должен начинаться с http:// или https://",
}

_SYSTEM = {
    errno.ENOENT: "такого файла или папки нет",
    errno.ENOTDIR: "часть пути — не папка",
    errno.EISDIR: "это папка, а не файл",
    errno.EACCES: "нет прав",
    errno.EPERM: "нет прав",
    errno.EROFS: "диск только для чтения",
    errno.ENOSPC: "на диске нет места",
    errno.EDQUOT: "на диске нет места",
    errno.ENAMETOOLONG: "слишком длинное имя",
    errno.EADDRINUSE: "он занят другой программой",
}


class ConfigError(Exception):
    """The config cannot be used; the text is for the user."""


def describe(
    error: ValidationError,
    model: type[BaseModel],
    file: str,
    text: str,
    prefix: tuple[str | int, ...] = (),
    common: Collection[str] = (),
) -> str:
    """One line per fault: file, line, path in the YAML, what is wrong and a hint.

    ``prefix`` is where in the file the checked part stands; ``text`` is the whole file. ``common``
    are keys that may stand beside those of ``model``.
    """
    lines = []
    for fault in error.errors():
        place = (*prefix, *fault["loc"])
        number = line_of(text, place)
        where = f"{file}, строка {number}: " if number else f"{file}: "
        name = _path(place)
        lines.append(where + (f"{name} — " if name else "") + _sentence(fault, model, common))
    return "\n".join(lines)


def line_of(text: str, place: tuple[str | int, ...]) -> int | None:
    """The 1-based line of a path in a YAML text, as deep as the path can be followed."""
    node, line = yaml.compose(text, Loader=yaml.SafeLoader), None
    for step in place:
        child = _child(node, step)
        if child is None:
            break
        line, node = child
    return line


def _child(node: Any, step: str | int) -> tuple[int, Any] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == step:
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        item = node.value[step]
        return item.start_mark.line + 1, item
    return None


def _path(place: tuple[str | int, ...]) -> str:
    parts = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in place]
    return "".join(parts).lstrip(".")


def _sentence(fault: Any, model: type[BaseModel], common: Collection[str]) -> str:
    if fault["type"] == "extra_forbidden":
        known = [*common, *_keys_at(model, fault["loc"][:-1])]
        near = get_close_matches(str(fault["loc"][-1]), known, n=1)
        hint = f"возможно, «{near[0]}»" if near else f"здесь бывают: {', '.join(known)}"
        return f"неизвестный ключ; {hint}"
    if fault["type"] == "missing" and isinstance(fault["input"], dict):
        near = get_close_matches(str(fault["loc"][-1]), map(str, fault["input"]), n=1)
        return _TEXTS["missing"] + (f"; не опечатка ли «{near[0]}»?" if near else "")
    if fault["type"] == "value_error":
        return str(fault["ctx"]["error"])
    template = _TEXTS.get(fault["type"])
    if template is None:
        return str(fault["msg"])
    given = fault.get("ctx", {})
    if "expected" in given:  # pydantic's «'a', 'b' or 'c'»
        given = {"expected": given["expected"].replace("'", "").replace(" or ", " или ")}
    return template.format(**given)


def _keys_at(model: type[BaseModel], place: tuple[str | int, ...]) -> Iterator[str]:
    """The keys that ``model`` knows at ``place``."""
    for step in place:
        if isinstance(step, int):
            continue
        fields = {info.alias or name: info for name, info in model.model_fields.items()}
        inner = _models_in(fields[step].annotation) if step in fields else []
        if not inner:
            return
        model = inner[0]
    for name, info in model.model_fields.items():
        if name != "path" or info.annotation is str:
            yield info.alias or name


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models_in(part)]


def system(error: OSError) -> str:
    """What the system did not let us do, in the user's words."""
    return _SYSTEM.get(error.errno or 0) or error.strerror or str(error)
