"""How authors are stored, as config.yaml has it, and the key of their hashes."""

import os
import secrets
from collections.abc import Callable
from functools import cache
from pathlib import Path

from otklik.config import Config, resolve
from otklik.messages import ConfigError
from storage.personal import Personal

#: Made beside config.yaml where that names no key; only its owner may read it.
KEY_FILE = "author.key"
_SHORTEST = 16


def personal(config: Config) -> Personal:
    """What config.yaml says of people; the key is read, or made, when it is first needed."""
    said = config.personal
    stores = said.store_authors
    names = stores if isinstance(stores, bool) else frozenset(stores)
    return Personal(_key(config), names, said.keep)


def _key(config: Config) -> Callable[[], bytes]:
    @cache
    def key() -> bytes:
        if config.personal.key is None:
            return _kept(config.path.parent / KEY_FILE)
        given: str = resolve(config.personal.key, config.environment, "personal.key")
        if len(given) < _SHORTEST:
            raise ConfigError(
                f"personal.key короче {_SHORTEST} знаков: такой ключ подбирается. Новый: "
                'python -c "import secrets; print(secrets.token_hex(32))"'
            )
        return given.encode()

    return key


def _kept(file: Path) -> bytes:
    """The key in the file; of two processes that make it at once one wins."""
    try:
        made = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
        if not file.exists():
            descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as out:
                out.write(secrets.token_hex(32))
            try:
                os.link(made, file)  # never overwrites, and never shows half a key
            except FileExistsError:
                pass
            finally:
                made.unlink()
        key = file.read_text(encoding="ascii").strip()
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"ключ хешей авторов {file} не читается или не создаётся: {error}. "
            "Можно задать его в personal.key: ${OTKLIK_AUTHOR_KEY}"
        ) from error
    if len(key) < _SHORTEST:
        raise ConfigError(f"в файле {file} нет ключа: верните его из резервной копии")
    return key.encode()
