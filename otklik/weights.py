"""Which weights the model of a house has: the embedded ones, or adapted ones beside config.yaml.

``var/model/`` holds a whole weights folder for each adapted model, named by its version, and
``active.json``, which tells the one in use and those before it. A version is a digest of its
files, so a damaged folder is noticed when it is loaded.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from nlp.analyser import WEIGHTS, embedded_version
from otklik.config import Config
from otklik.messages import ConfigError, system

#: Adapted models that are kept, the one in use among them.
_KEPT = 3
_FILES = ("model.safetensors", "model.onnx", "model.json", "tokenizer.json")
_RESTORE = "Вернуть прежнюю: otklik train --restore"


@dataclass(frozen=True, slots=True)
class _Record:
    """``active.json``: adapted versions, the last one in use, and the embedded one below them."""

    base: str
    versions: tuple[str, ...] = ()


def path_of(config: Config) -> Path:
    """The folder of the weights in use; ConfigError where they are damaged.

    Weights adapted from another embedded model than this program has are left alone: the new
    program may not even understand them (see :func:`remark`).
    """
    version = _in_use(config)
    if not version:
        return WEIGHTS
    path = _home(config) / version
    if not _is_sound(path):
        raise ConfigError(f"дообученная модель в папке {path} повреждена или пропала. {_RESTORE}")
    return path


def version_of(config: Config) -> str:
    """The version of the weights in use, without a look at an adapted model's files."""
    return _in_use(config) or embedded_version()


def remark(config: Config) -> str:
    """What the user should know of adapted weights that are not used; empty where all is well."""
    record = _read(config)
    if not record.versions or record.base == embedded_version():
        return ""
    return (
        "Модель в новой версии Отклика другая: дообученная на прежней отложена. "
        "Исправления сохранены, дообучить заново: otklik train --from-corrections"
    )


@contextmanager
def candidate(config: Config) -> Iterator[Path]:
    """A copy of the weights in use, to be changed and then adopted; else it goes away."""
    source = path_of(config)
    folder = _home(config) / f"candidate-{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)  # of a process of the same number, killed
    try:
        try:
            folder.mkdir(parents=True)
            for name in _FILES:
                shutil.copyfile(source / name, folder / name)
        except OSError as error:
            raise ConfigError(f"не удалось записать {folder}: {system(error)}") from error
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def adopt(config: Config, folder: Path) -> str:
    """From now on the weights of a :func:`candidate` are used; returns their version.

    The ones before stay, the oldest but the last few are deleted.
    """
    record, base, version = _read(config), embedded_version(), embedded_version(folder)
    earlier = record.versions if record.base == base else ()
    kept = (*(known for known in earlier if known != version), version)[-_KEPT:]
    home = _home(config)
    shutil.rmtree(home / version, ignore_errors=True)
    folder.replace(home / version)
    _write(config, _Record(base, kept))
    for other in home.iterdir():
        if other.is_dir() and other.name not in kept:
            shutil.rmtree(other, ignore_errors=True)
    return version


def restore(config: Config) -> str | None:
    """Go back to the weights before those in use; the version now used, None if nothing changed.

    Damaged ones are passed over: the last that can be gone back to is the embedded model.
    """
    base = embedded_version()
    try:
        record = _read(config)
    except ConfigError:
        record = _Record(base, ("",))
    if not record.versions or record.base != base:
        return None
    left = list(record.versions[:-1])
    while left and not _is_sound(_home(config) / left[-1]):
        left.pop()
    _write(config, _Record(base, tuple(left)))
    return version_of(config)


def _home(config: Config) -> Path:
    return config.path.parent / "var" / "model"


def _in_use(config: Config) -> str:
    """The adapted version in use; empty where it is the embedded one."""
    record = _read(config)
    if not record.versions or record.base != embedded_version():
        return ""
    return record.versions[-1]


def _is_sound(path: Path) -> bool:
    try:
        return embedded_version(path) == path.name
    except OSError:
        return False


def _read(config: Config) -> _Record:
    path = _home(config) / "active.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return _Record(str(content["base"]), tuple(map(str, content["versions"])))
    except FileNotFoundError:
        return _Record("")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"файл {path} не читается: он повреждён. {_RESTORE}") from error


def _write(config: Config, record: _Record) -> None:
    """Another process sees the former record or the new one, never a half."""
    path = _home(config) / "active.json"
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        unfinished.write_text(json.dumps(asdict(record), indent=1) + "\n", encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        raise ConfigError(f"не удалось записать {path}: {system(error)}") from error
