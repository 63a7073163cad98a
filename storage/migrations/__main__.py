"""``python -m storage.migrations "what changes"`` writes the next version for review."""

import sys
import tempfile
from pathlib import Path

from storage.database import Database
from storage.migrations import make_revision

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        database = Database(str(Path(folder) / "empty.db"))
        database.migrate()
        with database.write() as session:
            make_revision(session.connection(), sys.argv[1])
        database.dispose()
