"""Ordered changes of the schema (alembic), run by :meth:`storage.database.Database.migrate`."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from storage.errors import NewerSchema

_FIND_ORPHANS = "PRAGMA foreign_key_check"


def upgrade(engine: Engine) -> None:
    """Bring the schema to the newest version; ``engine`` begins its transactions as a writer.

    Of two processes that start at once one migrates, the other waits and finds it done.
    """
    script = ScriptDirectory.from_config(_config())
    with engine.execution_options(writer=False).connect() as connection:
        if _is_current(connection, script):
            return
    with engine.connect() as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        if is_sqlite:
            # Rebuilding a table must not cascade; the switch works outside transactions only.
            connection.detach()
            connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")
        with connection.begin():
            if not _is_current(connection, script):
                command.upgrade(_config(connection), "head")
                if is_sqlite:
                    connection.exec_driver_sql("ANALYZE")  # see Database.tune
            if is_sqlite and (orphan := connection.exec_driver_sql(_FIND_ORPHANS).first()):
                raise RuntimeError(f"a migration left an orphan: {orphan}")


def make_revision(connection: Connection, message: str) -> None:
    """Write a new version from what the models and the (migrated) schema differ in."""
    command.revision(_config(connection), message, autogenerate=True)


def _is_current(connection: Connection, script: ScriptDirectory) -> bool:
    revision = MigrationContext.configure(connection).get_current_revision()
    known = {version.revision for version in script.walk_revisions()}
    if revision is not None and revision not in known:
        raise NewerSchema(
            "База данных создана более новой версией программы. Обновите программу: "
            "старая версия могла бы испортить данные."
        )
    return revision == script.get_current_head()


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    # A percent sign would be read as an interpolation.
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
