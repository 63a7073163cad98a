"""How authors are stored, as config.yaml has it, and the key of their hashes."""

import hmac
import os
import secrets
from collections.abc import Callable
from functools import cache
from pathlib import Path

from sqlalchemy.orm import Session

from otklik.config import Config
from otklik.messages import ConfigError
from otklik.variables import resolve
from storage import settings
from storage.personal import Personal

#: Made beside config.yaml where that names no key; only its owner may read it.
KEY_FILE = "author.key"
_SHORTEST = 16
_OTHER_KEY = (
    "С другим ключом каждый автор станет двумя, а стёртые (otklik forget) смогут вернуться. "
    "Верните прежний ключ: из резервной копии или с машины, где работает эта же база. "
    "Если его больше нет: otklik accept-key"
)


def personal(config: Config) -> Personal:
    """What config.yaml says of people; the key is read, or made, when it is first needed."""
    said = config.personal
    stores = said.store_authors
    names = stores if isinstance(stores, bool) else frozenset(stores)
    return Personal(_key(config), names, said.keep)


def know_key(session: Session, config: Config, who: Personal) -> None:
    """Make sure that hashes are made with the key that the stored ones were made with.

    The first key is remembered, by a fingerprint. Raises ConfigError for another one, and where
    the file with it is missing: a new one would make two persons of each author.
    """
    known = settings.get(session, settings.AUTHOR_KEY)
    file = config.path.parent / KEY_FILE
    if known and config.personal.key is None and not file.exists():
        raise ConfigError(f"нет файла {file} с ключом хешей авторов. {_OTHER_KEY}")
    own = _fingerprint(who.key())
    if known is None:
        settings.put(session, settings.AUTHOR_KEY, own)
    elif known != own:
        place = "personal.key" if config.personal.key else str(file)
        raise ConfigError(f"{place}: ключ хешей авторов не тот, что был. {_OTHER_KEY}")


def needs_key(session: Session, who: Personal) -> bool:
    """Whether hashes are stored, or will be."""
    return who.stores is not True or settings.get(session, settings.AUTHOR_KEY) is not None


def accept_key(session: Session, who: Personal) -> None:
    """Let the key of the config hold from now on, whatever the stored hashes were made with."""
    settings.put(session, settings.AUTHOR_KEY, _fingerprint(who.key()))


def _fingerprint(key: bytes) -> str:
    return hmac.digest(key, b"otklik: fingerprint of the key", "sha256").hex()[:16]


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
