"""config.yaml while the worker runs: a change is taken over without a restart."""

from otklik.config import Config, load
from otklik.house import House, open_house
from otklik.messages import ConfigError
from otklik.screen import note
from storage.database import Database
from storage.errors import StorageError


class ConfigWatch:
    """Sees a change by the file's time."""

    def __init__(self, config: Config) -> None:
        self._changed_at = _changed_at(config)

    def changed(self, house: House) -> House | None:
        """The house by a changed config.yaml; None where it is unchanged or cannot be read.

        That it cannot is told, once for each change.
        """
        changed_at = _changed_at(house.config)
        if changed_at == self._changed_at:
            return None
        self._changed_at = changed_at
        try:
            config = load(house.config.path)
            if Database(config.database_url).url != house.db.url:
                raise ConfigError("database.url изменился: перезапустите otklik schedule")
            return open_house(config, house.db)
        except (ConfigError, StorageError) as error:
            note(f"Изменения не приняты, работа идёт по прежним настройкам. {error}")
            return None


def _changed_at(config: Config) -> int:
    try:
        return config.path.stat().st_mtime_ns
    except OSError:  # an editor writes it anew: the next look will find it
        return 0
