"""The demo as it is shipped, by the functions of the real pipeline, with its days to hand."""

import json
import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from demo.stream import LAST_DAY
from nlp.analyser import Analyser
from otklik import config, pipeline
from otklik import demo as stage
from otklik.crawling import door
from otklik.house import House, open_house
from storage import settings
from storage.database import Database

ROOT = Path(__file__).parent.parent
TODAY = date(2026, 6, 30)


@dataclass(frozen=True, slots=True)
class Demo:
    """The house of the demo and the stream with its gold labels, which the model never saw."""

    house: House
    gold: tuple[dict[str, Any], ...]

    @property
    def config(self) -> Path:
        """The config.yaml of the app."""
        return self.house.config.path

    def copied(self, file: Path) -> Database:
        """A copy of the database that a test may change."""
        with closing(sqlite3.connect(self.house.db.url.database or "")) as stored:
            stored.execute("VACUUM INTO ?", (str(file),))
        return Database(str(file))

    def day(self, number: int) -> date:
        """Day ``number`` of the stream (0…181) in the calendar."""
        return TODAY - timedelta(days=LAST_DAY - number)


def filled(folder: Path, analyser: Analyser) -> Demo:
    """Collect and analyse the demo in ``folder``."""
    (folder / "config.yaml").write_bytes((ROOT / "config.yaml").read_bytes())
    house = open_house(config.load(folder / "config.yaml"))
    with house.db.write() as session:
        settings.put(session, "today", TODAY.isoformat())
    try:
        with stage.site(house):
            for outcome in pipeline.collect(house, house.sources(), door(house.config)):
                assert not outcome.error, outcome
    finally:
        os.environ.pop(stage.SITE_KEY, None)
    done = pipeline.analyse(house, analyser, lambda _: None)
    lines = (ROOT / "demo" / "mentions.jsonl").read_text(encoding="utf-8").splitlines()
    assert (done.texts, done.failed) == (len(lines), 0)
    return Demo(house, tuple(json.loads(line) for line in lines))
