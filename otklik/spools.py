"""Events of an author that lie in the spools of `otklik hooks`: waiting, stored or refused."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from collectors import spool
from collectors.sources import webhook
from collectors.spool import Spool
from otklik.config import Config, SourceConfig
from otklik.messages import ConfigError, system
from otklik.variables import resolve
from storage.personal import tells_of_author

#: A name as short as this stands in too many texts by chance.
_SHORT = 3
IsAuthor = Callable[[str], bool]


def erase_events(
    config: Config, author: str, is_author: IsAuthor, source: str | None = None
) -> int:
    """Remove events written by the author, in all spools or in one source's; how many.

    ``author`` is as it was given: what is no JSON cannot be understood and goes where it holds
    that. Raises ConfigError where a file cannot be removed.
    """
    erased = 0
    for folder, fields in _folders(config).items():
        if source is None or folder.name == spool.folder_of(folder.parent, source).name:
            events = Spool(folder)
            with _told(folder):
                events.tidy()
                for file in (*events.waiting(), *events.rejected()):
                    if _is_by(file, fields, author, is_author):
                        file.unlink(missing_ok=True)
                        erased += 1
    return erased


def drop_old(config: Config, before: datetime) -> None:
    """Remove what was refused before a moment; what waits is read soon. Raises ConfigError."""
    for folder in _folders(config):
        events = Spool(folder)
        with _told(folder):
            events.tidy()
            for file in events.rejected():
                if file.stat().st_mtime < before.timestamp():
                    file.unlink(missing_ok=True)


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigError(
            f"события в папке {folder} не стираются: {system(error)}. Освободите их и повторите "
            "команду: остальное стёрто"
        ) from error


def _folders(config: Config) -> dict[Path, Mapping[str, str]]:
    """All spools with the fields of their events; those of former sources, too."""
    hooks = [one for one in config.sources if one.type == "webhook"]
    default = config.path.parent / webhook.Options.model_fields["spool"].default
    roots = {default, *(_root(config, one) for one in hooks)}
    found: dict[Path, Mapping[str, str]] = {
        folder: {} for root in roots if root.is_dir() for folder in root.iterdir()
    }
    return found | {
        spool.folder_of(_root(config, one), one.name): one.options.get("fields") or {}
        for one in hooks
    }


def _root(config: Config, source: SourceConfig) -> Path:
    default = webhook.Options.model_fields["spool"].default
    told = source.options.get("spool", str(default))
    named: str = resolve(told, config.environment, f"{source.name}: spool")
    return config.path.parent / named


def _is_by(file: Path, fields: Mapping[str, str], author: str, is_author: IsAuthor) -> bool:
    try:
        content = spool.load(file).content
    except FileNotFoundError:
        return False  # a crawl was faster
    except ValueError:
        content = file.read_text(encoding="utf-8", errors="replace")
    if isinstance(content, str):
        name = author.strip().casefold()
        return len(name) > _SHORT and name in content.casefold()
    entries = content if isinstance(content, list) else [content]
    own = {webhook.author_of(entry, fields) for entry in entries if isinstance(entry, dict)}
    return any(is_author(value) for value in (*own, *_told_of_authors(content)) if value)


def _told_of_authors(content: Any) -> Iterator[str]:
    """What stands under names like «user» or «email», at any depth."""
    nodes = [(content, False)]
    while nodes:
        node, tells = nodes.pop()
        if isinstance(node, dict):
            nodes += [(value, tells or tells_of_author(key)) for key, value in node.items()]
        elif isinstance(node, list):
            nodes += [(value, tells) for value in node]
        elif tells and isinstance(node, str | int):
            yield str(node)
